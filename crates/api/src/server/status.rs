//! What the caller hears of an error: a code, a sentence with the next step, and a stable word.
//!
//! **Invariant:** no other file makes a `Status`, and nothing of an internal failure goes beyond the log.

use std::time::Duration;

use sanad_core::execution::{BatchError, EventError};
use tonic::metadata::MetadataValue;
use tonic::{Code, Status};

use super::call_error::{CallError, RequestError};
use crate::ledger_error::LedgerError;
use crate::metadata::{ERROR_WORD, RETRY_AFTER_MS};
use crate::refusal;

/// How an error is told.
struct Telling {
    code: Code,
    word: &'static str,
    message: String,
    retry_after: Option<Duration>,
}

impl Telling {
    fn new(code: Code, word: &'static str, message: impl Into<String>) -> Self {
        Self { code, word, message: message.into(), retry_after: None }
    }

    fn retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }
}

impl From<CallError> for Status {
    fn from(error: CallError) -> Self {
        let telling = tell(&error);
        if telling.code == Code::Internal {
            tracing::error!(error = %causes(&error), "a call failed");
        } else {
            tracing::debug!(code = ?telling.code, word = telling.word, error = %error, "a call was refused");
        }
        let mut status = Self::new(telling.code, telling.message);
        let metadata = status.metadata_mut();
        metadata.insert(ERROR_WORD, MetadataValue::from_static(telling.word));
        if let Some(delay) = telling.retry_after {
            let ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
            metadata.insert(RETRY_AFTER_MS, MetadataValue::from(ms));
        }
        status
    }
}

fn tell(error: &CallError) -> Telling {
    match error {
        CallError::Request(error) => request(error),
        CallError::Ledger(error) => ledger(error),
        CallError::Blocking(_) => internal(),
        CallError::Deadline => Telling::new(
            Code::DeadlineExceeded,
            "deadline",
            "the deadline ended before the answer was ready; try again with a later one",
        ),
        CallError::DeadlinePending { batch } => Telling::new(
            Code::DeadlineExceeded,
            "batch-pending",
            format!("the deadline ended while batch {batch} was pending; ask GetBatch what became of it"),
        ),
        CallError::Stopping => {
            Telling::new(Code::Unavailable, "stopping", "the node is stopping; try another node")
        }
        CallError::StoppingPending { batch } => Telling::new(
            Code::Unavailable,
            "batch-pending",
            format!("the node is stopping while batch {batch} is pending; submit it again at another node"),
        ),
        CallError::Busy { kind, max } => Telling::new(
            Code::ResourceExhausted,
            "busy",
            format!("the node serves {max} {kind} at once and no more; try again, or another node"),
        )
        .retry_after(BUSY_RETRY),
        CallError::Rate { per_second, retry_after } => Telling::new(
            Code::ResourceExhausted,
            "rate",
            format!("a connection has {per_second} calls a second; call more slowly"),
        )
        .retry_after(*retry_after),
        CallError::Stalled { timeout } => Telling::new(
            Code::ResourceExhausted,
            "stalled",
            format!("no message was taken for {} s; resume after the last one received", timeout.as_secs()),
        ),
        CallError::Gone => Telling::new(Code::Cancelled, "gone", "the caller went away"),
    }
}

fn request(error: &RequestError) -> Telling {
    let (word, step) = match error {
        RequestError::Field(_) => ("malformed", "see the field's comment in proto/sanad/v1"),
        RequestError::NoCredential => ("no-credential", "give one of the two"),
        RequestError::Zero { .. } => ("zero", "give a number from 1"),
        RequestError::AboveLimit { .. } => ("above-limit", "ask for fewer, and page"),
        RequestError::PageToken => ("page-token", "give next_page_token as it came, to the same method"),
        RequestError::IndexBeyondSize { .. } => ("index-beyond-size", "give an index below the size"),
        RequestError::OldBeyondNew { .. } => ("sizes-reversed", "give the smaller size first"),
        RequestError::Batch(_) => ("malformed-batch", "encode it as docs/formats says"),
        RequestError::Wait { .. } => ("malformed", "give a value of SubmitWait"),
    };
    Telling::new(Code::InvalidArgument, word, format!("{error}; {step}"))
}

