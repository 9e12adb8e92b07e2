//! SIGHUP: reads the configuration again, and does what can be done without a restart.
//!
//! **Invariant:** a configuration that is refused changes nothing, and no SIGHUP ends the node.

use std::path::PathBuf;

use sanad_api::ServerConfig;
use sanad_consensus_lite::PeerAddress;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::checking::said;
use crate::config::{Config, Overrides};
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

/// Why a new configuration is refused.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    Node(#[from] NodeError),
    #[error("the peers are others than before; that needs a restart")]
    OtherPeers,
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
        connections_max: usize,
    ) {
        while self.hangups.recv().await.is_some() {
            supervisor::reloading();
            match self.reload(&current, &node, &settings, connections_max).await {
                Ok(new) => current = new,
                Err(error) => tracing::error!(
                    error = %said(&error), path = %self.path.display(),
                    "the new configuration is refused, and the old one stays"
                ),
            }
            supervisor::ready();
        }
    }

    async fn reload(
        &self,
        current: &Config,
        node: &RunningNode,
        settings: &watch::Sender<ServerConfig>,
        connections_max: usize,
    ) -> Result<Config, Refused> {
        let new = Config::load(&self.path, &self.overrides).map_err(NodeError::from)?;
        oddities::check(&new).map_err(NodeError::from)?;
        let members = |config: &Config| -> Vec<_> {
            let mut members: Vec<_> = config.peers.iter().map(|peer| peer.member.clone()).collect();
            members.sort();
            members
        };
        if members(&new) != members(current) {
            return Err(Refused::OtherPeers);
        }
        let mut server = server_config(&new)?;
        server.limits.connections = server.limits.connections.min(connections_max);
        server.stats = settings.borrow().stats.clone();
        server.check().map_err(NodeError::from)?;
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
        self.move_peers(current, &new, node).await;
        for field in needs_restart(current, &new) {
            tracing::warn!("{field} has changed in the configuration, which takes effect at the next start");
        }
        tracing::info!(path = %self.path.display(), "the configuration is read again");
        Ok(new)
    }

    async fn move_peers(&self, current: &Config, new: &Config, node: &RunningNode) {
        for peer in &new.peers {
            let Some(before) = current.peers.iter().find(|before| before.member == peer.member) else {
                continue;
            };
            let known = node.peers.iter().find(|known| known.member == peer.member);
            if before.gossip != peer.gossip {
                node.gossip.move_peer(&peer.member, peer.gossip.clone());
                tracing::info!(member = %peer.member, address = %peer.gossip, "the peer is elsewhere for batches");
            }
            if let Some(known) = known.filter(|_| before.consensus != peer.consensus) {
                let address =
                    PeerAddress { address: peer.consensus.to_string(), network_key: known.network_key };
                match node.consensus.move_peer(&address).await {
                    Ok(()) => {
                        tracing::info!(member = %peer.member, address = %peer.consensus, "the peer is elsewhere for votes");
                    }
                    Err(error) => tracing::error!(member = %peer.member, %error, "the peer cannot be moved"),
                }
            }
        }
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
        ("admin.listen", current.admin.listen != new.admin.listen),
        ("consensus", format!("{:?}", current.consensus) != format!("{:?}", new.consensus)),
        ("gossip", format!("{:?}", current.gossip) != format!("{:?}", new.gossip)),
        ("storage.segment_bytes", segment_bytes(current) != segment_bytes(new)),
        ("log.format", current.log.format != new.log.format),
    ];
    differs.into_iter().filter_map(|(field, differs)| differs.then_some(field)).collect()
}
