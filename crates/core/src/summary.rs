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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(fields: &[(SummaryLabel, &str)]) -> Vec<(SummaryLabel, String)> {
        fields.iter().map(|(label, text)| (*label, (*text).to_owned())).collect()
    }

    #[test]
    fn the_layout_is_that_of_the_page() {
        let summary =
            Summary::new(fields(&[(SummaryLabel::Holder, "Siti"), (SummaryLabel::AwardedOn, "2026-05-02")]));
        let summary = summary.unwrap();
        assert_eq!(summary.encode(), b"\x02\x00\x04Siti\x02\x0a2026-05-02");
        assert_eq!(Summary::decode(&summary.encode()), Ok(summary.clone()));
        let followed = [&summary.encode()[..], &[0xff; 300]].concat();
        assert_eq!(Summary::decode_prefix(&followed), Ok((summary.clone(), 19)));
        assert_eq!(summary.text(SummaryLabel::Holder), Some("Siti"));
        assert_eq!(summary.text(SummaryLabel::Title), None);
        for (code, label) in SummaryLabel::ALL.into_iter().enumerate() {
            assert_eq!((usize::from(label.code()), SummaryLabel::of_code(label.code())), (code, Some(label)));
            assert_eq!(SummaryLabel::of_name(label.as_str()), Some(label));
        }
        assert_eq!(SummaryLabel::ALL.len(), SUMMARY_FIELDS_MAX);
    }

    #[test]
    fn each_fault_is_named() {
        use SummaryLabel::{AwardedOn, Holder, Title, ValidUntil};
        let refused = |list: &[(SummaryLabel, &str)]| Summary::new(fields(list)).unwrap_err();
        assert_eq!(refused(&[]), SummaryError::Count { count: 0 });
        assert_eq!(refused(&[(Title, "x"); 9]), SummaryError::Count { count: 9 });
        assert_eq!(refused(&[(Title, "x"), (Holder, "x")]), SummaryError::Order { label: Holder });
        assert_eq!(refused(&[(Title, "x"), (Title, "x")]), SummaryError::Order { label: Title });
        assert_eq!(refused(&[(Title, "")]), SummaryError::Empty { label: Title });
        let source = TextError { code_point: 10, offset: 1 };
        assert_eq!(refused(&[(Title, "a\nb")]), SummaryError::Text { label: Title, source });
        for date in ["2 May 2026", "2026-5-2", "2026-05-02T", "20260-5-02", "２026-05"] {
            assert_eq!(refused(&[(AwardedOn, date)]), SummaryError::Date { label: AwardedOn }, "{date}");
            assert_eq!(refused(&[(ValidUntil, date)]), SummaryError::Date { label: ValidUntil });
        }
        assert!(Summary::new(fields(&[(Title, &"x".repeat(237))])).is_ok());
        assert_eq!(refused(&[(Title, &"x".repeat(238))]), SummaryError::TooLong { actual: 241 });

        let decoded = |bytes: &[u8]| Summary::decode(bytes).unwrap_err();
        assert_eq!(decoded(&[1, 8, 1, b'x']), SummaryError::UnknownLabel { code: 8 });
        assert!(decoded(&[1, 255, 1, b'x']).needs_newer_verifier());
        assert_eq!(decoded(&[0]), SummaryError::Codec(CodecError::Invalid { field: "summary count" }));
        assert_eq!(decoded(&[1, 1]), SummaryError::Codec(CodecError::Truncated { missing: 1 }));
        assert_eq!(decoded(&[1, 1, 0]), SummaryError::Empty { label: Title });
        assert!(!decoded(&[1, 1, 0]).needs_newer_verifier());

        let named = |name: &str| Summary::from_names([(name.to_owned(), "x".to_owned())].into());
        assert_eq!(named("grade"), Err(SummaryError::UnknownLabelName { name: "grade".into() }));
        assert!(named("grade").unwrap_err().needs_newer_verifier());
        assert!(named("title").is_ok());
    }

    #[test]
    fn json_is_an_object_of_texts() {
        let text = r#"{"holder":"Siti","awarded_on":"2026-05-02"}"#;
        let summary: Summary = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&summary).unwrap(), text);
        let turned: Summary = serde_json::from_str(r#"{"awarded_on":"2026-05-02","holder":"Siti"}"#).unwrap();
        assert_eq!(turned, summary);
        for (bad, word) in [
            (r#"{"title":"a","title":"a"}"#, "twice"),
            (r#"{"grade":"A"}"#, "newer verifier"),
            ("{}", "not 0"),
            (r#"{"title":""}"#, "empty"),
            (r#"{"title":1}"#, "string"),
            (r#"["title"]"#, "object of texts"),
            (r#"{"1":"","2":"","3":"","4":"","5":"","6":"","7":"","8":"","9":""}"#, "not 9"),
        ] {
            let error = serde_json::from_str::<Summary>(bad).unwrap_err().to_string();
            assert!(error.contains(word), "{bad}: {error}");
        }
    }

    fn badge() -> Value {
        json!({
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "id": "urn:uuid:1",
            "name": "Badge of Siti",
            "awardedDate": "2026-05-02T10:00:00+07:00",
            "validFrom": "2026-05-03T00:00:00Z",
            "validUntil": "2031-05-02",
            "credentialSubject": {
                "name": "Siti Rahma",
                "creditsEarned": 20.0,
                "licenseNumber": "ICE-0042",
                "achievement": { "name": "Lencana Guru Digital", "creditsAvailable": 24 },
            },
        })
    }

    /// The badge with one member changed, or removed.
    fn with(pointer: &str, value: impl Into<Option<Value>>) -> Value {
        let mut badge = badge();
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        let parent = badge.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match value.into() {
            Some(value) => parent.insert(member.to_owned(), value),
            None => parent.remove(member),
        };
        badge
    }

    fn text(document: &Value, label: SummaryLabel) -> Option<String> {
        Summary::of_json(document).unwrap().text(label).map(str::to_owned)
    }

    #[test]
    fn a_badge_gives_its_summary() {
        use SummaryLabel::{AwardedOn, Credits, Holder, Number, Title, ValidUntil};
        let expected = fields(&[
            (Holder, "Siti Rahma"),
            (Title, "Lencana Guru Digital"),
            (AwardedOn, "2026-05-02"),
            (Credits, "20"),
            (Number, "ICE-0042"),
            (ValidUntil, "2031-05-02"),
        ]);
        assert_eq!(Summary::of_json(&badge()).unwrap().fields(), expected);

        let subject = "/credentialSubject";
        let in_list = with(subject, json!([badge()["credentialSubject"]]));
        assert_eq!(Summary::of_json(&in_list).unwrap().fields(), expected);
        assert_eq!(
            Summary::of_json(&with("/type", json!("VerifiableCredential"))).unwrap().fields(),
            expected
        );

        let plain = |name: &str| json!({ "identityType": "name", "hashed": false, "identityHash": name });
        let hashed = json!({ "identityType": "name", "hashed": true, "identityHash": "sha256$00" });
        let mail = json!({ "identityType": "emailAddress", "hashed": false, "identityHash": "siti@example" });
        for (identifier, holder) in [
            (json!([hashed, mail, plain("Siti")]), Some("Siti")),
            (plain("Siti"), Some("Siti")),
            (json!([plain("Siti"), plain("Rahma")]), None),
            (json!([hashed, mail]), None),
            (json!([{ "identityType": "name", "identityHash": "Siti" }]), None),
            (json!("Siti"), None),
        ] {
            let mut badge = with("/credentialSubject/name", None);
            badge["credentialSubject"]["identifier"] = identifier;
            assert_eq!(text(&badge, Holder).as_deref(), holder);
            badge["credentialSubject"]["name"] = json!({ "@value": "Siti" });
            assert_eq!(text(&badge, Holder), None, "a name in another form settles it");
        }

        let without = with("/credentialSubject/achievement", None);
        assert_eq!(text(&without, Title).as_deref(), Some("Badge of Siti"));
        for (member, date) in [("awardedDate", "2026-05-02"), ("validFrom", "2026-05-03")] {
            assert_eq!(
                text(&with("/validFrom", json!("2026-05-03")), AwardedOn).as_deref(),
                Some("2026-05-02")
            );
            let mut only = with("/awardedDate", None);
            only[member] = json!(format!("{date}T23:59:59-11:00"));
            assert_eq!(text(&only, AwardedOn).as_deref(), Some(date));
        }
        assert_eq!(text(&with("/awardedDate", json!("2 May 2026")), AwardedOn), None);
        assert_eq!(text(&with("/awardedDate", json!(20_260_502)), AwardedOn), None);

        for (credits, spelled) in [
            (json!(2.5), Some("2.5")),
            (json!(1e-7), Some("1e-7")),
            (json!("20"), None),
            (json!(9_007_199_254_740_993_u64), None),
        ] {
            assert_eq!(text(&with("/credentialSubject/creditsEarned", credits), Credits).as_deref(), spelled);
        }
        let available = with("/credentialSubject/creditsEarned", None);
        assert_eq!(text(&available, Credits).as_deref(), Some("24"));
    }

    #[test]
    fn some_documents_have_none() {
        for document in [
            json!([]),
            json!({}),
            with("/type", None),
            with("/type", json!(["OpenBadgeCredential"])),
            with("/credentialSubject", None),
            with("/credentialSubject", json!([])),
            with("/credentialSubject", json!([{}, {}])),
            with("/credentialSubject", json!("did:example:1")),
            with("/credentialSubject/achievement/name", None),
            with("/credentialSubject/achievement/name", json!({ "en": "Badge" })),
            with("/credentialSubject/achievement/name", json!("")),
            with("/credentialSubject/achievement/name", json!("a\u{202e}b")),
            with("/credentialSubject/achievement/name", json!("x".repeat(200))),
            with("/credentialSubject/name", json!("")),
        ] {
            assert_eq!(Summary::of_json(&document), None, "{document}");
        }
    }

    #[test]
    fn contradictions_are_listed() {
        let summary = Summary::of_json(&badge()).unwrap();
        assert_eq!(summary.compare_json(&badge()), Ok(SummaryComparison::Agrees));
        let short = Summary::new(fields(&[(SummaryLabel::Title, "Lencana Guru Digital")])).unwrap();
        assert_eq!(
            short.compare_json(&badge()),
            Ok(SummaryComparison::Agrees),
            "left out is not contradicted"
        );
        for document in [json!({ "name": "Siti" }), json!([])] {
            assert_eq!(summary.compare_json(&document), Ok(SummaryComparison::NoRule));
        }
        let mut other = with("/credentialSubject/name", json!("Rahma"));
        other["credentialSubject"].as_object_mut().unwrap().remove("licenseNumber");
        let mismatch = summary.compare_json(&other).unwrap_err();
        assert_eq!(mismatch.to_string(), "the issuer's summary contradicts the document: holder, number");
        let contradictions = [
            (SummaryLabel::Holder, "Siti Rahma", Some("Rahma".to_owned())),
            (SummaryLabel::Number, "ICE-0042", None),
        ]
        .map(|(label, summary, document)| Contradiction {
            label,
            summary: summary.to_owned(),
            document,
        });
        assert_eq!(mismatch.contradictions, contradictions);
        // No document of this kind says a level.
        let level = Summary::new(fields(&[(SummaryLabel::Level, "KKNI 6")])).unwrap();
        assert!(level.compare_json(&badge()).is_err());
        // The document has no valid summary, but its title is still compared.
        let long = with("/credentialSubject/name", json!("x".repeat(250)));
        assert_eq!(short.compare_json(&long), Ok(SummaryComparison::Agrees));
    }
}
