//! Answers: JSON of one head, with what caches need.

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, Query};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};

use super::problem::{self, HttpError};
use crate::ledger::Ledger;
use crate::ledger_error::LedgerError;
use crate::proofs::ProofForm;
use crate::server::call_error::{CallError, RequestError};
use crate::server::calls::Calls;
use crate::server::net::{self, ConnectionInfo};
use crate::server::page::List;
use crate::server::shares::Budget;

/// How long an answer may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cache {
    /// It never changes.
    Forever,
    /// It changes with the program alone.
    Hour,
    /// It is as of the last block, and good enough for a while.
    Minute,
    /// It is as of the last block.
    Second,
    /// It may be kept, but is asked for each time.
    Checked,
}

/// A request that is not answered.
pub(super) struct Refusal(HttpError);

/// Who asks: the ledger, the caller's connection, and which answer the caller has already.
pub(super) struct Asker<L> {
    calls: Arc<Calls<L>>,
    connection: Option<ConnectionInfo>,
    known: Option<HeaderValue>,
    uri: Uri,
}

impl<L: Ledger> FromRequestParts<Arc<Calls<L>>> for Asker<L> {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, calls: &Arc<Calls<L>>) -> Result<Self, Infallible> {
        Ok(Self {
            calls: Arc::clone(calls),
            connection: parts.extensions.get().cloned(),
            known: parts.headers.get(header::IF_NONE_MATCH).cloned(),
            uri: parts.uri.clone(),
        })
    }
}

impl<L: Ledger> Asker<L> {
    /// The query: unknown fields are refused, since one that is misspelt would be left out in silence.
    pub(super) fn query<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        let query = Query::try_from_uri(&self.uri).map_err(|rejection| {
            // The innermost cause has the name and the fault; each one above says the same again.
            let mut cause: &dyn Error = &rejection;
            while let Some(source) = cause.source() {
                cause = source;
            }
            HttpError::Query(cause.to_string())
        });
        let Query(query) = query?;
        Ok(query)
    }

    /// Answers with JSON of what is read from the ledger.
    pub(super) async fn json<A: Serialize>(
        self,
        cache: Cache,
        read: impl FnOnce(&L) -> Result<A, LedgerError> + Send + 'static,
    ) -> Result<Response, Refusal> {
        let text = |ledger: &L| serde_json::to_vec(&read(ledger)?).map_err(LedgerError::internal);
        self.bytes(cache, super::JSON, text).await
    }

    /// Answers with bytes that are read from the ledger.
    pub(super) async fn bytes(
        self,
        cache: Cache,
        media_type: &'static str,
        read: impl FnOnce(&L) -> Result<Vec<u8>, LedgerError> + Send + 'static,
    ) -> Result<Response, Refusal> {
        let bytes =
            self.calls.default_deadline().keep(self.calls.read(read)).await.map_err(HttpError::from)??;
        self.respond(cache, media_type, bytes.into())
    }

    /// As [`Self::bytes`], of something long: few are answered at once.
    pub(super) async fn long_bytes(
        self,
        cache: Cache,
        media_type: &'static str,
        read: impl FnOnce(&L) -> Result<Vec<u8>, LedgerError> + Send + 'static,
    ) -> Result<Response, Refusal> {
        let share = self.calls.share_of(self.connection.as_ref(), Budget::BatchProofs, 1)?;
        let mut response = self.bytes(cache, media_type, read).await?;
        net::hold(response.extensions_mut(), share);
        Ok(response)
    }

    /// Answers with what the node says of itself.
    pub(super) async fn said<A: Serialize>(
        self,
        ask: impl AsyncFnOnce(&L) -> Result<A, LedgerError>,
    ) -> Result<Response, Refusal> {
        let said = self.calls.default_deadline().keep(ask(self.calls.ledger())).await?;
        let text = serde_json::to_vec(&said?).map_err(LedgerError::internal)?;
        self.respond(Cache::Second, super::JSON, text.into())
    }

    /// Answers with a text of the program.
    pub(super) fn text(
        self,
        cache: Cache,
        media_type: &'static str,
        text: &'static [u8],
    ) -> Result<Response, Refusal> {
        self.respond(cache, media_type, Bytes::from_static(text))
    }

    fn respond(self, cache: Cache, media_type: &'static str, body: Bytes) -> Result<Response, Refusal> {
        let tag = tag_of(&body);
        let mut response = if is_known(self.known.as_ref(), &tag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            let share = self.calls.answer_share(self.connection.as_ref(), body.len())?;
            let mut response = Response::new(Body::from(body));
            if let Some(share) = share {
                net::hold(response.extensions_mut(), share);
            }
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
            response
        };
        let headers: &mut HeaderMap = response.headers_mut();
        headers.insert(header::ETAG, tag);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache.control()));
        Ok(response)
    }
}

