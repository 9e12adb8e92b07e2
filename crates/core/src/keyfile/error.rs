//! Why a key file is not sealed, opened or read.

use std::fmt;

/// A failure with a key file. None of them carries a secret, a passphrase or a ciphertext.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// The passphrase is wrong or the file was altered: authentication cannot tell the two apart.
    #[error("wrong passphrase, or the key file is damaged")]
    WrongPassphraseOrDamaged,
    /// The file is of another format or version.
    #[error("unsupported key file format {found:?}")]
    UnsupportedFormat {
        /// The format that the file names, at most the first 64 characters of it.
        found: String,
    },
    /// Something is outside its bounds; nothing was allocated for it.
    #[error("{limit} is {actual}, outside {minimum} to {maximum}")]
    LimitExceeded {
        /// What is outside its bounds.
        limit: KeyFileLimit,
        /// What it is, in the unit of `limit`.
        actual: u64,
        /// The least it may be.
        minimum: u64,
        /// The most it may be.
        maximum: u64,
    },
    /// A field is there but has a value that it cannot have.
    #[error("malformed field {field} in the key file")]
    Malformed {
        /// Field of the JSON object.
        field: KeyFileField,
    },
    /// The text is not JSON, or a field is missing, unknown, repeated or of another type.
    #[error("unreadable key file at line {line}, column {column}")]
    Unreadable {
        /// Line where reading stopped, from 1.
        line: usize,
        /// Column where reading stopped, in bytes from 1.
        column: usize,
    },
    /// The public key in the file is not that of the secret in it.
    #[error("the public key of the key file does not belong to its secret")]
    PublicKeyMismatch {
        /// The public key that the file names.
        expected: [u8; 32],
        /// The public key of the secret.
        actual: [u8; 32],
    },
    /// The memory that the parameters ask for is within bounds, but this machine has not got it.
    #[error("no memory to derive the key: {memory_kib} KiB are needed")]
    OutOfMemory {
        /// What was asked for, in KiB.
        memory_kib: u32,
    },
}

/// What [`KeyFileError::LimitExceeded`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyFileLimit {
    /// Length of the file, in bytes.
    FileBytes,
    /// Length of the passphrase, in bytes.
    PassphraseBytes,
    /// Memory of Argon2id, in KiB.
    MemoryKib,
    /// Passes of Argon2id over the memory.
    Iterations,
    /// Lanes of Argon2id.
    Lanes,
}

impl fmt::Display for KeyFileLimit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::FileBytes => "the size of the key file in bytes",
            Self::PassphraseBytes => "the length of the passphrase in bytes",
            Self::MemoryKib => "kdf.memory_kib",
            Self::Iterations => "kdf.iterations",
            Self::Lanes => "kdf.lanes",
        })
    }
}

/// What [`KeyFileError::Malformed`] is about, named by its path in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyFileField {
    /// `purpose`: 1 to 32 bytes of `a-z`, `0-9`, `-`.
    Purpose,
    /// `public_key`: 64 lowercase hexadecimal digits.
    PublicKey,
    /// `kdf.algorithm`: `argon2id`.
    KdfAlgorithm,
    /// `kdf.salt`: 32 lowercase hexadecimal digits.
    Salt,
    /// `cipher.algorithm`: `xchacha20-poly1305`.
    CipherAlgorithm,
    /// `cipher.nonce`: 48 lowercase hexadecimal digits.
    Nonce,
    /// `cipher.ciphertext`: 64 lowercase hexadecimal digits.
    Ciphertext,
    /// `cipher.tag`: 32 lowercase hexadecimal digits.
    Tag,
}

impl fmt::Display for KeyFileField {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Purpose => "purpose",
            Self::PublicKey => "public_key",
            Self::KdfAlgorithm => "kdf.algorithm",
            Self::Salt => "kdf.salt",
            Self::CipherAlgorithm => "cipher.algorithm",
            Self::Nonce => "cipher.nonce",
            Self::Ciphertext => "cipher.ciphertext",
            Self::Tag => "cipher.tag",
        })
    }
}
