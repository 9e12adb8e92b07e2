//! Exchange of batches with the nodes of other members, over libp2p.
//!
//! Every node sends each batch that enters its pool from an issuer to all its peers, in one message for all
//! that queued up since the last; a validator's peers need not pass it on, since validators know each
//! other. What a peer may have already is offered first, by id: all that waits when it connects and now and then, what a
//! follower sent, and what did not arrive. So a batch reaches a node once, and a peer costs no more memory than a place
//! in the pool and one message.
//!
//! Peers also ask each other for single blocks, to repair damage and to learn how far the others are.
//!
//! Only peers on the allow-list stay connected, and strangers have few places to say who they are.

mod asked;
mod asking;
mod blocks;
mod changing;
mod codec;
mod flow;
mod gate;
mod network;
mod progress;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use libp2p::identity::ed25519;
use libp2p::{Multiaddr, PeerId, identity};
use sanad_core::ids::MemberId;
use sanad_core::signature::{PublicKey, SecretKey};
use tokio::sync::{mpsc, oneshot};

use asking::Question;
pub use blocks::{BlockCopy, Wanted};

use crate::config::HostPort;
use crate::pool::{Interest, Offered, Source, WaitingBatch};
use crate::watchdog::Beat;

/// What the exchange needs of the node's pool.
pub trait BatchExchange: Send + Sync + 'static {
    /// Takes a batch from a peer. Called on threads for blocking work, possibly several at once.
    fn receive(&self, from: &MemberId, source: Source, bytes: &[u8]) -> Received;

    /// What the pool would do with these batches.
    fn interest(&self, offered: &[Offered]) -> Vec<Interest>;

    /// Batches that wait, from an arrival number on: see [`crate::pool::Pool::arrived_from`].
    fn arrived_from(&self, arrival: u64, count_max: usize, bytes_max: usize) -> Vec<WaitingBatch>;

    /// The arrival number of the next batch.
    fn next_arrival(&self) -> u64;

    /// A block for a peer, if there is one. Called on threads for blocking work.
    ///
    /// # Errors
    /// [`NoAnswer`] if it cannot be read, or if this node's head proves nothing of what it has signed.
    fn block(&self, wanted: Wanted) -> Result<Option<BlockCopy>, NoAnswer>;
}

/// What became of a batch that a peer sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// It waits now.
    New,
    /// It waited already, or is refused.
    Settled,
    /// There is no room for it now.
    NoRoom,
}

/// What the exchange has sent and received since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Batches sent, to all peers together.
    pub batches_sent: u64,
    /// Bytes of all requests sent.
    pub bytes_sent: u64,
    /// Batches received from all peers together.
    pub batches_received: u64,
}

/// A peer on the allow-list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GossipPeer {
    /// The member that runs it.
    pub member: MemberId,
    /// The key that it proves to hold when it connects.
    pub network_key: PublicKey,
    /// Where it listens, if that is known: otherwise it has to come by itself.
    pub address: Option<HostPort>,
    /// Whether it sends to all others itself.
    pub role: PeerRole,
}

/// Whether a peer is connected to all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerRole {
    /// A validator: sends its batches to all others itself.
    Validator,
    /// Any other: what it sends is passed on.
    Follower,
}

/// What the exchange gives its peers, and strangers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GossipLimits {
    /// Connections at once with one peer.
    pub connections_per_peer: u32,
    /// Requests of one peer that are answered at once.
    pub requests_per_peer: usize,
    /// Handshakes under way at once from all addresses that are not a peer's.
    pub handshakes: usize,
    /// Time in which a connection must be encrypted and its peer known.
    pub handshake_timeout: Duration,
    /// Bytes a second that are taken from one peer, on average.
    pub peer_bytes_per_second: u64,
}

impl From<&crate::config::Gossip> for GossipLimits {
    fn from(config: &crate::config::Gossip) -> Self {
        Self {
            connections_per_peer: config.connections_per_peer_max,
            requests_per_peer: config.requests_per_peer_max,
            handshakes: config.handshakes_max,
            handshake_timeout: Duration::from_millis(config.handshake_timeout_ms),
            peer_bytes_per_second: config.peer_bytes_per_second_max,
        }
    }
}

impl GossipLimits {
    /// Most connections that the exchange has at once with so many peers, in both directions and with strangers.
    pub fn connections_max(&self, peers: usize) -> usize {
        // Established ones, handshakes of others, and own dials.
        peers * self.connections_per_peer as usize + gate::Gate::pending_max(peers, self.handshakes) + peers
    }
}

/// A peer is not connected, does not answer, or cannot say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the peer is not connected, does not answer, or cannot say")]
pub struct NoAnswer;

