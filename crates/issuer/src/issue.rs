//! Issuing documents that were not issued before.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sanad_api::FinalBatch;
use sanad_core::batch::{BATCH_EVENTS_MAX, SignedBatch};
use sanad_core::commitment::{Opening, Secret};
use sanad_core::document::DOCUMENT_BYTES_MAX;
use sanad_core::event::Event;
use sanad_core::hash::{BatchId, ChainId};
use sanad_core::ids::{Height, LogIndex, MemberId};
use sanad_core::trust::TrustAnchor;
use serde::Serialize;

use crate::chain::{Chain, is_named_by};
use crate::content::PictureReader;
use crate::documents::{self, Collected, Document, Read, ReadAs, Reader, Source, SourceError};
use crate::files::{self, FileError};
use crate::folders::{FolderLocks, LockError};
use crate::issuer::Issuer;
use crate::keeper::{KeepError, Keeper};
use crate::keys::Passphrase;
use crate::notice::{LeftOut, Notice, Observer, Remark, Step};
use crate::pending::{Pending, PendingDocument, leave_word, pending_files_elsewhere, pending_files_in};
use crate::places::Places;
use crate::preflight::{PlacesError, try_places};
use crate::random::{NoRandomness, random_bytes, shuffle};
use crate::receipt_file::{ReceiptError, read_receipt};
use crate::receipts::{Content, FailedReceipt, IssuedDocument, ReceiptsError, Writer};
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
    /// The folder above those of the documents, in which pending files are written; `None` for the folder of the first
    /// document, or of the receipts.
    pub pending_folder: Option<PathBuf>,
    /// How long to wait: for other programs in the same folders, for the issuer's turn, for a batch to be final.
    pub wait: Duration,
    /// Reads receipts from pictures, if the program can.
    pub pictures: Option<PictureReader>,
    /// The passphrase of the key, if it is known already: a file that holds it is not issued.
    pub passphrase: Option<Passphrase>,
    /// Keeps what is issued, beside the receipts.
    pub keeper: Option<Arc<dyn Keeper>>,
}

impl Default for IssueOptions {
    fn default() -> Self {
        Self {
            read_as: ReadAs::Auto,
            batch_documents_max: BATCH_DOCUMENTS_DEFAULT,
            again: false,
            summaries: true,
            places: Places { folder: None, form: None },
            pending_folder: None,
            wait: Duration::from_secs(120),
            pictures: None,
            passphrase: None,
            keeper: None,
        }
    }
}

/// What became of documents, also after an error.
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
    /// Pending files that stay, for what is not finished.
    pub unfinished: Vec<PathBuf>,
    /// Documents that were not submitted, since something went wrong before.
    pub not_submitted: Vec<PathBuf>,
}

impl IssueReport {
    /// Documents that have their receipts, and are not any more what was issued.
    pub fn other_now(&self) -> impl Iterator<Item = &IssuedDocument> {
        self.issued.iter().filter(|issued| issued.content != Content::AsIssued)
    }
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

impl LeftOutFile {
    fn new(path: PathBuf, reason: &LeftOut) -> Self {
        Self { path, reason: reason.to_string() }
    }
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
    #[error("the secrets are in {0}; finish with `sanad issue --resume {0}{1}`", file.display(), Named(folders))]
    Interrupted {
        /// The pending file.
        file: PathBuf,
        /// Folders of its documents, other than its own.
        folders: Vec<PathBuf>,
        /// Why.
        source: SubmissionError,
    },
    /// The documents of a batch are issued, and the node gives no proofs of it.
    #[error("the documents are issued; write their receipts with `sanad issue --resume {}{}`", file.display(), Named(folders))]
    NoReceipts {
        /// The pending file.
        file: PathBuf,
        /// Folders of its documents, other than its own.
        folders: Vec<PathBuf>,
        /// Why.
        source: ReceiptsError,
    },
}

/// Paths as more arguments of a command.
struct Named<'a>(&'a [PathBuf]);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|path| write!(f, " {}", path.display()))
    }
}

