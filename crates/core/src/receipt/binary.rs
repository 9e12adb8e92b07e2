//! The binary form of a receipt: its layout, field by field, is in `docs/formats/receipt.md`.

use super::Receipt;
use super::error::{ChainPrefix, ReceiptBinaryError};
use super::parts::{
    opening_code, read_certificate, read_opening, read_record, read_set_change, read_status_leaf,
    write_certificate, write_opening, write_record, write_set_change, write_status_leaf,
};
use super::reader::{Reader, write_hashes, write_number};
use crate::block::{BlockHeader, LAYOUT_VERSION, Past, ProtocolVersion};
use crate::document::DocumentKind;
use crate::event::{Entry, Event};
use crate::hash::{BlockHash, Commitment, PastHash, RegistryHash, Root, StatusHash, ValidatorsHash};
use crate::history::{HistoryProof, SEAL_LEVEL};
use crate::ids::{Height, LogIndex, LogSize};
use crate::merkle::{Hash, Rfc6962, TreeHash, inclusion_path_length, root_from_inclusion};
use crate::proof::{Finality, StatusProof, VALIDATOR_CHANGES_MAX, ValidatorChange};
use crate::registry::{MEMBERS_MAX, Registry, RegistryProof};
use crate::state_root;
use crate::status::{leaf_count, leaf_of};
use crate::trust::TrustAnchor;
use crate::validators::ValidatorSet;

/// Longest receipt in its binary form, in bytes (1 MiB): 64 changes of sets of 128 validators fit.
pub const RECEIPT_BINARY_BYTES_MAX: usize = 1 << 20;
/// First bytes of the binary form. No UTF-8 text has the first of them anywhere.
pub const RECEIPT_MAGIC: [u8; 4] = [0xf5, b's', b'n', b'd'];
/// The only version of the binary form.
pub const RECEIPT_BINARY_VERSION: u8 = 1;

type Result<T> = std::result::Result<T, ReceiptBinaryError>;

/// Bits of the flags: the code of the document's kind,
const DOCUMENT: u8 = 0b0000_0011;
/// how the commitment is opened,
const OPENING: u8 = 0b0000_1100;
const OPENING_SHIFT: u32 = 2;
/// what makes the header final,
const FINALITY: u8 = 0b0011_0000;
const BY_CERTIFICATE: u8 = 0 << 4;
const BY_SEAL: u8 = 1 << 4;
const BY_HISTORY: u8 = 2 << 4;
/// and that the block is the last that its validators decide, so that the hash of the next set is given.
const VALIDATORS_CHANGE: u8 = 1 << 6;

/// Encodes a receipt whose proof holds under `anchor`.
pub(super) fn encode(receipt: &Receipt, commitment: &Commitment, anchor: &TrustAnchor) -> Vec<u8> {
    let StatusProof { index, header, issuer, finality, .. } = &receipt.proof;
    let mut bytes = Vec::with_capacity(ENCODED_BYTES_USUAL);
    bytes.extend_from_slice(&RECEIPT_MAGIC);
    bytes.push(RECEIPT_BINARY_VERSION);
    bytes.extend_from_slice(&ChainPrefix::from(&anchor.chain_id).0);
    let changes = header.next_validators_hash != header.validators_hash;
    let by = match finality {
        Finality::Certificate { .. } => BY_CERTIFICATE,
        Finality::Sealed { .. } => BY_SEAL,
        Finality::History(_) => BY_HISTORY,
    };
    let opening = opening_code(&receipt.opening) << OPENING_SHIFT;
    bytes.push(receipt.document.code() | opening | by | if changes { VALIDATORS_CHANGE } else { 0 });
    write_opening(&receipt.opening, &mut bytes);
    bytes.extend_from_slice(&commitment.0);
    write_finality(finality, header, anchor, &mut bytes);
    write_header_start(header, &mut bytes);
    if matches!(finality, Finality::History(_)) {
        // The set of an old header is not needed to check it: its hash is.
        bytes.extend_from_slice(&header.validators_hash.0);
    }
    if changes {
        bytes.extend_from_slice(&header.next_validators_hash.0);
    }
    write_number(index.0, &mut bytes);
    write_hashes(&receipt.proof.log_path, &mut bytes);
    write_status_leaf(&receipt.proof.status_leaf, &mut bytes);
    write_hashes(&receipt.proof.status_path, &mut bytes);
    write_record(&issuer.record, &mut bytes);
    write_number(issuer.index, &mut bytes);
    write_number(issuer.count, &mut bytes);
    write_hashes(&issuer.path, &mut bytes);
    bytes.extend_from_slice(&receipt.proof.others_root.0);
    match finality {
        Finality::Certificate { certificate, validator_changes } => {
            let validators = deciding_set(header.height, validator_changes, anchor);
            write_certificate(certificate, &validators, &mut bytes);
        }
        Finality::Sealed { path } => write_hashes(path, &mut bytes),
        Finality::History(proof) => write_hashes(&proof.path, &mut bytes),
    }
    bytes
}

