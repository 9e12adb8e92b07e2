//! The node's ledger: the durable store, the state after its head, and the pool of waiting batches.
//!
//! Consensus, the exchange of batches and the gRPC service each reach it through their own file here.
//!
//! **Invariant:** no lock is held over disk I/O, the check of a signature, an await or the taking of another lock. The
//! one exception: the current state (`published.rs`) may be loaded under the pool's lock.

mod application;
mod damage;
mod evidence;
mod exchange;
mod failed_reads;
mod former;
mod proofs;
mod published;
mod service;
#[cfg(test)]
mod tests;
mod timings;
mod view;
mod waiters;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use sanad_api::FinalHeader;
use sanad_consensus_lite::Durable;
use sanad_core::batch::{Batch, SignedBatch};
use sanad_core::block::{Block, ProtocolVersion};
use sanad_core::execution::{AddError, BatchError, BlockBuilder, Execution, chain_head, check_signatures};
use sanad_core::genesis::Genesis;
use sanad_core::hash::{BatchId, ChainId};
use sanad_core::ids::{Height, LogSize};
use sanad_core::signature::PublicKey;
use sanad_core::snapshot::SnapshotManifest;
use sanad_core::state::{Head, State};
use sanad_core::validators::{CommitCertificate, ValidatorSet};
use sanad_storage::{SnapshotError, Store, StoreError, create_snapshot};
use tokio::sync::watch;

pub use application::LedgerApplication;
pub use exchange::PoolExchange;
pub use service::{NodeFacts, Service};

use crate::pool::{
    Admission, Admitted, Interest, Offered, Pool, PoolError, PoolLimits, Source, WaitingBatch,
};
use damage::Damage;
use failed_reads::FailedReads;
use published::{Current, Published};
pub use timings::Timings;
use view::LogView;
use waiters::Waiters;

/// An open ledger.
pub struct Ledger {
    genesis: Genesis,
    store: Store,
    current: Published,
    pool: Mutex<Pool>,
    waiters: Waiters,
    head: watch::Sender<Height>,
    evidence_path: PathBuf,
    /// The protocol versions that this node takes part in.
    known_versions: &'static [ProtocolVersion],
    pool_bytes_max: AtomicUsize,
    /// Set while the disk has too little room for batches.
    disk_low: AtomicBool,
    failed_reads: FailedReads,
    timings: Timings,
    damage: Damage,
    /// A snapshot is made of each block whose height is a multiple of this; of none if it is 0.
    snapshot_every: u64,
    /// The state after the last such block.
    snapshot_due: watch::Sender<Option<State>>,
}

impl Ledger {
    /// The ledger of an open store.
    ///
    /// # Errors
    /// [`StoreError`] if the head or a validator-set change cannot be read.
    pub fn new(
        genesis: Genesis,
        store: Store,
        state: State,
        limits: PoolLimits,
        evidence_path: PathBuf,
    ) -> Result<Self, StoreError> {
        let pool_bytes_max = limits.bytes_max;
        let height = state.head().height;
        let head = final_header(&store, height)?;
        let past = store.past(height)?;
        let validator_changes = store.validator_changes(Height(1)..height.next())?;
        let ledger = Self {
            known_versions: genesis.known_versions(),
            genesis,
            store,
            current: Published::new(Current {
                state,
                head,
                past,
                validator_changes: validator_changes.into(),
            }),
            pool: Mutex::new(Pool::new(limits)),
            waiters: Waiters::default(),
            head: watch::Sender::new(height),
            evidence_path,
            pool_bytes_max: AtomicUsize::new(pool_bytes_max),
            disk_low: AtomicBool::new(false),
            failed_reads: FailedReads::default(),
            timings: Timings::default(),
            damage: Damage::default(),
            snapshot_every: 0,
            snapshot_due: watch::Sender::new(None),
        };
        Ok(ledger)
    }

    /// Height of the head.
    pub fn height(&self) -> Height {
        *self.head.borrow()
    }

    /// The chain.
    pub fn chain_id(&self) -> ChainId {
        self.current().state.chain_id()
    }

    /// Time of the head, in milliseconds since 1970-01-01 UTC.
    pub fn head_time_ms(&self) -> u64 {
        self.current().state.head().time_ms
    }

    /// The head.
    pub fn head(&self) -> Head {
        self.current().state.head()
    }

    /// Entries in the log.
    pub fn log_size(&self) -> LogSize {
        self.current().state.log_size()
    }

