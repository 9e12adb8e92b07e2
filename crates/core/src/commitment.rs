//! Commitments: how a credential's secret, summary and content become the 32 bytes on the ledger.
//!
//! Summary and content are keyed apart, so that whoever is shown one half cannot test guesses of the other. The
//! formulas are in `docs/formats/commitment.md`.

use std::fmt;

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::document::DocumentKind;
use crate::hash::{
    CONTENT, CONTENT_KEY, CREDENTIAL, ChainId, Commitment, ISSUANCE_KEY, SUMMARY, SUMMARY_KEY, bytes_newtype,
};
use crate::ids::MemberId;
use crate::summary::Summary;

/// Longest encoded [`Opening`], in bytes: the paper form with the longest summary.
pub const OPENING_BYTES_MAX: usize = 1 + 32 + crate::summary::SUMMARY_BYTES_MAX + 32;

macro_rules! secret_newtype {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// Wiped from memory when dropped; `Debug` does not print it.
        #[derive(
            Clone, PartialEq, Eq, zeroize::Zeroize, zeroize::ZeroizeOnDrop, bincode::Encode, bincode::Decode,
        )]
        pub struct $name(pub [u8; 32]);

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::hash::HexError;
            /// Reads lower- or upper-case hexadecimal of exactly the right length.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let mut secret = Self([0; 32]);
                match hex::decode_to_slice(text, &mut secret.0) {
                    Ok(()) => Ok(secret),
                    Err(_) => Err(crate::hash::HexError { expected: 64, actual: text.len() }),
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let text = zeroize::Zeroizing::new(hex::encode(self.0));
                serializer.serialize_str(&text)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

secret_newtype! {
    /// The 32 random bytes of one credential, kept only with it. Destroying them and the document erases the
    /// credential.
    Secret
}
secret_newtype! {
    /// The key of a credential's summary: opens the summary and tells nothing of the content.
    SummaryKey
}
secret_newtype! {
    /// The key of a credential's content: opens the document and tells nothing of the summary.
    ContentKey
}
bytes_newtype! {
    /// Keyed digest of a summary.
    SummaryHash, 32
}
bytes_newtype! {
    /// Keyed digest of a document's content.
    ContentHash, 32
}
bytes_newtype! {
    /// What is unique in the log: a commitment under its issuer. The key of the store's index of issuances.
    IssuanceKey, 32
}

impl Secret {
    /// `derive("sanad/v1 summary key", secret)`.
    #[must_use]
    pub fn summary_key(&self) -> SummaryKey {
        SummaryKey(SUMMARY_KEY.hash(&[&self.0]))
    }

    /// `derive("sanad/v1 content key", secret)`.
    #[must_use]
    pub fn content_key(&self) -> ContentKey {
        ContentKey(CONTENT_KEY.hash(&[&self.0]))
    }
}

impl SummaryHash {
    /// Stands for the summary of a credential that has none.
    pub const NONE: Self = Self([0; 32]);

    /// `derive("sanad/v1 summary", key || encoded summary)`.
    #[must_use]
    pub fn new(key: &SummaryKey, summary: &Summary) -> Self {
        Self(SUMMARY.hash(&[&key.0, &summary.encode()]))
    }
}

impl ContentHash {
    /// `derive("sanad/v1 content", key || digest)`, where `digest` is that of [`crate::document::digest`].
    #[must_use]
    pub fn new(key: &ContentKey, document_digest: &[u8; 32]) -> Self {
        Self(CONTENT.hash(&[&key.0, document_digest]))
    }
}

impl Commitment {
    /// `derive("sanad/v1 credential", chain id || text8 issuer || u8 kind || summary || content)`.
    ///
    /// Without a summary, `summary` is [`SummaryHash::NONE`].
    #[must_use]
    pub fn new(
        chain: &ChainId,
        issuer: &MemberId,
        kind: DocumentKind,
        summary: &SummaryHash,
        content: &ContentHash,
    ) -> Self {
        let issuer = codec::encode(issuer);
        Self(CREDENTIAL.hash(&[&chain.0, &issuer, &[kind.code()], &summary.0, &content.0]))
    }
}

impl IssuanceKey {
    /// `derive("sanad/v1 issuance key", text8 issuer || commitment)`.
    #[must_use]
    pub fn new(issuer: &MemberId, commitment: &Commitment) -> Self {
        // One for each event of a block: without an allocation. The length is that of an id, at most 32.
        let text = issuer.as_str().as_bytes();
        Self(ISSUANCE_KEY.hash(&[&[text.len() as u8], text, &commitment.0]))
    }
}

/// What a receipt carries to open a commitment: at least one of its two halves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Opening {
    /// Both halves: what a learner keeps beside the document.
    Full {
        /// The credential's secret.
        secret: Secret,
        /// The summary, if the credential has one.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        summary: Option<Summary>,
    },
    /// The summary alone: what is printed on paper. The document is not seen.
    Paper {
        /// Opens the summary.
        summary_key: SummaryKey,
        /// The fields that are printed, as bytes that hash to what the commitment holds.
        summary: Summary,
        /// The closed half.
        content: ContentHash,
    },
    /// The document alone; the summary stays closed.
    ClosedSummary {
        /// Opens the content.
        content_key: ContentKey,
        /// The closed half; [`SummaryHash::NONE`] if the credential has no summary.
        summary: SummaryHash,
    },
}

