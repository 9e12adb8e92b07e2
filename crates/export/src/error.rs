//! What can go wrong: the caller's fault, an export that is damaged or not honest, and I/O, kept apart.

use std::io;
use std::path::PathBuf;

use sanad_core::codec::CodecError;
use sanad_core::execution::BlockError;
use sanad_core::genesis::GenesisError;
use sanad_core::hash::{BlockHash, ChainId, Root};
use sanad_core::ids::{Height, LogIndex, LogSize, MemberId};
use sanad_core::merkle::Hash;
use sanad_core::proof::ProofFault;
use sanad_core::validators::{CertificateError, ValidatorSetError};

/// Why an export was not made or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// There is no export in the folder.
    #[error("{folder} holds no export: there is no file \"head\" in it")]
    NoExport {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder has something else in it.
    #[error("{folder} is not empty and holds no export; choose a new folder")]
    Occupied {
        /// The folder.
        folder: PathBuf,
    },
    /// Another process exports into the folder.
    #[error("another process exports into {folder}; wait for it to end")]
    Locked {
        /// The folder.
        folder: PathBuf,
    },
    /// The export is of another chain.
    #[error("the export is of chain {actual}, not of the chain of this genesis, {expected}")]
    ForeignChain {
        /// The chain of the caller's genesis.
        expected: ChainId,
        /// The export's.
        actual: ChainId,
    },
    /// The checkpoint in the folder is that of a log with another name.
    #[error(
        "the checkpoint in the folder is of the log {actual:?}, not {expected:?}; use that name, or a new folder"
    )]
    OtherLog {
        /// The caller's name.
        expected: String,
        /// The name in the folder.
        actual: String,
    },
    /// The caller's genesis has no validators.
    #[error("the genesis: {0}")]
    Genesis(#[from] ValidatorSetError),
    /// The ledger to be exported ends before the export does.
    #[error("the export has {exported} blocks already, the ledger {ledger}: it is behind, or was cut short")]
    Ahead {
        /// Last height of the export.
        exported: Height,
        /// Last height of the ledger.
        ledger: Height,
    },
    /// The ledger to be exported has another block than the export.
    #[error("at height {height} the export has block {exported}, the ledger {ledger}: one of them is forked")]
    Forked {
        /// The height.
        height: Height,
        /// The export's block.
        exported: BlockHash,
        /// The ledger's.
        ledger: BlockHash,
    },
    /// A block comes out of turn.
    #[error("the block of height {actual} cannot be exported; the next height is {expected}")]
    NotNext {
        /// Height of the next block.
        expected: Height,
        /// The block's.
        actual: Height,
    },
    /// A block to be exported is not final.
    #[error("the block of height {height} is not final: {source}")]
    Certificate {
        /// The block.
        height: Height,
        /// Why.
        source: CertificateError,
    },
    /// A block to be exported does not follow from those before.
    #[error("the block of height {height} breaks the rules: {source}")]
    Block {
        /// The block.
        height: Height,
        /// Why.
        source: Box<BlockError<ExportError>>,
    },
    /// There is nothing to export.
    #[error("the ledger has no block yet; export it once it has one")]
    Empty,
    /// The caller asks for a block that the export does not have.
    #[error("height {height} is beyond the export, which ends at {head}")]
    HeightBeyondHead {
        /// The height.
        height: Height,
        /// Last height of the export.
        head: Height,
    },
    /// The caller asks for an entry that the export does not have.
    #[error("log index {index} is beyond the export, which has {size} entries")]
    IndexBeyondLog {
        /// The index.
        index: LogIndex,
        /// Entries in the export.
        size: LogSize,
    },
    /// The caller asks for a tree that the export does not have.
    #[error("a log of {asked} entries is beyond the export, which has {size}")]
    SizeBeyondLog {
        /// The size.
        asked: LogSize,
        /// Entries in the export.
        size: LogSize,
    },
    /// The caller asks for a member that there is not.
    #[error("the member {0} is not in the registry")]
    NoMember(MemberId),
    /// A file that the export must have is not there.
    #[error("{path}: missing; the copy is not whole")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A file is longer than it can be.
    #[error("{path}: {actual} bytes, more than the limit of {limit}")]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Its length, or some bytes beyond the limit.
        actual: u64,
        /// Most bytes allowed.
        limit: u64,
    },
    /// A file does not read as what it is.
    #[error("{path}: {what}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        what: &'static str,
    },
    /// An object in a file has no valid encoding.
    #[error("{path}: {source}")]
    Codec {
        /// The file.
        path: PathBuf,
        /// Why.
        source: CodecError,
    },
    /// The genesis in the export is no genesis.
    #[error("{path}: {source}")]
    StoredGenesis {
        /// The file.
        path: PathBuf,
        /// Why.
        source: GenesisError,
    },
    /// A file leads to another root than the one that the validators signed or a checked file names.
    #[error("{path}: leads to the {tree} root {actual}, not {expected}: it was changed")]
    Root {
        /// The file.
        path: PathBuf,
        /// Which tree.
        tree: &'static str,
        /// The root that it must lead to.
        expected: Root,
        /// The root it leads to.
        actual: Root,
    },
    /// Entries that are not those whose hashes are in the log tree.
    #[error("{path}: the entry of log index {index} is not the one in the log tree: it was changed")]
    Entry {
        /// The file.
        path: PathBuf,
        /// The entry.
        index: LogIndex,
    },
    /// The header of the export is not final, or of other validators than those that the genesis leads to.
    #[error("{path}: {source}")]
    Header {
        /// The file with the header.
        path: PathBuf,
        /// Why.
        source: ProofFault,
    },
    /// The operating system refuses.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl ExportError {
    pub(crate) fn root(path: PathBuf, tree: &'static str, expected: Hash, actual: Hash) -> Self {
        Self::Root { path, tree, expected: Root(expected), actual: Root(actual) }
    }
}
