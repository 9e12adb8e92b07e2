//! Finishing an issuance from its pending file.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sanad_core::document::{self, DOCUMENT_BYTES_MAX, DocumentKind};
use sanad_core::hash::ChainId;
use sanad_core::ids::MemberId;

use crate::chain::{Chain, ChainError};
use crate::files::{self, FileError};
use crate::folder::look_through;
use crate::folders::{FolderLocks, LockError};
use crate::issue::{IssueError, IssueOptions, IssueReport, finish_batch, issue_batch};
use crate::issuer::Issuer;
use crate::notice::{Notice, Observer};
use crate::pending::{Pending, PendingDocument, PendingError, pending_files_in};
use crate::places::Places;
use crate::receipt_file::read_receipt;
use crate::receipts::{ReceiptsError, Writer};
use crate::submission::{SubmissionError, hand_in};

/// Why an issuance is not finished. Its pending file stays, and nothing in it is lost.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResumeError {
    /// A pending file cannot be read.
    #[error(transparent)]
    Pending(#[from] PendingError),
    /// A file or folder cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A folder cannot be worked in.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// It is for another chain.
    #[error("it is for the chain {actual}, not for {expected}; give the genesis or trust file of its chain")]
    AnotherChain {
        /// The chain that was given.
        expected: ChainId,
        /// The chain of the batch.
        actual: ChainId,
    },
    /// Another batch took its place, and it must be signed anew.
    #[error(
        "another batch took its place; give --issuer-dir (or --issuer and --key) to sign the same commitments anew"
    )]
    PlaceTaken(#[source] SubmissionError),
    /// The issuer that would sign anew is another.
    #[error("it is a batch of {expected}, not of {actual}; give the folder or key of its issuer")]
    AnotherIssuer {
        /// The issuer of the batch.
        expected: MemberId,
        /// The issuer that was given.
        actual: MemberId,
    },
    /// The batch is not entered.
    #[error(transparent)]
    Submission(#[from] SubmissionError),
    /// The node cannot be asked.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The batch cannot be entered anew.
    #[error(transparent)]
    Again(Box<IssueError>),
    /// Receipts are not written.
    #[error(transparent)]
    Receipts(#[from] ReceiptsError),
}

/// Pending files, read, and their folders locked.
#[derive(Debug)]
pub struct Unfinished {
    files: Vec<(PathBuf, Pending)>,
    _locks: [FolderLocks; 2],
}

impl Unfinished {
    /// Reads a pending file, or those of a folder. Blocks while another issuance works in the same folders.
    ///
    /// # Errors
    /// [`ResumeError`].
    pub fn open(path: &Path, wait: Duration, observer: &dyn Observer) -> Result<Self, ResumeError> {
        let own = if path.is_dir() { path } else { files::parent(path) };
        let own = own.canonicalize().map_err(FileError::system(own, "opened"))?;
        // The folder of the files first: what another program is finishing will be gone when it ends.
        let locks = FolderLocks::take(&BTreeSet::from([own.clone()]), wait, observer)?;
        let found = if path.is_dir() { pending_files_in(path)? } else { vec![path.to_owned()] };
        let files: Vec<(PathBuf, Pending)> = found
            .into_iter()
            .map(|path| Ok((path.clone(), Pending::read(&path)?)))
            .collect::<Result<_, ResumeError>>()?;
        // A document can be gone with its whole folder: that shows when its receipt has no place to go.
        let documents = files.iter().flat_map(|(_, pending)| &pending.documents);
        let folders: BTreeSet<PathBuf> = documents
            .filter_map(|document| files::parent(&document.path).canonicalize().ok())
            .filter(|folder| *folder != own)
            .collect();
        let others = FolderLocks::take(&folders, wait, observer)?;
        Ok(Self { files, _locks: [locks, others] })
    }

    /// The pending files, in order.
    pub fn files(&self) -> impl ExactSizeIterator<Item = &Path> {
        self.files.iter().map(|(path, _)| path.as_path())
    }

    /// Finishes what a pending file began. Documents that were renamed since are found by their content; with
    /// [`Places::folder`] receipts are written elsewhere.
    ///
    /// Without `issuer` a batch whose place was taken is [`ResumeError::PlaceTaken`].
    ///
    /// # Errors
    /// [`ResumeError`]; receipts that could not be written are in the report.
    pub async fn finish(
        &self,
        file: &Path,
        chain: &Chain,
        issuer: Option<&Issuer>,
        options: &IssueOptions,
        observer: &dyn Observer,
        report: &mut IssueReport,
    ) -> Result<(), ResumeError> {
        let Some((_, pending)) = self.files.iter().find(|(path, _)| path == file) else { return Ok(()) };
        let (batch, expected) = (pending.batch.clone(), chain.anchor().chain_id);
        if batch.batch().chain_id != expected {
            return Err(ResumeError::AnotherChain { expected, actual: batch.batch().chain_id });
        }
        let documents = locate(pending, file, chain, options, observer)?;
        let pending = Pending { batch, documents };
        let batch = &pending.batch;
        let writer = Writer { chain, places: &options.places, pictures: options.pictures, observer };
        let place = match hand_in(chain, batch, Instant::now() + options.wait).await {
            Ok(place) => Some(place),
            Err(SubmissionError::Refused { code, .. }) if writer.all_issued(&pending).await? => {
                observer.notice(&Notice::IssuedByAnother { batch: batch.id(), code });
                None
            }
            Err(error) if error.is_sequence_clash() => {
                let Some(issuer) = issuer else { return Err(ResumeError::PlaceTaken(error)) };
                if let SubmissionError::Refused { code, .. } = error {
                    observer.notice(&Notice::SignedAnew { batch: batch.id(), code });
                }
                return again(chain, issuer, &pending, file, options, observer, report).await;
            }
            Err(error) => return Err(error.into()),
        };
        finish_batch(chain, &pending, place, file, options, observer, report).await?;
        report.issued.sort_by(|a, b| a.document.cmp(&b.document));
        Ok(())
    }
}

/// Signs the same commitments as another batch. With the same secrets nothing can be issued twice: the ledger takes
/// each commitment once.
async fn again(
    chain: &Chain,
    issuer: &Issuer,
    pending: &Pending,
    file: &Path,
    options: &IssueOptions,
    observer: &dyn Observer,
    report: &mut IssueReport,
) -> Result<(), ResumeError> {
    let expected = &pending.batch.batch().issuer;
    if issuer.id != *expected {
        return Err(ResumeError::AnotherIssuer { expected: expected.clone(), actual: issuer.id.clone() });
    }
    let folder = files::parent(file);
    issue_batch(chain, issuer, &pending.documents, folder, options, observer, report)
        .await
        .map_err(|error| ResumeError::Again(Box::new(error)))?;
    // The new file has the name of the old one if the batch is the same: its turn has come after all.
    if !report.unfinished.iter().any(|kept| kept == file) {
        files::remove(file)?;
    }
    Ok(())
}

/// The documents of a pending file, those that are gone under the names that their content has now.
fn locate(
    pending: &Pending,
    file: &Path,
    chain: &Chain,
    options: &IssueOptions,
    observer: &dyn Observer,
) -> Result<Vec<PendingDocument>, FileError> {
    let mut documents = pending.documents.clone();
    let gone = |document: &PendingDocument| document.path.symlink_metadata().is_err();
    if !documents.iter().any(gone) {
        return Ok(documents);
    }
    let folders: BTreeSet<&Path> = documents
        .iter()
        .filter(|document| gone(document))
        .map(|document| files::parent(&document.path))
        .chain([files::parent(file)])
        .filter(|folder| folder.is_dir())
        .collect();
    let known: BTreeSet<PathBuf> = documents.iter().map(|document| document.path.clone()).collect();
    let mut found = Vec::new();
    for folder in folders {
        let folder = std::path::absolute(folder).map_err(FileError::system(folder, "made absolute"))?;
        found.extend(look_through(&folder)?.documents.into_iter().filter(|path| !known.contains(path)));
    }
    let mut candidates =
        Candidates { chain, issuer: &pending.batch.batch().issuer, found, digests: HashMap::new() };
    for document in documents.iter_mut().filter(|document| gone(document)) {
        if let Some(now) = candidates.take(document, &options.places, options) {
            let was = std::mem::replace(&mut document.path, now.clone());
            observer.notice(&Notice::FoundAs { was, now });
        }
    }
    Ok(documents)
}

/// Files that may be documents under new names.
struct Candidates<'a> {
    chain: &'a Chain,
    issuer: &'a MemberId,
    found: Vec<PathBuf>,
    /// Of files, by how they are read; `None` of those that cannot be.
    digests: HashMap<(PathBuf, DocumentKind), Option<[u8; 32]>>,
}

impl Candidates<'_> {
    /// The file that opens a document's commitment, and has no receipt of something else.
    fn take(
        &mut self,
        document: &PendingDocument,
        places: &Places,
        options: &IssueOptions,
    ) -> Option<PathBuf> {
        let place = (0..self.found.len()).find(|place| {
            let path = self.found[*place].clone();
            self.opens(document, &path) && self.is_free(document, &path, places, options)
        })?;
        Some(self.found.remove(place))
    }

    fn opens(&mut self, document: &PendingDocument, path: &Path) -> bool {
        let digest = *self.digests.entry((path.to_owned(), document.kind)).or_insert_with(|| {
            let bytes = files::read(path, DOCUMENT_BYTES_MAX).ok()?;
            document::digest(document.kind, &bytes).ok()
        });
        let chain_id = &self.chain.anchor().chain_id;
        let Some(digest) = digest else { return false };
        let opened = document.opening().commitment(chain_id, self.issuer, document.kind, Some(&digest));
        opened.is_ok_and(|actual| actual == document.commitment)
    }

    fn is_free(
        &self,
        document: &PendingDocument,
        path: &Path,
        places: &Places,
        options: &IssueOptions,
    ) -> bool {
        places.existing(path).all(|receipt| {
            read_receipt(&receipt, self.chain.anchor(), options.pictures)
                .is_ok_and(|receipt| receipt.opening == document.opening())
        })
    }
}
