//! Why a node could not do what its API asked of it.

use std::time::Duration;

use sanad_core::execution::BatchError;
use sanad_core::hash::{BatchId, ChunkHash, Commitment};
use sanad_core::ids::{Height, LogIndex, LogSize, MemberId, Sequence};

/// Why a [`crate::Ledger`] gives no answer. `server/status.rs` says what is sent to the caller.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The ledger does not hold it.
    #[error("{0}")]
    NotFound(Missing),
    /// The chain has no block yet, so nothing can be proved.
    #[error("the chain has no block yet")]
    NoBlock,
    /// The block is still to come.
    #[error("height {height} is beyond the head, {head}")]
    HeightBeyondHead {
        /// The height asked for.
        height: Height,
        /// The last final one.
        head: Height,
    },
    /// The entry is still to come.
    #[error("log index {index} is beyond the log of {size} entries")]
    IndexBeyondLog {
        /// The index asked for.
        index: LogIndex,
        /// Entries in the log.
        size: LogSize,
    },
    /// The log is not that long yet.
    #[error("size {asked} is beyond the log of {size} entries")]
    SizeBeyondLog {
        /// Entries of the log that was asked about.
        asked: LogSize,
        /// Entries in the log.
        size: LogSize,
    },
    /// This node started from a snapshot and does not keep older blocks.
    #[error("this node keeps no blocks before height {first}")]
    NotKept {
        /// The first height it keeps.
        first: Height,
    },
    /// This node started from a snapshot and does not know the members before it.
    #[error("this node keeps the members of past blocks from height {first} on")]
    RegisterNotKept {
        /// The first height whose members it keeps.
        first: Height,
    },
    /// The ledger refuses the batch.
    #[error(transparent)]
    Refused(#[from] BatchError),
    /// Another batch waits for the same place in the issuer's chain.
    #[error("{issuer} has another batch with sequence number {sequence} pending: {pending}")]
    SequencePending {
        /// Member that signed both batches.
        issuer: MemberId,
        /// The place.
        sequence: Sequence,
        /// The batch that waits for it.
        pending: BatchId,
    },
    /// The pool is full.
    #[error("the pool is full: {batches} batches, {bytes} bytes")]
    PoolFull {
        /// Batches in the pool.
        batches: usize,
        /// Their length, in bytes.
        bytes: usize,
        /// When to try again.
        retry_after: Duration,
    },
    /// The disk of the node is almost full, so that it takes no batches.
    #[error("the disk of the node is almost full")]
    DiskLow,
    /// The pool was full, and the batch gave way to one of an issuer with fewer bytes in it.
    #[error("batch {batch} gave way to one of another issuer when the pool was full")]
    Displaced {
        /// Hash of the batch that was dropped.
        batch: BatchId,
        /// When to try again.
        retry_after: Duration,
    },
    /// The issuer has as many batches in the pool as one issuer may.
    #[error("{issuer} has {batches} batches pending, and may have no more")]
    SubmissionLimit {
        /// Member that signed the batch.
        issuer: MemberId,
        /// Its batches in the pool.
        batches: usize,
        /// When to try again.
        retry_after: Duration,
    },
    /// The node is behind and accepts no batches until it has caught up.
    #[error("the node is catching up from height {height}")]
    Syncing {
        /// Its head.
        height: Height,
    },
    /// The node is about to stop.
    #[error("the node is stopping")]
    Stopping,
    /// What the ledger is read from was changed or is not whole. The caller hears what.
    #[error(transparent)]
    Damaged(Box<dyn std::error::Error + Send + Sync>),
    /// This node cannot read a part of its ledger. The details go to the log: the caller asks another node.
    #[error("this node cannot read that part of its ledger")]
    Unreadable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What the ledger is read from cannot be reached now, or changes while it is read. The caller hears why.
    #[error(transparent)]
    OutOfReach(Box<dyn std::error::Error + Send + Sync>),
    /// This ledger cannot do what was asked for.
    #[error("{what}")]
    Unsupported {
        /// What it cannot do, and who can.
        what: &'static str,
    },
    /// Internal failure; details are not sent to the caller.
    #[error("internal failure")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl LedgerError {
    /// An internal failure.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }
}

/// What was not found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Missing {
    /// An entry with this commitment by this member.
    #[error("the commitment {commitment} of {issuer} is not on the ledger")]
    Issuance {
        /// Member that was named.
        issuer: MemberId,
        /// Commitment that was asked for.
        commitment: Commitment,
    },
    /// A batch.
    #[error("the batch {0} is not on the ledger")]
    Batch(BatchId),
    /// A member.
    #[error("the member {0} is not on the ledger")]
    Member(MemberId),
    /// A member as of a block of the past.
    #[error("there was no member {member} after block {height}")]
    MemberAsOf {
        /// Id that was asked for.
        member: MemberId,
        /// The block.
        height: Height,
    },
    /// A snapshot: this node serves none.
    #[error("this node offers no snapshot")]
    Snapshot,
    /// A chunk of a snapshot.
    #[error("this node offers no snapshot with the chunk {0}")]
    SnapshotChunk(ChunkHash),
}
