//! What the writer, the readers and the background threads of a store share.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, RwLock};

use sanad_core::block::{Block, BlockHeader, HEADER_BYTES};
use sanad_core::execution::Execution;
use sanad_core::hash::{BlockHash, ChainId};
use sanad_core::ids::{Height, LogSize, MemberId, Sequence};
use sanad_core::validators::CommitCertificate;

use crate::checkpoint::{Checkpoint, Checkpoints, Delta};
use crate::columns::{BatchColumnRecord, BlockRecord, Columns};
use crate::directory::StoreDirectory;
use crate::error::StoreError;
use crate::frame::{COUNT_BYTES, FramePlace};
use crate::index::KeyIndex;
use crate::options::Options;
use crate::segments::Segments;
use crate::tiles::{TileEdge, Tiles};
use crate::undecided::Undecided;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) chain_id: ChainId,
    pub(crate) segments: Segments,
    pub(crate) columns: Columns,
    pub(crate) tiles: Tiles,
    pub(crate) commitments: KeyIndex,
    pub(crate) batch_keys: KeyIndex,
    pub(crate) undecided: Undecided,
    pub(crate) published: RwLock<Arc<Published>>,
    pub(crate) writer: Mutex<Writer>,
    /// Held by whoever makes a checkpoint, so that one follows the other.
    pub(crate) checkpoints: Mutex<Checkpoints>,
    pub(crate) health: AtomicU8,
    // Last: nothing else may be open when the lock goes.
    pub(crate) _directory: StoreDirectory,
}

/// The last block of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredHead {
    /// Its header.
    pub header: BlockHeader,
    /// What makes it final.
    pub certificate: CommitCertificate,
}

/// What readers may see: all of it is written when it is published, whole blocks at a time.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    pub(crate) head: Option<Arc<StoredHead>>,
    /// All counts are those of the head; the checkpoint that could be made now.
    pub(crate) place: Checkpoint,
}

/// What only the one that appends needs.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) edge: TileEdge,
    /// Not yet in a checkpoint.
    pub(crate) delta: Delta,
    pub(crate) blocks: u64,
    pub(crate) bytes: u64,
}

