//! What there is to issue: documents without a receipt, in folders where no issuance was left unfinished.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use sanad_core::document::DOCUMENT_BYTES_MAX;
use sanad_core::ids::{LogIndex, MemberId};
use sanad_core::trust::TrustAnchor;

use super::IssueOptions;
use super::error::IssueError;
use super::report::{IssueReport, LeftOutFile};
use crate::documents::{self, Document, Read, Reader, Source, SourceError};
use crate::files;
use crate::notice::{Notice, Observer, Remark, Step};
use crate::pending::{Pending, pending_files_elsewhere, pending_files_in};
use crate::receipt_file::{ReceiptError, read_receipt};

/// Reads the documents that have no receipt yet, or are issued again.
pub(super) fn read_all(
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
pub(super) fn remark(documents: &[(Document, Option<LogIndex>)], observer: &dyn Observer) {
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

/// Refuses where an issuance was left unfinished: its documents would be issued twice. Its pending file is in the folder, in
/// the one above it, or elsewhere. That of another issuer is left alone.
pub(super) fn refuse_unfinished(folders: &BTreeSet<PathBuf>, issuer: &MemberId) -> Result<(), IssueError> {
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
            let register = Pending::read(&file).ok().and_then(|left| left.register);
            return Err(IssueError::Unfinished { file, folder, register });
        }
    }
    Ok(())
}

/// Whether a document of a pending file is in a folder.
fn is_in(pending: &Pending, folder: &Path) -> bool {
    pending.documents.iter().any(|document| files::parent(&document.path) == folder)
}
