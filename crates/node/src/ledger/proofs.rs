//! Proofs from the store, each as of one head.

use sanad_api::limits::ENTRY_RUNS_ENTRIES_MAX;
use sanad_api::{
    CredentialKey, EntryProof, FinalHeader, HeaderProof, InclusionProof, LedgerError, MemberDetails, Missing,
    ProofForm, ProofHead,
};
use sanad_core::event::Entry;
use sanad_core::hash::{HistoryHash, Root};
use sanad_core::history::{HistoryProof, seal_path, seals_and_remainder};
use sanad_core::ids::{Height, LogIndex, LogSize, MemberId};
use sanad_core::merkle::{self, NodeSource, Rfc6962};
use sanad_core::proof::{
    CONSISTENCY_FORMAT, ConsistencyProof, EntryRun, Finality, GovernanceProof, LogHead, MemberProof,
    StatusProof, VALIDATOR_CHANGES_MAX, ValidatorChange,
};
use sanad_core::state::State;
use sanad_core::trust::{Anchor, TrustFile, TrustedChange};

use super::published::Current;
use super::{Ledger, final_header};

impl Current {
    /// The header of the head.
    pub(super) fn head(&self) -> Result<FinalHeader, LedgerError> {
        self.head.clone().ok_or(LedgerError::NoBlock)
    }

    /// The changes of the validator set that a proof under a head at this height carries. A change that the head itself
    /// announces is not among them: it takes effect in the block after it.
    fn carried_changes(&self, head: Height, form: ProofForm) -> Vec<ValidatorChange> {
        let below = self.validator_changes.iter().filter(|change| change.header.height < head);
        let changes: Vec<_> = below.collect();
        match form {
            // A proof has room for no more: such a chain is followed with a trust file.
            ProofForm::SelfContained if changes.len() <= VALIDATOR_CHANGES_MAX => {
                changes.into_iter().cloned().collect()
            }
            ProofForm::SelfContained | ProofForm::Compact | ProofForm::Sealed => Vec::new(),
        }
    }

    /// The header of the head, and what makes it final.
    pub(super) fn final_head(&self, form: ProofForm) -> Result<HeaderProof, LedgerError> {
        let FinalHeader { header, certificate } = self.head()?;
        let changes = self.carried_changes(header.height, form);
        Ok(HeaderProof { header, finality: Finality::certificate(certificate, changes) })
    }

    /// What governance holds, with its proof.
    pub(super) fn governance(&self, form: ProofForm) -> Result<GovernanceProof, LedgerError> {
        let HeaderProof { header, finality } = self.final_head(form)?;
        Ok(GovernanceProof {
            items: self.state.governance().items().cloned().collect(),
            parameters: *self.state.parameters(),
            status_root: self.state.status().root(self.state.log_size()),
            members_root: self.state.registry().root(),
            header,
            finality,
        })
    }

