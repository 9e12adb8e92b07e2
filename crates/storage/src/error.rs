//! What can go wrong: the caller's fault, damage on disk, and I/O, kept apart.

use std::io;
use std::path::{Path, PathBuf};

use sanad_core::hash::{BlockHash, ChainId};
use sanad_core::ids::{Height, LogIndex, LogSize};
use sanad_core::validators::ValidatorSetError;

use crate::fault::Fault;

/// Why an open store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The caller appends a block that is not the next one.
    #[error("the block of height {actual} cannot be appended; the next height is {expected}")]
    NotNext {
        /// Height of the next block.
        expected: Height,
        /// The block's.
        actual: Height,
    },
    /// The caller appends a block on top of another one than the head.
    #[error("the block follows {actual}, not the head {expected}")]
    NotOnHead {
        /// The head.
        expected: BlockHash,
        /// What the block names as its previous.
        actual: BlockHash,
    },
    /// The caller's block, certificate and execution are not of one block.
    #[error("the {part} is of block {actual}, not {expected}")]
    Mismatch {
        /// Which of them.
        part: &'static str,
        /// Hash of the execution's header.
        expected: BlockHash,
        /// What the part is of.
        actual: BlockHash,
    },
    /// The caller's block does not have the batches that were executed.
    #[error("the batches of the block of height {height} are not those that were executed")]
    OtherBatches {
        /// The block.
        height: Height,
    },
    /// The caller gives or asks for more bytes than a limit allows.
    #[error("{what}: {actual} bytes, more than the limit of {limit}")]
    TooLong {
        /// What is too long.
        what: &'static str,
        /// Its length.
        actual: u64,
        /// Most bytes allowed.
        limit: u64,
    },
    /// The caller asks for an entry that is still to come.
    #[error("log index {index} is still to come; the log has {size} entries")]
    BeyondLog {
        /// The index.
        index: LogIndex,
        /// Entries in the log.
        size: LogSize,
    },
    /// The caller asks for a tree node over entries that are still to come.
    #[error("subtree {index} of 2^{level} leaves is beyond the log of {size} entries")]
    NodeBeyondLog {
        /// The subtree has 2^`level` leaves.
        level: u8,
        /// Its place on its level.
        index: u64,
        /// Entries in the log.
        size: LogSize,
    },
    /// What the segments hold of a block is not what was written. Only a copy from another node helps.
    #[error("the block of height {height} is damaged on disk: {fault}")]
    Corrupt {
        /// The block.
        height: Height,
        /// How it shows.
        fault: Fault,
    },
    /// The head of a segment file is damaged, so that nothing in it can be read. Only a copy helps.
    #[error("{path}: the head of the segment is damaged")]
    CorruptSegment {
        /// The file.
        path: PathBuf,
    },
    /// A column, an index or the checkpoint is damaged. Segments are the truth: rebuild from them.
    #[error("{part} do not fit the segments; stop the node and rebuild them (`sanad audit --rebuild`)")]
    Damaged {
        /// Which part.
        part: Part,
    },
    /// An earlier write failed, so that nothing is known of what is on disk; open the store again.
    #[error("a write failed before; the store takes no more")]
    Poisoned,
    /// A sync of the columns or tiles failed. Linux may drop what it could not write and report success the next time,
    /// so no checkpoint may vouch for them until they are written again from the segments, at the next opening.
    #[error("columns could not be synced; no checkpoint is made until the store is opened again")]
    CheckpointsSuspended,
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// The operating system refuses.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Why a store did not open, or was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no such directory. A store is made by `Store::create` alone.
    #[error("there is no directory {path}")]
    MissingDirectory {
        /// The directory.
        path: PathBuf,
    },
    /// A store is to be made where there is something already.
    #[error("{path} is not empty; a store is made in a new directory alone")]
    NotEmpty {
        /// The directory.
        path: PathBuf,
    },
    /// The directory holds no store, or its `store.json` is not readable.
    #[error("{path} is no store: {reason}")]
    NotAStore {
        /// The file that tells.
        path: PathBuf,
        /// How it shows.
        reason: &'static str,
    },
    /// Another process has the store open.
    #[error("{path} is in use by another process")]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// The store was written by another version.
    #[error("the store has format {actual}; this program knows format {expected}")]
    UnsupportedVersion {
        /// This program's.
        expected: u32,
        /// The store's.
        actual: u32,
    },
    /// The store is of another chain than the genesis.
    #[error("the store is of chain {found}, the genesis of chain {expected}")]
    ForeignChain {
        /// The chain of the genesis.
        expected: ChainId,
        /// The store's.
        found: ChainId,
    },
    /// The genesis makes no state.
    #[error("the genesis: {0}")]
    Genesis(#[from] ValidatorSetError),
    /// The store is there, but does not read as it should.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What can be rebuilt from the segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The `blocks` column.
    Blocks,
    /// The `batches` column.
    Batches,
    /// The tile columns.
    Tiles,
    /// The sorted runs.
    Index,
    /// The checkpoint in sled: records, status leaves, the place in the log.
    Checkpoint,
}

impl Part {
    /// The part in a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blocks => "blocks",
            Self::Batches => "batches",
            Self::Tiles => "tiles",
            Self::Index => "index",
            Self::Checkpoint => "checkpoint",
        }
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Blocks => "the blocks column's records",
            Self::Batches => "the batches column's records",
            Self::Tiles => "the tiles of the log tree",
            Self::Index => "the index runs",
            Self::Checkpoint => "the checkpoint's contents",
        })
    }
}

/// Gives an I/O error the path that it happened at.
pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> StoreError + '_ {
    move |source| StoreError::Io { path: path.to_owned(), source }
}
