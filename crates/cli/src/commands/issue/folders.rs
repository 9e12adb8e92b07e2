//! The folders that documents are in: one `sanad issue` at a time works in each.

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::path::Path;

use anyhow::{Context, bail};

use crate::files;
use crate::output::warn;

/// Keeps other `sanad issue` out of the folders until the files are dropped, and clears away what one that was
/// killed left half-written: there are salts in it.
pub(super) fn lock(folders: &BTreeSet<&Path>) -> anyhow::Result<Vec<File>> {
    let mut locks = Vec::new();
    for folder in folders {
        let name = folder.display();
        let file = File::open(folder).with_context(|| format!("{name} cannot be opened"))?;
        match file.try_lock() {
            Ok(()) => {
                locks.push(file);
                files::remove_temporaries(folder)?;
            }
            Err(TryLockError::WouldBlock) => {
                bail!("another `sanad issue` is at work in {name}; wait for it")
            }
            Err(TryLockError::Error(error)) => {
                warn(format_args!("{name} cannot be locked ({error}); issue from one place at a time"));
            }
        }
    }
    Ok(locks)
}
