//! `sanad audit` of a static export: the same chain, from files that anyone may have changed.

use std::path::Path;

use anyhow::Context;
use sanad_core::audit_report::AuditFinding;
use sanad_core::genesis::Genesis;
use sanad_core::signature::PublicKey;
use sanad_export::{ExportAudit, ExportFinding, Source, WebOptions};

use super::found::{Found, short};
use crate::progress;
use sanad_verify::explain;

/// Checks every block of an export from the genesis on, and every file; with the exporter's key, its signatures too.
pub(super) fn audit(
    place: &Path,
    options: &WebOptions,
    genesis: &Genesis,
    key: Option<&PublicKey>,
) -> anyhow::Result<Found> {
    let source = Source::new(place, options)?;
    let bar = progress::spinner("auditing");
    let audited = sanad_export::audit(source, genesis, key, |height| {
        bar.set_message(format!("auditing block {height}"));
    });
    bar.finish_and_clear();
    let audited = audited.with_context(|| format!("{} cannot be audited", place.display()))?;
    let verdict = audited.verdict();
    let signed = key.map(|_| audited.is_signed());
    let findings = audited.findings.iter().map(of_export).collect();
    let ExportAudit { state, batches, bytes, checkpoint, .. } = audited;
    let checkpoint = checkpoint.map(|_| state.head().height);
    Ok(Found { verdict, signed, state, batches, bytes, checkpoint, findings })
}

fn of_export(finding: &ExportFinding) -> AuditFinding {
    AuditFinding {
        height: finding.height,
        part: finding.part.to_string(),
        message: short(explain(&finding.fault)),
        expected: None,
        actual: None,
    }
}
