//! What a credential document is, and the digest that its commitment hides.

use crate::jcs::{self, JsonError};

/// Longest document of kind [`DocumentKind::Bytes`], in bytes.
///
/// JSON documents have the tighter limit [`jcs::JSON_BYTES_MAX`].
pub const DOCUMENT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// How a document is read before it is hashed. Part of what a verifier must know to repeat the digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DocumentKind {
    /// A JSON document (Open Badges 3.0, W3C VC 2.0): the same digest however it is laid out.
    Json,
    /// Anything else (a JWT, a PDF): every byte counts.
    Bytes,
}

impl DocumentKind {
    /// Guesses the kind: [`Json`](Self::Json) where the first byte that is no JSON white space is `{`.
    ///
    /// A guess only: whether the document is valid JSON shows in [`digest`]. A byte order mark is no
    /// white space, so a document that starts with one is [`Bytes`](Self::Bytes).
    #[must_use]
    pub fn detect(bytes: &[u8]) -> Self {
        // RFC 8259 2: the four characters of insignificant white space.
        let first = bytes.iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
        match first {
            Some(b'{') => Self::Json,
            _ => Self::Bytes,
        }
    }
}

/// A document that has no digest. The caller's fault: the document is refused everywhere and always.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// The document is not JSON that has one canonical form.
    #[error("the document has no canonical JSON form")]
    Json(#[from] JsonError),
    /// The document is longer than [`DOCUMENT_BYTES_MAX`].
    #[error("the document has {bytes} bytes, more than {bytes_max}")]
    TooLarge {
        /// Length of the document, in bytes.
        bytes: usize,
        /// The limit, in bytes.
        bytes_max: usize,
    },
}

/// The 32-byte digest of a document: plain BLAKE3 of the RFC 8785 canonical form of a JSON document,
/// of the bytes of any other.
///
/// Plain, without a domain tag, so that any BLAKE3 tool repeats it; the salted commitment over it is
/// what carries the tag, and all that is ever published.
///
/// # Errors
/// [`DocumentError::Json`] where the kind is JSON and the document is not, or is ambiguous;
/// [`DocumentError::TooLarge`] beyond [`DOCUMENT_BYTES_MAX`].
pub fn digest(kind: DocumentKind, bytes: &[u8]) -> Result<[u8; 32], DocumentError> {
    match kind {
        DocumentKind::Json => Ok(blake3::hash(&jcs::canonicalize(bytes)?).into()),
        DocumentKind::Bytes if bytes.len() > DOCUMENT_BYTES_MAX => {
            Err(DocumentError::TooLarge { bytes: bytes.len(), bytes_max: DOCUMENT_BYTES_MAX })
        }
        DocumentKind::Bytes => Ok(blake3::hash(bytes).into()),
    }
}
