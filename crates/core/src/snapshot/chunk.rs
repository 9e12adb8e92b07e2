//! Chunks: records with their lengths, one after the other.

use crate::genesis::BLOCK_BYTES_LIMIT;
use crate::hash::{self, ChunkHash};

/// A chunk ends with the record that brings it to this length, in bytes (4 MiB).
pub const CHUNK_BYTES: usize = 4 << 20;
/// Longest record: a block.
pub const RECORD_BYTES_MAX: usize = BLOCK_BYTES_LIMIT as usize;
/// Longest chunk, in bytes.
pub const CHUNK_BYTES_MAX: usize = CHUNK_BYTES - 1 + LENGTH_BYTES + RECORD_BYTES_MAX;
const LENGTH_BYTES: usize = 4;

/// Cuts records into chunks. Where a chunk ends depends on nothing but the records, so that all nodes cut the same
/// blocks into the same chunks.
#[derive(Debug, Default)]
pub struct ChunkCutter {
    bytes: Vec<u8>,
}

/// Why a chunk does not hold records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChunkFault {
    /// It ends inside a record.
    #[error("the chunk ends inside a record")]
    Truncated,
    /// A record is longer than any can be.
    #[error("a record of the chunk states {bytes} bytes")]
    Length {
        /// The length that it states.
        bytes: u32,
    },
    /// It goes on after the record that had to be its last.
    #[error("the chunk holds more records than a chunk is cut to")]
    Cut,
}

impl ChunkCutter {
    /// Adds a record of at most [`RECORD_BYTES_MAX`]; returns the chunk that it completes.
    pub fn push(&mut self, record: &[u8]) -> Option<Vec<u8>> {
        self.bytes.extend_from_slice(&(record.len() as u32).to_be_bytes());
        self.bytes.extend_from_slice(record);
        (self.bytes.len() >= CHUNK_BYTES).then(|| std::mem::take(&mut self.bytes))
    }

    /// The last chunk, unless the one before ended with the last record.
    pub fn finish(self) -> Option<Vec<u8>> {
        (!self.bytes.is_empty()).then_some(self.bytes)
    }
}

/// The records of a chunk.
///
/// # Errors
/// [`ChunkFault`].
pub fn records(chunk: &[u8]) -> Result<Vec<&[u8]>, ChunkFault> {
    let (mut rest, mut records) = (chunk, Vec::new());
    while !rest.is_empty() {
        if chunk.len() - rest.len() >= CHUNK_BYTES {
            return Err(ChunkFault::Cut);
        }
        let (length, after) = rest.split_first_chunk::<LENGTH_BYTES>().ok_or(ChunkFault::Truncated)?;
        let bytes = u32::from_be_bytes(*length);
        if bytes as usize > RECORD_BYTES_MAX {
            return Err(ChunkFault::Length { bytes });
        }
        let (record, after) = after.split_at_checked(bytes as usize).ok_or(ChunkFault::Truncated)?;
        records.push(record);
        rest = after;
    }
    Ok(records)
}

impl ChunkHash {
    /// The hash of a chunk.
    pub fn of(bytes: &[u8]) -> Self {
        Self(hash::SNAPSHOT_CHUNK.hash(&[bytes]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_is_read_and_nothing_else() {
        let mut cutter = ChunkCutter::default();
        let lengths = [0, 5, CHUNK_BYTES / 2, CHUNK_BYTES / 2, 3, RECORD_BYTES_MAX, 7];
        let all: Vec<Vec<u8>> = lengths.iter().map(|length| vec![1; *length]).collect();
        let mut chunks: Vec<_> = all.iter().filter_map(|record| cutter.push(record)).collect();
        chunks.extend(cutter.finish());
        assert_eq!(chunks.len(), 3);
        let read: Vec<Vec<u8>> =
            chunks.iter().flat_map(|chunk| records(chunk).unwrap()).map(<[u8]>::to_vec).collect();
        assert_eq!(read, all);
        assert!(chunks.iter().all(|chunk| chunk.len() <= CHUNK_BYTES_MAX));

        assert_eq!(records(&chunks.concat()), Err(ChunkFault::Cut));
        assert_eq!(records(&chunks[2][..10]), Err(ChunkFault::Truncated));
        assert_eq!(records(&[0, 0, 0]), Err(ChunkFault::Truncated));
        assert_eq!(records(&[255; 8]), Err(ChunkFault::Length { bytes: u32::MAX }));
    }
}
