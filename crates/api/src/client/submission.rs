//! Submitting batches.

use sanad_core::batch::SignedBatch;
use sanad_core::hash::BatchId;

use super::{Client, ClientError, asked};
use crate::batches::{BatchResult, Wait};
use crate::convert::required;
use crate::wire;

impl Client {
    /// Submits a signed batch. Harmless to repeat.
    ///
    /// # Errors
    /// [`ClientError`]. If the ledger refuses the batch, its code names the rule. After
    /// [`ErrorCode::BatchPending`](crate::ErrorCode::BatchPending) the batch may still become final: ask
    /// [`Client::batch`], or submit it again.
    pub async fn submit(&self, batch: &SignedBatch, wait: Wait) -> Result<BatchResult, ClientError> {
        let wait = match wait {
            Wait::Final => wire::SubmitWait::Final,
            Wait::Accepted => wire::SubmitWait::Accepted,
        };
        let message = wire::SubmitBatchRequest { signed_batch: batch.bytes().to_vec(), wait: wait.into() };
        let answer = self.timed(self.submission().submit_batch(self.request(message))).await?;
        result(&batch.id(), answer.result)
    }

    /// The state of a batch.
    ///
    /// # Errors
    /// [`ClientError`]; `NOT_FOUND` if the node does not know it.
    pub async fn batch(&self, id: &BatchId) -> Result<BatchResult, ClientError> {
        let request = self.request(wire::GetBatchRequest { batch_id: id.0.to_vec() });
        let answer = self.timed(self.submission().get_batch(request)).await?;
        result(id, answer.result)
    }
}

fn result(id: &BatchId, result: Option<wire::BatchResult>) -> Result<BatchResult, ClientError> {
    let result = BatchResult::try_from(required("result", result)?)?;
    asked("result.batch_id", id, &result.id)?;
    Ok(result)
}
