//! A credential of its own, signed into a file; a run that is repeated finds it there.

use std::path::{Path, PathBuf};

use sanad_credential::{CREDENTIAL_BYTES_MAX, SignError, Signer};
use serde_json::{Map, Value};

use crate::files::{self, FileError, Mode};

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
        source: SignError,
    },
    /// The file is there, and is another credential.
    #[error("{} is there already, and says something else; move it away, or give --out another name", .0.display())]
    Taken(PathBuf),
}

/// Signs a credential into a new file. One that says the same, but for its proof and the members `left_out`, stays as it is.
pub(crate) fn write_signed(
    out: &Path,
    credential: &Map<String, Value>,
    signer: &Signer,
    created: &str,
    left_out: &[&str],
) -> Result<(), SignedFileError> {
    let signed = signer
        .sign(credential.clone(), created)
        .map_err(|source| SignedFileError::NotSigned { path: out.to_owned(), source })?;
    let without = |mut credential: Map<String, Value>| {
        ["proof"].iter().chain(left_out).for_each(|name| drop(credential.remove(*name)));
        credential
    };
    match files::place_new(out, &signed, Mode::Private) {
        Err(FileError::Exists(path)) => {
            let there = serde_json::from_slice(&files::read(&path, CREDENTIAL_BYTES_MAX)?).map(without);
            match there.is_ok_and(|there| there == without(credential.clone())) {
                true => Ok(()),
                false => Err(SignedFileError::Taken(path)),
            }
        }
        written => Ok(written?),
    }
}