    /// How many batches wait, and their bytes.
    pub fn pool_size(&self) -> (usize, usize) {
        let pool = self.pool();
        (pool.len(), pool.bytes())
    }

    /// Bytes that the pool has room for.
    pub fn pool_bytes_max(&self) -> usize {
        self.pool_bytes_max.load(Ordering::Relaxed)
    }

    /// From now on the pool keeps these limits; what waits beyond them stays.
    pub fn set_pool_limits(&self, limits: PoolLimits) {
        self.pool_bytes_max.store(limits.bytes_max, Ordering::Relaxed);
        self.pool().set_limits(limits);
    }

    /// From now on takes no batches, or takes them again. Blocks of others are taken in any case.
    pub fn set_disk_low(&self, low: bool) {
        self.disk_low.store(low, Ordering::Relaxed);
    }

    /// How long its writes took.
    pub fn timings(&self) -> &Timings {
        &self.timings
    }

    /// The validators of the next block.
    pub fn validators(&self) -> ValidatorSet {
        self.current().state.validators().clone()
    }

    /// As a program that does not know the version for tests, to rehearse what becomes of one that was not upgraded.
    #[must_use]
    pub fn without_test_version(self) -> Self {
        Self { known_versions: ProtocolVersion::KNOWN, ..self }
    }

    /// With a snapshot due after each block whose height is a multiple of `blocks`.
    #[must_use]
    pub fn with_snapshots_every(self, blocks: u64) -> Self {
        Self { snapshot_every: blocks, ..self }
    }

    /// Follows the states that a snapshot is due of.
    pub fn snapshots_due(&self) -> watch::Receiver<Option<State>> {
        self.snapshot_due.subscribe()
    }

    /// Writes to a folder what it does not have yet of the snapshot as of a state of this ledger.
    ///
    /// # Errors
    /// [`SnapshotError`]; an earlier snapshot in the folder is still there.
    pub fn write_snapshot(&self, state: &State, folder: &Path) -> Result<SnapshotManifest, SnapshotError> {
        create_snapshot(&self.store, state, &self.genesis, folder, |_| {})
    }

