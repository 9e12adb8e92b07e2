//! Keys that a document carries: Multikey, `did:key`, JWK, `did:jwk`.
//!
//! Source: Controlled Identifiers 1.0, 2.2.2; did:key Method 0.9; RFC 7517, RFC 7518, RFC 8037; did:jwk Method.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Verifier as _;
use p256::elliptic_curve::sec1::ToEncodedPoint as _;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use sanad_core::signature;
use serde_json::{Value, json};

use crate::credential::read_object;
use crate::fault::{Obstacle, ProofFault, Unchecked};
use crate::pointer::shown;

/// Longest Multikey that is decoded, in bytes: decoding takes time quadratic in it.
const MULTIKEY_BYTES_MAX: usize = 256;

/// Longest `did:jwk` that is decoded, in bytes.
const DID_JWK_BYTES_MAX: usize = 4096;

/// Multicodecs of public keys, as varints.
const ED25519: [u8; 2] = [0xed, 0x01];
const P256: [u8; 2] = [0x80, 0x24];

/// Lengths of an RSA modulus and exponent, in bytes.
const RSA_MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;
const RSA_EXPONENT_BYTES: std::ops::RangeInclusive<usize> = 1..=5;

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PublicKey {
    Ed25519(signature::PublicKey),
    P256(p256::PublicKey),
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
}

/// Why a text is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFault {
    /// Not a base58btc Multibase of bounded length.
    #[error("it is not \"z\" and at most {MULTIKEY_BYTES_MAX} characters of base58btc")]
    Encoding,
    /// An Ed25519 key of another length than 32 bytes.
    #[error("an Ed25519 key of {bytes} bytes; 32 are expected")]
    Length {
        /// Its length.
        bytes: usize,
    },
    /// A P-256 key that is not a compressed point of the curve.
    #[error("it is not a point of P-256 in 33 bytes")]
    Point,
    /// A JWK of a known kind with members that are missing or malformed.
    #[error("the JWK is not {expected}")]
    Jwk {
        /// What it has to be.
        expected: &'static str,
    },
    /// A did:key or did:jwk whose fragment names another key.
    #[error("the fragment does not name the key itself")]
    Fragment,
}

impl PublicKey {
    /// Verifies a signature: Ed25519 (RFC 8032), ECDSA with SHA-256 (`r || s`), or RSASSA-PKCS1-v1_5 with SHA-256.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), ProofFault> {
        match self {
            Self::Ed25519(key) => {
                let signature = signature.try_into().map_err(|_| ProofFault::KeySignature)?;
                Ok(key.verify(message, &signature::Signature(signature))?)
            }
            Self::P256(key) => {
                let signature =
                    p256::ecdsa::Signature::from_slice(signature).map_err(|_| ProofFault::KeySignature)?;
                let key = p256::ecdsa::VerifyingKey::from(key);
                key.verify(message, &signature).map_err(|_| ProofFault::KeySignature)
            }
            Self::Rsa { modulus, exponent } => RsaPublicKeyComponents { n: modulus, e: exponent }
                .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
                .map_err(|_| ProofFault::KeySignature),
        }
    }

    /// How the key is shown: its Multikey, or what it is.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Ed25519(key) => encode(key),
            Self::P256(key) => multibase(&P256, key.to_encoded_point(true).as_bytes()),
            Self::Rsa { modulus, .. } => format!("RSA of {} bits", modulus.len() * 8),
        }
    }

    /// The JWK of a P-256 key (RFC 7518, 6.2.1); `None` for every other.
    pub(crate) fn jwk_of_p256(&self) -> Option<Value> {
        let Self::P256(key) = self else { return None };
        let point = key.to_encoded_point(false);
        let [x, y] = [point.x()?, point.y()?].map(|coordinate| BASE64_URL_SAFE_NO_PAD.encode(coordinate));
        Some(json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y }))
    }

    /// Whether an issuer's id is this key.
    pub(crate) fn is_id(&self, id: &str) -> bool {
        if let Some(multikey) = id.strip_prefix("did:key:") {
            return match self {
                Self::Ed25519(_) | Self::P256(_) => multikey == self.name(),
                Self::Rsa { .. } => false,
            };
        }
        id.starts_with("did:jwk:") && of_method(id).is_ok_and(|key| key == *self)
    }
}

