//! The lexical pass: nesting, numbers and surrogates.
//!
//! It runs before the grammar is checked. On a valid text it sees exactly the tokens of the grammar;
//! an invalid one is refused afterwards, whatever was made of it here.

use super::error::bounded;
use super::{JSON_DEPTH_MAX, JSON_INTEGER_MAX, JsonError};

/// What the lexical pass hands to the grammar.
pub(super) struct Scanned {
    /// The text, every well-formed number replaced by `0` and spaces, so that offsets stay.
    ///
    /// This keeps conversions out of `serde_json`, where they depend on features that any crate of
    /// the build may switch on: without `float_roundtrip` it can miss the nearest double.
    pub(super) grammar_text: String,
    /// The values of these numbers, in the order of the text; all finite.
    pub(super) numbers: Vec<f64>,
}

/// Checks nesting, numbers and surrogate escapes of `text`, and takes the numbers out.
pub(super) fn scan(text: &str) -> Result<Scanned, JsonError> {
    let bytes = text.as_bytes();
    check_depth_and_strings(bytes)?;
    let mut grammar_text = String::with_capacity(text.len());
    let mut numbers = Vec::new();
    let mut copied = 0;
    let mut offset = 0;
    while offset < bytes.len() {
        match bytes[offset] {
            b'"' => offset = string_end(bytes, offset),
            b'-' | b'0'..=b'9' => {
                let end = number_end(bytes, offset);
                let lexeme = &text[offset..end];
                if let Some(form) = NumberForm::of(lexeme.as_bytes()) {
                    numbers.push(number_value(lexeme, form, offset)?);
                    grammar_text.push_str(&text[copied..offset]);
                    grammar_text.push('0');
                    grammar_text.extend(std::iter::repeat_n(' ', lexeme.len() - 1));
                    copied = end;
                }
                offset = end;
            }
            _ => offset += 1,
        }
    }
    grammar_text.push_str(&text[copied..]);
    Ok(Scanned { grammar_text, numbers })
}

/// How a number is written: RFC 8785 has one number type, but the limit on integers is lexical.
#[derive(Clone, Copy)]
enum NumberForm {
    Integer,
    FractionOrExponent,
}

impl NumberForm {
    /// The form of `lexeme`, or `None` where it is no number of RFC 8259 6.
    fn of(lexeme: &[u8]) -> Option<Self> {
        let mut form = Self::Integer;
        let unsigned = lexeme.strip_prefix(b"-").unwrap_or(lexeme);
        let (integer, mut rest) = split_digits(unsigned);
        if integer.is_empty() || (integer.len() > 1 && integer[0] == b'0') {
            return None;
        }
        if let Some(fraction) = rest.strip_prefix(b".") {
            let (digits, after) = split_digits(fraction);
            if digits.is_empty() {
                return None;
            }
            (form, rest) = (Self::FractionOrExponent, after);
        }
        if let [b'e' | b'E', exponent @ ..] = rest {
            let exponent = match exponent {
                [b'+' | b'-', unsigned @ ..] => unsigned,
                unsigned => unsigned,
            };
            let (digits, after) = split_digits(exponent);
            if digits.is_empty() {
                return None;
            }
            (form, rest) = (Self::FractionOrExponent, after);
        }
        rest.is_empty().then_some(form)
    }
}

/// The double nearest to `lexeme`, which is a number of RFC 8259 in the form `form`.
fn number_value(lexeme: &str, form: NumberForm, offset: usize) -> Result<f64, JsonError> {
    if matches!(form, NumberForm::Integer) {
        let magnitude = lexeme.strip_prefix('-').unwrap_or(lexeme).parse::<u64>();
        // The only way to fail on digits is a value beyond u64.
        if !magnitude.is_ok_and(|magnitude| magnitude <= JSON_INTEGER_MAX) {
            return Err(JsonError::UnsafeInteger { offset, lexeme: bounded(lexeme) });
        }
    }
    let value: f64 =
        lexeme.parse().expect("invariant: a number of RFC 8259 is a float literal of the standard library");
    if value.is_finite() {
        Ok(value)
    } else {
        Err(JsonError::NumberOverflow { offset, lexeme: bounded(lexeme) })
    }
}

/// Refuses nesting beyond the limit and lone surrogates. Allocates nothing.
fn check_depth_and_strings(bytes: &[u8]) -> Result<(), JsonError> {
    let mut depth: usize = 0;
    let mut offset = 0;
    while offset < bytes.len() {
        match bytes[offset] {
            b'"' => {
                let end = string_end(bytes, offset);
                check_surrogates(&bytes[offset..end], offset)?;
                offset = end;
                continue;
            }
            b'[' | b'{' => {
                depth += 1;
                if depth > JSON_DEPTH_MAX {
                    return Err(JsonError::TooDeep { offset, depth_max: JSON_DEPTH_MAX });
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        offset += 1;
    }
    Ok(())
}

/// Refuses a `\u` escape of one half of a surrogate pair without the other (RFC 8785 3.2.2.2).
///
/// `string` starts at `start` of the text. Escapes that are malformed are left to the grammar.
fn check_surrogates(string: &[u8], start: usize) -> Result<(), JsonError> {
    let mut offset = 0;
    while let Some(step) = string[offset..].iter().position(|&byte| byte == b'\\') {
        offset += step;
        match escaped_unit(&string[offset..]) {
            Some(0xd800..=0xdbff)
                if matches!(escaped_unit(&string[offset + ESCAPED_UNIT_BYTES..]), Some(0xdc00..=0xdfff)) =>
            {
                offset += 2 * ESCAPED_UNIT_BYTES;
            }
            Some(0xd800..=0xdfff) => {
                let escape = &string[offset..offset + ESCAPED_UNIT_BYTES];
                return Err(JsonError::LoneSurrogate {
                    offset: start + offset,
                    lexeme: escape.iter().copied().map(char::from).collect(),
                });
            }
            // Any other escape: past the backslash and what it escapes, which may be a backslash.
            _ => offset = (offset + 2).min(string.len()),
        }
    }
    Ok(())
}

/// The UTF-16 code unit of the `\uXXXX` escape that `bytes` starts with, if it does.
fn escaped_unit(bytes: &[u8]) -> Option<u16> {
    let digits = bytes.get(..ESCAPED_UNIT_BYTES)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |unit, &digit| {
        let value = char::from(digit).to_digit(16)?;
        Some(unit << 4 | u16::try_from(value).ok()?)
    })
}

/// The end of the string that opens at `start`: past its closing quote, or the end of the text.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut offset = start + 1;
    while offset < bytes.len() {
        match bytes[offset] {
            b'"' => return offset + 1,
            b'\\' => offset += 2,
            _ => offset += 1,
        }
    }
    bytes.len()
}

/// The end of the longest run from `start` of bytes that numbers are made of.
fn number_end(bytes: &[u8], start: usize) -> usize {
    let run = bytes[start..]
        .iter()
        .position(|byte| !matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'));
    run.map_or(bytes.len(), |run| start + run)
}

/// Splits `bytes` after its leading decimal digits.
fn split_digits(bytes: &[u8]) -> (&[u8], &[u8]) {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit());
    bytes.split_at(digits.count())
}

/// Length of `\uXXXX`, in bytes.
const ESCAPED_UNIT_BYTES: usize = 6;
