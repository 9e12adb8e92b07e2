//! What a command is about: a log index, a commitment, a receipt, or a document with its receipt beside it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sanad_core::document::DOCUMENT_BYTES_MAX;
use sanad_core::event::Event;
use sanad_core::hash::Commitment;
use sanad_core::ids::LogIndex;
use sanad_core::receipt::{RECEIPT_JSON_BYTES_MAX, Receipt};

use crate::files;

/// What receipts end with: `ijazah.json` has `ijazah.json.receipt.json`.
pub(crate) const RECEIPT_SUFFIX: &str = ".receipt.json";

/// A credential, as it was pointed at.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// The place of its issuance.
    Index(LogIndex),
    /// Its commitment.
    Commitment(Commitment),
    /// Its receipt.
    Receipt(Box<Receipt>),
}

impl Target {
    /// Reads a target: digits are a log index, 64 hexadecimal digits a commitment, all else a file.
    ///
    /// A document is checked against its receipt, so that a changed one is not asked about.
    pub(crate) fn read(text: &str) -> anyhow::Result<Self> {
        // 64 digits can all be decimal, but no log index is that long.
        if let (64, Ok(commitment)) = (text.len(), text.parse()) {
            return Ok(Self::Commitment(commitment));
        }
        if let Ok(index) = text.parse() {
            return Ok(Self::Index(index));
        }
        let path = Path::new(text);
        if !path.exists() {
            bail!("{text} is no log index, no commitment (64 hexadecimal digits), and no file");
        }
        if is_receipt(path) {
            return Ok(Self::Receipt(Box::new(read_receipt(path)?)));
        }
        let document = files::read(path, DOCUMENT_BYTES_MAX)?;
        let beside = receipt_path(path);
        if !beside.exists() {
            // A receipt under another name, as mail programs give them.
            return match Receipt::from_json(&document) {
                Ok(receipt) => Ok(Self::Receipt(Box::new(receipt))),
                Err(_) => bail!("{text} is no receipt and has none beside it ({})", beside.display()),
            };
        }
        let receipt = read_receipt(&beside)?;
        receipt
            .verify_document(&document)
            .with_context(|| format!("{text} does not belong to {}", beside.display()))?;
        Ok(Self::Receipt(Box::new(receipt)))
    }

    /// The commitment, where it is known without asking.
    pub(crate) fn commitment(&self) -> Option<Commitment> {
        match self {
            Self::Index(_) => None,
            Self::Commitment(commitment) => Some(*commitment),
            Self::Receipt(receipt) => match receipt.proof.entry.event {
                Event::Issue { commitment } => Some(commitment),
                _ => None,
            },
        }
    }
}

/// Where a document's receipt lies.
pub(crate) fn receipt_path(document: &Path) -> PathBuf {
    let mut path = OsString::from(document);
    path.push(RECEIPT_SUFFIX);
    path.into()
}

/// Whether a file is a receipt, by its name.
pub(crate) fn is_receipt(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(RECEIPT_SUFFIX.as_bytes())
}

/// Reads a receipt.
pub(crate) fn read_receipt(path: &Path) -> anyhow::Result<Receipt> {
    let text = files::read(path, RECEIPT_JSON_BYTES_MAX)?;
    Receipt::from_json(&text).with_context(|| format!("{} is no readable receipt", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_and_commitments_are_told_apart() {
        assert!(matches!(Target::read("42"), Ok(Target::Index(LogIndex(42)))));
        let hex = "0".repeat(64);
        assert!(matches!(Target::read(&hex), Ok(Target::Commitment(Commitment(bytes))) if bytes == [0; 32]));
        assert_eq!(Target::read(&hex).unwrap().commitment(), Some(Commitment([0; 32])));
        assert!(Target::read("18446744073709551616").is_err());
        assert!(Target::read("no/such/file").is_err());
    }

    #[test]
    fn receipts_stand_beside_their_documents() {
        let receipt = receipt_path(Path::new("a/ijazah.json"));
        assert_eq!(receipt, Path::new("a/ijazah.json.receipt.json"));
        assert!(is_receipt(&receipt));
        assert!(!is_receipt(Path::new("a/ijazah.json")));
    }
}
