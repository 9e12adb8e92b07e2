//! What can go wrong: the caller's fault, an export that is damaged or not honest, and I/O, kept apart.

use std::io;
use std::path::PathBuf;

use sanad_chain::Fault;
use sanad_core::codec::CodecError;
use sanad_core::genesis::GenesisError;
use sanad_core::hash::{BlockHash, ChainId, Commitment, Root};
use sanad_core::ids::{Height, LogIndex, LogSize, MemberId};
use sanad_core::merkle::Hash;
use sanad_core::proof::ProofFault;
use sanad_core::trust::{TrustFault, TrustFormatError};
use sanad_core::validators::{CertificateError, ValidatorSetError};

use crate::note::NoteError;
use crate::web::WebError;

/// Why an export was not made or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// There is no export in the folder.
    #[error("{folder} holds no export: it has no file \"head\"")]
    NoExport {
        /// Folder that was to be read.
        folder: PathBuf,
    },
    /// The folder has something else in it.
    #[error("{folder} is not empty and holds no export; choose a new folder")]
    Occupied {
        /// Folder that was to be written to.
        folder: PathBuf,
    },
    /// Another process exports into the folder.
    #[error("another process exports into {folder}; wait for it to end")]
    Locked {
        /// Folder that was to be written to.
        folder: PathBuf,
    },
    /// The disk is nearly full.
    #[error(
        "{folder} has {free} bytes left, and {least} stay free; make room, or set TMPDIR to a larger disk"
    )]
    NoRoom {
        /// The folder that is written to.
        folder: PathBuf,
        /// Bytes that are free.
        free: u64,
        /// Bytes that stay free.
        least: u64,
    },
    /// The export is of another chain.
    #[error("the export is of chain {actual}, not of the chain of this genesis, {expected}")]
    ForeignChain {
        /// The chain of the caller's genesis.
        expected: ChainId,
        /// The export's.
        actual: ChainId,
    },
    /// The export was signed with another key than the caller's.
    #[error(
        "the export in {folder} was not signed with this key; use the key it was signed with, or a new folder"
    )]
    OtherKey {
        /// Folder that was to be written to.
        folder: PathBuf,
        /// Why its checkpoint is not signed by the caller's key.
        source: Box<ExportError>,
    },
    /// The caller's genesis was not checked: it has no validator set.
    #[error("the genesis has no validator set")]
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
        /// Height of both blocks.
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
    /// A block to be exported does not follow from those before, or is not final.
    #[error("the block of height {height} is not sound")]
    Block {
        /// The block.
        height: Height,
        /// The first rule that it breaks.
        source: Box<Fault>,
    },
    /// A member issued a commitment twice, in different blocks.
    #[error(
        "{issuer} issued {commitment} at log index {first} and again at {second}: the ledger breaks the rules"
    )]
    IssuedTwice {
        /// Member that issued it.
        issuer: MemberId,
        /// Commitment of both entries.
        commitment: Commitment,
        /// Where it was issued.
        first: LogIndex,
        /// Where it was issued again.
        second: LogIndex,
    },
    /// There is nothing to export.
    #[error("the ledger has no block yet; export it once it has one")]
    Empty,
    /// The exporter failed before: what it holds is no longer what was written.
    #[error("the export failed before; begin again")]
    Broken,
    /// The caller asks for a block that the export does not have.
    #[error("height {height} is beyond the export, which ends at {head}")]
    HeightBeyondHead {
        /// Height that was asked for.
        height: Height,
        /// Last height of the export.
        head: Height,
    },
    /// The caller asks for an entry that the export does not have.
    #[error("log index {index} is beyond the export, which has {size} entries")]
    IndexBeyondLog {
        /// Log index that was asked for.
        index: LogIndex,
        /// Entries in the export.
        size: LogSize,
    },
    /// The caller asks for a tree that the export does not have.
    #[error("a log of {asked} entries is beyond the export, which has {size}")]
    SizeBeyondLog {
        /// Entries of the log that was asked about.
        asked: LogSize,
        /// Entries in the export.
        size: LogSize,
    },
    /// The caller asks for a member that does not exist.
    #[error("the member {0} is not in the registry")]
    NoMember(MemberId),
    /// A file that the export must have is not there.
    #[error("{path}: missing; the copy is not whole")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A file that the export must have is not with the web server.
    #[error("{url}: not there (404)")]
    NotThere {
        /// The file.
        url: PathBuf,
    },
    /// Another export was published while this one was read, and took away what this one needs.
    #[error("{place}: changed while it was read: a newer export has taken its place; try again")]
    Changed {
        /// The export.
        place: PathBuf,
    },
    /// A web server gave no answer that can be used, or there is no such server.
    #[error("{url}: no usable answer")]
    Web {
        /// The file, or the export.
        url: PathBuf,
        /// What is wrong with the address or the answer.
        source: Box<WebError>,
    },
    /// A file is longer than it can be.
    #[error("{path}: more than {limit} bytes, the most that such a file can have")]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Its length, or some bytes beyond the limit.
        actual: u64,
        /// Most bytes allowed.
        limit: u64,
    },
    /// A file is not in its format.
    #[error("{path}: {what}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        what: &'static str,
    },
    /// An object in a file has no valid encoding.
    #[error("{path}: cannot be decoded")]
    Codec {
        /// The file.
        path: PathBuf,
        /// What the decoder refused.
        source: CodecError,
    },
    /// A signed note does not read, or is not signed by the key.
    #[error("{path}: not a note signed by the log")]
    Note {
        /// The file.
        path: PathBuf,
        /// The rule of signed notes (C2SP `signed-note`) that it breaks.
        source: Box<NoteError>,
    },
    /// The genesis in the export is not valid.
    #[error("{path}: not a valid genesis")]
    StoredGenesis {
        /// The file.
        path: PathBuf,
        /// The rule of genesis files that it breaks.
        source: Box<GenesisError>,
    },
    /// The trust file in the export does not read.
    #[error("{path}: not a trust file")]
    TrustFormat {
        /// The file.
        path: PathBuf,
        /// What cannot be read.
        source: Box<TrustFormatError>,
    },
    /// The trust file in the export proves nothing: the last block is not final, or of other validators than those that
    /// the genesis leads to.
    #[error("{path}: does not follow from the genesis")]
    Trust {
        /// The file.
        path: PathBuf,
        /// What does not follow.
        source: Box<TrustFault>,
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
    /// An entry is not the one whose hash is in the log tree.
    #[error("{path}: the entry of log index {index} is not the one in the log tree: it was changed")]
    Entry {
        /// The file.
        path: PathBuf,
        /// The entry.
        index: LogIndex,
    },
    /// A header is not the one in the history of the last block.
    #[error("{path}: the header of height {height} is not in the history of the last block: it was changed")]
    History {
        /// The file.
        path: PathBuf,
        /// The header's height.
        height: Height,
    },
    /// A certificate does not make its block final.
    #[error("{path}: the block of height {height} is not final by its certificate")]
    Certificate {
        /// The file.
        path: PathBuf,
        /// The block.
        height: Height,
        /// What is wrong with the precommits.
        source: Box<CertificateError>,
    },
    /// A proof made of the files does not hold.
    #[error("{folder}: what its files prove does not hold")]
    Proof {
        /// Folder whose files they are.
        folder: PathBuf,
        /// The step of the proof that fails.
        source: Box<ProofFault>,
    },
    /// A file is not the one in the manifest.
    #[error("{path}: has the SHA-256 {actual}, not {expected} as in the manifest: it was changed")]
    FileHash {
        /// The file.
        path: PathBuf,
        /// The manifest's, in hexadecimal.
        expected: String,
        /// The file's, in hexadecimal.
        actual: String,
    },
    /// A file is not in the manifest.
    #[error("{path}: not in the manifest: put there, or left by an export that was cut off")]
    Stray {
        /// The file.
        path: PathBuf,
    },
    /// The operating system refuses.
    #[error("{path}: cannot be read or written")]
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
}

