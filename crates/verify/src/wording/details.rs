//! Sentences of the libraries in another language.
//!
//! Errors and findings say their facts in English, which is what logs and JSON have. The English catalogue has each
//! sentence as a pattern; a sentence that fits one is said in another language with the same arguments. What fits none stays
//! as it is: the texts of operating systems and of servers.

use std::sync::OnceLock;

use super::{ENGLISH, ENGLISH_DETAILS, Language};

/// A sentence in a language; `None` if no pattern fits.
pub(super) fn said(language: Language, english: &str) -> Option<String> {
    translate(language, english, 0)
}

fn translate(language: Language, english: &str, depth: usize) -> Option<String> {
    if depth > DEPTH_MAX || english.len() > TEXT_BYTES_MAX {
        return None;
    }
    for pattern in patterns() {
        let Some(arguments) = pattern.arguments(english) else { continue };
        let arguments: Vec<(&str, String)> = arguments
            .into_iter()
            .map(|(name, value)| match SENTENCES.contains(&name) {
                true => (name, translate(language, value, depth + 1).unwrap_or_else(|| value.to_owned())),
                false => (name, value.to_owned()),
            })
            .collect();
        let arguments: Vec<(&str, &str)> =
            arguments.iter().map(|(name, value)| (*name, value.as_str())).collect();
        return Some(language.text(pattern.key, &arguments));
    }
    // Several sentences, or an error and its cause, which may be a text from elsewhere.
    [("; ", true), (": ", true), ("; ", false), (": ", false)].into_iter().find_map(|(between, is_whole)| {
        let (first, rest) = english.split_once(between)?;
        // An address says what the rest is about.
        let is_address = !first.contains(' ');
        let first = match translate(language, first, depth + 1) {
            Some(said) => said,
            None if is_address && is_whole => first.to_owned(),
            None => return None,
        };
        let rest = match translate(language, rest, depth + 1) {
            Some(said) => said,
            None if is_whole => return None,
            None => rest.to_owned(),
        };
        Some(format!("{first}{between}{rest}"))
    })
}

/// A message of the English catalogue, to recognise a sentence by.
struct Pattern {
    key: &'static str,
    pieces: Vec<Piece>,
}

enum Piece {
    Text(&'static str),
    Argument(&'static str),
}

impl Pattern {
    fn of(line: &'static str) -> Option<Self> {
        let (key, mut rest) = line.split_once(" = ").filter(|_| !line.starts_with(['#', ' ']))?;
        let mut pieces = Vec::new();
        while let Some((text, after)) = rest.split_once("{ $") {
            let (name, after) = after.split_once(" }")?;
            if !text.is_empty() {
                pieces.push(Piece::Text(text));
            }
            pieces.push(Piece::Argument(name));
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest));
        }
        Some(Self { key, pieces })
    }

    /// How much of it is text.
    fn letters(&self) -> usize {
        let length = |piece: &Piece| match piece {
            Piece::Text(text) => text.len(),
            Piece::Argument(_) => 0,
        };
        self.pieces.iter().map(length).sum()
    }

    /// The arguments that make a sentence of it.
    fn arguments<'a>(&self, sentence: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
        let mut found = Vec::new();
        fits(&self.pieces, sentence, &mut found).then_some(found)
    }
}

fn fits<'a>(pieces: &[Piece], sentence: &'a str, found: &mut Vec<(&'static str, &'a str)>) -> bool {
    match pieces {
        [] => sentence.is_empty(),
        [Piece::Text(text), rest @ ..] => {
            sentence.strip_prefix(text).is_some_and(|sentence| fits(rest, sentence, found))
        }
        [Piece::Argument(name), rest @ ..] => {
            let ends: Vec<usize> = match rest {
                [Piece::Text(text), ..] => sentence.match_indices(text).map(|(at, _)| at).collect(),
                _ => vec![sentence.len()],
            };
            // One that is no sentence does not run over into the next.
            let is_one = |text: &str| !text.contains("; ") && !text.contains(": ");
            let is_argument = |text: &str| !text.is_empty() && (SENTENCES.contains(name) || is_one(text));
            ends.into_iter().take(ENDS_MAX).filter(|end| is_argument(&sentence[..*end])).any(|end| {
                found.push((name, &sentence[..end]));
                let holds = fits(rest, &sentence[end..], found);
                if !holds {
                    found.pop();
                }
                holds
            })
        }
    }
}

/// The patterns, those with the most text first.
fn patterns() -> &'static [Pattern] {
    static PATTERNS: OnceLock<Vec<Pattern>> = OnceLock::new();
    PATTERNS.get_or_init(|| {
        let words = ENGLISH.lines().filter(|line| WORDS.iter().any(|start| line.starts_with(start)));
        let mut patterns: Vec<Pattern> =
            ENGLISH_DETAILS.lines().chain(words).filter_map(Pattern::of).collect();
        patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.letters()));
        patterns
    })
}

/// Arguments that may be sentences or words of the catalogue themselves. All others are names, numbers and addresses.
const SENTENCES: [&str; 15] = [
    "ago", "amount", "at", "expected", "key", "kind", "other", "part", "place", "state", "validity",
    "verdict", "what", "why", "word",
];

/// Messages of the catalogue that stand within sentences, too.
const WORDS: [&str; 4] = ["verdict-", "age-", "part-", "standing-"];

/// How deep sentences are looked for within sentences.
const DEPTH_MAX: usize = 6;

/// Longest text that is looked at, in bytes.
const TEXT_BYTES_MAX: usize = 16 * 1024;

/// How many places are tried for the end of an argument.
const ENDS_MAX: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_within_sentences() {
        for (english, expected) in [
            ("genesis only", "genesis saja"),
            ("active as of block 7", "aktif per blok 7"),
            ("3 days ago; at most 7 days is allowed", "3 hari lalu; paling lama 7 hari diizinkan"),
            (
                "its proof does not hold: certificate: 1 of 4 validators signed; 3 are needed",
                "buktinya tidak sah: sertifikat: 1 dari 4 validator menandatangani; diperlukan 3",
            ),
            ("/a is missing; /b/0 is not a text", "/a tidak ada; /b/0 bukan teks"),
        ] {
            assert_eq!(said(Language::Indonesian, english).as_deref(), Some(expected), "{english}");
        }
        let refused =
            said(Language::Indonesian, "http://a.example: no connection to http://a.example: refused")
                .unwrap();
        assert_eq!(refused, "http://a.example: tidak ada sambungan ke http://a.example: refused");
        assert_eq!(said(Language::Indonesian, "Connection refused (os error 111)"), None);
    }

    /// A sentence is recognised by its own pattern, whatever its arguments are.
    #[test]
    fn patterns_recognise_themselves() {
        for pattern in patterns() {
            let text = |piece: &Piece| match piece {
                Piece::Text(text) => (*text).to_owned(),
                Piece::Argument(_) => "0".to_owned(),
            };
            let sentence: String = pattern.pieces.iter().map(text).collect();
            let first = patterns().iter().find(|other| other.arguments(&sentence).is_some()).unwrap();
            assert_eq!(first.letters(), pattern.letters(), "{sentence}: {} and {}", first.key, pattern.key);
        }
    }
}
