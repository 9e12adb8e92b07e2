//! `sanad-node snapshot`: a ledger handed on as of one block, and a node that begins with one.
//!
//! The snapshot itself is `sanad-storage`'s. Here it meets the data directory of a node: what is restored has no memory of
//! its key's signatures, and obeys the same rules as after `backup restore`.

mod fetch;
mod join;
mod offering;

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use sanad_core::hash::BlockHash;
use sanad_core::ids::Height;
use sanad_core::snapshot::SnapshotManifest;
use sanad_core::trust::{TRUST_FILE_BYTES_MAX, TrustAnchor, TrustFault, TrustFile, TrustFormatError};
use sanad_storage::{SnapshotError, SnapshotFolder, SnapshotTrust, create_snapshot, restore_snapshot};

use crate::config::Config;
use crate::desk::disk;
use crate::error::NodeError;
use crate::recovery::{Memory, current_key, guard_beside_new_ledger};
use crate::setup::{
    DataDir, Setup, make_consensus, make_directory, open_error, open_store, read_genesis, read_limited,
    store_options,
};

pub use join::join;
pub(crate) use offering::keep_offering;

/// Why a snapshot is not made or restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeSnapshotError {
    /// Configuration, genesis, keys or guard.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The snapshot.
    #[error("{path}")]
    Snapshot {
        /// Its folder.
        path: PathBuf,
        /// Why.
        source: Box<SnapshotError>,
    },
    /// A file is no trust file.
    #[error("{path} is not a trust file")]
    TrustForm {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<TrustFormatError>,
    },
    /// A trust file does not hold.
    #[error("the trust file {path} does not hold")]
    Trust {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<TrustFault>,
    },
    /// The data directory has a ledger.
    #[error("{path} holds a ledger, which is never written over; move it away first")]
    HoldsLedger {
        /// The ledger.
        path: PathBuf,
    },
    /// The disk is too full.
    #[error("some {needed} MiB are needed, and {free} MiB are free on the disk of {path}")]
    NoSpace {
        /// The data directory.
        path: PathBuf,
        /// What the ledger will take, and the chunks that are still to come.
        needed: u64,
        /// What is free.
        free: u64,
    },
    /// No node that was asked offers a snapshot that holds.
    #[error(
        "none of the nodes that were asked offers a snapshot of this chain; the log says what each answered"
    )]
    NoneOffered,
    /// Nobody who offers a chunk hands it out.
    #[error(
        "{missing} chunks of the snapshot are to be had from none of the nodes that were asked; run it again later"
    )]
    Incomplete {
        /// Chunks that are missing.
        missing: usize,
    },
    /// The genesis that a node hands out is not that of the trust file.
    #[error("no node that was asked has the genesis of the trust file, signed by its members")]
    NoGenesis,
}

impl NodeSnapshotError {
    /// Whether it has to do with this machine, not with the snapshot.
    fn is_own(&self) -> bool {
        match self {
            Self::Node(_) | Self::HoldsLedger { .. } => true,
            Self::Snapshot { source, .. } => {
                matches!(**source, SnapshotError::Open(_) | SnapshotError::Locked { .. })
            }
            _ => false,
        }
    }
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Height of the last block.
    pub height: Height,
    /// Hash of the last block.
    pub block: BlockHash,
    /// What the signing guard knows; `None` for a node that only follows.
    pub guard: Option<Memory>,
}

/// Writes to a folder what it does not have yet of the snapshot of a stopped node's ledger.
///
/// # Errors
/// [`NodeSnapshotError`]; an earlier snapshot in the folder is still there.
pub fn create(config: &Config, to: &Path) -> Result<SnapshotManifest, NodeSnapshotError> {
    let genesis = read_genesis(&config.genesis)?;
    let path = DataDir::new(config).ledger();
    let (store, state) = open_store(config, &genesis).map_err(|source| open_error(&path, source))?;
    let created = create_snapshot(&store, &state, &genesis, to, |_| {}).map_err(in_folder(to));
    store.close().map_err(NodeError::from)?;
    created
}

