//! The ledger as the gRPC service sees it.

use std::future::Future;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sanad_api::{
    BatchProofs, BatchState, BlockSummary, CredentialKey, Diagnosis, FinalBatch, FinalBlock, FinalHeader,
    HeaderProof, InclusionProof, LedgerError, LogEntry, MemberDetails, Missing, NodeStatus, Peer, ProofForm,
};
use sanad_core::batch::SignedBatch;
use sanad_core::block::Block;
use sanad_core::event::Entry;
use sanad_core::execution::BatchError;
use sanad_core::genesis::{BLOCK_BYTES_LIMIT, Genesis};
use sanad_core::governance::RejoinStatement;
use sanad_core::hash::{BatchId, ChunkHash};
use sanad_core::ids::{Height, LogIndex, LogSize, MemberId};
use sanad_core::member::MemberState;
use sanad_core::proof::{ConsistencyProof, EntryRun, GovernanceProof, MembersProof, StatusProof};
use sanad_core::state::Head;
use sanad_core::trust::TrustFile;
use sanad_storage::{SnapshotError, SnapshotFolder, Store, StoreError};
use tokio::sync::Semaphore;

use super::{AdmitError, Ledger, final_header};
use crate::pool::{Admission, PoolError, PoolRefusal, Source};

/// How long a caller should wait before it submits again to a full pool.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// Most submissions and batch lookups in progress at once.
const BLOCKING_MAX: usize = 8;

/// What the service reports about the node beyond its ledger.
pub trait NodeFacts: Send + Sync + 'static {
    /// The member that runs the node.
    fn member(&self) -> &MemberId;
    /// Whether the node votes on the next block.
    fn is_validator(&self) -> bool;
    /// Whether the node knows of blocks that it does not have.
    fn catching_up(&self) -> bool;
    /// Whether the last block is older than it should be: the node is behind, or the chain stands.
    fn head_is_old(&self) -> bool {
        self.catching_up()
    }
    /// What the node found when it looked at itself last.
    fn diagnosis(&self) -> Option<Diagnosis> {
        None
    }
    /// What a rejoin statement has to name, while the node's key may have signed what the node does not know.
    fn rejoin(&self) -> Option<RejoinStatement> {
        None
    }
    /// The peers that it knows, in all its networks.
    fn peers(&self) -> impl Future<Output = Vec<Peer>> + Send;
    /// Passes a new batch on to peers and consensus.
    fn accepted(&self);
    /// Whether the node is about to stop.
    fn stopping(&self) -> bool;
}

/// Answers the gRPC service.
pub struct Service<F> {
    ledger: Arc<Ledger>,
    facts: Arc<F>,
    /// The snapshot that it offers.
    snapshot: Option<Arc<SnapshotFolder>>,
    /// Turns of work that is not done on async workers.
    turns: Arc<Semaphore>,
    started: Instant,
}

impl<F: NodeFacts> Service<F> {
    /// A service that answers from a ledger.
    pub fn new(ledger: Arc<Ledger>, facts: F) -> Self {
        let turns = Arc::new(Semaphore::new(BLOCKING_MAX));
        Self { ledger, facts: Arc::new(facts), snapshot: None, turns, started: Instant::now() }
    }

    /// Offers the snapshot in a folder, once there is one.
    #[must_use]
    pub fn offering(self, folder: Option<&Path>) -> Self {
        Self { snapshot: folder.map(|path| Arc::new(SnapshotFolder::open(path))), ..self }
    }

    /// Runs work that reads the disk or checks signatures on a blocking thread, when its turn comes. Once begun, it
    /// runs to its end even if the caller goes away: a batch that enters the pool is always passed on.
    async fn blocking<A: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<A, LedgerError> + Send + 'static,
    ) -> Result<A, LedgerError> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(LedgerError::internal)?;
        let service = Self {
            ledger: Arc::clone(&self.ledger),
            facts: Arc::clone(&self.facts),
            snapshot: self.snapshot.clone(),
            turns: Arc::clone(&self.turns),
            started: self.started,
        };
        let working = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work(&service)
        });
        working.await.map_err(LedgerError::internal)?
    }

    fn entered(&self, id: &BatchId) -> Result<Option<FinalBatch>, LedgerError> {
        let Some(record) = self.ledger.store.batch(id).map_err(|error| self.ledger.failed_read(error))?
        else {
            return Ok(None);
        };
        // A block counts as final once the state after it is published: only then can its entries be proved.
        if record.height > self.ledger.current().state.head().height {
            return Ok(None);
        }
        let header =
            self.ledger.store.header(record.height).map_err(|error| self.ledger.failed_read(error))?;
        let block_time_ms = header.ok_or(LedgerError::NoBlock)?.time_ms;
        let (height, first_index, entries) = (record.height, record.first_index, record.entries as u32);
        Ok(Some(FinalBatch { height, block_time_ms, first_index, entries }))
    }
}

