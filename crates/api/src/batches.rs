//! What became of a batch.

use sanad_core::execution::BatchError;
use sanad_core::hash::BatchId;
use sanad_core::ids::{Height, LogIndex};

/// How far a batch is, as the node knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BatchState {
    /// Checked, and waiting for a block.
    Pending,
    /// In a final block.
    Final(FinalBatch),
    /// Refused after it had waited, as when another batch took its place.
    Refused(BatchError),
}

/// Where a batch stands in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FinalBatch {
    /// Height of the block.
    pub height: Height,
    /// Its time, in milliseconds since 1970-01-01 UTC.
    pub block_time_ms: u64,
    /// Log index of the batch's first entry.
    pub first_index: LogIndex,
    /// Number of its entries.
    pub entries: u32,
}

/// How far a batch is, as a node told its client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchResult {
    /// The batch.
    pub id: BatchId,
    /// How far it is.
    pub outcome: BatchOutcome,
}

/// The three ways a batch can stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BatchOutcome {
    /// Checked, and waiting for a block.
    Pending,
    /// In a final block.
    Final(FinalBatch),
    /// Refused.
    Refused {
        /// The rule it broke, as a stable word such as `sequence-gap`.
        word: String,
        /// The rule in a sentence.
        message: String,
    },
}

/// When `SubmitBatch` answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Wait {
    /// Once the batch is in a final block.
    #[default]
    Final,
    /// Once the node has checked the batch and will pass it on.
    Accepted,
}
