//! The columns of blocks and batches: where each stands in the log.

use std::path::Path;

use sanad_core::hash::BatchId;
use sanad_core::ids::{Height, LogIndex};

use crate::column::Column;
use crate::error::{Part, StoreError};
use crate::frame::FramePlace;

/// Width of a record of the `blocks` column.
pub(crate) const BLOCK_RECORD_BYTES: usize = 32;
/// Width of a record of the `batches` column.
pub(crate) const BATCH_RECORD_BYTES: usize = 64;

/// Batch records that are read together at the end of a binary search: one page of 4 KiB.
const SEARCH_RECORDS: u64 = 64;

/// Where a block stands, and what came before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockRecord {
    pub(crate) frame: FramePlace,
    /// Log index of its first entry: the entries before it.
    pub(crate) first_index: u64,
    /// Ordinal of its first batch: the batches before it.
    pub(crate) first_batch: u64,
}

/// Where a batch stands, and which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BatchColumnRecord {
    pub(crate) first_index: LogIndex,
    pub(crate) height: Height,
    /// Logical offset of the signed batch.
    pub(crate) offset: u64,
    /// Length of the signed batch.
    pub(crate) bytes: u32,
    pub(crate) entries: u32,
    pub(crate) id: BatchId,
}

/// The two columns.
#[derive(Debug)]
pub(crate) struct Columns {
    pub(crate) blocks: Column<BLOCK_RECORD_BYTES>,
    pub(crate) batches: Column<BATCH_RECORD_BYTES>,
}

impl Columns {
    pub(crate) fn open(directory: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            blocks: Column::open(directory.join("blocks"), Part::Blocks)?,
            batches: Column::open(directory.join("batches"), Part::Batches)?,
        })
    }

    /// The record of a block that was written; the first block has height 1 and place 0.
    pub(crate) fn block(&self, height: Height) -> Result<BlockRecord, StoreError> {
        self.blocks.record(height.0.saturating_sub(1)).map(BlockRecord::decode)
    }

    /// The record of a batch that was written.
    pub(crate) fn batch(&self, ordinal: u64) -> Result<BatchColumnRecord, StoreError> {
        self.batches.record(ordinal).map(BatchColumnRecord::decode)
    }

    /// The batch that holds an entry, with its ordinal: the last that begins at or before it. Requires
    /// `index` to be in one of the first `count` batches.
    pub(crate) fn batch_holding(
        &self,
        index: LogIndex,
        count: u64,
    ) -> Result<(u64, BatchColumnRecord), StoreError> {
        // Invariant: first_index(low) <= index < first_index(high).
        let (mut low, mut high) = (0, count);
        while high - low > SEARCH_RECORDS {
            let middle = low + (high - low) / 2;
            match self.batch(middle)?.first_index <= index {
                true => low = middle,
                false => high = middle,
            }
        }
        let page = self.batches.slice(low, (high - low) as usize)?;
        let after = page.partition_point(|record| BatchColumnRecord::decode(*record).first_index <= index);
        let place = after.checked_sub(1).ok_or(StoreError::Damaged { part: Part::Batches })?;
        let record = BatchColumnRecord::decode(page[place]);
        if index.0 - record.first_index.0 >= u64::from(record.entries) {
            return Err(StoreError::Damaged { part: Part::Batches });
        }
        Ok((low + place as u64, record))
    }
}

impl BlockRecord {
    pub(crate) fn encode(&self) -> [u8; BLOCK_RECORD_BYTES] {
        let mut bytes = [0; BLOCK_RECORD_BYTES];
        bytes[..8].copy_from_slice(&self.frame.offset.to_be_bytes());
        bytes[8..12].copy_from_slice(&self.frame.certificate_bytes.to_be_bytes());
        bytes[12..16].copy_from_slice(&self.frame.payload_bytes.to_be_bytes());
        bytes[16..24].copy_from_slice(&self.first_index.to_be_bytes());
        bytes[24..].copy_from_slice(&self.first_batch.to_be_bytes());
        bytes
    }

    fn decode(bytes: [u8; BLOCK_RECORD_BYTES]) -> Self {
        let frame = FramePlace {
            offset: u64_at(&bytes, 0),
            certificate_bytes: u32_at(&bytes, 8),
            payload_bytes: u32_at(&bytes, 12),
        };
        Self { frame, first_index: u64_at(&bytes, 16), first_batch: u64_at(&bytes, 24) }
    }
}

impl BatchColumnRecord {
    pub(crate) fn encode(&self) -> [u8; BATCH_RECORD_BYTES] {
        let mut bytes = [0; BATCH_RECORD_BYTES];
        bytes[..8].copy_from_slice(&self.first_index.0.to_be_bytes());
        bytes[8..16].copy_from_slice(&self.height.0.to_be_bytes());
        bytes[16..24].copy_from_slice(&self.offset.to_be_bytes());
        bytes[24..28].copy_from_slice(&self.bytes.to_be_bytes());
        bytes[28..32].copy_from_slice(&self.entries.to_be_bytes());
        bytes[32..].copy_from_slice(&self.id.0);
        bytes
    }

    fn decode(bytes: [u8; BATCH_RECORD_BYTES]) -> Self {
        let mut id = BatchId([0; 32]);
        id.0.copy_from_slice(&bytes[32..]);
        Self {
            first_index: LogIndex(u64_at(&bytes, 0)),
            height: Height(u64_at(&bytes, 8)),
            offset: u64_at(&bytes, 16),
            bytes: u32_at(&bytes, 24),
            entries: u32_at(&bytes, 28),
            id,
        }
    }
}

fn u64_at(bytes: &[u8], start: usize) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[start..start + 8]);
    u64::from_be_bytes(number)
}

fn u32_at(bytes: &[u8], start: usize) -> u32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[start..start + 4]);
    u32::from_be_bytes(number)
}
