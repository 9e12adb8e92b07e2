//! What is sent to the caller for an error: a status code, a sentence with the next step, and an [`ErrorCode`].
//!
//! **Invariant:** no other file makes a `Status`; HTTP says the same in its own form; and nothing of an internal failure leaves the log.

use std::time::Duration;

use sanad_core::execution::{BatchError, EventError};
use sanad_core::member::Standing;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Code, Status};

use super::call_error::{CallError, RequestError};
use crate::causes::causes;
use crate::error_code::ErrorCode;
use crate::error_detail::{self, RETRY_AFTER_MS};
use crate::ledger_error::{LedgerError, Missing};

/// What the caller receives.
pub(super) struct Answer {
    pub(super) status: Code,
    pub(super) code: ErrorCode,
    pub(super) message: String,
    pub(super) retry_after: Option<Duration>,
}

impl Answer {
    fn new(status: Code, code: ErrorCode, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry_after: None }
    }

    fn retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }
}

impl From<&CallError> for Answer {
    /// Logs what the caller does not hear.
    fn from(error: &CallError) -> Self {
        let answer = answer(error);
        match error {
            CallError::Blocking(_)
            | CallError::Ledger(LedgerError::Internal(_) | LedgerError::Unreadable(_)) => {
                tracing::error!(error = %causes(error), "a call failed");
            }
            _ => {
                let Self { status, code, .. } = &answer;
                tracing::debug!(?status, %code, error = %causes(error), "a call was refused");
            }
        }
        answer
    }
}

impl From<CallError> for Status {
    fn from(error: CallError) -> Self {
        let Answer { status, code, message, retry_after } = Answer::from(&error);
        let mut metadata = MetadataMap::new();
        if let Some(delay) = retry_after {
            let ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
            metadata.insert(RETRY_AFTER_MS, MetadataValue::from(ms));
        }
        let details = error_detail::encode(status, &message, code);
        Self::with_details_and_metadata(status, message, details.into(), metadata)
    }
}

fn answer(error: &CallError) -> Answer {
    match error {
        CallError::Request(error) => request(error),
        CallError::Ledger(error) => ledger(error),
        CallError::Blocking(_) => internal(),
        CallError::Deadline => Answer::new(
            Code::DeadlineExceeded,
            ErrorCode::Deadline,
            "the deadline ended before the answer was ready; try again with a later one",
        ),
        CallError::DeadlinePending { batch } => Answer::new(
            Code::DeadlineExceeded,
            ErrorCode::BatchPending,
            format!(
                "the deadline ended while batch {batch} was pending; submit it again to hear of it, as `sanad issue \
                 --resume` does"
            ),
        ),
        CallError::Stopping => {
            Answer::new(Code::Unavailable, ErrorCode::Stopping, "the node is stopping; try another node")
        }
        CallError::StoppingPending { batch } => Answer::new(
            Code::Unavailable,
            ErrorCode::BatchPending,
            format!("the node is stopping while batch {batch} is pending; submit it again at another node"),
        ),
        CallError::Busy { budget, scope, max } => Answer::new(
            Code::ResourceExhausted,
            ErrorCode::Busy,
            format!("the node serves at most {max} {budget} at once{scope}; try again, or another node"),
        )
        .retry_after(BUSY_RETRY),
        CallError::Rate { per_second, scope, retry_after } => Answer::new(
            Code::ResourceExhausted,
            ErrorCode::Rate,
            format!("the node takes {per_second} calls a second{scope}; call more slowly"),
        )
        .retry_after(*retry_after),
        CallError::Stalled { timeout } => Answer::new(
            Code::ResourceExhausted,
            ErrorCode::Stalled,
            format!("no message was read for {} s; resume after the last one received", timeout.as_secs()),
        ),
        CallError::NoConsensus => Answer::new(
            Code::Unimplemented,
            ErrorCode::Unsupported,
            "no consensus runs here, so there is nothing to diagnose; ask a node",
        ),
        CallError::Gone => Answer::new(Code::Cancelled, ErrorCode::Gone, "the caller went away"),
    }
}