/// Documents that are read, digested and locked, and whose receipts can be written: ready to be entered.
#[derive(Debug)]
pub struct Issuance {
    options: IssueOptions,
    /// Each with the log index of the receipt that it has, if it is issued again.
    documents: Vec<(Document, Option<LogIndex>)>,
    /// Issuances that are revoked in the batch of the documents.
    replaced: Vec<LogIndex>,
    /// Where pending files are written.
    pending_folder: PathBuf,
    /// Kept until everything is written.
    _locks: FolderLocks,
}

impl Issuance {
    /// Reads the documents that `paths` name, files or folders, which `issuer` issues, and tries the place of every
    /// receipt. Nothing leaves this machine. Blocks while another issuance works in the same folders.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn prepare(
        paths: &[PathBuf],
        anchor: &TrustAnchor,
        issuer: &MemberId,
        options: IssueOptions,
        observer: &dyn Observer,
        report: &mut IssueReport,
    ) -> Result<Self, IssueError> {
        if !(1..=BATCH_EVENTS_MAX).contains(&options.batch_documents_max) {
            return Err(IssueError::BatchSize(options.batch_documents_max));
        }
        let Collected { sources, left_out } = documents::collect(paths, observer)?;
        let left_out = left_out.into_iter().map(|(path, reason)| LeftOutFile::new(path, &reason));
        report.left_out.extend(left_out);
        let first = sources.first().ok_or(IssueError::NoDocuments)?;
        let canonical = |folder: &PathBuf| {
            folder.canonicalize().map_err(FileError::system(folder, "opened")).map_err(SourceError::from)
        };
        let receipts = options.places.folder.as_ref().map(canonical).transpose()?;
        let above = options.pending_folder.as_ref().map(canonical).transpose()?;
        let pending_folder = above.clone().or_else(|| receipts.clone());
        let pending_folder = pending_folder.unwrap_or_else(|| files::parent(&first.path).to_owned());
        let own = sources.iter().map(|source| files::parent(&source.path).to_owned());
        let folders: BTreeSet<PathBuf> = own.chain(receipts).chain(above).collect();
        let locks = FolderLocks::take(&folders, options.wait, observer)?;
        refuse_unfinished(&folders, issuer)?;
        let documents = read_all(&sources, anchor, issuer, &options, observer, report)?;
        remark(&documents, observer);
        let placed: Vec<_> =
            documents.iter().map(|(document, index)| (document.path.as_path(), *index)).collect();
        try_places(&placed, &options.places)?;
        Ok(Self { options, documents, replaced: Vec::new(), pending_folder, _locks: locks })
    }

    /// Has issuances revoked in the same batch as the documents are issued: neither is entered without the other.
    ///
    /// # Errors
    /// [`IssueError::Replacement`] if they do not fit one batch.
    pub fn replacing(mut self, replaced: Vec<LogIndex>) -> Result<Self, IssueError> {
        let (issued, revoked) = (self.documents.len(), replaced.len());
        if issued > self.options.batch_documents_max || issued + revoked > BATCH_EVENTS_MAX {
            return Err(IssueError::Replacement { issued, revoked });
        }
        self.replaced = replaced;
        Ok(self)
    }

    /// How many documents there are to issue.
    pub fn len(&self) -> usize {
        self.documents.len()
    }

    /// Whether every document has its receipt.
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    /// The documents that are issued again, each with the log index of the receipt that it has.
    pub fn issued_before(&self) -> impl Iterator<Item = (&Path, LogIndex)> {
        self.documents.iter().filter_map(|(document, index)| Some((document.path.as_path(), (*index)?)))
    }

    /// The documents, each with its digest.
    pub fn digests(&self) -> impl Iterator<Item = (&Path, &[u8; 32])> {
        self.documents.iter().map(|(document, _)| (document.path.as_path(), &document.digest))
    }

    /// Enters the documents in batches and writes their receipts.
    ///
    /// A receipt that cannot be written holds none of the others back: see [`IssueReport::failed`].
    ///
    /// # Errors
    /// [`IssueError`]; what was entered before has its receipts, and is in the report.
    pub async fn enter(
        mut self,
        chain: &Chain,
        issuer: &Issuer,
        observer: &dyn Observer,
        report: &mut IssueReport,
    ) -> Result<(), IssueError> {
        let chain_id = chain.anchor().chain_id;
        // A member that cannot be asked for is reported when the first batch is signed.
        if let Ok(member) = chain.member(&issuer.id).await {
            let others = self.documents.iter().map(|(document, _)| document);
            let mut others = others.filter(|document| !is_named_by(member.record(), &document.issuer));
            if let Some(first) = others.next() {
                let (first, others) = (first.path.clone(), others.count());
                observer.notice(&Notice::AnotherIssuer { issuer: issuer.id.clone(), first, others });
            }
        }
        let mut pending = Vec::new();
        for (document, issued_at) in std::mem::take(&mut self.documents) {
            let again = issued_at.is_some();
            pending.push(commit(document, &chain_id, &issuer.id, self.options.summaries, again)?);
        }
        if let Some(keeper) = &self.options.keeper {
            keeper.plan(&mut pending).map_err(IssueError::NotKept)?;
        }
        // Over all batches, so that neither place nor batch tells what comes before what.
        shuffle(&mut pending)?;
        let writer = Writer { chain, options: &self.options, observer, within: None };
        let mut changes: Vec<Event> = self.replaced.iter().map(|&target| Event::Revoke { target }).collect();
        shuffle(&mut changes)?;
        let (total, mut done) = (pending.len(), 0);
        let mut ended = Ok(());
        for documents in pending.chunks(self.options.batch_documents_max) {
            observer.progress(Step::Issuing, done, total);
            let entered =
                issue_batch(&writer, issuer, documents, &changes, &self.pending_folder, report).await;
            done += match &entered {
                Err(IssueError::NotSubmitted(_)) => 0,
                _ => documents.len(),
            };
            match entered {
                Ok(Batch::Finished) => continue,
                Ok(Batch::NoReceiptWritten) => {}
                Err(error) => ended = Err(error),
            }
            report.not_submitted = pending[done..].iter().map(|document| document.path.clone()).collect();
            break;
        }
        observer.progress(Step::Issuing, total, total);
        if ended.is_err() && !report.issued.is_empty() {
            observer.notice(&Notice::IssuedBefore(report.issued.len()));
        }
        report.issued.sort_by(|a, b| a.document.cmp(&b.document));
        ended
    }
}

