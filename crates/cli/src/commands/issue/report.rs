//! What was issued.

use sanad_core::hash::ChainId;
use sanad_issuer::{IssueReport, IssuedDocument};
use serde::Serialize;

use crate::output::Report;
use crate::view::View;

#[derive(Default, Serialize)]
pub(super) struct Issued {
    /// `None` if the program did not get so far.
    pub(super) chain_id: Option<ChainId>,
    #[serde(flatten)]
    pub(super) report: IssueReport,
    pub(super) notices: Vec<String>,
    pub(super) errors: Vec<String>,
}

impl Issued {
    /// Whether people need to see more than the errors.
    pub(super) fn says_something(&self) -> bool {
        let IssueReport { issued, failed, .. } = &self.report;
        self.errors.is_empty() || !issued.is_empty() || !failed.is_empty()
    }
}

impl Report for Issued {
    fn view(&self) -> View {
        let IssueReport { issued, batches, skipped, left_out, failed, not_submitted, .. } = &self.report;
        let here = std::env::current_dir().unwrap_or_default();
        let row = |issued: &IssuedDocument| {
            let path = issued.document.strip_prefix(&here).unwrap_or(&issued.document);
            vec![issued.log_index.to_string(), path.display().to_string()]
        };
        let shown = issued.iter().take(ROWS_MAX).map(row).collect();
        let mut view = View::new();
        if !issued.is_empty() {
            view = view.table(&["index", "document"], shown);
        }
        if issued.len() > ROWS_MAX {
            view = view.line(format!("... and {} more", issued.len() - ROWS_MAX));
        }
        let heights: Vec<String> = batches.iter().map(|batch| batch.height.to_string()).collect();
        let at =
            if heights.is_empty() { String::new() } else { format!(", in block {}", heights.join(", ")) };
        let counted = |count: usize, what: &str| match count {
            0 => String::new(),
            count => format!(", {count} {what}"),
        };
        let beside = |one: &IssuedDocument| one.receipt.parent() == one.document.parent();
        let places = match issued.first() {
            Some(_) if issued.iter().all(beside) => "; each receipt is beside its document".to_owned(),
            Some(IssuedDocument { receipt, .. }) => {
                format!("; the receipts are in {}", receipt.parent().unwrap_or(receipt).display())
            }
            None => String::new(),
        };
        view.line(format!(
            "{} issued{at}{}{}{}{}{places}",
            issued.len(),
            counted(skipped.len(), "skipped"),
            counted(left_out.len(), "left out"),
            counted(failed.len(), "issued without a receipt"),
            counted(not_submitted.len(), "not submitted"),
        ))
    }
}

/// Most documents that people are shown; `--json` has all.
const ROWS_MAX: usize = 20;
