//! Documents that look like a credential and are not read as one.

use sanad_core::jcs::JsonError;
use sanad_core::sd_jwt::SdJwtError;

use crate::pointer::shown;

/// Why a document that looks like a credential is not read as one. It may be good, it may be bad.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Unread {
    #[error("starts with a byte order mark")]
    ByteOrderMark,
    #[error("text in UTF-16")]
    Utf16,
    #[error("a credential in quotation marks")]
    Quoted,
    #[error("a credential in base64")]
    Base64,
    #[error("a credential in hexadecimal digits or percent-encoded")]
    Encoded,
    #[error("a compressed credential")]
    Compressed,
    #[error("a credential in CBOR, or among other bytes")]
    Binary,
    #[error("a JWT that is {0}")]
    Jwt(&'static str),
    #[error("a JWT whose header is not JSON that every reader takes the same way ({})", shown(&.0.to_string()))]
    JwtHeader(JsonError),
    #[error("characters around JSON that do not belong there")]
    Around,
    #[error("a list, not one credential")]
    List,
    #[error("a presentation, which may hold credentials")]
    Presentation,
    #[error("an Open Badges 2.0 assertion, which is not a W3C credential")]
    OpenBadges2,
    #[error("an envelope around a credential")]
    Envelope,
    #[error("a JSON serialisation of a JWS that is not an SD-JWT")]
    Serialisation,
    #[error("JSON that only mentions a credential")]
    Inside,
    #[error("beyond the limits of this program, which reads at most {max} {what}")]
    TooLarge { what: &'static str, max: usize },
    #[error("not JSON that every reader takes the same way ({})", shown(&.0.to_string()))]
    Json(JsonError),
    #[error("not a JSON object")]
    NoObject,
    #[error("not a valid SD-JWT ({})", shown(&.0.to_string()))]
    SdJwt(SdJwtError),
    #[error("a PNG badge that is damaged, or baked in another way")]
    Png,
    #[error("an SVG badge that is damaged, or baked in another way")]
    Svg,
    #[error("a badge with more bytes after the end of its credential")]
    AfterText,
    #[error("a badge with two credentials")]
    TwoCredentials,
    #[error("a badge of something that is not a credential")]
    OtherBadge,
    #[error("an encrypted JWT")]
    Encrypted,
    #[error("an SD-JWT without a vct, which would name its type, and without a W3C credential in it")]
    NoType,
}

impl Unread {
    /// Whether it is the program's limit, and not the document, that is in the way.
    pub(crate) fn is_limit(&self) -> bool {
        matches!(self, Self::TooLarge { .. })
    }
}
