//! The receipt: what a learner keeps beside a credential.

use serde::{Deserialize, Serialize};

use crate::document::{self, DocumentError, DocumentKind};
use crate::event::Event;
use crate::hash::{Commitment, Salt};
use crate::jcs::{self, JsonError};
use crate::proof::{ProofFault, ProvenStatus, StatusProof, TrustAnchor};

/// Longest receipt in its JSON form, in bytes (1 MiB).
pub const RECEIPT_JSON_BYTES_MAX: usize = 1 << 20;
/// What the JSON form says it is.
pub const RECEIPT_FORMAT: &str = "sanad-receipt/v1";

/// A credential's salt, and the proof of its commitment's status as of one block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// [`RECEIPT_FORMAT`].
    pub format: String,
    /// How the document is digested.
    pub document: DocumentKind,
    /// The salt of the commitment. Who destroys it and the document has erased the credential.
    pub salt: Salt,
    /// The proof.
    pub proof: StatusProof,
}

/// Why a receipt does not prove its document.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptFault {
    /// The document cannot be digested.
    #[error("the document: {0}")]
    Document(#[from] DocumentError),
    /// The document or the salt is not the one that was issued.
    #[error("the document or the salt was changed: together they give {actual}, but {expected} was issued")]
    Commitment {
        /// What the ledger holds.
        expected: Commitment,
        /// What document and salt give.
        actual: Commitment,
    },
    /// The entry issues nothing.
    #[error("the entry is \"{kind}\", not an issuance")]
    NotAnIssuance {
        /// What it is.
        kind: &'static str,
    },
    /// The proof does not hold.
    #[error("the receipt: {0}")]
    Proof(#[from] ProofFault),
}

/// Why bytes are no receipt.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptFormatError {
    /// Too long.
    #[error("{actual} bytes; a receipt has at most {RECEIPT_JSON_BYTES_MAX}")]
    TooLong {
        /// Length.
        actual: usize,
    },
    /// Ambiguous or broken JSON.
    #[error("not unambiguous JSON: {0}")]
    Json(#[from] JsonError),
    /// Not of the expected fields.
    #[error("not the fields of a receipt: {0}")]
    Fields(#[from] serde_json::Error),
    /// Another format.
    #[error("not a \"{RECEIPT_FORMAT}\"")]
    Format,
}

impl Receipt {
    /// A receipt of a proof.
    pub fn new(document: DocumentKind, salt: Salt, proof: StatusProof) -> Self {
        Self { format: RECEIPT_FORMAT.to_owned(), document, salt, proof }
    }

    /// Checks document, salt and proof against the genesis.
    ///
    /// # Errors
    /// [`ReceiptFault`], the first thing that is not so.
    pub fn verify(&self, document: &[u8], anchor: &TrustAnchor) -> Result<ProvenStatus, ReceiptFault> {
        let proven = self.proof.verify(anchor)?;
        self.verify_document(document)?;
        Ok(proven)
    }

    /// Checks that document and salt give the commitment of the entry.
    ///
    /// # Errors
    /// [`ReceiptFault::Document`], [`ReceiptFault::NotAnIssuance`] or [`ReceiptFault::Commitment`].
    pub fn verify_document(&self, document: &[u8]) -> Result<(), ReceiptFault> {
        let Event::Issue { commitment: expected } = self.proof.entry.event else {
            return Err(ReceiptFault::NotAnIssuance { kind: self.proof.entry.event.kind() });
        };
        let actual = Commitment::new(&self.salt, &document::digest(self.document, document)?);
        if expected == actual { Ok(()) } else { Err(ReceiptFault::Commitment { expected, actual }) }
    }

    /// Reads the JSON form.
    ///
    /// # Errors
    /// [`ReceiptFormatError`].
    pub fn from_json(text: &[u8]) -> Result<Self, ReceiptFormatError> {
        if text.len() > RECEIPT_JSON_BYTES_MAX {
            return Err(ReceiptFormatError::TooLong { actual: text.len() });
        }
        let receipt: Self = serde_json::from_slice(&jcs::canonicalize(text)?)?;
        if receipt.format != RECEIPT_FORMAT {
            return Err(ReceiptFormatError::Format);
        }
        Ok(receipt)
    }

    /// The JSON form, for people to read.
    pub fn to_json(&self) -> String {
        let mut text =
            serde_json::to_string_pretty(self).expect("invariant: a receipt has only plain fields");
        text.push('\n');
        text
    }
}
