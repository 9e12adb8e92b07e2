//! Findings in words, from the message catalogues in `messages/`.

use std::sync::OnceLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use sanad_core::ids::MemberId;
use sanad_core::member::Standing;
use sanad_core::summary::SummaryLabel;
use unic_langid::LanguageIdentifier;

use crate::finding::{Asked, Basis, Finding, Form};
use crate::open::Open;
use crate::time;
use crate::verdict::Verdict;

/// A language that findings are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Indonesian.
    Indonesian,
}

/// There is no message catalogue for a language.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no messages in {tag:?}; there are en and id")]
pub struct UnknownLanguage {
    /// The tag that was given.
    pub tag: String,
}

/// A line of a finding in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// The first line: the word, and as of when.
    Headline(String),
    /// A name and its value.
    Fact(String, String),
    /// A check, with its mark.
    Check(Mark, String),
    /// Anything else.
    Text(String),
}

/// Whether a check holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It holds.
    Holds,
    /// It does not.
    Fails,
}

impl std::str::FromStr for Language {
    type Err = UnknownLanguage;

    /// Reads a language tag or a locale: `id`, `id-ID`, `id_ID.UTF-8`.
    fn from_str(tag: &str) -> Result<Self, UnknownLanguage> {
        let language = tag.split(['-', '_', '.', '@']).next().unwrap_or(tag);
        match language.to_ascii_lowercase().as_str() {
            "en" | "c" | "posix" => Ok(Self::English),
            "id" | "in" => Ok(Self::Indonesian),
            _ => Err(UnknownLanguage { tag: tag.to_owned() }),
        }
    }
}

impl Language {
    /// A message with its arguments put in.
    pub(crate) fn text(self, key: &str, arguments: &[(&str, &str)]) -> String {
        self.format(key, arguments.iter().map(|(name, value)| (*name, FluentValue::from(*value))))
    }

    /// A message whose argument `count` decides on its form.
    pub(crate) fn count(self, key: &str, count: u64) -> String {
        self.format(key, [("count", FluentValue::from(count))].into_iter())
    }

    fn format<'a>(self, key: &str, arguments: impl Iterator<Item = (&'a str, FluentValue<'a>)>) -> String {
        let arguments: FluentArgs<'_> = arguments.collect();
        let bundle = self.bundle();
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
            debug_assert!(false, "no message {key}");
            return key.to_owned();
        };
        bundle.format_pattern(pattern, Some(&arguments), &mut Vec::new()).into_owned()
    }

    fn bundle(self) -> &'static FluentBundle<FluentResource> {
        static ENGLISH_BUNDLE: OnceLock<FluentBundle<FluentResource>> = OnceLock::new();
        static INDONESIAN_BUNDLE: OnceLock<FluentBundle<FluentResource>> = OnceLock::new();
        match self {
            Self::English => ENGLISH_BUNDLE.get_or_init(|| bundle("en", ENGLISH)),
            Self::Indonesian => INDONESIAN_BUNDLE.get_or_init(|| bundle("id", INDONESIAN)),
        }
    }
}

fn bundle(tag: &str, messages: &str) -> FluentBundle<FluentResource> {
    let language: LanguageIdentifier = tag.parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    // Marks of direction around every argument would end up in files and logs; both languages run from left to right.
    bundle.set_use_isolating(false);
    // What can be read of a catalogue is used; a test sees to it that all can.
    let resource = FluentResource::try_new(messages.to_owned()).unwrap_or_else(|(resource, _)| resource);
    bundle.add_resource_overriding(resource);
    bundle
}

impl Finding {
    /// The first line, in English: the word, as of when, and whether somebody was asked since.
    #[must_use]
    pub fn headline(&self) -> String {
        self.headline_in(Language::English)
    }

    /// All that people see, in a language. Details of checks stay in English: they quote the errors of programs.
    ///
    /// Texts from documents and files are not escaped: that is for the caller, who knows where they go.
    #[must_use]
    pub fn lines(&self, language: Language) -> Vec<Line> {
        let mut lines = vec![Line::Headline(self.headline_in(language))];
        let name = |key| language.text(key, &[]);
        if let Some(reason) = self.reason() {
            lines.push(Line::Fact(name("fact-because"), reason.to_owned()));
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
                value = language.text("fact-standing", &arguments);
            }
            lines.push(Line::Fact(name("fact-issuer"), value));
        }
        for (label, text) in self.summary.iter().flat_map(|summary| summary.fields()) {
            lines.push(Line::Fact(name(summary_label(*label)), text.clone()));
        }
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
            let part = check.part.to_string();
            let proves = language.text(check.part.key(), &[]);
            let arguments = [("part", part.as_str()), ("proves", &proves), ("detail", &check.detail)];
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

