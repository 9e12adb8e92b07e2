//! Signing events as the issuer's next batch, and handing it in until it is final.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use sanad_api::{
    BatchOutcome, ClientError, CredentialKey, ErrorCode, FinalBatch, MemberDetails, ProofForm, StatusCode,
    Wait,
};
use sanad_core::batch::{Batch, BatchChain, SignedBatch};
use sanad_core::event::{Entry, Event};
use sanad_core::hash::Commitment;
use sanad_core::ids::{LogIndex, MemberId};
use sanad_core::member::{KeyPurpose, MemberRecord, MemberRest};
use sanad_core::proof::{ProofFault, ProvenStatus, StatusProof};

use crate::issuer::Issuer;
use crate::remote::Remote;
use sanad_verify::Trust;

/// Why a batch is not in the log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SubmissionError {
    /// The ledger refuses it.
    #[error("the ledger refuses the batch: {message} ({code})")]
    Refused {
        /// The rule.
        code: ErrorCode,
        /// The rule in a sentence.
        message: String,
    },
    /// It may become final yet.
    #[error("the batch was handed in and is not final yet")]
    Open(#[source] Option<ClientError>),
    /// The node gives no usable answer.
    #[error("the node gives no usable answer")]
    Failed(#[source] ClientError),
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
}

/// Signs `events` as the issuer's next batch and hands it in; `prepare` sees each batch before it leaves.
///
/// Where another program of the same issuer takes the place first, the events are signed anew.
pub(crate) async fn enter(
    remote: &Remote,
    trust: &Trust,
    issuer: &Issuer,
    events: &[Event],
    wait: Duration,
    mut prepare: impl FnMut(&SignedBatch) -> anyhow::Result<()>,
) -> anyhow::Result<(SignedBatch, FinalBatch)> {
    let deadline = Instant::now() + wait;
    loop {
        let signed = sign_next(remote, trust, issuer, events.to_vec()).await?;
        prepare(&signed)?;
        match hand_in(remote, &signed, deadline).await {
            Ok(place) => return Ok((signed, place)),
            Err(error) if error.is_sequence_clash() && Instant::now() < deadline => {
                tokio::time::sleep(RETRY_INTERVAL).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Hands in a batch, again and again, until it is final or the time is up.
pub(crate) async fn hand_in(
    remote: &Remote,
    signed: &SignedBatch,
    deadline: Instant,
) -> Result<FinalBatch, SubmissionError> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now()).max(CALL_TIME_MIN);
        let client = remote.client().with_timeout(left.min(CALL_TIME_MAX));
        let (pause, error) = match client.submit(signed, Wait::Final).await {
            Ok(result) => match result.outcome {
                BatchOutcome::Final(place) => return Ok(place),
                BatchOutcome::Refused { code, message } => {
                    return Err(SubmissionError::Refused { code, message });
                }
                BatchOutcome::Pending => (RETRY_INTERVAL, None),
            },
            Err(error) if error.is_retryable() => {
                let asked = match &error {
                    ClientError::Status { retry_after, .. } => *retry_after,
                    _ => None,
                };
                (asked.unwrap_or(RETRY_INTERVAL), Some(error))
            }
            Err(ClientError::Status { status, message, code: Some(code), .. }) if is_refusal(status) => {
                return Err(SubmissionError::Refused { code, message });
            }
            Err(error) => return Err(SubmissionError::Failed(error)),
        };
        if Instant::now() + pause >= deadline {
            return Err(SubmissionError::Open(error));
        }
        tokio::time::sleep(pause).await;
    }
}

/// Whether a code speaks of the batch, rather than of the node.
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

/// The proof of an issuance, checked to be the one that is expected.
pub(crate) fn check_issuance(
    proof: &StatusProof,
    issuer: &MemberId,
    commitment: &Commitment,
    trust: &Trust,
) -> anyhow::Result<ProvenStatus> {
    let expected = Entry { issuer: issuer.clone(), event: Event::Issue { commitment: *commitment } };
    if proof.entry != expected {
        bail!("the node proves another entry than the one that was issued; ask another node");
    }
    proof.verify(trust.anchor()).context("the node's proof does not hold; ask another node")
}

/// The status proof of a log index, verified.
pub(crate) async fn proven_status(
    remote: &Remote,
    trust: &Trust,
    index: LogIndex,
) -> anyhow::Result<(StatusProof, ProvenStatus)> {
    let key = CredentialKey::Index(index);
    let proof = remote.ask(|| remote.client().status(&key, ProofForm::SelfContained)).await;
    let proof = remote.told(proof)?;
    let proven = proof.verify(trust.anchor()).context("the node's proof does not hold; ask another node")?;
    Ok((proof, proven))
}

/// Checks a member's record against the genesis.
pub(crate) fn check_member<'a>(
    details: &'a MemberDetails,
    trust: &Trust,
) -> Result<&'a MemberRecord, ProofFault> {
    details.proof.verify(trust.anchor())?;
    Ok(&details.proof.member.record)
}

async fn sign_next(
    remote: &Remote,
    trust: &Trust,
    issuer: &Issuer,
    events: Vec<Event>,
) -> anyhow::Result<SignedBatch> {
    let rest = issuer_rest(remote, trust, &issuer.id).await?;
    if rest.current_key(KeyPurpose::Issuing) != Some(issuer.key.public()) {
        bail!(
            "the key {} is not the issuing key of {}; give the key that belongs to it",
            issuer.key.public(),
            issuer.id
        );
    }
    let batch = Batch {
        chain_id: trust.anchor().chain_id,
        issuer: issuer.id.clone(),
        chain: BatchChain::Issuing,
        sequence: rest.issuing.next_sequence,
        previous: rest.issuing.last_batch,
        events,
    };
    Ok(batch.sign(&issuer.key))
}

async fn issuer_rest(remote: &Remote, trust: &Trust, id: &MemberId) -> anyhow::Result<MemberRest> {
    match remote.client().member(id, ProofForm::SelfContained).await {
        Ok(details) => {
            let record = check_member(&details, trust);
            let record = record.context("the node does not prove the issuer's record; ask another node")?;
            if details.rest.hash() != record.rest {
                bail!("the node does not prove the issuer's keys; ask another node");
            }
            Ok(details.rest)
        }
        // Before the first block nothing can be proved, and the genesis says it all.
        Err(error) if error.code() == Some(ErrorCode::NoBlock) => {
            let registry = trust.genesis().registry();
            let rest = registry.member(id).map(|member| member.rest().clone());
            rest.with_context(|| format!("{id} is not a member of this chain"))
        }
        Err(error) => remote.told(Err(error)),
    }
}

const RETRY_INTERVAL: Duration = Duration::from_millis(300);
const CALL_TIME_MIN: Duration = Duration::from_millis(100);
/// The node may have died: a call that says nothing for so long is made again.
const CALL_TIME_MAX: Duration = Duration::from_secs(30);
