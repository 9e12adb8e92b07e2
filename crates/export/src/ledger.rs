//! An export, as the API asks a ledger.

use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use sanad_api::limits::ENTRY_RUNS_ENTRIES_MAX;
use sanad_api::{
    BatchProofs, BatchState, BlockSummary, CredentialKey, FinalBatch, FinalBlock, FinalHeader, HeaderProof,
    InclusionProof, Ledger, LedgerError, LogEntry, MemberDetails, Missing, NodeStatus, Peer, ProofForm,
    ProofHead,
};
use sanad_core::batch::SignedBatch;
use sanad_core::genesis::Genesis;
use sanad_core::hash::BatchId;
use sanad_core::ids::{Height, LogIndex, LogSize, MemberId};
use sanad_core::member::MemberState;
use sanad_core::proof::{ConsistencyProof, EntryRun, Finality, GovernanceProof, StatusProof};
use sanad_core::state::Head;
use sanad_core::trust::TrustFile;

use crate::batches::BatchPlace;
use crate::error::ExportError;
use crate::reader::{self, Export};
use crate::source::Source;

/// An export with the genesis that lies in it. Callers compare that with their own.
#[derive(Debug)]
pub struct ExportedLedger {
    source: Source,
    genesis: Genesis,
    // Replaced when a newer export has taken away what this one needs.
    export: RwLock<Arc<Export>>,
}

impl ExportedLedger {
    /// Opens an export and checks its head, its state and the right edge of its log.
    ///
    /// # Errors
    /// As [`Export::open_unanchored`].
    pub fn open(source: Source) -> Result<Self, ExportError> {
        let export = Export::open_unanchored(source.clone())?;
        Ok(Self { source, genesis: export.genesis().clone(), export: RwLock::new(Arc::new(export)) })
    }

    /// Where the export is.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The export as it was read last.
    pub fn export(&self) -> Arc<Export> {
        // A panic while it is held leaves a whole export behind.
        Arc::clone(&self.export.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// An answer of the export; asked once more of the newer one if that has taken its place.
    fn answer<T>(&self, ask: impl Fn(&Export) -> Result<T, ExportError>) -> Result<T, LedgerError> {
        match ask(&self.export()) {
            Err(ExportError::Changed { .. }) => {
                let export = Arc::new(Export::open(self.source.clone(), &self.genesis).map_err(told)?);
                *self.export.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&export);
                ask(&export).map_err(told)
            }
            answer => answer.map_err(told),
        }
    }

    fn size(&self) -> LogSize {
        self.export().head().header.log_size
    }

    fn batch_place(&self, id: &BatchId) -> Result<BatchPlace, LedgerError> {
        let place = self.answer(|export| Ok(export.batch(id)?.cloned()))?;
        place.ok_or(LedgerError::NotFound(Missing::Batch(*id)))
    }
}

impl Ledger for ExportedLedger {
    fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    fn head(&self) -> Result<FinalHeader, LedgerError> {
        Ok(final_header(self.export().head().clone()))
    }

    fn header(&self, height: Height) -> Result<FinalHeader, LedgerError> {
        self.answer(|export| export.header(height)).map(final_header)
    }

    fn block(&self, height: Height) -> Result<FinalBlock, LedgerError> {
        let (block, certificate) = self.answer(|export| export.block(height))?;
        Ok(FinalBlock { block, certificate })
    }

    fn block_summaries(&self, first: Height, count: usize) -> Result<Vec<BlockSummary>, LedgerError> {
        let Height(head) = self.export().head().header.height;
        let summary = |height| {
            let (block, _) = self.answer(|export| export.block(Height(height)))?;
            let entries = block.batches.iter().map(|batch| batch.batch().events.len() as u64).sum();
            let (batches, bytes) = (block.batches.len() as u32, block.encode().len() as u64);
            Ok(BlockSummary { header: block.header, batches, entries, bytes })
        };
        (first.0.max(1)..=head).take(count).map(summary).collect()
    }

    fn entry(&self, index: LogIndex) -> Result<LogEntry, LedgerError> {
        Ok(LogEntry { index, entry: self.answer(|export| export.entry(index))? })
    }

