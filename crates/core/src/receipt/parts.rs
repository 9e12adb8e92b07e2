//! The parts of the binary form: member record, status leaf, certificate, change of the validator set.

use super::error::ReceiptBinaryError;
use super::reader::{Reader, write_number, write_text};
use crate::block::BlockHeader;
use crate::hash::BatchId;
use crate::ids::{Height, MEMBER_ID_BYTES_MAX, MemberId, Sequence};
use crate::member::{ChainHead, MEMBER_NAME_BYTES_MAX, Member, MemberRecord, Role};
use crate::signature::{PublicKey, Signature};
use crate::status::{STATUS_LEAF_BYTES, StatusLeaf};
use crate::validators::{CommitCertificate, CommitSignature, VALIDATORS_MAX, Validator, ValidatorSet};

type Result<T> = std::result::Result<T, ReceiptBinaryError>;

/// Bits of the first byte of a record.
const ROLE: u8 = 0b0000_0011;
const HAS_ISSUING_KEY: u8 = 1 << 2;
const HAS_CONSENSUS_KEY: u8 = 1 << 3;
/// The consensus key is the one that the member has in the validator set of the header.
const VOTES_IN_SET: u8 = 1 << 4;
const HAS_NETWORK_KEY: u8 = 1 << 5;
const HAS_END: u8 = 1 << 6;

/// Writes the record of a member as of a header that `validators` decided.
pub(super) fn write_record(record: &MemberRecord, validators: &ValidatorSet, bytes: &mut Vec<u8>) {
    let MemberRecord { member, chain } = record;
    let known = member.consensus_key.is_some() && member.consensus_key == key_in_set(&member.id, validators);
    let written_consensus_key = member.consensus_key.filter(|_| !known);
    let role = match member.role {
        Role::Observer => 0,
        Role::Issuer => 1,
        Role::Validator => 2,
    };
    let flag = |set: bool, bit: u8| if set { bit } else { 0 };
    bytes.push(
        role | flag(member.issuing_key.is_some(), HAS_ISSUING_KEY)
            | flag(written_consensus_key.is_some(), HAS_CONSENSUS_KEY)
            | flag(known, VOTES_IN_SET)
            | flag(member.network_key.is_some(), HAS_NETWORK_KEY)
            | flag(member.active_until.is_some(), HAS_END),
    );
    write_text(member.id.as_str(), bytes);
    write_text(&member.name, bytes);
    for key in [member.issuing_key, written_consensus_key, member.network_key].into_iter().flatten() {
        bytes.extend_from_slice(&key.0);
    }
    write_number(member.active_from.0, bytes);
    if let Some(Height(until)) = member.active_until {
        write_number(until, bytes);
    }
    write_number(chain.next_sequence.0, bytes);
    bytes.extend_from_slice(&chain.last_batch.0);
    write_number(chain.entries, bytes);
}

pub(super) fn read_record(reader: &mut Reader<'_>, validators: &ValidatorSet) -> Result<MemberRecord> {
    let flags = reader.byte("record flags")?;
    let role = match flags & ROLE {
        0 => Role::Observer,
        1 => Role::Issuer,
        2 => Role::Validator,
        _ => return Err(ReceiptBinaryError::Invalid { field: "role" }),
    };
    if flags & 1 << 7 != 0 || flags & (HAS_CONSENSUS_KEY | VOTES_IN_SET) == HAS_CONSENSUS_KEY | VOTES_IN_SET {
        return Err(ReceiptBinaryError::Invalid { field: "record flags" });
    }
    let id = read_member_id(reader)?;
    let name = reader.text(MEMBER_NAME_BYTES_MAX, "member name")?.to_owned();
    let mut key = |bit: u8, field| match flags & bit {
        0 => Ok(None),
        _ => reader.array(field).map(|key| Some(PublicKey(key))),
    };
    let issuing_key = key(HAS_ISSUING_KEY, "issuing key")?;
    let written = key(HAS_CONSENSUS_KEY, "consensus key")?;
    let network_key = key(HAS_NETWORK_KEY, "network key")?;
    let in_set = key_in_set(&id, validators);
    let consensus_key = if flags & VOTES_IN_SET != 0 { in_set } else { written };
    // A key that the set holds is not written a second time, and one that it does not hold is not left out.
    if (flags & VOTES_IN_SET != 0) != (consensus_key.is_some() && consensus_key == in_set) {
        return Err(ReceiptBinaryError::Invalid { field: "consensus key" });
    }
    let active_from = Height(reader.number("active from")?);
    let active_until = match flags & HAS_END {
        0 => None,
        _ => Some(Height(reader.number("active until")?)),
    };
    let member =
        Member { id, name, role, issuing_key, consensus_key, network_key, active_from, active_until };
    let chain = ChainHead {
        next_sequence: Sequence(reader.number("next sequence")?),
        last_batch: BatchId(reader.array("last batch")?),
        entries: reader.number("entries")?,
    };
    Ok(MemberRecord { member, chain })
}

/// Writes which bytes of a leaf are not zero, and those.
pub(super) fn write_status_leaf(leaf: &StatusLeaf, bytes: &mut Vec<u8>) {
    let places = leaf.iter().enumerate().filter(|(_, byte)| **byte != 0);
    let mask = places.clone().fold([0; STATUS_LEAF_BYTES / 8], |mut mask, (place, _)| {
        mask[place / 8] |= 1 << (place % 8);
        mask
    });
    bytes.extend_from_slice(&mask);
    bytes.extend(places.map(|(_, byte)| byte));
}

