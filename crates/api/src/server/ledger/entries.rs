//! Entries of the log, and proofs of its tree.

use sanad_core::ids::{LogIndex, LogSize};

use crate::convert::proof_form;
use crate::entries::LogEntry;
use crate::ledger::Ledger;
use crate::server::call_error::{CallError, RequestError};
use crate::server::calls::Calls;
use crate::server::page::List;
use crate::wire;

pub(super) async fn entry<L: Ledger>(
    calls: &Calls<L>,
    request: wire::GetEntryRequest,
) -> Result<wire::GetEntryResponse, CallError> {
    let entry = calls.read(move |ledger| ledger.entry(LogIndex(request.index))).await?;
    Ok(wire::GetEntryResponse { entry: Some((&entry).into()) })
}

pub(super) async fn list<L: Ledger>(
    calls: &Calls<L>,
    request: wire::ListEntriesRequest,
) -> Result<wire::ListEntriesResponse, CallError> {
    let page_size = List::Entries.page_size(request.page_size)?;
    let first = match List::Entries.after::<LogIndex>(&request.page_token)? {
        Some(last) => LogIndex(last.0.saturating_add(1)),
        None => LogIndex(request.from_index),
    };
    let entries = calls.read(move |ledger| ledger.entries(first, page_size + 1)).await?;
    let name = |entry: &LogEntry| entry.index.to_string();
    let (entries, next_page_token) = List::Entries.page(entries, page_size, name);
    Ok(wire::ListEntriesResponse { entries: entries.iter().map(Into::into).collect(), next_page_token })
}

pub(super) async fn inclusion<L: Ledger>(
    calls: &Calls<L>,
    request: wire::GetInclusionProofRequest,
) -> Result<wire::GetInclusionProofResponse, CallError> {
    let wire::GetInclusionProofRequest { index, size } = request;
    if size != 0 && index >= size {
        return Err(RequestError::IndexBeyondSize { index, size }.into());
    }
    let proof = calls.read(move |ledger| ledger.inclusion_proof(LogIndex(index), latest_or(size))).await?;
    Ok((&proof).into())
}

pub(super) async fn consistency<L: Ledger>(
    calls: &Calls<L>,
    request: wire::GetConsistencyProofRequest,
) -> Result<wire::GetConsistencyProofResponse, CallError> {
    let wire::GetConsistencyProofRequest { old_size: old, new_size: new, form } = request;
    if old == 0 {
        return Err(RequestError::Zero { field: "old_size" }.into());
    }
    if new != 0 && old > new {
        return Err(RequestError::OldBeyondNew { old, new }.into());
    }
    let form = proof_form(form).map_err(RequestError::from)?;
    let read = move |ledger: &L| ledger.consistency_proof(LogSize(old), latest_or(new), form);
    let proof = calls.read(read).await?;
    Ok((&proof).into())
}

/// A size in a request: 0 stands for that of the last block.
fn latest_or(size: u64) -> Option<LogSize> {
    (size != 0).then_some(LogSize(size))
}
