//! Putting a backup in the place of a ledger that is lost.

use std::path::{Path, PathBuf};

use sanad_core::ids::Height;
use sanad_storage::{Store, copy_log};

use super::create::FILE_BYTES_MAX;
use super::error::BackupError;
use super::folder::{self, at, read_limited, sync_parent, write_whole};
use super::verify::{Verified, verify};
use crate::config::Config;
use crate::desk::disk;
use crate::error::NodeError;
use crate::recovery::{Memory, current_key, guard_beside_new_ledger};
use crate::setup::{DataDir, Setup, make_consensus, store_options};

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The last block.
    pub height: Height,
    /// What the signing guard knows; `None` for a node that only follows.
    pub guard: Option<Memory>,
}

/// Makes the ledger of a node from a backup. All of the backup is checked before anything is written, and the ledger is
/// there whole or not at all. A guard that is in the data directory stays; a validator without one signs nothing until
/// enough others have shown how far they are, as after `recover`.
///
/// # Errors
/// [`BackupError`]; what exists is left as it is.
pub fn restore(config: &Config, from: &Path) -> Result<Restored, BackupError> {
    let setup = Setup::load(config)?;
    let directory = DataDir::new(config);
    let (ledger, consensus) = (directory.ledger(), directory.consensus());
    if std::fs::read_dir(&ledger).is_ok_and(|mut entries| entries.next().is_some()) || ledger.is_file() {
        return Err(BackupError::HoldsLedger { path: ledger });
    }
    let Verified { manifest, .. } = verify(from, &setup.genesis)?;
    let Some(log) = manifest.log else { return Err(BackupError::NoBlocks) };
    folder::make(&config.data_dir)?;
    if let Some((free, _)) = disk(&config.data_dir).filter(|(free, _)| *free < log.end) {
        let (path, needed, free) = (config.data_dir.clone(), log.end >> 20, free >> 20);
        return Err(BackupError::NoSpace { path, needed, free });
    }
    let unfinished = unfinished(&ledger);
    if unfinished.exists() {
        std::fs::remove_dir_all(&unfinished).map_err(at(&unfinished))?;
    }
    folder::make(&unfinished)?;
    copy_log(&from.join("ledger"), &unfinished, setup.genesis.chain_id(), None, Some(log))
        .map_err(|source| BackupError::Copy { path: unfinished.clone(), source: Box::new(source) })?;
    let rebuilt = Store::rebuild(&unfinished, &setup.genesis, store_options(config), |_| {});
    let (store, state) = rebuilt.map_err(|source| NodeError::Open { path: unfinished.clone(), source })?;
    store.close().map_err(NodeError::from)?;
    drop(store);
    let head = state.head();
    if (head.height, head.hash) != (log.height, log.block) {
        return Err(BackupError::OtherBlock { height: log.height });
    }
    make_consensus(&consensus)?;
    // Before the ledger: there must be no ledger beside a guard that nobody has looked at.
    let guard = guard_beside_new_ledger(&setup, &consensus, current_key(&state, &config.member))?;
    if let Some(bytes) = read_limited(&from.join("evidence.jsonl"), FILE_BYTES_MAX)?
        && !directory.evidence().exists()
    {
        write_whole(&directory.evidence(), &bytes)?;
    }
    if ledger.is_dir() {
        std::fs::remove_dir(&ledger).map_err(at(&ledger))?;
    }
    std::fs::rename(&unfinished, &ledger).map_err(at(&ledger))?;
    sync_parent(&ledger)?;
    Ok(Restored { height: log.height, guard })
}

fn unfinished(ledger: &Path) -> PathBuf {
    ledger.with_added_extension("restoring")
}
