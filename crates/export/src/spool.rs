//! An export at a distance for somebody who reads all of it, some files twice and from two threads: each is fetched once and
//! put into a folder of this machine that goes with the reader.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::TempDir;

use crate::disk::Disk;
use crate::error::ExportError;
use crate::folder::{Files, Opened, Part};
use crate::layout::HEAD;

/// The files of an export as they were when each was first asked for. The head is always asked for anew.
#[derive(Debug)]
pub(crate) struct Spool {
    from: Arc<dyn Files>,
    folder: TempDir,
    disk: Disk,
    /// Longest file that is fetched, in bytes.
    limit: AtomicU64,
    /// Tells the bytes that are free on a folder's disk, and all that it has.
    room: fn(&Path) -> Option<(u64, u64)>,
    fetched: Mutex<HashMap<String, Slot>>,
}

/// The name of a file in the folder, or that there is no such file; empty until it is fetched. Whoever holds the lock
/// fetches the file, and nobody else wants it for anything but that file.
type Slot = Arc<Mutex<Option<Option<String>>>>;

impl Spool {
    /// Fetches nothing yet.
    pub(crate) fn new(from: Arc<dyn Files>, limit: u64) -> Result<Self, ExportError> {
        let folder = tempfile::Builder::new().prefix("sanad-audit-").tempdir();
        let folder = folder.map_err(|source| ExportError::Io { path: std::env::temp_dir(), source })?;
        let disk = Disk::new(folder.path());
        Ok(Self { from, folder, disk, limit: AtomicU64::new(limit), room, fetched: Mutex::default() })
    }

    /// Sets the length of the longest file, once it is known.
    pub(crate) fn allow(&self, limit: u64) {
        self.limit.fetch_max(limit, Ordering::Relaxed);
    }

    /// Where the file is, for people.
    fn path(&self, file: &str) -> PathBuf {
        self.from.path(file)
    }

    /// The name of a fetched file in the folder.
    fn fetched(&self, file: &str) -> Result<Option<String>, ExportError> {
        // A panic while they are held leaves nothing half done that is used.
        let slot = Arc::clone(
            self.fetched.lock().unwrap_or_else(PoisonError::into_inner).entry(file.to_owned()).or_default(),
        );
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = &*slot {
            return Ok(name.clone());
        }
        let name = match self.from.open(file)? {
            Some(opened) => Some(self.fetch(file, opened)?),
            None => None,
        };
        Ok(slot.insert(name).clone())
    }

    /// Fetches a file whole, or leaves nothing of it.
    fn fetch(&self, file: &str, opened: Opened) -> Result<String, ExportError> {
        let name = hex::encode(file);
        let path = self.folder.path().join(&name);
        let fetched = self.fetch_to(&path, file, opened);
        if fetched.is_err() {
            // Best effort: the folder goes with the reader.
            let _ = std::fs::remove_file(&path);
        }
        fetched.map(|()| name)
    }

    fn fetch_to(&self, path: &Path, file: &str, opened: Opened) -> Result<(), ExportError> {
        let limit = self.limit.load(Ordering::Relaxed);
        let too_long = |actual| ExportError::TooLong { path: self.path(file), actual, limit };
        if let Some(length) = opened.length.filter(|length| *length > limit) {
            return Err(too_long(length));
        }
        let own = |source: io::Error| ExportError::Io { path: path.to_owned(), source };
        let mut kept = File::create(path).map_err(own)?;
        let mut reader = opened.reader.take(limit.saturating_add(1));
        let mut buffer = vec![0; BUFFER_BYTES];
        let mut bytes: u64 = 0;
        loop {
            if bytes.is_multiple_of(ROOM_INTERVAL_BYTES) {
                self.check_room()?;
            }
            let count = read_full(&mut reader, &mut buffer)
                .map_err(|source| ExportError::Io { path: self.path(file), source })?;
            if count == 0 {
                break;
            }
            bytes += count as u64;
            kept.write_all(&buffer[..count]).map_err(own)?;
        }
        if bytes > limit { Err(too_long(bytes)) } else { Ok(()) }
    }

    /// Whoever serves the export chooses how much there is to fetch: this machine's disk is not theirs to fill.
    fn check_room(&self) -> Result<(), ExportError> {
        let folder = self.folder.path();
        // A file system that does not say how full it is says so when it is.
        let Some((free, all)) = (self.room)(folder) else { return Ok(()) };
        let least = ROOM_BYTES_MIN.min(all / ROOM_SHARE);
        match free < least {
            true => Err(ExportError::NoRoom { folder: folder.to_owned(), free, least }),
            false => Ok(()),
        }
    }
}

fn room(folder: &Path) -> Option<(u64, u64)> {
    let system = rustix::fs::statvfs(folder).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(system.f_frsize);
    Some((bytes(system.f_bavail), bytes(system.f_blocks)))
}

/// Fills the buffer, unless the file ends before.
fn read_full(reader: &mut impl io::Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}

impl Files for Arc<Spool> {
    fn path(&self, file: &str) -> PathBuf {
        Spool::path(self, file)
    }

    fn open(&self, file: &str) -> Result<Option<Opened>, ExportError> {
        if file == HEAD {
            return self.from.open(file);
        }
        self.fetched(file)?.map_or(Ok(None), |name| self.disk.open(&name))
    }

    fn read_at(&self, file: &str, start: u64, length: usize) -> Result<Option<Part>, ExportError> {
        self.fetched(file)?.map_or(Ok(None), |name| self.disk.read_at(&name, start, length))
    }

    /// It is read as from a server, which does not say what else it has.
    fn disk(&self) -> Option<&Path> {
        None
    }
}

/// Bytes that are fetched at a time (256 KiB).
const BUFFER_BYTES: usize = 256 << 10;
/// After how many bytes it is looked at again how full the disk is (16 MiB, a multiple of the buffer).
const ROOM_INTERVAL_BYTES: u64 = 16 << 20;
/// What stays free of the disk: 1 GiB, or a tenth of it if that is less.
const ROOM_BYTES_MIN: u64 = 1 << 30;
const ROOM_SHARE: u64 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_is_nearly_full_takes_nothing_and_keeps_nothing() {
        let served = tempfile::tempdir().unwrap();
        std::fs::write(served.path().join("file"), vec![7; BUFFER_BYTES + 1]).unwrap();
        let mut spool = Spool::new(Arc::new(Disk::new(served.path())), u64::MAX).unwrap();
        assert!(spool.fetched("file").unwrap().is_some());
        // A gigabyte stays free of a large disk, a tenth of a small one.
        for (room, least) in [
            ((|_: &Path| Some((ROOM_BYTES_MIN - 1, 1 << 40))) as fn(&Path) -> _, ROOM_BYTES_MIN),
            (|_| Some((99, 1_000)), 100),
        ] {
            spool.room = room;
            std::fs::write(served.path().join("other"), b"x").unwrap();
            let refused = spool.fetched("other").unwrap_err();
            assert!(matches!(refused, ExportError::NoRoom { least: said, .. } if said == least), "{refused}");
        }
        assert_eq!(std::fs::read_dir(spool.folder.path()).unwrap().count(), 1, "the first file alone");
        spool.room = |_| Some((100, 1_000));
        assert!(spool.fetched("other").unwrap().is_some());
    }
}