/// An opening does not fit what was given beside it. The caller's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpeningError {
    /// The document is needed to compute the commitment.
    #[error("the document is needed to check this receipt")]
    DocumentNeeded,
    /// A paper opening cannot show that a document is the one that was issued.
    #[error("a paper receipt does not prove a document")]
    DocumentNotProved,
}

impl Opening {
    /// Whether the commitment depends on a document that the reader must have: not so for paper, whose findings say
    /// *document not seen*.
    #[must_use]
    pub fn needs_document(&self) -> bool {
        match self {
            Self::Full { .. } | Self::ClosedSummary { .. } => true,
            Self::Paper { .. } => false,
        }
    }

    /// The summary, if it is open.
    #[must_use]
    pub fn summary(&self) -> Option<&Summary> {
        match self {
            Self::Full { summary, .. } => summary.as_ref(),
            Self::Paper { summary, .. } => Some(summary),
            Self::ClosedSummary { .. } => None,
        }
    }

    /// The commitment that this opens.
    ///
    /// `document_digest` is that of [`crate::document::digest`]: `Some` if [`Opening::needs_document`], else `None`.
    ///
    /// # Errors
    /// [`OpeningError::DocumentNeeded`] without the digest where it is needed. [`OpeningError::DocumentNotProved`]
    /// with one for a paper opening, which would hold for any document.
    pub fn commitment(
        &self,
        chain: &ChainId,
        issuer: &MemberId,
        kind: DocumentKind,
        document_digest: Option<&[u8; 32]>,
    ) -> Result<Commitment, OpeningError> {
        let (summary, content) = match self {
            Self::Full { secret, summary } => {
                let digest = document_digest.ok_or(OpeningError::DocumentNeeded)?;
                let summary = match summary {
                    Some(summary) => SummaryHash::new(&secret.summary_key(), summary),
                    None => SummaryHash::NONE,
                };
                (summary, ContentHash::new(&secret.content_key(), digest))
            }
            Self::Paper { summary_key, summary, content } => match document_digest {
                None => (SummaryHash::new(summary_key, summary), *content),
                Some(_) => return Err(OpeningError::DocumentNotProved),
            },
            Self::ClosedSummary { content_key, summary } => {
                let digest = document_digest.ok_or(OpeningError::DocumentNeeded)?;
                (*summary, ContentHash::new(content_key, digest))
            }
        };
        Ok(Commitment::new(chain, issuer, kind, &summary, &content))
    }

    /// The paper form of a full opening with a summary; `None` for every other.
    #[must_use]
    pub fn to_paper(&self, document_digest: &[u8; 32]) -> Option<Self> {
        let Self::Full { secret, summary: Some(summary) } = self else { return None };
        Some(Self::Paper {
            summary_key: secret.summary_key(),
            summary: summary.clone(),
            content: ContentHash::new(&secret.content_key(), document_digest),
        })
    }

    /// A full opening with its summary closed; `None` for every other form.
    #[must_use]
    pub fn to_closed_summary(&self) -> Option<Self> {
        let Self::Full { secret, summary } = self else { return None };
        let summary = match summary {
            Some(summary) => SummaryHash::new(&secret.summary_key(), summary),
            None => SummaryHash::NONE,
        };
        Some(Self::ClosedSummary { content_key: secret.content_key(), summary })
    }
}

impl Encode for Opening {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        match self {
            Self::Full { secret, summary } => {
                (FULL, secret).encode(encoder)?;
                Encode::encode(summary, encoder)
            }
            Self::Paper { summary_key, summary, content } => {
                (PAPER, summary_key).encode(encoder)?;
                Encode::encode(summary, encoder)?;
                content.encode(encoder)
            }
            Self::ClosedSummary { content_key, summary } => {
                (CLOSED_SUMMARY, content_key).encode(encoder)?;
                Encode::encode(summary, encoder)
            }
        }
    }
}

