//! Files that are served beside the reads: the verifier's page.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;

use super::answer::{Asker, Cache, Refusal, is_known, tag_of};
use crate::ledger::Ledger;
use crate::server::calls::Calls;

/// A file beside the reads.
#[derive(Clone, Copy, Debug)]
pub struct SiteFile {
    /// Its path, with the leading `/`.
    pub path: &'static str,
    /// Value of `Content-Type`, with its parameters (RFC 9110 8.3).
    pub media_type: &'static str,
    /// Bytes that are served, fixed or asked for at each read.
    pub content: SiteContent,
    /// Further headers of the answer.
    pub headers: &'static [(&'static str, &'static str)],
}

/// What a file has inside.
#[derive(Clone, Copy, Debug)]
pub enum SiteContent {
    /// Bytes of the program.
    Fixed {
        /// As they are.
        plain: &'static [u8],
        /// Compressed with gzip.
        gzip: &'static [u8],
    },
    /// What becomes of the trust file of the last block, in its binary encoding.
    WithTrustFile(fn(&[u8]) -> String),
}

/// Adds the files to the routes.
pub(super) fn add<L: Ledger>(router: Router<Arc<Calls<L>>>, files: Vec<SiteFile>) -> Router<Arc<Calls<L>>> {
    files.into_iter().fold(router, |router, file| match file.content {
        SiteContent::Fixed { plain, gzip } => {
            let forms = Arc::new([plain, gzip].map(|content| (tag_of(content), content)));
            router.route(file.path, get(async move |headers: HeaderMap| fixed(&file, &forms, &headers)))
        }
        SiteContent::WithTrustFile(text) => {
            router.route(file.path, get(async move |asker| with_trust_file::<L>(&file, text, asker).await))
        }
    })
}

/// Asked for again each time, and not sent again unless it is another one: a page and its scripts belong together.
fn fixed(file: &SiteFile, [plain, gzip]: &[(HeaderValue, &'static [u8]); 2], asked: &HeaderMap) -> Response {
    let compressed = takes_gzip(asked);
    let (tag, content) = if compressed { gzip } else { plain };
    let mut response = if is_known(asked.get(header::IF_NONE_MATCH), tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        // Memory of the program itself, which needs no share.
        let mut response = Response::new(Body::from(Bytes::from_static(content)));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(file.media_type));
        if compressed {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, tag.clone());
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(Cache::Checked.control()));
    add_headers(file, headers);
    response
}

async fn with_trust_file<L: Ledger>(
    file: &SiteFile,
    text: fn(&[u8]) -> String,
    asker: Asker<L>,
) -> Result<Response, Refusal> {
    let read = move |ledger: &L| Ok(text(&ledger.trust_file()?.to_binary()).into_bytes());
    let mut response = asker.long_bytes(Cache::Minute, file.media_type, read).await?;
    add_headers(file, response.headers_mut());
    Ok(response)
}

fn add_headers(file: &SiteFile, headers: &mut HeaderMap) {
    for (name, value) in file.headers {
        headers.insert(*name, HeaderValue::from_static(value));
    }
}

/// RFC 9110 12.5.3; a caller that weighs its wishes otherwise gets the plain file.
fn takes_gzip(asked: &HeaderMap) -> bool {
    let wishes = asked.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or("");
    wishes.split(',').any(|wish| wish.trim() == "gzip")
}
