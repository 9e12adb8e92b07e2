//! The summary of a credential: what a paper certificate says, and nothing else of the document.
//!
//! Layout, table of labels and the rule for JSON credentials are in `docs/formats/commitment.md`.

mod comparison;
mod error;
mod json_rule;
mod label;

use std::collections::BTreeMap;
use std::fmt;

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::codec;
use crate::text::check_text;

pub use comparison::{Contradiction, SummaryComparison, SummaryMismatch};
pub use error::SummaryError;
pub use label::SummaryLabel;

use json_rule::{is_date, json_fields};

/// Longest encoded summary, in bytes.
pub const SUMMARY_BYTES_MAX: usize = 240;
/// Most fields of a summary.
pub const SUMMARY_FIELDS_MAX: usize = 8;

/// What a paper certificate says: 1 to 8 labelled texts, at most 240 bytes encoded.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Summary {
    /// Sorted by label, checked by [`Summary::new`].
    fields: Vec<(SummaryLabel, String)>,
}

impl Summary {
    /// A summary of these fields, which must be in strictly ascending order of their labels.
    ///
    /// # Errors
    /// Every [`SummaryError`] but for [`SummaryError::Codec`] and the unknown labels.
    pub fn new(fields: Vec<(SummaryLabel, String)>) -> Result<Self, SummaryError> {
        let count = fields.len();
        if count == 0 || count > SUMMARY_FIELDS_MAX {
            return Err(SummaryError::Count { count });
        }
        let mut previous = None;
        for (label, text) in &fields {
            let label = *label;
            if previous.is_some_and(|previous| previous >= label) {
                return Err(SummaryError::Order { label });
            }
            previous = Some(label);
            if text.is_empty() {
                return Err(SummaryError::Empty { label });
            }
            check_text(text).map_err(|source| SummaryError::Text { label, source })?;
            if label.is_date() && !is_date(text) {
                return Err(SummaryError::Date { label });
            }
        }
        let actual = 1 + fields.iter().map(|(_, text)| 2 + text.len()).sum::<usize>();
        if actual > SUMMARY_BYTES_MAX {
            return Err(SummaryError::TooLong { actual });
        }
        Ok(Self { fields })
    }

    /// A summary of fields by their JSON names, in any order.
    ///
    /// # Errors
    /// [`SummaryError::UnknownLabelName`], else as [`Summary::new`].
    pub fn from_names(names: BTreeMap<String, String>) -> Result<Self, SummaryError> {
        let mut fields = Vec::with_capacity(names.len().min(SUMMARY_FIELDS_MAX));
        for (name, text) in names {
            match SummaryLabel::of_name(&name) {
                Some(label) => fields.push((label, text)),
                None => return Err(SummaryError::UnknownLabelName { name }),
            }
        }
        fields.sort_by_key(|(label, _)| *label);
        Self::new(fields)
    }

    /// The fields, by ascending label.
    #[must_use]
    pub fn fields(&self) -> &[(SummaryLabel, String)] {
        &self.fields
    }

    /// The text of one field.
    #[must_use]
    pub fn text(&self, label: SummaryLabel) -> Option<&str> {
        self.fields.iter().find(|(other, _)| *other == label).map(|(_, text)| text.as_str())
    }