    fn entries(&self, first: LogIndex, count: usize) -> Result<Vec<LogEntry>, LedgerError> {
        let entries = self.answer(|export| export.entries(first, count))?;
        let place = |(index, entry)| LogEntry { index: LogIndex(index), entry };
        Ok((first.0..).zip(entries).map(place).collect())
    }

    fn history_proof(&self, height: Height, form: ProofForm) -> Result<HeaderProof, LedgerError> {
        self.answer(|export| {
            let header = export.header(height)?.header;
            let sealed = match form {
                ProofForm::Sealed => export.seal(height)?,
                ProofForm::SelfContained | ProofForm::Compact => None,
            };
            let finality = match sealed {
                Some(sealed) => sealed,
                None if height == export.head().header.height => export.finality(),
                None => Finality::History(Box::new(export.history_proof(height)?)),
            };
            Ok(HeaderProof { header, finality: in_form(finality, form) })
        })
    }

    fn trust_file(&self) -> Result<TrustFile, LedgerError> {
        Ok(self.export().trust_file().clone())
    }

    fn status_proof(&self, credential: &CredentialKey, form: ProofForm) -> Result<StatusProof, LedgerError> {
        let index = match credential {
            CredentialKey::Index(index) => *index,
            CredentialKey::Issuance { issuer, commitment } => {
                let (issuer, commitment) = (issuer.clone(), *commitment);
                let found = self.answer(|export| export.issuance(&issuer, &commitment))?;
                found.ok_or(LedgerError::NotFound(Missing::Issuance { issuer, commitment }))?
            }
        };
        let mut proof = self.answer(|export| export.status_proof(index))?;
        proof.finality = in_form(proof.finality, form);
        Ok(proof)
    }

    fn batch_proofs(
        &self,
        batch: &BatchId,
        range: Range<usize>,
        form: ProofForm,
    ) -> Result<BatchProofs, LedgerError> {
        let BatchPlace { first_index, entries, .. } = self.batch_place(batch)?;
        let end = range.end.min(entries as usize);
        let prove = |position: usize| {
            let index = LogIndex(first_index.0 + position as u64);
            self.status_proof(&CredentialKey::Index(index), form).map(ProofHead::split)
        };
        let (head, _) = prove(0)?;
        let proofs = (range.start.min(end)..end).map(|position| Ok(prove(position)?.1));
        let proofs = proofs.collect::<Result<_, LedgerError>>()?;
        Ok(BatchProofs { head, first_index, entries, proofs })
    }

    fn inclusion_proof(&self, index: LogIndex, size: Option<LogSize>) -> Result<InclusionProof, LedgerError> {
        let size = size.unwrap_or(self.size());
        self.answer(|export| {
            Ok(InclusionProof {
                index,
                size,
                path: export.inclusion_path(index, size)?,
                leaf_hash: export.entry(index)?.leaf_hash(),
                root: export.log_root(size)?,
                head: final_header(export.head().clone()),
            })
        })
    }

    fn consistency_proof(
        &self,
        old: LogSize,
        new: Option<LogSize>,
        form: ProofForm,
    ) -> Result<ConsistencyProof, LedgerError> {
        let new = new.unwrap_or(self.size());
        let mut proof = self.answer(|export| export.consistency_proof(old, new))?;
        proof.finality = in_form(proof.finality, form);
        Ok(proof)
    }

    fn members(&self, after: Option<&MemberId>, count: usize) -> Result<Vec<MemberState>, LedgerError> {
        let later = |member: &&MemberState| after.is_none_or(|after| member.record().id > *after);
        Ok(self.export().registry().members().filter(later).take(count).cloned().collect())
    }

    fn member(&self, id: &MemberId, form: ProofForm) -> Result<MemberDetails, LedgerError> {
        self.answer(|export| {
            let mut proof = export.member_proof(id)?;
            proof.finality = in_form(proof.finality, form);
            let member = export.registry().member(id).ok_or_else(|| ExportError::NoMember(id.clone()))?;
            Ok(MemberDetails { proof, rest: member.rest().clone() })
        })
    }

