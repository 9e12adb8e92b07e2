//! Issuing documents that were not issued before.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sanad_api::FinalBatch;
use sanad_core::batch::{BATCH_EVENTS_MAX, SignedBatch};
use sanad_core::commitment::{Opening, Secret};
use sanad_core::document::DOCUMENT_BYTES_MAX;
use sanad_core::event::Event;
use sanad_core::hash::{BatchId, ChainId};
use sanad_core::ids::{Height, LogIndex, MemberId};
use sanad_core::receipt::ReceiptForm;
use sanad_core::trust::TrustAnchor;
use serde::Serialize;

use crate::chain::Chain;
use crate::content::PictureReader;
use crate::documents::{self, Document, Read, ReadAs, Source, SourceError};
use crate::files::{self, FileError};
use crate::folders::{FolderLocks, LockError};
use crate::issuer::Issuer;
use crate::notice::{LeftOut, Notice, Observer, Remark, Step};
use crate::pending::{Pending, PendingDocument, pending_files_in};
use crate::places::Places;
use crate::preflight::{PlacesError, try_places};
use crate::random::{NoRandomness, random_bytes, shuffle};
use crate::receipt_file::{ReceiptError, read_receipt};
use crate::receipts::{FailedReceipt, IssuedDocument, ReceiptsError, Writer};
use crate::submission::{SubmissionError, enter};

/// How documents are issued.
#[derive(Clone, Debug)]
pub struct IssueOptions {
    /// How documents are read.
    pub read_as: ReadAs,
    /// Most documents of one batch, 1 to [`BATCH_EVENTS_MAX`].
    pub batch_documents_max: usize,
    /// Whether documents that have a receipt are issued again.
    pub again: bool,
    /// Whether summaries are bound, of which paper receipts can be made.
    pub summaries: bool,
    /// Where receipts are written.
    pub places: Places,
    /// How long to wait: for other programs in the same folders, for the issuer's turn, for a batch to be final.
    pub wait: Duration,
    /// Reads receipts from pictures, if the program can.
    pub pictures: Option<PictureReader>,
}

impl Default for IssueOptions {
    fn default() -> Self {
        Self {
            read_as: ReadAs::Auto,
            batch_documents_max: BATCH_DOCUMENTS_DEFAULT,
            again: false,
            summaries: true,
            places: Places { folder: None, form: ReceiptForm::Json },
            wait: Duration::from_secs(120),
            pictures: None,
        }
    }
}

/// What became of documents.
#[derive(Debug, Default, Serialize)]
pub struct IssueReport {
    /// In the ledger, with their receipts.
    pub issued: Vec<IssuedDocument>,
    /// The batches that were entered.
    pub batches: Vec<IssuedBatch>,
    /// Documents that had their receipts.
    pub skipped: Vec<PathBuf>,
    /// Files that were found and are no documents to issue.
    pub left_out: Vec<LeftOutFile>,
    /// In the ledger, without their receipts: their secrets are in the pending files.
    pub failed: Vec<FailedReceipt>,
    /// Pending files that stay, for the receipts that failed.
    pub unfinished: Vec<PathBuf>,
    /// Documents that were not submitted, since no receipt of the batch before them could be written.
    pub not_submitted: Vec<PathBuf>,
}

/// A batch in the log.
#[derive(Clone, Debug, Serialize)]
pub struct IssuedBatch {
    /// The batch.
    pub batch_id: BatchId,
    /// Its block.
    pub height: Height,
    /// Its first entry.
    pub first_index: LogIndex,
    /// How many entries it has.
    pub entries: u32,
}

/// A file that is not issued.
#[derive(Clone, Debug, Serialize)]
pub struct LeftOutFile {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
}

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
        "{} was left by an issuance that did not finish; run `sanad issue --resume {}` first",
        file.display(),
        folder.display()
    )]
    Unfinished {
        /// Its pending file.
        file: PathBuf,
        /// The folder of the file.
        folder: PathBuf,
    },
    /// A receipt beside a document cannot be read, or is another's.
    #[error(transparent)]
    Receipt(#[from] ReceiptError),
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
    #[error("the secrets are in {0}; finish with `sanad issue --resume {0}`", file.display())]
    Interrupted {
        /// The pending file.
        file: PathBuf,
        /// Why.
        source: SubmissionError,
    },
    /// The documents of a batch are issued, and the node gives no proofs of it.
    #[error("the documents are issued; write their receipts with `sanad issue --resume {}`", file.display())]
    NoReceipts {
        /// The pending file.
        file: PathBuf,
        /// Why.
        source: ReceiptsError,
    },
}

