//! The summary of a credential: what a paper certificate says, and nothing else of the document.
//!
//! Layout, table of labels and the rule for JSON credentials are in `docs/formats/commitment.md`.

use std::collections::BTreeMap;
use std::fmt;

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::codec::{self, CodecError};
use crate::jcs;
use crate::text::{TextError, check_text};

/// Longest encoded summary, in bytes.
pub const SUMMARY_BYTES_MAX: usize = 240;
/// Most fields of a summary.
pub const SUMMARY_FIELDS_MAX: usize = 8;

/// What one field of a summary says. The number in the encoding is assigned once and for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SummaryLabel {
    /// Name of the person to whom the credential was awarded.
    Holder = 0,
    /// Name of what was achieved.
    Title = 1,
    /// Date of the award, `YYYY-MM-DD`.
    AwardedOn = 2,
    /// Credits earned.
    Credits = 3,
    /// Number of the certificate.
    Number = 4,
    /// Level in a qualifications framework, such as `KKNI 6`.
    Level = 5,
    /// Last day on which the credential is valid, `YYYY-MM-DD`.
    ValidUntil = 6,
    /// Name of the programme of study.
    Programme = 7,
}

impl SummaryLabel {
    /// Every label, by ascending code.
    pub const ALL: [Self; 8] = [
        Self::Holder,
        Self::Title,
        Self::AwardedOn,
        Self::Credits,
        Self::Number,
        Self::Level,
        Self::ValidUntil,
        Self::Programme,
    ];

    /// The number in the encoding.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The name in the JSON form.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Holder => "holder",
            Self::Title => "title",
            Self::AwardedOn => "awarded_on",
            Self::Credits => "credits",
            Self::Number => "number",
            Self::Level => "level",
            Self::ValidUntil => "valid_until",
            Self::Programme => "programme",
        }
    }

    fn of_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|label| label.as_str() == name)
    }

    fn is_date(self) -> bool {
        matches!(self, Self::AwardedOn | Self::ValidUntil)
    }
}

impl fmt::Display for SummaryLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why there is no such summary.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SummaryError {
    /// Not the encoding of a list of fields.
    #[error("the summary has no valid encoding")]
    Codec(#[from] CodecError),
    /// No field, or more than [`SUMMARY_FIELDS_MAX`].
    #[error("a summary has 1 to {SUMMARY_FIELDS_MAX} fields, not {count}")]
    Count {
        /// Number of fields.
        count: usize,
    },
    /// A label that this program does not know. The summary may be sound: a newer verifier is needed.
    #[error("the summary's label {code} needs a newer verifier")]
    UnknownLabel {
        /// The label's number.
        code: u8,
    },
    /// A label of the JSON form that this program does not know. A newer verifier is needed.
    #[error("the summary's label \"{name}\" needs a newer verifier")]
    UnknownLabelName {
        /// The label's name.
        name: String,
    },
    /// A label that is not above the one before it.
    #[error("the summary's labels are not in strictly ascending order at \"{label}\"")]
    Order {
        /// The label out of order.
        label: SummaryLabel,
    },
    /// A field without text.
    #[error("the summary's field \"{label}\" is empty")]
    Empty {
        /// The field.
        label: SummaryLabel,
    },
    /// A code point that no text may contain.
    #[error("the summary's field \"{label}\" has a character that is not allowed")]
    Text {
        /// The field.
        label: SummaryLabel,
        /// The code point and its place.
        source: TextError,
    },
    /// A date in another form than `YYYY-MM-DD`.
    #[error("the summary's field \"{label}\" is not a date of the form YYYY-MM-DD")]
    Date {
        /// The field.
        label: SummaryLabel,
    },
    /// Longer than [`SUMMARY_BYTES_MAX`].
    #[error("the summary has {actual} bytes, more than {SUMMARY_BYTES_MAX}")]
    TooLong {
        /// Length of the encoding, in bytes.
        actual: usize,
    },
}

impl SummaryError {
    /// Whether a newer verifier may accept what this one does not know.
    #[must_use]
    pub fn needs_newer_verifier(&self) -> bool {
        matches!(self, Self::UnknownLabel { .. } | Self::UnknownLabelName { .. })
    }
}

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
        let fields = json_fields(document)?;
        if !fields.contains_key(&SummaryLabel::Title) {
            return None;
        }
        Self::new(fields.into_iter().collect()).ok()
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

/// What a comparison without a contradiction showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SummaryComparison {
    /// The document says all that the summary says.
    Agrees,
    /// No rule says how a summary follows from such a document: nothing was compared.
    NoRule,
}