impl ExportError {
    pub(crate) fn root(path: PathBuf, tree: &'static str, expected: Hash, actual: Hash) -> Self {
        Self::Root { path, tree, expected: Root(expected), actual: Root(actual) }
    }

    /// Whether the error is about what is in the folder, rather than about the question or the machine.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Missing { .. }
            | Self::NotThere { .. }
            | Self::TooLong { .. }
            | Self::Malformed { .. }
            | Self::Codec { .. }
            | Self::Note { .. }
            | Self::StoredGenesis { .. }
            | Self::TrustFormat { .. }
            | Self::Trust { .. }
            | Self::Root { .. }
            | Self::Entry { .. }
            | Self::History { .. }
            | Self::Certificate { .. }
            | Self::Proof { .. }
            | Self::FileHash { .. }
            | Self::Stray { .. } => true,
            Self::NoExport { .. }
            | Self::Occupied { .. }
            | Self::Locked { .. }
            | Self::ForeignChain { .. }
            | Self::OtherKey { .. }
            | Self::Genesis(_)
            | Self::Ahead { .. }
            | Self::Forked { .. }
            | Self::NotNext { .. }
            | Self::Block { .. }
            | Self::IssuedTwice { .. }
            | Self::NoRoom { .. }
            | Self::Empty
            | Self::Broken
            | Self::HeightBeyondHead { .. }
            | Self::IndexBeyondLog { .. }
            | Self::SizeBeyondLog { .. }
            | Self::NoMember(_)
            | Self::Changed { .. }
            | Self::Web { .. }
            | Self::Io { .. } => false,
        }
    }
}
