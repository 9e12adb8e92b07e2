//! Why a call fails, before it becomes a status for the caller.

use std::time::Duration;

use sanad_core::codec::CodecError;
use sanad_core::hash::BatchId;

use super::shares::{Budget, Scope};
use crate::convert::WireError;
use crate::ledger_error::LedgerError;

/// Why a call fails.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error("a thread for blocking work failed")]
    Blocking(#[source] tokio::task::JoinError),
    #[error("the deadline ended")]
    Deadline,
    #[error("the deadline ended while batch {batch} was pending")]
    DeadlinePending { batch: BatchId },
    #[error("the server is stopping")]
    Stopping,
    #[error("the server is stopping while batch {batch} is pending")]
    StoppingPending { batch: BatchId },
    #[error("as many {budget} as are allowed at once, {max}{scope}")]
    Busy { budget: Budget, scope: Scope, max: usize },
    #[error("more than {per_second} calls a second{scope}")]
    Rate { per_second: u32, scope: Scope, retry_after: Duration },
    #[error("the caller took longer than {timeout:?} for one message")]
    Stalled { timeout: Duration },
    #[error("no consensus runs here")]
    NoConsensus,
    #[error("the caller is gone")]
    Gone,
}

impl CallError {
    /// The limit that was hit, as a word for metrics.
    pub(super) fn limit(&self) -> Option<&'static str> {
        match self {
            Self::Rate { .. } => Some("rate"),
            Self::Busy { budget, .. } => Some(match budget {
                Budget::Calls => "calls",
                Budget::AnswerBytes => "answer-bytes",
                Budget::BatchProofs => "batch-proofs",
                Budget::Subscriptions => "subscriptions",
            }),
            _ => None,
        }
    }
}

/// Faults of a request, whatever the ledger holds.
#[derive(Debug, thiserror::Error)]
pub(super) enum RequestError {
    #[error(transparent)]
    Field(#[from] WireError),
    #[error("neither issuance nor log_index is given")]
    NoCredential,
    #[error("{field} is 0, but counts from 1")]
    Zero { field: &'static str },
    #[error("{field} is {actual}, above {max}")]
    AboveLimit { field: &'static str, actual: u32, max: u32 },
    #[error("the page token does not belong to this list")]
    PageToken,
    #[error("index {index} is not in a log of {size} entries")]
    IndexBeyondSize { index: u64, size: u64 },
    #[error("old_size {old} is above new_size {new}")]
    OldBeyondNew { old: u64, new: u64 },
    #[error("the signed batch does not decode")]
    Batch(#[source] CodecError),
    #[error("wait has the unknown value {actual}")]
    Wait { actual: i32 },
}
