//! Members, and the genesis they come from.

use sanad_core::ids::{MemberId, Sequence};
use sanad_core::member::MemberRecord;

use super::entries::latest_or;
use crate::convert::member_id;
use crate::ledger::Ledger;
use crate::server::call_error::{CallError, RequestError};
use crate::server::calls::Calls;
use crate::server::page::List;
use crate::wire;

pub(super) async fn list<L: Ledger>(
    calls: &Calls<L>,
    request: wire::ListMembersRequest,
) -> Result<wire::ListMembersResponse, CallError> {
    let page_size = List::Members.page_size(request.page_size)?;
    let after = List::Members.after::<MemberId>(&request.page_token)?;
    let members = calls.read(move |ledger| ledger.members(after.as_ref(), page_size + 1)).await?;
    let name = |record: &MemberRecord| record.member.id.to_string();
    let (members, next_page_token) = List::Members.page(members, page_size, name);
    Ok(wire::ListMembersResponse { members: members.iter().map(Into::into).collect(), next_page_token })
}

pub(super) async fn member<L: Ledger>(
    calls: &Calls<L>,
    request: wire::GetMemberRequest,
) -> Result<wire::GetMemberResponse, CallError> {
    let id = member_id("id", request.id).map_err(RequestError::from)?;
    let proof = calls.read(move |ledger| ledger.member(&id)).await?;
    Ok((&proof).into())
}

pub(super) async fn batches<L: Ledger>(
    calls: &Calls<L>,
    request: wire::ListIssuerBatchesRequest,
) -> Result<wire::ListIssuerBatchesResponse, CallError> {
    let issuer = member_id("issuer", request.issuer).map_err(RequestError::from)?;
    let page_size = List::IssuerBatches.page_size(request.page_size)?;
    let first = match List::IssuerBatches.after::<u64>(&request.page_token)? {
        Some(last) => last.saturating_add(1),
        None => request.from_sequence,
    };
    let size = latest_or(request.log_size);
    let found =
        calls.read(move |ledger| ledger.issuer_batches(&issuer, Sequence(first), size, page_size)).await?;
    let next = found.more && !found.batches.is_empty();
    let last = first.saturating_add(found.batches.len() as u64).saturating_sub(1);
    Ok(wire::ListIssuerBatchesResponse {
        log_size: found.log_size.0,
        batches: found.batches.iter().map(Into::into).collect(),
        next_page_token: if next { List::IssuerBatches.token(last) } else { String::new() },
    })
}

pub(super) async fn genesis<L: Ledger>(
    calls: &Calls<L>,
    _request: wire::GetGenesisRequest,
) -> Result<wire::GetGenesisResponse, CallError> {
    // Thousands of members make this some milliseconds of work.
    calls.read(|ledger| Ok(ledger.genesis().into())).await
}