/// How a batch ended.
pub(crate) enum Batch {
    /// At least one receipt was written.
    Finished,
    /// The documents are issued, and the disk takes no receipt.
    NoReceiptWritten,
}

/// Issues one batch of documents, and enters changes of status in it. A receipt that cannot be written leaves the pending file.
pub(crate) async fn issue_batch(
    writer: &Writer<'_>,
    issuer: &Issuer,
    documents: &[PendingDocument],
    changes: &[Event],
    folder: &Path,
    report: &mut IssueReport,
) -> Result<Batch, IssueError> {
    let issuances = documents.iter().map(|document| Event::Issue { commitment: document.commitment });
    let events: Vec<Event> = issuances.chain(changes.iter().cloned()).collect();
    let mut file: Option<PathBuf> = None;
    let canonical = |folder: &Path| folder.canonicalize().ok();
    let receipts = writer.options.places.folder.as_deref();
    let receipts_here = receipts.is_some_and(|receipts| canonical(receipts) == canonical(folder));
    let receipts_form = writer.options.places.form();
    let prepare = |batch: &SignedBatch| {
        let pending =
            Pending { batch: batch.clone(), receipts_here, receipts_form, documents: documents.to_vec() };
        if let Some(keeper) = &writer.options.keeper {
            keeper.submitted(batch, documents)?;
        }
        // Before the file is there: without it the word is void, and the file without the word would let documents be issued
        // twice.
        let is_seen_from = |other: &&Path| *other == folder || other.parent() == Some(folder);
        let others = folders_of(documents).into_iter().filter(|other| !is_seen_from(other));
        leave_word(others, &pending.path_in(folder));
        let written = match pending.write(folder) {
            // From an earlier try to enter the same batch; a former key may have signed it then.
            Err(FileError::Exists(path)) => match held(&path, &pending) {
                Some(signed) if signed == *batch => path,
                Some(_) => pending.rewrite(folder)?,
                None => return Err(FileError::Exists(path).into()),
            },
            written => written?,
        };
        // The new file holds the same secrets, so the one before is no longer needed.
        match file.replace(written) {
            Some(before) => Ok(files::remove(&before)?),
            None => Ok(()),
        }
    };
    // Whether receipts are written into other folders, which `--resume` must be told of.
    let outside = || if receipts_here { Vec::new() } else { folders_but(folder, documents) };
    let Writer { chain, options, observer, .. } = writer;
    let entered = enter(chain, issuer, &events, options.wait, *observer, prepare).await;
    let (file, (batch, place)) = match (file, entered) {
        (None, Err(source)) => return Err(IssueError::NotSubmitted(source)),
        (Some(file), Err(source)) => {
            report.unfinished.push(file.clone());
            return Err(IssueError::Interrupted { file, folders: outside(), source });
        }
        (Some(file), Ok(entered)) => (file, entered),
        (None, Ok(_)) => unreachable!("invariant: a batch is prepared before it is submitted"),
    };
    let pending = Pending { batch, receipts_here, receipts_form, documents: documents.to_vec() };
    let written = finish_batch(writer, &pending, Some(place), &file, report).await;
    written.map_err(|source| {
        report.unfinished.push(file.clone());
        IssueError::NoReceipts { file, folders: outside(), source }
    })
}