    /// What is left open, a line each.
    #[must_use]
    pub fn open_lines(&self, language: Language) -> Vec<Line> {
        let line = |open: &Open| language.text("open", &[("text", &open.text(language))]);
        self.not_proved().iter().map(|open| Line::Text(line(open))).collect()
    }

    /// The first line in a language.
    #[must_use]
    pub fn headline_in(&self, language: Language) -> String {
        let word = language.text(self.verdict().key(), &[]);
        let mut line = language.text("headline", &[("target", &self.target), ("verdict", &word)]);
        let failed: Vec<String> =
            self.checks().iter().filter(|check| !check.holds).map(|check| check.part.to_string()).collect();
        if !failed.is_empty() {
            line += &language.text("headline-parts", &[("parts", &failed.join(", "))]);
        }
        if let (Some(as_of), Some(_)) = (&self.as_of, &self.status) {
            let (time, age) = (time::minute(language, as_of.time_ms), time::age(language, as_of.age_seconds));
            line += &language.text("headline-as-of", &[("time", &time), ("age", &age)]);
            if let Some(issuer) = &self.issuer {
                line += &language.text("headline-issuer", &[("name", &issuer.name)]);
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

/// The totals of several findings.
#[must_use]
pub fn totals(language: Language, documents: usize, counts: &[(Verdict, u64)], without: usize) -> String {
    let mut parts: Vec<String> = counts
        .iter()
        .map(|(verdict, count)| format!("{count} {}", language.text(verdict.key(), &[])))
        .collect();
    if without > 0 {
        parts.push(language.text("totals-without", &[("count", &without.to_string())]));
    }
    let (documents, parts) = (documents.to_string(), parts.join(", "));
    language.text("totals", &[("count", &documents), ("counts", &parts)])
}

fn credential_key(verdict: sanad_credential::Verdict) -> &'static str {
    use sanad_credential::Verdict;
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

const ENGLISH: &str = include_str!("../messages/en.ftl");
const INDONESIAN: &str = include_str!("../messages/id.ftl");

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The keys of a catalogue, and the arguments of each.
    fn keys(messages: &str) -> BTreeSet<(String, BTreeSet<String>)> {
        assert!(FluentResource::try_new(messages.to_owned()).is_ok());
        let mut keys: Vec<(String, BTreeSet<String>)> = Vec::new();
        for line in messages.lines().filter(|line| !line.starts_with('#')) {
            if let Some((key, _)) = line.split_once(" = ").filter(|_| !line.starts_with(' ')) {
                keys.push((key.to_owned(), BTreeSet::new()));
            }
            let arguments = line.split("{ $").skip(1).filter_map(|rest| rest.split([' ', '}']).next());
            if let Some((_, found)) = keys.last_mut() {
                found.extend(arguments.map(str::to_owned));
            }
        }
        keys.into_iter().collect()
    }

    #[test]
    fn catalogues_have_the_same_keys_and_arguments() {
        let (english, indonesian) = (keys(ENGLISH), keys(INDONESIAN));
        assert!(english.len() > 80);
        assert_eq!(
            english.difference(&indonesian).collect::<Vec<_>>(),
            Vec::<&(String, BTreeSet<String>)>::new()
        );
        assert_eq!(english, indonesian);
    }

    #[test]
    fn locales_name_a_language() {
        for tag in ["id", "ID", "id-ID", "id_ID.UTF-8"] {
            assert_eq!(tag.parse(), Ok(Language::Indonesian), "{tag}");
        }
        for tag in ["en", "en_US.UTF-8", "C", "C.UTF-8", "POSIX"] {
            assert_eq!(tag.parse(), Ok(Language::English), "{tag}");
        }
        assert!("xx".parse::<Language>().is_err());
        assert!("".parse::<Language>().is_err());
    }
}