impl Cache {
    /// The value of `Cache-Control`.
    pub(super) fn control(self) -> &'static str {
        match self {
            Self::Forever => "public, max-age=31536000, immutable",
            Self::Hour => "public, max-age=3600",
            Self::Minute => "public, max-age=60",
            Self::Second => "public, max-age=1",
            Self::Checked => "public, no-cache",
        }
    }
}

impl<E: Into<HttpError>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl From<LedgerError> for HttpError {
    fn from(error: LedgerError) -> Self {
        CallError::from(error).into()
    }
}

impl From<RequestError> for HttpError {
    fn from(error: RequestError) -> Self {
        CallError::from(error).into()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        problem::response(&self.0)
    }
}

/// A part of a path or query.
pub(super) fn parameter<T: std::str::FromStr>(
    name: &'static str,
    form: &'static str,
    text: &str,
) -> Result<T, HttpError> {
    text.parse().map_err(|_| HttpError::Parameter { name, form })
}

/// A whole number in a path: digits alone, so that an answer has one address.
pub(super) fn number(name: &'static str, form: &'static str, text: &str) -> Result<u64, HttpError> {
    let number: u64 = parameter(name, form, text)?;
    match number.to_string() == text {
        true => Ok(number),
        false => Err(HttpError::Parameter { name, form }),
    }
}

/// A whole number in a query, as [`number`] reads it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number(pub(super) u64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        number("", "", &text)
            .map(Self)
            .map_err(|_| D::Error::custom(format!("{text:?} is not a whole number")))
    }
}

/// Items of a page, as asked or by default.
pub(super) fn page_size(list: List, limit: Option<Number>) -> Result<usize, HttpError> {
    let asked = u32::try_from(limit.map_or(0, |limit| limit.0)).unwrap_or(u32::MAX);
    list.page_size(asked).map_err(|error| match error {
        RequestError::AboveLimit { actual, max, .. } => {
            RequestError::AboveLimit { field: "limit", actual, max }.into()
        }
        error => error.into(),
    })
}

/// How a proof shows that its header is final; see [`ProofForm`].
pub(super) fn proof_form(asked: Option<&str>) -> Result<ProofForm, HttpError> {
    match asked {
        None | Some("self-contained") => Ok(ProofForm::SelfContained),
        Some("compact") => Ok(ProofForm::Compact),
        Some("sealed") => Ok(ProofForm::Sealed),
        Some(_) => Err(HttpError::Parameter { name: "form", form: "self-contained, compact or sealed" }),
    }
}

/// A strong validator (RFC 9110 8.8.3).
pub(super) fn tag_of(body: &[u8]) -> HeaderValue {
    let hash = blake3::hash(body).to_hex();
    HeaderValue::from_str(&format!("\"{}\"", &hash[..TAG_DIGITS])).expect("invariant: hexadecimal digits")
}

/// RFC 9110 13.1.2.
pub(super) fn is_known(known: Option<&HeaderValue>, tag: &HeaderValue) -> bool {
    let (Some(Ok(known)), Ok(tag)) = (known.map(HeaderValue::to_str), tag.to_str()) else { return false };
    known.split(',').any(|one| matches!(one.trim(), "*") || one.trim().trim_start_matches("W/") == tag)
}

const TAG_DIGITS: usize = 32;
