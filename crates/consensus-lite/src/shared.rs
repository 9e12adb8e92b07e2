//! What the handle and the thread of consensus share.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use malachitebft_app_channel::app::types::PeerId;
use malachitebft_app_channel::{ConsensusRequest, NetworkRequest};
use sanad_core::ids::Height;
use sanad_core::signature::{PublicKey, SecretKey};
use sanad_core::validators::ValidatorSet;
use tokio::sync::{Notify, mpsc, watch};

use crate::attendance::Attendance;
use crate::config::Keys;
use crate::context::SanadContext;
use crate::guard::Position;
use crate::peer::PeerAddress;
use crate::status::{Latencies, LiveCounters, Phase, Role, Work};
use crate::stopped::Stopped;
use crate::verified::Verified;

/// How consensus ended: as asked, or by itself.
pub(crate) type Outcome = Result<(), Arc<Stopped>>;

/// Written by the thread of consensus, but for `wake`, `stop`, `settled`, keys and peers.
#[derive(Debug)]
pub(crate) struct Shared {
    /// There may be work.
    pub(crate) wake: Notify,
    /// Set once: consensus shall stop.
    pub(crate) stop: watch::Sender<bool>,
    /// Set once: consensus has stopped, and let go of its files and ports.
    pub(crate) outcome: watch::Sender<Option<Outcome>>,
    pub(crate) counters: LiveCounters,
    pub(crate) attendance: Attendance,
    pub(crate) verified: Verified,
    /// Of the signing guard.
    guard_latencies: Mutex<Latencies>,
    log_latencies: Mutex<Latencies>,
    /// The nodes that may connect, where they are now.
    peers: Mutex<Vec<PeerAddress>>,
    keys: Mutex<Keys>,
    /// There is another key to vote with.
    pub(crate) keys_changed: Notify,
    /// The network key or the peers are others than before.
    pub(crate) network_changed: Notify,
    /// Whether the guard is lost: see [`crate::SigningGuard::is_lost`].
    pub(crate) lost: AtomicBool,
    /// Whether the ledger is as far as the key has signed.
    pub(crate) vouches: AtomicBool,
    /// Whether blocks were committed that may not be durable.
    pub(crate) unsynced: AtomicBool,
    /// The last height at which the key may have signed, once peers have shown it; written by the handle.
    pub(crate) settled: watch::Sender<Option<Height>>,
    progress: Mutex<Progress>,
    network: Mutex<Option<mpsc::Sender<NetworkRequest>>>,
    engine: Mutex<Option<mpsc::Sender<ConsensusRequest<SanadContext>>>>,
    work: Mutex<Underway>,
}

/// What the thread of consensus does now.
#[derive(Debug, Default)]
struct Underway {
    /// Counts what was begun.
    begun: u64,
    what: Option<&'static str>,
}

/// Something is under way until this is dropped.
pub(crate) struct Busy(Arc<Shared>);

impl Drop for Busy {
    fn drop(&mut self) {
        lock(&self.0.work).what = None;
    }
}

/// Where consensus is.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    pub(crate) height: Height,
    pub(crate) round: Option<u32>,
    /// When the round began, or the height before it ended.
    pub(crate) since: Instant,
    /// `None` before the first session.
    pub(crate) validators: Option<ValidatorSet>,
    /// The key that this node votes with while it is in the set.
    pub(crate) key: Option<PublicKey>,
    /// What this node's key signed last.
    pub(crate) last_signed: Option<Position>,
    pub(crate) phase: Phase,
    pub(crate) role: Role,
}

impl Shared {
    pub(crate) fn new(peers: Vec<PeerAddress>, keys: Keys) -> Self {
        let progress = Progress {
            height: Height::GENESIS,
            round: None,
            since: Instant::now(),
            validators: None,
            key: None,
            last_signed: None,
            phase: Phase::Starting,
            role: Role::Follower,
        };
        Self {
            wake: Notify::new(),
            stop: watch::Sender::new(false),
            outcome: watch::Sender::new(None),
            counters: LiveCounters::default(),
            attendance: Attendance::default(),
            verified: Verified::default(),
            guard_latencies: Mutex::default(),
            log_latencies: Mutex::default(),
            peers: Mutex::new(peers),
            keys: Mutex::new(keys),
            keys_changed: Notify::new(),
            network_changed: Notify::new(),
            lost: AtomicBool::new(false),
            vouches: AtomicBool::new(false),
            unsynced: AtomicBool::new(false),
            settled: watch::Sender::new(None),
            progress: Mutex::new(progress),
            network: Mutex::new(None),
            engine: Mutex::new(None),
            work: Mutex::default(),
        }
    }

