//! How consensus is set up.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sanad_core::ids::Height;
use sanad_core::signature::SecretKey;

use crate::clock::Clock;
use crate::peer::PeerAddress;

/// Largest `block_bytes_max`, in bytes (8 MiB). Blocks of more than 1 MiB slow the network down: 4 nodes
/// decided 10 blocks of 1 MiB a second, but 1.5 of 8 MiB.
pub const BLOCK_BYTES_LIMIT: usize = 8 << 20;

/// Settings of consensus. All but `heartbeat` and `timeouts` may differ between nodes only as described.
#[derive(Clone, Debug)]
pub struct Config {
    /// Name of the node in logs and metrics, and shown to peers.
    pub moniker: String,
    /// Directory of the signing guard and the engine's log; belongs to one node. Losing it loses the
    /// guard: see [`crate::GuardError::Missing`].
    pub directory: PathBuf,
    /// Address to listen on. Port 0 takes a free one: see [`crate::Consensus::listen_address`].
    pub listen: SocketAddr,
    /// The nodes that may connect, and no others. One with this node's own network key is passed over, so
    /// that one list can serve a whole network.
    pub peers: Vec<PeerAddress>,
    /// Connections at once that others have begun; handshakes as many. The engine counts in fours. Default 64; there are 8 for each
    /// peer at least.
    pub inbound_connections: usize,
    /// Connections at once with one peer. The engine counts in fours. Default 20.
    pub connections_per_peer: usize,
    /// Longest time between two blocks, when there is nothing to commit. Default 10 s. Bounds how old an
    /// answer about a status can be; each block costs every node some storage for ever.
    pub heartbeat: Duration,
    /// How long to wait for others before a round is given up.
    pub timeouts: Timeouts,
    /// Longest payload of a block, in bytes. Default 1 MiB, at most [`BLOCK_BYTES_LIMIT`]. Must be the same
    /// on all nodes: one with less refuses what the others decide.
    pub block_bytes_max: usize,
    /// How often to tell peers the own height, so that those behind notice. Default 2 s.
    pub sync_status_interval: Duration,
    /// A height that others have decided already, if it is known at the start: up to it, votes of this node are of no use
    /// to anyone, and would be a danger if its disk was set back without a trace. Default none.
    pub abstain_through: Option<Height>,
    /// The clock by which blocks are dated and judged. Default: the operating system's. Keep it within 500 ms of
    /// the true time (NTP): proposals of a validator whose clock is wrong get no votes.
    pub clock: Clock,
    /// Faults, for tests.
    #[cfg(feature = "testing")]
    pub testing: crate::testing::Testing,
}

/// Waiting times in the first round; each later round waits half of that more, up to a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For the proposal. Default 1 s. Covers executing, sending and executing again a full block.
    pub propose: Duration,
    /// For the remaining first votes, once a quorum voted differently. Default 500 ms.
    pub prevote: Duration,
    /// For the remaining second votes, once a quorum voted differently. Default 500 ms.
    pub precommit: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            propose: Duration::from_secs(1),
            prevote: Duration::from_millis(500),
            precommit: Duration::from_millis(500),
        }
    }
}

impl Config {
    /// Defaults for a node without peers.
    pub fn new(directory: impl Into<PathBuf>, listen: SocketAddr) -> Self {
        Self {
            moniker: "sanad".to_owned(),
            directory: directory.into(),
            listen,
            peers: Vec::new(),
            inbound_connections: 64,
            connections_per_peer: 20,
            heartbeat: Duration::from_secs(10),
            timeouts: Timeouts::default(),
            block_bytes_max: 1 << 20,
            sync_status_interval: Duration::from_secs(2),
            abstain_through: None,
            clock: Clock::system(),
            #[cfg(feature = "testing")]
            testing: crate::testing::Testing::default(),
        }
    }

    /// Most connections that consensus has at once, those of strangers included: each needs a file descriptor.
    pub fn connections_max(&self) -> usize {
        crate::engine::connections_max(self)
    }

    /// Where the signing guard lies: create it there once, for a key that has never signed, with
    /// [`crate::SigningGuard::create`].
    pub fn guard_path(directory: &Path) -> PathBuf {
        directory.join("signing.guard")
    }

    /// Where the engine's log lies.
    pub(crate) fn log_path(&self) -> PathBuf {
        self.directory.join("consensus.log")
    }
}

/// The secrets of a node.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Proves to peers that a connection is from this node. No vote hangs on it.
    pub network: SecretKey,
    /// The key this node votes with whenever it is in the validator set, if it is a validator. Its signing
    /// guard must exist.
    pub validator: Option<SecretKey>,
}
