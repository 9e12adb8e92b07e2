//! A finding in lines, for people.

use sanad_core::ids::MemberId;
use sanad_core::member::Standing;
use sanad_core::summary::SummaryLabel;
use serde_json::Value;

use super::credential::credential_key;
use super::{Language, Line, Mark, name_of};
use crate::claims::{Claims, Disclosed, REGISTERED};
use crate::finding::{Asked, Basis, Finding, Form};
use crate::open::Open;
use crate::time;
use crate::verdict::Verdict;

impl Finding {
    /// The first line, in English: the word, as of when, and whether somebody was asked since.
    #[must_use]
    pub fn headline(&self) -> String {
        self.headline_in(Language::English)
    }

    /// All that people see, in a language.
    ///
    /// Texts from documents and files are not escaped: that is for the caller, who knows where they go.
    #[must_use]
    pub fn lines(&self, language: Language) -> Vec<Line> {
        let mut lines = vec![Line::Headline(self.headline_in(language))];
        let name = |key| language.text(key, &[]);
        if let Some(reason) = self.reason() {
            lines.push(Line::Fact(name("fact-because"), language.reason(reason)));
        }
        if let Some(as_of) = &self.as_of {
            let (height, age) = (as_of.height.to_string(), time::age(language, as_of.age_seconds));
            let mut value = language
                .text("fact-as-of-value", &[("height", &height), ("time", &as_of.time), ("age", &age)]);
            if self.form == Some(Form::Sealed) {
                value = language.text("fact-sealed", &[("as-of", &value)]);
            }
            lines.push(Line::Fact(name("fact-as-of"), value));
        }
        if let Some(time) = &self.existed_by {
            lines.push(Line::Fact(name("fact-existed-by"), time.clone()));
        }
        if let Some(issuer) = &self.issuer {
            let mut value = format!("{} ({})", issuer.name, issuer.id);
            if let Some(standing) = standing(issuer.standing) {
                let (standing, since) = (name(standing), issuer.since.to_string());
                let arguments = [("issuer", value.as_str()), ("standing", &standing), ("height", &since)];
                // What a block decides comes into force with the next one.
                let is_later = self.as_of.as_ref().is_some_and(|as_of| issuer.since > as_of.height);
                let key = if is_later { "fact-standing-from" } else { "fact-standing" };
                value = language.text(key, &arguments);
            }
            lines.push(Line::Fact(name("fact-issuer"), value));
        }
        for (label, text) in self.summary.iter().flat_map(|summary| summary.fields()) {
            let text = match label {
                SummaryLabel::Credits => decimal(language, text),
                _ => text.clone(),
            };
            lines.push(Line::Fact(name(summary_label(*label)), text));
        }
        self.claim_lines(language, &mut lines);
        if let Some(index) = self.log_index {
            lines.push(Line::Fact(name("fact-log-index"), index.to_string()));
        }
        if !self.signers.is_empty() {
            let names: Vec<&str> = self.signers.iter().map(MemberId::as_str).collect();
            let (count, validators) = (names.len().to_string(), self.validators.to_string());
            let arguments =
                [("count", count.as_str()), ("validators", &validators), ("names", &names.join(", "))];
            let value = language.text("fact-signed-by-value", &arguments);
            lines.push(Line::Fact(name("fact-signed-by"), value));
        }
        if let Some(basis) = self.rests_on {
            lines.push(Line::Fact(name("fact-rests-on"), basis_text(language, basis)));
        }
        for check in self.checks() {
            let (part, detail) = (language.detail(&check.part.to_string()), language.detail(&check.detail));
            let proves = language.text(check.part.key(), &[]);
            let arguments = [("part", part.as_str()), ("proves", &proves), ("detail", &detail)];
            lines.push(match check.holds {
                true => Line::Check(Mark::Holds, language.text("check-ok", &arguments)),
                false => Line::Check(Mark::Fails, language.text("check-no", &arguments)),
            });
        }
        if self.credential.is_some() {
            lines.push(Line::Text(name("by-itself")));
        }
        lines
    }

