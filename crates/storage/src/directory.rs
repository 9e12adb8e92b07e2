//! The directory of a store: where things are, of which chain, and that one process has it at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use sanad_chain::IndexSecret;
use sanad_core::hash::ChainId;
use serde::{Deserialize, Serialize};

use crate::error::{OpenError, StoreError, at};
use crate::files;

/// The only version of the layout.
pub const STORE_VERSION: u32 = 1;

/// Whose owner is the user of this process.
const OWN_PROCESS: &str = "/proc/self";
/// The user that may write everything.
const ROOT: u32 = 0;

/// Longest `store.json`, in bytes.
const IDENTITY_BYTES_MAX: u64 = 4096;

/// A directory that this process has locked. The lock ends with it.
#[derive(Debug)]
pub(crate) struct StoreDirectory {
    path: PathBuf,
    _lock: Option<File>,
}

/// `store.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identity {
    /// [`STORE_VERSION`].
    version: u32,
    pub(crate) chain_id: ChainId,
    /// Secret of the key indexes, in hexadecimal. Knowing it helps to make lookups slower, and nothing else.
    #[serde(with = "hex::serde")]
    index_secret: [u8; 32],
}

impl StoreDirectory {
    /// Makes the directory, which must be empty if it is there, and locks it.
    pub(crate) fn create(path: &Path) -> Result<Self, OpenError> {
        std::fs::create_dir_all(path).map_err(at(path))?;
        if std::fs::read_dir(path).map_err(at(path))?.next().is_some() {
            return Err(OpenError::NotEmpty { path: path.to_owned() });
        }
        files::sync_parent(path)?;
        Self::lock(path)
    }

