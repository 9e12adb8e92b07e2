//! The trust file.

use tonic::{Request, Response, Status};

use crate::ledger::Ledger;
use crate::limits::TRUST_FILE_CHUNK_BYTES_MAX;
use crate::server::call_error::CallError;
use crate::server::calls::Calls;
use crate::server::net;
use crate::server::outlet::{Bounds, Outflow, Outlet, outflow};
use crate::wire;

pub(super) async fn trust_file<L: Ledger>(
    calls: &Calls<L>,
    request: Request<wire::GetTrustFileRequest>,
) -> Result<Response<Outflow<wire::GetTrustFileResponse>>, Status> {
    let deadline = calls.deadline(&request);
    let bounds = Bounds {
        share: vec![calls.batch_proofs()?],
        stall_timeout: calls.limits().stall_timeout,
        stopping: calls.stopping().clone(),
        connection: net::connection_of(&request),
    };
    let file = calls.read(|ledger| Ok(ledger.trust_file()?.to_binary()));
    let file = deadline.keep(file).await??;
    let send = move |outlet: Outlet<_>| async move { deadline.keep(send_all(outlet, file)).await? };
    Ok(Response::new(outflow(bounds, send)))
}

async fn send_all(outlet: Outlet<wire::GetTrustFileResponse>, file: Vec<u8>) -> Result<(), CallError> {
    let length = file.len() as u64;
    for chunk in file.chunks(TRUST_FILE_CHUNK_BYTES_MAX) {
        outlet.send(wire::GetTrustFileResponse { length, chunk: chunk.to_vec() }).await?;
    }
    Ok(())
}
