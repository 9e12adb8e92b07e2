//! Starts the engine and its network.

use std::str::FromStr;
use std::time::Duration;

use malachitebft_app_channel::app::config::{
    ConsensusConfig, GossipSubConfig, NodeConfig, PubSubProtocol, ValuePayload, ValueSyncConfig,
};
use malachitebft_app_channel::app::types::Keypair;
use malachitebft_app_channel::app::types::codec::Codec;
use malachitebft_app_channel::{
    Channels, ConsensusContext, EngineBuilder, EngineHandle, NetworkContext, NetworkIdentity, RequestContext,
    SyncContext,
};
use malachitebft_signing::Signer;
use sanad_core::signature::SecretKey;
use sanad_core::validators::VALIDATORS_MAX;

use super::log::{self, OpenLog};
use super::thread::Setup;
use crate::application::Barrier;
use crate::arrivals::{Arrivals, QUEUED_HEIGHTS_MAX, QUEUED_PER_VALIDATOR_MAX};
use crate::config::Config;
use crate::context::{Address, SanadContext};
use crate::limits::{GOSSIP_BYTES_MAX, RESPONSE_BYTES_MAX, RPC_BYTES_MAX};
use crate::peer::{PeerAddress, peer_id};
use crate::prevotes::Prevotes;
use crate::signer::{GuardedSigner, SharedGuard, StrictVerifier};
use crate::stopped::StartError;
use crate::wire::WireCodec;

type Started = (Channels<SanadContext>, EngineHandle);

/// What a session's network is started with.
pub(super) struct Network {
    /// This node's network key.
    pub(super) key: SecretKey,
    /// Peers that there is room for.
    pub(super) room: usize,
}

/// Starts the engine: as a validator if there is a key to vote with, else as a follower.
pub(super) async fn start(
    setup: &Setup,
    network: Network,
    voter: Option<&(SecretKey, SharedGuard)>,
    log: OpenLog,
    arrivals: Arrivals,
    prevotes: Prevotes,
    barrier: Barrier,
) -> Result<Started, StartError> {
    let engine = |error: Box<dyn std::error::Error + Send + Sync>| StartError::Engine(error);
    let keypair = Keypair::ed25519_from_bytes(*network.key.seed()).map_err(|error| engine(error.into()))?;
    let signer = match voter {
        Some((key, guard)) => {
            let (chain_id, key, guard, prevotes) =
                (setup.chain_id, key.clone(), guard.clone(), prevotes.clone());
            #[cfg(feature = "testing")]
            let testing = setup.config.testing.clone();
            Some(GuardedSigner {
                chain_id,
                key,
                guard,
                prevotes,
                barrier,
                shared: setup.shared.clone(),
                #[cfg(feature = "testing")]
                testing,
            })
        }
        None => None,
    };
    let codec = WireCodec::tapped(arrivals);
    let moniker = setup.config.moniker.clone();
    let identity = match &signer {
        Some(signer) => {
            let own = signer.key.public();
            let peer = peer_id(&network.key.public()).to_bytes();
            let proof = signer.sign_validator_proof(own.0.to_vec(), peer).await;
            let proof = codec.encode(&proof.map_err(|error| engine(error.into()))?);
            let proof = proof.map_err(|error| engine(error.into()))?;
            NetworkIdentity::new_validator(moniker, keypair, Address(own).to_string(), proof)
        }
        None => NetworkIdentity::new(moniker, keypair, None),
    };
    let verifier = Box::new(StrictVerifier { chain_id: setup.chain_id, shared: setup.shared.clone() });
    let own = signer.as_ref().map(|signer| signer.key.public());
    let log_codec = own.map_or_else(WireCodec::default, |own| WireCodec::of_log(own, prevotes));
    let log = log::spawn(log, setup.chain_id, log_codec, own, setup.shared.clone())
        .await
        .map_err(|error| engine(error.into()))?;
    let consensus = match signer {
        Some(signer) => {
            ConsensusContext::new_validator(Address(signer.key.public()), verifier, Box::new(signer))
        }
        None => ConsensusContext::new_full_node(Address::NOBODY, verifier),
    };
    let settings = EngineSettings::new(setup, network.room)?;
    let started = EngineBuilder::new(SanadContext, settings)
        .with_custom_wal(log)
        .with_default_network(NetworkContext::new(identity, codec.clone()))
        .with_default_sync(SyncContext::new(codec))
        .with_default_consensus(consensus)
        .with_default_request(RequestContext::new(REQUESTS_MAX))
        .build()
        .await;
    started.map_err(|error| engine(error.into()))
}

/// The engine's own settings, made from ours.
struct EngineSettings {
    moniker: String,
    consensus: ConsensusConfig,
    sync: ValueSyncConfig,
}

