//! The columns of blocks and batches: their positions in the log.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Mutex;

use lru::LruCache;
use sanad_core::batch::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX};
use sanad_core::hash::BatchId;
use sanad_core::ids::{Height, LogIndex};

use crate::column::Column;
use crate::error::{Part, StoreError};
use crate::frame::FramePlace;

/// Width of a record of the `blocks` column.
pub(crate) const BLOCK_RECORD_BYTES: usize = 32;
/// Width of a record of the `batches` column.
pub(crate) const BATCH_RECORD_BYTES: usize = 64;

/// Names and widths of the fields of a record of the `blocks` column.
pub(crate) const BLOCK_FIELDS: [(&str, usize); 5] =
    [("offset", 8), ("certificate bytes", 4), ("payload bytes", 4), ("first index", 8), ("first batch", 8)];
/// Names and widths of the fields of a record of the `batches` column.
pub(crate) const BATCH_FIELDS: [(&str, usize); 6] =
    [("first index", 8), ("height", 8), ("offset", 8), ("bytes", 4), ("entries", 4), ("id", 32)];

/// Batch records that are read together at the end of a binary search: one page of 4 KiB.
const PAGE_RECORDS: u64 = 64;
/// First entries of pages that are kept, at most. Searches take the same steps at first, so these are asked for again and
/// again: with 100 million batches all but some 8 steps of 21 find theirs.
const FENCES: NonZeroUsize = NonZeroUsize::new(8_192).unwrap();

/// Position of a block, and what came before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockRecord {
    pub(crate) frame: FramePlace,
    /// Log index of its first entry: the entries before it.
    pub(crate) first_index: u64,
    /// Ordinal of its first batch: the batches before it.
    pub(crate) first_batch: u64,
}

/// Position and id of a batch.
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
    /// The first log index of each page of batch records that was looked at last. Records that may be read never change.
    fences: Mutex<LruCache<u64, LogIndex>>,
}

