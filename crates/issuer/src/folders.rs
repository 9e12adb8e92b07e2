//! The folders that an issuance works in: one program at a time in each.

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::files::{self, FileError};
use crate::notice::{Notice, Observer};

/// Folders that other issuances keep out of until this is dropped. The locks are the system's: they end with the
/// process, however it ends.
#[derive(Debug)]
pub(crate) struct FolderLocks {
    _files: Vec<File>,
}

/// Why a folder cannot be worked in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// The folder cannot be opened.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another program works in it for longer than there was time to wait.
    #[error("another `sanad issue` is still at work in {}; wait until it ends, or give a longer --wait", .0.display())]
    AtWork(PathBuf),
}

impl FolderLocks {
    /// Locks the folders, waiting for other programs to end, and clears away what one that was killed left
    /// half-written: there are secrets in it.
    pub(crate) fn take(
        folders: &BTreeSet<PathBuf>,
        wait: Duration,
        observer: &dyn Observer,
    ) -> Result<Self, LockError> {
        let deadline = Instant::now() + wait;
        let mut locks = Vec::new();
        // In the order of their names, so that two programs never wait for each other.
        for folder in folders {
            let file = File::open(folder).map_err(FileError::system(folder, "opened"))?;
            if take_one(&file, folder, wait, deadline, observer)? {
                locks.push(file);
                // Best effort: a folder that is only read has no half-written files of ours.
                let _ = files::remove_temporaries(folder);
            }
        }
        Ok(Self { _files: locks })
    }
}

/// Whether the folder is locked; some file systems have no locks.
fn take_one(
    file: &File,
    folder: &Path,
    wait: Duration,
    deadline: Instant,
    observer: &dyn Observer,
) -> Result<bool, LockError> {
    let mut said = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                return Err(LockError::AtWork(folder.to_owned()));
            }
            Err(TryLockError::WouldBlock) => {
                if !std::mem::replace(&mut said, true) {
                    observer.notice(&Notice::FolderAwaited { folder: folder.to_owned(), wait });
                }
                std::thread::sleep(LOCK_INTERVAL);
            }
            Err(TryLockError::Error(error)) => {
                observer.notice(&Notice::NotLocked { folder: folder.to_owned(), error });
                return Ok(false);
            }
        }
    }
}

/// How often a lock is tried again.
const LOCK_INTERVAL: Duration = Duration::from_millis(50);
