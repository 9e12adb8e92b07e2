//! What governance holds.

use tonic::{Request, Response, Status};

use crate::convert::{encoded_items, governance_head, next_run, proof_form};
use crate::ledger::Ledger;
use crate::server::answer_stream::{AnswerSender, AnswerStream, answer_stream};
use crate::server::call_error::{CallError, RequestError};
use crate::server::calls::Calls;
use crate::server::shares::Budget;
use crate::wire;
use crate::wire::get_governance_response::Part;

pub(super) async fn governance<L: Ledger>(
    calls: &Calls<L>,
    request: Request<wire::GetGovernanceRequest>,
) -> Result<Response<AnswerStream<wire::GetGovernanceResponse>>, Status> {
    let form = proof_form(request.get_ref().form).map_err(RequestError::from).map_err(CallError::from)?;
    let deadline = calls.deadline(&request);
    let bounds = calls.bounds(&request, calls.share(&request, Budget::BatchProofs)?);
    // Encoded where blocking work is done: it may be a thousand proposals.
    let read = move |ledger: &L| {
        let proof = ledger.governance(form)?;
        let items = encoded_items(&proof);
        Ok((governance_head(&proof, &items), items))
    };
    let (head, items) = deadline.keep(calls.read(read)).await??;
    let send = move |sender: AnswerSender<_>| async move {
        let send_all = async {
            let message = |part| wire::GetGovernanceResponse { part: Some(part) };
            sender.send(message(Part::Head(head))).await?;
            let mut items = items.into_iter();
            while let Some(run) = next_run(&mut items) {
                sender.send(message(Part::Run(run))).await?;
            }
            Ok(())
        };
        deadline.keep(send_all).await?
    };
    Ok(Response::new(answer_stream(bounds, send)))
}
