//! What a row of the register says.

use std::fmt;
use std::str::FromStr;

use sanad_core::commitment::{Opening, Secret};
use sanad_core::document::DocumentKind;
use sanad_core::hash::{BatchId, Commitment};
use sanad_core::ids::LogIndex;
use sanad_core::summary::Summary;
use serde::{Deserialize, Serialize};

use crate::subject::Subject;

/// Longest text of a row, in bytes: a name, an address, a title.
pub const TEXT_BYTES_MAX: usize = 1024;
/// Longest reason of a change of status, in bytes.
pub const REASON_BYTES_MAX: usize = 1024;
/// Most changes of status that a row keeps.
pub const STATUS_CHANGES_MAX: usize = 64;

/// Number of a row, counted from 1. It is never given to another credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RowNumber(pub u64);

impl RowNumber {
    /// As SQLite has it; a number that no row can have stays one.
    pub(crate) fn sql(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }

    pub(crate) fn of_sql(number: i64) -> Self {
        Self(u64::try_from(number).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for RowNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for RowNumber {
    type Err = std::num::ParseIntError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// A credential that is about to be issued, or was.
#[derive(Clone, Debug)]
pub struct NewCredential {
    /// What its issuance is called: one person gets one achievement once in a batch.
    pub batch: String,
    /// Who is awarded what.
    pub subject: Subject,
    /// Name of the document's file.
    pub file: String,
    /// How the document is digested.
    pub kind: DocumentKind,
    /// The document.
    pub document: Vec<u8>,
    /// The secret of its commitment.
    pub secret: Secret,
    /// The summary that the commitment binds.
    pub summary: Option<Summary>,
    /// Its commitment.
    pub commitment: Commitment,
    /// What it replaces.
    pub replaces: Option<Replaced>,
    /// Its position in the issuer's status lists, if the document names one.
    pub position: Option<Position>,
}

/// A credential that another one replaces: it is revoked in the batch that issues the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replaced {
    /// Its row.
    pub row: RowNumber,
    /// Why, in at most [`REASON_BYTES_MAX`] bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A position in the issuer's status lists, as a document names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The issuer's running number, counted from 0.
    pub number: u64,
    /// The id of the credential.
    pub credential: String,
}

/// How far a credential is on its way into the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Progress {
    /// In the register alone.
    Planned,
    /// In a batch that may have left.
    Submitted,
    /// In the ledger, with its receipt in the register.
    Issued,
}

impl Progress {
    /// The word in lists and messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Submitted => "submitted",
            Self::Issued => "issued",
        }
    }
}

/// What an issuer made of a credential that is in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Not revoked or suspended, or reinstated.
    Active,
    /// Suspended.
    Suspended,
    /// Revoked.
    Revoked,
}

impl Status {
    /// The word in lists and messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
        }
    }
}

/// A change of status, with the reason that stays in the register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusChange {
    /// The status from then on.
    pub status: Status,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was noted, in milliseconds since 1970-01-01 UTC.
    pub at_ms: u64,
}

/// A row, without its document and receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// A credential.
    Credential(Box<Credential>),
    /// What is left of an erased one.
    Erased {
        /// The row.
        row: RowNumber,
        /// The signed record of destruction, JSON; `docs/formats/destruction.md`.
        record: String,
    },
}

/// What the register knows of a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The row.
    pub row: RowNumber,
    /// What does not change.
    pub facts: Facts,
    /// How far it is.
    pub state: State,
}

impl Credential {
    /// The last status that was noted.
    #[must_use]
    pub fn status(&self) -> Status {
        self.state.changes.last().map_or(Status::Active, |change| change.status)
    }

    /// What opens its commitment.
    #[must_use]
    pub fn opening(&self) -> Opening {
        Opening::Full { secret: self.facts.secret.clone(), summary: self.facts.summary.clone() }
    }
}

/// What is known of a credential before it is issued, and never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// What its issuance is called.
    pub batch: String,
    /// Who is awarded what.
    pub subject: Subject,
    /// Name of the document's file.
    pub file: String,
    /// How the document is digested.
    pub kind: DocumentKind,
    /// The document's digest.
    #[serde(with = "hex::serde")]
    pub digest: [u8; 32],
    /// The secret of its commitment.
    pub secret: Secret,
    /// The summary that the commitment binds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    /// Its commitment.
    pub commitment: Commitment,
    /// What it replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Replaced>,
    /// When it was added, in milliseconds since 1970-01-01 UTC.
    pub added_at_ms: u64,
}

/// What becomes of a credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// How far it is.
    pub progress: Progress,
    /// The last batch that it was submitted in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_id: Option<BatchId>,
    /// Its place in the log, once it is issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_index: Option<LogIndex>,
    /// Changes of its status, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<StatusChange>,
}
