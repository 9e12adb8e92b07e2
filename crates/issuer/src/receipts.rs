//! From a final batch to the receipts of its documents.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use sanad_api::{CredentialKey, FinalBatch, ProofForm};
use sanad_core::document::{self, DOCUMENT_BYTES_MAX};
use sanad_core::event::{Entry, Event};
use sanad_core::hash::Commitment;
use sanad_core::ids::LogIndex;
use sanad_core::proof::StatusProof;
use sanad_core::receipt::Receipt;
use serde::{Serialize, Serializer};

use crate::chain::{Chain, ChainError};
use crate::files::{self, FileError, Mode};
use crate::issue::IssueOptions;
use crate::keeper::KeepError;
use crate::notice::{Notice, Observer};
use crate::pending::{Pending, PendingDocument};
use crate::receipt_file::{ReceiptError, encode_receipt, read_receipt};

/// A document that is in the ledger and has its receipt.
#[derive(Clone, Debug, Serialize)]
pub struct IssuedDocument {
    /// The document.
    pub document: PathBuf,
    /// Its receipt.
    pub receipt: PathBuf,
    /// Its place in the log.
    pub log_index: LogIndex,
    /// Its commitment.
    pub commitment: Commitment,
    /// What the document is now.
    pub content: Content,
}

/// What a document is when its receipt is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// What was issued.
    AsIssued,
    /// Something else: the receipt is not for it.
    Changed,
    /// It is not there any more, or cannot be read.
    Gone,
}

/// A document that is in the ledger, and whose receipt could not be written. Its secret is in the pending file.
#[derive(Debug, Serialize)]
pub struct FailedReceipt {
    /// The document.
    pub document: PathBuf,
    /// Its place in the log.
    pub log_index: LogIndex,
    /// Why.
    #[serde(serialize_with = "with_causes")]
    pub error: ReceiptError,
}

/// Why no receipt of a batch was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptsError {
    /// The node gives no proofs.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The node leaves entries out.
    #[error("the node proves {proved} of {expected} entries; ask another node")]
    Incomplete {
        /// How many it proves.
        proved: usize,
        /// How many there are.
        expected: usize,
    },
    /// The node proves something else.
    #[error("the node proves another entry than the one that was issued; ask another node")]
    AnotherEntry,
    /// The keeper does not take the receipts.
    #[error(transparent)]
    NotKept(#[from] KeepError),
    /// What was written is not sure to be on the disk.
    #[error(transparent)]
    File(#[from] FileError),
}

/// What became of the receipts of a batch.
pub(crate) struct Written {
    pub(crate) issued: Vec<IssuedDocument>,
    pub(crate) failed: Vec<FailedReceipt>,
}

/// Fetches proofs and writes receipts.
pub(crate) struct Writer<'a> {
    pub(crate) chain: &'a Chain,
    pub(crate) options: &'a IssueOptions,
    pub(crate) observer: &'a dyn Observer,
    /// The only folders that receipts are written into beside their documents; `None` if the user named each document.
    pub(crate) within: Option<&'a [PathBuf]>,
}

