//! The handle of a running consensus.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use malachitebft_app_channel::{ConsensusRequest, NetworkRequest};
use sanad_core::hash::ChainId;
use sanad_core::ids::Height;
use sanad_core::signature::{PublicKey, SecretKey};
use sanad_core::validators::ValidatorSet;
use tokio::sync::oneshot;

use crate::application::Application;
use crate::config::{Config, Keys};
use crate::engine::{self, Setup};
use crate::peer::{PeerAddress, PeerAddressError, peer_id};
use crate::shared::Shared;
use crate::status::{ConsensusStatus, PeerStatus, Phase, Work};
use crate::stopped::{StartError, Stopped};

/// A running consensus. Dropping it stops it, without waiting for that.
#[derive(Debug)]
pub struct Consensus {
    shared: Arc<Shared>,
    listen: SocketAddr,
}

impl Consensus {
    /// Starts consensus on a chain, in threads of its own. Returns when it listens.
    ///
    /// # Errors
    /// [`StartError`]. Nothing is left running then.
    pub async fn start(
        mut config: Config,
        chain_id: ChainId,
        keys: Keys,
        application: impl Application,
    ) -> Result<Self, StartError> {
        config.peers = others(config.peers, &keys.network.public());
        config.peers.iter().try_for_each(PeerAddress::check)?;
        config.listen = free_address(config.listen)?;
        std::fs::create_dir_all(&config.directory)
            .map_err(|source| StartError::Directory { path: config.directory.clone(), source })?;

        let shared = Arc::new(Shared::new(config.peers.clone(), keys));
        let handle = Self { shared: shared.clone(), listen: config.listen };
        let (ready, started) = oneshot::channel();
        let setup = Setup { config, chain_id, shared };
        std::thread::Builder::new()
            .name("sanad-consensus".to_owned())
            .spawn(move || engine::run(setup, application, ready))
            .map_err(StartError::Thread)?;
        started.await.map_err(|_| StartError::Panicked)??;
        Ok(handle)
    }

    /// Tells that there may be work: [`Application::has_work`] is asked, and if there is, a height that waits
    /// is begun. Cheap, and callable from any thread.
    pub fn wake(&self) {
        self.shared.wake.notify_one();
    }

    /// The address it listens on, with the real port.
    pub fn listen_address(&self) -> SocketAddr {
        self.listen
    }

    /// What it is doing.
    pub async fn status(&self) -> ConsensusStatus {
        let peers = self.peer_status().await;
        let progress = self.shared.progress();
        let phase = if self.shared.outcome.borrow().is_some() { Phase::Stopped } else { progress.phase };
        let attendance = &self.shared.attendance;
        let validators = progress.validators.as_ref();
        ConsensusStatus {
            height: progress.height,
            round: progress.round,
            round_age: progress.since.elapsed(),
            phase,
            role: progress.role,
            chain_height: validators.map(|set| attendance.decided(set)).unwrap_or_default(),
            validators: validators.map(|set| attendance.of(set)).unwrap_or_default(),
            quorum: validators.map(ValidatorSet::quorum).unwrap_or_default(),
            last_signed: progress.last_signed,
            guard_latencies: self.shared.guard_latencies(),
            log_latencies: self.shared.log_latencies(),
            counters: self.shared.counters.read(),
            peers,
        }
    }

    /// What its thread is busy with; `None` while it waits. The same [`Work`] for a long time means that the ledger, or
    /// what it waits for, hangs.
    pub fn work(&self) -> Option<Work> {
        self.shared.work()
    }

