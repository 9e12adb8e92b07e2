//! Why a node does not start, or stopped by itself.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use sanad_api::ServeError;
use sanad_consensus_lite::{GuardError, StartError, Stopped};
use sanad_core::genesis::{GenesisError, GenesisSignatureError};
use sanad_core::ids::MemberId;
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
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
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
    /// The genesis does not know a member that the configuration names.
    #[error("{member} is not a member in the genesis; check {field} in the configuration")]
    UnknownMember {
        /// The member.
        member: MemberId,
        /// Where it is named.
        field: &'static str,
    },
    /// A key is not the one that the genesis states.
    #[error("the {key} key is not the one that the genesis states of {member}; check keys.{key} and member")]
    ForeignKey {
        /// The member.
        member: MemberId,
        /// Which key.
        key: &'static str,
    },
    /// A peer has no network key in the genesis.
    #[error("the genesis states no network key of {member}, so that its node cannot be let in")]
    PeerKey {
        /// The member.
        member: MemberId,
    },
    /// A key file.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The data directory is not there.
    #[error(
        "there is no ledger in {path}; if this node never ran, make it with `sanad-node init`; if it did, find the \
         directory: a validator must not start without what it signed"
    )]
    NotInitialised {
        /// The directory.
        path: PathBuf,
    },
    /// The ledger does not open, or cannot be made.
    #[error("the ledger {path}: {source}")]
    Open {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: OpenError,
    },
    /// The ledger failed.
    #[error("the ledger: {0}")]
    Store(#[from] StoreError),
    /// The signing guard cannot be made.
    #[error(transparent)]
    Guard(#[from] GuardError),
    /// Consensus does not start.
    #[error("consensus: {0}")]
    Consensus(#[from] StartError),
    /// Consensus stopped by itself.
    #[error("consensus stopped: {0}")]
    ConsensusStopped(Arc<Stopped>),
    /// The exchange of batches does not start.
    #[error(transparent)]
    Gossip(#[from] GossipError),
    /// The gRPC address cannot be listened on.
    #[error("cannot listen on {address} for gRPC (api.listen): {source}; is another node running?")]
    Listen {
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
    /// The gRPC service ended by itself.
    #[error("the gRPC service ended by itself; see the log")]
    ApiEnded,
}