fn request(error: &RequestError) -> Answer {
    let (code, step) = match error {
        RequestError::Field(_) => (ErrorCode::Malformed, "see the field's comment in proto/sanad/v1"),
        RequestError::NoCredential => (ErrorCode::NoCredential, "give one of the two"),
        RequestError::Zero { .. } => (ErrorCode::Zero, "give a number from 1"),
        RequestError::AboveLimit { .. } => (ErrorCode::AboveLimit, "ask for fewer, and page"),
        RequestError::PageToken => {
            (ErrorCode::PageToken, "give the token of the last page unchanged, for the same list")
        }
        RequestError::IndexBeyondSize { .. } => (ErrorCode::IndexBeyondSize, "give an index below the size"),
        RequestError::OldBeyondNew { .. } => (ErrorCode::SizesReversed, "give the smaller size first"),
        RequestError::Batch(_) => (ErrorCode::MalformedBatch, "encode it as docs/formats says"),
        RequestError::Wait { .. } => (ErrorCode::Malformed, "ask to wait until it is accepted, or final"),
    };
    Answer::new(Code::InvalidArgument, code, format!("{}; {step}", causes(error)))
}

fn ledger(error: &LedgerError) -> Answer {
    let (status, code, step) = match error {
        LedgerError::Refused(error) => return refused(error),
        LedgerError::Internal(_) => return internal(),
        LedgerError::NotFound(Missing::Snapshot | Missing::SnapshotChunk(_)) => {
            (Code::NotFound, ErrorCode::NotFound, "ask another node, or for a newer snapshot")
        }
        LedgerError::NotFound(_) => {
            (Code::NotFound, ErrorCode::NotFound, "check it, or ask again if it may not be final yet")
        }
        LedgerError::NoBlock => {
            (Code::Unavailable, ErrorCode::NoBlock, "nothing can be proved before the first; try again later")
        }
        LedgerError::HeightBeyondHead { .. } => {
            (Code::OutOfRange, ErrorCode::HeightBeyondHead, "try again once the block is final")
        }
        LedgerError::IndexBeyondLog { .. } => {
            (Code::OutOfRange, ErrorCode::IndexBeyondLog, "try again once the entry is final")
        }
        LedgerError::SizeBeyondLog { .. } => {
            (Code::OutOfRange, ErrorCode::SizeBeyondLog, "try again once the log is that long")
        }
        LedgerError::NotKept { .. } => {
            (Code::FailedPrecondition, ErrorCode::NotKept, "ask a node that keeps them")
        }
        LedgerError::RegisterNotKept { .. } => {
            (Code::FailedPrecondition, ErrorCode::RegisterNotKept, "ask a node that has executed every block")
        }
        LedgerError::SequencePending { .. } => (
            Code::FailedPrecondition,
            ErrorCode::SequencePending,
            "wait for it, and use the next sequence number",
        ),
        // Not UNAVAILABLE: it does not pass by itself, so that trying again is in vain.
        LedgerError::DiskLow => (
            Code::FailedPrecondition,
            ErrorCode::DiskLow,
            "submit to another node, and tell the operator of this one",
        ),
        LedgerError::PoolFull { .. } => (Code::ResourceExhausted, ErrorCode::PoolFull, "try again later"),
        LedgerError::Displaced { .. } => {
            (Code::ResourceExhausted, ErrorCode::Displaced, "submit it again once others are final")
        }
        LedgerError::SubmissionLimit { .. } => {
            (Code::ResourceExhausted, ErrorCode::SubmissionLimit, "wait until some are final")
        }
        LedgerError::Syncing { .. } => {
            (Code::Unavailable, ErrorCode::Syncing, "try again later, or another node")
        }
        LedgerError::Damaged(_) => (Code::DataLoss, ErrorCode::Damaged, "get another copy"),
        LedgerError::OutOfReach(_) => (Code::Unavailable, ErrorCode::Unreadable, "try again later"),
        // What failed stays in the log.
        LedgerError::Unreadable(_) => {
            let message = format!("{error}; ask another node");
            return Answer::new(Code::Unavailable, ErrorCode::Unreadable, message);
        }
        LedgerError::Unsupported { .. } => (Code::Unimplemented, ErrorCode::Unsupported, "ask a node"),
        LedgerError::Stopping => (Code::Unavailable, ErrorCode::Stopping, "try another node"),
    };
    let answer = Answer::new(status, code, format!("{}; {step}", causes(error)));
    match error {
        LedgerError::PoolFull { retry_after, .. }
        | LedgerError::Displaced { retry_after, .. }
        | LedgerError::SubmissionLimit { retry_after, .. } => answer.retry_after(*retry_after),
        LedgerError::NoBlock | LedgerError::Syncing { .. } => answer.retry_after(SYNC_RETRY),
        _ => answer,
    }
}

