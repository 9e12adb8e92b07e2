//! Reads over HTTP, as JSON of `docs/formats`: for pages and scripts.
//!
//! **Invariant:** nothing here writes, nothing needs a credential, and every answer is the same for every caller: so
//! every page may read it, and every cache keep it.

mod answer;
mod blocks;
mod credentials;
mod log;
mod members;
mod node;
mod problem;
mod site;

use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use tonic::Code;

pub use self::site::{SiteContent, SiteFile};
use super::calls::Calls;
use super::net::Outcome;
use crate::ledger::Ledger;
use answer::{Asker, Cache, Refusal};
use problem::HttpError;
pub(super) use problem::refusal;

/// Everything that is served over HTTP.
pub(super) fn router<L: Ledger>(calls: &Arc<Calls<L>>, site: Vec<SiteFile>) -> Router {
    let reads =
        routes::<L>().into_iter().fold(Router::new(), |router, (path, reads)| router.route(path, reads));
    site::add(reads, site)
        .fallback(async || Refusal::from(HttpError::Path))
        .method_not_allowed_fallback(async || Refusal::from(HttpError::Method))
        .layer(from_fn(around))
        .with_state(Arc::clone(calls))
}

/// The reads, each with its path. `openapi.json` describes them.
fn routes<L: Ledger>() -> Vec<(&'static str, MethodRouter<Arc<Calls<L>>>)> {
    vec![
        ("/v1/node", get(node::status::<L>)),
        ("/v1/genesis", get(members::genesis::<L>)),
        ("/v1/trust", get(blocks::trust_file::<L>)),
        ("/v1/trust.bin", get(blocks::trust_file_binary::<L>)),
        ("/v1/headers", get(blocks::headers::<L>)),
        ("/v1/headers/latest", get(blocks::latest::<L>)),
        ("/v1/headers/{height}", get(blocks::header::<L>)),
        ("/v1/headers/{height}/history", get(blocks::history::<L>)),
        ("/v1/members", get(members::list::<L>)),
        ("/v1/members/{id}", get(members::member::<L>)),
        ("/v1/members/{id}/entries", get(members::entries::<L>)),
        ("/v1/governance", get(members::governance::<L>)),
        ("/v1/credentials/{issuer}/{commitment}", get(credentials::by_commitment::<L>)),
        ("/v1/entries", get(log::entries::<L>)),
        ("/v1/entries/{index}", get(log::entry::<L>)),
        ("/v1/entries/{index}/status", get(credentials::by_index::<L>)),
        ("/v1/entries/{index}/inclusion", get(log::inclusion::<L>)),
        ("/v1/consistency", get(log::consistency::<L>)),
        ("/openapi.json", get(async |asker: Asker<L>| asker.text(Cache::Hour, JSON, OPENAPI.as_bytes()))),
    ]
}

/// What every answer has: limits of the request, headers for browsers, and its place in the counts.
async fn around(request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map_or(OTHER_PATHS, MatchedPath::as_str).to_owned();
    let bytes = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let mut response = match *request.method() {
        Method::OPTIONS => StatusCode::NO_CONTENT.into_response(),
        _ if bytes > TARGET_BYTES_MAX => Refusal::from(HttpError::TargetTooLong).into_response(),
        _ => next.run(request).await,
    };
    // A path that is no UTF-8 is answered by the router, in its own words.
    let is_problem =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == problem::PROBLEM);
    if response.status().is_client_error() && !is_problem {
        response = Refusal::from(HttpError::Path).into_response();
    }
    let code = response.extensions_mut().remove::<Code>().unwrap_or(Code::Ok);
    response.extensions_mut().insert(Outcome { name: format!("GET {path}"), code });
    for (name, value) in BROWSERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Every page may read, none may send; and no browser guesses what an answer is.
const BROWSERS: [(HeaderName, &str); 7] = [
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"),
    (header::ACCESS_CONTROL_ALLOW_HEADERS, "if-none-match"),
    (header::ACCESS_CONTROL_EXPOSE_HEADERS, "etag, retry-after"),
    // Two hours, the most that browsers keep it.
    (header::ACCESS_CONTROL_MAX_AGE, "7200"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
];
/// How paths that nothing is served at are counted.
const OTHER_PATHS: &str = "other";
/// Longest path with its query, in bytes.
const TARGET_BYTES_MAX: usize = 1 << 10;

const JSON: &str = "application/json";
/// OpenAPI 3.1.
const OPENAPI: &str = include_str!("openapi.json");

#[cfg(test)]
#[path = "../../../tests/api/memory_ledger.rs"]
#[allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests say what they saw")]
mod memory_ledger;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::memory_ledger::MemoryLedger;
    use super::*;

    #[test]
    fn every_read_is_described_and_nothing_else() {
        let description: serde_json::Value = serde_json::from_str(OPENAPI).unwrap();
        let described: BTreeSet<&str> =
            description["paths"].as_object().unwrap().keys().map(String::as_str).collect();
        let served: BTreeSet<&str> = routes::<MemoryLedger>().iter().map(|(path, _)| *path).collect();
        assert_eq!(served, described);
    }
}