    /// Resolves when the engine has answered a question, or is not there to be asked: that takes milliseconds, unless its
    /// log, its signing guard or the ledger hangs. Needs no timers or threads of the caller's runtime.
    pub fn engine_answers(&self) -> impl Future<Output = ()> + Send + 'static {
        let engine = self.shared.engine();
        async move {
            if let Some(engine) = engine {
                // An error means that the engine ends, which `stopped` tells.
                let _ = ConsensusRequest::dump_state(&engine).await;
            }
        }
    }

    /// Whether this node's key may have signed more than its guard knows, as after a backup was restored. It follows
    /// without voting until [`Self::settle`] was called and the height given there is decided.
    pub fn is_lost(&self) -> bool {
        self.shared.lost.load(Ordering::Relaxed)
    }

    /// Whether the ledger of this node is as far as its key has ever signed. If not, it was set back, and its head says
    /// nothing of what others can have decided with its vote.
    pub fn vouches(&self) -> bool {
        self.shared.vouches.load(Ordering::Relaxed)
    }

    /// Says that the key has signed at no height above `through`. Requires that this is certain: that enough validators
    /// have shown, since this process began, how far they are.
    pub fn settle(&self, through: Height) {
        self.shared.settled.send_replace(Some(through));
    }

    /// Waits until it stops: `Ok` after [`Self::stop`], an error if it stopped by itself. The node should stop
    /// then, and say why.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn stopped(&self) -> Result<(), Arc<Stopped>> {
        let mut outcome = self.shared.outcome.subscribe();
        let outcome = outcome.wait_for(Option::is_some).await;
        // The sender is in `self`, so there is an outcome.
        outcome.ok().and_then(|outcome| outcome.clone()).unwrap_or(Ok(()))
    }

    /// Stops it, and waits until its files and ports are free.
    ///
    /// # Errors
    /// [`Stopped`], if it had stopped by itself before.
    pub async fn stop(&self) -> Result<(), Arc<Stopped>> {
        self.shared.stop.send_replace(true);
        self.stopped().await
    }

    /// From now on these nodes may connect, and are dialled, and no others. Those that are not among them any more are cut
    /// off. One with this node's own network key is passed over.
    ///
    /// # Errors
    /// [`PeerAddressError`]; nothing has changed then.
    pub async fn set_peers(&self, peers: Vec<PeerAddress>) -> Result<(), PeerAddressError> {
        let peers = others(peers, &self.shared.network_key().public());
        let wanted = peers.iter().map(PeerAddress::multiaddr).collect::<Result<Vec<_>, _>>()?;
        let before = self.shared.set_peers(peers);
        // A session has room for so many peers.
        self.shared.network_changed.notify_one();
        // Without a network, the next session begins with the new peers.
        let Some(network) = self.shared.network() else { return Ok(()) };
        let known = before.iter().map(PeerAddress::multiaddr).collect::<Result<Vec<_>, _>>()?;
        // First away, then in: the engine forgets a peer's name with its last address.
        let changing = async {
            for gone in known.iter().filter(|address| !wanted.contains(address)) {
                let _ = NetworkRequest::remove_persistent_peer(&network, gone.clone()).await;
            }
            for new in wanted.iter().filter(|address| !known.contains(address)) {
                let _ = NetworkRequest::add_persistent_peer(&network, new.clone()).await;
            }
        };
        // The engine says in its log what goes wrong. One that hangs is the watchdog's business.
        let _ = tokio::time::timeout(PEERS_TIMEOUT, changing).await;
        Ok(())
    }

    /// From now on this node may vote with another key, too: from the first height on whose validators have it. Its guard is
    /// made then, if all that it can have signed is known here: see [`crate::Memory`].
    pub fn add_validator_key(&self, key: SecretKey) {
        self.shared.add_validator_key(key);
    }

    /// The key that this node votes with while it is in the set.
    pub fn validator_key(&self) -> Option<PublicKey> {
        self.shared.progress().key
    }

    /// From now on proves to be this node by another network key. All connections are made anew.
    pub fn set_network_key(&self, key: SecretKey) {
        self.shared.set_network_key(key);
    }

    async fn peer_status(&self) -> Vec<PeerStatus> {
        let dump = match self.shared.network() {
            Some(network) => {
                let dump = NetworkRequest::dump_state(&network);
                tokio::time::timeout(STATUS_TIMEOUT, dump).await.ok().and_then(Result::ok).flatten()
            }
            None => None,
        };
        let status = |peer: &PeerAddress| {
            let found = dump.as_ref().and_then(|dump| dump.peers.get(&peer_id(&peer.network_key)));
            let key = found.and_then(|found| found.consensus_public_key.as_deref());
            PeerStatus {
                network_key: peer.network_key,
                address: peer.address.clone(),
                connected: found.is_some(),
                moniker: found.map(|found| found.moniker.clone()),
                validator: key.and_then(|key| PublicKey::try_from(key).ok()),
            }
        };
        self.shared.peers().iter().map(status).collect()
    }
}

impl Drop for Consensus {
    fn drop(&mut self) {
        self.shared.stop.send_replace(true);
    }
}

/// Metrics of the engine and its network, of all instances in this process, as OpenMetrics text.
pub fn metrics() -> String {
    let mut text = String::new();
    malachitebft_app_channel::app::metrics::export(&mut text);
    text
}

/// Binds the address once: the engine reports a busy one only to the log, and does not tell which free port
/// it took for port 0.
fn free_address(address: SocketAddr) -> Result<SocketAddr, StartError> {
    let bound = TcpListener::bind(address).and_then(|listener| listener.local_addr());
    bound.map_err(|source| match source.kind() {
        std::io::ErrorKind::AddrInUse => StartError::ListenInUse { address },
        _ => StartError::Listen { address, source },
    })
}

fn others(mut peers: Vec<PeerAddress>, own: &PublicKey) -> Vec<PeerAddress> {
    peers.retain(|peer| peer.network_key != *own);
    peers
}

/// Longest wait for the engine's network to take other peers.
const PEERS_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest wait for the engine's network to say who is connected.
const STATUS_TIMEOUT: Duration = Duration::from_secs(1);
