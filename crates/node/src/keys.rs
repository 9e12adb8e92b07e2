//! The node's secret keys, opened from their encrypted files.

use std::path::{Path, PathBuf};

use sanad_core::keyfile::{self, KEY_FILE_BYTES_MAX, KeyFileError};
use sanad_core::signature::{PublicKey, SecretKey};
use zeroize::Zeroizing;

use crate::checking::said;
use crate::config;

/// Environment variable with the passphrase of the key files.
pub const PASSPHRASE_VARIABLE: &str = "SANAD_PASSPHRASE";

/// The keys of a running node.
#[derive(Debug)]
pub struct NodeKeys {
    /// Signs votes; `None` on a node that only follows.
    pub consensus: Option<SecretKey>,
    /// Identifies the node in the peer-to-peer networks.
    pub network: SecretKey,
}

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Others than its owner can read a file.
    #[error("{0} can be read by others than its owner, and holds a secret; run: chmod 600 {0}", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// There is no passphrase.
    #[error("the key files need a passphrase: set keys.passphrase_file, or {PASSPHRASE_VARIABLE}")]
    NoPassphrase,
    /// A key file does not open.
    #[error("the key file {path} cannot be opened")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: KeyFileError,
    },
    /// A key file holds a key for another use.
    #[error("the key file {path} holds a key for \"{actual}\"; one for \"{expected}\" is needed here")]
    Purpose {
        /// The file.
        path: PathBuf,
        /// The use needed.
        expected: &'static str,
        /// The use of the key.
        actual: String,
    },
}

impl NodeKeys {
    /// Opens the key files.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn open(keys: &config::Keys) -> Result<Self, KeyError> {
        let passphrase = passphrase(keys)?;
        let consensus = keys.consensus.as_deref().map(|path| open(path, "consensus", &passphrase));
        Ok(Self { consensus: consensus.transpose()?, network: open(&keys.network, "network", &passphrase)? })
    }
}

/// The key in a folder whose file says that it is for a purpose, and names the public half. Files that cannot be read or
/// opened are passed over with a word in the log.
pub(crate) fn find(
    folder: &Path,
    purpose: &'static str,
    key: &PublicKey,
    keys: &config::Keys,
) -> Option<SecretKey> {
    let files = std::fs::read_dir(folder).ok()?.take(FOLDER_FILES_MAX).flatten().map(|entry| entry.path());
    for path in files.filter(|path| path.extension().is_some_and(|extension| extension == "json")) {
        let Ok(text) = read(&path) else { continue };
        if !keyfile::peek(&text).is_ok_and(|said| said.purpose == purpose && said.public == key.0) {
            continue;
        }
        match passphrase(keys).and_then(|passphrase| open(&path, purpose, &passphrase)) {
            Ok(found) if found.public() == *key => return Some(found),
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(path = %path.display(), error = %said(&error), "a key file is not used")
            }
        }
    }
    None
}

fn passphrase(keys: &config::Keys) -> Result<Zeroizing<String>, KeyError> {
    let Some(path) = &keys.passphrase_file else {
        return std::env::var(PASSPHRASE_VARIABLE).map(Zeroizing::new).map_err(|_| KeyError::NoPassphrase);
    };
    let text = read(path)?;
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

fn open(path: &Path, expected: &'static str, passphrase: &str) -> Result<SecretKey, KeyError> {
    let opened = keyfile::open(&read(path)?, passphrase.as_bytes())
        .map_err(|source| KeyError::File { path: path.to_owned(), source })?;
    if opened.purpose != expected {
        return Err(KeyError::Purpose { path: path.to_owned(), expected, actual: opened.purpose.clone() });
    }
    Ok(SecretKey::from_seed(&opened.secret))
}

/// Reads a secret text no longer than a key file may be. On Unix, one that others can read is refused.
fn read(path: &Path) -> Result<Zeroizing<String>, KeyError> {
    use std::io::Read as _;
    let unread = |source| KeyError::Read { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(unread)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let meta = file.metadata().map_err(unread)?;
        if meta.is_file() && meta.mode() & OTHERS_BITS != 0 {
            return Err(KeyError::Exposed { path: path.to_owned() });
        }
    }
    let mut text = Zeroizing::new(String::new());
    file.take(KEY_FILE_BYTES_MAX as u64 + 1).read_to_string(&mut text).map_err(unread)?;
    Ok(text)
}

/// Files of a folder that are looked at for a key.
const FOLDER_FILES_MAX: usize = 1024;
/// What group and others may do with a file.
#[cfg(unix)]
const OTHERS_BITS: u32 = 0o077;
