//! Files and directories, made durable; every error with its path.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::error::{StoreError, at};

/// What a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Reading.
    Read,
    /// Reading and writing.
    Write,
}

/// A file that is read and written at positions, with its path for errors.
#[derive(Debug)]
pub(crate) struct PositionedFile {
    file: File,
    path: PathBuf,
}

impl PositionedFile {
    /// Opens a file for reading and writing; creates it if it does not exist.
    pub(crate) fn open(path: PathBuf) -> Result<Self, StoreError> {
        let mut options = OpenOptions::new();
        let file =
            options.read(true).write(true).create(true).truncate(false).open(&path).map_err(at(&path))?;
        Ok(Self { file, path })
    }

    /// Opens a file for reading.
    pub(crate) fn open_to_read(path: PathBuf) -> Result<Self, StoreError> {
        let file = File::open(&path).map_err(at(&path))?;
        Ok(Self { file, path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn bytes(&self) -> Result<u64, StoreError> {
        self.file.metadata().map(|metadata| metadata.len()).map_err(at(&self.path))
    }

    pub(crate) fn write_at(&self, bytes: &[u8], position: u64) -> Result<(), StoreError> {
        self.file.write_all_at(bytes, position).map_err(at(&self.path))
    }

    /// Fills `buffer`; fails if the file is shorter.
    pub(crate) fn read_exact_at(&self, buffer: &mut [u8], position: u64) -> Result<(), StoreError> {
        self.file.read_exact_at(buffer, position).map_err(at(&self.path))
    }

    /// Fills as much of `buffer` as the file has; returns how much.
    pub(crate) fn read_up_to_at(&self, buffer: &mut [u8], position: u64) -> Result<usize, StoreError> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.file.read_at(&mut buffer[filled..], position + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(at(&self.path)(error)),
            }
        }
        Ok(filled)
    }

    /// `fdatasync`: contents, and as much metadata as reading them needs.
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        self.file.sync_data().map_err(at(&self.path))
    }

    /// Cuts the file and makes that durable.
    pub(crate) fn cut(&self, bytes: u64) -> Result<(), StoreError> {
        self.file.set_len(bytes).and_then(|()| self.file.sync_all()).map_err(at(&self.path))
    }
}

/// Makes the name of a file or directory durable.
pub(crate) fn sync_parent(path: &Path) -> Result<(), StoreError> {
    match path.parent() {
        None => Ok(()),
        Some(parent) if parent.as_os_str().is_empty() => sync_directory(Path::new(".")),
        Some(parent) => sync_directory(parent),
    }
}

/// Makes the names in a directory durable.
pub(crate) fn sync_directory(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|directory| directory.sync_all()).map_err(at(path))
}

/// Makes a directory, durably, unless it exists.
pub(crate) fn make_directory(path: &Path) -> Result<(), StoreError> {
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path).map_err(at(path))?;
    sync_parent(path)
}

/// Writes a file whole: under another name first, so that it is there with all its bytes or not at all.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let temporary = PathBuf::from(temporary);
    let write = |path: &Path| {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write(&temporary).map_err(at(&temporary))?;
    fs::rename(&temporary, path).map_err(at(path))?;
    sync_parent(path)
}

/// Opens a file to read, but no pipe: until somebody writes to it, that would wait for ever.
pub(crate) fn open_regular(path: &Path) -> std::io::Result<File> {
    refuse_special(path)?;
    File::open(path)
}

/// Refuses what is there and no regular file.
pub(crate) fn refuse_special(path: &Path) -> std::io::Result<()> {
    match fs::metadata(path)?.is_file() {
        true => Ok(()),
        false => Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, "it is no regular file")),
    }
}

/// Reads a small file of at most `limit` bytes; `None` if it does not exist.
pub(crate) fn read_small(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let file = match open_regular(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at(path)(error)),
    };
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(at(path))?;
    match bytes.len() as u64 {
        actual if actual > limit => Err(StoreError::TooLong { what: "file", actual, limit }),
        _ => Ok(Some(bytes)),
    }
}

/// Removes a file or a directory with all it holds, if it is there.
pub(crate) fn remove_all(path: &Path) -> Result<(), StoreError> {
    let removed = match path.is_dir() {
        true => fs::remove_dir_all(path),
        false => fs::remove_file(path),
    };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(at(path)(error)),
        _ => Ok(()),
    }
}
