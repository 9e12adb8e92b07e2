//! What was issued.

use std::path::PathBuf;

use sanad_core::hash::{BatchId, ChainId, Commitment};
use sanad_core::ids::{Height, LogIndex};
use serde::Serialize;

use crate::output::Report;
use crate::view::View;

#[derive(Serialize)]
pub(super) struct IssueReport {
    pub(super) chain_id: ChainId,
    pub(super) issued: Vec<IssuedDocument>,
    pub(super) batches: Vec<IssuedBatch>,
    /// Documents that had their receipts.
    pub(super) skipped: Vec<PathBuf>,
}

#[derive(Serialize)]
pub(super) struct IssuedDocument {
    pub(super) document: PathBuf,
    pub(super) receipt: PathBuf,
    pub(super) log_index: LogIndex,
    pub(super) commitment: Commitment,
}

#[derive(Serialize)]
pub(super) struct IssuedBatch {
    pub(super) batch_id: BatchId,
    pub(super) height: Height,
    pub(super) first_index: LogIndex,
    pub(super) entries: u32,
}

impl IssueReport {
    pub(super) fn new(chain_id: ChainId) -> Self {
        Self { chain_id, issued: Vec::new(), batches: Vec::new(), skipped: Vec::new() }
    }
}

impl Report for IssueReport {
    fn view(&self) -> View {
        let here = std::env::current_dir().unwrap_or_default();
        let row = |issued: &IssuedDocument| {
            let path = issued.document.strip_prefix(&here).unwrap_or(&issued.document);
            vec![issued.log_index.to_string(), path.display().to_string()]
        };
        let shown = self.issued.iter().take(ROWS_MAX).map(row).collect();
        let mut view = View::new();
        if !self.issued.is_empty() {
            view = view.table(&["index", "document"], shown);
        }
        if self.issued.len() > ROWS_MAX {
            view = view.line(format!("... and {} more", self.issued.len() - ROWS_MAX));
        }
        let heights: Vec<String> = self.batches.iter().map(|batch| batch.height.to_string()).collect();
        let at =
            if heights.is_empty() { String::new() } else { format!(", in block {}", heights.join(", ")) };
        view.line(format!(
            "{} issued{at}, {} skipped; each receipt is beside its document",
            self.issued.len(),
            self.skipped.len()
        ))
    }
}

/// Most documents that people are shown; `--json` has all.
const ROWS_MAX: usize = 20;
