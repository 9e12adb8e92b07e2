//! Short answers over HTTP without TLS, for those who watch a program: health checks and collectors of metrics.
//!
//! Connections are those of the services, with one difference: a newcomer always gets in. What is answered here has
//! little worth to a stranger, and matters most to an operator just when strangers are at it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, Response};
use bytes::Bytes;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::transport::Server;

use super::config::Limits;
use super::net::{AnswerLayer, Callers, Crowded, Incoming, Proxies, Seats};
use super::serve::ServeError;
use super::stats::ServerStats;

/// Limits of [`serve_plain`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainLimits {
    /// Connections at once. Beyond it, the one that has been without a request for longest is closed, or the oldest if none
    /// is without one.
    pub connections: usize,
    /// Connections at once from one address, likewise.
    pub connections_per_address: usize,
    /// Time in which the first bytes must come.
    pub greeting_timeout: Duration,
    /// Time in which a whole head of a request must come, counted from the connection or from the last answer.
    pub head_timeout: Duration,
    /// How long a caller may take nothing of an answer.
    pub stall_timeout: Duration,
}

/// Answers requests by method and path, for as long as the future is polled; dropping it closes all connections. `answer`
/// must not block.
///
/// # Errors
/// [`ServeError`].
pub async fn serve_plain<A>(listener: TcpListener, limits: PlainLimits, answer: A) -> Result<(), ServeError>
where
    A: Fn(&Method, &str) -> Response<Bytes> + Clone + Send + Sync + 'static,
{
    let limits = Limits {
        connections: limits.connections,
        connections_per_address: limits.connections_per_address,
        handshake_timeout: limits.greeting_timeout,
        idle_timeout: limits.head_timeout,
        stall_timeout: limits.stall_timeout,
        network_percent: 100,
        address_connections_per_second: u32::MAX,
        address_connections_burst: u32::MAX,
        ..Limits::default()
    };
    let callers = Arc::new(Callers::new(&limits));
    let proxies = Proxies::new(Vec::new(), false, Arc::clone(&callers));
    let seats = Arc::new(Seats::new(&limits, callers, Crowded::OldestCut));
    let cut = CancellationToken::new();
    let _cut = cut.clone().drop_guard();
    let incoming = Incoming::new(vec![listener], limits, seats, proxies, cut, ServerStats::default());
    let answered = move |request: Request| {
        let answer = answer(request.method(), request.uri().path());
        std::future::ready(answer.map(Body::from))
    };
    Server::builder()
        .accept_http1(true)
        .max_concurrent_streams(STREAMS_MAX)
        .http2_max_header_list_size(HEADERS_BYTES_MAX)
        .layer(AnswerLayer)
        .add_routes(Routes::from(Router::new().fallback(answered)))
        .serve_with_incoming(incoming)
        .await
        .map_err(|error| ServeError::Transport(Box::new(error)))
}

/// Requests at once on one connection (HTTP/2).
const STREAMS_MAX: u32 = 8;
/// Longest list of request headers over HTTP/2, in bytes (16 KiB).
const HEADERS_BYTES_MAX: u32 = 16 << 10;
