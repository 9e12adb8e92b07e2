//! The receipt: what a learner keeps beside a credential.
//!
//! One set of facts in two forms: JSON for people and programs, binary where it must be small. The binary form
//! leaves out what a verifier computes or knows from the genesis; see `docs/formats/receipt.md`.

mod binary;
mod error;
mod parts;
mod reader;

use serde::{Deserialize, Serialize};

use crate::commitment::{Opening, OpeningError};
use crate::document::{self, DocumentError, DocumentKind};
use crate::event::Event;
use crate::hash::Commitment;
use crate::json_form::{self, JsonFormError};
use crate::member::MemberError;
use crate::merkle::PROOF_HASHES_MAX;
use crate::proof::{Finality, ProofFault, ProvenStatus, StatusProof, VALIDATOR_CHANGES_MAX};
use crate::registry::MEMBERS_MAX;
use crate::summary::SummaryMismatch;
use crate::trust::TrustAnchor;
use crate::validators::VALIDATORS_MAX;

pub use binary::{RECEIPT_BINARY_BYTES_MAX, RECEIPT_BINARY_VERSION, RECEIPT_MAGIC};
pub use error::{ChainPrefix, ReceiptBinaryError};

/// Longest receipt in its JSON form, in bytes (1 MiB).
pub const RECEIPT_JSON_BYTES_MAX: usize = 1 << 20;
/// What the JSON form says it is.
pub const RECEIPT_FORMAT: &str = "sanad-receipt/v1";

/// Media type of the JSON form.
pub const RECEIPT_JSON_MEDIA_TYPE: &str = "application/vnd.sanad.receipt+json";
/// Media type of the binary form.
pub const RECEIPT_BINARY_MEDIA_TYPE: &str = "application/vnd.sanad.receipt";
/// File ending of the JSON form.
pub const RECEIPT_JSON_SUFFIX: &str = ".receipt.json";
/// File ending of the binary form.
pub const RECEIPT_BINARY_SUFFIX: &str = ".receipt";

/// How a receipt is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReceiptForm {
    /// Text, for people and programs.
    Json,
    /// Bytes, where it must be small.
    Binary,
}

impl ReceiptForm {
    /// The form of a receipt, by its first bytes: no text starts with [`RECEIPT_MAGIC`].
    #[must_use]
    pub fn detect(bytes: &[u8]) -> Self {
        if bytes.starts_with(&RECEIPT_MAGIC) { Self::Binary } else { Self::Json }
    }

    /// The media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => RECEIPT_JSON_MEDIA_TYPE,
            Self::Binary => RECEIPT_BINARY_MEDIA_TYPE,
        }
    }

    /// What the names of its files end with.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Json => RECEIPT_JSON_SUFFIX,
            Self::Binary => RECEIPT_BINARY_SUFFIX,
        }
    }
}

/// What opens a credential's commitment, and the proof of the commitment's status as of one block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// [`RECEIPT_FORMAT`].
    pub format: String,
    /// What kind of document it is, and so how it is digested.
    pub document: DocumentKind,
    /// What opens the commitment. Destroying the secret and the document erases the credential.
    pub opening: Opening,
    /// Proof of the entry with the commitment, of its status, and of who issued it.
    pub proof: StatusProof,
}

