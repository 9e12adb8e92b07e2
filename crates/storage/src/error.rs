//! What can go wrong: the caller's fault, damage on disk, and I/O, kept apart.

use std::io;
use std::path::{Path, PathBuf};

use sanad_chain::Fault;
use sanad_core::hash::{BlockHash, ChainId};
use sanad_core::ids::{Height, LogIndex, LogSize};
use sanad_core::validators::ValidatorSetError;

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
    /// The caller appends a block that does not follow the head.
    #[error("the block follows {actual}, not the head {expected}")]
    NotOnHead {
        /// The head.
        expected: BlockHash,
        /// The block that it follows.
        actual: BlockHash,
    },
    /// The caller's block, certificate and execution do not belong together.
    #[error("the {part} belongs to block {actual}, not {expected}")]
    Mismatch {
        /// Which of them.
        part: &'static str,
        /// Hash of the execution's header.
        expected: BlockHash,
        /// The block of the part.
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
        /// Log index that was asked for.
        index: LogIndex,
        /// Entries in the log.
        size: LogSize,
    },
    /// The caller asks for a register from before the first one that the store has.
    #[error("registers of members are kept from height {first} on")]
    BeforeRegister {
        /// The first height whose register it has.
        first: Height,
    },
    /// The caller asks for a tree node over leaves that are still to come.
    #[error("subtree {index} of 2^{level} leaves is beyond the tree of {size} leaves")]
    NodeBeyondTree {
        /// The subtree has 2^`level` leaves.
        level: u8,
        /// Its place on its level.
        index: u64,
        /// Leaves of the tree.
        size: u64,
    },
    /// What the segments hold of a block is not what was written. Only a copy from another node helps.
    #[error("the block of height {height} is damaged on disk")]
    Corrupt {
        /// The block.
        height: Height,
        /// How it shows.
        #[source]
        fault: Fault,
    },
    /// The head of a segment file is damaged, so that nothing in it can be read. Only a copy helps.
    #[error("{path}: the head of the segment is damaged")]
    CorruptSegment {
        /// The file.
        path: PathBuf,
    },
    /// A segment file is missing. Only a copy helps.
    #[error("the segment that begins at offset {base} is missing")]
    MissingSegment {
        /// Logical offset of its first frame.
        base: u64,
    },
    /// A column, an index or the checkpoint is damaged. Segments are the truth: rebuild from them.
    #[error("{part} do not match the segments; stop the node and rebuild them (`sanad audit --rebuild`)")]
    Damaged {
        /// Which part.
        part: Part,
    },
    /// An earlier write failed, so it is unknown what is on disk. Open the store again.
    #[error("an earlier write failed; the store must be opened again")]
    Poisoned,
    /// A sync of the columns or tiles failed. Linux may drop what it could not write and report success the next time,
    /// so no checkpoint may vouch for them until they are written again from the segments, at the next opening.
    #[error("columns could not be synced; no checkpoint is made until the store is opened again")]
    CheckpointsSuspended,
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// An I/O error.
    #[error("{path} cannot be read or written")]
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
}

/// Why a store did not open, or was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no such directory. Only `Store::create` makes one.
    #[error("there is no directory {path}")]
    MissingDirectory {
        /// The directory.
        path: PathBuf,
    },
    /// The process runs as root, and the store is another user's.
    #[error(
        "{path} belongs to user {owner}: run this as that user (`sudo -u sanad ...`), since files that root writes there would \
         keep the node from starting"
    )]
    AsRoot {
        /// The directory.
        path: PathBuf,
        /// The user's number.
        owner: u32,
    },
    /// The directory for a new store is not empty.
    #[error("{path} is not empty; a new store needs a new or empty directory")]
    NotEmpty {
        /// The directory.
        path: PathBuf,
    },
    /// The directory holds no store, or its `store.json` is not readable.
    #[error("{path} does not belong to a store: {reason}")]
    NotAStore {
        /// The file that shows it.
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
    #[error(
        "the store has format {actual}; this program knows format {expected}: use the program that wrote it, or a newer one"
    )]
    UnsupportedVersion {
        /// This program's.
        expected: u32,
        /// The store's.
        actual: u32,
    },
    /// The store is of another chain than the genesis.
    #[error("the store belongs to chain {found}, the genesis to chain {expected}")]
    ForeignChain {
        /// The chain of the genesis.
        expected: ChainId,
        /// The store's.
        found: ChainId,
    },
    /// The genesis has no validator set.
    #[error("the genesis has no validator set")]
    Genesis(#[from] ValidatorSetError),
    /// The store cannot be read.
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
    /// The tiles of the log tree.
    Tiles,
    /// The tiles of the history tree.
    History,
    /// The former registers.
    Register,
    /// The sorted runs.
    Index,
    /// The checkpoint in sled: parameters, members, status leaves, validator sets, the place in the log.
    Checkpoint,
}

impl Part {
    /// All parts.
    pub(crate) const ALL: [Self; 7] = [
        Self::Blocks,
        Self::Batches,
        Self::Tiles,
        Self::History,
        Self::Register,
        Self::Index,
        Self::Checkpoint,
    ];

    /// The part in a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blocks => "blocks",
            Self::Batches => "batches",
            Self::Tiles => "tiles",
            Self::History => "history",
            Self::Register => "register",
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
            Self::History => "the tiles of the history tree",
            Self::Register => "the former registers",
            Self::Index => "the index runs",
            Self::Checkpoint => "the checkpoint's contents",
        })
    }
}

/// Adds the path to an I/O error.
pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> StoreError + '_ {
    move |source| StoreError::Io { path: path.to_owned(), source }
}
