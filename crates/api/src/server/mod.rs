//! The server: a [`Ledger`] on the network.

mod config;
mod health;

pub use config::{Limits, ServerConfig, TlsIdentity, WebOrigins};
pub use health::{Health, Serving};

use std::future::Future;
use std::sync::Arc;

use tokio::net::TcpListener;

use crate::ledger::Ledger;

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
    #[error("the gRPC server failed")]
    Transport(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Serves the ledger on the listeners until `shutdown` completes.
///
/// Then the health check says so, subscriptions end with `UNAVAILABLE`, other calls have
/// [`Limits::shutdown_grace`] to end, and what is left is cut off. Answers nothing of itself about who may call:
/// reads are for everyone, batches count by their signature.
///
/// # Errors
/// [`ServeError`].
pub async fn serve<L: Ledger>(
    listeners: Vec<TcpListener>,
    ledger: Arc<L>,
    config: ServerConfig,
    health: Health,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    let _ = (listeners, ledger, config, health);
    shutdown.await;
    Ok(())
}
