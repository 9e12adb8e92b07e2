//! What became of documents.

use std::path::PathBuf;

use sanad_core::hash::BatchId;
use sanad_core::ids::{Height, LogIndex};
use serde::Serialize;

use crate::notice::LeftOut;
use crate::receipts::{Content, FailedReceipt, IssuedDocument};

/// What became of documents, also after an error.
#[derive(Debug, Default, Serialize)]
pub struct IssueReport {
    /// In the ledger, with their receipts.
    pub issued: Vec<IssuedDocument>,
    /// The batches that were entered.
    pub batches: Vec<IssuedBatch>,
    /// Documents that had their receipts.
    pub skipped: Vec<PathBuf>,
    /// Files that were found and are no documents to issue.
    pub left_out: Vec<LeftOutFile>,
    /// In the ledger, without their receipts: their secrets are in the pending files.
    pub failed: Vec<FailedReceipt>,
    /// Pending files that stay, for what is not finished.
    pub unfinished: Vec<PathBuf>,
    /// Documents that were not submitted, since something went wrong before.
    pub not_submitted: Vec<PathBuf>,
}

impl IssueReport {
    /// Documents that have their receipts, and are not any more what was issued.
    pub fn other_now(&self) -> impl Iterator<Item = &IssuedDocument> {
        self.issued.iter().filter(|issued| issued.content != Content::AsIssued)
    }
}

/// A batch in the log.
#[derive(Clone, Debug, Serialize)]
pub struct IssuedBatch {
    /// The batch.
    pub batch_id: BatchId,
    /// Its block.
    pub height: Height,
    /// Its first entry.
    pub first_index: LogIndex,
    /// How many entries it has.
    pub entries: u32,
}

/// A file that is not issued.
#[derive(Clone, Debug, Serialize)]
pub struct LeftOutFile {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
}

impl LeftOutFile {
    pub(super) fn new(path: PathBuf, reason: &LeftOut) -> Self {
        Self { path, reason: reason.to_string() }
    }
}