impl<F: NodeFacts> sanad_api::Ledger for Service<F> {
    fn genesis(&self) -> &Genesis {
        &self.ledger.genesis
    }

    fn head(&self) -> Result<FinalHeader, LedgerError> {
        self.ledger.current().head()
    }

    fn header(&self, height: Height) -> Result<FinalHeader, LedgerError> {
        let head = self.ledger.height();
        let beyond = LedgerError::HeightBeyondHead { height, head };
        if height > head {
            return Err(beyond);
        }
        final_header(&self.ledger.store, height)
            .map_err(|error| self.ledger.failed_read(error))?
            .ok_or(beyond)
    }

    fn block(&self, height: Height) -> Result<FinalBlock, LedgerError> {
        let head = self.ledger.height();
        if height > head {
            return Err(LedgerError::HeightBeyondHead { height, head });
        }
        let stored = self.ledger.store.block(height).map_err(|error| self.ledger.failed_read(error))?;
        let (certificate, payload) = stored.ok_or(LedgerError::HeightBeyondHead { height, head })?;
        let block = Block::decode(&payload, BLOCK_BYTES_LIMIT as usize).map_err(LedgerError::internal)?;
        Ok(FinalBlock { block, certificate })
    }

    fn block_summaries(&self, first: Height, count: usize) -> Result<Vec<BlockSummary>, LedgerError> {
        let head = self.ledger.height();
        let last = first.0.saturating_add(count as u64 - u64::from(count > 0)).min(head.0);
        let mut summaries = Vec::new();
        // Headers and columns alone: the batches of a page would be gigabytes.
        for height in (first.0.max(1)..=last).take(count).map(Height) {
            let failed = |error| self.ledger.failed_read(error);
            let header = self.ledger.store.header(height).map_err(failed)?;
            let size = self.ledger.store.block_size(height).map_err(failed)?;
            let (Some(header), Some(size)) = (header, size) else { break };
            summaries.push(BlockSummary {
                header,
                batches: size.batches as u32,
                entries: size.entries,
                bytes: size.payload_bytes.into(),
            });
        }
        Ok(summaries)
    }

    fn entry(&self, index: LogIndex) -> Result<LogEntry, LedgerError> {
        let size = self.ledger.current().state.log_size();
        let beyond = LedgerError::IndexBeyondLog { index, size };
        self.entries(index, 1)?.pop().ok_or(beyond)
    }

    fn entries(&self, first: LogIndex, count: usize) -> Result<Vec<LogEntry>, LedgerError> {
        let size = self.ledger.current().state.log_size();
        if first.0 >= size.0 {
            return Ok(Vec::new());
        }
        let count = count.min((size.0 - first.0) as usize);
        let entries =
            entries_from(&self.ledger.store, first, count).map_err(|error| self.ledger.failed_read(error))?;
        let place = |(offset, entry)| LogEntry { index: LogIndex(first.0 + offset), entry };
        Ok((0..).zip(entries).map(place).collect())
    }

    fn history_proof(&self, height: Height, form: ProofForm) -> Result<HeaderProof, LedgerError> {
        self.ledger.history_proof(height, form)
    }

    fn trust_file(&self) -> Result<TrustFile, LedgerError> {
        self.ledger.trust_file()
    }

    fn status_proof(&self, credential: &CredentialKey, form: ProofForm) -> Result<StatusProof, LedgerError> {
        self.ledger.status_proof(credential, form)
    }

    fn batch_proofs(
        &self,
        batch: &BatchId,
        range: Range<usize>,
        form: ProofForm,
    ) -> Result<BatchProofs, LedgerError> {
        let current = self.ledger.current();
        let head = current.state.head().height;
        let missing = || LedgerError::NotFound(Missing::Batch(*batch));
        let record = self.ledger.store.batch(batch).map_err(|error| self.ledger.failed_read(error))?;
        let record = record.filter(|record| record.height <= head).ok_or_else(missing)?;
        let end = (range.end as u64).min(record.entries);
        let start = (range.start as u64).min(end);
        let first = LogIndex(record.first_index.0 + start);
        let entries = entries_from(&self.ledger.store, first, (end - start) as usize)
            .map_err(|error| self.ledger.failed_read(error))?;
        let prove = |(index, entry)| self.ledger.entry_proof(&current, LogIndex(index), entry);
        Ok(BatchProofs {
            head: current.proof_head(&record.issuer, form)?,
            first_index: record.first_index,
            entries: record.entries as u32,
            proofs: (first.0..).zip(entries).map(prove).collect::<Result<_, _>>()?,
        })
    }