impl EngineSettings {
    fn new(setup: &Setup, room: usize) -> Result<Self, StartError> {
        let config = &setup.config;
        let (protocol, address) = match config.listen {
            std::net::SocketAddr::V4(address) => ("ip4", std::net::IpAddr::from(*address.ip())),
            std::net::SocketAddr::V6(address) => ("ip6", std::net::IpAddr::from(*address.ip())),
        };
        let listen = format!("/{protocol}/{address}/tcp/{}", config.listen.port());

        // Parts carry the payload and are judged by the ledger; "proposal only" would believe any value.
        let mut consensus =
            ConsensusConfig { value_payload: ValuePayload::ProposalAndParts, ..Default::default() };
        consensus.queue_capacity = QUEUED_HEIGHTS_MAX + 1;
        consensus.queue_per_height_capacity = QUEUED_MESSAGES_MAX;
        let p2p = &mut consensus.p2p;
        p2p.listen_addr = listen.parse().map_err(|error| StartError::Engine(Box::new(error)))?;
        p2p.persistent_peers =
            setup.shared.peers().iter().map(PeerAddress::multiaddr).collect::<Result<_, _>>()?;
        p2p.persistent_peers_only = true;
        p2p.protocol = PubSubProtocol::GossipSub(gossip());
        p2p.pubsub_max_size = bytes(GOSSIP_BYTES_MAX);
        p2p.rpc_max_size = bytes(RPC_BYTES_MAX);
        // Nodes of another chain do not even connect.
        p2p.protocol_names.consensus = format!("/sanad/{}/v1", setup.chain_id);
        // The list of peers is the limit: institutions may share an address, and come back at once.
        p2p.discovery.num_inbound_peers = inbound_peers(config, room);
        p2p.discovery.num_outbound_peers = room;
        p2p.discovery.max_connections_per_peer =
            config.connections_per_peer.div_ceil(ENGINE_MULTIPLIER).max(1);
        p2p.discovery.max_connections_per_ip = p2p.discovery.max_connections_per_ip.max(4 * room);
        p2p.discovery.ip_throttle_duration = Duration::ZERO;

        let sync = ValueSyncConfig {
            status_update_interval: config.sync_status_interval,
            request_timeout: SYNC_REQUEST_TIMEOUT,
            max_request_size: bytes(1 << 10),
            max_response_size: bytes(RESPONSE_BYTES_MAX),
            batch_size: SYNC_BATCH_BLOCKS,
            ..Default::default()
        };
        Ok(Self { moniker: config.moniker.clone(), consensus, sync })
    }
}

/// Most connections that the engine has at once, those of strangers included.
///
/// The engine limits handshakes that others have begun, and has a timeout of 10 s for each; but it knows nothing of the
/// process's limit of descriptors, so whoever runs it must leave it as many as this.
pub(crate) fn connections_max(config: &Config) -> usize {
    // `arc-malachitebft-network` 0.8.2, `behaviour.rs`: 4 times the number of peers, each for handshakes and established
    // connections, in and out; but a node dials its peers alone.
    let room = peers_room(config.peers.len());
    2 * ENGINE_MULTIPLIER * inbound_peers(config, room) + 2 * room
}

fn inbound_peers(config: &Config, room: usize) -> usize {
    config.inbound_connections.div_ceil(ENGINE_MULTIPLIER).max(room)
}

/// Peers that a session has room for: where there are more, another one takes its place.
pub(super) fn peers_room(peers: usize) -> usize {
    ENGINE_PEERS_MIN.max(2 * peers)
}

/// For nodes that are all connected with each other. Own messages go to all peers at once, so that a vote takes one hop.
/// The mesh passes on the others': every copy costs a check of its envelope's signature, a send and a timer, so a node takes
/// the first neighbour that it finds, another where none of them is one that it dialled, and whoever takes it. That is enough
/// to go round a link that is cut: a neighbour that is connected with both ends passes on what the one says to the other. What
/// still gets lost is asked for within a second.
///
/// `libp2p-gossipsub` 0.49, `behaviour.rs`: a mesh that has grown beyond `high` is cut by an index less its four best peers, so
/// that a lower `high` ends the node.
fn gossip() -> GossipSubConfig {
    let (mesh, high, low, outbound) = (2, 4, 1, 1);
    let (scoring, explicit_peering, flood_publish) = (false, false, true);
    GossipSubConfig::new(mesh, high, low, outbound, scoring, explicit_peering, flood_publish)
}

/// A number of bytes in the type of the engine's settings, which it does not export.
fn bytes<T: FromStr<Err: std::fmt::Debug>>(count: usize) -> T {
    count.to_string().parse().expect("invariant: a number alone is a number of bytes")
}

impl NodeConfig for EngineSettings {
    fn moniker(&self) -> &str {
        &self.moniker
    }

    fn consensus(&self) -> &ConsensusConfig {
        &self.consensus
    }

    fn consensus_mut(&mut self) -> &mut ConsensusConfig {
        &mut self.consensus
    }

    fn value_sync(&self) -> &ValueSyncConfig {
        &self.sync
    }

    fn value_sync_mut(&mut self) -> &mut ValueSyncConfig {
        &mut self.sync
    }
}

/// Least number of peers that the engine leaves room for.
const ENGINE_PEERS_MIN: usize = 16;
const ENGINE_MULTIPLIER: usize = 4;
/// Questions about the state of the network that may queue up.
const REQUESTS_MAX: usize = 64;
/// Messages of a later height that the engine queues: as many as can get to it, so that nobody can fill the queue.
const QUEUED_MESSAGES_MAX: usize = QUEUED_PER_VALIDATOR_MAX * VALIDATORS_MAX;
/// Blocks asked for at a time.
const SYNC_BATCH_BLOCKS: usize = 16;
/// Longest wait for blocks asked for, before another peer is asked.
const SYNC_REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
