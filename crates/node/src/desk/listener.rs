//! The admin listener: `/metrics`, `/livez` and `/readyz` over HTTP/1.1, on an address of its own, away from callers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use http::{Method, Response, StatusCode};
use sanad_api::{CONNECTIONS_CLOSING_MAX, ChainState, Diagnosis, PlainLimits, serve_plain};
use sanad_consensus_lite::Phase;
use tokio::net::TcpListener;

use super::{Desk, exposition, metrics};
use crate::error::NodeError;
use crate::facts::RunningNode;

/// A bound admin listener.
pub(crate) struct Admin(TcpListener);

impl Admin {
    /// Most connections at once, with those that are being closed: each needs a file descriptor.
    pub(crate) const CONNECTIONS_MAX: usize = LIMITS.connections + CONNECTIONS_CLOSING_MAX;

    pub(crate) async fn bind(address: SocketAddr) -> Result<Self, NodeError> {
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(|source| NodeError::AdminListen { address, source })?;
        if !address.ip().is_loopback() {
            tracing::warn!(%address, "admin.listen is not a loopback address: whoever reaches it reads metrics");
        }
        Ok(Self(listener))
    }

    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.0.local_addr().ok()
    }

    /// Answers for as long as it is polled.
    pub(crate) async fn serve(self, desk: Arc<Desk>, node: RunningNode) {
        let answer = move |method: &Method, path: &str| respond(method, path, &desk, &node);
        if let Err(error) = serve_plain(self.0, LIMITS, answer).await {
            tracing::error!(%error, "the admin listener ended; the node runs without it until it is started again");
        }
    }
}

fn respond(method: &Method, path: &str, desk: &Desk, node: &RunningNode) -> Response<Bytes> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "GET only\n".to_owned());
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    match path {
        "/metrics" => {
            let mut response = text(StatusCode::OK, metrics::text(desk, node));
            let kind = HeaderValue::from_static(exposition::CONTENT_TYPE);
            response.headers_mut().insert(CONTENT_TYPE, kind);
            response
        }
        "/livez" => health(alive(desk)),
        "/readyz" => health(ready(desk)),
        "/" => text(StatusCode::OK, "/metrics\n/livez\n/readyz\n".to_owned()),
        _ => text(StatusCode::NOT_FOUND, "there are /metrics, /livez and /readyz\n".to_owned()),
    }
}

/// Whether a restart would do no good: the parts of the node run.
fn alive(desk: &Desk) -> Result<(), String> {
    let Some(look) = desk.latest() else {
        return if desk.started.elapsed() < LOOK_AGE_MAX {
            Ok(())
        } else {
            Err("it hangs at its start".into())
        };
    };
    let age = look.at.elapsed();
    if age > LOOK_AGE_MAX {
        return Err(format!("it has not looked at itself for {} s: something hangs", age.as_secs()));
    }
    match look.consensus.phase {
        Phase::Stopped => Err("consensus has stopped".to_owned()),
        _ => Ok(()),
    }
}

/// Whether to send it callers that need a recent block.
fn ready(desk: &Desk) -> Result<(), String> {
    alive(desk)?;
    let look = desk.latest().ok_or("it starts")?;
    match look.diagnosis.state {
        ChainState::Advancing => Ok(()),
        state => Err(format!("{}: {}", state.as_str(), head_in_words(&look.diagnosis))),
    }
}

fn head_in_words(diagnosis: &Diagnosis) -> String {
    match diagnosis.head_age {
        Some(age) => format!("the last block is {} s old", age.as_secs()),
        None => "there is no block yet".to_owned(),
    }
}

fn health(found: Result<(), String>) -> Response<Bytes> {
    match found {
        Ok(()) => text(StatusCode::OK, "ok\n".to_owned()),
        Err(reason) => text(StatusCode::SERVICE_UNAVAILABLE, reason + "\n"),
    }
}

fn text(status: StatusCode, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

/// Age of the last look from which the node is said to hang. A look may wait for the engine, and for a slow disk.
const LOOK_AGE_MAX: Duration = Duration::from_secs(30);
/// Whoever watches asks on a new connection, or on one that is used every few seconds.
const LIMITS: PlainLimits = PlainLimits {
    connections: 32,
    connections_per_address: 16,
    greeting_timeout: Duration::from_secs(2),
    head_timeout: Duration::from_secs(5),
    stall_timeout: Duration::from_secs(5),
};
