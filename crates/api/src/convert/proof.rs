//! Proofs.

use sanad_core::batch::BATCH_BYTES_MAX;
use sanad_core::ids::{LogIndex, LogSize};
use sanad_core::merkle::{CONSISTENCY_HASHES_MAX, RANGE_HASHES_MAX};
use sanad_core::proof::{CONSISTENCY_FORMAT, ConsistencyProof, IssuerBatch, LogHead, StatusProof};
use sanad_core::status::{STATUS_LEAF_BYTES, Status, StatusLeaf, status_in_leaf};

use super::block::final_header;
use super::entry::log_entry;
use super::member::validator_changes;
use super::{WireError, fixed, hash, path, path_bytes, path_of, required, within};
use crate::blocks::FinalHeader;
use crate::entries::LogEntry;
use crate::limits::ISSUER_BATCHES_PAGE;
use crate::proofs::{EntryProof, InclusionProof, IssuerBatches, ProofHead};
use crate::wire;

impl From<&ProofHead> for wire::ProofHead {
    fn from(head: &ProofHead) -> Self {
        Self {
            head: Some((&head.head).into()),
            issuer: Some((&head.issuer).into()),
            validator_changes: head.validator_changes.iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<wire::ProofHead> for ProofHead {
    type Error = WireError;
    fn try_from(head: wire::ProofHead) -> Result<Self, WireError> {
        Ok(Self {
            head: required("head.head", head.head)?.try_into()?,
            issuer: required("head.issuer", head.issuer)?.try_into()?,
            validator_changes: validator_changes(head.validator_changes)?,
        })
    }
}

impl From<&EntryProof> for wire::EntryProof {
    fn from(proof: &EntryProof) -> Self {
        let status = match status_in_leaf(&proof.status_leaf, proof.index) {
            Some(Status::Active) => wire::CredentialStatus::Active,
            Some(Status::Suspended) => wire::CredentialStatus::Suspended,
            Some(Status::Revoked) => wire::CredentialStatus::Revoked,
            None => wire::CredentialStatus::Unspecified,
        };
        Self {
            entry: Some(log_entry(&proof.entry, proof.index)),
            log_path: path_bytes(&proof.log_path),
            status_leaf: proof.status_leaf.to_vec(),
            status_path: path_bytes(&proof.status_path),
            status: status.into(),
        }
    }
}

impl TryFrom<wire::EntryProof> for EntryProof {
    type Error = WireError;
    fn try_from(proof: wire::EntryProof) -> Result<Self, WireError> {
        let LogEntry { index, entry } = required("entry.entry", proof.entry)?.try_into()?;
        Ok(Self {
            entry,
            index,
            log_path: path("entry.log_path", &proof.log_path)?,
            status_leaf: status_leaf(&proof.status_leaf)?,
            status_path: path("entry.status_path", &proof.status_path)?,
        })
    }
}

impl From<StatusProof> for wire::GetStatusResponse {
    fn from(proof: StatusProof) -> Self {
        let (head, entry) = ProofHead::split(proof);
        Self { head: Some((&head).into()), entry: Some((&entry).into()) }
    }
}

impl TryFrom<wire::GetStatusResponse> for StatusProof {
    type Error = WireError;
    fn try_from(answer: wire::GetStatusResponse) -> Result<Self, WireError> {
        let head: ProofHead = required("head", answer.head)?.try_into()?;
        let entry = required("entry", answer.entry)?.try_into()?;
        Ok(head.complete(entry))
    }
}

impl From<&InclusionProof> for wire::GetInclusionProofResponse {
    fn from(proof: &InclusionProof) -> Self {
        Self {
            index: proof.index.0,
            size: proof.size.0,
            leaf_hash: proof.leaf_hash.to_vec(),
            root: proof.root.0.to_vec(),
            path: path_bytes(&proof.path),
            head: Some((&proof.head).into()),
        }
    }
}

impl TryFrom<wire::GetInclusionProofResponse> for InclusionProof {
    type Error = WireError;
    fn try_from(proof: wire::GetInclusionProofResponse) -> Result<Self, WireError> {
        Ok(Self {
            index: LogIndex(proof.index),
            size: LogSize(proof.size),
            leaf_hash: hash("leaf_hash", &proof.leaf_hash)?,
            root: fixed("root", &proof.root)?,
            path: path("path", &proof.path)?,
            head: required("head", proof.head)?.try_into()?,
        })
    }
}

impl From<&ConsistencyProof> for wire::GetConsistencyProofResponse {
    fn from(proof: &ConsistencyProof) -> Self {
        Self {
            old_size: proof.older.size.0,
            old_root: proof.older.root.0.to_vec(),
            new_size: proof.newer.size.0,
            new_root: proof.newer.root.0.to_vec(),
            path: path_bytes(&proof.path),
            head_path: path_bytes(&proof.head_path),
            head: Some(final_header(&proof.header, &proof.certificate)),
            validator_changes: proof.validator_changes.iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<wire::GetConsistencyProofResponse> for ConsistencyProof {
    type Error = WireError;
    fn try_from(proof: wire::GetConsistencyProofResponse) -> Result<Self, WireError> {
        let FinalHeader { header, certificate } = required("head", proof.head)?.try_into()?;
        Ok(Self {
            format: CONSISTENCY_FORMAT.to_owned(),
            older: LogHead { size: LogSize(proof.old_size), root: fixed("old_root", &proof.old_root)? },
            newer: LogHead { size: LogSize(proof.new_size), root: fixed("new_root", &proof.new_root)? },
            path: path_of("path", &proof.path, CONSISTENCY_HASHES_MAX)?,
            head_path: path_of("head_path", &proof.head_path, CONSISTENCY_HASHES_MAX)?,
            header,
            certificate,
            validator_changes: validator_changes(proof.validator_changes)?,
        })
    }
}

impl From<&IssuerBatch> for wire::IssuerBatch {
    fn from(batch: &IssuerBatch) -> Self {
        Self { encoded: batch.batch.clone(), first_index: batch.first_index.0, path: path_bytes(&batch.path) }
    }
}

impl TryFrom<wire::IssuerBatch> for IssuerBatch {
    type Error = WireError;
    fn try_from(batch: wire::IssuerBatch) -> Result<Self, WireError> {
        within("batches.encoded", batch.encoded.len(), BATCH_BYTES_MAX)?;
        Ok(Self {
            batch: batch.encoded,
            first_index: LogIndex(batch.first_index),
            path: path_of("batches.path", &batch.path, RANGE_HASHES_MAX)?,
        })
    }
}

impl TryFrom<wire::ListIssuerBatchesResponse> for IssuerBatches {
    type Error = WireError;
    fn try_from(answer: wire::ListIssuerBatchesResponse) -> Result<Self, WireError> {
        within("batches", answer.batches.len(), ISSUER_BATCHES_PAGE.max as usize)?;
        Ok(Self {
            log_size: LogSize(answer.log_size),
            batches: answer.batches.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
            more: !answer.next_page_token.is_empty(),
        })
    }
}

fn status_leaf(bytes: &[u8]) -> Result<StatusLeaf, WireError> {
    let source = sanad_core::hash::LengthError { expected: STATUS_LEAF_BYTES, actual: bytes.len() };
    bytes.try_into().map_err(|_| WireError::Length { field: "entry.status_leaf", source })
}
