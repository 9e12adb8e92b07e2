//! `SubmissionService`.

use std::sync::Arc;

use sanad_core::batch::SignedBatch;
use sanad_core::hash::BatchId;
use tonic::{Request, Response, Status};

use super::call_error::{CallError, RequestError};
use super::calls::Calls;
use super::deadline::Deadline;
use crate::batches::{BatchState, Wait};
use crate::convert::{batch_result, fixed};
use crate::ledger::Ledger;
use crate::ledger_error::LedgerError;
use crate::wire;
use crate::wire::submission_service_server::SubmissionService;

pub(super) struct SubmissionApi<L>(pub(super) Arc<Calls<L>>);

#[tonic::async_trait]
impl<L: Ledger> SubmissionService for SubmissionApi<L> {
    async fn submit_batch(
        &self,
        request: Request<wire::SubmitBatchRequest>,
    ) -> Result<Response<wire::SubmitBatchResponse>, Status> {
        self.0.answer_by(request, submit).await
    }

    async fn get_batch(
        &self,
        request: Request<wire::GetBatchRequest>,
    ) -> Result<Response<wire::GetBatchResponse>, Status> {
        self.0.answer(request, batch).await
    }
}

async fn submit<L: Ledger>(
    calls: &Calls<L>,
    request: wire::SubmitBatchRequest,
    deadline: Deadline,
) -> Result<wire::SubmitBatchResponse, CallError> {
    let wait = wait(request.wait)?;
    let batch = match request.signed_batch.len() {
        ..=SHORT_BATCH_BYTES_MAX => SignedBatch::decode(&request.signed_batch),
        // Hashes every byte: some milliseconds for the longest batch.
        _ => deadline.keep(calls.work(move |_| SignedBatch::decode(&request.signed_batch))).await??,
    };
    let batch = batch.map_err(RequestError::Batch)?;
    let id = batch.id();
    let mut state = deadline.keep(calls.ledger().submit(Arc::new(batch))).await??;
    if state == BatchState::Pending && wait == Wait::Final {
        state = decided(calls, id, deadline).await?;
    }
    match state {
        BatchState::Refused(error) => Err(LedgerError::Refused(error).into()),
        state => Ok(wire::SubmitBatchResponse { result: Some(batch_result(&id, state)) }),
    }
}

/// Waits for a batch that the node has taken. From here on, an error does not take it back, and says so.
async fn decided<L: Ledger>(
    calls: &Calls<L>,
    id: BatchId,
    deadline: Deadline,
) -> Result<BatchState, CallError> {
    tokio::select! {
        state = calls.ledger().batch_decided(id) => match state {
            Err(LedgerError::Stopping) => Err(CallError::StoppingPending { batch: id }),
            state => Ok(state?),
        },
        () = deadline.passed() => Err(CallError::DeadlinePending { batch: id }),
        () = calls.stopping().cancelled() => Err(CallError::StoppingPending { batch: id }),
    }
}

async fn batch<L: Ledger>(
    calls: &Calls<L>,
    request: wire::GetBatchRequest,
) -> Result<wire::GetBatchResponse, CallError> {
    let id: BatchId = fixed("batch_id", &request.batch_id).map_err(RequestError::from)?;
    let state = calls.read(move |ledger| ledger.batch_state(&id)).await?;
    Ok(wire::GetBatchResponse { result: Some(batch_result(&id, state)) })
}

/// Longest batch that is decoded where it arrives, in bytes: handing it to another thread would take longer (4 KiB).
const SHORT_BATCH_BYTES_MAX: usize = 4 << 10;

fn wait(value: i32) -> Result<Wait, RequestError> {
    match wire::SubmitWait::try_from(value) {
        Ok(wire::SubmitWait::Unspecified | wire::SubmitWait::Final) => Ok(Wait::Final),
        Ok(wire::SubmitWait::Accepted) => Ok(Wait::Accepted),
        Err(_) => Err(RequestError::Wait { actual: value }),
    }
}