pub(super) fn decode(bytes: &[u8], anchor: &TrustAnchor) -> Result<Receipt> {
    if bytes.len() > RECEIPT_BINARY_BYTES_MAX {
        let (actual, limit) = (bytes.len(), RECEIPT_BINARY_BYTES_MAX);
        return Err(ReceiptBinaryError::TooLong { actual, limit });
    }
    let mut reader = Reader::new(bytes);
    read_start(&mut reader, anchor)?;
    let flags = reader.byte("flags")?;
    let document = DocumentKind::of_code(flags & DOCUMENT);
    let document = document.filter(|_| flags & 1 << 7 == 0);
    let document = document.ok_or(ReceiptBinaryError::Invalid { field: "flags" })?;
    let opening = read_opening(&mut reader, (flags & OPENING) >> OPENING_SHIFT)?;
    let commitment = Commitment(reader.array("commitment")?);
    let started = read_finality(&mut reader, flags & FINALITY, anchor)?;
    let mut header = read_header_start(&mut reader, anchor)?;
    header.validators_hash = match &started {
        Started::Certificate { validators, .. } => validators.hash(),
        Started::Sealed => {
            let height = header.height;
            let set = anchor.set_at(height).ok_or(ReceiptBinaryError::NotCovered { height })?;
            set.hash()
        }
        Started::History(_) => ValidatorsHash(reader.array("validators hash")?),
    };
    header.next_validators_hash = header.validators_hash;
    if flags & VALIDATORS_CHANGE != 0 {
        header.next_validators_hash = ValidatorsHash(reader.array("next validators hash")?);
        if header.next_validators_hash == header.validators_hash {
            return Err(ReceiptBinaryError::Invalid { field: "next validators hash" });
        }
    }
    let index = LogIndex(reader.number("log index")?);
    let LogSize(size) = header.log_size;
    let log_path = read_path(&mut reader, index.0, size, ("log index", "log path"))?;
    let status_leaf = read_status_leaf(&mut reader)?;
    let (place, places) = (leaf_of(index), leaf_count(header.log_size));
    let status_path = read_path(&mut reader, place, places, ("log index", "status path"))?;
    let issuer = read_issuer(&mut reader)?;
    let others_root = Root(reader.array("others root")?);
    let entry = Entry { issuer: issuer.record.id.clone(), event: Event::Issue { commitment } };
    header.log_root = root::<Rfc6962>(entry.leaf_hash(), index.0, size, &log_path);
    let status = root::<StatusHash>(StatusHash::leaf(&status_leaf), place, places, &status_path);
    let record = Registry::leaf_hash(&issuer.record);
    let members = root::<RegistryHash>(record, issuer.index, issuer.count, &issuer.path);
    let members = state_root::members_root(issuer.count, &members.0);
    header.state_root = state_root::state_root(&status, &members, &others_root);
    let finality = match started {
        Started::Certificate { validator_changes, validators } => {
            let certificate = read_certificate(&mut reader, &header, &validators)?;
            Finality::Certificate { certificate, validator_changes }
        }
        Started::Sealed => Finality::Sealed { path: reader.hashes(SEAL_LEVEL as usize, "history path")? },
        Started::History(mut proof) => {
            let (index, size) = (header.height.0.saturating_sub(1), proof.header.height.0.saturating_sub(1));
            proof.path = read_path(&mut reader, index, size, ("height", "history path"))?;
            Finality::History(proof)
        }
    };
    reader.finish()?;
    let proof = StatusProof {
        entry,
        index,
        log_path,
        status_leaf,
        status_path,
        issuer,
        others_root,
        header,
        finality,
    };
    Ok(Receipt::new(document, opening, proof))
}

