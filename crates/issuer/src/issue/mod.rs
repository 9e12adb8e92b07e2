//! Issuing documents that were not issued before.

mod batch;
mod error;
mod reading;
mod report;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub(crate) use batch::{Batch, finish_batch, folders_of, issue_batch};
pub(crate) use error::FormerlySigned;
pub use error::IssueError;
use rayon::prelude::*;
pub use report::{IssueReport, IssuedBatch, LeftOutFile};
use sanad_core::batch::BATCH_EVENTS_MAX;
use sanad_core::commitment::{Opening, Secret};
use sanad_core::document::DOCUMENT_BYTES_MAX;
use sanad_core::event::Event;
use sanad_core::hash::ChainId;
use sanad_core::ids::{LogIndex, MemberId};
use sanad_core::trust::TrustAnchor;

use self::reading::{read_all, refuse_unfinished, remark};
use crate::chain::{Chain, is_named_by};
use crate::content::PictureReader;
use crate::documents::{self, Collected, Document, ReadAs, SourceError};
use crate::files::{self, FileError};
use crate::folders::FolderLocks;
use crate::former_keys::FormerKeys;
use crate::issuer::Issuer;
use crate::keeper::Keeper;
use crate::keys::Passphrase;
use crate::notice::{Notice, Observer, Step};
use crate::pending::PendingDocument;
use crate::places::Places;
use crate::preflight::try_places;
use crate::random::{NoRandomness, random_bytes, shuffle};
use crate::receipts::Writer;

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
        let asked = chain.member_patiently(&issuer.id, self.options.wait).await;
        let member = asked.map_err(|source| {
            report.not_submitted = self.documents.iter().map(|(document, _)| document.path.clone()).collect();
            IssueError::NotSubmitted(source.into())
        })?;
        refuse_former(&self.documents, &FormerKeys::of(&member))?;
        let others = self.documents.iter().map(|(document, _)| document);
        let mut others = others.filter(|document| !is_named_by(member.record(), &document.issuer));
        if let Some(first) = others.next() {
            let (first, others) = (first.path.clone(), others.count());
            observer.notice(&Notice::AnotherIssuer { issuer: issuer.id.clone(), first, others });
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

/// Refuses documents that a former key of the issuer signed.
fn refuse_former(documents: &[(Document, Option<LogIndex>)], former: &FormerKeys) -> Result<(), IssueError> {
    if former.is_empty() {
        return Ok(());
    }
    let signed = |(document, _): &(Document, Option<LogIndex>)| {
        let bytes = files::read(&document.path, DOCUMENT_BYTES_MAX).map_err(SourceError::from)?;
        Ok(former.signer_of(document.kind, &bytes).map(|_| document.path.clone()))
    };
    let signed: Vec<_> = documents.par_iter().map(signed).collect::<Result<_, IssueError>>()?;
    let documents: Vec<PathBuf> = signed.into_iter().flatten().collect();
    match documents.is_empty() {
        true => Ok(()),
        false => Err(IssueError::FormerKey { documents }),
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

/// Documents of a batch if the caller sets no other number.
pub const BATCH_DOCUMENTS_DEFAULT: usize = 1000;
