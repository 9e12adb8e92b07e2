//! What an audit finds, where, and how bad it is.

use std::path::PathBuf;

use sanad_chain::Fault;
use sanad_core::ids::Height;

use crate::error::Part;

/// Something in a store that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Finding {
    /// A block is damaged, or does not follow from those before. Only a copy from another node helps.
    #[error("the block of height {height} is damaged")]
    Block {
        /// The first such block; those after it were not looked at.
        height: Height,
        /// How it shows.
        #[source]
        fault: Fault,
    },
    /// The head of a segment file is damaged, so that no block in it can be read. Only a copy helps.
    #[error("{}: the head of the segment, which begins with the block of height {height}, is damaged", path.display())]
    SegmentHead {
        /// The file.
        path: PathBuf,
        /// The first block in it.
        height: Height,
    },
    /// The log ends with what a write that was cut off leaves, after the last block that a checkpoint vouches
    /// for. A node cuts it when it opens the store, and gets the block again.
    #[error(
        "the log ends inside the block of height {height}: a torn tail of {bytes} bytes, which a node would cut"
    )]
    Torn {
        /// The block that was being written.
        height: Height,
        /// Bytes after the last whole block.
        bytes: u64,
    },
    /// A file that does not belong to a store.
    #[error("{}: this file does not belong to a store", path.display())]
    Stray {
        /// The file.
        path: PathBuf,
    },
    /// `store.json` is damaged or missing.
    #[error("{}: {reason}", path.display())]
    Identity {
        /// The file.
        path: PathBuf,
        /// How it shows.
        reason: String,
    },
    /// A record of a column, or a hash of a tile, is not what the log gives.
    #[error("{part}: for the block of height {height}, {field} number {place} is {actual}, not {expected}")]
    Record {
        /// The column.
        part: Part,
        /// The block.
        height: Height,
        /// Place of the record in its file.
        place: u64,
        /// The field that differs.
        field: String,
        /// What the log gives.
        expected: String,
        /// What is there.
        actual: String,
    },
    /// A file is longer or shorter than what it holds.
    #[error("{}: {actual} bytes, not {expected}", path.display())]
    Length {
        /// The column.
        part: Part,
        /// The file.
        path: PathBuf,
        /// Bytes that the log gives.
        expected: u64,
        /// Bytes that are there.
        actual: u64,
    },
    /// An index run is not what the log gives.
    #[error("{}: the index run is damaged", path.display())]
    Run {
        /// The file.
        path: PathBuf,
        /// The block whose key is at fault, if known.
        height: Option<Height>,
        /// How it shows.
        #[source]
        fault: RunFault,
    },
    /// The checkpoint is not the state that the log leads to.
    #[error("the checkpoint: {what} is {actual}, not {expected}")]
    Checkpoint {
        /// Its block, if known.
        height: Option<Height>,
        /// What differs.
        what: String,
        /// What the log gives.
        expected: String,
        /// What is there.
        actual: String,
    },
}

/// How damage to an index run shows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunFault {
    /// Head, fences or filter do not match their checksum, or the file has another length.
    #[error("head, fences or filter do not match their checksum")]
    Head,
    /// The run is of another store, or has another name than its head says.
    #[error("the run is not the one that its name says")]
    Foreign,
    /// No run ends where this one begins.
    #[error("no run covers the places from {from} on, where this one begins later")]
    Gap {
        /// The first place that no run covers.
        from: u64,
    },
    /// It covers places that the log does not have.
    #[error("the run covers places up to {end}; the log has {size}")]
    Beyond {
        /// Where the run ends.
        end: u64,
        /// Places of the log.
        size: u64,
    },
    /// A page does not match its checksum.
    #[error("page {page} does not match its checksum")]
    Page {
        /// The page, from 0.
        page: u64,
    },
    /// The keys of a page are out of order, or fence or filter do not know them.
    #[error("page {page} is out of order, or fences or filter do not know its keys")]
    Order {
        /// The page, from 0.
        page: u64,
    },
    /// A key is not the one of its place in the log.
    #[error("the key {actual:016x} is not one of place {place}")]
    Key {
        /// The place: a log index, or the ordinal of a batch.
        place: u64,
        /// The key there.
        actual: u64,
    },
    /// Keys are missing.
    #[error("{actual} keys, not {expected}")]
    Count {
        /// Keys that the log gives.
        expected: u64,
        /// Keys that are there.
        actual: u64,
    },
}

/// The result of an audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// Everything is as it should be.
    Sound,
    /// All whole blocks are sound; the log ends with a write that was cut off.
    Torn,
    /// The log is sound; what is derived from it is not, and can be rebuilt.
    Derived,
    /// The log is not sound.
    Damaged,
}

impl Verdict {
    /// The verdict in a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sound => "sound",
            Self::Torn => "torn",
            Self::Derived => "derived",
            Self::Damaged => "damaged",
        }
    }
}

impl Finding {
    /// How bad it is.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Block { .. } | Self::SegmentHead { .. } => Verdict::Damaged,
            Self::Torn { .. } => Verdict::Torn,
            Self::Stray { .. }
            | Self::Identity { .. }
            | Self::Record { .. }
            | Self::Length { .. }
            | Self::Run { .. }
            | Self::Checkpoint { .. } => Verdict::Derived,
        }
    }

    /// The block that it is about, if it is about one.
    pub fn height(&self) -> Option<Height> {
        match self {
            Self::Block { height, .. }
            | Self::SegmentHead { height, .. }
            | Self::Torn { height, .. }
            | Self::Record { height, .. } => Some(*height),
            Self::Run { height, .. } | Self::Checkpoint { height, .. } => *height,
            Self::Stray { .. } | Self::Identity { .. } | Self::Length { .. } => None,
        }
    }

    /// What is at fault, in a word or two.
    pub fn part(&self) -> String {
        match self {
            Self::Block { fault, .. } => fault.part(),
            Self::SegmentHead { .. } => "segment head".to_owned(),
            Self::Torn { .. } => "tail".to_owned(),
            Self::Stray { .. } => "file".to_owned(),
            Self::Identity { .. } => "store.json".to_owned(),
            Self::Record { part, field, .. } => format!("{} {field}", part.as_str()),
            Self::Length { part, .. } => format!("{} length", part.as_str()),
            Self::Run { .. } => "index".to_owned(),
            Self::Checkpoint { what, .. } => format!("checkpoint {what}"),
        }
    }

    /// What should be there and what is, if both are known.
    pub fn values(&self) -> Option<(String, String)> {
        match self {
            Self::Block { fault, .. } => fault.values(),
            Self::Record { expected, actual, .. } | Self::Checkpoint { expected, actual, .. } => {
                Some((expected.clone(), actual.clone()))
            }
            Self::Length { expected, actual, .. } => Some((expected.to_string(), actual.to_string())),
            Self::Run { fault: RunFault::Count { expected, actual }, .. } => {
                Some((expected.to_string(), actual.to_string()))
            }
            Self::SegmentHead { .. }
            | Self::Torn { .. }
            | Self::Stray { .. }
            | Self::Identity { .. }
            | Self::Run { .. } => None,
        }
    }
}
