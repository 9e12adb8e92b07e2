//! Reading the folder: every file within a limit, to its end.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::error::ExportError;
use crate::layout::{BUNDLE_RECORDS, Series};

/// An export's folder. Paths in it are those of `layout`.
#[derive(Clone, Debug)]
pub(crate) struct Folder(PathBuf);

/// A bundle as it was found.
pub(crate) struct Bundle {
    pub(crate) file: File,
    pub(crate) path: String,
    /// Records that the file must have.
    pub(crate) width: u64,
}

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

    /// Opens a file; `None` if there is no such file.
    pub(crate) fn open(&self, file: &str) -> Result<Option<File>, ExportError> {
        match File::open(self.path(file)) {
            Ok(opened) => Ok(Some(opened)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(self.io(file)(source)),
        }
    }

    /// A file of at most `limit` bytes; `None` if there is no such file.
    pub(crate) fn read_if_there(&self, file: &str, limit: u64) -> Result<Option<Vec<u8>>, ExportError> {
        self.open(file)?.map(|opened| self.read_opened(opened, file, limit)).transpose()
    }

    /// A file of at most `limit` bytes.
    pub(crate) fn read(&self, file: &str, limit: u64) -> Result<Vec<u8>, ExportError> {
        self.read_if_there(file, limit)?.ok_or_else(|| self.missing(file))
    }

    /// All of an opened file of at most `limit` bytes.
    pub(crate) fn read_opened(&self, opened: File, file: &str, limit: u64) -> Result<Vec<u8>, ExportError> {
        let mut bytes = Vec::new();
        opened.take(limit + 1).read_to_end(&mut bytes).map_err(self.io(file))?;
        match bytes.len() as u64 {
            actual if actual > limit => Err(ExportError::TooLong { path: self.path(file), actual, limit }),
            _ => Ok(bytes),
        }
    }

    /// The bundle with the first `width` records at a place: the incomplete one, or the whole one, which has taken
    /// its place if the export has grown since.
    pub(crate) fn bundle(&self, series: Series, place: u64, width: u64) -> Result<Bundle, ExportError> {
        let path = series.path(place, width);
        if let Some(file) = self.open(&path)? {
            return Ok(Bundle { file, path, width });
        }
        let whole = series.path(place, BUNDLE_RECORDS);
        match self.open(&whole)? {
            Some(file) => Ok(Bundle { file, path: whole, width: BUNDLE_RECORDS }),
            None => Err(self.missing(&path)),
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
