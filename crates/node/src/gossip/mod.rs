//! Exchange of batches with the nodes of other members, over libp2p.
//!
//! Every node sends each batch that enters its pool from an issuer to all its peers, in one message for all
//! that queued up since the last; a validator's peers need not pass it on, since validators know each
//! other. A peer that connects is sent all that waits. Peers that are not on the allow-list cannot connect.

mod codec;
mod network;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use libp2p::identity::ed25519;
use libp2p::{Multiaddr, PeerId, identity};
use sanad_core::batch::SignedBatch;
use sanad_core::ids::MemberId;
use sanad_core::signature::{PublicKey, SecretKey};
use tokio::sync::mpsc;

/// Batches handed over to the network task and not taken by it yet.
const COMMANDS_MAX: usize = 1024;

/// What the exchange needs of the node.
pub trait BatchExchange: Send + Sync + 'static {
    /// Takes a batch from a peer; returns it where it is new and good. Called on threads for blocking work, possibly
    /// several at once.
    fn receive(&self, from: &MemberId, bytes: &[u8]) -> Option<Arc<SignedBatch>>;

    /// All batches that wait, for a peer that has just connected.
    fn waiting(&self) -> Vec<Arc<SignedBatch>>;
}

/// A peer on the allow-list.
#[derive(Clone, Debug)]
pub struct GossipPeer {
    /// The member that runs it.
    pub member: MemberId,
    /// The key that it proves to hold when it connects.
    pub network_key: PublicKey,
    /// Where it listens.
    pub address: SocketAddr,
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
    commands: mpsc::Sender<Arc<SignedBatch>>,
    connected: Arc<Mutex<BTreeMap<MemberId, ()>>>,
    address: SocketAddr,
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
        exchange: Arc<dyn BatchExchange>,
    ) -> Result<Self, GossipError> {
        let connected = Arc::new(Mutex::new(BTreeMap::new()));
        let (commands, receiver) = mpsc::channel(COMMANDS_MAX);
        let (network, address) =
            network::Network::start(listen, key, peers, exchange, Arc::clone(&connected)).await?;
        tokio::spawn(network.run(receiver));
        Ok(Self { commands, connected, address })
    }

    /// Sends a batch to all peers. Where the network is behind, peers learn of it when it has caught up.
    pub fn publish(&self, batch: Arc<SignedBatch>) {
        if self.commands.try_send(batch).is_err() {
            tracing::debug!("the exchange is behind; the batch is sent with the rest later");
        }
    }

    /// Members whose nodes are connected.
    pub fn connected(&self) -> Vec<MemberId> {
        let connected = self.connected.lock().unwrap_or_else(PoisonError::into_inner);
        connected.keys().cloned().collect()
    }

    /// The address that is listened on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
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
