//! The folder: files read within limits, and written so that each is there whole or not at all.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};

use crate::error::ExportError;
use crate::layout::{BUNDLE_RECORDS, Series, TEMPORARY};

/// An export's folder. Paths in it are those of `layout`.
#[derive(Clone, Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// The file's path for people and the operating system.
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.0
    }

    /// Opens a file; none where there is no such file.
    pub(crate) fn open(&self, file: &str) -> Result<Option<File>, ExportError> {
        let path = self.path(file);
        match File::open(&path) {
            Ok(opened) => Ok(Some(opened)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(ExportError::Io { path, source }),
        }
    }

    /// A file of at most `limit` bytes; none where there is no such file.
    pub(crate) fn read_if_there(&self, file: &str, limit: u64) -> Result<Option<Vec<u8>>, ExportError> {
        let Some(opened) = self.open(file)? else { return Ok(None) };
        let mut bytes = Vec::new();
        opened
            .take(limit + 1)
            .read_to_end(&mut bytes)
            .map_err(|source| ExportError::Io { path: self.path(file), source })?;
        match bytes.len() as u64 {
            actual if actual > limit => Err(ExportError::TooLong { path: self.path(file), actual, limit }),
            _ => Ok(Some(bytes)),
        }
    }

    /// A file of at most `limit` bytes.
    pub(crate) fn read(&self, file: &str, limit: u64) -> Result<Vec<u8>, ExportError> {
        self.read_if_there(file, limit)?.ok_or_else(|| self.missing(file))
    }

    /// The file with the first `width` records of a bundle: the partial one, or the whole one, which has
    /// taken its place once there were enough records.
    pub(crate) fn bundle(
        &self,
        series: Series,
        place: u64,
        width: u64,
    ) -> Result<(File, String), ExportError> {
        let partial = series.path(place, width);
        if let Some(file) = self.open(&partial)? {
            return Ok((file, partial));
        }
        let whole = series.path(place, BUNDLE_RECORDS);
        match self.open(&whole)? {
            Some(file) => Ok((file, whole)),
            None => Err(self.missing(&partial)),
        }
    }

    pub(crate) fn missing(&self, file: &str) -> ExportError {
        ExportError::Missing { path: self.path(file) }
    }

    pub(crate) fn malformed(&self, file: &str, what: &'static str) -> ExportError {
        ExportError::Malformed { path: self.path(file), what }
    }

    pub(crate) fn io(&self, file: &str) -> impl FnOnce(io::Error) -> ExportError {
        let path = self.path(file);
        move |source| ExportError::Io { path, source }
    }
}

/// The one process that writes into a folder.
#[derive(Debug)]
pub(crate) struct Writing {
    folder: Folder,
    /// Files written, and their bytes.
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    // Locked until the export is made.
    folder_file: File,
}

impl Writing {
    /// Locks the folder, makes it where there is none, and clears away what a process that was killed left
    /// half-written.
    pub(crate) fn start(folder: &Folder) -> Result<Self, ExportError> {
        fs::create_dir_all(folder.root()).map_err(folder.io(""))?;
        let lock = File::open(folder.root()).map_err(folder.io(""))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                return Err(ExportError::Locked { folder: folder.root().to_owned() });
            }
            Err(fs::TryLockError::Error(source)) => return Err(folder.io("")(source)),
        }
        Ok(Self { folder: folder.clone(), files: 0, bytes: 0, folder_file: lock })
    }

    /// Makes an empty place for half-written files.
    pub(crate) fn clear_temporaries(&self) -> Result<(), ExportError> {
        self.remove(TEMPORARY)?;
        fs::create_dir_all(self.folder.path(TEMPORARY)).map_err(self.folder.io(TEMPORARY))
    }

    /// Puts a whole file in place.
    pub(crate) fn write(&mut self, file: &str, bytes: &[u8]) -> Result<(), ExportError> {
        self.write_with(file, |out| out.write_all(bytes))
    }

    /// Puts a whole file in place of an older one, and brings it to the disk.
    pub(crate) fn replace(&mut self, file: &str, bytes: &[u8]) -> Result<(), ExportError> {
        self.write_with(file, |out| {
            out.write_all(bytes)?;
            out.flush()?;
            out.get_ref().sync_all()
        })?;
        self.folder_file.sync_all().map_err(self.folder.io(""))
    }

    /// Puts a whole file in place that is written bit by bit.
    pub(crate) fn write_with<E>(
        &mut self,
        file: &str,
        fill: impl FnOnce(&mut BufWriter<File>) -> Result<(), E>,
    ) -> Result<(), ExportError>
    where
        E: Into<FillError>,
    {
        let temporary = self.folder.path(&format!("{TEMPORARY}/new"));
        let created = File::create(&temporary);
        let mut out = BufWriter::new(created.map_err(self.folder.io(TEMPORARY))?);
        fill(&mut out).map_err(|error| match error.into() {
            FillError::Io(source) => self.folder.io(file)(source),
            FillError::Export(error) => *error,
        })?;
        let written = out.into_inner().map_err(|error| self.folder.io(file)(error.into_error()))?;
        self.bytes += written.metadata().map_err(self.folder.io(file))?.len();
        self.files += 1;
        if !cfg!(target_os = "linux") {
            written.sync_all().map_err(self.folder.io(file))?;
        }
        drop(written);
        let path = self.folder.path(file);
        match fs::rename(&temporary, &path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let parent = path.parent().unwrap_or(self.folder.root());
                fs::create_dir_all(parent)
                    .and_then(|()| fs::rename(&temporary, &path))
                    .map_err(self.folder.io(file))
            }
            renamed => renamed.map_err(self.folder.io(file)),
        }
    }

    /// Puts the whole bundle at a place, and removes the partial ones that it replaces.
    pub(crate) fn write_whole(
        &mut self,
        series: Series,
        place: u64,
        bytes: &[u8],
    ) -> Result<(), ExportError> {
        let path = series.path(place, BUNDLE_RECORDS);
        self.write(&path, bytes)?;
        self.remove(&format!("{path}.p"))
    }

    /// Brings all that was written to the disk.
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

    /// Removes the files of a folder that are not among those to keep.
    pub(crate) fn keep_only(&self, folder: &str, keep: &BTreeSet<String>) -> Result<(), ExportError> {
        let entries = match fs::read_dir(self.folder.path(folder)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(self.folder.io(folder))?,
        };
        for entry in entries {
            let name = entry.map_err(self.folder.io(folder))?.file_name();
            let file = format!("{folder}/{}", name.to_string_lossy());
            if !keep.contains(&file) {
                self.remove(&file)?;
            }
        }
        Ok(())
    }
}

/// Why a file could not be filled.
pub(crate) enum FillError {
    Io(io::Error),
    Export(Box<ExportError>),
}

impl From<io::Error> for FillError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<ExportError> for FillError {
    fn from(error: ExportError) -> Self {
        Self::Export(Box::new(error))
    }
}
