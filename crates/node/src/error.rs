//! Why a node does not start, or stopped by itself.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sanad_api::ServeError;
use sanad_consensus_lite::{GuardError, StartError, Stopped};
use sanad_core::genesis::{GenesisError, GenesisSignatureError};
use sanad_core::ids::{Height, MemberId};
use sanad_storage::{OpenError, StoreError};

use crate::config::ConfigError;
use crate::gossip::GossipError;
use crate::keys::KeyError;

/// Why a node does not start, or stopped by itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The configuration makes no sense.
    #[error(transparent)]
    Odd(#[from] crate::oddities::Oddity),
    /// A file cannot be read or written.
    #[error("{path} cannot be read or written")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The genesis is not valid.
    #[error("{path} is not a valid genesis file")]
    Genesis {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<GenesisError>,
    },
    /// Not every member has signed the genesis.
    #[error("{path} is not signed by every member; `sanad genesis complete` puts the signatures in")]
    GenesisSignatures {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<GenesisSignatureError>,
    },
    /// A key is not the one in the genesis.
    #[error("by the genesis, keys.{key} is not a key of {member}; check it and member")]
    ForeignKey {
        /// The member.
        member: MemberId,
        /// Which key.
        key: &'static str,
    },
    /// A key file.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The data directory does not exist.
    #[error(
        "there is no ledger in {path}; if this node has never run, create it with `sanad-node init`; if it has, find \
         the directory, or run `sanad-node recover`"
    )]
    NotInitialised {
        /// The directory.
        path: PathBuf,
    },
    /// The node has run before.
    #[error(
        "{path} is not empty: a node has run here, and its key may have signed. If a part of its data directory is lost, \
         run `sanad-node recover`"
    )]
    HasRun {
        /// The directory.
        path: PathBuf,
    },
    /// The ledger cannot be opened or created.
    #[error("the ledger {path} cannot be opened or created")]
    Open {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: OpenError,
    },
    /// The log of the ledger is damaged where the node needs it.
    #[error(
        "the log of the ledger {path} is damaged, and nothing on this machine replaces it: move {path} away, but not the \
         signing guard beside it, and run `sanad-node backup restore`, or `sanad-node recover` to get all blocks from peers \
         (see \"A damaged block\" in docs/operations.md)"
    )]
    DamagedLog {
        /// The directory.
        path: PathBuf,
        /// Where.
        source: OpenError,
    },
    /// Something in the data directory keeps the node from running.
    #[error("{path}: {fault}")]
    UnfitFile {
        /// The file or directory.
        path: PathBuf,
        /// What is wrong with it.
        fault: String,
    },
    /// A damaged block, without which the ledger does not open, is not replaced.
    #[error(
        "the block of height {height} in the ledger {path} is damaged, the node cannot start without it, and no peer's copy has \
         replaced it yet: run `sanad-node repair` while other nodes run"
    )]
    BlockNotReplaced {
        /// The directory.
        path: PathBuf,
        /// Height of the block.
        height: Height,
    },
    /// The ledger failed.
    #[error("the ledger failed")]
    Store(#[from] StoreError),
    /// The signing guard cannot be created.
    #[error(transparent)]
    Guard(#[from] GuardError),
    /// No key has signed at such a height.
    #[error("--signed-through {through} is too high: no chain comes so far. Say a height of at most {max}")]
    SignedThroughTooHigh {
        /// What was asked for.
        through: Height,
        /// The highest height that is taken.
        max: Height,
    },
    /// A height far above the ledger is not yet confirmed.
    #[error(
        "--signed-through {through} is {blocks} blocks above the ledger's last, {head}: this node would not vote at any of \
         them, at most {wait} at one block each {heartbeat}. That cannot be taken back: a guard never goes down. If the key can \
         have signed so high, add --yes; otherwise say a lower height, or leave it out: then the node waits for the word of \
         its peers",
        wait = in_words(heartbeat.saturating_mul(u32::try_from(*blocks).unwrap_or(u32::MAX))),
        heartbeat = in_words(*heartbeat)
    )]
    SignedThroughFar {
        /// What was asked for.
        through: Height,
        /// The ledger's last block.
        head: Height,
        /// Blocks between the two.
        blocks: u64,
        /// Time between blocks while there is nothing to enter.
        heartbeat: Duration,
    },
    /// A key has no guard, and may have signed at the height after the ledger.
    #[error(
        "--signed-through {through}: there is no signing guard of this node's key, and the key may have signed at height {next}, \
         the one after the ledger. Say {next}, or leave it out: then the node waits for the word of its peers. Only if somebody \
         noted what the guard said last (`sanad-node check`), say that, and add --yes"
    )]
    SignedNext {
        /// What was asked for.
        through: Height,
        /// The height after the ledger's last block.
        next: Height,
    },
    /// The ledger shows a signature that should not exist.
    #[error(
        "--signed-through {through} is wrong: this node's key has signed block {height} in round {round}, which its signing guard \
         does not know. Say the last height at which the key can have signed, at least {height}, or leave it out: then the \
         node waits for the word of its peers"
    )]
    SignedAbove {
        /// What was asked for.
        through: Height,
        /// The height of the block that the key has signed.
        height: Height,
        /// The round in which it was decided.
        round: u32,
    },
    /// Consensus does not start.
    #[error("consensus does not start")]
    Consensus(#[from] StartError),
    /// Consensus stopped by itself.
    #[error("consensus stopped")]
    ConsensusStopped(#[source] Arc<Stopped>),
    /// The exchange of batches does not start.
    #[error(transparent)]
    Gossip(#[from] GossipError),
    /// The gRPC address cannot be listened on.
    #[error("cannot listen on {address} for gRPC (api.listen); is another node running?")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The address of the reads over HTTP cannot be listened on.
    #[error("cannot listen on {address} for HTTP (http.listen); is another node running?")]
    HttpListen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The admin address cannot be listened on.
    #[error("cannot listen on {address} for metrics and health (admin.listen); is another node running?")]
    AdminListen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The limit of open files leaves the gRPC service no connections.
    #[error(
        "{limit} files may be open (ulimit -n), too few for the ledger, {connections} connections with other nodes and \
         any caller; set the hard limit to {needed} or more"
    )]
    Descriptors {
        /// The hard limit.
        limit: usize,
        /// Most connections of consensus and the exchange of batches.
        connections: usize,
        /// A limit that leaves callers as many connections as are configured.
        needed: usize,
    },
    /// The gRPC service.
    #[error(transparent)]
    Api(#[from] ServeError),
    /// The thread of the watchdog cannot be started.
    #[error("the watchdog cannot be started")]
    Watchdog(#[source] std::io::Error),
    /// The gRPC service ended by itself.
    #[error("the gRPC service ended by itself; see the log")]
    ApiEnded,
}

/// A length of time, in the largest unit that says it well.
pub(crate) fn in_words(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        seconds @ 1..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} minutes", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} hours", seconds / 3_600),
        seconds @ 172_800..63_072_000 => format!("{} days", seconds / 86_400),
        seconds => format!("{} years", seconds / 31_536_000),
    }
}
