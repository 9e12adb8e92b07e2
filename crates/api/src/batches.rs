//! States of batches.

use sanad_core::execution::BatchError;
use sanad_core::hash::BatchId;
use sanad_core::ids::{Height, LogIndex};

use crate::error_code::ErrorCode;

/// The state of a batch, as the node knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BatchState {
    /// Checked, and waiting for a block.
    Pending,
    /// In a final block.
    Final(FinalBatch),
    /// Refused after it had waited, as when another batch took its place.
    Refused(BatchError),
}

/// A batch's position in the log.
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

/// The state of a batch, as a node reports it to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchResult {
    /// Hash of the batch.
    pub id: BatchId,
    /// Its state.
    pub outcome: BatchOutcome,
}

/// The state of a batch, without the details that stay in the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BatchOutcome {
    /// Checked, and waiting for a block.
    Pending,
    /// In a final block.
    Final(FinalBatch),
    /// The rules do not take it as things stand.
    Refused {
        /// The rule it broke.
        code: ErrorCode,
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
