//! The grammar, checked by `serde_json`; the canonical form is printed while it is read.
//!
//! No tree is built: everything goes to the output at once, and an object whose keys came out of
//! order is rearranged there when it closes. So memory stays near the size of the text, and hostile
//! nesting costs no more than honest text.

use super::JsonError;
use super::error::bounded;
use super::write::{write_number, write_string};
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::ops::Range;

/// Returns the canonical form of the one value of `text`, in which every number is written `0`; their
/// values are `numbers`.
pub(super) fn canonical_form(text: &str, numbers: Vec<f64>) -> Result<Vec<u8>, JsonError> {
    let mut reading = Reading {
        numbers: numbers.into_iter(),
        output: Vec::with_capacity(text.len()),
        scratch: Vec::new(),
        duplicate: None,
    };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let result = ValueSeed(&mut reading).deserialize(&mut deserializer).and_then(|()| deserializer.end());
    match result {
        // Not known to happen, with any feature of `serde_json`: it would be a version that presents a
        // plain `0` as something else. Refused, because a wrong number would be a wrong digest.
        Ok(()) if reading.numbers.len() > 0 => Err(JsonError::Syntax { offset: text.len() }),
        Ok(()) => Ok(reading.output),
        Err(error) => {
            let offset = offset_of(text, error.line(), error.column());
            Err(match reading.duplicate {
                Some(key) => JsonError::DuplicateKey { offset, key },
                None if error.is_eof() => JsonError::Truncated { offset },
                None => JsonError::Syntax { offset },
            })
        }
    }
}

/// What is shared by all values of one text while it is read.
struct Reading {
    numbers: std::vec::IntoIter<f64>,
    output: Vec<u8>,
    /// Where an object is rearranged; kept so that it is allocated once.
    scratch: Vec<u8>,
    /// The key that stopped the reading; a serde error could carry it only as formatted text.
    duplicate: Option<String>,
}

impl Reading {
    /// Puts the members of the object that fills the output from `start` into the order of `places`.
    fn rearrange<'a>(&mut self, start: usize, places: impl Iterator<Item = &'a Range<usize>>) {
        self.scratch.clear();
        for place in places {
            if !self.scratch.is_empty() {
                self.scratch.push(b',');
            }
            self.scratch.extend_from_slice(&self.output[place.clone()]);
        }
        self.output.truncate(start);
        self.output.extend_from_slice(&self.scratch);
    }
}

/// An object's key, ordered by its UTF-16 code units (RFC 8785 3.2.3).
#[derive(PartialEq, Eq)]
struct Key<'de>(Cow<'de, str>);

impl Ord for Key<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        // UTF-8 order is code point order, and differs where a surrogate meets U+E000..U+FFFF.
        self.0.encode_utf16().cmp(other.0.encode_utf16())
    }
}

impl PartialOrd for Key<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Reads and prints one value. The recursion is bounded by the depth limit that `scan` has checked.
struct ValueSeed<'a>(&'a mut Reading);

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, source: D) -> Result<(), D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.0.output.extend_from_slice(b"null");
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        let literal: &[u8] = if value { b"true" } else { b"false" };
        self.0.output.extend_from_slice(literal);
        Ok(())
    }

    fn visit_u64<E: serde::de::Error>(self, _zero: u64) -> Result<(), E> {
        // `scan` and the grammar see the same numbers in the same order; at the end they are counted.
        let number = self.0.numbers.next().ok_or_else(|| E::custom("a number that was not scanned"))?;
        write_number(number, &mut self.0.output);
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        write_string(value, &mut self.0.output);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let reading = self.0;
        reading.output.push(b'[');
        let start = reading.output.len();
        while elements.next_element_seed(ValueSeed(reading))?.is_some() {
            reading.output.push(b',');
        }
        close(&mut reading.output, start, b']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let reading = self.0;
        reading.output.push(b'{');
        let start = reading.output.len();
        let mut places: BTreeMap<Key<'de>, Range<usize>> = BTreeMap::new();
        let mut in_order = true;
        while let Some(key) = members.next_key_seed(KeySeed)? {
            in_order &= places.last_key_value().is_none_or(|(last, _)| *last < key);
            match places.entry(key) {
                Entry::Vacant(vacant) => {
                    let member = reading.output.len();
                    write_string(&vacant.key().0, &mut reading.output);
                    reading.output.push(b':');
                    members.next_value_seed(ValueSeed(reading))?;
                    vacant.insert(member..reading.output.len());
                    reading.output.push(b',');
                }
                Entry::Occupied(occupied) => {
                    reading.duplicate = Some(bounded(&occupied.key().0));
                    return Err(A::Error::custom("duplicate key"));
                }
            }
        }
        if in_order {
            close(&mut reading.output, start, b'}');
        } else {
            reading.rearrange(start, places.values());
            reading.output.push(b'}');
        }
        Ok(())
    }
}

/// Closes the array or object that fills `output` from `start`, a comma after each of its parts.
fn close(output: &mut Vec<u8>, start: usize, bracket: u8) {
    if output.len() > start {
        output.pop();
    }
    output.push(bracket);
}

/// Reads one key, borrowed where it has no escapes.
struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Key<'de>;

    fn deserialize<D: serde::Deserializer<'de>>(self, source: D) -> Result<Key<'de>, D::Error> {
        source.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for KeySeed {
    type Value = Key<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Owned(key.to_owned())))
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Borrowed(key)))
    }
}

/// The byte offset of a position of `serde_json`: lines from 1, columns in bytes.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let lines = text.split_inclusive('\n').take(line.saturating_sub(1));
    let line_start: usize = lines.map(str::len).sum();
    (line_start + column).min(text.len())
}
