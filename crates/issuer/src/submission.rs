//! Signing events as the issuer's next batch, and submitting it until it is final.
//!
//! An issuer's batches form a chain: each has a sequence number and names the one before. Programs of one issuer that
//! work at once, on one machine or on several, therefore take turns. No lock is needed for it, and none is left by a
//! crash: a batch that comes out of turn is refused, and its events are signed anew behind the one that came first.

use std::time::{Duration, Instant};

use sanad_api::{BatchOutcome, ClientError, ErrorCode, FinalBatch, StatusCode, Wait};
use sanad_core::batch::{Batch, BatchChain, SignedBatch};
use sanad_core::event::Event;
use sanad_core::hash::BatchId;
use sanad_core::ids::MemberId;
use sanad_core::member::{KeyPurpose, MemberRest};
use sanad_core::signature::PublicKey;

use crate::chain::{Chain, ChainError};
use crate::files::FileError;
use crate::issuer::Issuer;
use crate::keeper::KeepError;
use crate::notice::{Notice, Observer};

/// Why a batch is not in the log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubmissionError {
    /// The ledger refuses it.
    #[error("the ledger refuses the batch: {message} ({code})")]
    Refused {
        /// The rule.
        code: ErrorCode,
        /// The rule in a sentence.
        message: String,
    },
    /// Another batch of the issuer stayed in its way.
    #[error(
        "another batch of {issuer} was still pending after {wait:?}; wait until it is final, or give a longer --wait"
    )]
    NotItsTurn {
        /// The issuer.
        issuer: MemberId,
        /// How long the program waited.
        wait: Duration,
    },
    /// It may become final yet.
    #[error("the batch was submitted and is not final yet")]
    Open(#[source] Option<Box<ClientError>>),
    /// The node gives no answer that can be used.
    #[error("the node gives no usable answer")]
    Failed(#[source] Box<ClientError>),
    /// The issuer's place in its chain cannot be found out.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The key is not the issuer's.
    #[error("the key {key} is not the issuing key of {issuer}; give the key that belongs to it")]
    AnotherKey {
        /// The key.
        key: PublicKey,
        /// The issuer.
        issuer: MemberId,
    },
    /// What must be on the disk before a batch leaves could not be written.
    #[error(transparent)]
    Prepare(#[from] FileError),
    /// The keeper does not note the batch.
    #[error(transparent)]
    NotKept(#[from] KeepError),
}

impl SubmissionError {
    /// Whether another batch took its place in the issuer's chain: signed anew, it can still be entered.
    pub(crate) fn is_sequence_clash(&self) -> bool {
        let Self::Refused { code, .. } = self else { return false };
        matches!(
            code,
            ErrorCode::SequenceUsed | ErrorCode::SequenceGap | ErrorCode::SequencePending | ErrorCode::Fork
        )
    }

    /// Whether it changes the status of a credential that cannot be changed so.
    pub(crate) fn is_status_conflict(&self) -> bool {
        matches!(self, Self::Refused { code: ErrorCode::StatusConflict, .. })
    }

    /// Whether the issuer's key was replaced after it had signed: signed with the one in force, it can still be entered.
    pub fn is_of_former_key(&self) -> bool {
        matches!(self, Self::Refused { code: ErrorCode::BadSignature, .. })
    }
}

/// Signs `events` as the issuer's next batch and submits it; `prepare` sees each batch before it leaves.
///
/// If another batch of the issuer comes first, the events wait for their turn and are signed anew. `wait` is the time
/// in which the issuer's chain must move on: it begins again with each batch that does.
pub(crate) async fn enter(
    chain: &Chain,
    issuer: &Issuer,
    events: &[Event],
    wait: Duration,
    observer: &dyn Observer,
    mut prepare: impl FnMut(&SignedBatch) -> Result<(), SubmissionError>,
) -> Result<(SignedBatch, FinalBatch), SubmissionError> {
    let mut deadline = Instant::now() + wait;
    let mut last: Option<BatchId> = None;
    let mut said = false;
    loop {
        let rest = match chain.member_rest(&issuer.id).await {
            Err(ChainError::Call { source, .. })
                if chain.may_recover_from(&source) && Instant::now() < deadline =>
            {
                tokio::time::sleep(RETRY_INTERVAL).await;
                continue;
            }
            rest => rest?,
        };
        let batch = sign_next(chain, issuer, &rest, events)?;
        if last != Some(batch.id()) {
            prepare(&batch)?;
            last = Some(batch.id());
            deadline = Instant::now() + wait;
        }
        match hand_in(chain, &batch, deadline).await {
            Ok(place) => return Ok((batch, place)),
            Err(error) if !error.is_sequence_clash() => return Err(error),
            Err(_) if Instant::now() >= deadline => {
                return Err(SubmissionError::NotItsTurn { issuer: issuer.id.clone(), wait });
            }
            Err(_) => {
                if !std::mem::replace(&mut said, true) {
                    observer.notice(&Notice::TurnAwaited { issuer: issuer.id.clone(), wait });
                }
                tokio::time::sleep(TURN_INTERVAL).await;
            }
        }
    }
}

/// Submits a signed batch, again and again, until it is final or `wait` is over.
///
/// # Errors
/// [`SubmissionError::Refused`], [`SubmissionError::Open`] and [`SubmissionError::Failed`].
pub async fn submit(
    chain: &Chain,
    signed: &SignedBatch,
    wait: Duration,
) -> Result<FinalBatch, SubmissionError> {
    hand_in(chain, signed, Instant::now() + wait).await
}

/// Submits a batch, again and again, until it is final or the time is up.
pub(crate) async fn hand_in(
    chain: &Chain,
    signed: &SignedBatch,
    deadline: Instant,
) -> Result<FinalBatch, SubmissionError> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now()).max(CALL_TIME_MIN);
        let client = chain.client().with_timeout(left.min(CALL_TIME_MAX));
        let (pause, error) = match client.submit(signed, Wait::Final).await {
            Ok(result) => match result.outcome {
                BatchOutcome::Final(place) => return Ok(place),
                BatchOutcome::Refused { code, message } => {
                    return Err(SubmissionError::Refused { code, message });
                }
                BatchOutcome::Pending => (RETRY_INTERVAL, None),
            },
            Err(error) if chain.may_recover_from(&error) => {
                let asked = match &error {
                    ClientError::Status { retry_after, .. } => *retry_after,
                    _ => None,
                };
                (asked.unwrap_or(RETRY_INTERVAL), Some(error))
            }
            Err(ClientError::Status { status, message, code: Some(code), .. }) if is_refusal(status) => {
                return Err(SubmissionError::Refused { code, message });
            }
            Err(error) => return Err(SubmissionError::Failed(error.into())),
        };
        if Instant::now() + pause >= deadline {
            return Err(SubmissionError::Open(error.map(Box::new)));
        }
        tokio::time::sleep(pause).await;
    }
}

