//! Ed25519, with one rule of verification everywhere.

use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};

use crate::hash::{self, HexError, KeyName};

/// Algorithm tag of Ed25519, the only algorithm so far. Every encoded key and signature starts with such a tag.
pub const ALGORITHM_ED25519: u8 = 0;
/// How texts name Ed25519, before the hexadecimal digits.
const ED25519_PREFIX: &str = "ed25519:";

macro_rules! tagged_bytes {
    ($(#[$doc:meta])* $name:ident, $length:literal, $field:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $length]);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&format!("{ED25519_PREFIX}{}", hex::encode(self.0)))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = TaggedHexError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let digits = text.strip_prefix(ED25519_PREFIX).ok_or(TaggedHexError::Algorithm)?;
                let mut bytes = [0; $length];
                match hex::decode_to_slice(digits, &mut bytes) {
                    Ok(()) => Ok(Self(bytes)),
                    Err(_) => Err(HexError { expected: 2 * $length, actual: digits.len() }.into()),
                }
            }
        }

        hash::fixed_bytes!($name, $length);

        impl Encode for $name {
            fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
                ALGORITHM_ED25519.encode(encoder)?;
                self.0.encode(encoder)
            }
        }

        impl<C> Decode<C> for $name {
            fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
                match u8::decode(decoder)? {
                    ALGORITHM_ED25519 => Ok(Self(Decode::decode(decoder)?)),
                    _ => Err(DecodeError::Other($field)),
                }
            }
        }

        bincode::impl_borrow_decode!($name);
    };
}

tagged_bytes! {
    /// An Ed25519 public key, 32 bytes. Checked as a curve point only when it verifies something.
    ///
    /// Encoded with its algorithm tag; as text `ed25519:` and lower-case hexadecimal.
    PublicKey, 32, "key algorithm"
}
tagged_bytes! {
    /// An Ed25519 signature, 64 bytes. Encoded and written as a [`PublicKey`] is.
    Signature, 64, "signature algorithm"
}

/// Bytes of an encoded public key: algorithm tag and key.
pub const PUBLIC_KEY_BYTES: usize = 1 + 32;
/// Bytes of an encoded signature: algorithm tag and signature.
pub const SIGNATURE_BYTES: usize = 1 + 64;

/// A text is not a key or signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TaggedHexError {
    /// It does not start with the name of a known algorithm.
    #[error("expected \"ed25519:\" and hexadecimal digits")]
    Algorithm,
    /// The digits after the algorithm's name.
    #[error(transparent)]
    Hex(#[from] HexError),
}

/// A signature does not verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// The key is no canonical point of the curve, or one of small order.
    #[error("{key} is not a usable Ed25519 public key")]
    Key {
        /// The 32 bytes that are no usable key.
        key: PublicKey,
    },
    /// `S` of the signature is not below the group order: a second form of another signature.
    #[error("the signature, checked with the key {key}, is not canonical: S is not below the group order")]
    Scalar {
        /// The key it was checked with.
        key: PublicKey,
    },
    /// `R` of the signature is no canonical point of the curve, or one of small order.
    #[error("the signature, checked with the key {key}, has an R that no signer makes")]
    Commitment {
        /// The key it was checked with.
        key: PublicKey,
    },
    /// The signature does not belong to this key and message.
    #[error("the signature is not one by the key {key} over this message")]
    Mismatch {
        /// The key it was checked with.
        key: PublicKey,
    },
}

impl PublicKey {
    /// The name of the key: `BLAKE3-derive_key("sanad/v1 key", algorithm u8 || bytes)`. Records hold keys by name.
    pub fn name(&self) -> KeyName {
        KeyName(hash::KEY.hash(&[&[ALGORITHM_ED25519], &self.0]))
    }