    /// What an SD-JWT says: what its holder chose to show first.
    fn claim_lines(&self, language: Language, lines: &mut Vec<Line>) {
        let Some(Claims { always, disclosed }) = &self.claims else { return };
        for Disclosed { claim, value } in disclosed {
            let claim = cut(claim.trim_start_matches('/'), CLAIM_NAME_CHARS_MAX);
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let name = language.text("fact-disclosed", &[("claim", &claim)]);
            lines.push(Line::Fact(name, cut(&value, CLAIM_CHARS_MAX)));
        }
        for (claim, value) in always.iter().filter(|(claim, _)| !REGISTERED.contains(&claim.as_str())) {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Number(_) | Value::Bool(_) => value.to_string(),
                // Such as the achievement, or the issuer.
                Value::Object(members) => match members.get("name") {
                    Some(Value::String(name)) => name.clone(),
                    _ => continue,
                },
                Value::Array(_) | Value::Null => continue,
            };
            let name = language.text("fact-always", &[("claim", &cut(claim, CLAIM_NAME_CHARS_MAX))]);
            lines.push(Line::Fact(name, cut(&text, CLAIM_CHARS_MAX)));
        }
    }

    /// What is left open, a line each.
    #[must_use]
    pub fn open_lines(&self, language: Language) -> Vec<Line> {
        let line = |open: &Open| language.text("open", &[("text", &open.text(language))]);
        self.not_proved().iter().map(|open| Line::Text(line(open))).collect()
    }

    /// The first line in a language.
    #[must_use]
    pub fn headline_in(&self, language: Language) -> String {
        let key = match self.verdict() {
            Verdict::Renew if self.clock_is_wrong => "verdict-clock",
            verdict => verdict.key(),
        };
        let word = language.text(key, &[]);
        let mut line = language.text("headline", &[("target", &name_of(&self.target)), ("verdict", &word)]);
        let failed: Vec<String> = self
            .checks()
            .iter()
            .filter(|check| !check.holds)
            .map(|check| language.detail(&check.part.to_string()))
            .collect();
        if !failed.is_empty() {
            line += &language.text("headline-parts", &[("parts", &failed.join(", "))]);
        }
        if let (Some(as_of), Some(_)) = (&self.as_of, &self.status) {
            let (time, age) = (time::minute(language, as_of.time_ms), time::age(language, as_of.age_seconds));
            line += &language.text("headline-as-of", &[("time", &time), ("age", &age)]);
            if let Some(issuer) = &self.issuer {
                // Names may be alike; ids are not.
                let name = format!("{} ({})", issuer.name, issuer.id);
                line += &language.text("headline-issuer", &[("name", &name)]);
            }
            line += &match &self.asked {
                Asked::NotAsked => language.text("headline-not-asked", &[]),
                Asked::Answered { source } => language.text("headline-asked", &[("source", source)]),
                Asked::CouldNotBeChecked { source, .. } => {
                    language.text("headline-unanswered", &[("source", source)])
                }
            };
        }
        if self.not_proved().contains(&Open::DocumentNotSeen) {
            line += &language.text("headline-not-seen", &[]);
        }
        // At once: who entered it is easily taken for the other.
        for open in self.not_proved() {
            if let Open::LooksLike { claimed, name, member } = open {
                let arguments = [("claimed", claimed.as_str()), ("name", name), ("member", member.as_str())];
                line += &language.text("headline-looks-like", &arguments);
            }
        }
        if self.expired {
            line += &language.text("headline-expired", &[]);
        }
        match self.credential.as_ref().map(|credential| credential.verdict) {
            // What looks like a credential and could not be checked is said at once: nobody looked at its dates.
            Some(verdict) if verdict.is_against() || verdict == sanad_credential::Verdict::NotChecked => {
                let word = language.text(credential_key(verdict), &[]);
                line + &language.text("headline-credential", &[("verdict", &word)])
            }
            _ => line,
        }
    }
}

/// A number with the decimal sign of the language.
fn decimal(language: Language, text: &str) -> String {
    let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit() || b".-".contains(&byte));
    match language {
        Language::Indonesian if is_decimal => text.replacen('.', ",", 1),
        Language::Indonesian | Language::English => text.to_owned(),
    }
}

/// A text of a document, for a line.
fn cut(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Longest name and value of a claim that are shown, in characters.
const CLAIM_NAME_CHARS_MAX: usize = 60;
const CLAIM_CHARS_MAX: usize = 400;

fn basis_text(language: Language, basis: Basis) -> String {
    match basis {
        Basis::Genesis => language.text("rests-on-genesis", &[]),
        Basis::TrustFile { height, time_ms, age_seconds } => {
            let (height, time) = (height.to_string(), time::format_ms(time_ms));
            let age = time::age(language, age_seconds);
            language.text("rests-on-trust-file", &[("height", &height), ("time", &time), ("age", &age)])
        }
    }
}

fn summary_label(label: SummaryLabel) -> &'static str {
    match label {
        SummaryLabel::Holder => "summary-holder",
        SummaryLabel::Title => "summary-title",
        SummaryLabel::AwardedOn => "summary-awarded-on",
        SummaryLabel::Credits => "summary-credits",
        SummaryLabel::Number => "summary-number",
        SummaryLabel::Level => "summary-level",
        SummaryLabel::ValidUntil => "summary-valid-until",
        SummaryLabel::Programme => "summary-programme",
    }
}

/// How a standing is said beside a name; an active member's is not.
fn standing(standing: Standing) -> Option<&'static str> {
    match standing {
        Standing::Active => None,
        Standing::Frozen => Some("standing-frozen"),
        Standing::Suspended => Some("standing-suspended"),
        Standing::Retired => Some("standing-retired"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_decimal_sign_of_the_language() {
        for (text, indonesian) in [("3.5", "3,5"), ("20", "20"), ("1e2", "1e2"), ("-0.5", "-0,5")] {
            assert_eq!(decimal(Language::Indonesian, text), indonesian);
            assert_eq!(decimal(Language::English, text), text);
        }
    }

    #[test]
    fn a_long_claim_is_cut_between_characters() {
        assert_eq!(cut("é", 1), "é");
        assert_eq!(cut("éé", 1), "é…");
    }
}