fn sign_next(
    chain: &Chain,
    issuer: &Issuer,
    rest: &MemberRest,
    events: &[Event],
) -> Result<SignedBatch, SubmissionError> {
    let key = issuer.key.public();
    if rest.current_key(KeyPurpose::Issuing) != Some(key) {
        return Err(SubmissionError::AnotherKey { key, issuer: issuer.id.clone() });
    }
    let batch = Batch {
        chain_id: chain.anchor().chain_id,
        issuer: issuer.id.clone(),
        chain: BatchChain::Issuing,
        sequence: rest.issuing.next_sequence,
        previous: rest.issuing.last_batch,
        events: events.to_vec(),
    };
    Ok(batch.sign(&issuer.key))
}

/// Whether a status speaks of the batch, rather than of the node.
fn is_refusal(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::AlreadyExists
            | StatusCode::FailedPrecondition
            | StatusCode::InvalidArgument
            | StatusCode::PermissionDenied
            | StatusCode::Unauthenticated
    )
}

const RETRY_INTERVAL: Duration = Duration::from_millis(300);
/// Shorter, so that a program that waits for its turn finds the gap between two batches of another.
const TURN_INTERVAL: Duration = Duration::from_millis(100);
const CALL_TIME_MIN: Duration = Duration::from_millis(100);
/// The node may have died: a call that says nothing for so long is made again.
const CALL_TIME_MAX: Duration = Duration::from_secs(30);
