//! What the writer, the readers and the background threads of a store share.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, RwLock};

use sanad_core::batch::{BatchChain, SignedBatch};
use sanad_core::block::BlockHeader;
use sanad_core::codec;
use sanad_core::hash::{ChainId, HistoryHash};
use sanad_core::ids::{Height, LogSize, MemberId, Sequence};
use sanad_core::merkle::Rfc6962;
use sanad_core::validators::{CommitCertificate, ValidatorSet};

use crate::checkpoint::{Checkpoint, Checkpoints, Concerns, Delta};
use crate::columns::Columns;
use crate::directory::StoreDirectory;
use crate::error::StoreError;
use crate::index::KeyIndex;
use crate::options::Options;
use crate::register::{Register, RegisterEdge};
use crate::segments::Segments;
use crate::tiles::{TileEdge, Tiles};
use crate::undecided::Undecided;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) chain_id: ChainId,
    pub(crate) segments: Segments,
    pub(crate) columns: Columns,
    pub(crate) log_tiles: Tiles<Rfc6962>,
    pub(crate) history_tiles: Tiles<HistoryHash>,
    pub(crate) register: Register,
    pub(crate) issuances: KeyIndex,
    pub(crate) batch_keys: KeyIndex,
    pub(crate) undecided: Undecided,
    pub(crate) published: RwLock<Arc<Published>>,
    pub(crate) writer: Mutex<Writer>,
    /// Held while a checkpoint is made, so that they follow each other.
    pub(crate) checkpoints: Mutex<Checkpoints>,
    pub(crate) health: AtomicU8,
    // Last: everything else is closed before the directory is unlocked.
    pub(crate) directory: StoreDirectory,
}

/// The last block of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredHead {
    /// Header of that block.
    pub header: BlockHeader,
    /// Precommits of more than 2/3 of the validators of its height.
    pub certificate: CommitCertificate,
}

/// What readers may see: all of it is written when it is published, whole blocks at a time.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    pub(crate) head: Option<Arc<StoredHead>>,
    /// All counts are those of the head; the checkpoint that could be made now.
    pub(crate) place: Checkpoint,
    /// Every validator set announced up to the head, by number: the last decides the next block.
    pub(crate) sets: Arc<Vec<ValidatorSet>>,
    pub(crate) concerns: Arc<Concerns>,
}

/// What appending alone needs.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) log_edge: TileEdge,
    pub(crate) history_edge: TileEdge,
    pub(crate) register_edge: RegisterEdge,
    /// Not yet in a checkpoint.
    pub(crate) delta: Delta,
    pub(crate) blocks: u64,
    pub(crate) bytes: u64,
    /// Bytes written since the last sync of the log; `None` while the disk is waited for with each block.
    pub(crate) unsynced_bytes: Option<u64>,
}

/// Background work that an append has made necessary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) index: bool,
    pub(crate) checkpoint: bool,
    pub(crate) sync: bool,
}

const OPEN: u8 = 0;
const CLOSED: u8 = 1;
const POISONED: u8 = 2;

impl Shared {
    pub(crate) fn published(&self) -> Arc<Published> {
        Arc::clone(&self.published.read().expect("invariant: no holder of this lock panics"))
    }

    pub(crate) fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().expect("invariant: no holder of this lock panics")
    }

    /// Fails unless writes are still taken.
    pub(crate) fn check_health(&self) -> Result<(), StoreError> {
        match self.health.load(Ordering::Acquire) {
            OPEN => Ok(()),
            CLOSED => Err(StoreError::Closed),
            _ => Err(StoreError::Poisoned),
        }
    }

    /// Refuses all later writes: after an error it is unknown what is on disk.
    pub(crate) fn poison(&self, error: &StoreError) {
        tracing::error!(%error, "a write failed; the store takes no more");
        self.health.store(POISONED, Ordering::Release);
    }

    pub(crate) fn close(&self) {
        // A poisoned store stays so.
        let _ = self.health.compare_exchange(OPEN, CLOSED, Ordering::AcqRel, Ordering::Acquire);
    }

    /// Makes the log durable, as far as it was written when this is called. An error poisons the store: what is on disk is
    /// not known any more.
    pub(crate) fn sync_log(&self) -> Result<(), StoreError> {
        // Taken first: what is written meanwhile counts as unsynced, though it may be synced. None left does not say that the
        // sync is over which another thread has begun.
        if self.writer().unsynced_bytes.as_mut().map(std::mem::take).is_none() {
            return Ok(());
        }
        self.check_health()?;
        self.segments.sync_last().inspect_err(|error| self.poison(error))
    }

    /// Makes a checkpoint of all that was appended. Appending continues meanwhile. After an error the store is as before:
    /// the next checkpoint covers what this one should have.
    pub(crate) fn checkpoint(&self) -> Result<(), StoreError> {
        let mut checkpoints = self.checkpoints.lock().expect("invariant: no holder of this lock panics");
        let (place, delta, blocks, bytes) = {
            let mut writer = self.writer();
            let (blocks, bytes) = (writer.blocks, writer.bytes);
            (writer.blocks, writer.bytes) = (0, 0);
            (self.published().place, std::mem::take(&mut writer.delta), blocks, bytes)
        };
        if checkpoints.suspended {
            // The delta is dropped: kept for a checkpoint that never comes, it would only grow.
            return Err(StoreError::CheckpointsSuspended);
        }
        if blocks == 0 {
            return Ok(());
        }
        // The checkpoint vouches for the log and the columns: they go first.
        self.segments.sync_last().inspect_err(|error| self.poison(error))?;
        let synced = self.columns.blocks.sync().and_then(|()| self.columns.batches.sync());
        let synced = synced.and_then(|()| self.log_tiles.sync()).and_then(|()| self.history_tiles.sync());
        let synced = synced.and_then(|()| self.register.sync());
        if let Err(error) = synced {
            tracing::error!(%error, "columns cannot be synced; no checkpoint is made until the node is started again");
            checkpoints.suspended = true;
            return Err(StoreError::CheckpointsSuspended);
        }
        checkpoints.write(&place, &delta).inspect_err(|_| {
            let mut writer = self.writer();
            let newer = std::mem::replace(&mut writer.delta, delta);
            writer.delta.merge(newer);
            writer.blocks += blocks;
            writer.bytes += bytes;
        })
    }
}

impl Published {
    pub(crate) fn log_size(&self) -> LogSize {
        self.place.log_size
    }

    pub(crate) fn height(&self) -> Height {
        self.place.height
    }
}

/// The two hashes under which the batches index holds a batch: its id, and its place in its chain.
pub(crate) fn batch_hashes(signed: &SignedBatch) -> [[u8; 32]; 2] {
    let batch = signed.batch();
    [signed.id().0, sequence_hash(&batch.issuer, batch.chain, batch.sequence)]
}

/// The hash of a batch's place in one of its issuer's two chains.
pub(crate) fn sequence_hash(issuer: &MemberId, chain: BatchChain, sequence: Sequence) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(issuer.as_str().as_bytes()).update(&[0]);
    hasher.update(&codec::encode(&(chain, sequence)));
    *hasher.finalize().as_bytes()
}
