//! Reads of the ledger that failed for someone else: a peer that catches up, or a caller of the API.
//!
//! Such a failure never stops the node: whoever asked is told that it is not available here, and the operator finds in
//! the log which file is at fault and what to do.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use sanad_api::LedgerError;
use sanad_core::ids::Height;
use sanad_core::merkle::PathError;
use sanad_storage::{Store, StoreError};

use super::Ledger;

/// A part of the ledger that this node cannot read.
#[derive(Debug, thiserror::Error)]
#[error(
    "{} cannot be read; stop the node and run `sanad audit` on its data directory to see what is damaged",
    path.display()
)]
pub(super) struct Unreadable {
    /// The file, or the directory of the ledger where it is not known which file is at fault.
    path: PathBuf,
    source: StoreError,
}

/// Counts failed reads since the start.
#[derive(Debug, Default)]
pub(super) struct FailedReads(AtomicU64);

impl Ledger {
    /// Number of reads for peers and callers that failed since the node started.
    pub fn failed_reads(&self) -> u64 {
        self.failed_reads.0.load(Ordering::Relaxed)
    }

    /// Counts a failed read of a block for a peer, and gives the error to log.
    pub(super) fn unreadable(&self, source: StoreError) -> Unreadable {
        self.failed_reads.0.fetch_add(1, Ordering::Relaxed);
        self.note_damage(&source);
        Unreadable { path: file_at_fault(&self.store, &source), source }
    }

    /// What a caller is told of a failed read. Damage and I/O errors are logged and counted here.
    pub(super) fn failed_read(&self, error: StoreError) -> LedgerError {
        match error {
            StoreError::Corrupt { .. }
            | StoreError::CorruptSegment { .. }
            | StoreError::Damaged { .. }
            | StoreError::Io { .. } => {
                let Unreadable { path, source } = self.unreadable(error);
                let (height, failed_reads) = (height_at_fault(&source), self.failed_reads());
                tracing::error!(
                    path = %path.display(),
                    height,
                    error = %source,
                    failed_reads,
                    "a caller asks for a part of the ledger that cannot be read; stop the node and run `sanad audit` on its data directory"
                );
                LedgerError::Unreadable(Box::new(source))
            }
            error => LedgerError::internal(error),
        }
    }

    /// As [`Self::failed_read`], for a path through the log tree.
    pub(super) fn failed_path(&self, error: PathError<StoreError>) -> LedgerError {
        match error {
            PathError::Source(error) => self.failed_read(error),
            error => LedgerError::internal(error.to_string()),
        }
    }
}

fn height_at_fault(error: &StoreError) -> Option<u64> {
    match error {
        StoreError::Corrupt { height: Height(height), .. } => Some(*height),
        _ => None,
    }
}

fn file_at_fault(store: &Store, error: &StoreError) -> PathBuf {
    let file = match error {
        StoreError::Corrupt { height, .. } => store.segment_path(*height),
        StoreError::CorruptSegment { path } | StoreError::Io { path, .. } => Some(path.clone()),
        _ => None,
    };
    file.unwrap_or_else(|| store.directory().to_owned())
}
