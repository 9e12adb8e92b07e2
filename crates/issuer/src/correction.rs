//! A corrected credential: what an old one says, mended, under an id of its own and with its own place in the status lists.

use std::path::{Path, PathBuf};

use sanad_core::hash::Commitment;
use sanad_core::jcs::{self, JsonError};
use sanad_credential::{CREDENTIAL_BYTES_MAX, SignError, Signer, check_unsigned};
use sanad_roster::{TextFault, check_texts, credential_id};
use serde_json::{Map, Value};

use crate::awards::STATUS;
use crate::files::{self, FileError};
use crate::signed_file::{CredentialForm, SignedFileError, Written, write_signed};
use crate::status_lists::StatusListPlace;

/// A corrected credential, checked and not yet signed.
#[derive(Debug)]
pub struct Correction {
    credential: Map<String, Value>,
    id: String,
    issuer: String,
}

/// Why a document cannot stand for a credential again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CorrectionError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Not JSON, or with a name twice in one object.
    #[error("{} is not JSON that everybody reads alike", path.display())]
    Json {
        /// The document.
        path: PathBuf,
        /// Why.
        source: JsonError,
    },
    /// Not a credential.
    #[error("{} is not a credential in JSON that names its issuer", .0.display())]
    NoCredential(PathBuf),
    /// A text has a character that nobody sees.
    #[error("{}:{fault}", path.display())]
    Text {
        /// The document.
        path: PathBuf,
        /// Which, and where.
        fault: TextFault,
    },
    /// It breaks the rules of credentials.
    #[error("{}", path.display())]
    NotSigned {
        /// The document.
        path: PathBuf,
        /// Why.
        source: SignError,
    },
}

impl Correction {
    /// Reads a document that was corrected by hand. Proof, id and status of the old credential are left out.
    ///
    /// The new id follows from what is replaced and from what the document says, so that a run that is repeated makes the same
    /// credential.
    ///
    /// # Errors
    /// [`CorrectionError`].
    pub fn read(path: &Path, replaced: &Commitment) -> Result<Self, CorrectionError> {
        let path_owned = || path.to_owned();
        let bytes = files::read(path, CREDENTIAL_BYTES_MAX)?;
        jcs::canonicalize(&bytes).map_err(|source| CorrectionError::Json { path: path_owned(), source })?;
        if let Some(fault) = check_texts(&bytes).into_iter().next() {
            return Err(CorrectionError::Text { path: path_owned(), fault });
        }
        let no_credential = || CorrectionError::NoCredential(path_owned());
        let mut credential: Map<String, Value> =
            serde_json::from_slice(&bytes).map_err(|_| no_credential())?;
        ["proof", "id", STATUS].iter().for_each(|name| drop(credential.remove(*name)));
        let issuer =
            credential.get("issuer").and_then(|issuer| issuer.as_str().or_else(|| issuer["id"].as_str()));
        let issuer = issuer.ok_or_else(no_credential)?.to_owned();
        let content = Value::Object(credential.clone()).to_string();
        let id = credential_id(&issuer, &credential, &[replaced.to_string(), content]);
        credential.insert("id".to_owned(), id.clone().into());
        check_unsigned(&credential, &issuer)
            .map_err(|source| CorrectionError::NotSigned { path: path_owned(), source })?;
        Ok(Self { credential, id, issuer })
    }

    /// The id of the new credential.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The issuer that it names.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Names its place in the issuer's status lists.
    #[must_use]
    pub fn with_position(mut self, place: &StatusListPlace, position: u64) -> Self {
        self.credential.insert(STATUS.to_owned(), place.credential_status(position));
        self
    }

    /// Signs it into a new file. One that a run before this wrote stays as it is, unless a former key signed it and it has no
    /// receipt.
    ///
    /// # Errors
    /// [`SignedFileError`].
    pub fn write(
        &self,
        out: &Path,
        form: CredentialForm,
        signer: &Signer,
        created: &str,
    ) -> Result<Written, SignedFileError> {
        write_signed(out, &self.credential, form, signer, created, &[])
    }
}
