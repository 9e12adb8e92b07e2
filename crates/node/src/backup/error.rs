use std::path::PathBuf;

use sanad_core::hash::ChainId;
use sanad_core::ids::{Height, MemberId};
use sanad_storage::{CopyError, Finding, OpenError};

use crate::error::NodeError;

/// Why a backup is not made, not sound, or not restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// Configuration, genesis, keys or guard.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// A file cannot be read or written.
    #[error("{path} cannot be read or written")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is longer than any that belongs into a backup.
    #[error("{path} has more than {limit} bytes")]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Most bytes.
        limit: u64,
    },
    /// The folder for a new backup is not empty.
    #[error("{path} holds other files; name a new or empty folder, or one that holds a backup")]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// The folder that should hold the backup's does not exist.
    #[error("there is no folder {path}: is the backup disk mounted? If it should be a folder, make it first")]
    NoParent {
        /// The folder above the backup's.
        path: PathBuf,
    },
    /// There is no backup.
    #[error("{path} holds no backup: there is no backup.json")]
    NoBackup {
        /// The folder.
        path: PathBuf,
    },
    /// `backup.json` is not as it was written.
    #[error("{path} is damaged")]
    Manifest {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// `backup.json` names a file outside the backup.
    #[error("{path} names the file {named:?}, which is not inside the backup")]
    Outside {
        /// `backup.json`.
        path: PathBuf,
        /// The name.
        named: PathBuf,
    },
    /// A newer program made it.
    #[error("the backup has version {actual}; this program knows version {expected}: use a newer one")]
    Version {
        /// The version that is known.
        expected: u32,
        /// That of the backup.
        actual: u32,
    },
    /// It is of another chain.
    #[error("the backup is of the chain {actual}, and the genesis is that of {expected}")]
    OtherChain {
        /// The chain of the genesis.
        expected: ChainId,
        /// The chain of the backup.
        actual: ChainId,
    },
    /// It is another member's.
    #[error(
        "the backup is of the node of {actual}, not of {expected}; use a folder of its own for each node"
    )]
    OtherMember {
        /// The member of the configuration.
        expected: MemberId,
        /// The member of the backup.
        actual: MemberId,
    },
    /// Another process writes to it.
    #[error("another process uses the backup {path}")]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// The ledger is not copied.
    #[error(
        "the ledger cannot be copied to {path}. A damaged block of the node is mended by itself, see `sanad node status`; \
         if the backup is damaged or does not fit, begin a new one in another folder",
        path = path.display()
    )]
    Copy {
        /// The backup.
        path: PathBuf,
        /// Why.
        source: Box<CopyError>,
    },
    /// The ledger in the backup cannot be audited.
    #[error("the ledger in {path} cannot be audited")]
    Audit {
        /// The ledger.
        path: PathBuf,
        /// Why.
        source: OpenError,
    },
    /// A block in the backup is not sound.
    #[error("the ledger in the backup is not sound")]
    Damaged {
        /// What the audit found first.
        #[source]
        finding: Box<Finding>,
    },
    /// Blocks are missing.
    #[error("the ledger in the backup ends at height {actual}, and backup.json says {expected}")]
    Short {
        /// The height in `backup.json`.
        expected: Height,
        /// The last sound block.
        actual: Height,
    },
    /// Another block is in the place of the last.
    #[error("the block of height {height} in the backup is not the one that backup.json names")]
    OtherBlock {
        /// The height.
        height: Height,
    },
    /// A file beside the ledger is not the one that was written.
    #[error(
        "{path} is not as backup.json has it: it was changed, or the last `backup create` was cut off just there; run it \
         again",
        path = path.display()
    )]
    ChangedFile {
        /// The file.
        path: PathBuf,
    },
    /// There is nothing to check or restore.
    #[error(
        "the backup has no block yet: its first `backup create` was cut off, or the node had none; run it again. To begin \
         without it, make the data directory with `sanad-node init`, or `recover` if the key has signed"
    )]
    NoBlocks,
    /// The data directory has a ledger.
    #[error("{path} holds a ledger, which is never written over; move it away first")]
    HoldsLedger {
        /// The ledger.
        path: PathBuf,
    },
    /// The disk is too full.
    #[error("the ledger has {needed} MiB, and {free} MiB are free on the disk of {path}")]
    NoSpace {
        /// The data directory.
        path: PathBuf,
        /// Size of the log.
        needed: u64,
        /// What is free.
        free: u64,
    },
}
