//! What a node says about itself. None of it is proved.

use std::time::Duration;

use sanad_core::governance::RejoinStatement;
use sanad_core::hash::ChainId;
use sanad_core::ids::{LogSize, MemberId};
use sanad_core::signature::PublicKey;
use sanad_core::state::Head;

/// The state of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeStatus {
    /// Id of the chain: the hash of its genesis.
    pub chain_id: ChainId,
    /// Name of the consortium, from the genesis.
    pub chain_name: String,
    /// The member that runs the node, if any.
    pub member: Option<MemberId>,
    /// Version of the program.
    pub version: String,
    /// The last final block, or the genesis if there is none.
    pub head: Head,
    /// Entries in the log.
    pub log_size: LogSize,
    /// Whether the node knows of blocks that it does not have yet.
    pub catching_up: bool,
    /// The validators who decide the next block, sorted by id.
    pub validators: Vec<MemberId>,
    /// Whether this node votes on it.
    pub is_validator: bool,
    /// Batches that wait for a block.
    pub pool_batches: u64,
    /// Their length, in bytes.
    pub pool_bytes: u64,
    /// Time since the node started.
    pub uptime: Duration,
    /// Nodes it is connected to.
    pub connected_peers: u32,
    /// Blocks that are damaged on its disk and not put right yet.
    pub damaged_blocks: u64,
    /// Damaged blocks that were put right from peers' copies since the node started.
    pub repaired_blocks: u64,
    /// What a rejoin statement has to name; `None` unless the node's key may have signed what the node does not know.
    pub rejoin: Option<RejoinStatement>,
}

/// Another node, as a node knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The member that runs it, if its key is in a record.
    pub member: Option<MemberId>,
    /// Its key in the peer-to-peer network.
    pub network_key: PublicKey,
    /// Its known addresses (libp2p multiaddresses); the server sends at most
    /// [`crate::limits::PEER_ADDRESSES_MAX`].
    pub addresses: Vec<String>,
    /// Whether there is a connection now.
    pub connected: bool,
    /// The network in which it was met.
    pub kind: PeerKind,
}

/// Which peer-to-peer network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PeerKind {
    /// The consensus engine's: votes and proposals.
    Consensus,
    /// The node's own: batches and blocks.
    Gossip,
}
