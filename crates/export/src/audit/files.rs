//! Comparing every file with the manifest.

use std::collections::BTreeSet;
use std::io::Read as _;

use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::error::ExportError;
use crate::folder::Folder;
use crate::layout::{self, CHECKPOINT, HEAD};
use crate::manifest::{FileHash, Line, Manifest, check_hash};
use crate::reader::Export;
use crate::writing::files_in;
use crate::{index, records};

/// Bytes that are read of a file at a time (256 KiB).
const READ_BYTES: usize = 256 << 10;

/// What there is in the folder.
pub(super) struct Files {
    /// Files in the manifest.
    pub(super) files: u64,
    /// Bytes of all of them.
    pub(super) bytes: u64,
    /// Files that are not as in the manifest.
    pub(super) faults: Vec<ExportError>,
}

impl Files {
    /// Reads and hashes every file of the manifest, and looks for others.
    ///
    /// # Errors
    /// I/O.
    pub(super) fn check(export: &Export) -> Result<Self, ExportError> {
        let folder = export.folder();
        let path = layout::manifest(export.head().header.height);
        let limit = file_bytes_max(export);
        let mut checked = Self { files: 0, bytes: 0, faults: Vec::new() };
        let Some(manifest) = checked.keep(Manifest::read(folder, &path, export.manifest_hash()))? else {
            return Ok(checked);
        };
        let others = manifest.others.iter().map(|(path, hash)| Line { hash: *hash, path: path.clone() });
        let mut lines: Vec<Line> = others.chain(manifest.whole.iter().cloned()).collect();
        for segment in &manifest.segments {
            lines.extend(checked.keep(Manifest::read_segment(folder, segment))?.unwrap_or_default());
            lines.push(segment.clone());
        }
        let hashed: Vec<Result<u64, ExportError>> =
            lines.par_iter().map(|line| check_file(folder, line, limit)).collect();
        for result in hashed {
            checked.bytes += checked.keep(result)?.unwrap_or_default();
        }
        checked.files = lines.len() as u64;
        if folder.disk().is_none() {
            // A web server does not say what else it has.
            return Ok(checked);
        }
        let mut listed: BTreeSet<String> = lines.into_iter().map(|line| line.path).collect();
        listed.extend([path, HEAD.to_owned(), CHECKPOINT.to_owned()]);
        for file in files_in(folder, "")? {
            if !listed.contains(&file) {
                checked.faults.push(ExportError::Stray { path: folder.path(&file) });
            }
        }
        Ok(checked)
    }

    fn keep<T>(&mut self, result: Result<T, ExportError>) -> Result<Option<T>, ExportError> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.is_damage() => {
                self.faults.push(error);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// The longest that any file of the manifest can be: a bundle of blocks, or a run of the index.
pub(super) fn file_bytes_max(export: &Export) -> u64 {
    records::BUNDLE_BYTES_MAX.max(index::run_bytes_max(export.head().header.log_size.0))
}

/// Checks the hash of a file; returns its length.
fn check_file(folder: &Folder, line: &Line, limit: u64) -> Result<u64, ExportError> {
    let mut file = folder.open(&line.path)?.ok_or_else(|| folder.missing(&line.path))?.reader;
    let (mut hasher, mut bytes) = (Sha256::new(), 0);
    let mut buffer = vec![0; READ_BYTES];
    loop {
        match file.read(&mut buffer).map_err(folder.io(&line.path))? {
            0 => break,
            count => {
                hasher.update(&buffer[..count]);
                bytes += count as u64;
                if bytes > limit {
                    return Err(ExportError::TooLong { path: folder.path(&line.path), actual: bytes, limit });
                }
            }
        }
    }
    let actual: FileHash = hasher.finalize().into();
    check_hash(folder, &line.path, &line.hash, &actual)?;
    Ok(bytes)
}