fn ledger(error: &LedgerError) -> Telling {
    let (code, word, step) = match error {
        LedgerError::Refused(error) => return refused(error),
        LedgerError::Internal(_) => return internal(),
        LedgerError::NotFound(_) => {
            (Code::NotFound, "not-found", "check it, or ask again if it may not be final yet")
        }
        LedgerError::NoBlock => {
            (Code::Unavailable, "no-block", "nothing can be proved before the first; try again later")
        }
        LedgerError::HeightBeyondHead { .. } => {
            (Code::OutOfRange, "height-beyond-head", "try again once the block is final")
        }
        LedgerError::IndexBeyondLog { .. } => {
            (Code::OutOfRange, "index-beyond-log", "try again once the entry is final")
        }
        LedgerError::SizeBeyondLog { .. } => {
            (Code::OutOfRange, "size-beyond-log", "try again once the log is that long")
        }
        LedgerError::NotKept { .. } => (Code::FailedPrecondition, "not-kept", "ask a node that keeps them"),
        LedgerError::SequencePending { .. } => {
            (Code::FailedPrecondition, "sequence-pending", "wait for it, and take the next sequence number")
        }
        LedgerError::PoolFull { .. } => (Code::ResourceExhausted, "pool-full", "try again later"),
        LedgerError::SubmissionLimit { .. } => {
            (Code::ResourceExhausted, "submission-limit", "wait until some are final")
        }
        LedgerError::Syncing { .. } => (Code::Unavailable, "syncing", "try again later, or another node"),
        LedgerError::Damaged(_) => (Code::DataLoss, "damaged", "get another copy"),
        LedgerError::Unreadable(_) => (Code::Unavailable, "unreadable", "ask another node"),
        LedgerError::Unsupported { .. } => (Code::Unimplemented, "unsupported", "ask a node"),
        LedgerError::Stopping => (Code::Unavailable, "stopping", "try another node"),
    };
    let telling = Telling::new(code, word, format!("{error}; {step}"));
    match error {
        LedgerError::PoolFull { retry_after, .. } | LedgerError::SubmissionLimit { retry_after, .. } => {
            telling.retry_after(*retry_after)
        }
        LedgerError::NoBlock | LedgerError::Syncing { .. } => telling.retry_after(SYNC_RETRY),
        _ => telling,
    }
}

/// The rules of the ledger. The code says whose move it is, the word which rule.
fn refused(error: &BatchError) -> Telling {
    let (code, step) = match error {
        BatchError::ForeignChain { .. } => (Code::FailedPrecondition, "submit it to a node of its chain"),
        BatchError::UnknownIssuer { .. }
        | BatchError::InactiveIssuer { .. }
        | BatchError::WrongRole { .. } => (Code::PermissionDenied, "ask the consortium for admission"),
        BatchError::Signature { .. } => {
            (Code::Unauthenticated, "sign with the issuing key that GetMember shows")
        }
        BatchError::SequenceUsed { .. } | BatchError::SequenceGap { .. } | BatchError::Fork { .. } => {
            (Code::FailedPrecondition, "build it on the chain head that GetMember shows")
        }
        BatchError::BlockFull { .. } => (Code::ResourceExhausted, "try again later"),
        BatchError::Event { source, .. } => event(source),
        _ => (Code::FailedPrecondition, "change the batch"),
    };
    let telling = Telling::new(code, refusal::word(error), format!("{error}; {step}"));
    match error {
        BatchError::BlockFull { .. } => telling.retry_after(BUSY_RETRY),
        _ => telling,
    }
}

fn event(error: &EventError) -> (Code, &'static str) {
    match error {
        EventError::AlreadyIssued { .. } => (Code::AlreadyExists, "leave it out"),
        EventError::DuplicateCommitment { .. } => (Code::AlreadyExists, "leave one of the two out"),
        EventError::UnknownTarget { .. } => (Code::FailedPrecondition, "wait until the issuance is final"),
        EventError::NotAnIssuance { .. } => (Code::FailedPrecondition, "name the index of the issuance"),
        EventError::AnotherIssuer { .. } => (Code::PermissionDenied, "ask that issuer"),
        EventError::Status { .. } => (Code::FailedPrecondition, "ask GetStatus, and leave it out"),
        _ => (Code::FailedPrecondition, "change the event"),
    }
}

fn internal() -> Telling {
    Telling::new(Code::Internal, "internal", "the node failed; try another one, and tell its operator")
}

/// An error and its sources, for the log.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

/// When a call that found the node busy may succeed.
const BUSY_RETRY: Duration = Duration::from_secs(1);
/// When a node that is behind may have caught up.
const SYNC_RETRY: Duration = Duration::from_secs(5);
