//! Headers, and the trust file.

use axum::extract::Path;
use axum::response::Response;
use sanad_core::block::BlockHeader;
use sanad_core::ids::Height;
use sanad_core::proof::Finality;
use serde::{Deserialize, Serialize};

use super::answer::{Asker, Cache, Number, Refusal, number, proof_form};
use crate::blocks::FinalHeader;
use crate::ledger::Ledger;
use crate::ledger_error::LedgerError;
use crate::limits::HTTP_HEADERS_MAX;
use crate::proofs::HeaderProof;
use crate::server::call_error::RequestError;
use crate::server::ledger::height;

/// A header and what makes it final, as in `docs/formats/receipt.md`.
#[derive(Serialize)]
struct ProvedHeader {
    header: BlockHeader,
    finality: Finality,
}

impl From<FinalHeader> for ProvedHeader {
    fn from(FinalHeader { header, certificate }: FinalHeader) -> Self {
        Self { header, finality: Finality::certificate(certificate, Vec::new()) }
    }
}

impl From<HeaderProof> for ProvedHeader {
    fn from(HeaderProof { header, finality }: HeaderProof) -> Self {
        Self { header, finality }
    }
}

#[derive(Serialize)]
struct Headers {
    headers: Vec<ProvedHeader>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    pub(super) from: Number,
    pub(super) limit: Option<Number>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FormQuery {
    pub(super) form: Option<String>,
}

pub(super) async fn latest<L: Ledger>(asker: Asker<L>) -> Result<Response, Refusal> {
    asker.json(Cache::Second, |ledger| ledger.head().map(ProvedHeader::from)).await
}

pub(super) async fn header<L: Ledger>(
    Path(text): Path<String>,
    asker: Asker<L>,
) -> Result<Response, Refusal> {
    let height = height_of(&text)?;
    asker.json(Cache::Forever, move |ledger| ledger.header(height).map(ProvedHeader::from)).await
}

pub(super) async fn history<L: Ledger>(
    Path(text): Path<String>,
    asker: Asker<L>,
) -> Result<Response, Refusal> {
    let height = height_of(&text)?;
    let form = proof_form(asker.query::<FormQuery>()?.form.as_deref())?;
    asker.json(Cache::Second, move |ledger| ledger.history_proof(height, form).map(ProvedHeader::from)).await
}

/// Fewer than asked for only at the head.
pub(super) async fn headers<L: Ledger>(asker: Asker<L>) -> Result<Response, Refusal> {
    let Range { from, limit } = asker.query()?;
    let first = height("from", from.0)?.0;
    let limit = limit.map(|limit| u32::try_from(limit.0).unwrap_or(u32::MAX));
    let count = limit.filter(|limit| *limit != 0).unwrap_or(HTTP_HEADERS_MAX);
    if count > HTTP_HEADERS_MAX {
        return Err(RequestError::AboveLimit { field: "limit", actual: count, max: HTTP_HEADERS_MAX }.into());
    }
    let read = move |ledger: &L| {
        let mut headers = Vec::new();
        for height in (first..=u64::MAX).take(count as usize) {
            match ledger.header(Height(height)) {
                Ok(header) => headers.push(header.into()),
                Err(LedgerError::HeightBeyondHead { .. }) => break,
                Err(error) => return Err(error),
            }
        }
        serde_json::to_vec(&Headers { headers }).map_err(LedgerError::internal)
    };
    asker.long_bytes(Cache::Second, super::JSON, read).await
}

pub(super) async fn trust_file<L: Ledger>(asker: Asker<L>) -> Result<Response, Refusal> {
    let read = |ledger: &L| Ok(ledger.trust_file()?.to_json().into_bytes());
    asker.long_bytes(Cache::Minute, super::JSON, read).await
}

pub(super) async fn trust_file_binary<L: Ledger>(asker: Asker<L>) -> Result<Response, Refusal> {
    let read = |ledger: &L| Ok(ledger.trust_file()?.to_binary());
    asker.long_bytes(Cache::Minute, "application/octet-stream", read).await
}

fn height_of(text: &str) -> Result<Height, Refusal> {
    Ok(height("height", number("height", "a height", text)?)?)
}
