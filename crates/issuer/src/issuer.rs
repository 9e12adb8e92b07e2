//! The issuer in whose name batches are signed.

use std::path::{Path, PathBuf};

use sanad_core::ids::MemberId;
use sanad_core::member::{MEMBER_FILE_BYTES_MAX, MemberFile, MemberFileError};
use sanad_core::signature::{PublicKey, SecretKey};
use sanad_credential::multikey;

use crate::files::{self, FileError};
use crate::keys::{KeyError, Passphrase, Purpose, SealedKey};
use crate::site::{SiteError, WITHDRAWN_FILE, WithdrawnKeys};

/// An issuer, ready to sign.
pub struct Issuer {
    /// Its member id.
    pub id: MemberId,
    /// Its issuing key.
    pub key: SecretKey,
}

/// Why a member's folder gives no issuer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssuerError {
    /// The member file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The member file is not one.
    #[error("{} is not a member file, as `sanad member new` writes them", path.display())]
    NotAMemberFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: MemberFileError,
    },
    /// The key cannot be read or opened.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The list of withdrawn keys cannot be read.
    #[error(transparent)]
    WithdrawnKeys(#[from] SiteError),
    /// The key was withdrawn.
    #[error(
        "the issuing key {key} is withdrawn ({}): verifiers refuse what it signs, so nothing was signed. Replace it with `sanad member \
         rotate-key issuing`; if it was withdrawn by mistake, `sanad issuer site DIR --publish {key}` takes it off the list",
        list.display()
    )]
    Withdrawn {
        /// The key, as a Multikey.
        key: String,
        /// The list that has it.
        list: PathBuf,
    },
}

impl Issuer {
    /// Opens the issuer of a folder that `sanad member new` made.
    ///
    /// # Errors
    /// [`IssuerError`].
    pub fn open(folder: &Path, passphrase: &Passphrase) -> Result<Self, IssuerError> {
        Self::open_asking(folder, |_| Ok(passphrase.clone()))
    }

    /// As [`Issuer::open`], but asks for the passphrase of the key file once it is known to be the right one.
    ///
    /// # Errors
    /// [`IssuerError`], or what `ask` fails with.
    pub fn open_asking<E: From<IssuerError>>(
        folder: &Path,
        ask: impl FnOnce(&Path) -> Result<Passphrase, E>,
    ) -> Result<Self, E> {
        let member = read_member(&member_path(folder))?.member;
        let path = Purpose::Issuing.path_in(folder);
        let sealed = SealedKey::read(&path, Purpose::Issuing).map_err(IssuerError::Key)?;
        let key = sealed.open(&ask(&path)?).map_err(IssuerError::Key)?;
        refuse_withdrawn(folder, &key.public())?;
        // The member file names the first key; whether this one is in force, the ledger says.
        Ok(Self { id: member.id, key })
    }
}

/// Reads and checks a member's public file.
///
/// # Errors
/// [`IssuerError::File`], [`IssuerError::NotAMemberFile`].
pub fn read_member(path: &Path) -> Result<MemberFile, IssuerError> {
    let text = files::read(path, MEMBER_FILE_BYTES_MAX)?;
    MemberFile::from_json(&text)
        .map_err(|source| IssuerError::NotAMemberFile { path: path.to_owned(), source })
}

/// Refuses a key that the list of withdrawn keys of a folder has.
///
/// # Errors
/// [`IssuerError::Withdrawn`], [`IssuerError::WithdrawnKeys`].
pub fn refuse_withdrawn(folder: &Path, key: &PublicKey) -> Result<(), IssuerError> {
    let list = folder.join(WITHDRAWN_FILE);
    match WithdrawnKeys::read(&list)?.contains(key) {
        true => Err(IssuerError::Withdrawn { key: multikey(key), list }),
        false => Ok(()),
    }
}

/// Where a member's folder has its public file.
pub fn member_path(folder: &Path) -> PathBuf {
    folder.join("member.json")
}