/// What of a [`Finality`] stands before the header.
enum Started {
    Certificate { validator_changes: Vec<ValidatorChange>, validators: ValidatorSet },
    Sealed,
    History(Box<HistoryProof>),
}

fn write_finality(finality: &Finality, header: &BlockHeader, anchor: &TrustAnchor, bytes: &mut Vec<u8>) {
    match finality {
        Finality::Certificate { validator_changes, .. } => {
            write_changes(header.height, validator_changes, anchor, bytes);
        }
        Finality::Sealed { .. } => {}
        Finality::History(proof) => {
            let newer = &proof.header;
            let validators = write_changes(newer.height, &proof.validator_changes, anchor, bytes);
            bytes.push(newer.version.rules);
            write_number(newer.height.0, bytes);
            write_number(newer.round.into(), bytes);
            write_number(newer.time_ms, bytes);
            write_number(newer.log_size.0, bytes);
            let Past { previous, history_root, batches_root } = proof.past;
            write_hashes(&[newer.log_root.0, newer.state_root.0], bytes);
            write_hashes(&[previous.0, history_root.0, batches_root.0, newer.next_validators_hash.0], bytes);
            write_certificate(&proof.certificate, &validators, bytes);
        }
    }
}

fn read_finality(reader: &mut Reader<'_>, by: u8, anchor: &TrustAnchor) -> Result<Started> {
    match by {
        BY_CERTIFICATE => {
            let (validator_changes, validators) = read_changes(reader, anchor)?;
            Ok(Started::Certificate { validator_changes, validators })
        }
        BY_SEAL => Ok(Started::Sealed),
        BY_HISTORY => {
            let (validator_changes, validators) = read_changes(reader, anchor)?;
            let mut header = BlockHeader {
                version: ProtocolVersion { layout: LAYOUT_VERSION, rules: reader.byte("newer rules")? },
                chain_id: anchor.chain_id,
                height: Height(reader.number("newer height")?),
                round: read_round(reader, "newer round")?,
                time_ms: reader.number("newer time")?,
                log_size: LogSize(reader.number("newer log size")?),
                log_root: Root(reader.array("newer log root")?),
                state_root: Root(reader.array("newer state root")?),
                past: PastHash([0; 32]),
                validators_hash: validators.hash(),
                next_validators_hash: ValidatorsHash([0; 32]),
            };
            let past = Past {
                previous: BlockHash(reader.array("newer previous")?),
                history_root: Root(reader.array("newer history root")?),
                batches_root: Root(reader.array("newer batches root")?),
            };
            header.past = past.hash();
            header.next_validators_hash = ValidatorsHash(reader.array("newer next validators hash")?);
            let certificate = read_certificate(reader, &header, &validators)?;
            let path = Vec::new();
            Ok(Started::History(Box::new(HistoryProof {
                path,
                past,
                header,
                certificate,
                validator_changes,
            })))
        }
        _ => Err(ReceiptBinaryError::Invalid { field: "flags" }),
    }
}

fn read_start(reader: &mut Reader<'_>, anchor: &TrustAnchor) -> Result<()> {
    if reader.array("magic")? != RECEIPT_MAGIC {
        return Err(ReceiptBinaryError::Magic);
    }
    let version = reader.byte("version")?;
    if version != RECEIPT_BINARY_VERSION {
        return Err(ReceiptBinaryError::Version { actual: version });
    }
    let chain = ChainPrefix(reader.array("chain")?);
    if chain != ChainPrefix::from(&anchor.chain_id) {
        return Err(ReceiptBinaryError::ForeignChain { expected: anchor.chain_id, actual: chain });
    }
    Ok(())
}

/// The set that decides `height`, over the changes that a proof carries.
fn deciding_set(height: Height, changes: &[ValidatorChange], anchor: &TrustAnchor) -> ValidatorSet {
    match changes.last() {
        Some(change) => change.next.clone(),
        None => anchor.set_before(height, changes),
    }
}