/// What is to be done in the background after an append.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) index: bool,
    pub(crate) checkpoint: bool,
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

    /// Takes no more writes: after an error nobody knows what is on disk.
    pub(crate) fn poison(&self, error: &StoreError) {
        tracing::error!(%error, "a write failed; the store takes no more");
        self.health.store(POISONED, Ordering::Release);
    }

    pub(crate) fn close(&self) {
        // A poisoned store stays so.
        let _ = self.health.compare_exchange(OPEN, CLOSED, Ordering::AcqRel, Ordering::Acquire);
    }

    /// Appends a block that follows the head, durably.
    pub(crate) fn append(
        &self,
        block: &Block,
        certificate: &CommitCertificate,
        execution: &Execution,
    ) -> Result<Due, StoreError> {
        let mut writer = self.writer();
        self.check_health()?;
        self.check_next(block, certificate, execution)?;
        let (frame, place) = self.segments.framer().encode(block, certificate);
        let write = |writer: &mut Writer| {
            let offset = self.segments.append(&frame)?;
            self.install(writer, block, certificate, execution, FramePlace { offset, ..place })
        };
        write(&mut writer).inspect_err(|error| self.poison(error))
    }

    /// Enters a block that is in the segments into columns and indexes, and shows it to readers.
    pub(crate) fn install(
        &self,
        writer: &mut Writer,
        block: &Block,
        certificate: &CommitCertificate,
        execution: &Execution,
        frame: FramePlace,
    ) -> Result<Due, StoreError> {
        let before = self.published().place;
        let height = execution.header.height;
        let record = BlockRecord { frame, first_index: before.log_size.0, first_batch: before.batches };
        let batches = batch_records(block, execution, &frame);
        let place = Checkpoint {
            height,
            hash: execution.hash,
            log_size: execution.header.log_size,
            batches: before.batches + batches.len() as u64,
            end: frame.end(),
        };
        self.columns.blocks.write(height.0 - 1, &[record.encode()])?;
        let encoded: Vec<_> = batches.iter().map(BatchColumnRecord::encode).collect();
        self.columns.batches.write(before.batches, &encoded)?;
        self.tiles.append(&mut writer.edge, &execution.leaf_hashes)?;
        let index = self.insert_keys(execution, &before, &place)?;
        writer.delta.extend(execution);
        writer.blocks += 1;
        writer.bytes += frame.bytes() as u64;
        let head = StoredHead { header: execution.header.clone(), certificate: certificate.clone() };
        *self.published.write().expect("invariant: no holder of this lock panics") =
            Arc::new(Published { head: Some(Arc::new(head)), place });
        let checkpoint =
            writer.blocks >= self.options.checkpoint_blocks || writer.bytes >= self.options.checkpoint_bytes;
        Ok(Due { index, checkpoint })
    }

    fn check_next(
        &self,
        block: &Block,
        certificate: &CommitCertificate,
        execution: &Execution,
    ) -> Result<(), StoreError> {
        let head = self.published().place;
        let (expected, actual) = (head.height.next(), execution.header.height);
        if expected != actual {
            return Err(StoreError::NotNext { expected, actual });
        }
        if execution.header.previous != head.hash {
            let (expected, actual) = (head.hash, execution.header.previous);
            return Err(StoreError::NotOnHead { expected, actual });
        }
        let expected = execution.hash;
        let of_block = |part, actual: BlockHash| match actual == expected {
            true => Ok(()),
            false => Err(StoreError::Mismatch { part, expected, actual }),
        };
        of_block("block", if block.header == execution.header { expected } else { block.header.hash() })?;
        of_block("certificate", certificate.block)
    }

    fn insert_keys(
        &self,
        execution: &Execution,
        before: &Checkpoint,
        after: &Checkpoint,
    ) -> Result<bool, StoreError> {
        let issuances = execution.issuances.iter().map(|(commitment, index)| (&commitment.0, index.0));
        let commitments = self.commitments.insert(issuances, after.log_size.0)?;
        let ordinals = before.batches..;
        let sequences: Vec<[u8; 32]> =
            execution.batches.iter().map(|batch| sequence_hash(&batch.issuer, batch.sequence)).collect();
        let batches = execution.batches.iter().zip(&sequences).zip(ordinals);
        let keys =
            batches.flat_map(|((batch, sequence), ordinal)| [(&batch.id.0, ordinal), (sequence, ordinal)]);
        Ok(self.batch_keys.insert(keys, after.batches)? || commitments)
    }

    /// Makes a checkpoint of all that was appended. Appending goes on meanwhile.
    pub(crate) fn checkpoint(&self) -> Result<(), StoreError> {
        let checkpoints = self.checkpoints.lock().expect("invariant: no holder of this lock panics");
        let (place, delta) = {
            let mut writer = self.writer();
            if writer.blocks == 0 {
                return Ok(());
            }
            (writer.blocks, writer.bytes) = (0, 0);
            (self.published().place, std::mem::take(&mut writer.delta))
        };
        let write = || {
            // The checkpoint vouches for the columns: they go first.
            self.columns.blocks.sync()?;
            self.columns.batches.sync()?;
            self.tiles.sync()?;
            checkpoints.write(&place, &delta)
        };
        write().inspect_err(|error| self.poison(error))
    }
}

impl Delta {
    fn extend(&mut self, execution: &Execution) {
        let records = execution.records.iter().cloned();
        self.records.extend(records.map(|record| (record.member.id.clone(), record)));
        self.leaves.extend(execution.status.leaves().map(|(place, leaf)| (place, *leaf)));
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

/// What the batches index holds of an issuer's sequence number.
pub(crate) fn sequence_hash(issuer: &MemberId, sequence: Sequence) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(issuer.as_str().as_bytes()).update(&[0]).update(&sequence.0.to_be_bytes());
    *hasher.finalize().as_bytes()
}

/// The records of a block's batches, whose frame stands at a place.
pub(crate) fn batch_records(
    block: &Block,
    execution: &Execution,
    frame: &FramePlace,
) -> Vec<BatchColumnRecord> {
    let mut offset = frame.payload() + (HEADER_BYTES + COUNT_BYTES) as u64;
    let record = |(place, signed): (&sanad_core::execution::BatchPlace, &Arc<_>)| {
        let signed: &sanad_core::batch::SignedBatch = signed;
        let record = BatchColumnRecord {
            first_index: place.first_index,
            height: execution.header.height,
            offset,
            bytes: signed.bytes().len() as u32,
            entries: place.entries as u32,
            id: place.id,
        };
        offset += u64::from(record.bytes);
        record
    };
    execution.batches.iter().zip(&block.batches).map(record).collect()
}
