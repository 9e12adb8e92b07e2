//! Members, governance, and the genesis they come from.

use axum::extract::Path;
use axum::response::Response;
use sanad_core::codec;
use sanad_core::ids::{LogIndex, MemberId};
use sanad_core::member::MemberState;
use sanad_core::proof::{COMPLETENESS_MEDIA_TYPE, EntryRun};
use serde::{Deserialize, Serialize};

use super::answer::{Asker, Cache, Number, Refusal, page_size, parameter, proof_form};
use super::blocks::FormQuery;
use crate::ledger::Ledger;
use crate::ledger_error::LedgerError;
use crate::limits::HTTP_GOVERNANCE_BYTES_MAX;
use crate::server::call_error::RequestError;
use crate::server::page::List;

/// As of the last block, on the node's word.
#[derive(Serialize)]
struct Members {
    members: Vec<MemberState>,
    /// Whether there are more, after the last of these.
    more: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    after: Option<String>,
    limit: Option<Number>,
}

pub(super) async fn list<L: Ledger>(asker: Asker<L>) -> Result<Response, Refusal> {
    let Page { after, limit } = asker.query()?;
    let count = page_size(List::Members, limit)?;
    let after: Option<MemberId> = after.map(|text| parameter("after", MEMBER_ID, &text)).transpose()?;
    let read = move |ledger: &L| {
        let mut members = ledger.members(after.as_ref(), count + 1)?;
        let more = members.len() > count;
        members.truncate(count);
        Ok(Members { members, more })
    };
    asker.json(Cache::Second, read).await
}

/// The record with its proof, and the rest: the head of `docs/formats/completeness.md`.
pub(super) async fn member<L: Ledger>(
    Path(text): Path<String>,
    asker: Asker<L>,
) -> Result<Response, Refusal> {
    let id: MemberId = parameter("id", MEMBER_ID, &text)?;
    let form = proof_form(asker.query::<FormQuery>()?.form.as_deref())?;
    asker.json(Cache::Second, move |ledger| Ok(ledger.member(&id, form)?.completeness())).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryRange {
    from: Number,
    /// The log's, as the header of the member's proof says.
    size: Number,
}

/// Runs of entries that concern the member: further lines of `docs/formats/completeness.md`. None if there is none up to `size`.
pub(super) async fn entries<L: Ledger>(
    Path(text): Path<String>,
    asker: Asker<L>,
) -> Result<Response, Refusal> {
    let id: MemberId = parameter("id", MEMBER_ID, &text)?;
    let EntryRange { from, size } = asker.query()?;
    let (index, size) = (from.0, size.0);
    if index > size {
        return Err(RequestError::IndexBeyondSize { index, size }.into());
    }
    let read = move |ledger: &L| {
        let runs = ledger.entry_runs(&id, LogIndex(index)..LogIndex(size))?;
        Ok(runs.iter().map(EntryRun::to_json).collect::<String>().into_bytes())
    };
    asker.long_bytes(Cache::Forever, COMPLETENESS_MEDIA_TYPE, read).await
}

pub(super) async fn governance<L: Ledger>(asker: Asker<L>) -> Result<Response, Refusal> {
    let form = proof_form(asker.query::<FormQuery>()?.form.as_deref())?;
    let read = move |ledger: &L| {
        let proof = ledger.governance(form)?;
        let bytes: usize = proof.items.iter().map(|item| codec::encode(item).len()).sum();
        match bytes > HTTP_GOVERNANCE_BYTES_MAX {
            true => Err(LedgerError::Unsupported { what: "this is too long for HTTP; ask over gRPC" }),
            false => serde_json::to_vec(&proof).map_err(LedgerError::internal),
        }
    };
    asker.long_bytes(Cache::Second, super::JSON, read).await
}

pub(super) async fn genesis<L: Ledger>(asker: Asker<L>) -> Result<Response, Refusal> {
    asker.long_bytes(Cache::Hour, super::JSON, |ledger| Ok(ledger.genesis().to_json().into_bytes())).await
}

pub(super) const MEMBER_ID: &str = "the id of a member";
