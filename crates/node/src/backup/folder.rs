//! The folder of a backup: locked while it is written, its files closed to other users.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::error::BackupError;
use crate::setup::make_directory;

/// Locks a folder for writing, and makes it if needed, but none above it: that would be in the place of a disk that is not
/// mounted. The lock ends with the file.
pub(super) fn lock(folder: &Path) -> Result<File, BackupError> {
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() && !parent.is_dir() {
        return Err(BackupError::NoParent { path: parent.to_owned() });
    }
    make(folder)?;
    let path = folder.join("LOCK");
    let opened = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
    let file = opened.map_err(at(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(BackupError::Locked { path: folder.to_owned() }),
        Err(TryLockError::Error(error)) => Err(at(&path)(error)),
    }
}

/// Makes a folder of the owner's alone, unless it is there.
pub(super) fn make(folder: &Path) -> Result<(), BackupError> {
    make_directory(folder).map_err(at(folder))
}

/// Whether a folder has nothing but its lock, and what a run left that was killed before it had written its first file.
pub(super) fn is_unused(folder: &Path) -> Result<bool, BackupError> {
    let mut entries = std::fs::read_dir(folder).map_err(at(folder))?;
    let is_own = |name: &OsStr| name == "LOCK" || name == "backup.json.new";
    Ok(entries.all(|entry| entry.is_ok_and(|entry| is_own(&entry.file_name()))))
}

/// Writes a file whole and durably, closed to others: it is there with all its bytes, or as it was.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), BackupError> {
    let temporary = path.with_added_extension("new");
    let write = || {
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(at(&temporary))?;
    std::fs::rename(&temporary, path).map_err(at(path))?;
    sync_parent(path)
}

/// Makes the name of a file or folder durable.
pub(super) fn sync_parent(path: &Path) -> Result<(), BackupError> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent).and_then(|folder| folder.sync_all()).map_err(at(parent))
}

/// Reads a file of at most `limit` bytes; `None` if it does not exist.
pub(super) fn read_limited(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, BackupError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at(path)(error)),
    };
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(at(path))?;
    if bytes.len() as u64 > limit {
        return Err(BackupError::TooLong { path: path.to_owned(), limit });
    }
    Ok(Some(bytes))
}

/// Adds the path to an error.
pub(super) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> BackupError {
    let path: PathBuf = path.to_owned();
    move |source| BackupError::File { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_run_leaves_is_no_strangers_file() {
        let folder = tempfile::tempdir().unwrap();
        for own in ["LOCK", "backup.json.new"] {
            std::fs::write(folder.path().join(own), "").unwrap();
            assert!(is_unused(folder.path()).unwrap(), "{own}");
        }
        std::fs::write(folder.path().join("thesis.pdf"), "").unwrap();
        assert!(!is_unused(folder.path()).unwrap());
    }
}
