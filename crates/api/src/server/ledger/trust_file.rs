//! The trust file.

use tonic::{Request, Response, Status};

use super::pieces;
use crate::ledger::Ledger;
use crate::server::answer_stream::AnswerStream;
use crate::server::calls::Calls;
use crate::wire;

pub(super) async fn trust_file<L: Ledger>(
    calls: &Calls<L>,
    request: Request<wire::GetTrustFileRequest>,
) -> Result<Response<AnswerStream<wire::GetTrustFileResponse>>, Status> {
    let read = |ledger: &L| Ok(ledger.trust_file()?.to_binary());
    let message = |length, chunk| wire::GetTrustFileResponse { length, chunk };
    pieces::answer(calls, &request, read, message).await
}