    /// Verifies strictly: canonical encodings, no small-order keys or commitments, no cofactor
    /// (`verify_strict`, RFC 8032 5.1.7 with the checks of "Taming the many EdDSAs", 2020).
    ///
    /// # Errors
    /// [`SignatureError`].
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), SignatureError> {
        let key = canonical_point(&self.0).ok_or(SignatureError::Key { key: *self })?;
        // Refuses keys and commitments of small order.
        key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(&signature.0))
            .map_err(|_| self.refusal(signature))
    }

    /// The key as a point, if it is a usable one.
    ///
    /// # Errors
    /// [`SignatureError::Key`].
    pub fn check(&self) -> Result<VerifyingKey, SignatureError> {
        usable_point(&self.0).ok_or(SignatureError::Key { key: *self })
    }

    /// Why a signature was refused.
    fn refusal(&self, signature: &Signature) -> SignatureError {
        let key = *self;
        if let Err(error) = self.check() {
            return error;
        }
        let (commitment, scalar) = signature.0.split_at(32);
        if !scalar.iter().rev().lt(GROUP_ORDER.iter().rev()) {
            return SignatureError::Scalar { key };
        }
        match commitment.try_into().ok().and_then(usable_point) {
            Some(_) => SignatureError::Mismatch { key },
            None => SignatureError::Commitment { key },
        }
    }
}

/// A point in its canonical encoding and not of small order.
fn usable_point(bytes: &[u8; 32]) -> Option<VerifyingKey> {
    canonical_point(bytes).filter(|point| !point.is_weak())
}

/// A point in its canonical encoding, but for those of small order, of which some other encodings pass.
fn canonical_point(bytes: &[u8; 32]) -> Option<VerifyingKey> {
    // Decompression takes y modulo p = 2^255 - 19 and any sign of x = 0. The latter are points of order 1
    // and 2 alone.
    let [first, middle @ .., last] = bytes;
    let beyond = *first >= 0xed && middle.iter().all(|byte| *byte == 0xff) && last & 0x7f == 0x7f;
    if beyond { None } else { VerifyingKey::from_bytes(bytes).ok() }
}

/// Order of the group, little-endian (RFC 8032 5.1).
const GROUP_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// An Ed25519 secret. Wiped from memory when dropped; never shown.
#[derive(Clone)]
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// The key of a 32-byte RFC 8032 seed.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs a message. The message carries its domain tag already.
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.0.sign(message).to_bytes())
    }

    /// The seed, for libraries that take a key of their own.
    pub fn seed(&self) -> zeroize::Zeroizing<[u8; 32]> {
        zeroize::Zeroizing::new(self.0.to_bytes())
    }
}

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SecretKey(of {})", self.public())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict() {
        let key = SecretKey::from_seed(&[1; 32]);
        let signature = key.sign(b"m");
        assert_eq!(key.public().verify(b"m", &signature), Ok(()));
        assert!(matches!(key.public().verify(b"n", &signature), Err(SignatureError::Mismatch { .. })));
        // The identity point verifies anything under a lax rule (RFC 8032 leaves it open).
        let mut identity = [0; 32];
        identity[0] = 1;
        let mut forged = [0; 64];
        forged[0] = 1;
        assert!(matches!(
            PublicKey(identity).verify(b"any", &Signature(forged)),
            Err(SignatureError::Key { .. })
        ));
        // y = p + 1 encodes the identity a second time.
        let mut second = [0xff; 32];
        second[0] = 0xee;
        second[31] = 0x7f;
        assert!(PublicKey(second).check().is_err());
    }

    #[test]
    fn one_encoding_of_a_point() {
        // y from p up to 2^255 - 1, with either sign: none is canonical, whether it is a point or not.
        for low in 0xed..=0xff {
            for high in [0x7f, 0xff] {
                let mut bytes = [0xff; 32];
                (bytes[0], bytes[31]) = (low, high);
                assert!(PublicKey(bytes).check().is_err());
                let refused = PublicKey(bytes).verify(b"m", &Signature([0; 64]));
                assert!(matches!(refused, Err(SignatureError::Key { .. })));
            }
        }
        // All others are what compression gives.
        for n in 0..64 {
            let key = SecretKey::from_seed(&[n; 32]).public();
            assert_eq!(key.check().unwrap().to_edwards().compress().0, key.0);
        }
        // The points whose x is 0, with the sign that does not count.
        for y in [[0x01; 1], [0xec; 1]] {
            let mut bytes = if y[0] == 1 { [0; 32] } else { [0xff; 32] };
            (bytes[0], bytes[31]) = (y[0], bytes[31] | 0x80);
            assert!(PublicKey(bytes).check().is_err());
        }
    }

    #[test]
    fn secrets_do_not_print() {
        let shown = format!("{:?}", SecretKey::from_seed(&[0xab; 32]));
        assert!(!shown.contains(&"ab".repeat(8)));
    }
}