/// Documents that are read, digested and locked, and whose receipts can be written: ready to be entered.
#[derive(Debug)]
pub struct Issuance {
    options: IssueOptions,
    /// Each with the log index of the receipt that it has, if it is issued again.
    documents: Vec<(Document, Option<LogIndex>)>,
    /// Where pending files are written.
    pending_folder: PathBuf,
    report: IssueReport,
    /// Kept until everything is written.
    _locks: FolderLocks,
}

impl Issuance {
    /// Reads the documents that `paths` name, files or folders, and tries the place of every receipt. Nothing leaves
    /// this machine. Blocks while another issuance works in the same folders.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn prepare(
        paths: &[PathBuf],
        anchor: &TrustAnchor,
        options: IssueOptions,
        observer: &dyn Observer,
    ) -> Result<Self, IssueError> {
        if !(1..=BATCH_EVENTS_MAX).contains(&options.batch_documents_max) {
            return Err(IssueError::BatchSize(options.batch_documents_max));
        }
        let mut left_out = Vec::new();
        let sources = documents::collect(paths, observer, &mut left_out)?;
        let first = sources.first().ok_or(IssueError::NoDocuments)?;
        let receipts = options.places.folder.as_deref().map(|folder| {
            folder.canonicalize().map_err(FileError::system(folder, "opened")).map_err(SourceError::from)
        });
        let receipts = receipts.transpose()?;
        let pending_folder = receipts.clone().unwrap_or_else(|| files::parent(&first.path).to_owned());
        let folders: BTreeSet<PathBuf> =
            sources.iter().map(|source| files::parent(&source.path).to_owned()).chain(receipts).collect();
        let locks = FolderLocks::take(&folders, options.wait, observer)?;
        refuse_unfinished(&folders)?;
        let mut report = IssueReport::default();
        let documents = read_all(&sources, anchor, &options, observer, &mut report, &mut left_out)?;
        report.left_out = left_out
            .into_iter()
            .map(|(path, reason)| LeftOutFile { path, reason: reason.to_string() })
            .collect();
        remark(&documents, observer);
        let placed: Vec<_> =
            documents.iter().map(|(document, index)| (document.path.as_path(), *index)).collect();
        try_places(&placed, &options.places)?;
        Ok(Self { options, documents, pending_folder, report, _locks: locks })
    }

    /// How many documents there are to issue.
    pub fn len(&self) -> usize {
        self.documents.len()
    }

    /// Whether every document has its receipt.
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    /// What is known without entering anything.
    pub fn into_report(self) -> IssueReport {
        self.report
    }

    /// Enters the documents in batches and writes their receipts.
    ///
    /// A receipt that cannot be written holds none of the others back: see [`IssueReport::failed`].
    ///
    /// # Errors
    /// [`IssueError`]; what was entered before has its receipts.
    pub async fn enter(
        mut self,
        chain: &Chain,
        issuer: &Issuer,
        observer: &dyn Observer,
    ) -> Result<IssueReport, IssueError> {
        let chain_id = chain.anchor().chain_id;
        let others = self.documents.iter().map(|(document, _)| document);
        let mut others = others.filter(|document| !chain.is_named_by(&issuer.id, &document.issuer));
        if let Some(first) = others.next() {
            let (first, others) = (first.path.clone(), others.count());
            observer.notice(&Notice::AnotherIssuer { issuer: issuer.id.clone(), first, others });
        }
        let mut pending = Vec::new();
        for (document, issued_at) in std::mem::take(&mut self.documents) {
            let again = issued_at.is_some();
            pending.push(commit(document, &chain_id, &issuer.id, self.options.summaries, again)?);
        }
        // Over all batches, so that neither place nor batch tells what comes before what.
        shuffle(&mut pending)?;
        let (total, mut done) = (pending.len(), 0);
        for documents in pending.chunks(self.options.batch_documents_max) {
            observer.progress(Step::Issuing, done, total);
            let (folder, options) = (&self.pending_folder, &self.options);
            match issue_batch(chain, issuer, documents, folder, options, observer, &mut self.report).await {
                Ok(Batch::Finished) => done += documents.len(),
                Ok(Batch::NoReceiptWritten) => {
                    done += documents.len();
                    let left = pending[done..].iter().map(|document| document.path.clone());
                    self.report.not_submitted = left.collect();
                    break;
                }
                Err(error) => {
                    match self.report.issued.len() {
                        0 => {}
                        issued => observer.notice(&Notice::IssuedBefore(issued)),
                    }
                    return Err(error);
                }
            }
        }
        observer.progress(Step::Issuing, done, total);
        self.report.issued.sort_by(|a, b| a.document.cmp(&b.document));
        Ok(self.report)
    }
}

