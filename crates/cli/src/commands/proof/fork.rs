//! Fork proofs, as they are shown.

use std::path::Path;

use sanad_core::proof::{Contradiction, ForkProof, ProvenFork};
use sanad_verify::{Trust, Verdict, explain};
use serde::Serialize;

use crate::output::Report;
use crate::view::View;

/// A fork proof that was checked.
#[derive(Serialize)]
pub(super) struct Shown {
    target: String,
    /// [`Verdict::Proved`] if the validators signed two histories.
    pub(super) verdict: Verdict,
    reason: Option<String>,
    kind: &'static str,
    #[serde(flatten)]
    proved: Option<ProvenFork>,
}

impl Shown {
    pub(super) fn of(path: &Path, proof: &ForkProof, trust: &Trust) -> Self {
        let kind = match proof.statements {
            Contradiction::Heights { .. } => "two final blocks of one height",
            Contradiction::Revocation { .. } => "a revocation that is undone",
            Contradiction::Log { .. } => "two logs of one size",
        };
        let (verdict, reason, proved) = match proof.verify(trust.anchor()) {
            Ok(proved) => (Verdict::Proved, None, Some(proved)),
            Err(fault) => (Verdict::NotProven, Some(explain(&fault)), None),
        };
        Self { target: path.display().to_string(), verdict, reason, kind, proved }
    }
}

impl Report for Shown {
    fn view(&self) -> View {
        let target = &self.target;
        match (&self.proved, &self.reason) {
            (Some(ProvenFork { height, newer, .. }), _) => View::new()
                .line(format!("{target}: proved: FORK, {}", self.kind))
                .fact("blocks", format!("{height} and {newer}, both final, contradict each other")),
            (None, reason) => View::new().line(format!(
                "{target}: {}: {}",
                self.verdict,
                reason.as_deref().unwrap_or("it shows no fork")
            )),
        }
    }
}
