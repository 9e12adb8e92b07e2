//! Proofs out of the store, each as of one head.

use sanad_api::limits::ISSUER_BATCHES_BYTES;
use sanad_api::{
    CredentialKey, EntryProof, FinalHeader, InclusionProof, IssuerBatches, LedgerError, MemberProof, Missing,
    ProofHead,
};
use sanad_core::codec;
use sanad_core::event::Entry;
use sanad_core::hash::Root;
use sanad_core::ids::{LogIndex, LogSize, MemberId, Sequence};
use sanad_core::merkle::{self, NodeSource, Rfc6962};
use sanad_core::proof::{
    CONSISTENCY_FORMAT, ConsistencyProof, IssuerBatch, LogHead, StatusProof, ValidatorChange,
};
use sanad_core::state::State;

use super::Ledger;
use super::published::Current;

impl Current {
    /// The header of the head; there is one as soon as there is an entry.
    pub(super) fn head(&self) -> Result<FinalHeader, LedgerError> {
        self.head.clone().ok_or(LedgerError::NoBlock)
    }

    /// The changes of the validator set that lead to the head. One that the head itself makes counts for the block
    /// after it.
    fn changes_below_head(&self) -> Vec<ValidatorChange> {
        let head = self.state.head().height;
        let below = self.validator_changes.iter().filter(|change| change.header.height < head);
        below.cloned().collect()
    }

    /// The part of a proof that all entries of an issuer share.
    pub(super) fn proof_head(&self, issuer: &MemberId) -> Result<ProofHead, LedgerError> {
        let missing = || LedgerError::NotFound(Missing::Member(issuer.clone()));
        Ok(ProofHead {
            head: self.head()?,
            issuer: self.state.registry().prove(issuer).ok_or_else(missing)?,
            validator_changes: self.changes_below_head(),
        })
    }
}

impl Ledger {
    /// The part of a proof that is an entry's own.
    pub(super) fn entry_proof(
        &self,
        current: &Current,
        index: LogIndex,
        entry: Entry,
    ) -> Result<EntryProof, LedgerError> {
        let size = current.state.log_size();
        let beyond = || LedgerError::IndexBeyondLog { index, size };
        let (status_leaf, status_path) = current.state.status().prove(index, size).ok_or_else(beyond)?;
        let log_path = merkle::inclusion_path::<Rfc6962, _>(&self.store.log_tree(), index.0, size.0)
            .map_err(|error| self.failed_path(error))?;
        Ok(EntryProof { entry, index, log_path, status_leaf, status_path })
    }

    pub(super) fn status_proof(&self, credential: &CredentialKey) -> Result<StatusProof, LedgerError> {
        let current = self.current();
        let size = current.state.log_size();
        let index = match credential {
            CredentialKey::Index(index) => *index,
            CredentialKey::Commitment(commitment) => {
                let missing = || LedgerError::NotFound(Missing::Commitment(*commitment));
                self.store
                    .issuance(commitment)
                    .map_err(|error| self.failed_read(error))?
                    .filter(|index| index.0 < size.0)
                    .ok_or_else(missing)?
            }
        };
        if index.0 >= size.0 {
            return Err(LedgerError::IndexBeyondLog { index, size });
        }
        let entry = self.store.entry(index).map_err(|error| self.failed_read(error))?;
        let head = current.proof_head(&entry.issuer)?;
        Ok(head.complete(self.entry_proof(&current, index, entry)?))
    }

    pub(super) fn inclusion_proof(
        &self,
        index: LogIndex,
        size: Option<LogSize>,
    ) -> Result<InclusionProof, LedgerError> {
        let current = self.current();
        let size = within_log(&current.state, size)?;
        if index.0 >= size.0 {
            return Err(LedgerError::IndexBeyondLog { index, size });
        }
        Ok(InclusionProof {
            index,
            size,
            leaf_hash: self.store.log_tree().node(0, index.0).map_err(|error| self.failed_read(error))?,
            root: self.root_at(size)?,
            path: merkle::inclusion_path::<Rfc6962, _>(&self.store.log_tree(), index.0, size.0)
                .map_err(|error| self.failed_path(error))?,
            head: current.head()?,
        })
    }

    pub(super) fn consistency_proof(
        &self,
        old_size: LogSize,
        new: Option<LogSize>,
    ) -> Result<ConsistencyProof, LedgerError> {
        let current = self.current();
        let new_size = within_log(&current.state, new)?;
        within_log(&current.state, Some(old_size))?;
        let tree = self.store.log_tree();
        let path = |older: LogSize, newer: LogSize| {
            merkle::consistency_path::<Rfc6962, _>(&tree, older.0, newer.0)
                .map_err(|error| self.failed_path(error))
        };
        let FinalHeader { header, certificate } = current.head()?;
        Ok(ConsistencyProof {
            format: CONSISTENCY_FORMAT.to_owned(),
            older: LogHead { size: old_size, root: self.root_at(old_size)? },
            newer: LogHead { size: new_size, root: self.root_at(new_size)? },
            path: path(old_size, new_size)?,
            head_path: path(new_size, header.log_size)?,
            header,
            certificate,
            validator_changes: current.changes_below_head(),
        })
    }

    pub(super) fn issuer_batches(
        &self,
        issuer: &MemberId,
        first: Sequence,
        size: Option<LogSize>,
        count: usize,
    ) -> Result<IssuerBatches, LedgerError> {
        let current = self.current();
        let log_size = within_log(&current.state, size)?;
        if current.state.registry().record(issuer).is_none() {
            return Err(LedgerError::NotFound(Missing::Member(issuer.clone())));
        }
        let tree = self.store.log_tree();
        let mut found = IssuerBatches { log_size, batches: Vec::new(), more: false };
        let (mut sequence, mut bytes) = (first, 0);
        while let Some(record) =
            self.store.batch_of(issuer, sequence).map_err(|error| self.failed_read(error))?
        {
            let leaves = record.first_index.0..record.first_index.0 + record.entries;
            if leaves.end > log_size.0 {
                break;
            }
            if found.batches.len() == count || bytes >= ISSUER_BATCHES_BYTES {
                found.more = true;
                break;
            }
            let signed = self.store.signed_batch(&record).map_err(|error| self.failed_read(error))?;
            let batch = codec::encode(signed.batch());
            bytes += batch.len();
            let path = merkle::range_path::<Rfc6962, _>(&tree, leaves, log_size.0)
                .map_err(|error| self.failed_path(error))?;
            found.batches.push(IssuerBatch { batch, first_index: record.first_index, path });
            sequence = sequence.next();
        }
        Ok(found)
    }

    pub(super) fn member_proof(&self, id: &MemberId) -> Result<MemberProof, LedgerError> {
        let current = self.current();
        let ProofHead { head, issuer, validator_changes } = current.proof_head(id)?;
        Ok(MemberProof { member: issuer, head, validator_changes })
    }

    fn root_at(&self, size: LogSize) -> Result<Root, LedgerError> {
        let root = merkle::root_at::<Rfc6962, _>(&self.store.log_tree(), size.0);
        Ok(Root(root.map_err(|error| self.failed_read(error))?))
    }
}

fn within_log(state: &State, asked: Option<LogSize>) -> Result<LogSize, LedgerError> {
    let size = state.log_size();
    match asked {
        Some(asked) if asked > size => Err(LedgerError::SizeBeyondLog { asked, size }),
        Some(asked) => Ok(asked),
        None => Ok(size),
    }
}
