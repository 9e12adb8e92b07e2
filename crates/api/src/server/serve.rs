//! Putting a ledger on the network, and taking it off again.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::DuplexStream;
use tokio::net::TcpListener;
use tokio_stream::{Stream, StreamExt as _};
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::service::Routes;
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};
use tonic_web::GrpcWebLayer;

use super::calls::Calls;
use super::config::{Limits, ServerConfig, TlsIdentity};
use super::health::{self, Health, Serving};
use super::http;
use super::ledger::LedgerApi;
use super::net::{
    AdmissionLayer, AnswerLayer, Callers, Crowded, Incoming, ObserveLayer, Proxies, Seats, Secured, Tls,
    WebLayer,
};
use super::node::NodeApi;
use super::shares::{Scope, Shares};
use super::stats::ServerStats;
use super::submission::SubmissionApi;
use crate::ledger::Ledger;
use crate::limits::{READ_REQUEST_BYTES_MAX, SUBMIT_REQUEST_BYTES_MAX};
use crate::wire;
use crate::wire::ledger_service_server::LedgerServiceServer;
use crate::wire::node_service_server::NodeServiceServer;
use crate::wire::submission_service_server::SubmissionServiceServer;

/// Why the server could not serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// There is no listener.
    #[error("there is nothing to listen on")]
    NoListener,
    /// Certificate or key cannot be used.
    #[error("the TLS certificate or key cannot be used")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The server failed.
    #[error("the server failed")]
    Transport(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Where a server listens.
#[derive(Debug, Default)]
pub struct Listeners {
    /// Sockets for gRPC, bound already.
    pub grpc: Vec<TcpListener>,
    /// For reads over HTTP.
    pub http: Vec<TcpListener>,
}

impl From<Vec<TcpListener>> for Listeners {
    fn from(grpc: Vec<TcpListener>) -> Self {
        Self { grpc, http: Vec::new() }
    }
}

/// Serves the ledger on the listeners until `shutdown` completes.
///
/// Then the health check says [`Serving::No`], subscriptions end with `UNAVAILABLE`, other calls have
/// [`super::Limits::shutdown_grace`] to end, and what is left is cut off. Asks nobody who they are: reads are for
/// everyone, batches count by their signature.
///
/// # Errors
/// [`ServeError`].
pub async fn serve<L: Ledger>(
    listeners: impl Into<Listeners>,
    ledger: Arc<L>,
    config: ServerConfig,
    health: Health,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    let listeners = listeners.into();
    if listeners.grpc.is_empty() {
        return Err(ServeError::NoListener);
    }
    let ServerConfig { tls, http_tls, web_origins, trusted_proxies, proxy_protocol, limits, site, stats } =
        config;
    let callers = Arc::new(Callers::new(&limits));
    let proxies = Proxies::new(trusted_proxies, proxy_protocol, Arc::clone(&callers));
    let seats = Arc::new(Seats::new(&limits, callers, Crowded::NewcomerRefused));
    let (stopping, cut) = (CancellationToken::new(), CancellationToken::new());
    let shares = Arc::new(Shares::new(Scope::Server, &limits));
    let calls = Arc::new(Calls::new(ledger, limits, Arc::clone(&shares), stopping.clone(), stats.clone()));
    let (reporter, health_service) = tonic_health::server::health_reporter();
    health::set_status(&reporter, health.serving()).await;
    let routes = routes(&calls).add_service(health_service);
    // One set of limits for both ports: who takes much of one has less of the other.
    let admission = |refuse| AdmissionLayer {
        refuse,
        server: Arc::clone(&shares),
        proxies: proxies.clone(),
        stats: stats.clone(),
    };
    let incoming = |listeners| {
        Incoming::new(listeners, limits, Arc::clone(&seats), proxies.clone(), cut.clone(), stats.clone())
    };
    let builder = || {
        Server::builder()
            .accept_http1(true)
            .max_concurrent_streams(limits.streams_per_connection)
            .http2_max_header_list_size(HEADERS_BYTES_MAX)
            .http2_keepalive_interval(Some(KEEP_ALIVE_INTERVAL))
            .http2_keepalive_timeout(Some(KEEP_ALIVE_TIMEOUT))
            // A request whose message does not come ends too; the deadline of a call only begins after it.
            .timeout(limits.call_timeout_max + REQUEST_MARGIN)
    };
    let server = with_tls(builder(), tls, &limits)?
        .layer(AnswerLayer)
        .layer(WebLayer(web_origins))
        .layer(GrpcWebLayer::new())
        .layer(ObserveLayer(stats.clone()))
        .layer(admission(|error| Status::from(error).into_http()))
        .add_routes(routes)
        .serve_with_incoming_shutdown(incoming(listeners.grpc), stopping.clone().cancelled_owned());
    let http_tls = http_tls.map(|identity| http_security(&identity, &limits)).transpose()?;
    let secured = move |connection: io::Result<_>| {
        connection.map(|connection| Secured::new(connection, http_tls.as_ref()))
    };
    let reads = builder()
        .layer(AnswerLayer)
        .layer(ObserveLayer(stats.clone()))
        .layer(admission(http::refusal))
        .add_routes(http::router(&calls, site).into())
        .serve_with_incoming_shutdown(
            incoming(listeners.http).map(secured),
            stopping.clone().cancelled_owned(),
        );
    let ending = async {
        tokio::select! {
            () = shutdown => {}
            () = health::report(&health, &reporter) => {}
        }
        health.set(Serving::No);
        health::close(reporter).await;
        stopping.cancel();
        tokio::time::sleep(limits.shutdown_grace).await;
        tracing::warn!("calls were cut off: they did not end in time");
        cut.cancel();
        std::future::pending().await
    };
    tokio::select! {
        served = async { tokio::try_join!(server, reads) } => match served {
            Ok(((), ())) => Ok(()),
            Err(error) => Err(ServeError::Transport(Box::new(error))),
        },
        never = ending => never,
    }
}

impl ServerConfig {
    /// Checks certificates and keys, without serving.
    ///
    /// # Errors
    /// [`ServeError::Tls`].
    pub fn check(&self) -> Result<(), ServeError> {
        with_tls(Server::builder(), self.tls.clone(), &self.limits)?;
        self.http_tls.iter().try_for_each(|identity| http_security(identity, &self.limits).map(|_| ()))
    }
}

/// Serves the ledger on connections inside this process, until the stream ends. They are not limited themselves, only
/// the work and the answers of their calls are: the caller is the process itself.
pub(crate) async fn serve_in_process<L: Ledger>(
    ledger: Arc<L>,
    connections: impl Stream<Item = io::Result<DuplexStream>>,
) {
    let limits = Limits::default();
    let shares = Arc::new(Shares::new(Scope::Server, &limits));
    let calls =
        Arc::new(Calls::new(ledger, limits, shares, CancellationToken::new(), ServerStats::default()));
    let server = Server::builder().add_routes(routes(&calls));
    if let Err(error) = server.serve_with_incoming(connections).await {
        tracing::error!(%error, "the server inside the process failed");
    }
}

fn routes<L: Ledger>(calls: &Arc<Calls<L>>) -> Routes {
    let ledger = LedgerServiceServer::new(LedgerApi(Arc::clone(calls)));
    let submission = SubmissionServiceServer::new(SubmissionApi(Arc::clone(calls)));
    let node = NodeServiceServer::new(NodeApi(Arc::clone(calls)));
    let described = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(wire::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET)
            .include_reflection_service(false)
    };
    let made = "invariant: the descriptors were made by the build of this crate";
    let reflection = described().build_v1().expect(made);
    // Many tools still ask in this form alone.
    let reflection_alpha = described().build_v1alpha().expect(made);
    Routes::new(ledger.max_decoding_message_size(READ_REQUEST_BYTES_MAX))
        .add_service(submission.max_decoding_message_size(SUBMIT_REQUEST_BYTES_MAX))
        .add_service(node.max_decoding_message_size(READ_REQUEST_BYTES_MAX))
        .add_service(reflection)
        .add_service(reflection_alpha)
}

fn with_tls(server: Server, tls: Option<TlsIdentity>, limits: &Limits) -> Result<Server, ServeError> {
    let Some(TlsIdentity { certificates_pem, key_pem, client_authorities_pem }) = tls else {
        return Ok(server);
    };
    let identity = Identity::from_pem(certificates_pem, key_pem);
    let mut config = ServerTlsConfig::new().identity(identity).timeout(limits.handshake_timeout);
    if let Some(pem) = client_authorities_pem {
        config = config.client_ca_root(Certificate::from_pem(pem));
    }
    server.tls_config(config).map_err(|error| ServeError::Tls(Box::new(error)))
}

fn http_security(identity: &TlsIdentity, limits: &Limits) -> Result<Tls, ServeError> {
    Tls::new(identity, limits.handshake_timeout).map_err(|error| ServeError::Tls(Box::new(error)))
}

/// Longest list of request headers, in bytes.
const HEADERS_BYTES_MAX: u32 = 16 << 10;
/// How soon a connection whose other end is gone is noticed.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(60);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(20);
/// Time for a request to come, beside the time of its call.
const REQUEST_MARGIN: Duration = Duration::from_secs(5);
