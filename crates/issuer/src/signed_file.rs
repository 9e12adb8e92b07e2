//! A credential of its own, signed into a file; a run that is repeated finds it there.

use std::path::{Path, PathBuf};

use sanad_core::signature::PublicKey;
use sanad_credential::{
    CREDENTIAL_BYTES_MAX, Circumstances, Salt, SdJwtClaims, SignError, Signer, multikey, signing_keys,
};
use serde_json::{Map, Value};

use crate::files::{self, FileError, Mode};
use crate::places::find_beside;
use crate::random::{NoRandomness, random_bytes};

/// The form of a credential that is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CredentialForm {
    /// JSON with a Data Integrity proof: shown as a whole.
    #[default]
    Json,
    /// An SD-JWT VC: the learner chooses what to show.
    SdJwt,
}

impl CredentialForm {
    /// The credential in the folder of a learner.
    pub fn file(self) -> &'static str {
        match self {
            Self::Json => CREDENTIAL_FILE,
            Self::SdJwt => SD_JWT_FILE,
        }
    }

    /// The other form.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Json => Self::SdJwt,
            Self::SdJwt => Self::Json,
        }
    }

    /// Signs a credential in this form.
    pub(crate) fn sign(
        self,
        signer: &Signer,
        credential: Map<String, Value>,
        created: &str,
    ) -> Result<Vec<u8>, SigningError> {
        match self {
            Self::Json => Ok(signer.sign(credential, created)?),
            Self::SdJwt => {
                let claims = SdJwtClaims::of_badge(&credential).map_err(SignError::from)?;
                let salts = (0..claims.digests()).map(|_| random_bytes());
                let salts = salts.collect::<Result<Vec<Salt>, _>>()?;
                Ok(signer.sign_sd_jwt(&claims, created, &salts)?)
            }
        }
    }

    /// Whether a document that was made in this form is signed by a key: its proof names it.
    pub(crate) fn is_signed_by(self, document: &[u8], key: &PublicKey) -> bool {
        let key = multikey(key);
        match self {
            Self::Json => serde_json::from_slice::<Value>(document).is_ok_and(|credential| {
                let method = credential["proof"]["verificationMethod"].as_str();
                method.and_then(|method| method.rsplit_once('#')).is_some_and(|(_, named)| named == key)
            }),
            Self::SdJwt => {
                // Dates do not matter to the signature.
                let circumstances = Circumstances { now_ms: 0, member: None, rest: None };
                signing_keys(document, &circumstances).contains(&key)
            }
        }
    }

    /// Whether a signed document says what a credential says, but for its proof and the members `left_out`.
    pub(crate) fn is_said_by(
        self,
        document: &[u8],
        credential: &Map<String, Value>,
        left_out: &[&str],
    ) -> bool {
        let without = |mut credential: Map<String, Value>| {
            ["proof"].iter().chain(left_out).for_each(|name| drop(credential.remove(*name)));
            credential
        };
        match self {
            Self::Json => serde_json::from_slice(document)
                .is_ok_and(|there| without(there) == without(credential.clone())),
            Self::SdJwt => {
                SdJwtClaims::of_badge(credential).is_ok_and(|claims| claims.are_said_by(document, left_out))
            }
        }
    }
}

/// What became of the file of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Written {
    /// It was signed now, or is there from an earlier run.
    There,
    /// It was there, not yet entered, with the signature of a former key; it was signed anew.
    Anew,
}

/// Why a credential is not signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SigningError {
    /// It breaks the rules of credentials.
    #[error(transparent)]
    Rules(#[from] SignError),
    /// There are no salts for an SD-JWT.
    #[error(transparent)]
    Random(#[from] NoRandomness),
}

/// The credential of a learner's folder, in whatever form; `None` if there is none.
pub fn credential_in(folder: &Path) -> Option<PathBuf> {
    let files = [CredentialForm::Json, CredentialForm::SdJwt].map(|form| folder.join(form.file()));
    files.into_iter().find(|path| path.is_file())
}

/// Why a credential is not signed into a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignedFileError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// It breaks the rules of credentials.
    #[error("{}", path.display())]
    NotSigned {
        /// The file.
        path: PathBuf,
        /// Why.
        source: SigningError,
    },
    /// The file is there, and is another credential.
    #[error("{} is there already, and says something else; move it away, or give --out another name", .0.display())]
    Taken(PathBuf),
}

/// Signs a credential into a new file. One that says the same, but for its proof and the members `left_out`, stays as it is,
/// unless it has no receipt and a former key signed it: verifiers may refuse that key by now.
pub(crate) fn write_signed(
    out: &Path,
    credential: &Map<String, Value>,
    form: CredentialForm,
    signer: &Signer,
    created: &str,
    left_out: &[&str],
) -> Result<Written, SignedFileError> {
    let signed = form
        .sign(signer, credential.clone(), created)
        .map_err(|source| SignedFileError::NotSigned { path: out.to_owned(), source })?;
    match files::place_new(out, &signed, Mode::Private) {
        Err(FileError::Exists(path)) => {
            let there = files::read(&path, CREDENTIAL_BYTES_MAX)?;
            if !form.is_said_by(&there, credential, left_out) {
                return Err(SignedFileError::Taken(path));
            }
            if form.is_signed_by(&there, &signer.public()) || find_beside(&path).is_file() {
                return Ok(Written::There);
            }
            files::replace(&path, &signed, Mode::Private)?;
            Ok(Written::Anew)
        }
        written => {
            written?;
            Ok(Written::There)
        }
    }
}

/// The credential in the folder of a learner, in JSON.
pub const CREDENTIAL_FILE: &str = "credential.json";
const SD_JWT_FILE: &str = "credential.sd-jwt";