    /// The encoding: `u8` count, then `u8` label and `text8` of each field.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads an encoding, which must take the whole of `bytes`.
    ///
    /// # Errors
    /// [`SummaryError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, SummaryError> {
        codec::decode::<RawSummary>(bytes, SUMMARY_BYTES_MAX)?.try_into()
    }

    /// Reads an encoding at the front of `bytes`; returns it and the number of bytes it took.
    ///
    /// # Errors
    /// [`SummaryError`].
    pub fn decode_prefix(bytes: &[u8]) -> Result<(Self, usize), SummaryError> {
        let front = &bytes[..bytes.len().min(SUMMARY_BYTES_MAX)];
        let (raw, read) = codec::decode_prefix::<RawSummary>(front, SUMMARY_BYTES_MAX)?;
        Ok((raw.try_into()?, read))
    }

    /// The summary that follows from an Open Badges 3.0 or W3C verifiable credential in its JSON form.
    ///
    /// `None` if the document is not such a credential, if it has no title, or if what follows is not a valid
    /// summary: longer than [`SUMMARY_BYTES_MAX`], or with a text that is refused.
    #[must_use]
    pub fn of_json(document: &Value) -> Option<Self> {
        Self::try_of_json(document)?.ok()
    }

    /// As [`Summary::of_json`], with the reason: `None` if no summary follows from such a document, or it has no title.
    ///
    /// # Errors
    /// [`SummaryError`], where what follows is no summary.
    pub fn try_of_json(document: &Value) -> Option<Result<Self, SummaryError>> {
        let fields = json_fields(document)?;
        fields.contains_key(&SummaryLabel::Title).then(|| Self::new(fields.into_iter().collect()))
    }

    /// Compares with what follows from a JSON document. A field that the document has and the summary leaves out is
    /// no contradiction.
    ///
    /// # Errors
    /// [`SummaryMismatch`] if a field says something else than the document, or something that it does not say.
    pub fn compare_json(&self, document: &Value) -> Result<SummaryComparison, SummaryMismatch> {
        let Some(mut derived) = json_fields(document) else {
            return Ok(SummaryComparison::NoRule);
        };
        let mut contradictions = Vec::new();
        for (label, text) in &self.fields {
            let document = derived.remove(label);
            if document.as_ref() != Some(text) {
                contradictions.push(Contradiction { label: *label, summary: text.clone(), document });
            }
        }
        if contradictions.is_empty() {
            Ok(SummaryComparison::Agrees)
        } else {
            Err(SummaryMismatch { contradictions })
        }
    }
}

impl Encode for Summary {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        let count = u8::try_from(self.fields.len()).map_err(|_| EncodeError::Other("too many fields"))?;
        count.encode(encoder)?;
        self.fields.iter().try_for_each(|(label, text)| {
            label.code().encode(encoder)?;
            codec::encode_short_text(text, encoder)
        })
    }
}

impl<C> Decode<C> for Summary {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        RawSummary::decode(decoder)?.try_into().map_err(|error| match error {
            SummaryError::UnknownLabel { .. } => DecodeError::Other(UNKNOWN_LABEL_FIELD),
            _ => DecodeError::Other("summary"),
        })
    }
}

bincode::impl_borrow_decode!(Summary);

/// The field that [`CodecError::Invalid`](codec::CodecError::Invalid) names where a summary inside another object has an unknown label.
pub const UNKNOWN_LABEL_FIELD: &str = "summary label";

/// What the bytes say, before labels and texts are checked.
struct RawSummary {
    fields: Vec<(u8, String)>,
}

impl<C> Decode<C> for RawSummary {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let count = usize::from(u8::decode(decoder)?);
        if count == 0 || count > SUMMARY_FIELDS_MAX {
            return Err(DecodeError::Other("summary count"));
        }
        let mut fields = Vec::with_capacity(count);
        for _ in 0..count {
            let code = u8::decode(decoder)?;
            fields.push((code, codec::decode_short_text(decoder, SUMMARY_BYTES_MAX)?));
        }
        Ok(Self { fields })
    }
}

impl TryFrom<RawSummary> for Summary {
    type Error = SummaryError;
    fn try_from(raw: RawSummary) -> Result<Self, SummaryError> {
        let label = |code| SummaryLabel::of_code(code).ok_or(SummaryError::UnknownLabel { code });
        let fields = raw.fields.into_iter().map(|(code, text)| Ok((label(code)?, text)));
        Self::new(fields.collect::<Result<_, SummaryError>>()?)
    }
}

impl Serialize for Summary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.fields.len()))?;
        for (label, text) in &self.fields {
            map.serialize_entry(label.as_str(), text)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Summary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = BTreeMap<String, String>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut names = BTreeMap::new();
                while let Some((name, text)) = map.next_entry::<String, String>()? {
                    if names.len() == SUMMARY_FIELDS_MAX {
                        return Err(A::Error::custom(SummaryError::Count { count: names.len() + 1 }));
                    }
                    if names.insert(name, text).is_some() {
                        return Err(A::Error::custom("a label stands twice"));
                    }
                }
                Ok(names)
            }
        }
        Self::from_names(deserializer.deserialize_map(Names)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests;
