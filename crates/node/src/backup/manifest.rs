//! `backup.json`: what a backup holds. Written last, and whole, so that it never names what is not there.

use std::path::{Component, Path, PathBuf};

use sanad_core::hash::ChainId;
use sanad_core::ids::MemberId;
use sanad_storage::LogPlace;
use serde::{Deserialize, Serialize};

use super::error::BackupError;
use super::folder::read_limited;

/// The only version of the layout.
pub const BACKUP_VERSION: u32 = 1;

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`BACKUP_VERSION`].
    pub version: u32,
    /// The program that wrote it.
    pub program: String,
    /// The chain.
    pub chain_id: ChainId,
    /// Whose node it is of.
    pub member: MemberId,
    /// When it was completed, in milliseconds since 1970-01-01 UTC.
    pub made_ms: u64,
    /// The last block; `None` before the first.
    pub log: Option<LogPlace>,
    /// The files beside the ledger.
    pub files: Vec<BackupFile>,
}

/// A file beside the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupFile {
    /// Where it is in the backup.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// Its BLAKE3 hash, in hexadecimal.
    pub blake3: String,
}

impl Manifest {
    /// Where it is in a backup.
    pub(super) fn path(folder: &Path) -> PathBuf {
        folder.join("backup.json")
    }

    /// Reads it; `None` if there is none.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>, BackupError> {
        let path = Self::path(folder);
        let Some(text) = read_limited(&path, MANIFEST_BYTES_MAX)? else { return Ok(None) };
        let manifest = match serde_json::from_slice::<Self>(&text) {
            Ok(manifest) => manifest,
            Err(source) => {
                return Err(match serde_json::from_slice::<OtherVersion>(&text) {
                    Ok(OtherVersion { version: actual }) if actual != BACKUP_VERSION => {
                        BackupError::Version { expected: BACKUP_VERSION, actual }
                    }
                    _ => BackupError::Manifest { path, source },
                });
            }
        };
        if manifest.version != BACKUP_VERSION {
            return Err(BackupError::Version { expected: BACKUP_VERSION, actual: manifest.version });
        }
        let is_inside = |file: &&BackupFile| {
            let mut parts = file.path.components();
            parts.all(|part| matches!(part, Component::Normal(_)))
        };
        match manifest.files.iter().find(|file| !is_inside(file)) {
            Some(file) => Err(BackupError::Outside { path, named: file.path.clone() }),
            None => Ok(Some(manifest)),
        }
    }
}

/// The one field that every version has.
#[derive(Deserialize)]
struct OtherVersion {
    version: u32,
}

/// Longest `backup.json`, in bytes.
const MANIFEST_BYTES_MAX: u64 = 1 << 20;