fn until_it_issues(standing: Standing) -> &'static str {
    match standing {
        Standing::Active => "submit it again",
        Standing::Frozen => "submit it again once a vote has brought new governance keys",
        Standing::Suspended => {
            "submit it again once the consortium has lifted the suspension; its governance key can revoke meanwhile, with \
             `sanad member revoke`"
        }
        Standing::Retired => "a retired member issues nothing any more",
    }
}

/// The rules of the ledger. The status says whose move it is, the code which rule.
fn refused(error: &BatchError) -> Answer {
    let (status, step) = match error {
        BatchError::ForeignChain { .. } => (Code::FailedPrecondition, "submit it to a node of its chain"),
        BatchError::UnknownIssuer { .. } | BatchError::WrongRole { .. } => {
            (Code::PermissionDenied, "ask the consortium for admission")
        }
        BatchError::InactiveIssuer { standing, .. } => (Code::PermissionDenied, until_it_issues(*standing)),
        BatchError::Signature { .. } => {
            (Code::Unauthenticated, "sign with the issuing key that `sanad member show` shows")
        }
        BatchError::SequenceUsed { .. } | BatchError::SequenceGap { .. } | BatchError::Fork { .. } => {
            (Code::FailedPrecondition, "build it on the last batch that `sanad member show` shows")
        }
        BatchError::GovernanceSignature { .. } => {
            (Code::Unauthenticated, "sign with the governance keys that `sanad member show` shows")
        }
        BatchError::LogFull { .. } => (Code::FailedPrecondition, "ask the consortium for a successor chain"),
        BatchError::BlockFull { .. } => (Code::ResourceExhausted, "try again later"),
        BatchError::Event { source, .. } => event(source),
        _ => (Code::FailedPrecondition, "change the batch"),
    };
    let fitting = match error {
        BatchError::Event { position, source: EventError::RevocationLimit { .. } } => {
            format!("the first {position} events of this batch still fit today; ")
        }
        _ => String::new(),
    };
    let answer = Answer::new(status, error.into(), format!("{}; {fitting}{step}", causes(error)));
    match error {
        BatchError::BlockFull { .. } => answer.retry_after(BUSY_RETRY),
        _ => answer,
    }
}

fn event(error: &EventError) -> (Code, &'static str) {
    match error {
        EventError::AlreadyIssued { .. } => (Code::AlreadyExists, "leave it out"),
        EventError::DuplicateCommitment { .. } => (Code::AlreadyExists, "leave one of the two out"),
        EventError::UnknownTarget { .. } => (Code::FailedPrecondition, "wait until the issuance is final"),
        EventError::NotAnIssuance { .. } => (Code::FailedPrecondition, "name the index of the issuance"),
        EventError::AnotherIssuer { .. } => (Code::PermissionDenied, "ask that issuer"),
        EventError::Status { .. } => {
            (Code::FailedPrecondition, "look at it with `sanad status`, and leave it out")
        }
        EventError::RevocationLimit { .. } => (
            Code::FailedPrecondition,
            "revoke the others tomorrow, or today with the governance key (`sanad member revoke`)",
        ),
        EventError::WrongChain { .. } => (Code::FailedPrecondition, "put it into a batch of its own chain"),
        EventError::Governance(_) => {
            (Code::FailedPrecondition, "look at `sanad governance list`, and change the event")
        }
        _ => (Code::FailedPrecondition, "change the event"),
    }
}

fn internal() -> Answer {
    let message = "the node failed; try another one, and tell its operator";
    Answer::new(Code::Internal, ErrorCode::Internal, message)
}

/// When a call that found the node busy may succeed.
const BUSY_RETRY: Duration = Duration::from_secs(1);
/// When a node that is behind may have caught up.
const SYNC_RETRY: Duration = Duration::from_secs(5);
