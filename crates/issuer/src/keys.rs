//! Secret keys in files: where a member's folder has them, how they are made and opened.

use std::path::{Path, PathBuf};

use sanad_core::keyfile::{self, KEY_FILE_BYTES_MAX, KdfParameters, KeyFileError, PASSPHRASE_BYTES_MAX};
use sanad_core::signature::{PublicKey, SecretKey};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::files::{self, FileError, Mode};
use crate::random::{NoRandomness, random_bytes};

/// Fewest characters of a passphrase that people choose.
pub const PASSPHRASE_CHARACTERS_MIN: usize = 12;
/// Fewest different characters of a passphrase that people choose.
pub const PASSPHRASE_DIFFERENT_MIN: usize = 5;

/// What a key signs. The file says so, and a key is used for nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// The member's decisions about itself and the consortium, and its agreement to the genesis.
    Governance,
    /// Batches of issuances and revocations.
    Issuing,
    /// Votes on blocks.
    Consensus,
    /// The node's connections to its peers.
    Network,
    /// Checkpoints of static exports, for witnesses and monitors.
    Checkpoint,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 5] =
        [Self::Governance, Self::Issuing, Self::Consensus, Self::Network, Self::Checkpoint];

    /// As it stands in a key file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Governance => "governance",
            Self::Issuing => "issuing",
            Self::Consensus => "consensus",
            Self::Network => "network",
            Self::Checkpoint => "checkpoint",
        }
    }

    /// Where a member's folder has its key.
    pub fn path_in(self, folder: &Path) -> PathBuf {
        folder.join("keys").join(format!("{}.json", self.as_str()))
    }
}

/// Why a key file is not made or opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is no key file.
    #[error("{} is not a key file, as `sanad key new` writes them", path.display())]
    NotAKeyFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: KeyFileError,
    },
    /// It holds a key for something else.
    #[error("{} holds a key for \"{actual}\"; one for \"{}\" is needed here", path.display(), expected.as_str())]
    Purpose {
        /// The file.
        path: PathBuf,
        /// The purpose needed.
        expected: Purpose,
        /// The purpose of the file.
        actual: String,
    },
    /// It does not open.
    #[error("{} does not open; check the passphrase", path.display())]
    NotOpened {
        /// The file.
        path: PathBuf,
        /// Why.
        source: KeyFileError,
    },
    /// There is no passphrase.
    #[error("the passphrase is empty; a key file needs one")]
    NoPassphrase,
    /// The passphrase is too short.
    #[error(
        "the passphrase has {characters} characters; a new key needs one of at least \
         {PASSPHRASE_CHARACTERS_MIN}, such as five random words"
    )]
    ShortPassphrase {
        /// How many it has.
        characters: usize,
    },
    /// The passphrase is one character again and again, or nearly.
    #[error(
        "the passphrase has only {different} different characters; a new key needs one of at least \
         {PASSPHRASE_DIFFERENT_MIN}, such as five random words"
    )]
    MonotonousPassphrase {
        /// How many it has.
        different: usize,
    },
    /// The passphrase is too long.
    #[error("the passphrase has more than {PASSPHRASE_BYTES_MAX} bytes, the most that a key file takes")]
    LongPassphrase,
    /// The key cannot be encrypted.
    #[error("the key cannot be encrypted")]
    NotSealed(#[source] KeyFileError),
    /// There is no randomness to make a key of.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// What key files are encrypted under. Wiped from memory when dropped.
#[derive(Clone)]
pub struct Passphrase {
    bytes: Zeroizing<Vec<u8>>,
    /// What a guess at it is made to cost.
    cost: KdfParameters,
}

impl Passphrase {
    /// The passphrase of keys that are there already, of whatever strength.
    ///
    /// # Errors
    /// [`KeyError::NoPassphrase`].
    pub fn existing(bytes: Zeroizing<Vec<u8>>) -> Result<Self, KeyError> {
        match bytes.is_empty() {
            true => Err(KeyError::NoPassphrase),
            false => Ok(Self { bytes, cost: KdfParameters::default() }),
        }
    }

    /// A passphrase that somebody chose for new keys.
    ///
    /// # Errors
    /// [`KeyError::ShortPassphrase`], [`KeyError::MonotonousPassphrase`], [`KeyError::LongPassphrase`].
    pub fn chosen(bytes: Zeroizing<Vec<u8>>) -> Result<Self, KeyError> {
        if bytes.len() > PASSPHRASE_BYTES_MAX {
            return Err(KeyError::LongPassphrase);
        }
        // Of bytes that are not UTF-8 each counts as one character.
        let text = String::from_utf8_lossy(&bytes);
        let characters = text.chars().count();
        if characters < PASSPHRASE_CHARACTERS_MIN {
            return Err(KeyError::ShortPassphrase { characters });
        }
        let different = text.chars().collect::<std::collections::BTreeSet<_>>().len();
        if different < PASSPHRASE_DIFFERENT_MIN {
            return Err(KeyError::MonotonousPassphrase { different });
        }
        Self::existing(bytes)
    }

    /// Draws one of 128 bits, as 32 hexadecimal digits.
    ///
    /// No guess can find it, so that files under it take the least cost that is advised (OWASP: 19 MiB, two passes).
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub fn random() -> Result<Self, KeyError> {
        let bytes = Zeroizing::new(hex::encode(random_bytes::<16>()?).into_bytes());
        Ok(Self { bytes, cost: KdfParameters { memory_kib: 19 * 1024, iterations: 2, lanes: 1 } })
    }

    /// Whether a file holds it, as a passphrase file does.
    pub(crate) fn is_in(&self, file: &[u8]) -> bool {
        let line = file.split(|byte| *byte == b'\n').next().unwrap_or_default();
        line.strip_suffix(b"\r").unwrap_or(line) == self.as_bytes()
    }

    /// As it is typed.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

// By hand, so that it does not come into a log.
impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Passphrase").finish_non_exhaustive()
    }
}

