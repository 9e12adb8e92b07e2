//! What a credential shows by itself, in lines for people.

use sanad_credential::{Finding, Holder, Part, Proof, Signature, Validity, Verdict};

use super::{Language, Line, Mark, name_of};
use crate::finding::Finding as LedgerFinding;

/// The first line about a credential.
#[must_use]
pub fn credential_headline(language: Language, target: &str, finding: &Finding) -> String {
    let verdict = language.text(credential_key(finding.verdict), &[]);
    language.text("headline", &[("target", &name_of(target)), ("verdict", &verdict)])
}

/// The issuer that a credential names: an address, not a proof of anything.
#[must_use]
pub fn credential_issuer(language: Language, finding: &Finding) -> Option<Line> {
    let issuer = finding.issuer.as_deref()?;
    let value = language.text("credential-issuer", &[("issuer", issuer)]);
    Some(Line::Fact(language.text("fact-issuer", &[]), value))
}

/// The checks of a credential, a line each, as the catalogue marks them: `[ok]` holds, `[NO]` does not, `[--]` was not
/// checked.
#[must_use]
pub fn credential_lines(language: Language, finding: &Finding) -> Vec<Line> {
    lines_of(language, finding, None)
}

impl LedgerFinding {
    /// The checks of the credential by itself, beside what the ledger proves of it.
    ///
    /// A receipt has no member's keys, so whose key signed the credential is not known offline. Where the ledger proves that the issuer that the
    /// credential names entered it, with that signature in it, this is said in place of a doubt that nothing follows from.
    #[must_use]
    pub fn credential_lines(&self, language: Language) -> Vec<Line> {
        let Some(credential) = self.credential() else { return Vec::new() };
        let entered_by = self.entered_by().map(|issuer| format!("{} ({})", issuer.name, issuer.id));
        lines_of(language, credential, entered_by.as_deref())
    }
}

/// `entered_by`: the issuer that the credential names, where the ledger proves that it entered it.
fn lines_of(language: Language, finding: &Finding, entered_by: Option<&str>) -> Vec<Line> {
    let line = |mark, text: &str| line(language, mark, text);
    let detail = |english: &str| language.detail(english);
    let open = finding.left_open.iter().map(|open| line(Mark::Open, &detail(open)));
    // What is not read as a credential has one check, and left_open repeats it.
    if finding.checks.iter().all(|check| check.part == Part::Form) {
        return open.collect();
    }
    let mut lines = Vec::new();
    if finding.proofs.is_empty() {
        lines.push(line(Mark::Open, &language.text("credential-no-signature", &[])));
    }
    for proof in &finding.proofs {
        proof_lines(language, proof, entered_by, &mut lines);
    }
    for check in &finding.checks {
        match check.part {
            Part::Form | Part::Contexts if check.verdict != Verdict::Good => {
                lines.push(line(Mark::Open, &detail(&check.detail)));
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
        let fault = detail(&fault.to_string());
        lines.push(line(Mark::Fails, &language.text("credential-model", &[("fault", &fault)])));
    }
    let Validity { not_yet, expired, end_withholdable, ref unreadable, .. } = finding.validity;
    let mark = match !not_yet && !expired && unreadable.is_empty() {
        true if end_withholdable => Mark::Open,
        true => Mark::Holds,
        false => Mark::Fails,
    };
    let validity = detail(&finding.validity.to_string());
    let validity = language.text("credential-validity", &[("validity", &validity)]);
    lines.push(line(mark, &validity));
    for mismatch in &finding.mismatches {
        lines.push(line(Mark::Fails, &detail(&mismatch.to_string())));
    }
    lines.extend(open);
    lines
}

fn proof_lines(language: Language, proof: &Proof, entered_by: Option<&str>, lines: &mut Vec<Line>) {
    let mark = match (proof.signature, proof.key.as_ref().map(|key| &key.holder)) {
        (Signature::Good, Some(Holder::Member { .. } | Holder::Issuer)) => Mark::Holds,
        (Signature::Good, Some(Holder::Unproven)) if entered_by.is_some() => Mark::Holds,
        (Signature::Good, Some(Holder::Unproven) | None) | (Signature::NotChecked, _) => Mark::Open,
        (Signature::Bad, _) => Mark::Fails,
    };
    let state = language.text(
        match proof.signature {
            Signature::Good => "signature-good",
            Signature::Bad => "signature-bad",
            Signature::NotChecked => "signature-not-checked",
        },
        &[],
    );
    let method = language.detail(&proof.method);
    let mut text = language.text("credential-signature", &[("method", &method), ("state", &state)]);
    if let Some(reason) = &proof.reason {
        text = format!("{text}: {}", language.detail(reason));
    }
    if let (Some(key), Signature::Good) = (&proof.key, proof.signature) {
        text = match (&key.holder, entered_by) {
            (Holder::Unproven, Some(issuer)) => {
                let arguments = [("signature", text.as_str()), ("key", &key.key), ("issuer", issuer)];
                language.text("credential-entered", &arguments)
            }
            (Holder::Unproven | Holder::Issuer | Holder::Member { .. }, _) => {
                let key = language.detail(&key.to_string());
                language.text("credential-by-key", &[("signature", &text), ("key", &key)])
            }
        };
    }
    lines.push(line(language, mark, &text));
    if !proof.uncovered.is_empty() {
        let places: Vec<String> = proof.uncovered.iter().map(|place| language.detail(place)).collect();
        let text = language.text("credential-uncovered", &[("places", &places.join(", "))]);
        lines.push(line(language, Mark::Fails, &text));
    }
}

fn line(language: Language, mark: Mark, text: &str) -> Line {
    let key = match mark {
        Mark::Holds => "credential-line-ok",
        Mark::Fails => "credential-line-no",
        Mark::Open => "credential-line-open",
    };
    Line::Check(mark, language.text(key, &[("text", text)]))
}

/// The key of a word in the message catalogue.
pub(super) fn credential_key(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Good => "credential-good",
        Verdict::KeyUnproven => "credential-key-unproven",
        Verdict::NotChecked => "credential-not-checked",
        Verdict::Unsigned => "credential-unsigned",
        Verdict::NotYetValid => "credential-not-yet-valid",
        Verdict::Expired => "credential-expired",
        Verdict::NotCovered => "credential-not-covered",
        Verdict::Malformed => "credential-malformed",
        Verdict::Inconsistent => "credential-inconsistent",
        Verdict::Bad => "credential-bad",
    }
}