    /// The protocol versions that this node takes part in.
    pub fn known_versions(&self) -> &'static [ProtocolVersion] {
        self.known_versions
    }

    /// Whether a key votes on the next block.
    pub fn is_validator(&self, key: &PublicKey) -> bool {
        self.current().state.validators().position(key).is_some()
    }

    /// The state after the head. Cheap: it is shared.
    pub fn state(&self) -> State {
        self.current().state.clone()
    }

    /// Follows the height of the head.
    pub fn heads(&self) -> watch::Receiver<Height> {
        self.head.subscribe()
    }

    /// Takes a batch into the pool. Checks a signature and may read the disk: not for async workers.
    ///
    /// # Errors
    /// [`PoolError`], or a failed lookup.
    pub fn admit(&self, batch: &Arc<SignedBatch>, source: Source) -> Result<Admission, AdmitError> {
        if self.pool().batch(&batch.id()).is_some() {
            return Ok(Admission::Waiting);
        }
        if self.disk_low.load(Ordering::Relaxed) {
            return Err(AdmitError::DiskLow);
        }
        let current = self.current();
        self.pool().check_room(&current.state, batch)?;
        self.check_alone(&current.state, batch, source)?;
        let Admitted { admission, displaced } = {
            let mut pool = self.pool();
            // Taken under the pool's lock: a commit that has swapped the state since settles the pool after this, and
            // one that had swapped it before is seen here.
            let current = self.current();
            pool.admit(&current.state, Arc::clone(batch), source, Instant::now())?
        };
        if admission == Admission::New {
            // Beside the thread of consensus, and once for all rounds in which the batch is proposed.
            batch.hash_leaves();
        }
        if !displaced.is_empty() {
            tracing::info!(issuer = %batch.batch().issuer, displaced = displaced.len(), "batches gave way to another issuer's");
            self.waiters.wake(&displaced);
        }
        Ok(admission)
    }

    /// The slow checks of a batch, before the pool is locked.
    fn check_alone(&self, state: &State, batch: &Arc<SignedBatch>, source: Source) -> Result<(), AdmitError> {
        let Batch { chain_id, issuer, chain, sequence, .. } = batch.batch();
        let Some(member) = state.registry().member(issuer) else { return Ok(()) };
        let next = chain_head(member, state.governance(), *chain).next_sequence;
        if source == Source::Submitted && next == *sequence {
            // Submitters learn at once that an event breaks a rule, not when a block is built.
            return self.check(state, batch);
        }
        if *chain_id == state.chain_id() {
            // A good signature of the issuing chain is remembered with the batch: the pool does not check it again.
            check_signatures(member, batch).map_err(PoolError::from)?;
        }
        // The pool refuses a foreign chain with the reason, before it looks at signatures.
        Ok(())
    }

    fn check(&self, state: &State, batch: &Arc<SignedBatch>) -> Result<(), AdmitError> {
        match BlockBuilder::new(state, &LogView::new(&self.store, state)).check(batch) {
            Ok(()) => Ok(()),
            Err(AddError::Refused(error)) => Err(AdmitError::Pool(error.into())),
            Err(AddError::View(error)) => Err(AdmitError::Store(error)),
        }
    }

    /// The waiting batches, to save them when the node stops.
    pub fn waiting(&self) -> Vec<Arc<SignedBatch>> {
        self.pool().all()
    }

    /// Waiting batches in order of arrival: see [`Pool::arrived_from`].
    pub fn arrived_from(&self, arrival: u64, count_max: usize, bytes_max: usize) -> Vec<WaitingBatch> {
        self.pool().arrived_from(arrival, count_max, bytes_max)
    }

    /// The arrival number of the next batch.
    pub fn next_arrival(&self) -> u64 {
        self.pool().next_arrival()
    }

    /// What the pool would do with these batches.
    pub fn interest(&self, offered: &[Offered]) -> Vec<Interest> {
        self.pool().interest(offered)
    }

    /// Drops batches that waited too long.
    pub fn expire(&self) {
        let expired = self.pool().expire(Instant::now());
        self.waiters.wake(&expired);
    }

    /// Checkpoints and closes the store.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn close(&self) -> Result<(), StoreError> {
        self.store.close()
    }

    /// Appends a decided block, and makes its state the current one.
    fn commit(
        &self,
        block: &Block,
        certificate: &CommitCertificate,
        execution: &Execution,
        durable: Durable,
    ) -> Result<(), StoreError> {
        let began = Instant::now();
        match durable {
            Durable::Now => self.store.append(block, certificate, execution)?,
            Durable::Soon => self.store.append_unsynced(block, certificate, execution)?,
        }
        self.timings.committed(began.elapsed(), self.current().state.head(), execution.header.time_ms);
        self.store.forget_undecided(execution.header.height);
        let entered: Vec<BatchId> = execution.batches.iter().map(|batch| batch.id).collect();
        self.current.swap(self.current().after(execution, certificate));
        self.settle(&entered);
        let height = execution.header.height;
        if self.snapshot_every > 0 && height.0.is_multiple_of(self.snapshot_every) {
            self.snapshot_due.send_replace(Some(self.state()));
        }
        self.head.send_replace(height);
        Ok(())
    }

    /// Brings the pool in line with the current state, and wakes callers that wait for a batch.
    fn settle(&self, entered: &[BatchId]) {
        let current = self.current();
        let (mut decided, ready) = {
            let mut pool = self.pool();
            // Batches that had to wait for others could not be checked in full until now.
            (pool.settle(&current.state, entered), pool.take_unchecked(&current.state))
        };
        for batch in ready {
            if let Err(AdmitError::Pool(PoolError::Refused(error))) = self.check(&current.state, &batch) {
                decided.extend(self.pool().refuse(&batch, &error));
            }
        }
        self.waiters.wake(entered);
        self.waiters.wake(&decided);
    }

    fn refuse(&self, refused: &[(Arc<SignedBatch>, BatchError)]) {
        let mut pool = self.pool();
        let ids: Vec<BatchId> = refused.iter().flat_map(|(batch, error)| pool.refuse(batch, error)).collect();
        drop(pool);
        self.waiters.wake(&ids);
    }

    /// The state after the head. Everything read from one snapshot belongs to one head; two snapshots may differ.
    fn current(&self) -> Arc<Current> {
        self.current.load()
    }

    // A panic while the lock is held leaves plain values behind, each of them whole.
    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a batch was not admitted.
#[derive(Debug, thiserror::Error)]
pub enum AdmitError {
    /// The pool or the ledger refuses it.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The disk has too little room for batches.
    #[error("the disk is almost full")]
    DiskLow,
    /// A lookup in the ledger failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn final_header(store: &Store, height: Height) -> Result<Option<FinalHeader>, StoreError> {
    let (Some(header), Some(certificate)) = (store.header(height)?, store.certificate(height)?) else {
        return Ok(None);
    };
    Ok(Some(FinalHeader { header, certificate }))
}