/// How a batch ended.
pub(crate) enum Batch {
    /// At least one receipt was written.
    Finished,
    /// The documents are issued, and the disk takes no receipt.
    NoReceiptWritten,
}

/// Issues one batch of documents. A receipt that cannot be written leaves the pending file.
pub(crate) async fn issue_batch(
    chain: &Chain,
    issuer: &Issuer,
    documents: &[PendingDocument],
    folder: &Path,
    options: &IssueOptions,
    observer: &dyn Observer,
    report: &mut IssueReport,
) -> Result<Batch, IssueError> {
    let events: Vec<Event> =
        documents.iter().map(|document| Event::Issue { commitment: document.commitment }).collect();
    let mut file: Option<PathBuf> = None;
    let prepare = |batch: &SignedBatch| {
        let pending = Pending { batch: batch.clone(), documents: documents.to_vec() };
        let written = match pending.write(folder) {
            // From an earlier try to enter the same batch.
            Err(FileError::Exists(path)) if holds(&path, &pending) => path,
            written => written?,
        };
        // The new file holds the same secrets, so the one before is no longer needed.
        match file.replace(written) {
            Some(before) => files::remove(&before),
            None => Ok(()),
        }
    };
    let entered = enter(chain, issuer, &events, options.wait, observer, prepare).await;
    let (file, (batch, place)) = match (file, entered) {
        (None, Err(source)) => return Err(IssueError::NotSubmitted(source)),
        (Some(file), Err(source)) => return Err(IssueError::Interrupted { file, source }),
        (Some(file), Ok(entered)) => (file, entered),
        (None, Ok(_)) => unreachable!("invariant: a batch is prepared before it is submitted"),
    };
    let pending = Pending { batch, documents: documents.to_vec() };
    let written = finish_batch(chain, &pending, Some(place), &file, options, observer, report).await;
    written.map_err(|source| IssueError::NoReceipts { file, source })
}

/// Whether a pending file holds a batch and its secrets.
fn holds(path: &Path, pending: &Pending) -> bool {
    let secrets =
        |pending: &Pending| -> Vec<_> { pending.documents.iter().map(PendingDocument::opening).collect() };
    Pending::read(path).is_ok_and(|there| there.batch == pending.batch && secrets(&there) == secrets(pending))
}

/// Writes the receipts of a batch in the log, and removes its pending file once all are there.
pub(crate) async fn finish_batch(
    chain: &Chain,
    pending: &Pending,
    place: Option<FinalBatch>,
    file: &Path,
    options: &IssueOptions,
    observer: &dyn Observer,
    report: &mut IssueReport,
) -> Result<Batch, ReceiptsError> {
    let writer = Writer { chain, places: &options.places, pictures: options.pictures, observer };
    let written = writer.write(pending, place).await?;
    if let Some(FinalBatch { height, first_index, entries, .. }) = place {
        report.batches.push(IssuedBatch { batch_id: pending.batch.id(), height, first_index, entries });
    }
    let (any, all) = (!written.issued.is_empty(), written.failed.is_empty());
    report.issued.extend(written.issued);
    report.failed.extend(written.failed);
    match all {
        true => {
            if let Err(error) = files::remove(file) {
                observer.notice(&Notice::NotRemoved(error));
            }
        }
        false => report.unfinished.push(file.to_owned()),
    }
    Ok(if any { Batch::Finished } else { Batch::NoReceiptWritten })
}

