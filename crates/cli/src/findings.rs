//! Findings on the screen: the lines of `sanad-verify`, and those of a credential by itself.

use sanad_credential::{Holder, Part, Proof, Signature, Validity, Verdict as Word};
use sanad_verify::{Finding, Language, Line};

use crate::output::Report;
use crate::view::View;

impl Report for Finding {
    fn view(&self) -> View {
        self.view_in(Language::English)
    }

    fn view_in(&self, language: Language) -> View {
        let view = push(View::new(), self.lines(language));
        let view = match self.credential() {
            Some(credential) => view.then(credential_view(credential)),
            None => view,
        };
        push(view, self.open_lines(language))
    }
}

fn push(view: View, lines: Vec<Line>) -> View {
    lines.into_iter().fold(view, |view, line| match line {
        Line::Headline(text) | Line::Check(_, text) | Line::Text(text) => view.line(text),
        Line::Fact(name, value) => view.fact(name, value),
    })
}

/// The checks, a line each: `[ok]` holds, `[NO]` does not, `[--]` was not checked.
pub(crate) fn credential_view(finding: &sanad_credential::Finding) -> View {
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
