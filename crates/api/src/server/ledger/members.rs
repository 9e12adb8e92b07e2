//! Members, and the genesis they come from.

use std::fmt;
use std::str::FromStr;

use sanad_core::ids::{Height, MemberId};
use sanad_core::member::MemberState;

use crate::convert::{member_id, proof_form};
use crate::ledger::Ledger;
use crate::server::call_error::{CallError, RequestError};
use crate::server::calls::Calls;
use crate::server::page::List;
use crate::wire;

/// Where a page ends, as its token says it: `ID` in the list of now, `ID@HEIGHT` in that of a height.
struct Place {
    last: MemberId,
    as_of: Height,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_of {
            Height::GENESIS => write!(f, "{}", self.last),
            Height(height) => write!(f, "{}@{height}", self.last),
        }
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (last, as_of) = match text.split_once('@') {
            None => (text, Height::GENESIS),
            Some((last, height)) => (last, Height(height.parse().map_err(drop)?)),
        };
        Ok(Self { last: last.parse().map_err(drop)?, as_of })
    }
}

pub(super) async fn list<L: Ledger>(
    calls: &Calls<L>,
    request: wire::ListMembersRequest,
) -> Result<wire::ListMembersResponse, CallError> {
    let page_size = List::Members.page_size(request.page_size)?;
    let form = proof_form(request.form).map_err(RequestError::from)?;
    let as_of = Height(request.as_of);
    let after = match List::Members.after::<Place>(&request.page_token)? {
        Some(place) if place.as_of != as_of => return Err(RequestError::PageToken.into()),
        place => place.map(|place| place.last),
    };
    let read = move |ledger: &L| match as_of {
        Height::GENESIS => Ok((ledger.members(after.as_ref(), page_size + 1)?, None)),
        height => {
            let mut proof = ledger.members_as_of(height, after.as_ref(), page_size + 1, form)?;
            Ok((std::mem::take(&mut proof.members), Some(proof)))
        }
    };
    let (members, proof) = calls.read(read).await?;
    let name = |member: &MemberState| Place { last: member.record().id.clone(), as_of }.to_string();
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
