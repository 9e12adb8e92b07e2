//! JSON forms of our own objects, read as strictly as `docs/formats/README.md` says: one way to write each value,
//! but for layout and the order of fields.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::jcs::{self, JsonError};

/// Why a text is not the JSON form of a value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JsonFormError {
    /// Not JSON, or JSON that readers take differently.
    #[error("not unambiguous JSON: {0}")]
    Json(#[from] JsonError),
    /// More values than any object of ours has.
    #[error("more than {JSON_VALUES_MAX} values")]
    TooManyValues,
    /// Other fields or types than expected.
    #[error("not of the expected fields: {0}")]
    Fields(#[from] serde_json::Error),
    /// A value in another form than the one that it has.
    #[error("{place}: {fault}")]
    Form {
        /// Where, such as `members[2].network_key`.
        place: String,
        /// What is wrong with it.
        fault: JsonFormFault,
    },
}

/// What is wrong with the form of a value that could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonFormFault {
    /// A field without a value is given.
    #[error("a field without a value is left out, not null")]
    Null,
    /// An array in the place of an object, or another such change.
    #[error("an object is written with its fields, and a word or number as such")]
    Kind,
    /// Another spelling of the same value.
    #[error("hexadecimal is written in lower case")]
    Spelling,
}

/// Reads the JSON form of a value. Requires that the caller has checked the length of `text`.
///
/// # Errors
/// [`JsonFormError`].
pub fn read<T: DeserializeOwned + Serialize>(text: &[u8]) -> Result<T, JsonFormError> {
    if has_more_values(text, JSON_VALUES_MAX) {
        return Err(JsonFormError::TooManyValues);
    }
    jcs::canonicalize(text)?;
    // From the text itself: the canonical form of 3.0 is 3.
    let value: T = serde_json::from_slice(text)?;
    // serde takes more than it writes: arrays for objects, null for what is left out, any hexadecimal.
    let (read, written) = (serde_json::from_slice(text)?, serde_json::to_value(&value)?);
    match difference(&read, &written) {
        None => Ok(value),
        Some((place, fault)) => Err(JsonFormError::Form { place: place_name(&place), fault }),
    }
}

/// Whether a text has more values than a limit, counted by what separates them: in memory, each costs many times the
/// bytes of its text. What is not JSON may be counted wrongly, and is refused all the same.
fn has_more_values(text: &[u8], limit: usize) -> bool {
    let (mut in_text, mut escaped, mut count) = (false, false, 0);
    for byte in text {
        match (in_text, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_text = !in_text,
            (false, b',' | b'[' | b'{') => count += 1,
            _ => {}
        }
    }
    count > limit
}

/// Most values of an object of ours, its parts included: those of a trust file with thousands of changes are fewer.
const JSON_VALUES_MAX: usize = 1 << 18;

/// A step from a value to a part of it.
enum Step<'a> {
    Field(&'a str),
    Element(usize),
}

/// The first part of `read` that is written otherwise; the steps to it, innermost first.
///
/// A field that is written and was not read has a default that its type declares.
fn difference<'a>(read: &'a Value, written: &Value) -> Option<(Vec<Step<'a>>, JsonFormFault)> {
    let inside = |step, found: (Vec<Step<'a>>, JsonFormFault)| {
        let (mut place, fault) = found;
        place.push(step);
        (place, fault)
    };
    match (read, written) {
        (Value::Object(read), Value::Object(written)) => read.iter().find_map(|(name, value)| {
            let found = match written.get(name) {
                Some(written) => difference(value, written),
                None => Some((Vec::new(), JsonFormFault::Null)),
            };
            found.map(|found| inside(Step::Field(name), found))
        }),
        (Value::Array(read), Value::Array(written)) if read.len() == written.len() => {
            let mut pairs = read.iter().zip(written).enumerate();
            pairs.find_map(|(place, (read, written))| {
                difference(read, written).map(|found| inside(Step::Element(place), found))
            })
        }
        _ if read == written => None,
        (Value::String(_), Value::String(_)) => Some((Vec::new(), JsonFormFault::Spelling)),
        _ => Some((Vec::new(), JsonFormFault::Kind)),
    }
}

fn place_name(steps: &[Step<'_>]) -> String {
    let mut name = String::new();
    for step in steps.iter().rev() {
        match step {
            Step::Field(field) if name.is_empty() => name.push_str(field),
            Step::Field(field) => name.extend([".", field]),
            Step::Element(place) => name.push_str(&format!("[{place}]")),
        }
    }
    if name.is_empty() { "the whole".to_owned() } else { name }
}