    /// Locks a directory that is there.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        match path.is_dir() {
            true => Self::lock(path),
            false => Err(OpenError::MissingDirectory { path: path.to_owned() }),
        }
    }

    /// Opens a directory to read, while no node has it. Changes nothing: a copy without a lock file is nobody's.
    pub(crate) fn open_to_read(path: &Path) -> Result<Self, OpenError> {
        if !path.is_dir() {
            return Err(OpenError::MissingDirectory { path: path.to_owned() });
        }
        let lock_path = Self::lock_path(path)?;
        let lock = match File::open(&lock_path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self { path: path.to_owned(), _lock: None });
            }
            opened => opened.map_err(at(&lock_path))?,
        };
        match lock.try_lock_shared() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: Some(lock) }),
            Err(TryLockError::WouldBlock) => Err(OpenError::Locked { path: lock_path }),
            Err(TryLockError::Error(error)) => Err(at(&lock_path)(error).into()),
        }
    }

    /// Where the lock is, which must be a file if it is there: opening anything else may wait for ever.
    fn lock_path(path: &Path) -> Result<PathBuf, OpenError> {
        let lock_path = path.join("LOCK");
        match std::fs::metadata(&lock_path) {
            Ok(meta) if !meta.is_file() => {
                let error = std::io::Error::new(std::io::ErrorKind::InvalidInput, "it is no file");
                Err(at(&lock_path)(error).into())
            }
            _ => Ok(lock_path),
        }
    }

    fn lock(path: &Path) -> Result<Self, OpenError> {
        let lock_path = Self::lock_path(path)?;
        let mut options = OpenOptions::new();
        let lock =
            options.write(true).create(true).truncate(false).open(&lock_path).map_err(at(&lock_path))?;
        // What root writes, the user of the node could not change afterwards.
        let owner = lock.metadata().map_err(at(&lock_path))?.uid();
        if owner != ROOT && std::fs::metadata(OWN_PROCESS).is_ok_and(|own| own.uid() == ROOT) {
            return Err(OpenError::AsRoot { path: path.to_owned(), owner });
        }
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: Some(lock) }),
            Err(TryLockError::WouldBlock) => Err(OpenError::Locked { path: lock_path }),
            Err(TryLockError::Error(error)) => Err(at(&lock_path)(error).into()),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn segments(&self) -> PathBuf {
        self.path.join("segments")
    }

    pub(crate) fn columns(&self) -> PathBuf {
        self.path.join("columns")
    }

    pub(crate) fn tiles(&self) -> PathBuf {
        self.path.join("tiles")
    }

    /// Tiles of the history tree.
    pub(crate) fn history(&self) -> PathBuf {
        self.path.join("history")
    }

    /// Former registers.
    pub(crate) fn register(&self) -> PathBuf {
        self.path.join("register")
    }

    /// Runs of issuances.
    pub(crate) fn issuances(&self) -> PathBuf {
        self.path.join("index").join("issuances")
    }

    /// Runs of batch ids and of issuers' sequence numbers.
    pub(crate) fn batch_keys(&self) -> PathBuf {
        self.path.join("index").join("batches")
    }

    pub(crate) fn checkpoint(&self) -> PathBuf {
        self.path.join("checkpoint.sled")
    }

    /// The mark of a clean stop.
    pub(crate) fn closed(&self) -> PathBuf {
        self.path.join("closed")
    }

    /// From where on the log may not be durable.
    pub(crate) fn unsynced(&self) -> PathBuf {
        self.path.join("unsynced")
    }

    /// The wish that what is derived from the log be rebuilt at the next start.
    pub(crate) fn rebuild_wanted(&self) -> PathBuf {
        Self::rebuild_wanted_in(&self.path)
    }

    /// As [`Self::rebuild_wanted`], of a directory that is not open.
    pub(crate) fn rebuild_wanted_in(path: &Path) -> PathBuf {
        path.join("rebuild")
    }

    pub(crate) fn undecided(&self) -> PathBuf {
        self.path.join("undecided")
    }

    /// Reads `store.json` and compares it with the chain.
    pub(crate) fn identity(&self, expected: ChainId) -> Result<Identity, OpenError> {
        let path = self.identity_path();
        let text = match files::read_small(&path, IDENTITY_BYTES_MAX) {
            Err(StoreError::TooLong { .. }) => {
                return Err(OpenError::NotAStore { path, reason: "the file is too long" });
            }
            text => text?,
        };
        let Some(text) = text else {
            return Err(OpenError::NotAStore { path, reason: "there is no such file" });
        };
        let Ok(identity) = serde_json::from_slice::<Identity>(&text) else {
            return Err(match serde_json::from_slice::<OtherVersion>(&text) {
                Ok(OtherVersion { version: actual }) if actual != STORE_VERSION => {
                    OpenError::UnsupportedVersion { expected: STORE_VERSION, actual }
                }
                _ => OpenError::NotAStore { path, reason: "the file does not have the expected fields" },
            });
        };
        if identity.version != STORE_VERSION {
            return Err(OpenError::UnsupportedVersion { expected: STORE_VERSION, actual: identity.version });
        }
        if identity.chain_id != expected {
            return Err(OpenError::ForeignChain { expected, found: identity.chain_id });
        }
        Ok(identity)
    }

    /// Writes a `store.json` with a new secret.
    pub(crate) fn write_identity(&self, chain_id: ChainId) -> Result<Identity, OpenError> {
        let path = self.identity_path();
        let secret = IndexSecret::random().map_err(at(&path))?;
        let identity = Identity { version: STORE_VERSION, chain_id, index_secret: secret.0 };
        files::write_whole(&path, &identity.to_json())?;
        Ok(identity)
    }

    /// Where `store.json` is.
    pub(crate) fn identity_path(&self) -> PathBuf {
        self.path.join("store.json")
    }
}

impl Identity {
    /// As it is written.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).expect("invariant: an identity has only plain fields")
    }

    pub(crate) fn index_secret(&self) -> IndexSecret {
        IndexSecret(self.index_secret)
    }
}

/// The one field that every version has.
#[derive(Deserialize)]
struct OtherVersion {
    version: u32,
}
