//! The binary form of a receipt: its layout, field by field, is in `docs/formats/receipt.md`.

use super::Receipt;
use super::error::{ChainPrefix, ReceiptBinaryError};
use super::parts::{
    read_certificate, read_record, read_set_change, read_status_leaf, write_certificate, write_record,
    write_set_change, write_status_leaf,
};
use super::reader::{Reader, write_hashes, write_number};
use crate::block::{BlockHeader, HEADER_VERSION};
use crate::document::DocumentKind;
use crate::event::{Entry, Event};
use crate::hash::{BlockHash, Commitment, RegistryHash, Root, Salt, StatusHash, ValidatorsHash};
use crate::ids::{Height, LogIndex, LogSize};
use crate::merkle::{Hash, Rfc6962, TreeHash, inclusion_path_length, root_from_inclusion};
use crate::proof::{StatusProof, TrustAnchor, VALIDATOR_CHANGES_MAX, ValidatorChange};
use crate::registry::{MEMBERS_MAX, Registry, RegistryProof};
use crate::status::{leaf_count, leaf_of};
use crate::validators::ValidatorSet;

/// Longest receipt in its binary form, in bytes (1 MiB): 64 changes of sets of 128 validators fit.
pub const RECEIPT_BINARY_BYTES_MAX: usize = 1 << 20;
/// First bytes of the binary form. No UTF-8 text has the first of them anywhere.
pub const RECEIPT_MAGIC: [u8; 4] = [0xf5, b's', b'n', b'd'];
/// The only version of the binary form.
pub const RECEIPT_BINARY_VERSION: u8 = 1;

type Result<T> = std::result::Result<T, ReceiptBinaryError>;

/// Bits of the flags.
const DOCUMENT_IS_BYTES: u8 = 1;
/// The block is the last that its validators decide, so that the hash of the next set is given.
const VALIDATORS_CHANGE: u8 = 1 << 1;

/// Encodes a receipt whose proof holds under `anchor`.
pub(super) fn encode(receipt: &Receipt, commitment: &Commitment, anchor: &TrustAnchor) -> Vec<u8> {
    let StatusProof { index, header, issuer, .. } = &receipt.proof;
    let mut bytes = Vec::with_capacity(ENCODED_BYTES_USUAL);
    bytes.extend_from_slice(&RECEIPT_MAGIC);
    bytes.push(RECEIPT_BINARY_VERSION);
    bytes.extend_from_slice(&ChainPrefix::from(&anchor.chain_id).0);
    let changes = header.next_validators_hash != header.validators_hash;
    bytes.push(match receipt.document {
        DocumentKind::Json => 0,
        DocumentKind::Bytes => DOCUMENT_IS_BYTES,
    });
    if changes {
        *bytes.last_mut().expect("invariant: the flags were pushed") |= VALIDATORS_CHANGE;
    }
    bytes.extend_from_slice(&receipt.salt.0);
    bytes.extend_from_slice(&commitment.0);
    let validators = write_changes(&receipt.proof.validator_changes, anchor, &mut bytes);
    write_header_start(header, &mut bytes);
    if changes {
        bytes.extend_from_slice(&header.next_validators_hash.0);
    }
    write_number(index.0, &mut bytes);
    write_hashes(&receipt.proof.log_path, &mut bytes);
    write_status_leaf(&receipt.proof.status_leaf, &mut bytes);
    write_hashes(&receipt.proof.status_path, &mut bytes);
    write_record(&issuer.record, validators, &mut bytes);
    write_number(issuer.index, &mut bytes);
    write_number(issuer.count, &mut bytes);
    write_hashes(&issuer.path, &mut bytes);
    write_certificate(&receipt.proof.certificate, validators, &mut bytes);
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
    if flags & !(DOCUMENT_IS_BYTES | VALIDATORS_CHANGE) != 0 {
        return Err(ReceiptBinaryError::Invalid { field: "flags" });
    }
    let document = if flags & DOCUMENT_IS_BYTES == 0 { DocumentKind::Json } else { DocumentKind::Bytes };
    let salt = Salt(reader.array("salt")?);
    let commitment = Commitment(reader.array("commitment")?);
    let (validator_changes, validators) = read_changes(&mut reader, anchor)?;
    let mut header = read_header_start(&mut reader, anchor, validators.hash())?;
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
    let issuer = read_issuer(&mut reader, &validators)?;
    let entry = Entry { issuer: issuer.record.member.id.clone(), event: Event::Issue { commitment } };
    header.log_root = root::<Rfc6962>(entry.leaf_hash(), index.0, size, &log_path);
    header.status_root = root::<StatusHash>(StatusHash::leaf(&status_leaf), place, places, &status_path);
    let leaf = Registry::leaf_hash(&issuer.record);
    header.registry_root = root::<RegistryHash>(leaf, issuer.index, issuer.count, &issuer.path);
    let certificate = read_certificate(&mut reader, &header, &validators)?;
    reader.finish()?;
    let proof = StatusProof {
        entry,
        index,
        log_path,
        status_leaf,
        status_path,
        issuer,
        header,
        certificate,
        validator_changes,
    };
    Ok(Receipt::new(document, salt, proof))
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

/// Writes the changes; returns the set that they lead to.
fn write_changes<'a>(
    changes: &'a [ValidatorChange],
    anchor: &'a TrustAnchor,
    bytes: &mut Vec<u8>,
) -> &'a ValidatorSet {
    write_number(changes.len() as u64, bytes);
    let mut validators = &anchor.validators;
    for ValidatorChange { header, certificate, next } in changes {
        write_header_start(header, bytes);
        write_hashes(&[header.log_root.0, header.status_root.0, header.registry_root.0], bytes);
        write_set_change(validators, next, bytes);
        write_certificate(certificate, validators, bytes);
        validators = next;
    }
    validators
}

