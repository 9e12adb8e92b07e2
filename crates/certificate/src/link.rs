//! Link codes: an address, and the key of a box in its fragment.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sanad_core::commitment::Secret;

/// Longest address of a site, in characters.
pub const SITE_BYTES_MAX: usize = 100;
/// Folder of the boxes on a site.
pub const BOXES_FOLDER: &str = "boxes";

/// The address of an issuer's web site, such as `https://sertifikat.univ-merapi.example`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site(String);

/// A text is not the address of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not the address of a site: https://, a host, perhaps a path of letters, digits and -._~/, at most {SITE_BYTES_MAX} \
     characters in all, no / at the end"
)]
pub struct SiteError;

impl FromStr for Site {
    type Err = SiteError;

    fn from_str(text: &str) -> Result<Self, SiteError> {
        let after_scheme = text.strip_prefix("https://").or_else(|| {
            let host = text.strip_prefix("http://")?;
            // For trials: browsers take this machine for secure.
            let is_local = |name| {
                host.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
            };
            (is_local("localhost") || is_local("127.0.0.1")).then_some(host)
        });
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_~:/".contains(&byte);
        match after_scheme {
            Some(rest)
                if text.len() <= SITE_BYTES_MAX
                    && rest.starts_with(|first: char| first.is_ascii_alphanumeric())
                    && !rest.ends_with('/')
                    && rest.bytes().all(is_plain) =>
            {
                Ok(Self(text.to_owned()))
            }
            _ => Err(SiteError),
        }
    }
}

impl Site {
    /// Address of the page that opens codes, up to and including the `#`.
    #[must_use]
    pub fn page(&self) -> String {
        format!("{}/v#", self.0)
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The key of a link. Whoever has it can open the box; its `Debug` form shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkKey([u8; 32]);

/// A text is not the key of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key is not {KEY_CHARACTERS} characters of base64url")]
pub struct LinkKeyError;

impl LinkKey {
    /// The key of a credential: the same for the same secret and digest of the document, so nobody has to keep it.
    #[must_use]
    pub fn of_credential(secret: &Secret, document_digest: &[u8; 32]) -> Self {
        let secret_and_digest = [&secret.0[..], document_digest].concat();
        Self(blake3::derive_key(LINK_KEY_CONTEXT, &secret_and_digest))
    }

    /// Where the box lies: a name that tells nothing of the key.
    #[must_use]
    pub fn box_id(&self) -> BoxId {
        let hash = blake3::derive_key(BOX_ID_CONTEXT, &self.0);
        let mut id = [0; BoxId::BYTES];
        id.copy_from_slice(&hash[..BoxId::BYTES]);
        BoxId(id)
    }

    /// The key that the box is encrypted with.
    pub(crate) fn box_key(&self) -> [u8; 32] {
        blake3::derive_key(BOX_KEY_CONTEXT, &self.0)
    }

    /// A nonce that no other text has under this key.
    pub(crate) fn nonce_of(&self, text: &[u8]) -> [u8; 12] {
        let mut hasher = blake3::Hasher::new_derive_key(BOX_NONCE_CONTEXT);
        let hash = hasher.update(&self.0).update(text).finalize();
        let mut nonce = [0; 12];
        nonce.copy_from_slice(&hash.as_bytes()[..12]);
        nonce
    }

    /// The text of the link code.
    #[must_use]
    pub fn link(&self, site: &Site) -> String {
        format!("{}{}", site.page(), URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl FromStr for LinkKey {
    type Err = LinkKeyError;

    fn from_str(text: &str) -> Result<Self, LinkKeyError> {
        if text.len() != KEY_CHARACTERS {
            return Err(LinkKeyError);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| LinkKeyError)?;
        bytes.try_into().map(Self).map_err(|_| LinkKeyError)
    }
}

impl fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkKey")
    }
}

/// The name of a box on its site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoxId(pub(crate) [u8; 16]);

impl BoxId {
    const BYTES: usize = 16;
}

impl fmt::Display for BoxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Characters of a key in base64url.
pub(crate) const KEY_CHARACTERS: usize = 43;
const LINK_KEY_CONTEXT: &str = "sanad/v1 link key";
const BOX_ID_CONTEXT: &str = "sanad/v1 box id";
const BOX_KEY_CONTEXT: &str = "sanad/v1 box key";
const BOX_NONCE_CONTEXT: &str = "sanad/v1 box nonce";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_plain_addresses() {
        for good in [
            "https://v.univ-merapi.example",
            "https://univ.example:8443/sertifikat",
            "http://localhost:8080",
            "http://127.0.0.1",
        ] {
            assert_eq!(good.parse::<Site>().unwrap().to_string(), good);
        }
        let long = format!("https://{}.example", "a".repeat(SITE_BYTES_MAX));
        for bad in [
            "",
            "https://",
            "http://univ.example",
            "http://localhost.evil.example",
            "https://univ.example/",
            "https://univ.example/?a",
            "https://univ.example/#",
            "https://us er.example",
            "https://a@univ.example",
            "https:///v",
            &long,
        ] {
            assert_eq!(bad.parse::<Site>(), Err(SiteError), "{bad}");
        }
    }

    #[test]
    fn a_key_has_one_spelling() {
        let key = LinkKey([255; 32]);
        let text = key.link(&"https://u.example".parse().unwrap());
        let key_text = text.strip_prefix("https://u.example/v#").unwrap();
        assert_eq!(key_text.parse(), Ok(key));
        // The same bytes but for unused bits, with padding, and in the other alphabet.
        let other = format!("{}9", &key_text[..42]);
        for bad in [&other, &format!("{key_text}="), &key_text.replace('_', "/"), "", "0"] {
            assert_eq!(bad.parse::<LinkKey>(), Err(LinkKeyError), "{bad}");
        }
    }
}
