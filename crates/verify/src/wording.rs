//! Findings in words, from the message catalogues in `messages/`.

mod credential;
mod details;
mod lines;
mod proofs;

use std::borrow::Cow;
use std::sync::OnceLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use crate::verdict::Verdict;
pub use credential::{credential_headline, credential_issuer, credential_lines};

/// A language that findings are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English (`en`).
    #[default]
    English,
    /// Indonesian (`id`).
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
    /// The check was made and holds.
    Holds,
    /// It does not.
    Fails,
    /// It was not looked at, or says nothing for or against.
    Open,
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

    /// A sentence that a library said in English, as far as the catalogue knows it.
    pub(crate) fn detail(self, english: &str) -> String {
        match self {
            Self::English => english.to_owned(),
            Self::Indonesian => details::said(self, english).unwrap_or_else(|| english.to_owned()),
        }
    }

    /// A reason: the part that fails, and what is wrong with it.
    pub(crate) fn reason(self, english: &str) -> String {
        match english.split_once(": ") {
            // What is no part is the beginning of a sentence.
            Some((part, detail)) if self.detail(part) != part => {
                format!("{}: {}", self.detail(part), self.detail(detail))
            }
            _ => self.detail(english),
        }
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
            Self::English => ENGLISH_BUNDLE.get_or_init(|| bundle("en", &[ENGLISH, ENGLISH_DETAILS])),
            Self::Indonesian => {
                INDONESIAN_BUNDLE.get_or_init(|| bundle("id", &[INDONESIAN, INDONESIAN_DETAILS]))
            }
        }
    }
}

/// What a line begins with: quoted where it could pass for more of the line.
pub(crate) fn name_of(target: &str) -> Cow<'_, str> {
    let has_colon = target.contains([':', '\u{ff1a}', '\u{fe55}', '\u{2236}', '\u{a789}']);
    match has_colon && target.contains(char::is_whitespace) {
        true => Cow::Owned(format!("{target:?}")),
        false => Cow::Borrowed(target),
    }
}

fn bundle(tag: &str, catalogues: &[&str]) -> FluentBundle<FluentResource> {
    let language: LanguageIdentifier = tag.parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    // Marks of direction around every argument would end up in files and logs; both languages run from left to right.
    bundle.set_use_isolating(false);
    // What can be read of a catalogue is used; a test sees to it that all can.
    for messages in catalogues {
        let resource =
            FluentResource::try_new((*messages).to_owned()).unwrap_or_else(|(resource, _)| resource);
        bundle.add_resource_overriding(resource);
    }
    bundle
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

const ENGLISH: &str = include_str!("../messages/en.ftl");
const INDONESIAN: &str = include_str!("../messages/id.ftl");
const ENGLISH_DETAILS: &str = include_str!("../messages/details.en.ftl");
const INDONESIAN_DETAILS: &str = include_str!("../messages/details.id.ftl");

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
        for (english, indonesian) in [(ENGLISH, INDONESIAN), (ENGLISH_DETAILS, INDONESIAN_DETAILS)] {
            let (english, indonesian) = (keys(english), keys(indonesian));
            assert!(english.len() > 80);
            assert_eq!(
                english.symmetric_difference(&indonesian).collect::<Vec<_>>(),
                Vec::<&(String, BTreeSet<String>)>::new()
            );
        }
    }

    /// Every key in the source has its message.
    #[test]
    fn every_key_that_is_used_exists() {
        let known: BTreeSet<String> = keys(ENGLISH).into_iter().map(|(key, _)| key).collect();
        let starts: BTreeSet<&str> = known.iter().filter_map(|key| key.split('-').next()).collect();
        let mut used = 0;
        let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().flatten() {
                if entry.path().is_dir() {
                    folders.push(entry.path());
                    continue;
                }
                let source = std::fs::read_to_string(entry.path()).unwrap();
                let source = source.split("#[cfg(test)]").next().unwrap();
                for text in source.split('"').skip(1).step_by(2) {
                    let is_key = text.contains('-')
                        && text
                            .bytes()
                            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
                        && text.split('-').next().is_some_and(|start| starts.contains(start));
                    if is_key && !text.ends_with('-') && !["could-not-be-checked"].contains(&text) {
                        assert!(known.contains(text), "{text}, in {}", entry.path().display());
                        used += 1;
                    }
                }
            }
        }
        assert!(used > 80, "{used}");
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
