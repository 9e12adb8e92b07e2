//! The text of a key file: JSON, every field required, none other allowed.

use super::{KdfParameters, KeyFileError, KeyFileField, KeyFileLimit};
use serde::{Deserialize, Serialize};

/// The format that is written and read.
pub const KEY_FILE_FORMAT: &str = "sanad-key/v1";

/// Longest text of a key file, in bytes.
pub const KEY_FILE_BYTES_MAX: usize = 4096;

/// Longest purpose, in bytes.
pub const PURPOSE_BYTES_MAX: usize = 32;

/// A key file, its fields decoded and its parameters within bounds.
pub(super) struct KeyFile {
    pub(super) purpose: String,
    pub(super) public: [u8; 32],
    pub(super) kdf: KdfParameters,
    pub(super) salt: [u8; 16],
    pub(super) nonce: [u8; 24],
    pub(super) ciphertext: [u8; 32],
    pub(super) tag: [u8; 16],
}

impl KeyFile {
    /// Reads `text`. Requires nothing of it.
    pub(super) fn parse(text: &str) -> Result<Self, KeyFileError> {
        if text.len() > KEY_FILE_BYTES_MAX {
            return Err(KeyFileError::LimitExceeded {
                limit: KeyFileLimit::FileBytes,
                actual: text.len() as u64,
                minimum: 0,
                maximum: KEY_FILE_BYTES_MAX as u64,
            });
        }
        // The format first and alone, so that a later version is called that, whatever else it has.
        let FormatOnly { format } = serde_json::from_str(text).map_err(unreadable)?;
        if format != KEY_FILE_FORMAT {
            return Err(KeyFileError::UnsupportedFormat {
                found: format.chars().take(FOUND_CHARS_MAX).collect(),
            });
        }
        let fields: Fields = serde_json::from_str(text).map_err(unreadable)?;
        check_purpose(&fields.purpose)?;
        check_name(&fields.kdf.algorithm, KDF_ALGORITHM, KeyFileField::KdfAlgorithm)?;
        check_name(&fields.cipher.algorithm, CIPHER_ALGORITHM, KeyFileField::CipherAlgorithm)?;
        let kdf =
            KdfParameters::within_bounds(fields.kdf.memory_kib, fields.kdf.iterations, fields.kdf.lanes)?;
        Ok(Self {
            public: from_hex(&fields.public_key, KeyFileField::PublicKey)?,
            kdf,
            salt: from_hex(&fields.kdf.salt, KeyFileField::Salt)?,
            nonce: from_hex(&fields.cipher.nonce, KeyFileField::Nonce)?,
            ciphertext: from_hex(&fields.cipher.ciphertext, KeyFileField::Ciphertext)?,
            tag: from_hex(&fields.cipher.tag, KeyFileField::Tag)?,
            purpose: fields.purpose,
        })
    }

    /// The text that [`parse`](Self::parse) reads, ending with a line feed.
    pub(super) fn to_text(&self) -> String {
        let fields = Fields {
            format: KEY_FILE_FORMAT.to_owned(),
            purpose: self.purpose.clone(),
            public_key: hex::encode(self.public),
            kdf: KdfFields {
                algorithm: KDF_ALGORITHM.to_owned(),
                memory_kib: self.kdf.memory_kib.into(),
                iterations: self.kdf.iterations.into(),
                lanes: self.kdf.lanes.into(),
                salt: hex::encode(self.salt),
            },
            cipher: CipherFields {
                algorithm: CIPHER_ALGORITHM.to_owned(),
                nonce: hex::encode(self.nonce),
                ciphertext: hex::encode(self.ciphertext),
                tag: hex::encode(self.tag),
            },
        };
        let mut text = serde_json::to_string_pretty(&fields)
            .expect("invariant: strings and integers always have a JSON form");
        text.push('\n');
        text
    }

    /// What the cipher authenticates beside the secret: all that is in clear, but for the nonce,
    /// which it authenticates anyway.
    ///
    /// Layout, integers big-endian: the format (12 bytes) || memory_kib u32 || iterations u32 ||
    /// lanes u32 || salt (16) || public key (32) || purpose, which runs to the end. Algorithms are
    /// fixed by the format.
    pub(super) fn associated_bytes(&self) -> Vec<u8> {
        let mut bytes = KEY_FILE_FORMAT.as_bytes().to_vec();
        for cost in [self.kdf.memory_kib, self.kdf.iterations, self.kdf.lanes] {
            bytes.extend_from_slice(&cost.to_be_bytes());
        }
        bytes.extend_from_slice(&self.salt);
        bytes.extend_from_slice(&self.public);
        bytes.extend_from_slice(self.purpose.as_bytes());
        bytes
    }
}

/// Refuses a purpose that is empty, overlong or of other characters than `a-z`, `0-9`, `-`.
pub(super) fn check_purpose(purpose: &str) -> Result<(), KeyFileError> {
    let allowed = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    if (1..=PURPOSE_BYTES_MAX).contains(&purpose.len()) && purpose.bytes().all(allowed) {
        return Ok(());
    }
    Err(KeyFileError::Malformed { field: KeyFileField::Purpose })
}

/// The file as JSON has it. Field order is the order of the text.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    format: String,
    purpose: String,
    public_key: String,
    kdf: KdfFields,
    cipher: CipherFields,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KdfFields {
    algorithm: String,
    memory_kib: u64,
    iterations: u64,
    lanes: u64,
    salt: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CipherFields {
    algorithm: String,
    nonce: String,
    ciphertext: String,
    tag: String,
}

/// The one field that every version of the file has.
#[derive(Deserialize)]
struct FormatOnly {
    format: String,
}

fn check_name(found: &str, expected: &str, field: KeyFileField) -> Result<(), KeyFileError> {
    if found == expected {
        return Ok(());
    }
    Err(KeyFileError::Malformed { field })
}

/// Exactly `N` bytes in lowercase hexadecimal: one text for one value.
fn from_hex<const N: usize>(text: &str, field: KeyFileField) -> Result<[u8; N], KeyFileError> {
    let malformed = KeyFileError::Malformed { field };
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(malformed);
    }
    let mut bytes = [0; N];
    match hex::decode_to_slice(text, &mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_) => Err(malformed),
    }
}

fn unreadable(error: serde_json::Error) -> KeyFileError {
    KeyFileError::Unreadable { line: error.line(), column: error.column() }
}

const KDF_ALGORITHM: &str = "argon2id";
const CIPHER_ALGORITHM: &str = "xchacha20-poly1305";
/// Most of an unknown format's name that an error repeats, in characters.
const FOUND_CHARS_MAX: usize = 64;
