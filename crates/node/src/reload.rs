//! SIGHUP: reads the configuration again, and does what can be done without a restart.
//!
//! **Invariant:** a configuration that is refused changes nothing, and no SIGHUP ends the node.

use std::path::PathBuf;

use sanad_api::ServerConfig;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::checking::said;
use crate::config::{Config, Overrides, Peer};
use crate::error::NodeError;
use crate::facts::RunningNode;
use crate::logging::LogControl;
use crate::oddities;
use crate::pool::PoolLimits;
use crate::run::server_config;
use crate::supervisor;

/// Where the configuration is read again from.
#[derive(Debug)]
pub struct Reload {
    hangups: Signal,
    path: PathBuf,
    overrides: Overrides,
    logs: LogControl,
}

impl Reload {
    /// From now on SIGHUP does not end the process.
    ///
    /// # Errors
    /// The operating system refuses to tell of signals.
    pub fn new(path: PathBuf, overrides: Overrides, logs: LogControl) -> std::io::Result<Self> {
        Ok(Self { hangups: signal(SignalKind::hangup())?, path, overrides, logs })
    }

    /// Reloads at each SIGHUP. `connections_max` is what the limit of open files leaves callers.
    pub(crate) async fn keep(
        mut self,
        mut current: Config,
        node: RunningNode,
        settings: watch::Sender<ServerConfig>,
        peers: watch::Sender<Vec<Peer>>,
        connections_max: usize,
    ) {
        while self.hangups.recv().await.is_some() {
            supervisor::reloading();
            match self.reload(&current, &node, &settings, &peers, connections_max) {
                Ok(new) => current = new,
                Err(error) => tracing::error!(
                    error = %said(&error), path = %self.path.display(),
                    "the new configuration is refused, and the old one stays"
                ),
            }
            supervisor::ready();
        }
    }

    fn reload(
        &self,
        current: &Config,
        node: &RunningNode,
        settings: &watch::Sender<ServerConfig>,
        peers: &watch::Sender<Vec<Peer>>,
        connections_max: usize,
    ) -> Result<Config, NodeError> {
        let new = Config::load(&self.path, &self.overrides)?;
        oddities::check(&new)?;
        let mut server = server_config(&new)?;
        server.limits.connections = server.limits.connections.min(connections_max);
        server.stats = settings.borrow().stats.clone();
        server.check()?;
        // Nothing is refused from here on.
        if self.logs.set_filter(&new.log.filter).is_err() {
            tracing::error!("log.filter is not understood");
        }
        let _ = settings.send(server);
        node.ledger.set_pool_limits(PoolLimits::from(&new.pool));
        node.desk.watch(|files| {
            files.tls_certificate.clone_from(&new.api.tls_certificate);
            files.tls_client_ca.clone_from(&new.api.tls_client_ca);
            files.free_bytes_min = new.storage.free_bytes_min;
        });
        let _ = peers.send(new.peers.clone());
        for field in needs_restart(current, &new) {
            tracing::warn!("{field} has changed in the configuration, which takes effect at the next start");
        }
        tracing::info!(path = %self.path.display(), "the configuration is read again");
        Ok(new)
    }
}

/// Settings that differ and are fixed while the node runs.
fn needs_restart(current: &Config, new: &Config) -> Vec<&'static str> {
    let segment_bytes = |config: &Config| config.storage.segment_bytes;
    let differs = [
        ("genesis", current.genesis != new.genesis),
        ("data_dir", current.data_dir != new.data_dir),
        ("member", current.member != new.member),
        ("keys", format!("{:?}", current.keys) != format!("{:?}", new.keys)),
        ("api.listen", current.api.listen != new.api.listen),
        ("http.listen", current.http.listen != new.http.listen),
        ("admin.listen", current.admin.listen != new.admin.listen),
        ("consensus", format!("{:?}", current.consensus) != format!("{:?}", new.consensus)),
        ("gossip", format!("{:?}", current.gossip) != format!("{:?}", new.gossip)),
        ("storage.segment_bytes", segment_bytes(current) != segment_bytes(new)),
        ("snapshots", format!("{:?}", current.snapshots) != format!("{:?}", new.snapshots)),
        ("log.format", current.log.format != new.log.format),
    ];
    differs.into_iter().filter_map(|(field, differs)| differs.then_some(field)).collect()
}
