//! Whether validators signed what contradicts itself, and which of them.

use sanad_core::proof::{Contradiction, Evidence, ProvenEvidence};
use serde::Serialize;

use crate::fault::explain;
use crate::trust::Trust;
use crate::verdict::Verdict;

/// The result of checking an evidence file.
#[derive(Clone, Debug, Serialize)]
pub struct EvidenceFinding {
    /// What was asked about.
    pub target: String,
    /// [`Verdict::Proved`] if validators signed two statements that contradict each other.
    pub verdict: Verdict,
    /// Why that is not proved.
    pub reason: Option<String>,
    /// What contradicts itself, by the proof.
    pub kind: EvidenceKind,
    /// What is proved.
    #[serde(flatten)]
    pub proved: Option<ProvenEvidence>,
}

/// What contradicts itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum EvidenceKind {
    /// Two blocks are final at one height.
    #[serde(rename = "two final blocks of one height")]
    Heights,
    /// What is revoked for ever is active later.
    #[serde(rename = "a revocation that is undone")]
    Revocation,
    /// Two logs of one size have different roots.
    #[serde(rename = "two logs of one size")]
    Log,
    /// One validator signed two votes or proposals for one round.
    #[serde(rename = "two statements of one validator")]
    Equivocation,
}

impl EvidenceFinding {
    /// Checks a proof.
    #[must_use]
    pub fn of(target: &str, proof: &Evidence, trust: &Trust) -> Self {
        let kind = match proof.statements {
            Contradiction::Heights { .. } => EvidenceKind::Heights,
            Contradiction::Revocation { .. } => EvidenceKind::Revocation,
            Contradiction::Log { .. } => EvidenceKind::Log,
            Contradiction::Equivocation { .. } => EvidenceKind::Equivocation,
        };
        let (verdict, reason, proved) = match proof.verify(trust.anchor()) {
            Ok(proved) => (Verdict::Proved, None, Some(proved)),
            Err(fault) => (Verdict::NotProven, Some(explain(&fault)), None),
        };
        Self { target: target.to_owned(), verdict, reason, kind, proved }
    }
}
