//! The admin listener: `/metrics`, `/livez` and `/readyz` over HTTP/1.1, on an address of its own, away from callers.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use sanad_api::{ChainState, Diagnosis};
use sanad_consensus_lite::Phase;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::{Desk, exposition, metrics};
use crate::error::NodeError;
use crate::facts::RunningNode;

/// A bound admin listener.
pub(crate) struct Admin(TcpListener);

impl Admin {
    /// Most connections at once: each needs a file descriptor.
    pub(crate) const CONNECTIONS_MAX: usize = 16;

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
        let turns = Arc::new(Semaphore::new(Self::CONNECTIONS_MAX));
        loop {
            let Ok(turn) = Arc::clone(&turns).acquire_owned().await else { return };
            match self.0.accept().await {
                Ok((stream, _)) => {
                    let (desk, node) = (Arc::clone(&desk), node.clone());
                    tokio::spawn(async move {
                        answer(stream, &desk, &node).await;
                        drop(turn);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection to the admin listener could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

async fn answer(stream: TcpStream, desk: &Desk, node: &RunningNode) {
    let service =
        service_fn(
            |request: Request<Incoming>| async move { Ok::<_, Infallible>(respond(&request, desk, node)) },
        );
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_TIMEOUT)
        .max_buf_size(HEADERS_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    // Collectors keep their connection for the next scrape; it is made anew now and then.
    if let Ok(Err(error)) = tokio::time::timeout(CONNECTION_TIMEOUT, connection).await {
        tracing::debug!(%error, "a connection to the admin listener ended badly");
    }
}

fn respond(request: &Request<Incoming>, desk: &Desk, node: &RunningNode) -> Response<Full<Bytes>> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "GET only\n".to_owned());
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    match request.uri().path() {
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

fn health(found: Result<(), String>) -> Response<Full<Bytes>> {
    match found {
        Ok(()) => text(StatusCode::OK, "ok\n".to_owned()),
        Err(reason) => text(StatusCode::SERVICE_UNAVAILABLE, reason + "\n"),
    }
}

fn text(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

/// Age of the last look from which the node is said to hang. A look may wait for the engine, and for a slow disk.
const LOOK_AGE_MAX: Duration = Duration::from_secs(30);
const HEADERS_TIMEOUT: Duration = Duration::from_secs(60);
/// Longest head of a request, in bytes (16 KiB).
const HEADERS_BYTES_MAX: usize = 16 << 10;
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(600);
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