/// The key of a Multikey; `None` for a kind that is not known.
pub(crate) fn decode(multikey: &str) -> Result<Option<PublicKey>, KeyFault> {
    let bytes = decode_base58(multikey, MULTIKEY_BYTES_MAX).ok_or(KeyFault::Encoding)?;
    if let Some(key) = bytes.strip_prefix(&ED25519) {
        let key = key.try_into().map_err(|_| KeyFault::Length { bytes: key.len() })?;
        return Ok(Some(PublicKey::Ed25519(signature::PublicKey(key))));
    }
    if let Some(point) = bytes.strip_prefix(&P256) {
        // Other forms of a point are not those of a Multikey.
        let compressed =
            Some(point).filter(|point| point.len() == P256_POINT_BYTES && matches!(point[0], 2 | 3));
        let key = compressed.and_then(|point| p256::PublicKey::from_sec1_bytes(point).ok());
        return Ok(Some(PublicKey::P256(key.ok_or(KeyFault::Point)?)));
    }
    // Shorter or longer than a key: what was meant to be one of Ed25519.
    if multikey.starts_with("z6Mk") { Err(KeyFault::Length { bytes: bytes.len() }) } else { Ok(None) }
}

/// The Multikey of an Ed25519 key.
pub(crate) fn encode(key: &signature::PublicKey) -> String {
    multibase(&ED25519, &key.0)
}

fn multibase(codec: &[u8], key: &[u8]) -> String {
    format!("z{}", bs58::encode([codec, key].concat()).into_string())
}

/// The bytes of a base58btc Multibase of at most `bytes_max` bytes of text.
pub(crate) fn decode_base58(text: &str, bytes_max: usize) -> Option<Vec<u8>> {
    let digits = text.strip_prefix('z').filter(|_| text.len() <= bytes_max)?;
    bs58::decode(digits).into_vec().ok()
}

/// The key of a verification method that carries its key by value.
///
/// `did:key:K`, `did:key:K#K`, `did:jwk:J`, `did:jwk:J#0`, or any address whose fragment is a Multikey.
pub(crate) fn of_method(method: &str) -> Result<PublicKey, Obstacle> {
    let (address, fragment) = match method.split_once('#') {
        Some((address, fragment)) => (address, Some(fragment)),
        None => (method, None),
    };
    if let Some(jwk) = address.strip_prefix("did:jwk:") {
        let expected = "JSON in base64url";
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(jwk).ok().filter(|_| jwk.len() <= DID_JWK_BYTES_MAX);
        let jwk = bytes.and_then(|bytes| read_object(&bytes).ok()).map(Value::Object);
        return match fragment {
            None | Some("0") => of_jwk(&jwk.ok_or(KeyFault::Jwk { expected })?),
            Some(_) => Err(KeyFault::Fragment.into()),
        };
    }
    let multikey = match (address.strip_prefix("did:key:"), fragment) {
        (Some(key), Some(fragment)) if key != fragment => return Err(KeyFault::Fragment.into()),
        (Some(key), _) => key,
        (None, Some(fragment)) if fragment.starts_with("z6Mk") || fragment.starts_with("zDn") => fragment,
        (None, _) => return Err(Unchecked::KeyElsewhere { method: shown(method) }.into()),
    };
    decode(multikey)?.ok_or_else(|| Unchecked::KeyKind { method: shown(method) }.into())
}

