//! The parts of the binary form: member record, status leaf, certificate, change of the validator set.

use super::error::ReceiptBinaryError;
use super::reader::{Reader, write_number, write_text};
use crate::block::BlockHeader;
use crate::commitment::{ContentHash, ContentKey, Opening, Secret, SummaryHash, SummaryKey};
use crate::hash::RestHash;
use crate::ids::{Height, LogIndex, MEMBER_ID_BYTES_MAX, MemberId};
use crate::member::{
    DISPUTED_RANGES_MAX, ISSUER_ID_BYTES_MAX, ISSUER_IDS_MAX, IndexRange, IssuerIdTerm,
    MEMBER_NAME_BYTES_MAX, MemberRecord, Standing,
};
use crate::signature::{PublicKey, Signature};
use crate::status::{STATUS_LEAF_BYTES, StatusLeaf};
use crate::summary::{SUMMARY_BYTES_MAX, Summary};
use crate::validators::{CommitCertificate, CommitSignature, VALIDATORS_MAX, Validator, ValidatorSet};

type Result<T> = std::result::Result<T, ReceiptBinaryError>;

/// Codes of the ways to open a commitment.
const FULL: u8 = 0;
const FULL_WITH_SUMMARY: u8 = 1;
const PAPER: u8 = 2;
const CLOSED_SUMMARY: u8 = 3;

pub(super) fn opening_code(opening: &Opening) -> u8 {
    match opening {
        Opening::Full { summary: None, .. } => FULL,
        Opening::Full { summary: Some(_), .. } => FULL_WITH_SUMMARY,
        Opening::Paper { .. } => PAPER,
        Opening::ClosedSummary { .. } => CLOSED_SUMMARY,
    }
}

pub(super) fn write_opening(opening: &Opening, bytes: &mut Vec<u8>) {
    match opening {
        Opening::Full { secret, summary } => {
            bytes.extend_from_slice(&secret.0);
            bytes.extend(summary.iter().flat_map(Summary::encode));
        }
        Opening::Paper { summary_key, summary, content } => {
            bytes.extend_from_slice(&summary_key.0);
            bytes.extend_from_slice(&summary.encode());
            bytes.extend_from_slice(&content.0);
        }
        Opening::ClosedSummary { content_key, summary } => {
            bytes.extend_from_slice(&content_key.0);
            bytes.extend_from_slice(&summary.0);
        }
    }
}

/// Reads an opening; `code` has two bits.
pub(super) fn read_opening(reader: &mut Reader<'_>, code: u8) -> Result<Opening> {
    match code {
        FULL => Ok(Opening::Full { secret: Secret(reader.array("secret")?), summary: None }),
        FULL_WITH_SUMMARY => Ok(Opening::Full {
            secret: Secret(reader.array("secret")?),
            summary: Some(read_summary(reader)?),
        }),
        PAPER => Ok(Opening::Paper {
            summary_key: SummaryKey(reader.array("summary key")?),
            summary: read_summary(reader)?,
            content: ContentHash(reader.array("content")?),
        }),
        _ => Ok(Opening::ClosedSummary {
            content_key: ContentKey(reader.array("content key")?),
            summary: SummaryHash(reader.array("summary")?),
        }),
    }
}

fn read_summary(reader: &mut Reader<'_>) -> Result<Summary> {
    let rest = reader.rest();
    let (summary, length) = Summary::decode_prefix(&rest[..rest.len().min(SUMMARY_BYTES_MAX)])?;
    reader.bytes(length, "summary")?;
    Ok(summary)
}

/// Bits of the first byte of a record: how the member stands,
const STANDING: u8 = 0b0000_0011;
/// and that a list is not empty, so that its count follows.
const HAS_ISSUER_IDS: u8 = 1 << 2;
const HAS_DISPUTED: u8 = 1 << 3;

/// Writes the record of a member.
pub(super) fn write_record(record: &MemberRecord, bytes: &mut Vec<u8>) {
    let standing = match record.standing {
        Standing::Active => 0,
        Standing::Frozen => 1,
        Standing::Suspended => 2,
        Standing::Retired => 3,
    };
    let flag = |set: bool, bit: u8| if set { bit } else { 0 };
    bytes.push(
        standing
            | flag(!record.issuer_ids.is_empty(), HAS_ISSUER_IDS)
            | flag(!record.disputed.is_empty(), HAS_DISPUTED),
    );
    write_text(record.id.as_str(), bytes);
    write_text(&record.name, bytes);
    write_number(record.since.0, bytes);
    if !record.issuer_ids.is_empty() {
        write_number(record.issuer_ids.len() as u64, bytes);
        for IssuerIdTerm { id, from, until } in &record.issuer_ids {
            write_text(id.as_str(), bytes);
            write_number(from.0, bytes);
            // 0 while there is no end, since every range ends after its start.
            write_number(until.map_or(0, |until| until.0), bytes);
        }
    }
    if !record.disputed.is_empty() {
        write_number(record.disputed.len() as u64, bytes);
        for IndexRange { from, until } in &record.disputed {
            write_number(from.0, bytes);
            write_number(until.0, bytes);
        }
    }
    bytes.extend_from_slice(&record.rest.0);
}

