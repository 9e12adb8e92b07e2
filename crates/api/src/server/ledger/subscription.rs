//! Every block from a height on.

use std::sync::Arc;

use sanad_core::ids::Height;
use tonic::{Request, Response, Status};

use super::blocks::height;
use crate::ledger::Ledger;
use crate::ledger_error::LedgerError;
use crate::server::answer_stream::{AnswerSender, AnswerStream, answer_stream};
use crate::server::call_error::CallError;
use crate::server::calls::Calls;
use crate::server::shares::Budget;
use crate::wire;

pub(super) async fn subscribe<L: Ledger>(
    calls: &Arc<Calls<L>>,
    request: Request<wire::SubscribeBlocksRequest>,
) -> Result<Response<AnswerStream<wire::SubscribeBlocksResponse>>, Status> {
    let bounds = calls.bounds(&request, calls.share(&request, Budget::Subscriptions)?);
    // A caller's own deadline holds; without one, a subscription has none.
    let deadline = request.metadata().contains_key("grpc-timeout").then(|| calls.deadline(&request));
    let first = height("from_height", request.get_ref().from_height).map_err(CallError::from)?;
    calls.deadline(&request).keep(begins(calls, first)).await??;
    let calls = Arc::clone(calls);
    let send = move |sender: AnswerSender<_>| async move {
        let sending = send_blocks(&calls, sender, first);
        match deadline {
            Some(deadline) => deadline.keep(sending).await?,
            None => sending.await,
        }
    };
    Ok(Response::new(answer_stream(bounds, send)))
}

/// A stream begins inside the chain, or with the next block.
async fn begins<L: Ledger>(calls: &Calls<L>, first: Height) -> Result<(), CallError> {
    let head = calls
        .read(|ledger| match ledger.head() {
            Ok(head) => Ok(head.header.height),
            Err(LedgerError::NoBlock) => Ok(Height::GENESIS),
            Err(error) => Err(error),
        })
        .await?;
    if first > head.next() {
        return Err(LedgerError::HeightBeyondHead { height: first, head }.into());
    }
    Ok(())
}

/// Reads each block from the ledger when the caller has room for it: so none is left out, however slow it is.
async fn send_blocks<L: Ledger>(
    calls: &Calls<L>,
    sender: AnswerSender<wire::SubscribeBlocksResponse>,
    first: Height,
) -> Result<(), CallError> {
    let mut next = first;
    let mut head = Height::GENESIS;
    loop {
        if next > head {
            head = calls.ledger().head_above(Height(next.0 - 1)).await?;
        }
        let block = calls.read(move |ledger| ledger.block(next)).await?;
        sender.send(wire::SubscribeBlocksResponse { block: Some((&block).into()) }).await?;
        next = next.next();
    }
}
