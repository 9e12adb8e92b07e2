//! Whether the process may use what is in a data directory: files of its own that it can write, and nothing that would hold it up.

use std::fs::{Metadata, OpenOptions};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::setup::DataDir;

/// Something in a data directory that keeps a node from running.
#[derive(Debug)]
pub(crate) struct Unfit {
    pub(crate) path: PathBuf,
    pub(crate) fault: Fault,
}

/// What is wrong with it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// Reading it may wait for ever.
    #[error("it is neither a file nor a directory")]
    Kind,
    /// It belongs to another user than the directory around it: a command was run as root.
    #[error(
        "it belongs to user {actual}, and the node's is {expected}: run chown on it, and commands of the node as its user (`sudo -u sanad`)"
    )]
    Owner {
        /// The user of this process; for root, the owner of the data directory.
        expected: u32,
        /// The owner of this.
        actual: u32,
    },
    /// It cannot be read or written.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

impl Unfit {
    /// Whether this process cannot run a node with it. What is another user's stops all but root.
    pub(crate) fn stops(&self) -> bool {
        !matches!(self.fault, Fault::Owner { .. }) || own_user() != Some(ROOT)
    }
}

/// Looks at all that a node keeps in its data directory. Files are opened for writing, and nothing is written.
pub(crate) fn unfit(directory: &DataDir) -> Vec<Unfit> {
    let Ok(owner) = std::fs::metadata(directory.path()).map(|meta| meta.uid()) else { return Vec::new() };
    let user = own_user().filter(|user| *user != ROOT).unwrap_or(owner);
    let parts = [
        directory.ledger(),
        directory.consensus(),
        directory.pool(),
        directory.joining(),
        directory.evidence(),
    ];
    let mut waiting: Vec<PathBuf> =
        parts.into_iter().filter(|part| part.symlink_metadata().is_ok()).collect();
    let mut unfit = Vec::new();
    while let Some(path) = waiting.pop() {
        match std::fs::metadata(&path).map_err(Fault::from).and_then(|meta| look(&path, &meta, user)) {
            Ok(entries) => waiting.extend(entries),
            // A node that runs removes files meanwhile. A link to nothing is still there.
            Err(Fault::Io(_)) if is_gone(&path) => {}
            Err(fault) => unfit.push(Unfit { path, fault }),
        }
    }
    unfit.sort_by(|a, b| a.path.cmp(&b.path));
    unfit
}

fn is_gone(path: &Path) -> bool {
    path.symlink_metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

/// Looks at a file or directory; returns what is in it.
fn look(path: &Path, meta: &Metadata, user: u32) -> Result<Vec<PathBuf>, Fault> {
    if !meta.is_file() && !meta.is_dir() {
        return Err(Fault::Kind);
    }
    let closed = meta.mode() & WRITABLE_BITS == 0;
    if meta.uid() != user && closed {
        return Err(Fault::Owner { expected: user, actual: meta.uid() });
    }
    if meta.is_file() {
        OpenOptions::new().read(true).write(true).open(path)?;
        return Ok(Vec::new());
    }
    let entries = std::fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path()));
    Ok(entries.collect::<Result<_, _>>()?)
}

/// The user of this process, where the system says so.
fn own_user() -> Option<u32> {
    std::fs::metadata("/proc/self").map(|meta| meta.uid()).ok()
}

const ROOT: u32 = 0;
/// Writable for group or others.
const WRITABLE_BITS: u32 = 0o022;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn what_would_hold_a_node_up_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let directory = DataDir::at(folder.path());
        std::fs::create_dir_all(directory.consensus()).unwrap();
        std::fs::create_dir(directory.ledger()).unwrap();
        std::fs::write(directory.ledger().join("LOCK"), "").unwrap();
        assert!(unfit(&directory).is_empty());
        let _socket = UnixListener::bind(directory.consensus().join("signing.guard")).unwrap();
        symlink("nowhere", directory.ledger().join("columns")).unwrap();
        let found = unfit(&directory);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(matches!(found[0].fault, Fault::Kind) && found[0].stops(), "{found:?}");
        assert!(matches!(found[1].fault, Fault::Io(_)) && found[1].stops(), "{found:?}");
        // A file system's own, and no matter of the node.
        symlink("nowhere", folder.path().join("lost+found")).unwrap();
        assert_eq!(unfit(&directory).len(), 2);
    }
}
