//! Files in answers of many messages.

use tonic::{Request, Response, Status};

use crate::ledger::Ledger;
use crate::ledger_error::LedgerError;
use crate::limits::PIECE_BYTES_MAX;
use crate::server::answer_stream::{AnswerSender, AnswerStream, answer_stream};
use crate::server::calls::Calls;
use crate::server::shares::Budget;

/// Reads a file and sends it in pieces; `message` makes a message of the length of the file and its next bytes.
pub(super) async fn answer<L: Ledger, M, T: Send + 'static>(
    calls: &Calls<L>,
    request: &Request<M>,
    read: impl FnOnce(&L) -> Result<Vec<u8>, LedgerError> + Send + 'static,
    message: fn(u64, Vec<u8>) -> T,
) -> Result<Response<AnswerStream<T>>, Status> {
    let deadline = calls.deadline(request);
    let bounds = calls.bounds(request, calls.share(request, Budget::BatchProofs)?);
    let file = deadline.keep(calls.read(read)).await??;
    let send = move |sender: AnswerSender<T>| async move {
        let send_all = async {
            for piece in file.chunks(PIECE_BYTES_MAX) {
                sender.send(message(file.len() as u64, piece.to_vec())).await?;
            }
            Ok(())
        };
        deadline.keep(send_all).await?
    };
    Ok(Response::new(answer_stream(bounds, send)))
}
