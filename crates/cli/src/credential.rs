//! A credential's own proof beside the ledger's, and how its checks are shown.

use sanad_core::member::MemberRecord;
use sanad_credential::{Circumstances, Finding, Holder, Part, Proof, Signature, Validity, Verdict as Word};

use crate::finding;
use crate::verdict::Verdict;
use crate::view::View;

/// Checks a document by itself. The key of its issuer is known where the ledger has proved the record with it.
pub(crate) fn check(
    document: &[u8],
    issuer: Option<&MemberRecord>,
    ledger: &finding::Finding,
    now_ms: u64,
) -> Option<Finding> {
    let proved = ledger.verdict <= Verdict::Revoked && ledger.issuer.is_some();
    sanad_credential::check(
        document,
        &Circumstances { now_ms, member: issuer.filter(|_| proved), rest: None },
    )
}

/// The checks, a line each: `[ok]` holds, `[NO]` does not, `[--]` was not checked.
pub(crate) fn view(finding: &Finding) -> View {
    let mut view = View::new();
    // What is not read as a credential has one check, and left_open repeats it.
    if finding.checks.iter().all(|check| check.part == Part::Form) {
        return finding.left_open.iter().fold(view, |view, open| line(view, "--", open));
    }
    if finding.proofs.is_empty() {
        view = line(view, "--", "signature: none in the document");
    }
    for proof in &finding.proofs {
        view = proof_lines(view, proof);
    }
    for check in &finding.checks {
        match check.part {
            Part::Form | Part::Contexts if check.verdict != Word::Good => {
                view = line(view, "--", &check.detail);
            }
            // Those of the model are shown as faults, the others below.
            Part::Form
            | Part::Contexts
            | Part::Model
            | Part::Signature
            | Part::Key
            | Part::Cover
            | Part::Validity
            | Part::Claims => {}
        }
    }
    for fault in &finding.faults {
        view = line(view, "NO", &format!("data model: {fault}"));
    }
    let Validity { not_yet, expired, ref unreadable, .. } = finding.validity;
    let in_force = !not_yet && !expired && unreadable.is_empty();
    view = line(view, if in_force { "ok" } else { "NO" }, &format!("validity: {}", finding.validity));
    for mismatch in &finding.mismatches {
        view = line(view, "NO", &mismatch.to_string());
    }
    finding.left_open.iter().fold(view, |view, open| line(view, "--", open))
}

fn proof_lines(view: View, proof: &Proof) -> View {
    let mark = match (proof.signature, proof.key.as_ref().map(|key| &key.holder)) {
        (Signature::Good, Some(Holder::Member { .. } | Holder::Issuer)) => "ok",
        (Signature::Good, Some(Holder::Unproven) | None) => "--",
        (Signature::Bad, _) => "NO",
        (Signature::NotChecked, _) => "--",
    };
    let mut text = format!("signature {}: {}", proof.method, proof.signature);
    if let Some(reason) = &proof.reason {
        text = format!("{text}: {reason}");
    }
    if let (Some(key), Signature::Good) = (&proof.key, proof.signature) {
        text = format!("{text}, by the key {key}");
    }
    let view = line(view, mark, &text);
    match proof.uncovered.as_slice() {
        [] => view,
        places => line(view, "NO", &format!("not under that signature: {}", places.join(", "))),
    }
}

fn line(view: View, mark: &str, text: &str) -> View {
    view.line(format!("  [{mark}] {text}"))
}
