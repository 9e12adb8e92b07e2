//! An Ed25519 secret key at rest: one small JSON file, encrypted under a passphrase.
//!
//! `sanad-key/v1`: Argon2id (RFC 9106) makes a key of the passphrase, XChaCha20-Poly1305 encrypts the
//! 32-byte secret, and everything else in the file is associated data. The public key is in clear, so
//! that tools can show whose file it is; [`open`] proves that it belongs to the secret.
//!
//! Pure functions: salt and nonce are arguments, files are read and written by the caller.

mod error;
mod kdf;
mod layout;

pub use error::{KeyFileError, KeyFileField, KeyFileLimit};
pub use kdf::{KDF_ITERATIONS_MAX, KDF_LANES_MAX, KDF_MEMORY_KIB_MAX, KdfParameters, PASSPHRASE_BYTES_MAX};
pub use layout::{KEY_FILE_BYTES_MAX, KEY_FILE_FORMAT, PURPOSE_BYTES_MAX};

use chacha20poly1305::{AeadInPlace, KeyInit, XChaCha20Poly1305};
use ed25519_dalek::SigningKey;
use layout::KeyFile;
use std::fmt;
use zeroize::Zeroizing;

/// What a key file shows without its passphrase.
///
/// Not authenticated: whoever can write the file can write anything here. [`open`] is the proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFileSummary {
    /// What the key is for, such as `consensus`, `issuing` or `network`.
    pub purpose: String,
    /// The Ed25519 public key that the file claims, 32 bytes compressed (RFC 8032 5.1.5).
    pub public: [u8; 32],
}

/// A key file opened with its passphrase. The secret is wiped from memory when this is dropped.
#[derive(Clone)]
pub struct OpenedKey {
    /// What the key is for, such as `consensus`, `issuing` or `network`; the caller checks that it is
    /// the purpose it wants.
    pub purpose: String,
    /// The Ed25519 secret key: the 32-byte seed of RFC 8032 5.1.5.
    pub secret: Zeroizing<[u8; 32]>,
    /// The Ed25519 public key of `secret`, 32 bytes compressed.
    pub public: [u8; 32],
}

impl fmt::Debug for OpenedKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // By hand, because a derived one would print the secret into logs.
        formatter
            .debug_struct("OpenedKey")
            .field("purpose", &self.purpose)
            .field("public", &hex::encode(self.public))
            .finish_non_exhaustive()
    }
}

/// Encrypts `secret`, an Ed25519 seed, and returns the text of its key file.
///
/// `purpose` is 1 to [`PURPOSE_BYTES_MAX`] bytes of `a-z`, `0-9` and `-`. Requires a `salt` and a
/// `nonce` that are fresh and random for each call: they are what keeps two files apart.
///
/// # Errors
/// [`KeyFileError::Malformed`] for a bad purpose, [`KeyFileError::LimitExceeded`] for an empty or
/// overlong passphrase or parameters out of bounds, [`KeyFileError::OutOfMemory`].
pub fn seal(
    secret: &[u8; 32],
    passphrase: &[u8],
    purpose: &str,
    params: KdfParameters,
    salt: [u8; 16],
    nonce: [u8; 24],
) -> Result<String, KeyFileError> {
    layout::check_purpose(purpose)?;
    let mut file = KeyFile {
        purpose: purpose.to_owned(),
        public: SigningKey::from_bytes(secret).verifying_key().to_bytes(),
        kdf: params,
        salt,
        nonce,
        ciphertext: [0; 32],
        tag: [0; 16],
    };
    let key = kdf::derive_key(passphrase, &file.salt, file.kdf)?;
    let mut buffer = Zeroizing::new(*secret);
    let tag = XChaCha20Poly1305::new(key.as_ref().into())
        .encrypt_in_place_detached(&file.nonce.into(), &file.associated_bytes(), buffer.as_mut_slice())
        .expect("invariant: 32 bytes are far below the limit of the cipher");
    file.ciphertext = *buffer;
    file.tag = tag.into();
    Ok(file.to_text())
}

/// Decrypts the key file `text` and checks that its public key belongs to its secret.
///
/// # Errors
/// Every [`KeyFileError`]. The bounds on size and on memory, iterations and lanes are checked before
/// anything is allocated for them, so a hostile file costs at most what the bounds allow.
pub fn open(text: &str, passphrase: &[u8]) -> Result<OpenedKey, KeyFileError> {
    let file = KeyFile::parse(text)?;
    let key = kdf::derive_key(passphrase, &file.salt, file.kdf)?;
    let mut secret = Zeroizing::new(file.ciphertext);
    XChaCha20Poly1305::new(key.as_ref().into())
        .decrypt_in_place_detached(
            &file.nonce.into(),
            &file.associated_bytes(),
            secret.as_mut_slice(),
            &file.tag.into(),
        )
        .map_err(|_| KeyFileError::WrongPassphraseOrDamaged)?;
    let public = SigningKey::from_bytes(&secret).verifying_key().to_bytes();
    // Authenticated already, but by the passphrase holder alone: a file written wrongly must not
    // make a node sign under a name that is not its own.
    if public != file.public {
        return Err(KeyFileError::PublicKeyMismatch { expected: file.public, actual: public });
    }
    Ok(OpenedKey { purpose: file.purpose, secret, public })
}

/// Returns what the key file `text` says of itself, without its passphrase.
///
/// # Errors
/// Those of reading the file: [`KeyFileError::LimitExceeded`], [`KeyFileError::Unreadable`],
/// [`KeyFileError::UnsupportedFormat`], [`KeyFileError::Malformed`].
pub fn peek(text: &str) -> Result<KeyFileSummary, KeyFileError> {
    let file = KeyFile::parse(text)?;
    Ok(KeyFileSummary { purpose: file.purpose, public: file.public })
}