impl Columns {
    pub(crate) fn open(directory: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            blocks: Column::open(directory.join("blocks"), Part::Blocks)?,
            batches: Column::open(directory.join("batches"), Part::Batches)?,
            fences: Mutex::new(LruCache::new(FENCES)),
        })
    }

    /// Opens the columns read-only; `None` if one does not exist.
    pub(crate) fn open_to_read(directory: &Path) -> Result<Option<Self>, StoreError> {
        let blocks = Column::open_to_read(directory.join("blocks"), Part::Blocks)?;
        let batches = Column::open_to_read(directory.join("batches"), Part::Batches)?;
        let columns = |(blocks, batches)| Self { blocks, batches, fences: Mutex::new(LruCache::new(FENCES)) };
        Ok(blocks.zip(batches).map(columns))
    }

    /// The record of a block that was written; the first block has height 1 and place 0.
    pub(crate) fn block(&self, height: Height) -> Result<BlockRecord, StoreError> {
        let record = self.blocks.record(height.0.saturating_sub(1))?;
        BlockRecord::decode(record).ok_or(StoreError::Damaged { part: Part::Blocks })
    }

    /// The record of a batch that was written.
    pub(crate) fn batch(&self, ordinal: u64) -> Result<BatchColumnRecord, StoreError> {
        let record = self.batches.record(ordinal)?;
        BatchColumnRecord::decode(record).ok_or(StoreError::Damaged { part: Part::Batches })
    }

    /// The batch that holds an entry, with its ordinal: the last that begins at or before it. Requires
    /// `index` to be in one of the first `count` batches.
    pub(crate) fn batch_holding(
        &self,
        index: LogIndex,
        count: u64,
    ) -> Result<(u64, BatchColumnRecord), StoreError> {
        let pages = count.div_ceil(PAGE_RECORDS);
        // Invariant: the page begins at or before the entry. Steps are powers of two, so that they meet the same pages
        // while the log grows.
        let mut page = 0;
        let mut step = pages.next_power_of_two() / 2;
        while step > 0 {
            if page + step < pages && self.fence(page + step)? <= index {
                page += step;
            }
            step /= 2;
        }
        let low = page * PAGE_RECORDS;
        let page = self.batches.slice(low, (count - low).min(PAGE_RECORDS) as usize)?;
        let after = page.partition_point(|record| u64_at(record, 0) <= index.0);
        let place = after.saturating_sub(1);
        let record = page.get(place).and_then(|record| BatchColumnRecord::decode(*record));
        let holds = |record: &BatchColumnRecord| {
            index >= record.first_index && index.0 - record.first_index.0 < u64::from(record.entries)
        };
        let record = record.filter(holds).ok_or(StoreError::Damaged { part: Part::Batches })?;
        Ok((low + place as u64, record))
    }

    /// The first log index of a page of batch records.
    fn fence(&self, page: u64) -> Result<LogIndex, StoreError> {
        let fences = || self.fences.lock().expect("invariant: no holder of this lock panics");
        if let Some(first) = fences().get(&page) {
            return Ok(*first);
        }
        let first = self.batch(page * PAGE_RECORDS)?.first_index;
        fences().put(page, first);
        Ok(first)
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

    /// Reads a record; `None` if its lengths are beyond what a block can have.
    pub(crate) fn decode(bytes: [u8; BLOCK_RECORD_BYTES]) -> Option<Self> {
        let frame = FramePlace {
            offset: u64_at(&bytes, 0),
            certificate_bytes: u32_at(&bytes, 8),
            payload_bytes: u32_at(&bytes, 12),
        };
        let record = Self { frame, first_index: u64_at(&bytes, 16), first_batch: u64_at(&bytes, 24) };
        frame.is_possible().then_some(record)
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

    /// Reads a record; `None` if its numbers are beyond what a batch can have.
    fn decode(bytes: [u8; BATCH_RECORD_BYTES]) -> Option<Self> {
        let mut id = BatchId([0; 32]);
        id.0.copy_from_slice(&bytes[32..]);
        let record = Self {
            first_index: LogIndex(u64_at(&bytes, 0)),
            height: Height(u64_at(&bytes, 8)),
            offset: u64_at(&bytes, 16),
            bytes: u32_at(&bytes, 24),
            entries: u32_at(&bytes, 28),
            id,
        };
        let possible =
            record.bytes as usize <= BATCH_BYTES_MAX && record.entries as usize <= BATCH_EVENTS_MAX;
        possible.then_some(record)
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

#[cfg(test)]
mod tests {
    use super::*;

    // Changing what is pinned here is a change of format.
    #[test]
    fn layout() {
        let frame = FramePlace { offset: 1, certificate_bytes: 48, payload_bytes: 285 };
        let block = BlockRecord { frame, first_index: 3, first_batch: 4 };
        let expected = [
            0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 48, 0, 0, 1, 29, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4,
        ];
        assert_eq!(block.encode(), expected);
        assert_eq!(BlockRecord::decode(expected), Some(block));
        assert_eq!(BlockRecord::decode([0xff; 32]), None);
        let batch = BatchColumnRecord {
            first_index: LogIndex(1),
            height: Height(2),
            offset: 3,
            bytes: 4,
            entries: 5,
            id: BatchId([6; 32]),
        };
        let mut expected = [6; 64];
        expected[..32].copy_from_slice(&[
            0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5,
        ]);
        assert_eq!(batch.encode(), expected);
        assert_eq!(BatchColumnRecord::decode(expected), Some(batch));
        assert_eq!(BatchColumnRecord::decode([0xff; 64]), None);
    }

    #[test]
    fn the_batch_that_holds_an_entry_is_found_while_the_log_grows() {
        let directory = tempfile::tempdir().unwrap();
        let columns = Columns::open(directory.path()).unwrap();
        let mut holding = Vec::new();
        for ordinal in 0..1_000 {
            let entries = 1 + ordinal as u32 * 7 % 5;
            let first_index = LogIndex(holding.len() as u64);
            let id = BatchId([7; 32]);
            let record =
                BatchColumnRecord { first_index, height: Height(1), offset: 0, bytes: 1, entries, id };
            columns.batches.write(ordinal, &[record.encode()]).unwrap();
            holding.extend((0..entries).map(|_| ordinal));
            let count = ordinal + 1;
            if count < 4 || count % 64 < 2 || count % 101 == 0 {
                for (index, held_by) in holding.iter().enumerate() {
                    let (found, record) = columns.batch_holding(LogIndex(index as u64), count).unwrap();
                    assert_eq!(found, *held_by, "entry {index} of {count} batches");
                    assert!(record.first_index.0 <= index as u64);
                }
                let beyond = columns.batch_holding(LogIndex(holding.len() as u64), count);
                assert!(matches!(beyond, Err(StoreError::Damaged { part: Part::Batches })));
            }
        }
        assert_eq!(columns.fences.lock().unwrap().len(), 1_000 / 64);
    }
}