/// A summary contradicts its document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the issuer's summary contradicts the document: {}", labels(contradictions))]
pub struct SummaryMismatch {
    /// Each field that contradicts, by ascending label; never empty.
    pub contradictions: Vec<Contradiction>,
}

/// One field of a summary that contradicts the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// The field.
    pub label: SummaryLabel,
    /// Its text in the summary.
    pub summary: String,
    /// The text that follows from the document, if any does.
    pub document: Option<String>,
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

/// The field that [`CodecError::Invalid`] names where a summary inside another object has an unknown label.
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

/// The rule for JSON credentials: each label's text, as the table in `docs/formats/commitment.md` says.
///
/// `None` if the document is not a credential, or has several subjects. The rule never changes: another one would be
/// another document kind.
fn json_fields(document: &Value) -> Option<BTreeMap<SummaryLabel, String>> {
    let credential = document.as_object()?;
    // VC Data Model 2.0, 4.5 (Open Badges 3.0 credentials have this type too).
    let is_credential = match credential.get("type")? {
        Value::String(kind) => kind == CREDENTIAL_TYPE,
        Value::Array(kinds) => kinds.iter().any(|kind| kind == CREDENTIAL_TYPE),
        _ => false,
    };
    let subject = match credential.get("credentialSubject")? {
        Value::Object(subject) => subject,
        Value::Array(subjects) if subjects.len() == 1 => subjects.first()?.as_object()?,
        _ => return None,
    };
    if !is_credential {
        return None;
    }
    let achievement = subject.get("achievement");
    let title = match achievement {
        Some(achievement) => achievement.get("name"),
        None => credential.get("name"),
    };
    let credits = subject.get("creditsEarned").or_else(|| achievement?.get("creditsAvailable"));
    let text = |value: Option<&Value>| value?.as_str().map(str::to_owned);
    let fields = [
        (SummaryLabel::Holder, holder(subject)),
        (SummaryLabel::Title, text(title)),
        (SummaryLabel::AwardedOn, date(credential, &["awardedDate", "validFrom", "issuanceDate"])),
        (SummaryLabel::Credits, number(credits)),
        (SummaryLabel::Number, text(subject.get("licenseNumber"))),
        (SummaryLabel::ValidUntil, date(credential, &["validUntil", "expirationDate"])),
    ];
    Some(fields.into_iter().filter_map(|(label, text)| Some((label, text?))).collect())
}

/// The subject's `name`; without that member, the identity of the only `identifier` that is a plain name.
fn holder(subject: &Map<String, Value>) -> Option<String> {
    if let Some(name) = subject.get("name") {
        return name.as_str().map(str::to_owned);
    }
    let identifiers = match subject.get("identifier")? {
        Value::Array(identifiers) => identifiers.as_slice(),
        one => std::slice::from_ref(one),
    };
    // Open Badges 3.0, IdentityObject: without `hashed: false` the text is a hash.
    let is_plain_name = |identity: &&Value| {
        identity.get("identityType").and_then(Value::as_str) == Some("name")
            && identity.get("hashed") == Some(&Value::Bool(false))
    };
    let mut names = identifiers.iter().filter(is_plain_name);
    match (names.next(), names.next()) {
        (Some(identity), None) => identity.get("identityHash")?.as_str().map(str::to_owned),
        _ => None,
    }
}

/// The date part, as it stands, of the first of these members that there is.
fn date(credential: &Map<String, Value>, members: &[&str]) -> Option<String> {
    let text = members.iter().find_map(|member| credential.get(*member))?.as_str()?;
    let date = text.split_once('T').map_or(text, |(date, _)| date);
    is_date(date).then(|| date.to_owned())
}

/// A JSON number in the spelling of RFC 8785.
fn number(value: Option<&Value>) -> Option<String> {
    let Value::Number(number) = value? else { return None };
    String::from_utf8(jcs::canonicalize(number.to_string().as_bytes()).ok()?).ok()
}

/// `YYYY-MM-DD` by its shape: the calendar is not asked.
fn is_date(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(place, byte)| match place {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

fn labels(contradictions: &[Contradiction]) -> String {
    contradictions.iter().map(|found| found.label.as_str()).collect::<Vec<_>>().join(", ")
}

const CREDENTIAL_TYPE: &str = "VerifiableCredential";
