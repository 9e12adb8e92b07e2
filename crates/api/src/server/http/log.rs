//! Entries of the log, and proofs of its tree.

use axum::extract::Path;
use axum::response::Response;
use sanad_core::event::Entry;
use sanad_core::hash::Root;
use sanad_core::ids::{LogIndex, LogSize};
use serde::{Deserialize, Serialize};

use super::answer::{Asker, Cache, Number, Refusal, number, page_size, proof_form};
use super::blocks::Range;
use crate::entries::LogEntry;
use crate::ledger::Ledger;
use crate::server::call_error::RequestError;
use crate::server::page::List;

#[derive(Serialize)]
struct Entries {
    entries: Vec<Placed>,
}

/// An entry and its place, on the node's word.
#[derive(Serialize)]
struct Placed {
    index: LogIndex,
    entry: Entry,
}

impl From<LogEntry> for Placed {
    fn from(LogEntry { index, entry }: LogEntry) -> Self {
        Self { index, entry }
    }
}

/// RFC 6962 2.1.1: the path leads from the leaf to the root, which a header of that log size vouches for.
#[derive(Serialize)]
struct Inclusion {
    index: LogIndex,
    size: LogSize,
    leaf_hash: Root,
    root: Root,
    path: Vec<Root>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Size {
    size: Option<Number>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sizes {
    old: Number,
    new: Option<Number>,
    form: Option<String>,
}

/// Fewer than asked for only at the end of the log.
pub(super) async fn entries<L: Ledger>(asker: Asker<L>) -> Result<Response, Refusal> {
    let Range { from, limit } = asker.query()?;
    let count = page_size(List::Entries, limit)?;
    let read = move |ledger: &L| {
        let entries = ledger.entries(LogIndex(from.0), count)?;
        Ok(Entries { entries: entries.into_iter().map(Placed::from).collect() })
    };
    asker.json(Cache::Second, read).await
}

pub(super) async fn entry<L: Ledger>(Path(text): Path<String>, asker: Asker<L>) -> Result<Response, Refusal> {
    let index = LogIndex(number("index", INDEX, &text)?);
    asker.json(Cache::Forever, move |ledger| ledger.entry(index).map(Placed::from)).await
}

/// For a size that is named, the answer never changes.
pub(super) async fn inclusion<L: Ledger>(
    Path(text): Path<String>,
    asker: Asker<L>,
) -> Result<Response, Refusal> {
    let index = number("index", INDEX, &text)?;
    let Size { size } = asker.query()?;
    let size = size.map(|size| size.0);
    if let Some(size) = size.filter(|size| index >= *size) {
        return Err(RequestError::IndexBeyondSize { index, size }.into());
    }
    let cache = if size.is_some() { Cache::Forever } else { Cache::Second };
    let read = move |ledger: &L| {
        let proof = ledger.inclusion_proof(LogIndex(index), size.map(LogSize))?;
        Ok(Inclusion {
            index: proof.index,
            size: proof.size,
            leaf_hash: Root(proof.leaf_hash),
            root: proof.root,
            path: proof.path.into_iter().map(Root).collect(),
        })
    };
    asker.json(cache, read).await
}

pub(super) async fn consistency<L: Ledger>(asker: Asker<L>) -> Result<Response, Refusal> {
    let Sizes { old, new, form } = asker.query()?;
    let (old, new) = (old.0, new.map(|new| new.0));
    if old == 0 {
        return Err(RequestError::Zero { field: "old" }.into());
    }
    if let Some(new) = new.filter(|new| old > *new) {
        return Err(RequestError::OldBeyondNew { old, new }.into());
    }
    let form = proof_form(form.as_deref())?;
    let read = move |ledger: &L| ledger.consistency_proof(LogSize(old), new.map(LogSize), form);
    asker.json(Cache::Second, read).await
}

const INDEX: &str = "a log index";