pub(super) fn read_record(reader: &mut Reader<'_>) -> Result<MemberRecord> {
    let flags = reader.byte("record flags")?;
    if flags & !(STANDING | HAS_ISSUER_IDS | HAS_DISPUTED) != 0 {
        return Err(ReceiptBinaryError::Invalid { field: "record flags" });
    }
    let standing = match flags & STANDING {
        0 => Standing::Active,
        1 => Standing::Frozen,
        2 => Standing::Suspended,
        _ => Standing::Retired,
    };
    let id = read_member_id(reader)?;
    let name = reader.text(MEMBER_NAME_BYTES_MAX, "member name")?.to_owned();
    let since = Height(reader.number("standing since")?);
    let mut record = MemberRecord {
        id,
        name,
        standing,
        since,
        issuer_ids: Vec::new(),
        disputed: Vec::new(),
        rest: RestHash([0; 32]),
    };
    if flags & HAS_ISSUER_IDS != 0 {
        for _ in 0..read_count(reader, ISSUER_IDS_MAX, "issuer ids")? {
            let invalid = ReceiptBinaryError::Invalid { field: "issuer id" };
            let id = reader.text(ISSUER_ID_BYTES_MAX, "issuer id")?.parse().map_err(|_| invalid)?;
            let from = LogIndex(reader.number("issuer id from")?);
            let until = Some(LogIndex(reader.number("issuer id until")?)).filter(|until| until.0 != 0);
            record.issuer_ids.push(IssuerIdTerm { id, from, until });
        }
    }
    if flags & HAS_DISPUTED != 0 {
        for _ in 0..read_count(reader, DISPUTED_RANGES_MAX, "disputed ranges")? {
            let from = LogIndex(reader.number("disputed from")?);
            let until = LogIndex(reader.number("disputed until")?);
            record.disputed.push(IndexRange { from, until });
        }
    }
    record.rest = RestHash(reader.array("rest")?);
    Ok(record)
}

/// Reads the count of a list that is not empty.
fn read_count(reader: &mut Reader<'_>, limit: usize, field: &'static str) -> Result<u64> {
    let count = reader.number(field)?;
    if (1..=limit as u64).contains(&count) { Ok(count) } else { Err(ReceiptBinaryError::Invalid { field }) }
}

/// First byte of a status leaf that is written whole.
const WHOLE_LEAF: u8 = 1;
/// Most bytes of a leaf that are written one by one: beyond, the whole leaf is shorter.
const SPARSE_LEAF_BYTES_MAX: usize = STATUS_LEAF_BYTES - STATUS_LEAF_BYTES / 8 - 1;

/// Writes which bytes of a leaf are not zero, and those; or the whole leaf where that is shorter.
pub(super) fn write_status_leaf(leaf: &StatusLeaf, bytes: &mut Vec<u8>) {
    if leaf.iter().filter(|byte| **byte != 0).count() > SPARSE_LEAF_BYTES_MAX {
        bytes.push(WHOLE_LEAF);
        bytes.extend_from_slice(leaf);
        return;
    }
    bytes.push(0);
    let places = leaf.iter().enumerate().filter(|(_, byte)| **byte != 0);
    let mask = places.clone().fold([0; STATUS_LEAF_BYTES / 8], |mut mask, (place, _)| {
        mask[place / 8] |= 1 << (place % 8);
        mask
    });
    bytes.extend_from_slice(&mask);
    bytes.extend(places.map(|(_, byte)| byte));
}

pub(super) fn read_status_leaf(reader: &mut Reader<'_>) -> Result<StatusLeaf> {
    let invalid = ReceiptBinaryError::Invalid { field: "status leaf" };
    let form = reader.byte("status leaf")?;
    if form == WHOLE_LEAF {
        let leaf: StatusLeaf = reader.array("status leaf")?;
        let sparse = leaf.iter().filter(|byte| **byte != 0).count() <= SPARSE_LEAF_BYTES_MAX;
        return if sparse { Err(invalid) } else { Ok(leaf) };
    }
    if form != 0 {
        return Err(invalid);
    }
    let mask: [u8; STATUS_LEAF_BYTES / 8] = reader.array("status leaf")?;
    let mut leaf = [0; STATUS_LEAF_BYTES];
    if places(&mask).count() > SPARSE_LEAF_BYTES_MAX {
        return Err(invalid);
    }
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
    set: &ValidatorSet,
    height: Height,
) -> Result<ValidatorSet> {
    let leaving = read_bitmap(reader, set, height, "leaving validators")?;
    let stays = |place: &usize| !leaving.contains(place);
    let former = set.validators();
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
    set.successor(height.next(), next).map_err(|source| ReceiptBinaryError::NextValidators { height, source })
}

fn read_member_id(reader: &mut Reader<'_>) -> Result<MemberId> {
    let text = reader.text(MEMBER_ID_BYTES_MAX, "member id")?;
    text.parse().map_err(|_| ReceiptBinaryError::Invalid { field: "member id" })
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
