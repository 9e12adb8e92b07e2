//! The trust file.

use tonic::{Request, Response, Status};

use crate::ledger::Ledger;
use crate::limits::TRUST_FILE_CHUNK_BYTES_MAX;
use crate::server::answer_stream::{AnswerSender, AnswerStream, answer_stream};
use crate::server::call_error::CallError;
use crate::server::calls::Calls;
use crate::server::shares::Budget;
use crate::wire;

pub(super) async fn trust_file<L: Ledger>(
    calls: &Calls<L>,
    request: Request<wire::GetTrustFileRequest>,
) -> Result<Response<AnswerStream<wire::GetTrustFileResponse>>, Status> {
    let deadline = calls.deadline(&request);
    let bounds = calls.bounds(&request, calls.share(&request, Budget::BatchProofs)?);
    let file = calls.read(|ledger| Ok(ledger.trust_file()?.to_binary()));
    let file = deadline.keep(file).await??;
    let send = move |sender: AnswerSender<_>| async move { deadline.keep(send_all(sender, file)).await? };
    Ok(Response::new(answer_stream(bounds, send)))
}

async fn send_all(sender: AnswerSender<wire::GetTrustFileResponse>, file: Vec<u8>) -> Result<(), CallError> {
    let length = file.len() as u64;
    for chunk in file.chunks(TRUST_FILE_CHUNK_BYTES_MAX) {
        sender.send(wire::GetTrustFileResponse { length, chunk: chunk.to_vec() }).await?;
    }
    Ok(())
}