/// The folders of documents, other than that of their pending file and those in it.
fn folders_but(own: &Path, documents: &[PendingDocument]) -> Vec<PathBuf> {
    let others = folders_of(documents).into_iter().filter(|folder| !folder.starts_with(own));
    others.map(Path::to_owned).collect()
}

fn folders_of(documents: &[PendingDocument]) -> BTreeSet<&Path> {
    documents.iter().map(|document| files::parent(&document.path)).collect()
}

/// The batch of a pending file, if it is the same, signed by whichever key, with the same secrets.
fn held(path: &Path, pending: &Pending) -> Option<SignedBatch> {
    let secrets =
        |pending: &Pending| -> Vec<_> { pending.documents.iter().map(PendingDocument::opening).collect() };
    let there = Pending::read(path).ok()?;
    let same = there.batch.id() == pending.batch.id() && secrets(&there) == secrets(pending);
    same.then_some(there.batch)
}

/// Writes the receipts of a batch in the log, and removes its pending file once all are there.
pub(crate) async fn finish_batch(
    writer: &Writer<'_>,
    pending: &Pending,
    place: Option<FinalBatch>,
    file: &Path,
    report: &mut IssueReport,
) -> Result<Batch, ReceiptsError> {
    let written = writer.write(pending, place).await?;
    if let Some(FinalBatch { height, first_index, entries, .. }) = place {
        report.batches.push(IssuedBatch { batch_id: pending.batch.id(), height, first_index, entries });
    }
    let (any, all) = (!written.issued.is_empty(), written.failed.is_empty());
    report.issued.extend(written.issued);
    report.failed.extend(written.failed);
    match all {
        true => {
            let removed = files::remove(file);
            for folder in folders_of(&pending.documents) {
                // Once the file is gone, the word of it goes, too.
                let _ = pending_files_elsewhere(folder);
            }
            if let Err(error) = removed {
                writer.observer.notice(&Notice::NotRemoved(error));
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
    issuer: &MemberId,
    options: &IssueOptions,
    observer: &dyn Observer,
    report: &mut IssueReport,
) -> Result<Vec<(Document, Option<LogIndex>)>, IssueError> {
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let IssueOptions { read_as, pictures, passphrase, .. } = options;
    let (passphrase, now_ms) = (passphrase.as_ref(), u64::try_from(now_ms).unwrap_or(u64::MAX));
    let reader = Reader { read_as: *read_as, pictures: *pictures, passphrase, now_ms };
    let (mut documents, mut without_digest) = (Vec::new(), Vec::new());
    for (done, Source { path, named }) in sources.iter().enumerate() {
        observer.progress(Step::Reading, done, sources.len());
        let issued_at = issued_at(path, anchor, issuer, options, observer)?;
        if issued_at.is_some() && !options.again {
            observer.notice(&Notice::AlreadyIssued(path.clone()));
            report.skipped.push(path.clone());
            continue;
        }
        let read = match documents::read(path, reader) {
            // Whoever has many to mend hears of all of them at once.
            Err(SourceError::NoDigest { path, source }) => {
                without_digest.push((path, source));
                continue;
            }
            read => read?,
        };
        match read {
            Read::Document(document) => documents.push((document, issued_at)),
            Read::LeftOut(reason) if *named => {
                return Err(SourceError::Refused { path: path.clone(), reason }.into());
            }
            Read::LeftOut(reason) => {
                report.left_out.push(LeftOutFile::new(path.clone(), &reason));
                observer.notice(&Notice::LeftOut { path: path.clone(), reason });
            }
        }
    }
    observer.progress(Step::Reading, sources.len(), sources.len());
    match <[_; 1]>::try_from(without_digest) {
        Ok([(path, source)]) => Err(SourceError::NoDigest { path, source }.into()),
        Err(none) if none.is_empty() => Ok(documents),
        Err(several) => Err(SourceError::NoDigests(several).into()),
    }
}

/// The log index of the receipt by this issuer that a document has.
///
/// A receipt of another document or chain is an error: someone must look at that.
fn issued_at(
    document: &Path,
    anchor: &TrustAnchor,
    issuer: &MemberId,
    options: &IssueOptions,
    observer: &dyn Observer,
) -> Result<Option<LogIndex>, IssueError> {
    let mut issued_at = None;
    for path in options.places.existing(document) {
        let receipt = read_receipt(&path, anchor, options.pictures)?;
        if receipt.proof.header.chain_id != anchor.chain_id {
            return Err(ReceiptError::AnotherChain(path).into());
        }
        let bytes = files::read(document, DOCUMENT_BYTES_MAX).map_err(SourceError::from)?;
        receipt
            .verify_document(Some(&bytes))
            .map_err(|source| ReceiptError::AnotherDocument { path, source: source.into() })?;
        let other = &receipt.proof.entry.issuer;
        if other != issuer {
            let (document, issuer) = (document.to_owned(), other.clone());
            observer.notice(&Notice::IssuedByOther { document, issuer });
            continue;
        }
        issued_at = issued_at.or(Some(receipt.proof.index));
    }
    Ok(issued_at)
}

/// Says what verifiers will not look at or not like, and which documents are the same.
fn remark(documents: &[(Document, Option<LogIndex>)], observer: &dyn Observer) {
    let mut remarked: BTreeMap<Remark, (&Path, usize)> = BTreeMap::new();
    let mut contents = HashMap::new();
    for (document, _) in documents {
        for &remark in &document.remarks {
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
    Ok(PendingDocument { path, kind, digest, secret, summary, commitment, again })
}

/// Refuses where an issuance was left unfinished: its documents would be issued twice. Its pending file is in the folder, in
/// the one above it, or elsewhere. That of another issuer is no matter of this one.
fn refuse_unfinished(folders: &BTreeSet<PathBuf>, issuer: &MemberId) -> Result<(), IssueError> {
    // One that cannot be read may be this issuer's.
    let is_own =
        |file: &PathBuf| Pending::read(file).map_or(true, |left| left.batch.batch().issuer == *issuer);
    let mut above: BTreeMap<&Path, Vec<PathBuf>> = BTreeMap::new();
    for folder in folders {
        let left = pending_files_in(folder).map_err(SourceError::from)?;
        let elsewhere = pending_files_elsewhere(folder).map_err(SourceError::from)?;
        let left = left.into_iter().chain(elsewhere).find(is_own);
        let left = left.or_else(|| {
            let parent = folder.parent()?;
            // A folder above may be another user's.
            let files = above.entry(parent).or_insert_with(|| pending_files_in(parent).unwrap_or_default());
            // One that cannot be read may name this folder.
            let blocks = |file: &&PathBuf| {
                Pending::read(file)
                    .map_or(true, |left| is_in(&left, folder) && left.batch.batch().issuer == *issuer)
            };
            files.iter().find(blocks).cloned()
        });
        if let Some(file) = left {
            let folder = files::parent(&file).to_owned();
            return Err(IssueError::Unfinished { file, folder });
        }
    }
    Ok(())
}

/// Whether a document of a pending file is in a folder.
fn is_in(pending: &Pending, folder: &Path) -> bool {
    pending.documents.iter().any(|document| files::parent(&document.path) == folder)
}

/// Documents of a batch if the caller sets no other number.
pub const BATCH_DOCUMENTS_DEFAULT: usize = 1000;
