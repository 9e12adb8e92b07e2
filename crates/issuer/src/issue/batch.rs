//! One batch: entered, and its receipts written.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sanad_api::FinalBatch;
use sanad_core::batch::SignedBatch;
use sanad_core::event::Event;

use super::error::IssueError;
use super::report::{IssueReport, IssuedBatch};
use crate::files::{self, FileError};
use crate::issuer::Issuer;
use crate::notice::Notice;
use crate::pending::{Pending, PendingDocument, leave_word, pending_files_elsewhere};
use crate::receipts::{ReceiptsError, Writer};
use crate::submission::enter;

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
    let register = writer.options.keeper.as_ref().map(|keeper| keeper.path());
    let prepare = |batch: &SignedBatch| {
        let pending = Pending {
            batch: batch.clone(),
            receipts_here,
            receipts_form,
            register: register.clone(),
            documents: documents.to_vec(),
        };
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
            let (folders, source) = (outside(), Box::new(source));
            return Err(IssueError::Interrupted { file, folders, register, source });
        }
        (Some(file), Ok(entered)) => (file, entered),
        (None, Ok(_)) => unreachable!("invariant: a batch is prepared before it is submitted"),
    };
    let documents = documents.to_vec();
    let pending = Pending { batch, receipts_here, receipts_form, register: register.clone(), documents };
    let written = finish_batch(writer, &pending, Some(place), &file, report).await;
    written.map_err(|source| {
        report.unfinished.push(file.clone());
        IssueError::NoReceipts { file, folders: outside(), register, source: Box::new(source) }
    })
}

/// The folders of documents, other than that of their pending file and those in it.
fn folders_but(own: &Path, documents: &[PendingDocument]) -> Vec<PathBuf> {
    let others = folders_of(documents).into_iter().filter(|folder| !folder.starts_with(own));
    others.map(Path::to_owned).collect()
}

pub(crate) fn folders_of(documents: &[PendingDocument]) -> BTreeSet<&Path> {
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
