//! Findings of consistency, completeness and evidence files in lines, for people.

use sanad_core::evidence::{Accusation, Occasion};
use sanad_core::proof::Attribution;

use super::{Language, Line, name_of};
use crate::proofs::{Completeness, Consistency, EvidenceFinding, EvidenceKind};
use crate::time;
use crate::verdict::Verdict;

impl Consistency {
    /// All that people see, in a language. Texts from files are not escaped.
    #[must_use]
    pub fn lines(&self, language: Language) -> Vec<Line> {
        let proved = language.text("consistency-proved", &[]);
        let mut lines = vec![headline(language, &self.target, self.verdict, self.reason.as_deref(), &proved)];
        let logs = [
            ("fact-older-log", self.older_size, self.older_root),
            ("fact-newer-log", self.newer_size, self.newer_root),
        ];
        for (name, size, root) in logs {
            let (size, root) = (size.to_string(), root.to_string());
            let value = language.text("fact-log-value", &[("size", &size), ("root", &root)]);
            lines.push(Line::Fact(language.text(name, &[]), value));
        }
        if let (Some(height), Some(time_ms)) = (self.height, self.time_ms) {
            let (height, time) = (height.to_string(), time::format_ms(time_ms));
            let value = language.text("fact-as-of-block", &[("height", &height), ("time", &time)]);
            lines.push(Line::Fact(language.text("fact-as-of", &[]), value));
            lines.push(signed_by(language, self.signers.len(), self.validators));
        }
        lines
    }
}

impl Completeness {
    /// All that people see but the list itself, in a language. Texts from files are not escaped.
    #[must_use]
    pub fn lines(&self, language: Language) -> Vec<Line> {
        let proved = language.text("completeness-proved", &[]);
        let mut lines = vec![headline(language, &self.target, self.verdict, self.reason.as_deref(), &proved)];
        let (Some(issuer), Some(as_of)) = (&self.issuer, &self.as_of) else { return lines };
        let mut fact = |name, value| lines.push(Line::Fact(language.text(name, &[]), value));
        fact("fact-issuer", format!("{} ({})", issuer.name, issuer.id));
        fact("fact-events", self.entries.to_string());
        let counts = [
            ("verdict-active", self.active),
            ("verdict-confirmed", self.confirmed),
            ("verdict-suspended", self.suspended),
            ("verdict-disputed", self.disputed),
            ("verdict-revoked", self.revoked),
        ];
        let counts = counts.map(|(word, count)| format!("{}: {count}", language.text(word, &[])));
        fact("fact-credentials", counts.join("; "));
        let (height, size) = (as_of.height.to_string(), as_of.log_size.to_string());
        let arguments =
            [("height", height.as_str()), ("time", &time::format_ms(as_of.time_ms)), ("size", &size)];
        fact("fact-as-of", language.text("fact-as-of-log", &arguments));
        lines.push(signed_by(language, self.signers.len(), self.validators));
        lines
    }
}

impl EvidenceFinding {
    /// All that people see, in a language. Texts from files are not escaped.
    #[must_use]
    pub fn lines(&self, language: Language) -> Vec<Line> {
        let kind = match self.kind {
            EvidenceKind::Heights => "fork-heights",
            EvidenceKind::Revocation => "fork-revocation",
            EvidenceKind::Log => "fork-log",
            EvidenceKind::Equivocation => "evidence-equivocation",
        };
        let proved = match self.kind {
            EvidenceKind::Equivocation => language.text(kind, &[]),
            EvidenceKind::Heights | EvidenceKind::Revocation | EvidenceKind::Log => {
                language.text("fork-proved", &[("kind", &language.text(kind, &[]))])
            }
        };
        let mut lines = vec![headline(language, &self.target, self.verdict, self.reason.as_deref(), &proved)];
        if let Some(proved) = &self.proved {
            if self.kind != EvidenceKind::Equivocation {
                let (older, newer) = (proved.height.to_string(), proved.newer.to_string());
                let value = language.text("fork-blocks", &[("older", &older), ("newer", &newer)]);
                lines.push(Line::Fact(language.text("fact-blocks", &[]), value));
            }
            lines.extend(attributed(language, &proved.attribution));
        }
        lines
    }
}

