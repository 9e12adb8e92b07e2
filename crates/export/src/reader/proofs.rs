//! The proofs that an export makes.

use sanad_core::batch::BatchChain;
use sanad_core::hash::{HistoryHash, Root};
use sanad_core::history::{HistoryProof, seal_path};
use sanad_core::ids::{Height, LogIndex, LogSize, MemberId};
use sanad_core::merkle::{self, Hash, PathError, Rfc6962};
use sanad_core::proof::{
    CONSISTENCY_FORMAT, CompletenessHead, ConsistencyProof, EntryRun, Finality, GovernanceProof, LogHead,
    MemberProof, ProofFault, StatusProof, VALIDATOR_CHANGES_MAX, ValidatorChange,
};
use sanad_core::registry::RegistryProof;
use sanad_core::status::leaf_of;

use super::Export;
use crate::error::ExportError;
use crate::layout::{BUNDLE_RECORDS, history_size};
use crate::status::{self, page_of};
use crate::tiles::Tiles;

impl Export {
    /// What makes the last header final: its certificate, and every change of validators on the way to it. Without the
    /// changes if there are more than a proof carries; then a trust file is needed.
    pub fn finality(&self) -> Finality {
        Finality::certificate(self.head.certificate.clone(), self.carried_changes())
    }

    fn carried_changes(&self) -> Vec<ValidatorChange> {
        let at = self.head.header.height;
        // A change that the last header itself announces is after it.
        let before = self.changes.iter().filter(|change| change.header.height < at).cloned();
        let changes: Vec<ValidatorChange> = before.collect();
        if changes.len() > VALIDATOR_CHANGES_MAX { Vec::new() } else { changes }
    }

    /// The status of an entry with its proof, as of the last block. It was verified.
    ///
    /// # Errors
    /// [`ExportError::IndexBeyondLog`], and whatever is missing, damaged or changed.
    pub fn status_proof(&self, index: LogIndex) -> Result<StatusProof, ExportError> {
        let size = self.log_size();
        let entry = self.entry(index)?;
        let leaf = leaf_of(index);
        let page = page_of(leaf);
        let beyond = || ExportError::IndexBeyondLog { index, size };
        let root = self.snapshot.pages.get(page as usize).ok_or_else(beyond)?;
        let leaves = status::read(&self.folder, root, page, size)?;
        let proof = StatusProof {
            issuer: self.member(&entry.issuer)?,
            entry,
            index,
            log_path: self.inclusion_path(index, size)?,
            status_leaf: *leaves.get((leaf % BUNDLE_RECORDS) as usize).ok_or_else(beyond)?,
            status_path: status::path(&leaves, &self.snapshot.pages, leaf).ok_or_else(beyond)?,
            others_root: self.snapshot.others_root(),
            header: self.head.header.clone(),
            finality: self.finality(),
        };
        // The header was proved when the export was opened.
        proof
            .verify_inclusion()
            .and_then(|()| proof.verify_state())
            .map_err(|source| self.unproved(source))?;
        Ok(proof)
    }

    /// The record of a member, with its proof under the members' root of the last header.
    ///
    /// # Errors
    /// [`ExportError::NoMember`].
    pub fn member(&self, id: &MemberId) -> Result<RegistryProof, ExportError> {
        self.snapshot.registry.prove(id).ok_or_else(|| ExportError::NoMember(id.clone()))
    }

    /// The record of a member as of the last block, with all that proves it.
    ///
    /// # Errors
    /// [`ExportError::NoMember`].
    pub fn member_proof(&self, id: &MemberId) -> Result<MemberProof, ExportError> {
        Ok(MemberProof {
            member: self.member(id)?,
            status_root: self.snapshot.status_root(),
            others_root: self.snapshot.others_root(),
            header: self.head.header.clone(),
            finality: self.finality(),
        })
    }

    /// What governance holds as of the last block, with all that proves it.
    pub fn governance_proof(&self) -> GovernanceProof {
        GovernanceProof {
            items: self.snapshot.governance.items().cloned().collect(),
            parameters: self.snapshot.parameters,
            status_root: self.snapshot.status_root(),
            members_root: self.snapshot.registry.root(),
            header: self.head.header.clone(),
            finality: self.finality(),
        }
    }

    /// The proof that lists all entries of a member up to the last block: its head, and the lines after it. The list is
    /// complete if [`CompletenessVerifier`](sanad_core::proof::CompletenessVerifier) says so at its end.
    ///
    /// # Errors
    /// [`ExportError::NoMember`], and whatever is missing or damaged.
    pub fn completeness(&self, id: &MemberId) -> Result<(CompletenessHead, EntryRuns<'_>), ExportError> {
        let proof = self.member_proof(id)?;
        let member = self.snapshot.registry.member(id).ok_or_else(|| ExportError::NoMember(id.clone()))?;
        let batches = self.batches()?;
        let own = BatchChain::ALL.iter().flat_map(|chain| batches.all(id, *chain));
        let mut places: Vec<(LogIndex, u32)> = own.map(|place| (place.first_index, place.entries)).collect();
        let by_others = self.snapshot.concerns.get(id).into_iter().flatten();
        places.extend(by_others.map(|index| (*index, 1)));
        places.sort_unstable();
        let runs = EntryRuns { export: self, places: places.into_iter() };
        Ok((CompletenessHead::new(proof, member.rest().clone()), runs))
    }