/// Makes the ledger of a node from the snapshot in a folder. The ledger is there whole or not at all: a run that was cut
/// off is begun anew. With a trust file, the block that it trusts has to be in the snapshot. A guard that is in the data
/// directory stays; a validator without one signs nothing until enough others have shown how far they are.
///
/// # Errors
/// [`NodeSnapshotError`]; what exists is left as it is.
pub fn restore(
    config: &Config,
    from: &Path,
    trust_file: Option<&Path>,
) -> Result<Restored, NodeSnapshotError> {
    let setup = Setup::load(config)?;
    let directory = DataDir::new(config);
    let (ledger, consensus) = (directory.ledger(), directory.consensus());
    refuse_ledger(&ledger)?;
    let now_ms = now_ms();
    let anchor = trust_file.map(|path| read_trust_file(path, now_ms)).transpose()?.map(|(_, anchor)| anchor);
    let trust = SnapshotTrust { genesis: &setup.genesis, anchor: anchor.as_ref(), now_ms };
    // Before anything is written.
    let manifest = SnapshotFolder::open(from).manifest().map_err(in_folder(from))?;
    trust.prove(&manifest).map_err(in_folder(from))?;
    let file = |path: &Path| {
        let path = path.to_owned();
        move |source| NodeError::File { path, source }
    };
    make_directory(&config.data_dir).map_err(file(&config.data_dir))?;
    refuse_full_disk(&config.data_dir, ledger_bytes(&manifest))?;
    let unfinished = ledger.with_added_extension("restoring");
    if unfinished.exists() {
        std::fs::remove_dir_all(&unfinished).map_err(file(&unfinished))?;
    }
    let (height, block) = (manifest.header().height, manifest.header().hash());
    let state =
        restore_snapshot(from, trust, &unfinished, store_options(config), |_| {}).map_err(in_folder(from))?;
    make_consensus(&consensus)?;
    // Before the ledger: there must be no ledger beside a guard that nobody has looked at.
    let guard = guard_beside_new_ledger(&setup, &consensus, current_key(&state, &config.member))?;
    if ledger.is_dir() {
        std::fs::remove_dir(&ledger).map_err(file(&ledger))?;
    }
    std::fs::rename(&unfinished, &ledger).map_err(file(&ledger))?;
    std::fs::File::open(&config.data_dir)
        .and_then(|folder| folder.sync_all())
        .map_err(file(&config.data_dir))?;
    Ok(Restored { height, block, guard })
}

fn refuse_ledger(ledger: &Path) -> Result<(), NodeSnapshotError> {
    match std::fs::read_dir(ledger).is_ok_and(|mut entries| entries.next().is_some()) || ledger.is_file() {
        true => Err(NodeSnapshotError::HoldsLedger { path: ledger.to_owned() }),
        false => Ok(()),
    }
}

fn refuse_full_disk(path: &Path, needed: u64) -> Result<(), NodeSnapshotError> {
    match disk(path) {
        Some((free, _)) if free < needed => {
            let (needed, free) = (needed >> 20, free >> 20);
            Err(NodeSnapshotError::NoSpace { path: path.to_owned(), needed, free })
        }
        _ => Ok(()),
    }
}

/// About what a ledger made from a snapshot takes: the tiles of a log take as much as its entries.
fn ledger_bytes(manifest: &SnapshotManifest) -> u64 {
    2 * manifest.chunks().map(|chunk| u64::from(chunk.bytes)).sum::<u64>()
}

fn read_trust_file(path: &Path, now_ms: u64) -> Result<(TrustFile, TrustAnchor), NodeSnapshotError> {
    let bytes = read_limited(path, TRUST_FILE_BYTES_MAX)?;
    let file = TrustFile::from_bytes(&bytes)
        .map_err(|source| NodeSnapshotError::TrustForm { path: path.to_owned(), source: Box::new(source) })?;
    let anchor = file
        .verify(now_ms)
        .map_err(|source| NodeSnapshotError::Trust { path: path.to_owned(), source: Box::new(source) })?;
    Ok((file, anchor))
}

fn in_folder(path: &Path) -> impl FnOnce(SnapshotError) -> NodeSnapshotError + use<> {
    let path = path.to_owned();
    move |source| NodeSnapshotError::Snapshot { path, source: Box::new(source) }
}

/// A task of this program panicked, and has said why.
fn panicked(error: tokio::task::JoinError) -> NodeSnapshotError {
    NodeError::File { path: "joining".into(), source: std::io::Error::other(error) }.into()
}

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
