//! A place, beside pending files and receipts, that keeps what is issued.

use std::fmt;
use std::path::PathBuf;

use sanad_core::batch::SignedBatch;
use sanad_core::receipt::Receipt;

use crate::pending::PendingDocument;

/// Keeps what is issued: a register.
///
/// Each call returns once what it was given is on the disk.
pub trait Keeper: fmt::Debug + Send + Sync {
    /// Where it is, as an absolute path: pending files name it, so that it gets the receipts of what it was told of.
    fn path(&self) -> PathBuf;

    /// Notes documents before any of them leaves. A document that is kept already, and not yet issued, gets secret, summary
    /// and commitment that are kept: the ledger takes each commitment once, so that it is not issued twice.
    ///
    /// # Errors
    /// [`KeepError`], if only for one of the documents; then none is noted, and none is issued.
    fn plan(&self, documents: &mut [PendingDocument]) -> Result<(), KeepError>;

    /// Notes that documents leave in a batch. Called before it is sent, and again if it is signed anew.
    ///
    /// # Errors
    /// [`KeepError`]; then the batch is not sent.
    fn submitted(&self, batch: &SignedBatch, documents: &[PendingDocument]) -> Result<(), KeepError>;

    /// Takes the receipts of documents, whose proofs hold.
    ///
    /// # Errors
    /// [`KeepError`]; then the pending file stays.
    fn issued(&self, documents: &[(&PendingDocument, Receipt)]) -> Result<(), KeepError>;
}

/// A keeper does not keep what it was given.
#[derive(Debug, thiserror::Error)]
#[error("the register")]
pub struct KeepError(#[source] pub Box<dyn std::error::Error + Send + Sync>);
