//! Keys that a document carries: Multikey and did:key.
//!
//! Source: Controlled Identifiers 1.0, 2.2.2; did:key Method 0.9.

use sanad_core::signature::PublicKey;

use crate::fault::{Obstacle, Unchecked};

/// Longest Multikey that is decoded, in bytes: decoding takes time quadratic in it.
const MULTIKEY_BYTES_MAX: usize = 256;

/// Multicodec of an Ed25519 public key, as a varint.
const ED25519: [u8; 2] = [0xed, 0x01];

/// Why a text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFault {
    /// It is no base58btc Multibase of bounded length.
    #[error("it is not \"z\" and at most {MULTIKEY_BYTES_MAX} characters of base58btc")]
    Encoding,
    /// An Ed25519 key of another length than 32 bytes.
    #[error("an Ed25519 key of {bytes} bytes; 32 are expected")]
    Length {
        /// Its length.
        bytes: usize,
    },
    /// A did:key whose fragment is another key.
    #[error("the fragment of the did:key is not the key itself")]
    Fragment,
}

/// The Ed25519 key of a Multikey; none where it is a key of another kind.
pub(crate) fn decode(multikey: &str) -> Result<Option<PublicKey>, KeyFault> {
    let bytes = decode_base58(multikey, MULTIKEY_BYTES_MAX).ok_or(KeyFault::Encoding)?;
    match bytes.strip_prefix(&ED25519) {
        Some(key) => {
            let key = key.try_into().map_err(|_| KeyFault::Length { bytes: key.len() })?;
            Ok(Some(PublicKey(key)))
        }
        // Shorter or longer than a key: what was meant to be one of Ed25519.
        None if multikey.starts_with("z6Mk") => Err(KeyFault::Length { bytes: bytes.len() }),
        None => Ok(None),
    }
}

/// The Multikey of an Ed25519 key.
pub(crate) fn encode(key: &PublicKey) -> String {
    format!("z{}", bs58::encode([&ED25519[..], &key.0].concat()).into_string())
}

/// The bytes of a base58btc Multibase of at most `bytes_max` bytes of text.
pub(crate) fn decode_base58(text: &str, bytes_max: usize) -> Option<Vec<u8>> {
    let digits = text.strip_prefix('z').filter(|_| text.len() <= bytes_max)?;
    bs58::decode(digits).into_vec().ok()
}

/// The key of a verification method that carries its key by value.
///
/// `did:key:K`, `did:key:K#K`, or any address whose fragment is a Multikey.
pub(crate) fn of_method(method: &str) -> Result<PublicKey, Obstacle> {
    let (address, fragment) = match method.split_once('#') {
        Some((address, fragment)) => (address, Some(fragment)),
        None => (method, None),
    };
    let named = || method.chars().take(METHOD_CHARS_SHOWN).collect::<String>();
    let multikey = match (address.strip_prefix("did:key:"), fragment) {
        (Some(key), Some(fragment)) if key != fragment => return Err(KeyFault::Fragment.into()),
        (Some(key), _) => key,
        (None, Some(fragment)) if fragment.starts_with("z6Mk") => fragment,
        _ => return Err(Unchecked::KeyElsewhere { method: named() }.into()),
    };
    decode(multikey)?.ok_or_else(|| Unchecked::KeyKind { method: named() }.into())
}

/// How much of a name that a stranger chose is repeated, in characters.
const METHOD_CHARS_SHOWN: usize = 200;

#[cfg(test)]
mod tests {
    use sanad_core::signature::SecretKey;

    use super::*;

    fn key() -> PublicKey {
        SecretKey::from_seed(&[7; 32]).public()
    }

    #[test]
    fn keys_given_by_value() {
        let multikey = encode(&key());
        assert!(multikey.starts_with("z6Mk"));
        for method in [
            format!("did:key:{multikey}"),
            format!("did:key:{multikey}#{multikey}"),
            format!("https://example.org/issuers/1#{multikey}"),
            format!("did:web:example.org#{multikey}"),
        ] {
            assert_eq!(of_method(&method), Ok(key()), "{method}");
        }
    }

    #[test]
    fn malformed_keys_are_faults() {
        let multikey = encode(&key());
        let short = format!("z{}", bs58::encode([&ED25519[..], &[1; 31]].concat()).into_string());
        let cases = [
            ("did:key:".to_owned(), KeyFault::Encoding),
            ("did:key:f00".to_owned(), KeyFault::Encoding),
            (format!("did:key:{multikey}0"), KeyFault::Encoding),
            (format!("did:key:z{}", "6".repeat(300)), KeyFault::Encoding),
            (format!("did:key:{short}"), KeyFault::Length { bytes: 31 }),
            ("did:key:z6Mk".to_owned(), KeyFault::Length { bytes: 2 }),
            (format!("did:key:{multikey}#"), KeyFault::Fragment),
            (format!("did:key:{multikey}#key-1"), KeyFault::Fragment),
            (format!("https://example.org#{multikey}l"), KeyFault::Encoding),
        ];
        for (method, fault) in cases {
            assert_eq!(of_method(&method), Err(fault.into()), "{method}");
        }
    }

    #[test]
    fn other_keys_are_not_checked() {
        // X25519 (0xec) under did:key; a key that must be fetched.
        let x25519 =
            format!("did:key:z{}", bs58::encode([&[0xec, 0x01][..], &[1; 32]].concat()).into_string());
        assert!(matches!(of_method(&x25519), Err(Obstacle::Unchecked(Unchecked::KeyKind { .. }))));
        for method in ["https://example.org/keys/1", "did:web:example.org#key-1", "", "#"] {
            let found = of_method(method);
            assert!(matches!(found, Err(Obstacle::Unchecked(Unchecked::KeyElsewhere { .. }))), "{method}");
        }
    }
}