    /// The inclusion proof of an entry in the log of `size` entries.
    ///
    /// # Errors
    /// [`ExportError::IndexBeyondLog`], [`ExportError::SizeBeyondLog`], and whatever is missing or changed.
    pub fn inclusion_path(&self, index: LogIndex, size: LogSize) -> Result<Vec<Hash>, ExportError> {
        self.check_size(size)?;
        merkle::inclusion_path::<Rfc6962, _>(&self.log, index.0, size.0).map_err(|error| match error {
            PathError::Source(error) => error,
            _ => ExportError::IndexBeyondLog { index, size },
        })
    }

    /// The path that proves that the log of `old` entries begins that of `new`.
    ///
    /// # Errors
    /// [`ExportError::SizeBeyondLog`], and whatever is missing or changed.
    pub fn consistency_path(&self, old: LogSize, new: LogSize) -> Result<Vec<Hash>, ExportError> {
        self.check_size(new)?;
        merkle::consistency_path::<Rfc6962, _>(&self.log, old.0, new.0).map_err(|error| match error {
            PathError::Source(error) => error,
            _ => ExportError::SizeBeyondLog { asked: old, size: new },
        })
    }

    /// The proof that the log of `older` entries begins that of `newer`, and that the log of the last block.
    ///
    /// # Errors
    /// As [`Self::consistency_path`].
    pub fn consistency_proof(&self, older: LogSize, newer: LogSize) -> Result<ConsistencyProof, ExportError> {
        let log_head = |size| self.log_root(size).map(|root| LogHead { size, root });
        Ok(ConsistencyProof {
            format: CONSISTENCY_FORMAT.to_owned(),
            path: self.consistency_path(older, newer)?,
            head_path: self.consistency_path(newer, self.log_size())?,
            older: log_head(older)?,
            newer: log_head(newer)?,
            header: self.head.header.clone(),
            finality: self.finality(),
        })
    }

    /// The root of the log of `size` entries.
    ///
    /// # Errors
    /// As [`Self::consistency_path`].
    pub fn log_root(&self, size: LogSize) -> Result<Root, ExportError> {
        self.check_size(size)?;
        merkle::root_at::<Rfc6962, _>(&self.log, size.0).map(Root)
    }

    /// The proof that the header of a height is in the history of the last one. Requires a height below that.
    ///
    /// # Errors
    /// [`ExportError::HeightBeyondHead`], and whatever is missing or changed.
    pub fn history_proof(&self, height: Height) -> Result<HistoryProof, ExportError> {
        let head = self.head.header.height;
        if height == Height::GENESIS || height >= head {
            return Err(ExportError::HeightBeyondHead { height, head });
        }
        Ok(HistoryProof {
            path: history_path(self.history()?, height, head)?,
            past: self.head.past,
            header: self.head.header.clone(),
            certificate: self.head.certificate.clone(),
            validator_changes: self.carried_changes(),
        })
    }

    /// What makes the header of a height final for those with a trust file: a path to the root of its subtree of 2^16
    /// headers. `None` while the last header's history does not hold all of that subtree.
    ///
    /// # Errors
    /// [`ExportError::HeightBeyondHead`], and whatever is missing or changed.
    pub fn seal(&self, height: Height) -> Result<Option<Finality>, ExportError> {
        let head = self.head.header.height;
        if height == Height::GENESIS || height > head {
            return Err(ExportError::HeightBeyondHead { height, head });
        }
        let path = seal_path(self.history()?, height, history_size(head))?;
        Ok(path.map(|path| Finality::Sealed { path }))
    }

    fn unproved(&self, source: ProofFault) -> ExportError {
        ExportError::Proof { folder: self.folder.root(), source: Box::new(source) }
    }
}

/// The path of a header in the history of a newer one, whose tiles these are.
pub(crate) fn history_path(
    history: &Tiles<HistoryHash>,
    height: Height,
    newer: Height,
) -> Result<Vec<Hash>, ExportError> {
    let path =
        merkle::inclusion_path::<HistoryHash, _>(history, height.0.saturating_sub(1), history_size(newer));
    path.map_err(|error| match error {
        PathError::Source(error) => error,
        _ => ExportError::HeightBeyondHead { height, head: newer },
    })
}

/// The lines of a completeness proof after its head, one a batch.
pub struct EntryRuns<'a> {
    export: &'a Export,
    /// First index and number of entries of each line.
    places: std::vec::IntoIter<(LogIndex, u32)>,
}

impl Iterator for EntryRuns<'_> {
    type Item = Result<EntryRun, ExportError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (first_index, entries) = self.places.next()?;
        let entries = self.export.entries(first_index, entries as usize);
        Some(entries.map(|entries| EntryRun {
            first_index,
            entries: entries.iter().map(|entry| entry.encode()).collect(),
        }))
    }
}