    fn inclusion_proof(&self, index: LogIndex, size: Option<LogSize>) -> Result<InclusionProof, LedgerError> {
        self.ledger.inclusion_proof(index, size)
    }

    fn consistency_proof(
        &self,
        old: LogSize,
        new: Option<LogSize>,
        form: ProofForm,
    ) -> Result<ConsistencyProof, LedgerError> {
        self.ledger.consistency_proof(old, new, form)
    }

    fn members(&self, after: Option<&MemberId>, count: usize) -> Result<Vec<MemberState>, LedgerError> {
        let current = self.ledger.current();
        let later = |member: &&MemberState| after.is_none_or(|after| member.record().id > *after);
        Ok(current.state.registry().members().filter(later).take(count).cloned().collect())
    }

    fn member(&self, id: &MemberId, form: ProofForm) -> Result<MemberDetails, LedgerError> {
        self.ledger.member_details(id, form)
    }

    fn member_as_of(
        &self,
        id: &MemberId,
        height: Height,
        form: ProofForm,
    ) -> Result<MemberDetails, LedgerError> {
        self.ledger.member_as_of(id, height, form)
    }

    fn members_as_of(
        &self,
        height: Height,
        after: Option<&MemberId>,
        count: usize,
        form: ProofForm,
    ) -> Result<MembersProof, LedgerError> {
        self.ledger.members_as_of(height, after, count, form)
    }

    fn governance(&self, form: ProofForm) -> Result<GovernanceProof, LedgerError> {
        self.ledger.current().governance(form)
    }

    fn entry_runs(&self, member: &MemberId, range: Range<LogIndex>) -> Result<Vec<EntryRun>, LedgerError> {
        self.ledger.entry_runs(member, range)
    }

    fn snapshot(&self) -> Result<Vec<u8>, LedgerError> {
        let folder = self.snapshot.as_ref().ok_or(LedgerError::NotFound(Missing::Snapshot))?;
        match folder.manifest() {
            Ok(manifest) => Ok(manifest.to_bytes()),
            Err(SnapshotError::NoSnapshot { .. }) => Err(LedgerError::NotFound(Missing::Snapshot)),
            Err(error) => Err(LedgerError::Unreadable(error.into())),
        }
    }

    fn snapshot_chunk(&self, hash: &ChunkHash) -> Result<Vec<u8>, LedgerError> {
        let missing = || LedgerError::NotFound(Missing::SnapshotChunk(*hash));
        let folder = self.snapshot.as_ref().ok_or_else(missing)?;
        let chunk = folder.chunk_named(hash).map_err(|error| LedgerError::Unreadable(error.into()))?;
        chunk.ok_or_else(missing)
    }

    fn batch_state(&self, id: &BatchId) -> Result<BatchState, LedgerError> {
        if let Some(entered) = self.entered(id)? {
            return Ok(BatchState::Final(entered));
        }
        let pool = self.ledger.pool();
        if pool.batch(id).is_some() {
            return Ok(BatchState::Pending);
        }
        let refusal = pool.refusal(id).cloned();
        drop(pool);
        // It may have been entered between the two looks.
        if let Some(entered) = self.entered(id)? {
            return Ok(BatchState::Final(entered));
        }
        match refusal {
            Some(PoolRefusal::Ledger(error)) => Ok(BatchState::Refused(error)),
            Some(PoolRefusal::Displaced) => {
                Err(LedgerError::Displaced { batch: *id, retry_after: RETRY_AFTER })
            }
            Some(PoolRefusal::Expired(_)) | None => Err(LedgerError::NotFound(Missing::Batch(*id))),
        }
    }

    async fn submit(&self, batch: Arc<SignedBatch>) -> Result<BatchState, LedgerError> {
        if self.facts.stopping() {
            return Err(LedgerError::Stopping);
        }
        self.blocking(move |service| service.take(batch)).await
    }

