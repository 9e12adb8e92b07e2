//! What a comparison of a summary with its document shows.

use crate::summary::SummaryLabel;

/// What a comparison without a contradiction showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SummaryComparison {
    /// The document says all that the summary says.
    Agrees,
    /// No rule says how a summary follows from such a document: nothing was compared.
    NoRule,
}

/// A summary contradicts its document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the issuer's summary contradicts the document: {}", labels(contradictions))]
pub struct SummaryMismatch {
    /// Each field that contradicts, by ascending label; never empty.
    pub contradictions: Vec<Contradiction>,
}

/// One field of a summary that contradicts the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// The field.
    pub label: SummaryLabel,
    /// Its text in the summary.
    pub summary: String,
    /// The text that follows from the document, if any does.
    pub document: Option<String>,
}

fn labels(contradictions: &[Contradiction]) -> String {
    contradictions.iter().map(|found| found.label.as_str()).collect::<Vec<_>>().join(", ")
}