/// Whose fault it is, or why that does not follow.
fn attributed(language: Language, attribution: &Attribution) -> Vec<Line> {
    let open = |key: &str, arguments: &[(&str, &str)]| {
        vec![Line::Fact(language.text("fact-attribution", &[]), language.text(key, arguments))]
    };
    match attribution {
        Attribution::Members { accused } => {
            let line = |accusation: &Accusation| {
                let Occasion { height, round, statement } = accusation.equivocation.occasion();
                let (height, round) = (height.to_string(), round.to_string());
                let arguments = [
                    ("member", accusation.member.as_str()),
                    ("statement", statement.as_str()),
                    ("height", &height),
                    ("round", &round),
                ];
                let value = language.text("attribution-member", &arguments);
                Line::Fact(language.text("fact-attribution", &[]), value)
            };
            accused.iter().map(line).collect()
        }
        Attribution::DifferentRounds { one, other } => {
            let (one, other) = (one.to_string(), other.to_string());
            open("attribution-rounds", &[("one", &one), ("other", &other)])
        }
        Attribution::DifferentHeights => open("attribution-heights", &[]),
        Attribution::NoCertificate => open("attribution-no-certificate", &[]),
    }
}

fn headline(language: Language, target: &str, verdict: Verdict, reason: Option<&str>, proved: &str) -> Line {
    let text = match (verdict, reason) {
        (Verdict::Proved, _) => proved.to_owned(),
        (_, Some(reason)) => language.reason(reason),
        (_, None) => String::new(),
    };
    let word = language.text(verdict.key(), &[]);
    let target = name_of(target);
    let arguments = [("target", &*target), ("verdict", word.as_str()), ("text", &text)];
    Line::Headline(language.text("headline-proof", &arguments))
}

fn signed_by(language: Language, signers: usize, validators: usize) -> Line {
    let (count, validators) = (signers.to_string(), validators.to_string());
    let value = language.text("fact-signed-by-count", &[("count", &count), ("validators", &validators)]);
    Line::Fact(language.text("fact-signed-by", &[]), value)
}

#[cfg(test)]
mod tests {
    use sanad_core::hash::Root;
    use sanad_core::ids::{Height, LogSize};

    use super::*;

    fn consistency(verdict: Verdict, reason: Option<&str>) -> Consistency {
        let root = Root([7; 32]);
        let mut found = Consistency::unproved("merapi.json", (LogSize(3), root), (LogSize(9), root));
        (found.verdict, found.reason) = (verdict, reason.map(str::to_owned));
        (found.height, found.time_ms, found.validators) = (Some(Height(5)), Some(1_700_000_000_000), 4);
        found
    }

    #[test]
    fn a_proof_is_said_in_both_languages() {
        let proved = consistency(Verdict::Proved, None);
        let Line::Headline(english) = &proved.lines(Language::English)[0] else { panic!() };
        assert_eq!(english, "merapi.json: proved: the older log begins the newer one");
        let Line::Headline(indonesian) = &proved.lines(Language::Indonesian)[0] else { panic!() };
        assert_eq!(indonesian, "merapi.json: terbukti: log lama adalah awal dari log baru");
    }

    #[test]
    fn what_is_not_proved_never_reads_as_proved() {
        let reason = "the proof begins at 3 entries, the receipt's log has 4; ask for a proof from that size";
        let refused = consistency(Verdict::NotProven, Some(reason));
        for (language, expected) in [
            (Language::English, format!("merapi.json: not proven: {reason}")),
            (
                Language::Indonesian,
                "merapi.json: tidak terbukti: bukti dimulai pada 3 entri, log tanda terima memiliki 4; mintalah \
                 bukti dari ukuran itu"
                    .to_owned(),
            ),
        ] {
            assert_eq!(refused.lines(language)[0], Line::Headline(expected));
        }
    }
}