pub(super) fn read_status_leaf(reader: &mut Reader<'_>) -> Result<StatusLeaf> {
    let mask: [u8; STATUS_LEAF_BYTES / 8] = reader.array("status leaf")?;
    let mut leaf = [0; STATUS_LEAF_BYTES];
    for place in places(&mask) {
        leaf[place] = reader.byte("status leaf")?;
        if leaf[place] == 0 {
            return Err(ReceiptBinaryError::Invalid { field: "status leaf" });
        }
    }
    Ok(leaf)
}

/// Writes the fewest signatures of a good certificate that suffice.
pub(super) fn write_certificate(
    certificate: &CommitCertificate,
    validators: &ValidatorSet,
    bytes: &mut Vec<u8>,
) {
    let signatures = &certificate.signatures[..validators.quorum()];
    write_number(certificate.round.into(), bytes);
    let mut signers = vec![0; bitmap_bytes(validators)];
    for CommitSignature { validator, .. } in signatures {
        signers[usize::from(*validator) / 8] |= 1 << (validator % 8);
    }
    bytes.extend_from_slice(&signers);
    signatures.iter().for_each(|signature| bytes.extend_from_slice(&signature.signature.0));
}

/// Reads the certificate of a header.
pub(super) fn read_certificate(
    reader: &mut Reader<'_>,
    header: &BlockHeader,
    validators: &ValidatorSet,
) -> Result<CommitCertificate> {
    let height = header.height;
    let round =
        u32::try_from(reader.number("round")?).map_err(|_| ReceiptBinaryError::Invalid { field: "round" })?;
    let signers = read_bitmap(reader, validators, height, "signers")?;
    let (signed, quorum, validators) = (signers.len(), validators.quorum(), validators.validators().len());
    if signed != quorum {
        return Err(ReceiptBinaryError::Signers { height, signed, quorum, validators });
    }
    let sign = |place: usize| {
        let signature = Signature(reader.array("signature")?);
        // A set has at most 128 validators.
        Ok(CommitSignature { validator: place as u16, signature })
    };
    let signatures = signers.into_iter().map(sign).collect::<Result<_>>()?;
    Ok(CommitCertificate { height, round, block: header.hash(), signatures })
}

/// Writes what it takes to get from a set to the next: who leaves, and who comes.
pub(super) fn write_set_change(former: &ValidatorSet, next: &ValidatorSet, bytes: &mut Vec<u8>) {
    let mut leaving = vec![0; bitmap_bytes(former)];
    for (place, validator) in former.validators().iter().enumerate() {
        if !next.validators().contains(validator) {
            leaving[place / 8] |= 1 << (place % 8);
        }
    }
    bytes.extend_from_slice(&leaving);
    let coming = next.validators().iter().filter(|validator| !former.validators().contains(validator));
    write_number(coming.clone().count() as u64, bytes);
    for Validator { member, key } in coming {
        write_text(member.as_str(), bytes);
        bytes.extend_from_slice(&key.0);
    }
}

/// Reads the set that decides after `height`.
pub(super) fn read_set_change(
    reader: &mut Reader<'_>,
    former: &ValidatorSet,
    height: Height,
) -> Result<ValidatorSet> {
    let leaving = read_bitmap(reader, former, height, "leaving validators")?;
    let stays = |place: &usize| !leaving.contains(place);
    let former = former.validators();
    let mut next: Vec<_> = (0..former.len()).filter(stays).map(|place| former[place].clone()).collect();
    let count = reader.number("coming validators")?;
    if count > VALIDATORS_MAX as u64 {
        return Err(ReceiptBinaryError::Invalid { field: "coming validators" });
    }
    let mut last: Option<MemberId> = None;
    for _ in 0..count {
        let member = read_member_id(reader)?;
        let validator = Validator { member, key: PublicKey(reader.array("consensus key")?) };
        // In ascending order, and none that was there before: there is one way to write a change.
        let ascends = last.as_ref().is_none_or(|last| *last < validator.member);
        if !ascends || former.contains(&validator) {
            return Err(ReceiptBinaryError::Invalid { field: "coming validators" });
        }
        last = Some(validator.member.clone());
        next.push(validator);
    }
    ValidatorSet::new(next).map_err(|source| ReceiptBinaryError::NextValidators { height, source })
}

fn read_member_id(reader: &mut Reader<'_>) -> Result<MemberId> {
    let text = reader.text(MEMBER_ID_BYTES_MAX, "member id")?;
    text.parse().map_err(|_| ReceiptBinaryError::Invalid { field: "member id" })
}

fn key_in_set(member: &MemberId, validators: &ValidatorSet) -> Option<PublicKey> {
    let validator = validators.validators().iter().find(|validator| validator.member == *member);
    validator.map(|validator| validator.key)
}

fn bitmap_bytes(validators: &ValidatorSet) -> usize {
    validators.validators().len().div_ceil(8)
}

/// Reads which validators of a set are meant, one bit for each.
fn read_bitmap(
    reader: &mut Reader<'_>,
    validators: &ValidatorSet,
    height: Height,
    field: &'static str,
) -> Result<Vec<usize>> {
    let places: Vec<usize> = places(reader.bytes(bitmap_bytes(validators), field)?).collect();
    let validators = validators.validators().len();
    match places.last() {
        Some(last) if *last >= validators => Err(ReceiptBinaryError::UnknownValidator { height, validators }),
        _ => Ok(places),
    }
}

/// Places of the bits that are set: bit `i` stands in byte `i / 8`, counted from the least significant.
fn places(bitmap: &[u8]) -> impl Iterator<Item = usize> {
    (0..bitmap.len() * 8).filter(|place| bitmap[place / 8] >> (place % 8) & 1 == 1)
}
