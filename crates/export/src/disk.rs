//! An export in a folder of this machine.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::error::ExportError;
use crate::folder::{Files, Opened, Part};

/// A folder.
#[derive(Debug)]
pub(crate) struct Disk(PathBuf);

impl Disk {
    pub(crate) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    fn file(&self, file: &str) -> Result<Option<File>, ExportError> {
        // Opening a pipe that nobody writes to would wait for ever.
        match fs::metadata(self.path(file)) {
            Ok(found) if !found.is_file() => {
                let source = io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file");
                return Err(ExportError::Io { path: self.path(file), source });
            }
            _ => {}
        }
        match File::open(self.path(file)) {
            Ok(opened) => Ok(Some(opened)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(ExportError::Io { path: self.path(file), source }),
        }
    }
}

impl Files for Disk {
    fn path(&self, file: &str) -> PathBuf {
        if file.is_empty() { self.0.clone() } else { self.0.join(file) }
    }

    fn open(&self, file: &str) -> Result<Option<Opened>, ExportError> {
        let Some(opened) = self.file(file)? else { return Ok(None) };
        let length = opened.metadata().map(|meta| meta.len());
        let length = length.map_err(|source| ExportError::Io { path: self.path(file), source })?;
        Ok(Some(Opened { reader: Box::new(opened), length: Some(length) }))
    }

    fn read_at(&self, file: &str, start: u64, length: usize) -> Result<Option<Part>, ExportError> {
        let Some(opened) = self.file(file)? else { return Ok(None) };
        let mut bytes = vec![0; length];
        let mut filled = 0;
        while filled < length {
            match opened.read_at(&mut bytes[filled..], start + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(ExportError::Io { path: self.path(file), source }),
            }
        }
        bytes.truncate(filled);
        let file_length = opened.metadata().map(|meta| meta.len()).ok();
        Ok(Some(Part { bytes, file_length }))
    }

    fn disk(&self) -> Option<&Path> {
        Some(&self.0)
    }
}