/// Why a receipt does not prove its document.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptFault {
    /// The document cannot be digested.
    #[error("the document: {0}")]
    Document(#[from] DocumentError),
    /// A document is needed and missing, or is given with a receipt that cannot prove one.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// The issuer's summary says something else than the document.
    #[error("the issuer's summary contradicts the document: {0}")]
    Summary(#[from] SummaryMismatch),
    /// The document or the secret is not the one that was issued.
    #[error("the document or the secret was changed: together they give {actual}, but {expected} was issued")]
    Commitment {
        /// What the ledger holds.
        expected: Commitment,
        /// What document and secret give.
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
    #[error("{actual} bytes; a receipt has at most {limit}")]
    TooLong {
        /// Length.
        actual: usize,
        /// Most bytes of this form.
        limit: usize,
    },
    /// Not the JSON form of a receipt.
    #[error("not the JSON form of a receipt: {0}")]
    Form(#[from] JsonFormError),
    /// Another format.
    #[error("not a \"{RECEIPT_FORMAT}\"")]
    Format,
    /// Too many validator-set changes.
    #[error(
        "{count} validator-set changes; a receipt carries at most {VALIDATOR_CHANGES_MAX}: use a compact receipt and a trust file"
    )]
    TooManyChanges {
        /// How many there are.
        count: usize,
    },
    /// More of something than a receipt can have.
    #[error("{part}: {actual}; a receipt has at most {limit}")]
    Limit {
        /// What there is too much of.
        part: &'static str,
        /// How much there is.
        actual: u64,
        /// How much there can be.
        limit: u64,
    },
    /// The name of the issuer has no encoding.
    #[error("the record of the issuer: {0}")]
    Name(#[from] MemberError),
    /// The entry issues nothing.
    #[error("the entry is \"{kind}\"; receipts are of issuances")]
    NotAnIssuance {
        /// What it is.
        kind: &'static str,
    },
    /// Not the binary form, or not of this chain.
    #[error("not a binary receipt of this chain: {0}")]
    Binary(#[from] ReceiptBinaryError),
}

impl Receipt {
    /// A receipt of a proof.
    pub fn new(document: DocumentKind, opening: Opening, proof: StatusProof) -> Self {
        Self { format: RECEIPT_FORMAT.to_owned(), document, opening, proof }
    }

    /// The receipt with no more signatures than suffice, as it is handed out: see [`StatusProof::trim`].
    #[must_use]
    pub fn trimmed(mut self, anchor: &TrustAnchor) -> Self {
        self.proof.trim(anchor);
        self
    }

    /// Checks document, opening and proof against the anchor.
    ///
    /// # Errors
    /// [`ReceiptFault`], the first thing that is not so.
    pub fn verify(
        &self,
        document: Option<&[u8]>,
        anchor: &TrustAnchor,
    ) -> Result<ProvenStatus, ReceiptFault> {
        let proven = self.proof.verify(anchor)?;
        self.verify_document(document)?;
        Ok(proven)
    }

    /// Checks that document and opening give the commitment of the entry, and that an open summary does not
    /// contradict the document.
    ///
    /// A paper receipt is checked without a document: it proves its summary alone.
    ///
    /// # Errors
    /// [`ReceiptFault::Document`], [`ReceiptFault::Opening`], [`ReceiptFault::NotAnIssuance`],
    /// [`ReceiptFault::Commitment`] or [`ReceiptFault::Summary`].
    pub fn verify_document(&self, document: Option<&[u8]>) -> Result<(), ReceiptFault> {
        let Event::Issue { commitment: expected } = self.proof.entry.event else {
            return Err(ReceiptFault::NotAnIssuance { kind: self.proof.entry.event.kind() });
        };
        let digest = document.map(|document| document::digest(self.document, document)).transpose()?;
        let (chain, issuer) = (&self.proof.header.chain_id, &self.proof.entry.issuer);
        let actual = self.opening.commitment(chain, issuer, self.document, digest.as_ref())?;
        if expected != actual {
            return Err(ReceiptFault::Commitment { expected, actual });
        }
        if let (Some(summary), Some(document), DocumentKind::Json) =
            (self.opening.summary(), document, self.document)
        {
            let document = serde_json::from_slice(document).expect("invariant: it was digested as JSON");
            summary.compare_json(&document)?;
        }
        Ok(())
    }

    /// Whether bytes say that they are a receipt, whatever else is wrong with them: they start as the binary form does,
    /// or are a JSON object with the right `format`.
    pub fn is_claimed(bytes: &[u8]) -> bool {
        #[derive(Deserialize)]
        struct Claim {
            format: String,
        }
        match ReceiptForm::detect(bytes) {
            ReceiptForm::Binary => bytes.len() <= RECEIPT_BINARY_BYTES_MAX,
            ReceiptForm::Json => {
                // serde_json does not look into texts that it skips, and takes an array for the fields of an object.
                let text = std::str::from_utf8(bytes).ok().filter(|_| bytes.len() <= RECEIPT_JSON_BYTES_MAX);
                let object = text.filter(|text| text.trim_ascii_start().starts_with('{'));
                let claim = object.and_then(|text| serde_json::from_str(text).ok());
                claim.is_some_and(|Claim { format }| format == RECEIPT_FORMAT)
            }
        }
    }

    /// Reads either form.
    ///
    /// # Errors
    /// [`ReceiptFormatError`].
    pub fn from_bytes(bytes: &[u8], anchor: &TrustAnchor) -> Result<Self, ReceiptFormatError> {
        match ReceiptForm::detect(bytes) {
            ReceiptForm::Json => Self::from_json(bytes),
            ReceiptForm::Binary => Ok(Self::from_binary(bytes, anchor)?),
        }
    }

    /// Reads the binary form, and computes what it leaves out. Believes nothing: what was computed from a part
    /// that was changed is what no validator signed, and shows in [`Receipt::verify`].
    ///
    /// # Errors
    /// [`ReceiptBinaryError`], before anything is allocated beyond the length of `bytes`.
    pub fn from_binary(bytes: &[u8], anchor: &TrustAnchor) -> Result<Self, ReceiptBinaryError> {
        binary::decode(bytes, anchor)
    }

    /// The binary form: trimmed, and only of a receipt that holds, since it leaves out what a verifier would
    /// compute otherwise.
    ///
    /// # Errors
    /// [`ReceiptFault::NotAnIssuance`] or [`ReceiptFault::Proof`].
    pub fn to_binary(&self, anchor: &TrustAnchor) -> Result<Vec<u8>, ReceiptFault> {
        let Event::Issue { commitment } = self.proof.entry.event else {
            return Err(ReceiptFault::NotAnIssuance { kind: self.proof.entry.event.kind() });
        };
        // What is left out is not verified.
        let receipt = self.clone().trimmed(anchor);
        receipt.proof.verify(anchor)?;
        let StatusProof { header, finality, .. } = &receipt.proof;
        let changes = finality.validator_changes();
        match finality {
            Finality::Certificate { .. } => anchor.check_carried(header, changes)?,
            Finality::Sealed { .. } => {}
            Finality::History(proof) => anchor.check_carried(&proof.header, changes)?,
        }
        Ok(binary::encode(&receipt, &commitment, anchor))
    }

    /// Reads the JSON form.
    ///
    /// # Errors
    /// [`ReceiptFormatError`].
    pub fn from_json(text: &[u8]) -> Result<Self, ReceiptFormatError> {
        if text.len() > RECEIPT_JSON_BYTES_MAX {
            let (actual, limit) = (text.len(), RECEIPT_JSON_BYTES_MAX);
            return Err(ReceiptFormatError::TooLong { actual, limit });
        }
        let receipt: Self = json_form::read(text)?;
        if receipt.format != RECEIPT_FORMAT {
            return Err(ReceiptFormatError::Format);
        }
        receipt.check_limits()?;
        Ok(receipt)
    }

    /// Checks what the binary form keeps by its layout.
    fn check_limits(&self) -> Result<(), ReceiptFormatError> {
        let StatusProof { entry, log_path, status_path, issuer, finality, .. } = &self.proof;
        if !matches!(entry.event, Event::Issue { .. }) {
            return Err(ReceiptFormatError::NotAnIssuance { kind: entry.event.kind() });
        }
        issuer.record.check()?;
        let validator_changes = finality.validator_changes();
        let (certificate, history_path) = match finality {
            Finality::Certificate { certificate, .. } => (Some(certificate), 0),
            Finality::Sealed { path } => (None, path.len()),
            Finality::History(proof) => (Some(&proof.certificate), proof.path.len()),
        };
        let certificates = validator_changes.iter().map(|change| &change.certificate).chain(certificate);
        let signatures = certificates.map(|certificate| certificate.signatures.len()).max();
        if validator_changes.len() > VALIDATOR_CHANGES_MAX {
            return Err(ReceiptFormatError::TooManyChanges { count: validator_changes.len() });
        }
        for (part, actual, limit) in [
            ("hashes of a path", history_path, PROOF_HASHES_MAX),
            ("hashes of a path", log_path.len(), PROOF_HASHES_MAX),
            ("hashes of a path", status_path.len(), PROOF_HASHES_MAX),
            ("hashes of a path", issuer.path.len(), PROOF_HASHES_MAX),
            ("signatures of a certificate", signatures.unwrap_or(0), VALIDATORS_MAX),
        ] {
            let (actual, limit) = (actual as u64, limit as u64);
            if actual > limit {
                return Err(ReceiptFormatError::Limit { part, actual, limit });
            }
        }
        let (part, actual, limit) = ("members", issuer.count, MEMBERS_MAX as u64);
        if actual > limit { Err(ReceiptFormatError::Limit { part, actual, limit }) } else { Ok(()) }
    }

    /// The JSON form, for people to read.
    pub fn to_json(&self) -> String {
        let mut text =
            serde_json::to_string_pretty(self).expect("invariant: a receipt has only plain fields");
        text.push('\n');
        text
    }
}
