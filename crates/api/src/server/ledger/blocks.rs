//! Headers and blocks.

use sanad_core::ids::Height;

use crate::blocks::BlockSummary;
use crate::convert::proof_form;
use crate::ledger::Ledger;
use crate::server::call_error::{CallError, RequestError};
use crate::server::calls::Calls;
use crate::server::page::List;
use crate::wire;

pub(super) async fn header<L: Ledger>(
    calls: &Calls<L>,
    request: wire::GetHeaderRequest,
) -> Result<wire::GetHeaderResponse, CallError> {
    let header = calls
        .read(move |ledger| match request.height {
            0 => ledger.head(),
            height => ledger.header(Height(height)),
        })
        .await?;
    Ok(wire::GetHeaderResponse { header: Some((&header).into()) })
}

pub(super) async fn history_proof<L: Ledger>(
    calls: &Calls<L>,
    request: wire::GetHistoryProofRequest,
) -> Result<wire::GetHistoryProofResponse, CallError> {
    let height = height("height", request.height)?;
    let form = proof_form(request.form).map_err(RequestError::from)?;
    let proof = calls.read(move |ledger| ledger.history_proof(height, form)).await?;
    Ok((&proof).into())
}

pub(super) async fn block<L: Ledger>(
    calls: &Calls<L>,
    request: wire::GetBlockRequest,
) -> Result<wire::GetBlockResponse, CallError> {
    let height = height("height", request.height)?;
    let block = calls.read(move |ledger| ledger.block(height)).await?;
    Ok(wire::GetBlockResponse { block: Some((&block).into()) })
}

pub(super) async fn list<L: Ledger>(
    calls: &Calls<L>,
    request: wire::ListBlocksRequest,
) -> Result<wire::ListBlocksResponse, CallError> {
    let page_size = List::Blocks.page_size(request.page_size)?;
    let first = match List::Blocks.after::<Height>(&request.page_token)? {
        Some(last) => last.next(),
        None => Height(request.from_height.max(1)),
    };
    let blocks = calls.read(move |ledger| ledger.block_summaries(first, page_size + 1)).await?;
    let name = |block: &BlockSummary| block.header.height.to_string();
    let (blocks, next_page_token) = List::Blocks.page(blocks, page_size, name);
    Ok(wire::ListBlocksResponse { blocks: blocks.iter().map(Into::into).collect(), next_page_token })
}

/// A height of a block: the genesis has none.
pub(in crate::server) fn height(field: &'static str, height: u64) -> Result<Height, RequestError> {
    if height == 0 { Err(RequestError::Zero { field }) } else { Ok(Height(height)) }
}
