//! Why a snapshot is not made, or not believed.

use std::path::PathBuf;

use sanad_core::codec::CodecError;
use sanad_core::hash::ChainId;
use sanad_core::ids::Height;
use sanad_core::snapshot::{ChunkFault, FollowFault, ManifestError, StateFault};
use sanad_core::trust::TrustFault;

use crate::error::{OpenError, StoreError};

/// Why a snapshot is not made, or not believed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The store cannot be read or made.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The folder for a new snapshot is not empty.
    #[error("{path} holds other files; name a new or empty folder, or one that holds a snapshot")]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// The folder for a new snapshot has one of another chain.
    #[error("{path} holds a snapshot of another chain, {chain_id}, which stays; name another folder")]
    HoldsOtherChain {
        /// The folder.
        path: PathBuf,
        /// Id of the chain whose snapshot is there.
        chain_id: ChainId,
    },
    /// The folder for a new snapshot has a newer one.
    #[error("{path} holds a snapshot of height {height}, which stays; this ledger ends at {last}")]
    HoldsNewer {
        /// The folder.
        path: PathBuf,
        /// That snapshot's height.
        height: Height,
        /// The ledger's.
        last: Height,
    },
    /// Another process writes to it.
    #[error("another process uses the snapshot {path}")]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// There is no manifest.
    #[error("{path} holds no snapshot: there is no manifest")]
    NoSnapshot {
        /// The folder.
        path: PathBuf,
    },
    /// The ledger has no block, so there is nothing to prove a snapshot with.
    #[error("the ledger has no block yet")]
    NoBlocks,
    /// The manifest cannot be read.
    #[error("{path} cannot be read")]
    Manifest {
        /// The file.
        path: PathBuf,
        /// The rule of manifests that it breaks.
        source: ManifestError,
    },
    /// A chunk is not there.
    #[error("the chunk {path} is missing")]
    MissingChunk {
        /// The file.
        path: PathBuf,
    },
    /// A chunk has another length.
    #[error("the chunk {path} has {actual} bytes, and the manifest says {expected}")]
    ChunkLength {
        /// The file.
        path: PathBuf,
        /// As the manifest says.
        expected: u64,
        /// The file's.
        actual: u64,
    },
    /// A chunk has another hash than its name.
    #[error("the chunk {path} is damaged: it does not have the hash that it is named by")]
    ChunkHash {
        /// The file.
        path: PathBuf,
    },
    /// It is of another chain.
    #[error("the snapshot is of the chain {actual}, and the genesis is that of {expected}")]
    OtherChain {
        /// The chain of the genesis.
        expected: ChainId,
        /// The snapshot's.
        actual: ChainId,
    },
    /// The trust file is of another chain.
    #[error("the trust file is of the chain {actual}, and the genesis is that of {expected}")]
    TrustOfOtherChain {
        /// The chain of the genesis.
        expected: ChainId,
        /// The trust file's.
        actual: ChainId,
    },
    /// Its last header does not follow from the genesis.
    #[error("the last header of the snapshot is not proved from the genesis")]
    Trust(#[source] TrustFault),
    /// The trust file is newer, so that it cannot vouch for the snapshot.
    #[error(
        "the snapshot ends at height {snapshot}, below height {trusted} of the trust file; use a newer snapshot"
    )]
    Older {
        /// Height of the snapshot's last block.
        snapshot: Height,
        /// Height of the trust file's anchor.
        trusted: Height,
    },
    /// A chunk does not hold records.
    #[error("chunk {number} of the {list} cannot be read")]
    Chunk {
        /// `blocks` or `certificates`.
        list: &'static str,
        /// Its place in its list, from 0.
        number: usize,
        /// What is wrong with its records.
        source: ChunkFault,
    },
    /// The state is not the one of the last header.
    #[error("the state of the snapshot does not hold")]
    State(#[from] StateFault),
    /// A block or certificate cannot be decoded.
    #[error("the {part} of height {height} cannot be read")]
    Encoding {
        /// `block` or `certificate`.
        part: &'static str,
        /// Height of the block that it belongs to.
        height: Height,
        /// What the decoder refused.
        source: CodecError,
    },
    /// There are more certificates than blocks, or fewer.
    #[error("the snapshot has {what} certificates than blocks, from height {height} on")]
    CertificateCount {
        /// `more` or `fewer`.
        what: &'static str,
        /// First height that has one and lacks the other.
        height: Height,
    },
    /// A block does not hold.
    #[error("the block of height {height} does not hold")]
    Block {
        /// Height that the block should have.
        height: Height,
        /// The first rule that it breaks.
        source: FollowFault,
    },
}

impl From<StoreError> for SnapshotError {
    fn from(error: StoreError) -> Self {
        Self::Open(error.into())
    }
}
