//! What a command is about: a log index, a commitment, a receipt, or a document with its receipt beside it.

use std::path::Path;

use anyhow::{Context, bail};
use sanad_core::document::DOCUMENT_BYTES_MAX;
use sanad_core::event::Event;
use sanad_core::hash::Commitment;
use sanad_core::ids::LogIndex;
use sanad_core::receipt::Receipt;
use sanad_core::trust::TrustAnchor;

use crate::{files, receipt_file};

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
    pub(crate) fn read(text: &str, anchor: &TrustAnchor) -> anyhow::Result<Self> {
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
        if receipt_file::is_receipt(path) {
            return Ok(Self::Receipt(Box::new(receipt_file::read(path, anchor)?)));
        }
        let document = files::read(path, DOCUMENT_BYTES_MAX)?;
        let beside = receipt_file::find_beside(path);
        if !beside.exists() {
            // A receipt under another name, as mail programs give them.
            return match Receipt::from_bytes(&document, anchor) {
                Ok(receipt) => Ok(Self::Receipt(Box::new(receipt))),
                Err(_) => bail!("{text} is no receipt and has none beside it ({})", beside.display()),
            };
        }
        let receipt = receipt_file::read(&beside, anchor)?;
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

#[cfg(test)]
mod tests {
    use sanad_core::hash::ChainId;
    use sanad_core::signature::PublicKey;
    use sanad_core::validators::{Validator, ValidatorSet};

    use super::*;

    fn read(text: &str) -> anyhow::Result<Target> {
        let validator = Validator { member: "v1".parse().unwrap(), key: PublicKey([1; 32]) };
        let validators = ValidatorSet::new(vec![validator]).unwrap();
        Target::read(text, &TrustAnchor { chain_id: ChainId([0; 32]), validators })
    }

    #[test]
    fn indices_and_commitments_are_told_apart() {
        assert!(matches!(read("42"), Ok(Target::Index(LogIndex(42)))));
        let hex = "0".repeat(64);
        assert!(matches!(read(&hex), Ok(Target::Commitment(Commitment(bytes))) if bytes == [0; 32]));
        assert_eq!(read(&hex).unwrap().commitment(), Some(Commitment([0; 32])));
        assert!(read("18446744073709551616").is_err());
        assert!(read("no/such/file").is_err());
    }
}
