//! Reading an export, wherever it is: every file within a limit, to its end.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::disk::Disk;
use crate::error::ExportError;
use crate::layout::{BUNDLE_RECORDS, HEAD, HEAD_BYTES_MAX, Series};
use crate::spool::Spool;

/// Where the files of an export are: on a disk ([`Disk`]), or with a web server ([`crate::web::Web`]).
pub(crate) trait Files: std::fmt::Debug + Send + Sync {
    /// The file's path or URL for people.
    fn path(&self, file: &str) -> PathBuf;

    /// Opens a file; `None` if there is no such file.
    fn open(&self, file: &str) -> Result<Option<Opened>, ExportError>;

    /// Up to `length` bytes from `start` on, fewer only at the end of the file; `None` if there is no such file.
    fn read_at(&self, file: &str, start: u64, length: usize) -> Result<Option<Part>, ExportError>;

    /// The folder of the files; `None` if they are not on this machine.
    fn disk(&self) -> Option<&Path>;

    /// What was asked of a server so far; `None` if the files are on this machine.
    fn cost(&self) -> Option<Cost> {
        None
    }

    /// What was kept of a file whose content is the one with this hash. It was checked then, and is checked again.
    fn kept(&self, _content: &ContentHash) -> Option<Vec<u8>> {
        None
    }

    /// Keeps the content of a file that was checked.
    fn keep(&self, _content: &ContentHash, _bytes: &[u8]) {}
}

/// What reading an export at a distance has cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Requests that were made.
    pub requests: u64,
    /// Bytes of the bodies of the answers.
    pub bytes: u64,
}

/// A file that is read from its beginning.
pub(crate) struct Opened {
    pub(crate) reader: Box<dyn Read + Send>,
    /// Its length, if it is known before it is read.
    pub(crate) length: Option<u64>,
}

/// A part of a file.
pub(crate) struct Part {
    pub(crate) bytes: Vec<u8>,
    /// Length of the whole file, if it is known.
    pub(crate) file_length: Option<u64>,
}

/// Stands for the content of a file: of files with the same hash, any that passes its check will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ContentHash([u8; 32]);

impl ContentHash {
    /// Of a file of a kind whose content leads to `root`.
    pub(crate) fn new(kind: &str, root: &[u8; 32]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("sanad/v1 kept file of an export");
        hasher.update(&(kind.len() as u64).to_be_bytes()).update(kind.as_bytes()).update(root);
        Self(hasher.finalize().into())
    }

    pub(crate) fn to_hex(self) -> String {
        hex::encode(self.0)
    }
}

/// The files of an export. Paths in it are those of `layout`.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    files: Arc<dyn Files>,
    /// The file `head` as it was read, which all else goes by.
    head: Arc<Mutex<Option<Vec<u8>>>>,
}

/// A bundle as it was found.
pub(crate) struct Bundle {
    pub(crate) file: Opened,
    pub(crate) path: String,
    /// Records that the file must have.
    pub(crate) width: u64,
}

impl Folder {
    /// A folder of this machine.
    pub(crate) fn new(path: &Path) -> Self {
        Self::of(Disk::new(path))
    }

    pub(crate) fn of(files: impl Files + 'static) -> Self {
        Self { files: Arc::new(files), head: Arc::default() }
    }

    /// The same export, each file of which is fetched once, if it is not on this machine.
    pub(crate) fn spooled(&self, limit: u64) -> Result<Option<(Self, Arc<Spool>)>, ExportError> {
        if self.disk().is_some() {
            return Ok(None);
        }
        let spool = Arc::new(Spool::new(Arc::clone(&self.files), limit)?);
        Ok(Some((Self::of(Arc::clone(&spool)), spool)))
    }

    /// The file's path or URL for people, and on this machine for the operating system.
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.files.path(file)
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.files.path("")
    }

    /// The folder itself; `None` if it is not on this machine.
    pub(crate) fn disk(&self) -> Option<&Path> {
        self.files.disk()
    }

    /// What was asked of a server so far; `None` if the export is on this machine.
    pub(crate) fn cost(&self) -> Option<Cost> {
        self.files.cost()
    }

    /// Opens a file; `None` if there is no such file.
    pub(crate) fn open(&self, file: &str) -> Result<Option<Opened>, ExportError> {
        self.files.open(file)
    }

    /// Up to `length` bytes of a file from `start` on, fewer only at its end.
    pub(crate) fn read_at(&self, file: &str, start: u64, length: usize) -> Result<Part, ExportError> {
        self.files.read_at(file, start, length)?.ok_or_else(|| self.missing(file))
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
    pub(crate) fn read_opened(&self, opened: Opened, file: &str, limit: u64) -> Result<Vec<u8>, ExportError> {
        let too_long = |actual| ExportError::TooLong { path: self.path(file), actual, limit };
        if let Some(length) = opened.length.filter(|length| *length > limit) {
            return Err(too_long(length));
        }
        let mut bytes = Vec::new();
        opened.reader.take(limit + 1).read_to_end(&mut bytes).map_err(self.io(file))?;
        match bytes.len() as u64 {
            actual if actual > limit => Err(too_long(actual)),
            _ => Ok(bytes),
        }
    }

    /// What `check` makes of a file: of the content that was kept, if it passes, or else of what is read now, which is
    /// kept.
    pub(crate) fn checked<T>(
        &self,
        content: &ContentHash,
        read: impl FnOnce() -> Result<Vec<u8>, ExportError>,
        check: impl Fn(&[u8]) -> Result<T, ExportError>,
    ) -> Result<T, ExportError> {
        if let Some(Ok(checked)) = self.files.kept(content).map(|bytes| check(&bytes)) {
            return Ok(checked);
        }
        let bytes = read()?;
        let checked = check(&bytes)?;
        self.files.keep(content, &bytes);
        Ok(checked)
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

    /// Notes the head that all else goes by.
    pub(crate) fn note_head(&self, bytes: &[u8]) {
        *self.head.lock().unwrap_or_else(PoisonError::into_inner) = Some(bytes.to_vec());
    }

    /// The head that all else goes by, if one was read.
    pub(crate) fn noted_head(&self) -> Option<Vec<u8>> {
        self.head.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether another head was published since this one was read.
    pub(crate) fn has_changed(&self) -> bool {
        let read = self.noted_head();
        let now = self.read_if_there(HEAD, HEAD_BYTES_MAX);
        read.is_some_and(|read| now.is_ok_and(|now| now.is_some_and(|now| now != read)))
    }

    /// Why a file that must be there is not.
    pub(crate) fn missing(&self, file: &str) -> ExportError {
        let path = self.path(file);
        match self.disk() {
            _ if self.has_changed() => ExportError::Changed { place: self.root() },
            Some(_) => ExportError::Missing { path },
            None => ExportError::NotThere { url: path },
        }
    }

    pub(crate) fn malformed(&self, file: &str, what: &'static str) -> ExportError {
        ExportError::Malformed { path: self.path(file), what }
    }

    pub(crate) fn io(&self, file: &str) -> impl FnOnce(io::Error) -> ExportError {
        let path = self.path(file);
        move |source| ExportError::Io { path, source }
    }
}
