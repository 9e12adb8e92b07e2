//! Proofs of entries, statuses and the log.

use sanad_core::event::ENTRY_BYTES_MAX;
use sanad_core::ids::{LogIndex, LogSize};
use sanad_core::member::MemberRecord;
use sanad_core::merkle::CONSISTENCY_HASHES_MAX;
use sanad_core::proof::{CONSISTENCY_FORMAT, ConsistencyProof, EntryRun, LogHead, StatusProof};
use sanad_core::status::{CredentialStatus, STATUS_LEAF_BYTES, Status, StatusLeaf, status_in_leaf};

use super::entry::log_entry;
use super::{WireError, fixed, hash, path, path_bytes, path_of, required, within};
use crate::entries::LogEntry;
use crate::limits::{ENTRY_RUN_BYTES_MAX, ENTRY_RUN_ENTRIES_MAX};
use crate::proofs::{EntryProof, InclusionProof, ProofForm, ProofHead};
use crate::wire;

impl From<ProofForm> for wire::ProofForm {
    fn from(form: ProofForm) -> Self {
        match form {
            ProofForm::SelfContained => Self::SelfContained,
            ProofForm::Compact => Self::Compact,
            ProofForm::Sealed => Self::Sealed,
        }
    }
}

/// The form that a request asks for.
pub(crate) fn proof_form(form: i32) -> Result<ProofForm, WireError> {
    match wire::ProofForm::try_from(form) {
        Ok(wire::ProofForm::Unspecified | wire::ProofForm::SelfContained) => Ok(ProofForm::SelfContained),
        Ok(wire::ProofForm::Compact) => Ok(ProofForm::Compact),
        Ok(wire::ProofForm::Sealed) => Ok(ProofForm::Sealed),
        Err(_) => Err(WireError::Value { field: "form", actual: u64::from(form.unsigned_abs()) }),
    }
}

impl From<&ProofHead> for wire::ProofHead {
    fn from(head: &ProofHead) -> Self {
        Self {
            header: Some((&head.header).into()),
            finality: Some((&head.finality).into()),
            issuer: Some((&head.issuer).into()),
            others_root: head.others_root.0.to_vec(),
        }
    }
}

impl TryFrom<wire::ProofHead> for ProofHead {
    type Error = WireError;
    fn try_from(head: wire::ProofHead) -> Result<Self, WireError> {
        Ok(Self {
            header: required("head.header", head.header)?.try_into()?,
            finality: required("head.finality", head.finality)?.try_into()?,
            issuer: required("head.issuer", head.issuer)?.try_into()?,
            others_root: fixed("head.others_root", &head.others_root)?,
        })
    }
}

/// The message of an entry's proof. The issuer's record decides what the status means to a reader.
pub(crate) fn entry_proof(proof: &EntryProof, issuer: &MemberRecord) -> wire::EntryProof {
    let bits = status_in_leaf(&proof.status_leaf, proof.index);
    let status = CredentialStatus::new(bits, proof.index, issuer);
    wire::EntryProof {
        entry: Some(log_entry(&proof.entry, proof.index)),
        log_path: path_bytes(&proof.log_path),
        status_leaf: proof.status_leaf.to_vec(),
        status_path: path_bytes(&proof.status_path),
        status: wire::CredentialStatus::from(status).into(),
        status_bits: wire::StatusBits::from(bits).into(),
    }
}

impl From<CredentialStatus> for wire::CredentialStatus {
    fn from(status: CredentialStatus) -> Self {
        match status {
            CredentialStatus::Active => Self::Active,
            CredentialStatus::Confirmed => Self::Confirmed,
            CredentialStatus::Suspended => Self::Suspended,
            CredentialStatus::Disputed => Self::Disputed,
            CredentialStatus::Revoked => Self::Revoked,
        }
    }
}

impl From<Status> for wire::StatusBits {
    fn from(status: Status) -> Self {
        match status {
            Status::Active => Self::Active,
            Status::Suspended => Self::Suspended,
            Status::Confirmed => Self::Confirmed,
            Status::Revoked => Self::Revoked,
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
        let entry = entry_proof(&entry, &head.issuer.record);
        Self { head: Some((&head).into()), entry: Some(entry) }
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
            header: Some((&proof.header).into()),
            finality: Some((&proof.finality).into()),
        }
    }
}

impl TryFrom<wire::GetConsistencyProofResponse> for ConsistencyProof {
    type Error = WireError;
    fn try_from(proof: wire::GetConsistencyProofResponse) -> Result<Self, WireError> {
        Ok(Self {
            format: CONSISTENCY_FORMAT.to_owned(),
            older: LogHead { size: LogSize(proof.old_size), root: fixed("old_root", &proof.old_root)? },
            newer: LogHead { size: LogSize(proof.new_size), root: fixed("new_root", &proof.new_root)? },
            path: path_of("path", &proof.path, CONSISTENCY_HASHES_MAX)?,
            head_path: path_of("head_path", &proof.head_path, CONSISTENCY_HASHES_MAX)?,
            header: required("header", proof.header)?.try_into()?,
            finality: required("finality", proof.finality)?.try_into()?,
        })
    }
}

impl From<EntryRun> for wire::EntryRun {
    fn from(run: EntryRun) -> Self {
        Self { first_index: run.first_index.0, entries: run.entries }
    }
}

impl TryFrom<wire::EntryRun> for EntryRun {
    type Error = WireError;
    fn try_from(run: wire::EntryRun) -> Result<Self, WireError> {
        within("run.entries", run.entries.len(), ENTRY_RUN_ENTRIES_MAX)?;
        within("run.entries (bytes)", run.entries.iter().map(Vec::len).sum(), ENTRY_RUN_BYTES_MAX)?;
        if run.entries.is_empty() {
            return Err(WireError::Missing { field: "run.entries" });
        }
        for entry in &run.entries {
            within("run.entries (bytes of one)", entry.len(), ENTRY_BYTES_MAX)?;
        }
        Ok(Self { first_index: LogIndex(run.first_index), entries: run.entries })
    }
}

fn status_leaf(bytes: &[u8]) -> Result<StatusLeaf, WireError> {
    let source = sanad_core::hash::LengthError { expected: STATUS_LEAF_BYTES, actual: bytes.len() };
    bytes.try_into().map_err(|_| WireError::Length { field: "entry.status_leaf", source })
}
