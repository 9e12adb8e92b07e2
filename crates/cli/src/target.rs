//! What a command is about: a log index, a commitment, a receipt, or a document with its receipt beside it.

use std::ffi::OsStr;
use std::path::Path;

use anyhow::{Context, bail};
use sanad_api::CredentialKey;
use sanad_core::document::DOCUMENT_BYTES_MAX;
use sanad_core::event::Event;
use sanad_core::hash::Commitment;
use sanad_core::ids::{LogIndex, MemberId};
use sanad_core::receipt::Receipt;
use sanad_core::trust::TrustAnchor;

use crate::{files, receipt_file};

/// A credential, as it was pointed at.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// The place of its issuance.
    Index(LogIndex),
    /// Its issuer and commitment.
    Issuance(MemberId, Commitment),
    /// Its receipt.
    Receipt(Box<Receipt>),
}

impl Target {
    /// Reads a target: digits are a log index, a member id and 64 hexadecimal digits with a slash between them an
    /// issuance, all else a file.
    ///
    /// A document is checked against its receipt, so that a changed one is not asked about.
    pub(crate) fn read(text: &str, anchor: &TrustAnchor) -> anyhow::Result<Self> {
        let (target, document) = Self::read_with_document(text.as_ref(), anchor)?;
        if let (Self::Receipt(receipt), Some(document)) = (&target, document) {
            receipt
                .verify_document(Some(&document))
                .with_context(|| format!("{text} does not belong to the receipt beside it"))?;
        }
        Ok(target)
    }

    /// The same, with the document if one was named; nothing of it is checked.
    pub(crate) fn read_with_document(
        name: &OsStr,
        anchor: &TrustAnchor,
    ) -> anyhow::Result<(Self, Option<Vec<u8>>)> {
        let path = Path::new(name);
        // A name that is not UTF-8 can only be one of a file.
        let (written, text) = (name.to_str().unwrap_or_default(), name.display());
        if let Some((issuer, commitment)) = written.rsplit_once('/')
            && let (Ok(issuer), Ok(commitment)) = (issuer.parse(), commitment.parse())
        {
            return Ok((Self::Issuance(issuer, commitment), None));
        }
        // As `LogIndex` is written: "007" and "+8" are names of files, if anything.
        let index = written.parse().ok().filter(|index: &LogIndex| index.to_string() == written);
        match index {
            // What is final must not hit another credential than the one that was meant.
            Some(_) if path.exists() => {
                bail!("{text} is a log index and a file here; write ./{text} for the file, or rename it")
            }
            Some(index) => return Ok((Self::Index(index), None)),
            None => {}
        }
        if !path.exists() {
            bail!("{text} is neither a log index, nor ISSUER/COMMITMENT, nor a file");
        }
        if receipt_file::is_receipt(path) {
            return Ok((Self::Receipt(Box::new(receipt_file::read(path, anchor)?)), None));
        }
        let document = files::read(path, DOCUMENT_BYTES_MAX)?;
        let beside = receipt_file::find_beside(path);
        if !beside.is_file() {
            // A receipt under another name, as mail programs and cameras give them.
            return match receipt_file::read(path, anchor) {
                Ok(receipt) => Ok((Self::Receipt(Box::new(receipt)), None)),
                Err(error) => Err(error.context(format!(
                    "{text} is not a receipt and has none beside it ({})",
                    beside.display()
                ))),
            };
        }
        let receipt = receipt_file::read(&beside, anchor)?;
        Ok((Self::Receipt(Box::new(receipt)), Some(document)))
    }

    /// What to ask a node for. By commitment rather than by a receipt's index: that is what the document gives.
    pub(crate) fn key(&self) -> anyhow::Result<CredentialKey> {
        match self {
            Self::Index(index) => Ok(CredentialKey::Index(*index)),
            Self::Issuance(issuer, commitment) => {
                Ok(CredentialKey::Issuance { issuer: issuer.clone(), commitment: *commitment })
            }
            Self::Receipt(receipt) => key_of(receipt),
        }
    }
}

/// What to ask a node for the credential of a receipt.
pub(crate) fn key_of(receipt: &Receipt) -> anyhow::Result<CredentialKey> {
    match &receipt.proof.entry.event {
        Event::Issue { commitment } => Ok(CredentialKey::Issuance {
            issuer: receipt.proof.entry.issuer.clone(),
            commitment: *commitment,
        }),
        event => bail!("the receipt is of \"{}\", not of an issuance", event.kind()),
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
        let validators = ValidatorSet::genesis(vec![validator]).unwrap();
        Target::read(text, &TrustAnchor::from_validators(ChainId([0; 32]), validators))
    }

    #[test]
    fn indices_and_commitments_are_told_apart() {
        assert!(matches!(read("42"), Ok(Target::Index(LogIndex(42)))));
        let issuance = format!("ui.ac.id/{}", "0".repeat(64));
        let expected =
            CredentialKey::Issuance { issuer: "ui.ac.id".parse().unwrap(), commitment: Commitment([0; 32]) };
        assert_eq!(read(&issuance).unwrap().key().unwrap(), expected);
        assert!(read(&"ab".repeat(32)).is_err(), "a commitment alone names no issuer");
        assert!(read("18446744073709551616").is_err());
        assert!(read("007").is_err() && read("+8").is_err(), "not as an index is written");
        assert!(read("no/such/file").is_err());
    }
}