    /// The part of a proof that all entries of an issuer share.
    pub(super) fn proof_head(&self, issuer: &MemberId, form: ProofForm) -> Result<ProofHead, LedgerError> {
        let missing = || LedgerError::NotFound(Missing::Member(issuer.clone()));
        let HeaderProof { header, finality } = self.final_head(form)?;
        Ok(ProofHead {
            header,
            finality,
            issuer: self.state.registry().prove(issuer).ok_or_else(missing)?,
            others_root: self.state.others_root(),
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

    pub(super) fn status_proof(
        &self,
        credential: &CredentialKey,
        form: ProofForm,
    ) -> Result<StatusProof, LedgerError> {
        let current = self.current();
        let size = current.state.log_size();
        let (index, entry) = match credential {
            CredentialKey::Index(index) if index.0 >= size.0 => {
                return Err(LedgerError::IndexBeyondLog { index: *index, size });
            }
            CredentialKey::Index(index) => {
                (*index, self.store.entry(*index).map_err(|error| self.failed_read(error))?)
            }
            CredentialKey::Issuance { issuer, commitment } => {
                let (issuer, commitment) = (issuer.clone(), *commitment);
                let found =
                    self.store.issuance(&issuer, &commitment).map_err(|error| self.failed_read(error))?;
                found
                    .filter(|(index, _)| index.0 < size.0)
                    .ok_or(LedgerError::NotFound(Missing::Issuance { issuer, commitment }))?
            }
        };
        let head = current.proof_head(&entry.issuer, form)?;
        Ok(head.complete(self.entry_proof(&current, index, entry)?))
    }

    /// The header of a height, proved under the head.
    pub(super) fn history_proof(&self, height: Height, form: ProofForm) -> Result<HeaderProof, LedgerError> {
        let current = self.current();
        let head = current.head()?;
        if height > head.header.height || height == Height::GENESIS {
            return Err(LedgerError::HeightBeyondHead { height, head: head.header.height });
        }
        if height == head.header.height {
            return current.final_head(form);
        }
        let found = final_header(&self.store, height).map_err(|error| self.failed_read(error))?;
        let FinalHeader { header, .. } =
            found.ok_or(LedgerError::HeightBeyondHead { height, head: head.header.height })?;
        let (index, size) = (height.0 - 1, head.header.height.0 - 1);
        let tree = self.store.history_tree();
        let seal = match form {
            ProofForm::Sealed => seal_path(&tree, height, size).map_err(|error| self.failed_read(error))?,
            ProofForm::SelfContained | ProofForm::Compact => None,
        };
        let finality = match seal {
            Some(path) => Finality::Sealed { path },
            None => {
                let path = merkle::inclusion_path::<HistoryHash, _>(&tree, index, size)
                    .map_err(|error| self.failed_path(error))?;
                let FinalHeader { header, certificate } = head;
                let past = current.past.ok_or(LedgerError::NoBlock)?;
                let validator_changes = current.carried_changes(header.height, form);
                Finality::History(Box::new(HistoryProof {
                    path,
                    past,
                    header,
                    certificate,
                    validator_changes,
                }))
            }
        };
        Ok(HeaderProof { header, finality })
    }

    /// The trust file whose anchor is the head.
    pub(super) fn trust_file(&self) -> Result<TrustFile, LedgerError> {
        let current = self.current();
        let FinalHeader { header, certificate } = current.head()?;
        let past = current.past.ok_or(LedgerError::NoBlock)?;
        let (tree, size) = (self.store.history_tree(), header.height.0 - 1);
        let (seals, remainder) = seals_and_remainder(&tree, size).map_err(|error| self.failed_read(error))?;
        let mut changes = Vec::new();
        for ValidatorChange { header: announcing, certificate, next } in current.validator_changes.iter() {
            let path = match announcing.height == header.height {
                true => Vec::new(),
                false => merkle::inclusion_path::<HistoryHash, _>(&tree, announcing.height.0 - 1, size)
                    .map_err(|error| self.failed_path(error))?,
            };
            let (header, certificate, next) = (announcing.clone(), certificate.clone(), next.clone());
            changes.push(TrustedChange { header, certificate, next, path });
        }
        let anchor = Anchor { header, certificate, past };
        Ok(TrustFile::new(self.genesis.clone(), changes, anchor, seals, remainder))
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
        form: ProofForm,
    ) -> Result<ConsistencyProof, LedgerError> {
        let current = self.current();
        let new_size = within_log(&current.state, new)?;
        within_log(&current.state, Some(old_size))?;
        let tree = self.store.log_tree();
        let path = |older: LogSize, newer: LogSize| {
            merkle::consistency_path::<Rfc6962, _>(&tree, older.0, newer.0)
                .map_err(|error| self.failed_path(error))
        };
        let HeaderProof { header, finality } = current.final_head(form)?;
        Ok(ConsistencyProof {
            format: CONSISTENCY_FORMAT.to_owned(),
            older: LogHead { size: old_size, root: self.root_at(old_size)? },
            newer: LogHead { size: new_size, root: self.root_at(new_size)? },
            path: path(old_size, new_size)?,
            head_path: path(new_size, header.log_size)?,
            header,
            finality,
        })
    }

    pub(super) fn entry_runs(
        &self,
        member: &MemberId,
        range: std::ops::Range<LogIndex>,
    ) -> Result<Vec<EntryRun>, LedgerError> {
        let current = self.current();
        within_log(&current.state, Some(LogSize(range.end.0)))?;
        if current.state.registry().member(member).is_none() {
            return Err(LedgerError::NotFound(Missing::Member(member.clone())));
        }
        let (mut runs, mut entries) = (Vec::new(), 0);
        for run in self.store.member_entries(member, range) {
            let run = run.map_err(|error| self.failed_read(error))?;
            if !runs.is_empty() && entries + run.entries.len() > ENTRY_RUNS_ENTRIES_MAX {
                break;
            }
            entries += run.entries.len();
            runs.push(run);
        }
        Ok(runs)
    }

    pub(super) fn member_details(
        &self,
        id: &MemberId,
        form: ProofForm,
    ) -> Result<MemberDetails, LedgerError> {
        let current = self.current();
        let missing = || LedgerError::NotFound(Missing::Member(id.clone()));
        let rest = current.state.registry().member(id).ok_or_else(missing)?.rest().clone();
        let ProofHead { header, finality, issuer, others_root } = current.proof_head(id, form)?;
        let status_root = current.state.status().root(current.state.log_size());
        let proof = MemberProof { member: issuer, status_root, others_root, header, finality };
        Ok(MemberDetails { proof, rest })
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