/// The key of a JWK.
pub(crate) fn of_jwk(jwk: &Value) -> Result<PublicKey, Obstacle> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let bytes = |name: &str| text(name).and_then(|text| BASE64_URL_SAFE_NO_PAD.decode(text).ok());
    // RFC 7517 4.2 to 4.4: what a key is for, where it says so.
    let operations = jwk.get("key_ops").map(|operations| {
        operations.as_array().is_some_and(|all| all.iter().any(|operation| operation == "verify"))
    });
    let algorithms: &[&str] = match (text("kty"), text("crv")) {
        (Some("OKP"), _) => &["EdDSA", "Ed25519"],
        (Some("EC"), _) => &["ES256"],
        _ => &["RS256"],
    };
    let for_signatures = jwk.get("use").is_none_or(|purpose| purpose == "sig")
        && operations.unwrap_or(true)
        && jwk.get("alg").is_none_or(|name| name.as_str().is_some_and(|name| algorithms.contains(&name)));
    if !for_signatures {
        return Err(KeyFault::Jwk { expected: "a key that verifies signatures of its kind" }.into());
    }
    match (text("kty"), text("crv")) {
        (Some("OKP"), Some("Ed25519")) => {
            let key = bytes("x").and_then(|key| key.try_into().ok());
            let expected = "a JWK of Ed25519";
            Ok(PublicKey::Ed25519(signature::PublicKey(key.ok_or(KeyFault::Jwk { expected })?)))
        }
        (Some("EC"), Some("P-256")) => {
            let point = bytes("x").zip(bytes("y")).filter(|(x, y)| x.len() == 32 && y.len() == 32);
            let point = point.map(|(x, y)| [&[0x04][..], &x, &y].concat());
            let key = point.and_then(|point| p256::PublicKey::from_sec1_bytes(&point).ok());
            Ok(PublicKey::P256(key.ok_or(KeyFault::Jwk { expected: "a JWK of P-256" })?))
        }
        (Some("RSA"), _) => {
            let parts = bytes("n").zip(bytes("e")).filter(|(modulus, exponent)| {
                RSA_MODULUS_BYTES.contains(&modulus.len()) && RSA_EXPONENT_BYTES.contains(&exponent.len())
            });
            let expected = "an RSA key of 2048 to 8192 bits";
            let (modulus, exponent) = parts.ok_or(KeyFault::Jwk { expected })?;
            Ok(PublicKey::Rsa { modulus, exponent })
        }
        (Some(_), _) => Err(Unchecked::KeyKind { method: "of the JWK".to_owned() }.into()),
        (None, _) => Err(KeyFault::Jwk { expected: "an object with a \"kty\"" }.into()),
    }
}

/// Length of a compressed point, in bytes.
const P256_POINT_BYTES: usize = 33;

#[cfg(test)]
mod tests {
    use sanad_core::signature::SecretKey;

    use super::*;

    fn key() -> PublicKey {
        PublicKey::Ed25519(SecretKey::from_seed(&[7; 32]).public())
    }

    #[test]
    fn keys_given_by_value() {
        let multikey = key().name();
        assert!(multikey.starts_with("z6Mk"));
        for method in [
            format!("did:key:{multikey}"),
            format!("did:key:{multikey}#{multikey}"),
            format!("https://example.org/issuers/1#{multikey}"),
            format!("did:web:example.org#{multikey}"),
        ] {
            assert_eq!(of_method(&method), Ok(key()), "{method}");
        }
        assert!(key().is_id(&format!("did:key:{multikey}")));
        for other in [format!("did:key:{multikey}#{multikey}"), format!("did:web:{multikey}"), multikey] {
            assert!(!key().is_id(&other), "{other}");
        }
    }

    #[test]
    fn keys_of_p256() {
        let method = "did:key:zDnaepBuvsQ8cpsWrVKw8fbpGpvPeNSjVPTWoq6cRqaYzBKVP";
        let key = of_method(method).unwrap();
        assert!(matches!(key, PublicKey::P256(_)) && key.is_id(method), "{key:?}");
        let bytes = decode_base58(&method[8..], 100).unwrap();
        let mut broken = bytes.clone();
        broken[2] = 0x05;
        for bytes in [&bytes[..34], &broken] {
            let multikey = format!("z{}", bs58::encode(bytes).into_string());
            assert_eq!(decode(&multikey), Err(KeyFault::Point));
        }
    }

    #[test]
    fn a_did_that_is_a_jwk() {
        let PublicKey::Ed25519(public) = key() else { unreachable!() };
        let jwk =
            format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#, BASE64_URL_SAFE_NO_PAD.encode(public.0));
        let did = format!("did:jwk:{}", BASE64_URL_SAFE_NO_PAD.encode(jwk));
        assert_eq!(of_method(&format!("{did}#0")), Ok(key()));
        assert!(key().is_id(&did));
        assert_eq!(of_method(&format!("{did}#1")), Err(KeyFault::Fragment.into()));
        assert!(matches!(
            of_method("did:jwk:e30"),
            Err(Obstacle::Fault(ProofFault::Key(KeyFault::Jwk { .. })))
        ));
    }

    #[test]
    fn malformed_keys_are_faults() {
        let multikey = key().name();
        let short = multibase(&ED25519, &[1; 31]);
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
        let x25519 = format!("did:key:{}", multibase(&[0xec, 0x01], &[1; 32]));
        assert!(matches!(of_method(&x25519), Err(Obstacle::Unchecked(Unchecked::KeyKind { .. }))));
        for method in ["https://example.org/keys/1", "did:web:example.org#key-1", "", "#"] {
            let found = of_method(method);
            assert!(matches!(found, Err(Obstacle::Unchecked(Unchecked::KeyElsewhere { .. }))), "{method}");
        }
    }
}
