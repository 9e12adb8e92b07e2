//! What an operator may choose, and the limits that are fixed.

use sanad_core::genesis::BLOCK_BYTES_LIMIT;
use sanad_core::validators::CERTIFICATE_BYTES_MAX;

use crate::frame::FRAME_OVERHEAD_BYTES;

/// Longest frame of a block in a segment, in bytes.
pub const FRAME_BYTES_MAX: u64 =
    (FRAME_OVERHEAD_BYTES + CERTIFICATE_BYTES_MAX) as u64 + BLOCK_BYTES_LIMIT as u64;
/// Most bytes of undecided payloads that are kept at a time (64 MiB).
pub const UNDECIDED_BYTES_MAX: u64 = 64 << 20;
/// Longest undecided record, in bytes: a payload and what consensus needs beside it.
pub const UNDECIDED_RECORD_BYTES_MAX: usize = BLOCK_BYTES_LIMIT as usize + (64 << 10);
/// Bytes of blocks that may wait for the disk before an append waits for them (32 MiB).
pub const UNSYNCED_BYTES_MAX: u64 = 32 << 20;
/// Most entries that one call returns.
pub const ENTRIES_MAX: usize = 10_000;
/// Bytes of batches after which one call returns no more entries (4 MiB).
pub const ENTRIES_BYTES_MAX: u64 = 4 << 20;

/// How a store spends disk, memory and time. The defaults suit a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Length at which a segment is full and the next one begins, in bytes. A frame is never split.
    pub segment_bytes: u64,
    /// Blocks after which a checkpoint is made. More of them make opening slower after a crash.
    pub checkpoint_blocks: u64,
    /// Bytes of blocks after which a checkpoint is made.
    pub checkpoint_bytes: u64,
    /// Index keys that are held in memory before they become a run on disk.
    pub index_memory_keys: usize,
    /// Runs of like size that are merged into one; at least 2.
    pub index_fan_out: usize,
    /// Tiles that are held in memory of the log tree and of the history tree each, 16 KiB a tile.
    pub cached_tiles: usize,
    /// Memory that sled may use for its cache, in bytes. It holds little; its limit is not a strict one.
    pub sled_cache_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 256 << 20,
            checkpoint_blocks: 512,
            // Some 250,000 entries, which are executed again within a second.
            checkpoint_bytes: 8 << 20,
            index_memory_keys: 64 << 10,
            index_fan_out: 6,
            cached_tiles: 256,
            sled_cache_bytes: 4 << 20,
        }
    }
}
