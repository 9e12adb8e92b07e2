//! Writing into the folder: each file is there whole or not at all, and enters the manifest as it is written.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::error::ExportError;
use crate::folder::Folder;
use crate::layout::{self, BUNDLE_RECORDS, FOLDERS, Series, TEMPORARY};
use crate::manifest::{self, FileHash, Line, Manifest, SEGMENT_LINES};

/// The one process that writes into a folder.
#[derive(Debug)]
pub(crate) struct Writing {
    folder: Folder,
    pub(crate) manifest: Manifest,
    /// Files written, and their bytes.
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    /// Names of temporary files given out.
    drafts: u64,
    // Locked until the export is made.
    folder_file: File,
}

/// A file that is being written.
pub(crate) struct Draft {
    out: BufWriter<File>,
    hasher: Sha256,
    bytes: u64,
    temporary: PathBuf,
}

impl Writing {
    /// Locks the folder, creating it first if need be.
    pub(crate) fn start(folder: &Folder) -> Result<Self, ExportError> {
        fs::create_dir_all(folder.root()).map_err(folder.io(""))?;
        let lock = File::open(folder.root()).map_err(folder.io(""))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                return Err(ExportError::Locked { folder: folder.root() });
            }
            Err(fs::TryLockError::Error(source)) => return Err(folder.io("")(source)),
        }
        Ok(Self {
            folder: folder.clone(),
            manifest: Manifest::default(),
            files: 0,
            bytes: 0,
            drafts: 0,
            folder_file: lock,
        })
    }

    /// Whether an earlier export was cut off and may have left files that no manifest lists.
    pub(crate) fn was_cut_off(&self) -> bool {
        self.folder.path(TEMPORARY).exists()
    }

    /// Makes an empty folder for half-written files. While it is there, the export is not finished.
    pub(crate) fn begin(&self) -> Result<(), ExportError> {
        self.remove(TEMPORARY)?;
        fs::create_dir_all(self.folder.path(TEMPORARY)).map_err(self.folder.io(TEMPORARY))
    }

    /// Puts a file in place, and enters it into the manifest.
    pub(crate) fn write(&mut self, file: &str, bytes: &[u8]) -> Result<(), ExportError> {
        let hash = self.put(file, bytes)?;
        self.manifest.others.insert(file.to_owned(), hash);
        Ok(())
    }

    /// Puts a file in place that is not in the manifest; returns its hash.
    pub(crate) fn put(&mut self, file: &str, bytes: &[u8]) -> Result<FileHash, ExportError> {
        let temporary = self.folder.path(&format!("{TEMPORARY}/new"));
        let mut out = File::create(&temporary).map_err(self.folder.io(TEMPORARY))?;
        out.write_all(bytes).map_err(self.folder.io(file))?;
        self.place(out, &temporary, file, bytes.len() as u64)?;
        Ok(manifest::sha256(bytes))
    }

    /// Puts a file in place of an older one that is not in the manifest, and makes it durable.
    pub(crate) fn replace(&mut self, file: &str, bytes: &[u8]) -> Result<(), ExportError> {
        let temporary = self.folder.path(&format!("{TEMPORARY}/new"));
        let mut out = File::create(&temporary).map_err(self.folder.io(TEMPORARY))?;
        out.write_all(bytes).and_then(|()| out.sync_all()).map_err(self.folder.io(file))?;
        self.place(out, &temporary, file, bytes.len() as u64)?;
        self.folder_file.sync_all().map_err(self.folder.io(""))
    }

    /// Puts the whole bundle at a place.
    pub(crate) fn write_whole(
        &mut self,
        series: Series,
        place: u64,
        bytes: &[u8],
    ) -> Result<(), ExportError> {
        let path = series.path(place, BUNDLE_RECORDS);
        let hash = self.put(&path, bytes)?;
        self.manifest.whole.push(Line { hash, path });
        if self.manifest.whole.len() < SEGMENT_LINES {
            return Ok(());
        }
        let path = layout::manifest_segment(self.manifest.segments.len() as u64);
        let segment = manifest::encode(std::mem::take(&mut self.manifest.whole));
        let hash = self.put(&path, &segment)?;
        self.manifest.segments.push(Line { hash, path });
        Ok(())
    }

    /// Begins a file that is written bit by bit.
    pub(crate) fn draft(&mut self) -> Result<Draft, ExportError> {
        self.drafts += 1;
        let temporary = self.folder.path(&format!("{TEMPORARY}/{}", self.drafts));
        let file = File::create(&temporary).map_err(self.folder.io(TEMPORARY))?;
        Ok(Draft { out: BufWriter::new(file), hasher: Sha256::new(), bytes: 0, temporary })
    }

    /// Puts a finished draft in place, and enters it into the manifest.
    pub(crate) fn finish(&mut self, draft: Draft, file: &str) -> Result<(), ExportError> {
        let Draft { out, hasher, bytes, temporary } = draft;
        let out = out.into_inner().map_err(|error| self.folder.io(file)(error.into_error()))?;
        self.place(out, &temporary, file, bytes)?;
        self.manifest.others.insert(file.to_owned(), hasher.finalize().into());
        Ok(())
    }

    fn place(&mut self, written: File, temporary: &Path, file: &str, bytes: u64) -> Result<(), ExportError> {
        if !cfg!(target_os = "linux") {
            written.sync_all().map_err(self.folder.io(file))?;
        }
        drop(written);
        self.bytes += bytes;
        self.files += 1;
        let path = self.folder.path(file);
        match fs::rename(temporary, &path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let root = self.folder.root();
                let parent = path.parent().unwrap_or(&root);
                fs::create_dir_all(parent)
                    .and_then(|()| fs::rename(temporary, &path))
                    .map_err(self.folder.io(file))
            }
            renamed => renamed.map_err(self.folder.io(file)),
        }
    }

    /// Makes everything that was written durable.
    pub(crate) fn sync(&self) -> Result<(), ExportError> {
        #[cfg(target_os = "linux")]
        {
            rustix::fs::syncfs(&self.folder_file).map_err(|error| self.folder.io("")(error.into()))
        }
        // Elsewhere each file was synced when it was written.
        #[cfg(not(target_os = "linux"))]
        self.folder_file.sync_all().map_err(self.folder.io(""))
    }

    /// Removes a file or folder, if it is there.
    pub(crate) fn remove(&self, file: &str) -> Result<(), ExportError> {
        let path = self.folder.path(file);
        let removed = match path.is_dir() {
            true => fs::remove_dir_all(&path),
            false => fs::remove_file(&path),
        };
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.folder.io(file)(error)),
            _ => Ok(()),
        }
    }

    /// Removes what an export that was cut off left behind: files in the export's folders that are not listed.
    pub(crate) fn sweep(&self, listed: &BTreeSet<String>) -> Result<(), ExportError> {
        for folder in FOLDERS {
            for file in files_in(&self.folder, folder)? {
                if !listed.contains(&file) {
                    self.remove(&file)?;
                }
            }
        }
        Ok(())
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write_all(bytes)?;
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Paths of all files in a folder of the export, at any depth. Links are files.
pub(crate) fn files_in(folder: &Folder, within: &str) -> Result<Vec<String>, ExportError> {
    let mut files = Vec::new();
    let mut folders = vec![within.to_owned()];
    while let Some(next) = folders.pop() {
        let entries = match fs::read_dir(folder.path(&next)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries.map_err(folder.io(&next))?,
        };
        for entry in entries {
            let entry = entry.map_err(folder.io(&next))?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let path = if next.is_empty() { name.into_owned() } else { format!("{next}/{name}") };
            match entry.file_type().map_err(folder.io(&path))?.is_dir() {
                true => folders.push(path),
                false => files.push(path),
            }
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_of_the_manifest() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::new(temporary.path());
        let mut writing = Writing::start(&folder).unwrap();
        writing.begin().unwrap();
        let count = 2 * SEGMENT_LINES as u64 + 5;
        for place in 0..count {
            writing.write_whole(Series::Entries, place, &place.to_be_bytes()).unwrap();
        }
        writing.write("genesis.json", b"{}").unwrap();
        let bytes = writing.manifest.encode();
        let manifest = Manifest::decode(&folder, "manifest/1", &bytes).unwrap();
        assert_eq!(manifest, writing.manifest);
        assert_eq!((manifest.segments.len(), manifest.whole.len(), manifest.others.len()), (2, 5, 1));
        let mut lines = Vec::new();
        for segment in &manifest.segments {
            lines.extend(Manifest::read_segment(&folder, segment).unwrap());
        }
        lines.extend(manifest.whole);
        for (place, line) in (0..count).zip(&lines) {
            assert_eq!(line.path, Series::Entries.path(place, BUNDLE_RECORDS));
            assert_eq!(line.hash, manifest::sha256(&place.to_be_bytes()));
        }
        assert_eq!(lines.len() as u64, count);
    }
}