    async fn batch_decided(&self, id: BatchId) -> Result<BatchState, LedgerError> {
        loop {
            let decided = self.ledger.waiters.register(id);
            match self.blocking(move |service| service.batch_state(&id)).await {
                Ok(BatchState::Pending) => {}
                other => {
                    drop(decided);
                    self.ledger.waiters.prune(&id);
                    return other;
                }
            }
            if decided.await.is_err() {
                return Err(LedgerError::Stopping);
            }
        }
    }

    async fn head_above(&self, height: Height) -> Result<Height, LedgerError> {
        let mut heads = self.ledger.heads();
        let above = heads.wait_for(|head| *head > height).await.map_err(|_| LedgerError::Stopping)?;
        Ok(*above)
    }

    async fn node_status(&self) -> Result<NodeStatus, LedgerError> {
        let peers = self.facts.peers().await;
        let connected: std::collections::BTreeSet<_> =
            peers.iter().filter(|peer| peer.connected).map(|peer| peer.network_key).collect();
        let (catching_up, is_validator) = (self.facts.catching_up(), self.facts.is_validator());
        let current = self.ledger.current();
        let state = &current.state;
        let head: Head = state.head();
        let (pool_batches, pool_bytes) = {
            let pool = self.ledger.pool();
            (pool.len() as u64, pool.bytes() as u64)
        };
        Ok(NodeStatus {
            chain_id: state.chain_id(),
            chain_name: self.ledger.genesis.name.clone(),
            member: Some(self.facts.member().clone()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            head,
            log_size: state.log_size(),
            catching_up,
            validators: state.validators().validators().iter().map(|v| v.member.clone()).collect(),
            is_validator,
            pool_batches,
            pool_bytes,
            uptime: self.started.elapsed(),
            connected_peers: connected.len() as u32,
            damaged_blocks: self.ledger.damaged_blocks().len() as u64,
            repaired_blocks: self.ledger.repaired_blocks(),
            rejoin: self.facts.rejoin(),
        })
    }

    async fn diagnosis(&self) -> Result<Option<Diagnosis>, LedgerError> {
        Ok(self.facts.diagnosis())
    }

    async fn peers(&self) -> Result<Vec<Peer>, LedgerError> {
        Ok(self.facts.peers().await)
    }
}

impl<F: NodeFacts> Service<F> {
    /// Takes a batch into the pool and passes it on.
    fn take(&self, batch: Arc<SignedBatch>) -> Result<BatchState, LedgerError> {
        if let Some(entered) = self.entered(&batch.id())? {
            return Ok(BatchState::Final(entered));
        }
        match self.ledger.admit(&batch, Source::Submitted) {
            Ok(Admission::New) => {
                self.facts.accepted();
                Ok(BatchState::Pending)
            }
            Ok(Admission::Waiting) => Ok(BatchState::Pending),
            Err(AdmitError::DiskLow) => Err(LedgerError::DiskLow),
            Err(AdmitError::Store(error)) => Err(self.ledger.failed_read(error)),
            Err(AdmitError::Pool(error)) => self.refused(&batch, error),
        }
    }

    /// Says why a batch was not taken; a batch that was entered in the meantime is no error.
    fn refused(&self, batch: &SignedBatch, error: PoolError) -> Result<BatchState, LedgerError> {
        if let Some(entered) = self.entered(&batch.id())? {
            return Ok(BatchState::Final(entered));
        }
        if self.facts.head_is_old() && matches!(error, PoolError::Refused(BatchError::SequenceGap { .. })) {
            // The issuer's batches before this one may be in blocks that the node does not have yet.
            return Err(LedgerError::Syncing { height: self.ledger.height() });
        }
        Err(match error {
            PoolError::Refused(error) => LedgerError::Refused(error),
            PoolError::Full { bytes, .. } => {
                let batches = self.ledger.pool().len();
                LedgerError::PoolFull { batches, bytes, retry_after: RETRY_AFTER }
            }
            PoolError::IssuerFull { issuer, count } => {
                LedgerError::SubmissionLimit { issuer, batches: count, retry_after: RETRY_AFTER }
            }
            PoolError::Conflict { issuer, sequence, waiting } => {
                LedgerError::SequencePending { issuer, sequence, pending: waiting }
            }
        })
    }
}

fn entries_from(store: &Store, first: LogIndex, count: usize) -> Result<Vec<Entry>, StoreError> {
    let end = LogIndex(first.0.saturating_add(count as u64));
    store.entries(first..end, count)
}
