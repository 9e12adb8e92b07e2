//! Statuses and their proofs.

use sanad_core::ids::LogIndex;
use sanad_core::proof::StatusProof;
use tonic::{Request, Response, Status};

use crate::convert::{entry_proof, fixed, member_id, proof_form};
use crate::ledger::{CredentialKey, Ledger};
use crate::ledger_error::LedgerError;
use crate::limits::{BATCH_PROOFS_MAX, STATUSES_MAX};
use crate::proofs::{BatchProofs, ProofForm, ProofHead};
use crate::server::answer_stream::{AnswerSender, AnswerStream, answer_stream};
use crate::server::call_error::{CallError, RequestError};
use crate::server::calls::Calls;
use crate::server::shares::Budget;
use crate::wire;
use crate::wire::get_batch_proofs_response::Part;
use crate::wire::get_status_request::Credential;

pub(super) async fn status<L: Ledger>(
    calls: &Calls<L>,
    request: wire::GetStatusRequest,
) -> Result<wire::GetStatusResponse, CallError> {
    let (key, form) = asked(request)?;
    Ok(calls.quick_read(move |ledger| ledger.status_proof(&key, form)).await?.into())
}

fn asked(request: wire::GetStatusRequest) -> Result<(CredentialKey, ProofForm), RequestError> {
    let key = match request.credential.ok_or(RequestError::NoCredential)? {
        Credential::Issuance(wire::Issuance { issuer, commitment }) => CredentialKey::Issuance {
            issuer: member_id("issuance.issuer", issuer)?,
            commitment: fixed("issuance.commitment", &commitment)?,
        },
        Credential::LogIndex(index) => CredentialKey::Index(LogIndex(index)),
    };
    Ok((key, proof_form(request.form)?))
}

pub(super) async fn statuses<L: Ledger>(
    calls: &Calls<L>,
    request: wire::GetStatusesRequest,
) -> Result<wire::GetStatusesResponse, CallError> {
    let (requests, max) = (request.requests, STATUSES_MAX as u32);
    if requests.is_empty() {
        return Err(RequestError::NoCredential.into());
    }
    if requests.len() > STATUSES_MAX {
        let actual = u32::try_from(requests.len()).unwrap_or(u32::MAX);
        return Err(RequestError::AboveLimit { field: "requests", actual, max }.into());
    }
    let asked: Vec<_> = requests.into_iter().map(asked).collect::<Result<_, _>>()?;
    let read = move |ledger: &L| -> Result<Vec<Option<StatusProof>>, LedgerError> {
        let prove = |(key, form): &(CredentialKey, ProofForm)| match ledger.status_proof(key, *form) {
            Ok(proof) => Ok(Some(proof)),
            Err(LedgerError::NotFound(_) | LedgerError::IndexBeyondLog { .. }) => Ok(None),
            Err(error) => Err(error),
        };
        asked.iter().map(prove).collect()
    };
    Ok(answers(calls.read(read).await?))
}

/// Proofs of one block and issuer share a head.
fn answers(proofs: Vec<Option<StatusProof>>) -> wire::GetStatusesResponse {
    let mut heads: Vec<ProofHead> = Vec::new();
    let mut answer = |proof: Option<StatusProof>| -> wire::StatusAnswer {
        let Some(proof) = proof else { return wire::StatusAnswer { head: 0, entry: None } };
        let (head, entry) = ProofHead::split(proof);
        let entry = Some(entry_proof(&entry, &head.issuer.record));
        let known = heads.iter().position(|known| *known == head).unwrap_or_else(|| {
            heads.push(head);
            heads.len() - 1
        });
        wire::StatusAnswer { head: known as u32, entry }
    };
    let answers = proofs.into_iter().map(&mut answer).collect();
    wire::GetStatusesResponse { heads: heads.iter().map(Into::into).collect(), answers }
}

pub(super) async fn batch_proofs<L: Ledger>(
    calls: &Calls<L>,
    request: Request<wire::GetBatchProofsRequest>,
) -> Result<Response<AnswerStream<wire::GetBatchProofsResponse>>, Status> {
    let deadline = calls.deadline(&request);
    let bounds = calls.bounds(&request, calls.share(&request, Budget::BatchProofs)?);
    let proofs = deadline.keep(proofs(calls, request.into_inner())).await??;
    let send = move |sender: AnswerSender<_>| async move { deadline.keep(send_all(sender, proofs)).await? };
    Ok(Response::new(answer_stream(bounds, send)))
}

async fn proofs<L: Ledger>(
    calls: &Calls<L>,
    request: wire::GetBatchProofsRequest,
) -> Result<BatchProofs, CallError> {
    let wire::GetBatchProofsRequest { batch_id, first, limit, form } = request;
    let id = fixed("batch_id", &batch_id).map_err(RequestError::from)?;
    let form = proof_form(form).map_err(RequestError::from)?;
    let max = BATCH_PROOFS_MAX as u32;
    if limit > max {
        return Err(RequestError::AboveLimit { field: "limit", actual: limit, max }.into());
    }
    let count = if limit == 0 { max } else { limit };
    let range = first as usize..first.saturating_add(count) as usize;
    calls.read(move |ledger| ledger.batch_proofs(&id, range, form)).await
}

async fn send_all(
    sender: AnswerSender<wire::GetBatchProofsResponse>,
    batch: BatchProofs,
) -> Result<(), CallError> {
    let head = wire::BatchProofsHead {
        head: Some((&batch.head).into()),
        first_index: batch.first_index.0,
        entries: batch.entries,
        sent: batch.proofs.len() as u32,
    };
    sender.send(wire::GetBatchProofsResponse { part: Some(Part::Head(head)) }).await?;
    for proof in batch.proofs {
        let part = Part::Entry(entry_proof(&proof, &batch.head.issuer.record));
        sender.send(wire::GetBatchProofsResponse { part: Some(part) }).await?;
    }
    Ok(())
}
