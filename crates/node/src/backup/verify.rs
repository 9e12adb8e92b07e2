//! Checking a backup: the audit of `sanad-storage`, and the bytes of all other files.

use std::path::Path;

use sanad_core::genesis::Genesis;
use sanad_core::ids::{Height, LogSize};
use sanad_storage::{Finding, Verdict, audit, has_place};

use super::create::{FILE_BYTES_MAX, now_ms};
use super::error::BackupError;
use super::folder::read_limited;
use super::manifest::Manifest;

/// A backup that was found sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// What it holds.
    pub manifest: Manifest,
    /// Entries of its log.
    pub entries: LogSize,
    /// Seconds since it was completed.
    pub age_seconds: u64,
}

/// Checks all of a backup: executes every block from the genesis on, verifies every signature and certificate, and
/// compares all other files with their hashes. Changes nothing.
///
/// # Errors
/// [`BackupError`], of the first thing that is not right.
pub fn verify(folder: &Path, genesis: &Genesis) -> Result<Verified, BackupError> {
    let manifest =
        Manifest::read(folder)?.ok_or_else(|| BackupError::NoBackup { path: folder.to_owned() })?;
    let chain_id = genesis.chain_id();
    if manifest.chain_id != chain_id {
        return Err(BackupError::OtherChain { expected: chain_id, actual: manifest.chain_id });
    }
    for file in &manifest.files {
        let path = folder.join(&file.path);
        let bytes = read_limited(&path, FILE_BYTES_MAX.min(file.bytes))?;
        let same = bytes.is_some_and(|bytes| {
            bytes.len() as u64 == file.bytes && blake3::hash(&bytes).to_string() == file.blake3
        });
        if !same {
            return Err(BackupError::ChangedFile { path });
        }
    }
    let log = manifest.log.as_ref().ok_or(BackupError::NoBlocks)?;
    let ledger = folder.join("ledger");
    let audited = audit(&ledger, genesis, |_| {});
    let report = audited.map_err(|source| BackupError::Audit { path: ledger.clone(), source })?;
    let entries = report.state.log_size();
    let (expected, actual) = (log.height, report.state.head().height);
    let bad = report.findings.into_iter().find(|finding| concerns(finding, expected));
    if let Some(finding) = bad {
        return Err(BackupError::Damaged { finding: Box::new(finding) });
    }
    if actual < expected {
        return Err(BackupError::Short { expected, actual });
    }
    let has = has_place(&ledger, chain_id, log)
        .map_err(|source| BackupError::Copy { path: ledger, source: Box::new(source) })?;
    if !has {
        return Err(BackupError::OtherBlock { height: expected });
    }
    let age_seconds = now_ms().saturating_sub(manifest.made_ms) / 1000;
    Ok(Verified { manifest, entries, age_seconds })
}

/// Whether it is about blocks up to `last`. A backup has nothing that is derived from them; and beyond its last block is what
/// a run that was cut off has left, which the next one cuts.
fn concerns(finding: &Finding, last: Height) -> bool {
    matches!(finding.verdict(), Verdict::Damaged | Verdict::Torn)
        && finding.height().is_none_or(|height| height <= last)
}