/// Writes the number of the set that the changes start from, and the changes; returns the set that they lead to.
fn write_changes(
    height: Height,
    changes: &[ValidatorChange],
    anchor: &TrustAnchor,
    bytes: &mut Vec<u8>,
) -> ValidatorSet {
    let mut validators = anchor.set_before(height, changes);
    write_number(validators.number().into(), bytes);
    write_number(changes.len() as u64, bytes);
    for ValidatorChange { header, certificate, next } in changes {
        write_header_start(header, bytes);
        write_hashes(&[header.log_root.0, header.state_root.0], bytes);
        write_set_change(&validators, next, bytes);
        write_certificate(certificate, &validators, bytes);
        validators = next.clone();
    }
    validators
}

fn read_changes(
    reader: &mut Reader<'_>,
    anchor: &TrustAnchor,
) -> Result<(Vec<ValidatorChange>, ValidatorSet)> {
    let number = reader.number("validator set")?;
    let known = u32::try_from(number).ok().and_then(|number| anchor.set_numbered(number));
    let mut validators = known.ok_or(ReceiptBinaryError::UnknownSet { number })?.clone();
    let count = reader.number("validator-set changes")?;
    if count > VALIDATOR_CHANGES_MAX as u64 {
        return Err(ReceiptBinaryError::TooManyChanges { count });
    }
    let mut changes = Vec::new();
    for _ in 0..count {
        let mut header = read_header_start(reader, anchor)?;
        header.validators_hash = validators.hash();
        header.log_root = Root(reader.array("log root")?);
        header.state_root = Root(reader.array("state root")?);
        let next = read_set_change(reader, &validators, header.height)?;
        header.next_validators_hash = next.hash();
        let certificate = read_certificate(reader, &header, &validators)?;
        validators = next.clone();
        changes.push(ValidatorChange { header, certificate, next });
    }
    Ok((changes, validators))
}

/// Writes the fields of a header that nobody could compute.
fn write_header_start(header: &BlockHeader, bytes: &mut Vec<u8>) {
    bytes.push(header.version.rules);
    write_number(header.height.0, bytes);
    write_number(header.round.into(), bytes);
    write_number(header.time_ms, bytes);
    bytes.extend_from_slice(&header.past.0);
    write_number(header.log_size.0, bytes);
}

/// Reads a header up to its roots and its validators, which are left zero.
fn read_header_start(reader: &mut Reader<'_>, anchor: &TrustAnchor) -> Result<BlockHeader> {
    Ok(BlockHeader {
        version: ProtocolVersion { layout: LAYOUT_VERSION, rules: reader.byte("rules")? },
        chain_id: anchor.chain_id,
        height: Height(reader.number("height")?),
        round: read_round(reader, "round of first proposal")?,
        time_ms: reader.number("time")?,
        past: PastHash(reader.array("past")?),
        log_size: LogSize(reader.number("log size")?),
        log_root: Root([0; 32]),
        state_root: Root([0; 32]),
        validators_hash: ValidatorsHash([0; 32]),
        next_validators_hash: ValidatorsHash([0; 32]),
    })
}

fn read_round(reader: &mut Reader<'_>, field: &'static str) -> Result<u32> {
    u32::try_from(reader.number(field)?).map_err(|_| ReceiptBinaryError::Invalid { field })
}

fn read_issuer(reader: &mut Reader<'_>) -> Result<RegistryProof> {
    let record = read_record(reader)?;
    let (index, count) = (reader.number("member index")?, reader.number("member count")?);
    if count > MEMBERS_MAX as u64 {
        return Err(ReceiptBinaryError::Invalid { field: "member count" });
    }
    let path = read_path(reader, index, count, ("member index", "member path"))?;
    Ok(RegistryProof { record, index, count, path })
}

/// Reads a path, whose length follows from place and size; `fields` name the place and the path.
fn read_path(
    reader: &mut Reader<'_>,
    index: u64,
    size: u64,
    (index_field, field): (&'static str, &'static str),
) -> Result<Vec<Hash>> {
    if index >= size {
        return Err(ReceiptBinaryError::Index { field: index_field, index, size });
    }
    reader.hashes(inclusion_path_length(index, size), field)
}

/// The root that a path read by [`read_path`] leads to.
fn root<H: TreeHash>(leaf: Hash, index: u64, size: u64, path: &[Hash]) -> Root {
    let root = root_from_inclusion::<H>(leaf, index, size, path);
    Root(root.expect("invariant: the path was read with the length that place and size ask for"))
}

/// Room for a receipt of a large log with a dozen validators.
const ENCODED_BYTES_USUAL: usize = 3072;