    fn governance(&self, form: ProofForm) -> Result<GovernanceProof, LedgerError> {
        self.answer(|export| {
            let mut proof = export.governance_proof();
            proof.finality = in_form(proof.finality, form);
            Ok(proof)
        })
    }

    fn entry_runs(&self, member: &MemberId, range: Range<LogIndex>) -> Result<Vec<EntryRun>, LedgerError> {
        let export = self.export();
        let (_, all) = export.completeness(member).map_err(told)?;
        let (mut runs, mut entries) = (Vec::new(), 0);
        for run in all {
            let EntryRun { first_index, entries: mut found } = run.map_err(told)?;
            let before = range.start.0.saturating_sub(first_index.0).min(found.len() as u64);
            let first_index = LogIndex(first_index.0 + before);
            found.drain(..before as usize);
            found.truncate(usize::try_from(range.end.0.saturating_sub(first_index.0)).unwrap_or(usize::MAX));
            if found.is_empty() {
                continue;
            }
            if !runs.is_empty() && entries + found.len() > ENTRY_RUNS_ENTRIES_MAX {
                break;
            }
            entries += found.len();
            runs.push(EntryRun { first_index, entries: found });
        }
        Ok(runs)
    }

    fn batch_state(&self, id: &BatchId) -> Result<BatchState, LedgerError> {
        let BatchPlace { height, first_index, entries, .. } = self.batch_place(id)?;
        let block_time_ms = self.answer(|export| export.header(height))?.header.time_ms;
        Ok(BatchState::Final(FinalBatch { height, block_time_ms, first_index, entries }))
    }

    async fn submit(&self, _: Arc<SignedBatch>) -> Result<BatchState, LedgerError> {
        Err(LedgerError::Unsupported { what: "an export takes no batches" })
    }

    async fn batch_decided(&self, id: BatchId) -> Result<BatchState, LedgerError> {
        self.batch_state(&id)
    }

    async fn head_above(&self, height: Height) -> Result<Height, LedgerError> {
        let head = self.export().head().header.height;
        match head > height {
            true => Ok(head),
            false => Err(LedgerError::Unsupported { what: "an export has no blocks to come" }),
        }
    }

    async fn node_status(&self) -> Result<NodeStatus, LedgerError> {
        let export = self.export();
        let header = &export.head().header;
        let validators = export.next_validators();
        Ok(NodeStatus {
            chain_id: header.chain_id,
            chain_name: self.genesis.name.clone(),
            member: None,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            head: Head { height: header.height, hash: header.hash(), time_ms: header.time_ms },
            log_size: header.log_size,
            catching_up: false,
            validators: validators.validators().iter().map(|validator| validator.member.clone()).collect(),
            is_validator: false,
            pool_batches: 0,
            pool_bytes: 0,
            uptime: Duration::ZERO,
            connected_peers: 0,
            damaged_blocks: 0,
            repaired_blocks: 0,
            rejoin: None,
        })
    }

    async fn peers(&self) -> Result<Vec<Peer>, LedgerError> {
        Ok(Vec::new())
    }
}

fn final_header(found: reader::FinalHeader) -> FinalHeader {
    FinalHeader { header: found.header, certificate: found.certificate }
}

/// Leaves out what a form does not carry.
fn in_form(finality: Finality, form: ProofForm) -> Finality {
    match form {
        ProofForm::SelfContained => finality,
        ProofForm::Compact | ProofForm::Sealed => finality.compact(),
    }
}

/// What is beyond the export is the caller's to know, and what the network does says nothing of the export; all else is
/// damage.
fn told(error: ExportError) -> LedgerError {
    match error {
        ExportError::HeightBeyondHead { height, head } => LedgerError::HeightBeyondHead { height, head },
        ExportError::IndexBeyondLog { index, size } => LedgerError::IndexBeyondLog { index, size },
        ExportError::SizeBeyondLog { asked, size } => LedgerError::SizeBeyondLog { asked, size },
        ExportError::NoMember(id) => LedgerError::NotFound(Missing::Member(id)),
        error if error.is_damage() => LedgerError::Damaged(Box::new(error)),
        error => LedgerError::OutOfReach(Box::new(error)),
    }
}
