//! Why documents are not issued.

use std::fmt;
use std::path::{Path, PathBuf};

use sanad_core::batch::BATCH_EVENTS_MAX;

use crate::documents::SourceError;
use crate::folders::LockError;
use crate::keeper::KeepError;
use crate::preflight::PlacesError;
use crate::random::NoRandomness;
use crate::receipt_file::ReceiptError;
use crate::receipts::ReceiptsError;
use crate::submission::SubmissionError;

/// Why documents are not issued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// Files cannot be taken as documents.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A folder cannot be worked in.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Nothing to issue was found.
    #[error("no documents were found; name files, or folders that hold some")]
    NoDocuments,
    /// More documents a batch than there can be.
    #[error("{0} documents a batch were asked for; a batch has 1 to {BATCH_EVENTS_MAX}")]
    BatchSize(usize),
    /// An earlier issuance did not finish, and its documents would be issued twice.
    #[error(
        "{} was left by an issuance that did not finish; run `sanad issue --resume {}{}` first",
        file.display(),
        folder.display(),
        WithRegister(register.as_deref())
    )]
    Unfinished {
        /// Its pending file.
        file: PathBuf,
        /// The folder of the file.
        folder: PathBuf,
        /// The register that keeps its documents.
        register: Option<PathBuf>,
    },
    /// A receipt beside a document cannot be read, or is another's.
    #[error(transparent)]
    Receipt(#[from] ReceiptError),
    /// The keeper refuses the documents: nothing was submitted.
    #[error("nothing was submitted")]
    NotKept(#[source] KeepError),
    /// More credentials than can be issued and revoked in one batch.
    #[error("{issued} credentials in place of {revoked} do not fit one batch of {BATCH_EVENTS_MAX} events")]
    Replacement {
        /// How many are issued.
        issued: usize,
        /// How many are revoked.
        revoked: usize,
    },
    /// Documents are signed by a key that the issuer replaced.
    #[error(
        "{} signed by a former issuing key, which verifiers may refuse; nothing was entered. Run the command that signed them once more \
         (`sanad issue roster`, `sanad reissue`, `sanad endorse`), or have them signed with the key in force",
        FormerlySigned(documents)
    )]
    FormerKey {
        /// The documents.
        documents: Vec<PathBuf>,
    },
    /// Receipts could not be written.
    #[error(transparent)]
    Places(#[from] PlacesError),
    /// There is no randomness for secrets.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// A batch failed before its secrets were on the disk: nothing of it was submitted.
    #[error("nothing of this batch was submitted")]
    NotSubmitted(#[source] SubmissionError),
    /// A batch failed after it may have been submitted.
    #[error(
        "the secrets are in {0}; finish with `sanad issue --resume {0}{1}{2}`",
        file.display(),
        Named(folders),
        WithRegister(register.as_deref())
    )]
    Interrupted {
        /// The pending file.
        file: PathBuf,
        /// Folders of its documents, other than its own.
        folders: Vec<PathBuf>,
        /// The register that keeps its documents.
        register: Option<PathBuf>,
        /// Why.
        source: Box<SubmissionError>,
    },
    /// The documents of a batch are issued, and the node gives no proofs of it.
    #[error(
        "the documents are issued; write their receipts with `sanad issue --resume {}{}{}`",
        file.display(),
        Named(folders),
        WithRegister(register.as_deref())
    )]
    NoReceipts {
        /// The pending file.
        file: PathBuf,
        /// Folders of its documents, other than its own.
        folders: Vec<PathBuf>,
        /// The register that keeps its documents.
        register: Option<PathBuf>,
        /// Why.
        source: Box<ReceiptsError>,
    },
}

/// Documents that a former key signed: the first of them, each in a line of its own.
pub(crate) struct FormerlySigned<'a>(pub(crate) &'a [PathBuf]);

impl fmt::Display for FormerlySigned<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [one] => write!(f, "{} is", one.display()),
            documents => {
                for document in documents.iter().take(SHOWN_MAX) {
                    write!(f, "\n{}", document.display())?;
                }
                match documents.len().saturating_sub(SHOWN_MAX) {
                    0 => write!(f, "\n{} documents are", documents.len()),
                    more => write!(f, "\n… and {more} more\n{} documents are", documents.len()),
                }
            }
        }
    }
}

/// A register as one more argument of a command.
pub(crate) struct WithRegister<'a>(pub(crate) Option<&'a Path>);

impl fmt::Display for WithRegister<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |register| write!(f, " --register {}", register.display()))
    }
}

/// Paths as more arguments of a command.
struct Named<'a>(&'a [PathBuf]);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|path| write!(f, " {}", path.display()))
    }
}

/// Most documents that are named.
const SHOWN_MAX: usize = 20;