    pub(crate) fn progress(&self) -> Progress {
        lock(&self.progress).clone()
    }

    pub(crate) fn update(&self, change: impl FnOnce(&mut Progress)) {
        change(&mut lock(&self.progress));
    }

    /// A signature took so long to put on record.
    pub(crate) fn observe_guard(&self, took: Duration) {
        lock(&self.guard_latencies).observe(took);
    }

    pub(crate) fn guard_latencies(&self) -> Latencies {
        lock(&self.guard_latencies).clone()
    }

    /// A sync of the engine's log took so long.
    pub(crate) fn observe_log(&self, took: Duration) {
        lock(&self.log_latencies).observe(took);
    }

    pub(crate) fn log_latencies(&self) -> Latencies {
        lock(&self.log_latencies).clone()
    }

    pub(crate) fn peers(&self) -> Vec<PeerAddress> {
        lock(&self.peers).clone()
    }

    pub(crate) fn peer_count(&self) -> usize {
        lock(&self.peers).len()
    }

    /// Whether a node is among the peers.
    pub(crate) fn is_peer(&self, id: &PeerId) -> bool {
        lock(&self.peers).iter().any(|peer| peer.is(id))
    }

    /// From now on these are the peers; returns those that were.
    pub(crate) fn set_peers(&self, peers: Vec<PeerAddress>) -> Vec<PeerAddress> {
        std::mem::replace(&mut *lock(&self.peers), peers)
    }

    pub(crate) fn network_key(&self) -> SecretKey {
        lock(&self.keys).network.clone()
    }

    pub(crate) fn set_network_key(&self, key: SecretKey) {
        lock(&self.keys).network = key;
        self.network_changed.notify_one();
    }

    /// Adds a key to vote with, unless it is known.
    pub(crate) fn add_validator_key(&self, key: SecretKey) {
        let mut keys = lock(&self.keys);
        if keys.validators.iter().all(|known| known.public() != key.public()) {
            keys.validators.push(key);
            drop(keys);
            self.keys_changed.notify_one();
        }
    }

    /// The first key to vote with that fulfils a condition.
    pub(crate) fn validator_key(&self, is_it: impl Fn(&PublicKey) -> bool) -> Option<SecretKey> {
        lock(&self.keys).validators.iter().find(|key| is_it(&key.public())).cloned()
    }

    /// Whether there is any key to vote with.
    pub(crate) fn has_validator_key(&self) -> bool {
        !lock(&self.keys).validators.is_empty()
    }

    /// Where to ask the engine's network; `None` while it does not run.
    pub(crate) fn network(&self) -> Option<mpsc::Sender<NetworkRequest>> {
        lock(&self.network).clone()
    }

    pub(crate) fn set_network(&self, network: Option<mpsc::Sender<NetworkRequest>>) {
        *lock(&self.network) = network;
    }

    /// Where to ask the engine itself; `None` while it does not run.
    pub(crate) fn engine(&self) -> Option<mpsc::Sender<ConsensusRequest<SanadContext>>> {
        lock(&self.engine).clone()
    }

    pub(crate) fn set_engine(&self, engine: Option<mpsc::Sender<ConsensusRequest<SanadContext>>>) {
        *lock(&self.engine) = engine;
    }

    /// Notes that the thread of consensus begins something. One thing at a time.
    pub(crate) fn begin(self: &Arc<Self>, what: &'static str) -> Busy {
        let mut work = lock(&self.work);
        work.begun += 1;
        work.what = Some(what);
        drop(work);
        Busy(Arc::clone(self))
    }

    pub(crate) fn work(&self) -> Option<Work> {
        let work = lock(&self.work);
        work.what.map(|what| Work { number: work.begun, what })
    }
}

// Plain values, whole at any time.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
