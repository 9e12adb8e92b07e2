//! Files that never change, kept under what stands for their content: the root that they lead to. Each is checked again
//! when it is used, so nothing in here is trusted: what was changed or cut off is fetched anew.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::folder::ContentHash;

/// A folder of kept files.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
    /// Numbers temporary files.
    next: AtomicU64,
}

impl Cache {
    /// Makes the folder if need be, and clears it if it has grown too large; `None` if that fails: then nothing is kept.
    pub(crate) fn open(folder: &Path) -> Option<Self> {
        fs::create_dir_all(folder).ok()?;
        let mut kept = Vec::new();
        for entry in fs::read_dir(folder).ok()? {
            let entry = entry.ok()?;
            let meta = entry.metadata().ok()?;
            kept.push((meta.modified().ok()?, meta.len(), entry.path()));
        }
        let mut bytes: u64 = kept.iter().map(|(_, length, _)| length).sum();
        if bytes > CACHE_BYTES_MAX {
            kept.sort();
            for (_, length, path) in kept {
                if bytes <= CACHE_BYTES_MAX / 2 {
                    break;
                }
                bytes -= length;
                // Best effort: another process may have cleared it already.
                let _ = fs::remove_file(path);
            }
        }
        Some(Self { folder: folder.to_owned(), next: AtomicU64::new(0) })
    }

    pub(crate) fn read(&self, content: &ContentHash) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let path = self.path(content);
        let file = fs::metadata(&path).ok()?.is_file().then(|| fs::File::open(&path))?.ok()?;
        file.take(KEPT_BYTES_MAX + 1).read_to_end(&mut bytes).ok()?;
        (bytes.len() as u64 <= KEPT_BYTES_MAX).then_some(bytes)
    }

    /// Best effort: what is not kept is fetched again.
    pub(crate) fn write(&self, content: &ContentHash, bytes: &[u8]) {
        if bytes.len() as u64 > KEPT_BYTES_MAX {
            return;
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let temporary = self.folder.join(format!("tmp-{}-{number}", std::process::id()));
        let written = fs::write(&temporary, bytes).and_then(|()| fs::rename(&temporary, self.path(content)));
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
    }

    fn path(&self, content: &ContentHash) -> PathBuf {
        self.folder.join(content.to_hex())
    }
}

/// Most bytes in the folder when it is opened (256 MiB); half of them stay.
const CACHE_BYTES_MAX: u64 = 256 << 20;
/// Longest file that is kept, in bytes (4 MiB).
const KEPT_BYTES_MAX: u64 = 4 << 20;
