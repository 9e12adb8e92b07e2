//! The signed record that a credential was erased: the issuer destroyed its secret and document.
//!
//! Format: `docs/formats/destruction.md`. It proves what the holder of a key states, no more, and names nobody.

use serde::{Deserialize, Serialize};

use crate::hash::{self, ChainId, Commitment};
use crate::ids::{LogIndex, MemberId};
use crate::jcs::{self, JsonError};
use crate::json_form::{self, JsonFormError};
use crate::signature::{PublicKey, SecretKey, Signature, SignatureError};

/// Longest record, in bytes.
pub const DESTRUCTION_BYTES_MAX: usize = 4096;
/// The only format of a record.
pub const DESTRUCTION_FORMAT: &str = "sanad-destruction/v1";

const SIGNATURE_TAG: &[u8] = b"sanad/v1 destruction signature";

/// What an issuer states.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Destruction {
    /// Id of the chain on which the credential was issued.
    pub chain_id: ChainId,
    /// Member that issued it, and states that it destroyed the secret.
    pub issuer: MemberId,
    /// What the ledger holds of the credential. Nothing opens it any more.
    pub commitment: Commitment,
    /// Its place in the log, if it was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_index: Option<LogIndex>,
    /// When it was destroyed, in milliseconds since 1970-01-01 UTC, by the issuer's clock.
    pub destroyed_at_ms: u64,
}

/// A statement with its signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DestructionRecord {
    format: String,
    /// What is stated.
    pub statement: Destruction,
    /// Who states it.
    pub key: PublicKey,
    /// Ed25519 over `"sanad/v1 destruction signature"` and the digest of the statement.
    pub signature: Signature,
}

/// Why a record says nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DestructionError {
    /// It is too long.
    #[error("the record has {actual} bytes; at most {DESTRUCTION_BYTES_MAX} are allowed")]
    TooLong {
        /// Its length.
        actual: usize,
    },
    /// It is not the JSON form of a record.
    #[error("the record is not in the JSON form of one")]
    Form(#[from] JsonFormError),
    /// The statement has no canonical form: a number in it is beyond 2^53 - 1.
    #[error("the statement has no canonical form")]
    Statement(#[from] JsonError),
    /// It has another format.
    #[error("the record has another format than {DESTRUCTION_FORMAT}")]
    Format,
    /// Another key signed it.
    #[error("the record is signed with the key {actual}, not {expected}")]
    Key {
        /// The key asked for.
        expected: PublicKey,
        /// The record's.
        actual: PublicKey,
    },
    /// The signature is not one of the key over the statement.
    #[error("the statement was changed, or never signed")]
    Signature(#[from] SignatureError),
}

impl Destruction {
    /// `BLAKE3-derive_key("sanad/v1 destruction", RFC 8785 form of the statement)`.
    ///
    /// # Errors
    /// [`DestructionError::Statement`].
    pub fn digest(&self) -> Result<[u8; 32], DestructionError> {
        let text = serde_json::to_vec(self).expect("invariant: a statement has only plain fields");
        Ok(hash::DESTRUCTION.hash(&[&jcs::canonicalize(&text)?]))
    }

    /// Signs the statement.
    ///
    /// # Errors
    /// As [`Self::digest`].
    pub fn sign(self, key: &SecretKey) -> Result<DestructionRecord, DestructionError> {
        let signature = key.sign(&signed_message(&self.digest()?));
        let format = DESTRUCTION_FORMAT.to_owned();
        Ok(DestructionRecord { format, statement: self, key: key.public(), signature })
    }
}

impl DestructionRecord {
    /// Reads a record. Does not verify its signature.
    ///
    /// # Errors
    /// [`DestructionError`]; the limit is checked before anything is taken in.
    pub fn from_json(text: &[u8]) -> Result<Self, DestructionError> {
        if text.len() > DESTRUCTION_BYTES_MAX {
            return Err(DestructionError::TooLong { actual: text.len() });
        }
        let record: Self = json_form::read(text)?;
        if record.format == DESTRUCTION_FORMAT { Ok(record) } else { Err(DestructionError::Format) }
    }

    /// The record as a JSON file.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("invariant: a record has only plain fields");
        text.push('\n');
        text
    }

    /// Checks that the holder of a key signed the statement.
    ///
    /// # Errors
    /// [`DestructionError::Key`] or [`DestructionError::Signature`].
    pub fn verify(&self, key: &PublicKey) -> Result<(), DestructionError> {
        if self.key != *key {
            return Err(DestructionError::Key { expected: *key, actual: self.key });
        }
        Ok(key.verify(&signed_message(&self.statement.digest()?), &self.signature)?)
    }
}

fn signed_message(digest: &[u8; 32]) -> Vec<u8> {
    [SIGNATURE_TAG, digest].concat()
}
