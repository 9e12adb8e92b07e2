//! From a final batch to the receipts of its documents.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use sanad_api::{CredentialKey, FinalBatch, ProofForm};
use sanad_core::document::DOCUMENT_BYTES_MAX;
use sanad_core::event::{Entry, Event};
use sanad_core::hash::Commitment;
use sanad_core::ids::LogIndex;
use sanad_core::proof::StatusProof;
use sanad_core::receipt::Receipt;
use serde::{Serialize, Serializer};

use crate::chain::{Chain, ChainError};
use crate::content::PictureReader;
use crate::files::{self, FileError, Mode};
use crate::notice::{Notice, Observer};
use crate::pending::{Pending, PendingDocument};
use crate::places::Places;
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
    pub(crate) places: &'a Places,
    pub(crate) pictures: Option<PictureReader>,
    pub(crate) observer: &'a dyn Observer,
}

impl Writer<'_> {
    /// Whether all commitments of a batch are in the log, by whatever batch.
    pub(crate) async fn all_issued(&self, pending: &Pending) -> Result<bool, ChainError> {
        for document in &pending.documents {
            match self.chain.status(&issuance_key(pending, document)).await {
                Ok(_) => {}
                Err(error) if error.is_missing() => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
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
        Ok(self.place_all(&pending.documents, proofs)?)
    }

    async fn fetch(
        &self,
        pending: &Pending,
        place: Option<FinalBatch>,
    ) -> Result<Vec<StatusProof>, ChainError> {
        if place.is_some() {
            let (id, client) = (pending.batch.id(), self.chain.client());
            let stream = self.chain.ask(|| client.batch_proofs(&id, ProofForm::SelfContained)).await?;
            return stream.collect().await.map_err(|error| self.chain.failed(error));
        }
        let mut proofs = Vec::new();
        for document in &pending.documents {
            proofs.push(self.chain.status(&issuance_key(pending, document)).await?);
        }
        Ok(proofs)
    }

    /// Writes the receipts, many at once: each waits for the disk, and disks take many writes in one go.
    fn place_all(
        &self,
        documents: &[PendingDocument],
        proofs: Vec<StatusProof>,
    ) -> Result<Written, FileError> {
        let work: Vec<_> = documents.iter().zip(proofs).collect();
        let part = work.len().div_ceil(WRITERS).max(1);
        let placed: Vec<Result<IssuedDocument, FailedReceipt>> = std::thread::scope(|scope| {
            let place_part = |part: &[(&PendingDocument, StatusProof)]| -> Vec<_> {
                part.iter().map(|(document, proof)| self.place(document, proof)).collect()
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
        folders.values().try_for_each(|receipt| files::sync_parent(receipt))?;
        Ok(written)
    }

    fn place(
        &self,
        document: &PendingDocument,
        proof: &StatusProof,
    ) -> Result<IssuedDocument, FailedReceipt> {
        let receipt = Receipt::new(document.kind, document.opening(), proof.clone());
        let receipt = receipt.trimmed(self.chain.anchor());
        match self.place_receipt(document, &receipt) {
            Ok(path) => Ok(IssuedDocument {
                document: document.path.clone(),
                receipt: path,
                log_index: proof.index,
                commitment: document.commitment,
            }),
            Err(error) => {
                Err(FailedReceipt { document: document.path.clone(), log_index: proof.index, error })
            }
        }
    }

    /// Writes a receipt where none is; one with the same secret is there from an earlier try, and stays.
    fn place_receipt(&self, document: &PendingDocument, receipt: &Receipt) -> Result<PathBuf, ReceiptError> {
        self.remark(&document.path, receipt);
        let anchor = self.chain.anchor();
        for there in self.places.existing(&document.path) {
            let old = read_receipt(&there, anchor, self.pictures)?;
            if old.opening == receipt.opening {
                return Ok(there);
            }
            if !document.again {
                return Err(ReceiptError::AnotherIssuance(there));
            }
            self.set_aside(&there, &document.path, old.proof.index)?;
        }
        let path = self.places.new_receipt(&document.path);
        let bytes = encode_receipt(receipt, self.places.form, anchor)?;
        files::place_unsynced(&path, &bytes, Mode::Private)?;
        Ok(path)
    }

    /// Says what became of a document since it was digested.
    fn remark(&self, document: &Path, receipt: &Receipt) {
        if document.symlink_metadata().is_err() {
            return self.observer.notice(&Notice::Gone(document.to_owned()));
        }
        let same = files::read(document, DOCUMENT_BYTES_MAX)
            .is_ok_and(|bytes| receipt.verify_document(Some(&bytes)).is_ok());
        if !same {
            self.observer.notice(&Notice::Changed(document.to_owned()));
        }
    }

    /// Keeps an older receipt under its log index: it is what can still be revoked.
    fn set_aside(&self, receipt: &Path, document: &Path, index: LogIndex) -> Result<(), ReceiptError> {
        let to = self.places.set_aside(document, receipt, index.0);
        if to.symlink_metadata().is_ok() {
            return Err(FileError::Exists(to).into());
        }
        let not_set_aside =
            |source| ReceiptError::NotSetAside { from: receipt.to_owned(), to: to.clone(), source };
        std::fs::rename(receipt, &to).map_err(not_set_aside)
    }
}

fn issuance_key(pending: &Pending, document: &PendingDocument) -> CredentialKey {
    let issuer = pending.batch.batch().issuer.clone();
    CredentialKey::Issuance { issuer, commitment: document.commitment }
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
const WRITERS: usize = 16;