impl<C> Decode<C> for Opening {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        match u8::decode(decoder)? {
            FULL => Ok(Self::Full { secret: Secret::decode(decoder)?, summary: Option::decode(decoder)? }),
            PAPER => Ok(Self::Paper {
                summary_key: SummaryKey::decode(decoder)?,
                summary: Decode::decode(decoder)?,
                content: ContentHash::decode(decoder)?,
            }),
            CLOSED_SUMMARY => Ok(Self::ClosedSummary {
                content_key: ContentKey::decode(decoder)?,
                summary: SummaryHash::decode(decoder)?,
            }),
            _ => Err(DecodeError::Other("opening form")),
        }
    }
}

bincode::impl_borrow_decode!(Opening);

/// Tags of the encoding.
const FULL: u8 = 0;
const PAPER: u8 = 1;
const CLOSED_SUMMARY: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::CodecError;
    use crate::json_form;
    use crate::summary::{SUMMARY_BYTES_MAX, SummaryLabel, UNKNOWN_LABEL_FIELD};

    const CHAIN: ChainId = ChainId([1; 32]);
    const SECRET: [u8; 32] = [42; 32];
    const DIGEST: [u8; 32] = [7; 32];

    fn issuer() -> MemberId {
        "ui.example".parse().unwrap()
    }

    fn summary() -> Summary {
        Summary::new(vec![(SummaryLabel::Title, "Lencana".into()), (SummaryLabel::Credits, "2".into())])
            .unwrap()
    }

    fn full(summary: Option<Summary>) -> Opening {
        Opening::Full { secret: Secret(SECRET), summary }
    }

    fn openings() -> [Opening; 5] {
        let (bare, whole) = (full(None), full(Some(summary())));
        let (paper, closed) = (whole.to_paper(&DIGEST).unwrap(), whole.to_closed_summary().unwrap());
        let closed_bare = bare.to_closed_summary().unwrap();
        [bare, whole, paper, closed, closed_bare]
    }

    fn commitment(opening: &Opening) -> Commitment {
        let digest = opening.needs_document().then_some(&DIGEST);
        opening.commitment(&CHAIN, &issuer(), DocumentKind::Json, digest).unwrap()
    }

    // Rule 9 of the formats, written out with blake3 alone.
    #[test]
    fn the_formulas_are_those_of_the_page() {
        let ks = blake3::derive_key("sanad/v1 summary key", &SECRET);
        let kc = blake3::derive_key("sanad/v1 content key", &SECRET);
        let encoding = b"\x02\x01\x07Lencana\x03\x012";
        let summary = blake3::derive_key("sanad/v1 summary", &[&ks[..], encoding].concat());
        let content = blake3::derive_key("sanad/v1 content", &[kc, DIGEST].concat());
        let start = [&CHAIN.0[..], b"\x0aui.example"].concat();
        let whole = |kind: u8, summary: [u8; 32]| {
            let bytes = [&start[..], &[kind], &summary, &content].concat();
            Commitment(blake3::derive_key("sanad/v1 credential", &bytes))
        };
        let [bare, full, paper, closed, closed_bare] = openings();
        assert_eq!(commitment(&full), whole(0, summary));
        assert_eq!(commitment(&paper), whole(0, summary));
        assert_eq!(commitment(&closed), whole(0, summary));
        assert_eq!(commitment(&bare), whole(0, [0; 32]));
        assert_eq!(commitment(&closed_bare), whole(0, [0; 32]));
        for kind in DocumentKind::ALL {
            let commitment = full.commitment(&CHAIN, &issuer(), kind, Some(&DIGEST));
            assert_eq!(commitment, Ok(whole(kind.code(), summary)));
        }
        let key = blake3::derive_key("sanad/v1 issuance key", &[b"\x0aui.example", &[9; 32][..]].concat());
        assert_eq!(IssuanceKey::new(&issuer(), &Commitment([9; 32])), IssuanceKey(key));
    }

    #[test]
    fn every_part_counts() {
        let opening = full(Some(summary()));
        let sound = commitment(&opening);
        let of = |opening: &Opening, chain, issuer: &str, kind, digest| {
            opening.commitment(&chain, &issuer.parse().unwrap(), kind, Some(&digest)).unwrap()
        };
        let json = DocumentKind::Json;
        let other_secret = Opening::Full { secret: Secret([43; 32]), summary: Some(summary()) };
        let others = [
            of(&opening, ChainId([2; 32]), "ui.example", json, DIGEST),
            of(&opening, CHAIN, "ugm.example", json, DIGEST),
            of(&opening, CHAIN, "ui.example", DocumentKind::Bytes, DIGEST),
            of(&opening, CHAIN, "ui.example", json, [8; 32]),
            of(&other_secret, CHAIN, "ui.example", json, DIGEST),
            of(&full(None), CHAIN, "ui.example", json, DIGEST),
        ];
        let distinct: std::collections::BTreeSet<_> = others.iter().chain([&sound]).collect();
        assert_eq!(distinct.len(), others.len() + 1);
    }

    #[test]
    fn documents_are_given_where_they_are_needed() {
        for opening in openings() {
            let (wrong, error) = match opening.needs_document() {
                true => (None, OpeningError::DocumentNeeded),
                false => (Some(&DIGEST), OpeningError::DocumentNotProved),
            };
            let refused = opening.commitment(&CHAIN, &issuer(), DocumentKind::Json, wrong);
            assert_eq!(refused, Err(error), "{opening:?}");
        }
        assert_eq!(full(None).to_paper(&DIGEST), None);
        let [_, _, paper, closed, _] = openings();
        for opening in [paper, closed] {
            assert_eq!((opening.to_paper(&DIGEST), opening.to_closed_summary()), (None, None));
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        let printed = format!("{:?}", openings());
        let [_, whole, paper, closed, _] = openings();
        for opening in [whole, paper, closed] {
            let json = serde_json::to_value(&opening).unwrap();
            for key in ["secret", "summary_key", "content_key"].iter().filter_map(|name| json[name].as_str())
            {
                assert!(key.len() == 64 && !printed.contains(key));
            }
        }
        assert!(printed.contains("Secret(..)") && !printed.contains("42, 42"));
    }

    #[test]
    fn json_has_one_form() {
        let hex = "2a".repeat(32);
        let text =
            format!(r#"{{"form":"full","secret":"{hex}","summary":{{"title":"Lencana","credits":"2"}}}}"#);
        assert_eq!(serde_json::to_string(&full(Some(summary()))).unwrap(), text);
        assert_eq!(
            serde_json::to_string(&full(None)).unwrap(),
            format!(r#"{{"form":"full","secret":"{hex}"}}"#)
        );
        for opening in openings() {
            let text = serde_json::to_string(&opening).unwrap();
            assert_eq!(json_form::read::<Opening>(text.as_bytes()).unwrap(), opening);
            let more = text.replacen('{', r#"{"more":1,"#, 1);
            assert!(json_form::read::<Opening>(more.as_bytes()).is_err(), "{more}");
        }
        let closed = serde_json::to_string(&openings()[3]).unwrap();
        assert!(closed.starts_with(r#"{"form":"closed-summary","content_key":""#));
        let null = text.replace(r#"{"title":"Lencana","credits":"2"}"#, "null");
        for bad in [
            text.to_uppercase().replace("FORM", "form"),
            text.replace(&hex, &hex.to_uppercase()),
            text.replace(&hex, &hex[2..]),
            text.replace("full", "Full"),
            null,
            text.replace("\"credits\":\"2\"", "\"grade\":\"A\""),
            text.replace("\"credits\":\"2\"", "\"title\":\"x\""),
            text.replace("\"2\"", "2"),
            text.replace("\"2\"", "\"\\u202e\""),
        ] {
            assert!(json_form::read::<Opening>(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn bytes_have_one_form() {
        let encodings = openings().map(|opening| codec::encode(&opening));
        assert_eq!(encodings[0], [&[0][..], &SECRET, &[0]].concat());
        assert_eq!(encodings[1], [&[0][..], &SECRET, &[1], &summary().encode()].concat());
        assert_eq!(encodings[2][0], 1);
        assert_eq!(encodings[3].len(), 65);
        for (opening, bytes) in openings().iter().zip(&encodings) {
            let read = |bytes: &[u8]| codec::decode::<Opening>(bytes, OPENING_BYTES_MAX);
            assert_eq!(read(bytes).as_ref(), Ok(opening));
            for end in 0..bytes.len() {
                assert!(read(&bytes[..end]).is_err());
            }
            assert!(read(&[&bytes[..], &[0]].concat()).is_err());
        }
        let long = vec![(SummaryLabel::Title, "x".repeat(SUMMARY_BYTES_MAX - 3))];
        let paper = full(Some(Summary::new(long).unwrap())).to_paper(&DIGEST).unwrap();
        assert_eq!(codec::encode(&paper).len(), OPENING_BYTES_MAX);
        let form = codec::decode::<Opening>(&[3; 65], OPENING_BYTES_MAX);
        assert_eq!(form, Err(CodecError::Invalid { field: "opening form" }));
        let unknown = [&[0][..], &SECRET, &[1, 1, 8, 1, b'x']].concat();
        let refused = codec::decode::<Opening>(&unknown, OPENING_BYTES_MAX);
        assert_eq!(refused, Err(CodecError::Invalid { field: UNKNOWN_LABEL_FIELD }));
    }
}
