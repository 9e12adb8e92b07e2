//! A server on a port of its own, and a client to it.

use std::sync::Arc;
use std::time::Duration;

use sanad_api::{Client, ClientOptions, Health, Limits, Listeners, ServeError, ServerConfig, serve};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::memory_ledger::MemoryLedger;

/// No test waits longer for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Network {
    pub(crate) ledger: Arc<MemoryLedger>,
    pub(crate) client: Client,
    pub(crate) health: Health,
    pub(crate) url: String,
    pub(crate) port: u16,
    /// Where the reads are served over HTTP.
    pub(crate) http_port: u16,
    shutdown: oneshot::Sender<()>,
    server: JoinHandle<Result<(), ServeError>>,
}

impl Network {
    pub(crate) async fn start() -> Self {
        Self::with_limits(Limits::default()).await
    }

    pub(crate) async fn with_limits(limits: Limits) -> Self {
        let config = ServerConfig { limits, ..ServerConfig::default() };
        Self::with_config(config, "http", &ClientOptions::default()).await
    }

    pub(crate) async fn with_config(config: ServerConfig, scheme: &str, options: &ClientOptions) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let http = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let http_port = http.local_addr().unwrap().port();
        let listeners = Listeners { grpc: vec![listener], http: vec![http] };
        let ledger = Arc::new(MemoryLedger::new());
        let health = Health::new();
        let (shutdown, stop) = oneshot::channel::<()>();
        let server = {
            let (ledger, health) = (Arc::clone(&ledger), health.clone());
            let stop = async { stop.await.unwrap_or(()) };
            tokio::spawn(serve(listeners, ledger, config, health, stop))
        };
        let url = format!("{scheme}://127.0.0.1:{port}");
        let client = Client::connect(&url, options).await.unwrap();
        Self { ledger, client, health, url, port, http_port, shutdown, server }
    }

    /// A channel for what the client would not send.
    pub(crate) async fn channel(&self) -> tonic::transport::Channel {
        tonic::transport::Endpoint::from_shared(self.url.clone()).unwrap().connect().await.unwrap()
    }

    /// Begins the shutdown; the server's end comes from the handle.
    pub(crate) fn stop(self) -> JoinHandle<Result<(), ServeError>> {
        self.shutdown.send(()).unwrap();
        self.server
    }
}

/// The output of a future that must come.
pub(crate) async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.expect("it comes in time")
}
