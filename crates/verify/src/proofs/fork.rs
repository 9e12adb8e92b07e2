//! Whether validators signed two histories.

use sanad_core::proof::{Contradiction, ForkProof, ProvenFork};
use serde::Serialize;

use crate::fault::explain;
use crate::trust::Trust;
use crate::verdict::Verdict;

/// The result of checking a fork proof.
#[derive(Clone, Debug, Serialize)]
pub struct Fork {
    /// What was asked about.
    pub target: String,
    /// [`Verdict::Proved`] if the validators signed two histories.
    pub verdict: Verdict,
    /// Why that is not proved.
    pub reason: Option<String>,
    /// What contradicts itself, by the proof.
    pub kind: ForkKind,
    /// What is proved.
    #[serde(flatten)]
    pub proved: Option<ProvenFork>,
}

/// What contradicts itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ForkKind {
    /// Two blocks are final at one height.
    #[serde(rename = "two final blocks of one height")]
    Heights,
    /// What is revoked for ever is active later.
    #[serde(rename = "a revocation that is undone")]
    Revocation,
    /// Two logs of one size have different roots.
    #[serde(rename = "two logs of one size")]
    Log,
}

impl Fork {
    /// Checks a proof.
    #[must_use]
    pub fn of(target: &str, proof: &ForkProof, trust: &Trust) -> Self {
        let kind = match proof.statements {
            Contradiction::Heights { .. } => ForkKind::Heights,
            Contradiction::Revocation { .. } => ForkKind::Revocation,
            Contradiction::Log { .. } => ForkKind::Log,
        };
        let (verdict, reason, proved) = match proof.verify(trust.anchor()) {
            Ok(proved) => (Verdict::Proved, None, Some(proved)),
            Err(fault) => (Verdict::NotProven, Some(explain(&fault)), None),
        };
        Self { target: target.to_owned(), verdict, reason, kind, proved }
    }
}
