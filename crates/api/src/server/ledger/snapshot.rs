//! Snapshots that the node offers.

use sanad_core::hash::ChunkHash;
use tonic::{Request, Response, Status};

use super::pieces;
use crate::convert::fixed;
use crate::ledger::Ledger;
use crate::server::answer_stream::AnswerStream;
use crate::server::call_error::{CallError, RequestError};
use crate::server::calls::Calls;
use crate::wire;

pub(super) async fn manifest<L: Ledger>(
    calls: &Calls<L>,
    request: Request<wire::GetSnapshotRequest>,
) -> Result<Response<AnswerStream<wire::GetSnapshotResponse>>, Status> {
    let message = |length, piece| wire::GetSnapshotResponse { length, piece };
    pieces::answer(calls, &request, L::snapshot, message).await
}

pub(super) async fn chunk<L: Ledger>(
    calls: &Calls<L>,
    request: Request<wire::GetSnapshotChunkRequest>,
) -> Result<Response<AnswerStream<wire::GetSnapshotChunkResponse>>, Status> {
    let hash: ChunkHash =
        fixed("hash", &request.get_ref().hash).map_err(|error| CallError::from(RequestError::from(error)))?;
    let message = |length, piece| wire::GetSnapshotChunkResponse { length, piece };
    pieces::answer(calls, &request, move |ledger| ledger.snapshot_chunk(&hash), message).await
}
