//! What a caller hears of an error: problem details (RFC 9457) with the [`ErrorCode`] of gRPC beside them.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{self, HeaderValue};
use axum::http::{Response, StatusCode};
use serde::Serialize;
use tonic::Code;

use super::BROWSERS;
use crate::causes::causes;
use crate::error_code::ErrorCode;
use crate::server::call_error::CallError;
use crate::server::net::Outcome;
use crate::server::status::Answer;

/// Why a request is not answered.
#[derive(Debug, thiserror::Error)]
pub(super) enum HttpError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("nothing is served at this path")]
    Path,
    #[error("only GET and HEAD are served")]
    Method,
    #[error("the path and its query are too long")]
    TargetTooLong,
    #[error("{name} is not {form}")]
    Parameter { name: &'static str, form: &'static str },
    #[error("the query is not understood: {0}")]
    Query(String),
}

#[derive(Serialize)]
struct Problem<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'static str,
}

/// The answer to a call that is not let in.
pub(in crate::server) fn refusal(error: CallError) -> Response<tonic::body::Body> {
    let mut response = response(&error.into());
    let code = response.extensions_mut().remove::<Code>().unwrap_or(Code::Unknown);
    response.extensions_mut().insert(Outcome { name: "GET".to_owned(), code });
    response.map(tonic::body::Body::new)
}

/// The answer to a request that fails.
pub(super) fn response(error: &HttpError) -> Response<Body> {
    let (status, Answer { status: rpc, code, message, retry_after }) = match error {
        HttpError::Call(error) => {
            let answer = Answer::from(error);
            (status_of(answer.status), answer)
        }
        HttpError::Path => (StatusCode::NOT_FOUND, own(error, Code::NotFound, ErrorCode::NotFound)),
        HttpError::Method => {
            (StatusCode::METHOD_NOT_ALLOWED, own(error, Code::Unimplemented, ErrorCode::Unsupported))
        }
        HttpError::TargetTooLong => {
            (StatusCode::URI_TOO_LONG, own(error, Code::InvalidArgument, ErrorCode::Malformed))
        }
        HttpError::Parameter { .. } | HttpError::Query(_) => {
            (StatusCode::BAD_REQUEST, own(error, Code::InvalidArgument, ErrorCode::Malformed))
        }
    };
    let problem = Problem {
        kind: "about:blank",
        title: status.canonical_reason().unwrap_or_default(),
        status: status.as_u16(),
        detail: &message,
        code: code.as_str(),
    };
    let text = serde_json::to_string(&problem).expect("invariant: a problem has only plain fields");
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.extensions_mut().insert(rpc);
    let headers = response.headers_mut();
    for (name, value) in BROWSERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    if let Some(delay) = retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds(delay)));
    }
    response
}

fn own(error: &HttpError, status: Code, code: ErrorCode) -> Answer {
    let message = format!("{}; see /openapi.json", causes(error));
    Answer { status, code, message, retry_after: None }
}

/// Rounded up: never sooner than may succeed.
fn seconds(delay: Duration) -> u64 {
    delay.as_secs() + u64::from(delay.subsec_nanos() > 0)
}

/// What HTTP says of a status of gRPC.
fn status_of(code: Code) -> StatusCode {
    match code {
        Code::Ok => StatusCode::OK,
        Code::InvalidArgument => StatusCode::BAD_REQUEST,
        Code::NotFound | Code::OutOfRange => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::FailedPrecondition | Code::Aborted => StatusCode::CONFLICT,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable | Code::Cancelled => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::Unknown | Code::Internal | Code::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

pub(super) const PROBLEM: &str = "application/problem+json";