/// Reads the documents that have no receipt yet, or are issued again.
fn read_all(
    sources: &[Source],
    anchor: &TrustAnchor,
    options: &IssueOptions,
    observer: &dyn Observer,
    report: &mut IssueReport,
    left_out: &mut Vec<(PathBuf, LeftOut)>,
) -> Result<Vec<(Document, Option<LogIndex>)>, IssueError> {
    let mut documents = Vec::new();
    for (done, Source { path, named }) in sources.iter().enumerate() {
        observer.progress(Step::Reading, done, sources.len());
        let issued_at = issued_at(path, anchor, options)?;
        if issued_at.is_some() && !options.again {
            observer.notice(&Notice::AlreadyIssued(path.clone()));
            report.skipped.push(path.clone());
            continue;
        }
        match documents::read(path, options.read_as, options.pictures)? {
            Read::Document(document) => documents.push((document, issued_at)),
            Read::Artifact(artifact) => {
                let reason = LeftOut::Artifact(artifact);
                if *named {
                    return Err(SourceError::Refused { path: path.clone(), reason }.into());
                }
                observer.notice(&Notice::LeftOut { path: path.clone(), reason: reason.clone() });
                left_out.push((path.clone(), reason));
            }
        }
    }
    observer.progress(Step::Reading, sources.len(), sources.len());
    Ok(documents)
}

/// The log index of the receipt that a document has.
///
/// A receipt of another document or chain is an error: someone must look at that.
fn issued_at(
    document: &Path,
    anchor: &TrustAnchor,
    options: &IssueOptions,
) -> Result<Option<LogIndex>, IssueError> {
    let Some(path) = options.places.existing(document).next() else { return Ok(None) };
    let receipt = read_receipt(&path, anchor, options.pictures)?;
    if receipt.proof.header.chain_id != anchor.chain_id {
        return Err(ReceiptError::AnotherChain(path).into());
    }
    let bytes = files::read(document, DOCUMENT_BYTES_MAX).map_err(SourceError::from)?;
    receipt
        .verify_document(Some(&bytes))
        .map_err(|source| ReceiptError::AnotherDocument { path, source: source.into() })?;
    Ok(Some(receipt.proof.index))
}

/// Says what verifiers will not look at, and which documents are the same.
fn remark(documents: &[(Document, Option<LogIndex>)], observer: &dyn Observer) {
    let mut remarked: BTreeMap<Remark, (&Path, usize)> = BTreeMap::new();
    let mut contents = HashMap::new();
    for (document, _) in documents {
        if let Some(remark) = document.remark {
            remarked.entry(remark).and_modify(|(_, others)| *others += 1).or_insert((&document.path, 0));
        }
        match contents.get(&(document.kind, document.digest)) {
            None => drop(contents.insert((document.kind, document.digest), &document.path)),
            Some(first) => {
                observer.notice(&Notice::SameContent { path: document.path.clone(), first: (*first).clone() })
            }
        }
    }
    for (remark, (first, others)) in remarked {
        observer.notice(&Notice::Remarked { remark, first: first.to_owned(), others });
    }
}

/// Draws a secret for a document and computes its commitment.
fn commit(
    document: Document,
    chain: &ChainId,
    issuer: &MemberId,
    summaries: bool,
    again: bool,
) -> Result<PendingDocument, NoRandomness> {
    let Document { path, kind, digest, summary, .. } = document;
    let secret = Secret(random_bytes()?);
    let summary = summary.filter(|_| summaries);
    let opening = Opening::Full { secret: secret.clone(), summary: summary.clone() };
    let commitment = opening.commitment(chain, issuer, kind, Some(&digest));
    let commitment = commitment.expect("invariant: a full opening and a digest have a commitment");
    Ok(PendingDocument { path, kind, secret, summary, commitment, again })
}

/// Refuses where an issuance was left unfinished: its documents would be issued twice.
fn refuse_unfinished(folders: &BTreeSet<PathBuf>) -> Result<(), IssueError> {
    for folder in folders {
        let left = pending_files_in(folder).map_err(SourceError::from)?;
        if let Some(file) = left.into_iter().next() {
            return Err(IssueError::Unfinished { file, folder: folder.clone() });
        }
    }
    Ok(())
}

/// Documents of a batch if the caller sets no other number.
pub const BATCH_DOCUMENTS_DEFAULT: usize = 1000;
