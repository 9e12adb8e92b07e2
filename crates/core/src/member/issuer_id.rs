//! The names by which credentials call their issuer.

use std::fmt;
use std::str::FromStr;

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};
use serde::{Deserialize, Serialize};

use crate::codec;

/// Longest issuer id, in bytes.
pub const ISSUER_ID_BYTES_MAX: usize = 128;

/// The `id` of an issuer as credentials name it: a DID, or an `https` URL, in its normal form.
///
/// Normal form, so that ids are compared as bytes: visible ASCII, at most 128 bytes; `https://` and the host in lower
/// case, no user, no port 443, no fragment, and no `/` alone after the host; `did:` and the method in lower case, no
/// fragment or query, and for `did:web` the host, which is what stands before the next `:`, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IssuerId(String);

/// Why a text is not an issuer id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssuerIdError {
    /// Too long.
    #[error("the issuer id has {bytes} bytes; at most {ISSUER_ID_BYTES_MAX} are allowed")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Neither a DID nor an `https` URL, or with characters that these cannot have.
    #[error("an issuer id is a DID or an https URL, of visible ASCII characters")]
    Form,
    /// Another spelling of an id.
    #[error("the normal form of this issuer id is {normal}")]
    NotNormal {
        /// How to write it.
        normal: IssuerId,
    },
}

impl IssuerId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The normal form of an id as a document may spell it.
    ///
    /// # Errors
    /// [`IssuerIdError::TooLong`] or [`IssuerIdError::Form`].
    pub fn normalise(text: &str) -> Result<Self, IssuerIdError> {
        if text.len() > ISSUER_ID_BYTES_MAX {
            return Err(IssuerIdError::TooLong { bytes: text.len() });
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(IssuerIdError::Form);
        }
        // RFC 3986 3.5: a fragment names a part, not the issuer.
        let text = text.split('#').next().unwrap_or_default();
        let (scheme, rest) = text.split_once(':').ok_or(IssuerIdError::Form)?;
        match scheme.to_ascii_lowercase().as_str() {
            "did" => Self::normal_did(rest),
            "https" => Self::normal_url(rest.strip_prefix("//").ok_or(IssuerIdError::Form)?),
            _ => Err(IssuerIdError::Form),
        }
    }

    fn normal_did(rest: &str) -> Result<Self, IssuerIdError> {
        let rest = rest.split('?').next().unwrap_or_default();
        let (method, name) = rest.split_once(':').ok_or(IssuerIdError::Form)?;
        if method.is_empty() || name.is_empty() || !method.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(IssuerIdError::Form);
        }
        let method = method.to_ascii_lowercase();
        if method != "web" {
            return Ok(Self(format!("did:{method}:{name}")));
        }
        let (host, path) = name.split_at(name.find(':').unwrap_or(name.len()));
        Ok(Self(format!("did:web:{}{path}", host.to_ascii_lowercase())))
    }

    fn normal_url(rest: &str) -> Result<Self, IssuerIdError> {
        let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if host.is_empty() || host.contains('@') {
            return Err(IssuerIdError::Form);
        }
        let host = host.to_ascii_lowercase();
        let host = host.strip_suffix(":443").unwrap_or(&host);
        // What would have another normal form again.
        if host.is_empty() || host.ends_with(":443") {
            return Err(IssuerIdError::Form);
        }
        let path = if path == "/" { "" } else { path };
        Ok(Self(format!("https://{host}{path}")))
    }
}

impl TryFrom<String> for IssuerId {
    type Error = IssuerIdError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let normal = Self::normalise(&text)?;
        if normal.0 == text { Ok(normal) } else { Err(IssuerIdError::NotNormal { normal }) }
    }
}

impl FromStr for IssuerId {
    type Err = IssuerIdError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(text.to_owned())
    }
}

impl From<IssuerId> for String {
    fn from(id: IssuerId) -> Self {
        id.0
    }
}

impl fmt::Display for IssuerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Encode for IssuerId {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        codec::encode_short_text(&self.0, encoder)
    }
}

impl<C> Decode<C> for IssuerId {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let text = codec::decode_short_text(decoder, ISSUER_ID_BYTES_MAX)?;
        Self::try_from(text).map_err(|_| DecodeError::Other("issuer id"))
    }
}

bincode::impl_borrow_decode!(IssuerId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_forms() {
        for (text, normal) in [
            ("HTTPS://UI.ac.id/", "https://ui.ac.id"),
            ("https://ui.ac.id:443/Fasilkom", "https://ui.ac.id/Fasilkom"),
            ("https://ui.ac.id#key", "https://ui.ac.id"),
            ("did:web:UI.ac.id:Fasilkom#key-1", "did:web:ui.ac.id:Fasilkom"),
            ("DID:Key:z6MkHaXU2", "did:key:z6MkHaXU2"),
        ] {
            assert_eq!(IssuerId::normalise(text).unwrap().as_str(), normal, "{text}");
            assert!(normal.parse::<IssuerId>().is_ok());
            assert!(matches!(text.parse::<IssuerId>(), Err(IssuerIdError::NotNormal { .. })), "{text}");
        }
        for bad in [
            "",
            "ui.ac.id",
            "http://ui.ac.id",
            "https:ui.ac.id",
            "https://a@b",
            "https://:443",
            "https://a:443:443",
            "did:web",
            "did:w-b:x",
            "did:web:ü",
        ] {
            assert_eq!(IssuerId::normalise(bad), Err(IssuerIdError::Form), "{bad}");
        }
        let long = format!("https://{}", "a".repeat(121));
        assert_eq!(IssuerId::normalise(&long), Err(IssuerIdError::TooLong { bytes: 129 }));
    }
}