/// Why the exchange does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GossipError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address} for batches (gossip.listen): {reason}; is another node running?")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        reason: String,
    },
    /// A member's network key is no usable key.
    #[error("the network key of {member} is not usable")]
    Key {
        /// The member.
        member: MemberId,
    },
    /// The transport cannot be set up.
    #[error("cannot set up the transport for batches: {reason}")]
    Transport {
        /// Why.
        reason: String,
    },
}

/// A running exchange.
#[derive(Clone)]
pub struct Gossip {
    news: mpsc::Sender<()>,
    questions: mpsc::Sender<Question>,
    shared: Arc<Mutex<Shared>>,
    address: SocketAddr,
    beat: Beat,
}

/// What the network task tells of itself.
#[derive(Debug, Default)]
struct Shared {
    connected: BTreeSet<MemberId>,
    /// Other peers than before, until the network task has seen them.
    peers: Option<Vec<GossipPeer>>,
    /// Another network key than before, until the network task has seen it.
    key: Option<SecretKey>,
    traffic: Traffic,
}

impl Gossip {
    /// Listens, and connects to every peer for as long as the node runs. Ends when every handle is dropped.
    ///
    /// # Errors
    /// [`GossipError`].
    pub async fn start(
        listen: SocketAddr,
        key: &SecretKey,
        peers: Vec<GossipPeer>,
        limits: GossipLimits,
        exchange: Arc<dyn BatchExchange>,
    ) -> Result<Self, GossipError> {
        let shared = Arc::default();
        // One call may wait while another is served: the task finds all there is to send.
        let (news, receiver) = mpsc::channel(1);
        let (network, address) =
            network::Network::start(listen, key, peers, limits, exchange, Arc::clone(&shared)).await?;
        let (questions, asked) = mpsc::channel(QUESTIONS_WAITING_MAX);
        let beat = Beat::default();
        tokio::spawn(network.run(receiver, asked, beat.clone()));
        Ok(Self { news, questions, shared, address, beat })
    }

    /// Says that a batch from an issuer entered the pool, so that it is sent to all peers.
    pub fn publish(&self) {
        // Full: the task is called already. Closed: the node stops.
        let _ = self.news.try_send(());
    }

    /// From now on, these are the peers. Those that are not among them any more are cut off, within a second or so.
    pub fn set_peers(&self, peers: Vec<GossipPeer>) {
        lock(&self.shared).peers = Some(peers);
    }

    /// From now on proves to be this node by another network key. All connections are made anew.
    pub fn set_network_key(&self, key: SecretKey) {
        lock(&self.shared).key = Some(key);
    }

    /// What a connected peer has; `None` if it says that it has nothing of it. Nothing of the answer is checked, but it
    /// comes from that peer, and now.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn ask(&self, peer: &MemberId, wanted: Wanted) -> Result<Option<BlockCopy>, NoAnswer> {
        let (reply, answer) = oneshot::channel();
        let question = Question { peer: peer.clone(), wanted, reply };
        self.questions.send(question).await.map_err(|_| NoAnswer)?;
        answer.await.unwrap_or(Err(NoAnswer))
    }

    /// Members whose nodes are connected.
    pub fn connected(&self) -> Vec<MemberId> {
        lock(&self.shared).connected.iter().cloned().collect()
    }

    /// What was sent and received since the start.
    pub fn traffic(&self) -> Traffic {
        lock(&self.shared).traffic
    }

    /// Beats every second or so while the exchange does not hang.
    pub fn beat(&self) -> Beat {
        self.beat.clone()
    }

    /// The address that is listened on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Nothing panics while it holds the lock, so a poisoned one is as good.
fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn keypair(key: &SecretKey) -> Result<identity::Keypair, GossipError> {
    let mut seed = *key.seed();
    let secret = ed25519::SecretKey::try_from_bytes(&mut seed)
        .map_err(|error| GossipError::Transport { reason: error.to_string() })?;
    Ok(ed25519::Keypair::from(secret).into())
}

fn peer_id(member: &MemberId, key: &PublicKey) -> Result<PeerId, GossipError> {
    let key = ed25519::PublicKey::try_from_bytes(&key.0)
        .map_err(|_| GossipError::Key { member: member.clone() })?;
    Ok(identity::PublicKey::from(key).to_peer_id())
}

fn multiaddr(address: SocketAddr) -> Multiaddr {
    Multiaddr::from(address.ip()).with(libp2p::multiaddr::Protocol::Tcp(address.port()))
}

/// Questions to peers that wait to be sent.
const QUESTIONS_WAITING_MAX: usize = 16;
