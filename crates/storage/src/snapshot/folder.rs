//! The folder of a snapshot: a manifest, and chunks in files that are named by their hashes.

use std::collections::HashSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use sanad_core::hash::ChunkHash;
use sanad_core::snapshot::{
    CHUNK_BYTES_MAX, Chunk, MANIFEST_BYTES_MAX, SnapshotManifest, StateReader, StateSnapshot,
};

use super::error::SnapshotError;
use crate::error::at;
use crate::files;

/// A folder with a snapshot, or with chunks of one. Names of files come from hashes alone.
#[derive(Debug)]
pub struct SnapshotFolder {
    path: PathBuf,
    _lock: Option<File>,
}

impl SnapshotFolder {
    /// A folder to read.
    pub fn open(path: &Path) -> Self {
        Self { path: path.to_owned(), _lock: None }
    }

    /// A folder to write to, which is made if it is not there, and locked. It must be empty, or hold a snapshot or
    /// chunks of one.
    ///
    /// # Errors
    /// [`SnapshotError::NotEmpty`], [`SnapshotError::Locked`], I/O.
    pub fn begin(path: &Path) -> Result<Self, SnapshotError> {
        let chunks = path.join("chunks");
        if !chunks.is_dir() && path.exists() {
            let mut entries = std::fs::read_dir(path).map_err(at(path))?;
            if entries.any(|entry| entry.is_ok_and(|entry| entry.file_name() != "LOCK")) {
                return Err(SnapshotError::NotEmpty { path: path.to_owned() });
            }
        }
        files::make_directory(path)?;
        let lock_path = path.join("LOCK");
        if lock_path.exists() {
            files::refuse_special(&lock_path).map_err(at(&lock_path))?;
        }
        let mut options = OpenOptions::new();
        let lock =
            options.write(true).create(true).truncate(false).open(&lock_path).map_err(at(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(SnapshotError::Locked { path: path.to_owned() }),
            Err(TryLockError::Error(error)) => return Err(at(&lock_path)(error).into()),
        }
        files::make_directory(&chunks)?;
        Ok(Self { path: path.to_owned(), _lock: Some(lock) })
    }

    /// The manifest. Nothing of it is proved yet.
    ///
    /// # Errors
    /// [`SnapshotError::NoSnapshot`], [`SnapshotError::Manifest`], I/O.
    pub fn manifest(&self) -> Result<SnapshotManifest, SnapshotError> {
        let path = self.manifest_path();
        let bytes = files::read_small(&path, MANIFEST_BYTES_MAX as u64)?;
        let bytes = bytes.ok_or_else(|| SnapshotError::NoSnapshot { path: self.path.clone() })?;
        SnapshotManifest::from_bytes(&bytes).map_err(|source| SnapshotError::Manifest { path, source })
    }

    /// Reads a chunk, and checks that it is the one named.
    ///
    /// # Errors
    /// [`SnapshotError::MissingChunk`], [`SnapshotError::ChunkLength`], [`SnapshotError::ChunkHash`], I/O.
    pub fn chunk(&self, chunk: &Chunk) -> Result<Vec<u8>, SnapshotError> {
        let path = self.chunk_path(&chunk.hash);
        let file = match files::open_regular(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(SnapshotError::MissingChunk { path });
            }
            opened => opened.map_err(at(&path))?,
        };
        let (expected, actual) = (u64::from(chunk.bytes), file.metadata().map_err(at(&path))?.len());
        if actual != expected {
            return Err(SnapshotError::ChunkLength { path, expected, actual });
        }
        let mut bytes = Vec::with_capacity(chunk.bytes as usize);
        file.take(expected).read_to_end(&mut bytes).map_err(at(&path))?;
        match Chunk::of(&bytes) == *chunk {
            true => Ok(bytes),
            false => Err(SnapshotError::ChunkHash { path }),
        }
    }

    /// Reads a chunk by its hash, and checks that it has it; `None` if it is not there.
    ///
    /// # Errors
    /// [`SnapshotError::ChunkHash`], I/O.
    pub fn chunk_named(&self, hash: &ChunkHash) -> Result<Option<Vec<u8>>, SnapshotError> {
        let path = self.chunk_path(hash);
        let Some(bytes) = files::read_small(&path, CHUNK_BYTES_MAX as u64)? else { return Ok(None) };
        match ChunkHash::of(&bytes) == *hash {
            true => Ok(Some(bytes)),
            false => Err(SnapshotError::ChunkHash { path }),
        }
    }

    /// Reads the state, and checks that it is the one of the manifest's header. Requires that this header is proved.
    ///
    /// # Errors
    /// [`SnapshotError::State`], and those of [`Self::chunk`].
    pub fn state(&self, manifest: &SnapshotManifest) -> Result<StateSnapshot, SnapshotError> {
        let mut reader = StateReader::new(manifest.header());
        for chunk in &manifest.state {
            reader.read(&self.chunk(chunk)?)?;
        }
        Ok(reader.finish()?)
    }

    /// Writes a chunk, durably, unless it is there undamaged.
    ///
    /// # Errors
    /// I/O.
    pub fn keep(&self, bytes: &[u8]) -> Result<Chunk, SnapshotError> {
        let chunk = Chunk::of(bytes);
        if self.chunk(&chunk).is_err() {
            files::write_whole(&self.chunk_path(&chunk.hash), bytes)?;
        }
        Ok(chunk)
    }

    /// Writes the manifest, durably: from now on the folder holds this snapshot. Then removes chunks of earlier ones; those
    /// of the last one before stay, for nodes that fetch it now.
    ///
    /// # Errors
    /// I/O.
    pub fn complete(&self, manifest: &SnapshotManifest) -> Result<(), SnapshotError> {
        let before = self.manifest().ok();
        files::write_whole(&self.manifest_path(), &manifest.to_bytes())?;
        let kept = before.iter().chain([manifest]).flat_map(SnapshotManifest::chunks);
        let wanted: HashSet<_> = kept.map(|chunk| chunk.hash).collect();
        let chunks = self.path.join("chunks");
        for file in std::fs::read_dir(&chunks).map_err(at(&chunks))? {
            let path = file.map_err(at(&chunks))?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let hash = name.and_then(|name| name.strip_suffix(".new").unwrap_or(name).parse().ok());
            // Files with other names are somebody else's.
            if hash.is_some_and(|hash: ChunkHash| !wanted.contains(&hash) || self.chunk_path(&hash) != path) {
                files::remove_all(&path)?;
            }
        }
        Ok(())
    }

    fn manifest_path(&self) -> PathBuf {
        self.path.join("manifest")
    }

    fn chunk_path(&self, hash: &ChunkHash) -> PathBuf {
        self.path.join("chunks").join(hash.to_string())
    }
}
