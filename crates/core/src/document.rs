//! Kinds of credential documents, and the digest that a commitment hides.

use std::fmt;

use bincode::de::Decoder;
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use serde_json::Value;

use crate::jcs::{self, JsonError};
use crate::sd_jwt::{SdJwt, SdJwtError};

/// Longest document of kind [`DocumentKind::Bytes`], in bytes.
///
/// JSON documents and SD-JWTs have tighter limits: [`jcs::JSON_BYTES_MAX`] and
/// [`SD_JWT_BYTES_MAX`](crate::sd_jwt::SD_JWT_BYTES_MAX).
pub const DOCUMENT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// How a document is read before it is hashed: a verifier must know it to repeat the digest.
///
/// The codes are part of every commitment, and the kind also names the rule by which a summary follows from a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum DocumentKind {
    /// A JSON document (Open Badges 3.0, W3C VC 2.0): the same digest however it is laid out.
    Json = 0,
    /// Anything else (a JWT, a PDF): every byte counts.
    Bytes = 1,
    /// An SD-JWT (RFC 9901): the same digest whatever is disclosed of it; see [`crate::sd_jwt`].
    #[serde(rename = "sd-jwt")]
    SdJwt = 2,
}

impl fmt::Display for DocumentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Json => "json",
            Self::Bytes => "bytes",
            Self::SdJwt => "sd-jwt",
        })
    }
}

impl DocumentKind {
    /// Every kind, by ascending code.
    pub const ALL: [Self; 3] = [Self::Json, Self::Bytes, Self::SdJwt];

    /// The number in encodings.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The kind with this number.
    #[must_use]
    pub fn of_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// Guesses the kind: [`Json`](Self::Json) if the first byte that is not JSON white space is `{`,
    /// [`SdJwt`](Self::SdJwt) if it starts as the compact form of one, `a.b.c~`, in the base64url alphabet.
    ///
    /// A guess only: [`digest`] tells whether the document is valid. A byte order mark is not white space, so a document
    /// that starts with one is [`Bytes`](Self::Bytes). An SD-JWT in a JSON serialisation looks like any JSON document:
    /// its kind must be stated.
    #[must_use]
    pub fn detect(bytes: &[u8]) -> Self {
        // RFC 8259 2: the four characters of insignificant white space.
        let Some(start) = bytes.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) else {
            return Self::Bytes;
        };
        match bytes[start] {
            b'{' => Self::Json,
            _ if starts_as_sd_jwt(&bytes[start..]) => Self::SdJwt,
            _ => Self::Bytes,
        }
    }
}

impl bincode::Encode for DocumentKind {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.code().encode(encoder)
    }
}

impl<C> bincode::Decode<C> for DocumentKind {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Self::of_code(u8::decode(decoder)?).ok_or(DecodeError::Other("document kind"))
    }
}

bincode::impl_borrow_decode!(DocumentKind);

/// A document that has no digest. The caller's fault: the document is refused everywhere and always.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// The document is not JSON that has one canonical form.
    #[error("the document has no canonical JSON form")]
    Json(#[from] JsonError),
    /// The document is not a valid SD-JWT.
    #[error("the document is not a valid SD-JWT")]
    SdJwt(#[from] SdJwtError),
    /// The document is longer than [`DOCUMENT_BYTES_MAX`].
    #[error("the document has {bytes} bytes, more than {bytes_max}")]
    TooLarge {
        /// Length of the document, in bytes.
        bytes: usize,
        /// The limit, in bytes.
        bytes_max: usize,
    },
}

/// The 32-byte digest of a document: plain BLAKE3 of the RFC 8785 canonical form of a JSON document, of the
/// issuer-signed part of an SD-JWT (`protected.payload.signature`), of the bytes of any other.
///
/// Plain, without a domain tag, so that any BLAKE3 tool repeats it; the keyed [content hash] over it carries the tag.
///
/// [content hash]: crate::commitment::ContentHash
///
/// # Errors
/// [`DocumentError::Json`] if the kind is JSON and the document is not, or is ambiguous; [`DocumentError::SdJwt`]
/// for any fault of an SD-JWT, its disclosures included; [`DocumentError::TooLarge`] beyond [`DOCUMENT_BYTES_MAX`].
pub fn digest(kind: DocumentKind, bytes: &[u8]) -> Result<[u8; 32], DocumentError> {
    match kind {
        DocumentKind::Json => Ok(blake3::hash(&jcs::canonicalize(bytes)?).into()),
        DocumentKind::SdJwt => Ok(SdJwt::parse(bytes)?.digest()),
        DocumentKind::Bytes if bytes.len() > DOCUMENT_BYTES_MAX => {
            Err(DocumentError::TooLarge { bytes: bytes.len(), bytes_max: DOCUMENT_BYTES_MAX })
        }
        DocumentKind::Bytes => Ok(blake3::hash(bytes).into()),
    }
}

/// What a document says of its issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamedIssuer {
    /// Nothing, or the document is not searched for it.
    None,
    /// Something that is not one name: it cannot be compared.
    Unreadable,
    /// This name, as the document spells it.
    Name(String),
}

/// The issuer that a document names: of JSON the member `issuer`, of an SD-JWT the processed claim `iss` or without it
/// `issuer`; a string, or an object's string `id`. Bytes are not searched.
///
/// Requires a document that has a [`digest`]; of any other, nothing is named.
#[must_use]
pub fn named_issuer(kind: DocumentKind, bytes: &[u8]) -> NamedIssuer {
    #[derive(serde::Deserialize)]
    struct Named {
        #[serde(default, deserialize_with = "present")]
        issuer: Option<Value>,
    }
    let named = match kind {
        DocumentKind::Json => {
            // An array would be taken for the fields of an object.
            let object = bytes.trim_ascii_start().starts_with(b"{");
            let named = serde_json::from_slice::<Named>(bytes).ok().filter(|_| object);
            named.and_then(|named| named.issuer)
        }
        DocumentKind::SdJwt => SdJwt::parse(bytes).ok().and_then(|jwt| {
            let claims = jwt.claims();
            claims.get("iss").or_else(|| claims.get("issuer")).cloned()
        }),
        DocumentKind::Bytes => None,
    };
    let name = match named {
        None => return NamedIssuer::None,
        Some(Value::String(name)) => Some(name),
        Some(Value::Object(issuer)) => issuer.get("id").and_then(Value::as_str).map(str::to_owned),
        Some(_) => None,
    };
    name.map_or(NamedIssuer::Unreadable, NamedIssuer::Name)
}

/// A value that is there, be it null.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    serde::Deserialize::deserialize(deserializer).map(Some)
}

/// Whether three non-empty base64url texts with dots between them stand before the first `~`.
fn starts_as_sd_jwt(bytes: &[u8]) -> bool {
    let Some(end) = bytes.iter().position(|byte| *byte == b'~') else { return false };
    let mut parts = 0;
    bytes[..end].split(|byte| *byte == b'.').all(|part| {
        parts += 1;
        !part.is_empty()
            && part.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    }) && parts == 3
}
