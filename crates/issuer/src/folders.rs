//! The folders that an issuance works in: one program at a time in each.

use std::collections::{BTreeMap, BTreeSet};
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
    ///
    /// A folder within another one of them is locked with that one: whoever locks a folder shares the lock of the folder above
    /// it, so that thousands of folders of learners take one file descriptor.
    pub(crate) fn take(
        folders: &BTreeSet<PathBuf>,
        wait: Duration,
        observer: &dyn Observer,
    ) -> Result<Self, LockError> {
        let deadline = Instant::now() + wait;
        let mut wanted = BTreeMap::new();
        for folder in folders {
            let above = folder.parent();
            if above.is_none_or(|above| !folders.contains(above)) {
                wanted.insert(folder.as_path(), Share::Alone);
                above.map(|above| wanted.entry(above).or_insert(Share::WithOthers));
            }
        }
        let mut locks = Vec::new();
        // In the order of their names, so that two programs never wait for each other.
        for (folder, share) in wanted {
            let file = match File::open(folder) {
                Ok(file) => file,
                // A folder above may be another user's.
                Err(_) if share == Share::WithOthers => continue,
                Err(error) => return Err(FileError::system(folder, "opened")(error).into()),
            };
            if take_one(&file, folder, share, wait, deadline, observer)? {
                locks.push(file);
            }
        }
        // Best effort: a folder that is only read has no half-written files of ours.
        folders.iter().for_each(|folder| drop(files::remove_temporaries(folder)));
        Ok(Self { _files: locks })
    }
}

/// A folder that programs may write into at the same time, each its own files.
#[derive(Debug)]
pub struct SharedFolder {
    /// None where the file system has no locks.
    _lock: Option<File>,
    is_first: bool,
    others: bool,
}

impl SharedFolder {
    /// Joins those at work in a folder. The first of them clears away what programs that were killed left half-written.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn enter(folder: &Path) -> Result<Self, FileError> {
        let Ok(file) = File::open(folder) else {
            return Ok(Self { _lock: None, is_first: false, others: false });
        };
        let tried = file.try_lock();
        let (is_first, others) = (tried.is_ok(), matches!(tried, Err(TryLockError::WouldBlock)));
        if is_first {
            files::remove_temporaries(folder)?;
        }
        // From now on, whoever comes is not the first.
        let lock = file.lock_shared().is_ok().then_some(file);
        Ok(Self { is_first: is_first && lock.is_some(), others, _lock: lock })
    }

    /// Whether somebody was at work in it before.
    #[must_use]
    pub fn has_others(&self) -> bool {
        self.others
    }

    /// Clears one of its folders in the same way.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn clear_within(&self, folder: &Path) -> Result<(), FileError> {
        match self.is_first && folder.is_dir() {
            true => files::remove_temporaries(folder),
            false => Ok(()),
        }
    }
}

/// Whether others may hold a lock, too.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Share {
    Alone,
    WithOthers,
}

/// Whether the folder is locked; some file systems have no locks.
fn take_one(
    file: &File,
    folder: &Path,
    share: Share,
    wait: Duration,
    deadline: Instant,
    observer: &dyn Observer,
) -> Result<bool, LockError> {
    let mut said = false;
    loop {
        let tried = match share {
            Share::Alone => file.try_lock(),
            Share::WithOthers => file.try_lock_shared(),
        };
        match tried {
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
            Err(TryLockError::Error(_)) if share == Share::WithOthers => return Ok(false),
            Err(TryLockError::Error(error)) => {
                observer.notice(&Notice::NotLocked { folder: folder.to_owned(), error });
                return Ok(false);
            }
        }
    }
}

/// How often a lock is tried again.
const LOCK_INTERVAL: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;

    fn take(folders: &[&Path]) -> Result<FolderLocks, LockError> {
        let folders = folders.iter().map(|folder| (*folder).to_owned()).collect();
        FolderLocks::take(&folders, Duration::from_millis(100), &())
    }

    #[test]
    fn a_folder_is_locked_with_the_folder_above_it() {
        let folder = tempfile::tempdir().unwrap();
        let (out, one, two) = (folder.path(), folder.path().join("one"), folder.path().join("two"));
        std::fs::create_dir(&one).unwrap();
        std::fs::create_dir(&two).unwrap();
        let all = take(&[out, &one, &two]).unwrap();
        assert_eq!(all._files.len(), 2, "the folder and the one above it, whatever is in it");
        assert!(matches!(take(&[&one]), Err(LockError::AtWork(_))));
        drop(all);
        let first = take(&[&one]).unwrap();
        let _second = take(&[&two]).unwrap();
        assert!(matches!(take(&[out]), Err(LockError::AtWork(_))), "one of its folders is worked in");
        drop(first);
    }

    #[test]
    fn the_first_at_work_in_a_folder_clears_it_and_nobody_after() {
        let folder = tempfile::tempdir().unwrap();
        let left = folder.path().join(".sanad-0123456789ab.tmp");
        std::fs::write(&left, "half").unwrap();
        let first = SharedFolder::enter(folder.path()).unwrap();
        assert!(!left.exists());
        std::fs::write(&left, "of the first").unwrap();
        let second = SharedFolder::enter(folder.path()).unwrap();
        assert!(second.has_others() && !first.has_others());
        second.clear_within(folder.path()).unwrap();
        assert!(left.exists(), "the first is at work");
        drop(first);
        let third = SharedFolder::enter(folder.path()).unwrap();
        assert!(left.exists(), "the second may be");
        drop((second, third));
        SharedFolder::enter(folder.path()).unwrap();
        assert!(!left.exists());
    }
}
