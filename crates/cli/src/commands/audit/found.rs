//! What an audit found, of a node's ledger or of an export.

use sanad_core::audit_report::{AuditFinding, AuditVerdict};
use sanad_core::ids::Height;
use sanad_core::state::State;
use sanad_storage::{AuditReport, Finding, Verdict};

/// Longest text of a finding that goes into a report, in characters.
const TEXT_CHARS_MAX: usize = 2_000;

/// What was found.
pub(super) struct Found {
    pub(super) verdict: AuditVerdict,
    /// Whether an export is signed with the key that was given; `None` without a key.
    pub(super) signed: Option<bool>,
    /// The ledger after the last sound block.
    pub(super) state: State,
    pub(super) batches: u64,
    pub(super) bytes: u64,
    /// The block that the checkpoint is of.
    pub(super) checkpoint: Option<Height>,
    /// In the order of heights.
    pub(super) findings: Vec<AuditFinding>,
}

impl From<AuditReport> for Found {
    fn from(report: AuditReport) -> Self {
        let verdict = match report.verdict() {
            Verdict::Sound => AuditVerdict::Sound,
            Verdict::Torn => AuditVerdict::Torn,
            Verdict::Derived => AuditVerdict::Derived,
            _ => AuditVerdict::Damaged,
        };
        let findings = report.findings.iter().map(of_store).collect();
        let AuditReport { state, batches, bytes, checkpoint, .. } = report;
        Self { verdict, signed: None, state, batches, bytes, checkpoint, findings }
    }
}

fn of_store(finding: &Finding) -> AuditFinding {
    let (expected, actual) = finding.values().unzip();
    AuditFinding {
        height: finding.height(),
        part: finding.part(),
        message: short(finding.to_string()),
        expected: expected.map(short),
        actual: actual.map(short),
    }
}

/// A text that fits into a report.
pub(super) fn short(text: String) -> String {
    match text.char_indices().nth(TEXT_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
