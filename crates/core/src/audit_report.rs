//! The signed report of an audit: who looked, at which ledger, and what was found.
//!
//! Format: `docs/formats/audit-report.md`. It proves what the holder of a key states, no more.

use serde::{Deserialize, Serialize};

use crate::hash::{self, BlockHash, ChainId, Root, ValidatorsHash};
use crate::ids::{Height, LogSize};
use crate::jcs::{self, JsonError};
use crate::json_form::{self, JsonFormError};
use crate::signature::{PublicKey, SecretKey, Signature, SignatureError};

/// Longest report, in bytes (64 KiB).
pub const AUDIT_REPORT_BYTES_MAX: usize = 64 << 10;
/// The only format of a report.
pub const AUDIT_REPORT_FORMAT: &str = "sanad-audit-report/v1";

const SIGNATURE_TAG: &[u8] = b"sanad/v1 audit report signature";

/// What an auditor states.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditStatement {
    /// Id of the chain that was audited: the hash of its genesis.
    pub chain_id: ChainId,
    /// What the audit comes to.
    pub verdict: AuditVerdict,
    /// Height of the last sound block; what follows is as of this block.
    pub height: Height,
    /// Its hash; at height 0 the chain id.
    pub head_hash: BlockHash,
    /// Its time, in milliseconds since 1970-01-01 UTC.
    pub head_time_ms: u64,
    /// Entries in the log.
    pub log_size: LogSize,
    /// Root of the log tree.
    pub log_root: Root,
    /// Root of the status tree.
    pub status_root: Root,
    /// Root of the registry tree.
    pub registry_root: Root,
    /// Those who decide the next block.
    pub validators_hash: ValidatorsHash,
    /// Batches in the log.
    pub batches: u64,
    /// How many things are not as they should be.
    pub findings: u64,
    /// The first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_finding: Option<AuditFinding>,
    /// When the audit ended, in milliseconds since 1970-01-01 UTC, by the auditor's clock.
    pub audited_at_ms: u64,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// The program and its version.
    pub program: String,
}

/// What an audit comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuditVerdict {
    /// Everything is as it should be.
    Sound,
    /// All whole blocks are sound; the log ends with a write that was cut off.
    Torn,
    /// The log is sound; what is derived from it is not.
    Derived,
    /// The log is not sound after the height.
    Damaged,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditFinding {
    /// The block that it is about, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<Height>,
    /// What is at fault.
    pub part: String,
    /// All of it, for people.
    pub message: String,
    /// What should be there, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What is there, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
}

/// A statement with its signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditReport {
    format: String,
    /// What is stated.
    pub statement: AuditStatement,
    /// Who states it.
    pub key: PublicKey,
    /// Ed25519 over `"sanad/v1 audit report signature"` and the digest of the statement.
    pub signature: Signature,
}

/// Why a report says nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditReportError {
    /// It is too long.
    #[error("the report has {actual} bytes; at most {AUDIT_REPORT_BYTES_MAX} are allowed")]
    TooLong {
        /// Its length.
        actual: usize,
    },
    /// It is not the JSON form of a report.
    #[error("the report is {0}")]
    Form(#[from] JsonFormError),
    /// The statement has no canonical form: a number in it is beyond 2^53 - 1.
    #[error("the statement has no canonical form: {0}")]
    Statement(#[from] JsonError),
    /// It has another format.
    #[error("the report has another format than {AUDIT_REPORT_FORMAT}")]
    Format,
    /// Another key signed it.
    #[error("the report is signed with the key {actual}, not {expected}")]
    Key {
        /// The key asked for.
        expected: PublicKey,
        /// The report's.
        actual: PublicKey,
    },
    /// The signature is not one of the key over the statement.
    #[error("the statement was changed, or never signed: {0}")]
    Signature(#[from] SignatureError),
}

impl AuditStatement {
    /// `BLAKE3-derive_key("sanad/v1 audit report", RFC 8785 form of the statement)`.
    ///
    /// # Errors
    /// [`AuditReportError::Statement`].
    pub fn digest(&self) -> Result<[u8; 32], AuditReportError> {
        let text = serde_json::to_vec(self).expect("invariant: a statement has only plain fields");
        Ok(hash::AUDIT_REPORT.hash(&[&jcs::canonicalize(&text)?]))
    }

    /// Signs the statement.
    ///
    /// # Errors
    /// As [`Self::digest`], and [`AuditReportError::TooLong`].
    pub fn sign(self, key: &SecretKey) -> Result<AuditReport, AuditReportError> {
        let signature = key.sign(&signed_message(&self.digest()?));
        let format = AUDIT_REPORT_FORMAT.to_owned();
        let report = AuditReport { format, statement: self, key: key.public(), signature };
        match report.to_json().len() {
            0..=AUDIT_REPORT_BYTES_MAX => Ok(report),
            actual => Err(AuditReportError::TooLong { actual }),
        }
    }
}

impl AuditReport {
    /// Reads a report. Does not verify its signature.
    ///
    /// # Errors
    /// [`AuditReportError`]; the limit is checked before anything is taken in.
    pub fn from_json(text: &[u8]) -> Result<Self, AuditReportError> {
        if text.len() > AUDIT_REPORT_BYTES_MAX {
            return Err(AuditReportError::TooLong { actual: text.len() });
        }
        let report: Self = json_form::read(text)?;
        if report.format == AUDIT_REPORT_FORMAT { Ok(report) } else { Err(AuditReportError::Format) }
    }

    /// The report as a JSON file.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("invariant: a report has only plain fields");
        text.push('\n');
        text
    }

    /// Checks that the holder of a key signed the statement.
    ///
    /// # Errors
    /// [`AuditReportError::Key`] or [`AuditReportError::Signature`].
    pub fn verify(&self, key: &PublicKey) -> Result<(), AuditReportError> {
        if self.key != *key {
            return Err(AuditReportError::Key { expected: *key, actual: self.key });
        }
        Ok(key.verify(&signed_message(&self.statement.digest()?), &self.signature)?)
    }
}

fn signed_message(digest: &[u8; 32]) -> Vec<u8> {
    [SIGNATURE_TAG, digest].concat()
}