fn read_changes(
    reader: &mut Reader<'_>,
    anchor: &TrustAnchor,
) -> Result<(Vec<ValidatorChange>, ValidatorSet)> {
    let count = reader.number("validator-set changes")?;
    if count > VALIDATOR_CHANGES_MAX as u64 {
        return Err(ReceiptBinaryError::TooManyChanges { count });
    }
    let mut validators = anchor.validators.clone();
    let mut changes = Vec::new();
    for _ in 0..count {
        let mut header = read_header_start(reader, anchor, validators.hash())?;
        header.log_root = Root(reader.array("log root")?);
        header.status_root = Root(reader.array("status root")?);
        header.registry_root = Root(reader.array("registry root")?);
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
    write_number(header.height.0, bytes);
    write_number(u64::from(header.round), bytes);
    write_number(header.time_ms, bytes);
    write_hashes(&[header.previous.0, header.batches_root.0], bytes);
    write_number(header.log_size.0, bytes);
}

/// Reads a header up to its roots, which are left zero. Its validators decide the next block, too.
fn read_header_start(
    reader: &mut Reader<'_>,
    anchor: &TrustAnchor,
    validators: ValidatorsHash,
) -> Result<BlockHeader> {
    Ok(BlockHeader {
        version: HEADER_VERSION,
        chain_id: anchor.chain_id,
        height: Height(reader.number("height")?),
        round: u32::try_from(reader.number("round")?)
            .map_err(|_| ReceiptBinaryError::Invalid { field: "round" })?,
        time_ms: reader.number("time")?,
        previous: BlockHash(reader.array("previous")?),
        batches_root: Root(reader.array("batches root")?),
        log_size: LogSize(reader.number("log size")?),
        log_root: Root([0; 32]),
        status_root: Root([0; 32]),
        registry_root: Root([0; 32]),
        validators_hash: validators,
        next_validators_hash: validators,
    })
}

fn read_issuer(reader: &mut Reader<'_>, validators: &ValidatorSet) -> Result<RegistryProof> {
    let record = read_record(reader, validators)?;
    let (index, count) = (reader.number("registry index")?, reader.number("registry count")?);
    if count > MEMBERS_MAX as u64 {
        return Err(ReceiptBinaryError::Invalid { field: "registry count" });
    }
    let path = read_path(reader, index, count, ("registry index", "registry path"))?;
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