impl Writer<'_> {
    /// Whether all commitments of a batch are in the log, by whatever batch.
    pub(crate) async fn all_issued(&self, pending: &Pending) -> Result<bool, ChainError> {
        let mut all = true;
        self.chain.statuses(&issuance_keys(pending), |answer| all &= answer.is_some()).await?;
        Ok(all)
    }

    /// Fetches and checks the proof of each document and writes its receipt. A receipt that cannot be written holds
    /// none of the others back.
    pub(crate) async fn write(
        &self,
        pending: &Pending,
        place: Option<FinalBatch>,
    ) -> Result<Written, ReceiptsError> {
        let proofs = self.fetch(pending, place).await?;
        let (proved, expected) = (proofs.len(), pending.documents.len());
        if proved != expected {
            return Err(ReceiptsError::Incomplete { proved, expected });
        }
        let issuer = &pending.batch.batch().issuer;
        // All are checked before one is written, so that a lying node leaves nothing behind.
        for (document, proof) in pending.documents.iter().zip(&proofs) {
            let event = Event::Issue { commitment: document.commitment };
            if proof.entry != (Entry { issuer: issuer.clone(), event }) {
                return Err(ReceiptsError::AnotherEntry);
            }
            self.chain.checked(proof.verify(self.chain.anchor()), "the issuance")?;
        }
        if let Some(keeper) = &self.options.keeper {
            let with_proofs = pending.documents.iter().zip(&proofs);
            let sound = with_proofs.filter(|(document, _)| {
                let batch = pending.batch.batch();
                document.opens(&batch.chain_id, &batch.issuer)
            });
            let receipts: Vec<_> =
                sound.map(|(document, proof)| (document, self.receipt(document, proof))).collect();
            keeper.issued(&receipts)?;
        }
        Ok(self.place_all(pending, proofs)?)
    }

    async fn fetch(
        &self,
        pending: &Pending,
        place: Option<FinalBatch>,
    ) -> Result<Vec<StatusProof>, ChainError> {
        // With changes of status in it, a batch has more entries than documents.
        if place.is_some() && pending.changes().is_empty() {
            let (id, client) = (pending.batch.id(), self.chain.client());
            let fetch = async || client.batch_proofs(&id, ProofForm::SelfContained).await?.collect().await;
            return self.chain.insist(fetch).await;
        }
        let mut proofs = Vec::new();
        let take = |answer: Option<_>| proofs.extend(answer.map(|(proof, _)| proof));
        self.chain.statuses(&issuance_keys(pending), take).await?;
        Ok(proofs)
    }

    /// Writes the receipts, many at once: each waits for the disk, and disks take many writes in one go.
    fn place_all(&self, pending: &Pending, proofs: Vec<StatusProof>) -> Result<Written, FileError> {
        let (work, batch): (Vec<_>, _) =
            (pending.documents.iter().zip(proofs).collect(), pending.batch.batch());
        let part = work.len().div_ceil(WRITERS).max(1);
        let placed: Vec<Result<IssuedDocument, FailedReceipt>> = std::thread::scope(|scope| {
            let place_part = |part: &[(&PendingDocument, StatusProof)]| -> Vec<_> {
                let place = |(document, proof): &(&PendingDocument, StatusProof)| {
                    let opens = document.opens(&batch.chain_id, &batch.issuer);
                    self.place(document, proof, opens)
                };
                part.iter().map(place).collect()
            };
            let writers: Vec<_> =
                work.chunks(part).map(|part| scope.spawn(move || place_part(part))).collect();
            writers
                .into_iter()
                .flat_map(|writer| writer.join().expect("invariant: writers do not panic"))
                .collect()
        });
        let mut written = Written { issued: Vec::new(), failed: Vec::new() };
        for placed in placed {
            match placed {
                Ok(issued) => written.issued.push(issued),
                Err(failed) => written.failed.push(failed),
            }
        }
        // Once for each folder; the pending file is removed only after that.
        let folders: BTreeMap<_, _> =
            written.issued.iter().map(|one| (files::parent(&one.receipt), &one.receipt)).collect();
        let folders: Vec<_> = folders.into_values().collect();
        let part = folders.len().div_ceil(WRITERS).max(1);
        std::thread::scope(|scope| {
            let sync = |part: &[&PathBuf]| part.iter().try_for_each(|receipt| files::sync_parent(receipt));
            let writers: Vec<_> = folders.chunks(part).map(|part| scope.spawn(move || sync(part))).collect();
            let mut synced = writers.into_iter().map(|writer| writer.join());
            synced.try_for_each(|synced| synced.expect("invariant: writers do not panic"))
        })?;
        Ok(written)
    }

    fn place(
        &self,
        document: &PendingDocument,
        proof: &StatusProof,
        opens: bool,
    ) -> Result<IssuedDocument, FailedReceipt> {
        let (path, log_index) = (document.path.clone(), proof.index);
        let receipt = self.receipt(document, proof);
        let placed = match opens {
            false => Err(ReceiptError::Damaged),
            true => match self.place_receipt(document, &receipt) {
                // Another document of this name was a moment faster.
                Err(ReceiptError::File(FileError::Exists(_))) => self.place_receipt(document, &receipt),
                placed => placed,
            },
        };
        let receipt = match placed {
            Ok(receipt) => receipt,
            Err(error) => return Err(FailedReceipt { document: path, log_index, error }),
        };
        let content = self.content(document);
        Ok(IssuedDocument { document: path, receipt, log_index, commitment: document.commitment, content })
    }

    fn receipt(&self, document: &PendingDocument, proof: &StatusProof) -> Receipt {
        Receipt::new(document.kind, document.opening(), proof.clone()).trimmed(self.chain.anchor())
    }

    /// Writes a receipt where none is; one with the same secret is there from an earlier try, and stays.
    fn place_receipt(&self, document: &PendingDocument, receipt: &Receipt) -> Result<PathBuf, ReceiptError> {
        let (places, anchor) = (&self.options.places, self.chain.anchor());
        self.check_folder(&document.path)?;
        let mut path = places.new_receipt(&document.path);
        let same = |there: &Path| -> Result<(bool, Receipt), ReceiptError> {
            let old = read_receipt(there, anchor, self.options.pictures)?;
            Ok((old.opening == receipt.opening, old))
        };
        for there in places.existing(&document.path) {
            let (is_same, old) = same(&there)?;
            if is_same {
                return Ok(there);
            }
            if document.again && old.proof.entry.issuer == receipt.proof.entry.issuer {
                self.set_aside(&there, &document.path, old.proof.index)?;
                continue;
            }
            // In a folder of receipts, documents of different folders may have one name.
            if places.folder.is_some() {
                path = places.set_aside(&document.path, &path, receipt.proof.index.0);
                if path.exists() && same(&path)?.0 {
                    return Ok(path);
                }
                let (document, receipt) = (document.path.clone(), path.clone());
                self.observer.notice(&Notice::NamedByIndex { document, receipt });
                break;
            }
            if there == path || old.proof.entry.issuer == receipt.proof.entry.issuer {
                return Err(ReceiptError::AnotherIssuance(there));
            }
        }
        let bytes = encode_receipt(receipt, places.form(), anchor)?;
        files::place_unsynced(&path, &bytes, Mode::Private)?;
        Ok(path)
    }

    /// Refuses to write where a pending file alone says so.
    fn check_folder(&self, document: &Path) -> Result<(), ReceiptError> {
        let (Some(within), None) = (self.within, &self.options.places.folder) else { return Ok(()) };
        let folder = files::parent(document);
        let folder = folder.canonicalize().map_err(FileError::system(folder, "opened"))?;
        match within.iter().any(|allowed| folder.starts_with(allowed)) {
            true => Ok(()),
            false => Err(ReceiptError::Outside { folder }),
        }
    }

    /// What became of a document since it was digested.
    fn content(&self, document: &PendingDocument) -> Content {
        let PendingDocument { path, kind, digest, .. } = document;
        if path.symlink_metadata().is_err() {
            self.observer.notice(&Notice::Gone(path.clone()));
            return Content::Gone;
        }
        let bytes = files::read(path, DOCUMENT_BYTES_MAX);
        let now = bytes.ok().and_then(|bytes| document::digest(*kind, &bytes).ok());
        if now != Some(*digest) {
            self.observer.notice(&Notice::Changed(path.clone()));
            return Content::Changed;
        }
        Content::AsIssued
    }

    /// Keeps an older receipt under its log index: it is what can still be revoked.
    fn set_aside(&self, receipt: &Path, document: &Path, index: LogIndex) -> Result<(), ReceiptError> {
        let to = self.options.places.set_aside(document, receipt, index.0);
        if to.symlink_metadata().is_ok() {
            return Err(FileError::Exists(to).into());
        }
        let not_set_aside =
            |source| ReceiptError::NotSetAside { from: receipt.to_owned(), to: to.clone(), source };
        std::fs::rename(receipt, &to).map_err(not_set_aside)
    }
}

fn issuance_keys(pending: &Pending) -> Vec<CredentialKey> {
    let issuer = &pending.batch.batch().issuer;
    let key = |document: &PendingDocument| CredentialKey::Issuance {
        issuer: issuer.clone(),
        commitment: document.commitment,
    };
    pending.documents.iter().map(key).collect()
}

impl fmt::Display for FailedReceipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.document.display(), causes(&self.error))
    }
}

/// An error and its causes in one line.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

fn with_causes<S: Serializer>(error: &ReceiptError, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&causes(error))
}

/// How many receipts are on their way to the disk at once.
pub(crate) const WRITERS: usize = 16;
