//! Characters that nobody sees, or that turn around what stands beside them: two texts that look alike would not be the same,
//! or one would read as something else.

use std::fmt;

use sanad_core::text::is_refused;

/// A hidden character in a text of JSON. Written as `7:14: U+200B is not allowed: nobody sees it`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextFault {
    /// The line, counted from 1.
    pub line: usize,
    /// The character of the line, counted from 1.
    pub column: usize,
    /// The code point.
    pub character: char,
}

impl fmt::Display for TextFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, character } = *self;
        write!(
            f,
            "{line}:{column}: U+{:04X} is not allowed: it cannot be seen, or turns text around",
            u32::from(character)
        )
    }
}

/// The first character of a text that nobody sees, or that turns around what stands beside it.
#[must_use]
pub fn hidden_character(text: &str) -> Option<char> {
    let mut before = None;
    text.chars().find(|character| {
        let hidden = is_hidden(*character, before);
        before = Some(*character);
        hidden
    })
}

/// A text with its hidden characters written as `\u{200B}`.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::new();
    let mut before = None;
    for character in text.chars() {
        match is_hidden(character, before) {
            true => shown.push_str(&format!("\\u{{{:04X}}}", u32::from(character))),
            false => shown.push(character),
        }
        before = Some(character);
    }
    shown
}

/// The hidden characters in the texts of JSON, written as such or as escapes; at most 100 of them. Line breaks and tabs
/// are allowed, since descriptions are in Markdown.
///
/// Requires JSON that was read before: what is not JSON gives no sensible places.
#[must_use]
pub fn check_texts(json: &[u8]) -> Vec<TextFault> {
    let text = String::from_utf8_lossy(json);
    let (mut line, mut column, mut in_text) = (1, 0, false);
    let (mut before, mut faults) = (None, Vec::new());
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        column += 1;
        let place = (line, column);
        let mut meant = character;
        match character {
            '\n' => (line, column) = (line + 1, 0),
            '"' => in_text = !in_text,
            '\\' if in_text => {
                let (escaped, length) = escape(rest.as_str());
                rest = rest.as_str().get(length..).unwrap_or_default().chars();
                column += length;
                meant = escaped;
            }
            _ => {}
        }
        if !in_text {
            before = None;
            continue;
        }
        if is_hidden(meant, before) && !matches!(meant, '\n' | '\t') && faults.len() < FAULTS_MAX {
            faults.push(TextFault { line: place.0, column: place.1, character: meant });
        }
        before = Some(meant);
    }
    faults
}

/// The character that an escape stands for, and the bytes after its backslash.
fn escape(rest: &str) -> (char, usize) {
    let unit = |rest: &str| u16::from_str_radix(rest.strip_prefix('u')?.get(..4)?, 16).ok();
    match rest.chars().next() {
        Some('u') => {
            let Some(first) = unit(rest) else { return (char::REPLACEMENT_CHARACTER, 1) };
            let second = rest.get(5..).and_then(|rest| unit(rest.strip_prefix('\\')?));
            match char::decode_utf16([first].into_iter().chain(second)).next() {
                Some(Ok(character)) => (character, if character > '\u{ffff}' { 11 } else { 5 }),
                _ => (char::REPLACEMENT_CHARACTER, 5),
            }
        }
        Some('n') => ('\n', 1),
        Some('t') => ('\t', 1),
        Some('r') => ('\r', 1),
        Some('b') => ('\u{8}', 1),
        Some('f') => ('\u{c}', 1),
        Some(other) => (other, other.len_utf8()),
        None => (char::REPLACEMENT_CHARACTER, 0),
    }
}

/// Whether a character is not allowed after another one.
///
/// Unicode's Default_Ignorable_Code_Point and what looks like nothing, but for what scripts need: joiners after a letter
/// of a script that joins (RFC 5892 A.1 and A.2, without its tables), and variation selectors after ideographs and symbols.
fn is_hidden(character: char, before: Option<char>) -> bool {
    match character {
        '\u{200c}' | '\u{200d}' => !before.is_some_and(joins),
        '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => !before.is_some_and(varies),
        '\u{00ad}'
        | '\u{034f}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'
        | '\u{2060}'..='\u{206f}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d159}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' => true,
        _ => is_refused(character),
    }
}

/// Arabic, Syriac and their like, and the scripts that come from Brahmi: those of India, Balinese, Javanese, Khmer.
fn joins(letter: char) -> bool {
    matches!(
        letter,
        '\u{0600}'..='\u{1cff}' | '\u{a800}'..='\u{abff}' | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'
            | '\u{10a00}'..='\u{11fff}' | '\u{1e900}'..='\u{1e95f}'
    ) && !is_hidden(letter, None)
        && !matches!(letter, '\u{0e00}'..='\u{0fff}' | '\u{10a0}'..='\u{177f}')
}

/// Ideographs, and symbols that have two forms.
fn varies(letter: char) -> bool {
    matches!(
        letter,
        '\u{2190}'..='\u{27ff}' | '\u{2900}'..='\u{2bff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
            | '\u{1f000}'..='\u{1faff}' | '\u{20000}'..='\u{3ffff}'
    ) && letter != '\u{2800}'
}

/// Most faults of a text that are collected.
const FAULTS_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_found_and_what_scripts_need_is_not() {
        for character in [
            '\u{7}',
            '\u{ad}',
            '\u{61c}',
            '\u{200b}',
            '\u{200c}',
            '\u{200d}',
            '\u{202e}',
            '\u{2060}',
            '\u{2800}',
            '\u{3164}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{e0041}',
            '\u{e007f}',
            '\u{e0101}',
        ] {
            assert_eq!(hidden_character(&format!("Siti{character} Aini")), Some(character), "{character:?}");
        }
        for name in [
            "Siti Nur\u{2019}aini",
            "خانه\u{200c}ها",
            "क्\u{200d}ष",
            "ꦧꦮ\u{200c}ꦤ",
            "葛\u{e0101}城",
            "\u{2764}\u{fe0f}",
            "Li Wei (李伟)",
        ] {
            assert_eq!(hidden_character(name), None, "{name:?}");
        }
        assert_eq!(hidden_character("ها\u{200c}\u{200c}ها"), Some('\u{200c}'), "one joiner joins");
        assert_eq!(visible("Siti\u{202e}Aini"), "Siti\\u{202E}Aini");
    }

    #[test]
    fn hidden_characters_of_json_are_named_by_line_and_column() {
        let found = |json: &str| -> Vec<String> {
            check_texts(json.as_bytes())
                .iter()
                .map(|fault| fault.to_string()[..fault.to_string().find(" is").unwrap()].to_owned())
                .collect()
        };
        assert_eq!(
            found("{\"a\": \"x\u{200b}\",\n  \"b\": \"\u{e9}\\u202ey\"}"),
            ["1:9: U+200B", "2:10: U+202E"]
        );
        assert_eq!(
            found(r#"{"a\u0007": "x\\u200b", "b": "\ud83d\ude00\udb40\udc41", "c": "1\b2\n\t"}"#),
            ["1:4: U+0007", "1:43: U+E0041", "1:65: U+0008"]
        );
        assert_eq!(found("{\"a\": \"two\\nlines \\\"quoted\\\"\"}"), Vec::<String>::new());
    }
}