/// Reads a passphrase file to its first line break: editors end files with one that nobody meant.
///
/// # Errors
/// [`FileError`]; on Unix, a file that others can read is refused.
pub fn read_passphrase(path: &Path) -> Result<Zeroizing<Vec<u8>>, FileError> {
    Ok(first_line(Zeroizing::new(files::read_secret(path, 2 * PASSPHRASE_BYTES_MAX)?)))
}

fn first_line(mut text: Zeroizing<Vec<u8>>) -> Zeroizing<Vec<u8>> {
    if let Some(end) = text.iter().position(|byte| *byte == b'\n') {
        text.truncate(end);
        if text.last() == Some(&b'\r') {
            text.pop();
        }
    }
    text
}

/// A key that is made but not written yet.
pub struct NewKey {
    secret: SecretKey,
    text: String,
}

impl NewKey {
    /// Makes a key and encrypts it.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn generate(purpose: Purpose, passphrase: &Passphrase) -> Result<Self, KeyError> {
        let seed = Zeroizing::new(random_bytes::<32>()?);
        let (salt, nonce) = (random_bytes()?, random_bytes()?);
        let text = keyfile::seal(&seed, &passphrase.bytes, purpose.as_str(), passphrase.cost, salt, nonce)
            .map_err(KeyError::NotSealed)?;
        Ok(Self { secret: SecretKey::from_seed(&seed), text })
    }

    /// Its public half.
    pub fn public(&self) -> PublicKey {
        self.secret.public()
    }

    /// The secret, for what has to be signed before the key file is written.
    pub fn secret(&self) -> &SecretKey {
        &self.secret
    }

    /// Writes the key file, readable by its owner alone. Never overwrites.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn write(&self, path: &Path) -> Result<(), FileError> {
        files::create_new(path, self.text.as_bytes(), Mode::Private)
    }
}

/// A key file that was read and not opened yet.
pub struct SealedKey {
    path: PathBuf,
    text: Zeroizing<String>,
}

impl SealedKey {
    /// Reads a key file and checks what it is for, so that nobody is asked for the passphrase of the wrong file.
    ///
    /// # Errors
    /// [`KeyError`]; [`FileError::Exposed`] in it if others can read the file.
    pub fn read(path: &Path, purpose: Purpose) -> Result<Self, KeyError> {
        let bytes = Zeroizing::new(files::read_secret(path, KEY_FILE_BYTES_MAX)?);
        let text = std::str::from_utf8(&bytes).map_err(|_| FileError::NotText(path.to_owned()))?;
        let actual = keyfile::peek(text)
            .map_err(|source| KeyError::NotAKeyFile { path: path.to_owned(), source })?
            .purpose;
        if actual != purpose.as_str() {
            return Err(KeyError::Purpose { path: path.to_owned(), expected: purpose, actual });
        }
        Ok(Self { path: path.to_owned(), text: Zeroizing::new(text.to_owned()) })
    }

    /// Decrypts it.
    ///
    /// # Errors
    /// [`KeyError::NotOpened`].
    pub fn open(&self, passphrase: &Passphrase) -> Result<SecretKey, KeyError> {
        match keyfile::open(&self.text, &passphrase.bytes) {
            Ok(key) => Ok(SecretKey::from_seed(&key.secret)),
            Err(source) => Err(KeyError::NotOpened { path: self.path.clone(), source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(text.into())
    }

    #[test]
    fn a_passphrase_file_is_read_to_its_first_line_break() {
        for (given, expected) in
            [("a b", "a b"), ("a b\n", "a b"), ("a b\r\n", "a b"), ("a\nb\n", "a"), ("a\r", "a\r"), ("", "")]
        {
            assert_eq!(*first_line(text(given)), expected.as_bytes(), "{given:?}");
        }
    }

    #[test]
    fn a_new_passphrase_is_long_and_varied() {
        use KeyError::{LongPassphrase, MonotonousPassphrase, ShortPassphrase};
        assert!(matches!(Passphrase::chosen(text("a")), Err(ShortPassphrase { characters: 1 })));
        assert!(matches!(Passphrase::chosen(text("rahasia bgt")), Err(ShortPassphrase { characters: 11 })));
        // Four bytes a character.
        assert!(matches!(Passphrase::chosen(text("😀😃😄😁")), Err(ShortPassphrase { characters: 4 })));
        let four = Passphrase::chosen(text("abcdabcdabcd"));
        assert!(matches!(four, Err(MonotonousPassphrase { different: 4 })));
        assert!(matches!(Passphrase::chosen(text(&"abcde".repeat(300))), Err(LongPassphrase)));
        assert!(Passphrase::chosen(text("abcdeabcdeab")).is_ok());
        assert!(Passphrase::existing(text("a")).is_ok(), "old keys still open");
        assert!(matches!(Passphrase::existing(text("")), Err(KeyError::NoPassphrase)));
    }

    #[test]
    fn only_what_nobody_can_guess_is_cheap_to_try() {
        let random = Passphrase::random().unwrap();
        assert_eq!(random.as_bytes().len(), 32);
        assert_ne!(random.as_bytes(), Passphrase::random().unwrap().as_bytes());
        assert_eq!(Passphrase::chosen(random.bytes.clone()).unwrap().cost, KdfParameters::default());
        assert!(random.cost.memory_kib < KdfParameters::default().memory_kib);
    }
}
