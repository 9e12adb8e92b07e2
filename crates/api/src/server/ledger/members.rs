//! Members, and the genesis they come from.

use sanad_core::ids::MemberId;
use sanad_core::member::MemberState;

use crate::convert::{member_id, proof_form};
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
    let name = |member: &MemberState| member.record().id.to_string();
    let (members, next_page_token) = List::Members.page(members, page_size, name);
    Ok(wire::ListMembersResponse { members: members.iter().map(Into::into).collect(), next_page_token })
}

pub(super) async fn member<L: Ledger>(
    calls: &Calls<L>,
    request: wire::GetMemberRequest,
) -> Result<wire::GetMemberResponse, CallError> {
    let id = member_id("id", request.id).map_err(RequestError::from)?;
    let form = proof_form(request.form).map_err(RequestError::from)?;
    let member = calls.read(move |ledger| ledger.member(&id, form)).await?;
    Ok((&member).into())
}

pub(super) async fn governance<L: Ledger>(
    calls: &Calls<L>,
    request: wire::GetGovernanceRequest,
) -> Result<wire::GetGovernanceResponse, CallError> {
    let form = proof_form(request.form).map_err(RequestError::from)?;
    let proof = calls.read(move |ledger| ledger.governance(form)).await?;
    Ok((&proof).into())
}

pub(super) async fn genesis<L: Ledger>(
    calls: &Calls<L>,
    _request: wire::GetGenesisRequest,
) -> Result<wire::GetGenesisResponse, CallError> {
    // Thousands of members make this some milliseconds of work.
    calls.read(|ledger| Ok(ledger.genesis().into())).await
}
