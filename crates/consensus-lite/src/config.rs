//! How consensus is set up.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sanad_core::ids::Height;
use sanad_core::signature::{PublicKey, SecretKey};

use crate::clock::Clock;
use crate::guard::SigningGuard;
use crate::peer::PeerAddress;

/// Longest payload of a block that the network carries, in bytes (8 MiB). Blocks of more than 1 MiB slow the network down: 4 nodes
/// decided 10 blocks of 1 MiB a second, but 1.5 of 8 MiB.
pub const BLOCK_BYTES_LIMIT: usize = 8 << 20;

/// Settings of consensus. What all nodes must agree on is in [`NextHeight`](crate::NextHeight).
#[derive(Clone, Debug)]
pub struct Config {
    /// Name of the node in logs and metrics, and shown to peers.
    pub moniker: String,
    /// Directory of the signing guard and the engine's log; belongs to one node. Losing it loses the
    /// guard: see [`crate::GuardError::Missing`].
    pub directory: PathBuf,
    /// Address to listen on. Port 0 takes a free one: see [`crate::Consensus::listen_address`].
    pub listen: SocketAddr,
    /// The nodes that may connect at first, and no others: see [`crate::Consensus::set_peers`]. One with this node's own
    /// network key is passed over, so that one list can serve a whole network.
    pub peers: Vec<PeerAddress>,
    /// Connections at once that others have begun; handshakes as many. The engine counts in fours. Default 64; there are 8 for each
    /// peer at least.
    pub inbound_connections: usize,
    /// Connections at once with one peer. The engine counts in fours. Default 20.
    pub connections_per_peer: usize,
    /// How long to wait for others before a round is given up.
    pub timeouts: Timeouts,
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
    /// For the remaining second votes, once a quorum voted differently; in early rounds less, as proposals take here. Default
    /// 500 ms.
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
            timeouts: Timeouts::default(),
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

    /// Where the signing guard of a node's first key lies: create it there once, for a key that has never signed, with
    /// [`crate::SigningGuard::create`].
    pub fn guard_path(directory: &Path) -> PathBuf {
        directory.join("signing.guard")
    }

    /// Where the signing guard of a key lies. Each key has its own, which stays where it was made: a guard that was moved
    /// counts as a copy.
    pub fn guard_path_of(directory: &Path, key: &PublicKey) -> PathBuf {
        let first = Self::guard_path(directory);
        match SigningGuard::inspect(&first) {
            Ok(state) if state.public_key != *key => {
                let name: String =
                    key.0.iter().take(GUARD_NAME_BYTES).map(|byte| format!("{byte:02x}")).collect();
                directory.join(format!("signing-{name}.guard"))
            }
            _ => first,
        }
    }

    /// Where the engine's log lies.
    pub(crate) fn log_path(&self) -> PathBuf {
        Self::log_path_in(&self.directory)
    }

    /// Where the engine's log lies in a directory.
    pub fn log_path_in(directory: &Path) -> PathBuf {
        directory.join("consensus.log")
    }
}

/// The secrets of a node.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Proves to peers that a connection is from this node. No vote hangs on it.
    pub network: SecretKey,
    /// The keys this node may vote with: it uses the one that is in the validator set of a height, and the first that has
    /// a signing guard while none is. Empty if it only follows.
    pub validators: Vec<SecretKey>,
}

/// Bytes of a key in the name of its guard's file.
const GUARD_NAME_BYTES: usize = 8;
