//! Members, and the genesis they come from.

use sanad_core::ids::{Height, MemberId};
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
    let form = proof_form(request.form).map_err(RequestError::from)?;
    let as_of = Height(request.as_of);
    let read = move |ledger: &L| match as_of {
        Height::GENESIS => Ok((ledger.members(after.as_ref(), page_size + 1)?, None)),
        height => {
            let mut proof = ledger.members_as_of(height, after.as_ref(), page_size + 1, form)?;
            Ok((std::mem::take(&mut proof.members), Some(proof)))
        }
    };
    let (members, proof) = calls.read(read).await?;
    let name = |member: &MemberState| member.record().id.to_string();
    let (members, next_page_token) = List::Members.page(members, page_size, name);
    Ok(wire::ListMembersResponse {
        members: members.iter().map(Into::into).collect(),
        next_page_token,
        proof: proof.as_ref().map(Into::into),
    })
}

pub(super) async fn member<L: Ledger>(
    calls: &Calls<L>,
    request: wire::GetMemberRequest,
) -> Result<wire::GetMemberResponse, CallError> {
    let id = member_id("id", request.id).map_err(RequestError::from)?;
    let form = proof_form(request.form).map_err(RequestError::from)?;
    let read = move |ledger: &L| match Height(request.as_of) {
        Height::GENESIS => ledger.member(&id, form),
        height => ledger.member_as_of(&id, height, form),
    };
    let member = calls.read(read).await?;
    Ok((&member).into())
}

pub(super) async fn genesis<L: Ledger>(
    calls: &Calls<L>,
    _request: wire::GetGenesisRequest,
) -> Result<wire::GetGenesisResponse, CallError> {
    // Thousands of members make this some milliseconds of work.
    calls.read(|ledger| Ok(ledger.genesis().into())).await
}
