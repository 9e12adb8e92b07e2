//! The words for what was found, as `docs/formats/finding.md` lists them.

use std::fmt;

use sanad_core::status::CredentialStatus;
use serde::Serialize;

use crate::output::Outcome;

/// What was found, in a word. The order is that of rising gravity: of several words the last one stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    /// To be relied on, as of the block.
    Active,
    /// Active, and the issuer stands by it whatever is disputed around it.
    Confirmed,
    /// Of what is not a credential: it holds.
    Proved,
    /// Active or confirmed, but too long ago for the caller.
    Stale,
    /// Not to be relied on for now.
    Suspended,
    /// Entered while somebody else may have held the issuer's key, and not confirmed since.
    Disputed,
    /// Void for ever.
    Revoked,
    /// Parts do not fit together, so one was changed.
    Tampered,
    /// Something that the proof needs is missing, or contradicts what is known.
    NotProven,
    /// The header is older than the trust file, and too few of its signers still hold their key.
    NeedsHistoryPath,
    /// Of another consortium than the genesis.
    ForeignChain,
    /// The node knows no such credential.
    Unknown,
    /// Not checked: the trust file is too old, or does not reach far enough.
    Renew,
    /// Not checked: the genesis alone does not suffice.
    NeedsTrustFile,
    /// Not checked: a layout, version or label that this program does not know.
    NeedsNewerVerifier,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Active => "active",
            Self::Confirmed => "active, confirmed",
            Self::Proved => "proved",
            Self::Stale => "stale",
            Self::Suspended => "suspended",
            Self::Disputed => "disputed",
            Self::Revoked => "revoked",
            Self::Tampered => "tampered",
            Self::NotProven => "not proven",
            Self::NeedsHistoryPath => "needs history path",
            Self::ForeignChain => "foreign chain",
            Self::Unknown => "unknown",
            Self::Renew => "renew",
            Self::NeedsTrustFile => "needs trust file",
            Self::NeedsNewerVerifier => "needs newer verifier",
        })
    }
}

impl From<CredentialStatus> for Verdict {
    fn from(status: CredentialStatus) -> Self {
        match status {
            CredentialStatus::Active => Self::Active,
            CredentialStatus::Confirmed => Self::Confirmed,
            CredentialStatus::Suspended => Self::Suspended,
            CredentialStatus::Disputed => Self::Disputed,
            CredentialStatus::Revoked => Self::Revoked,
        }
    }
}

impl Verdict {
    /// The exit code it stands for.
    pub(crate) fn outcome(self) -> Outcome {
        match self {
            Self::Active | Self::Confirmed | Self::Proved => Outcome::Yes,
            Self::Stale
            | Self::Suspended
            | Self::Disputed
            | Self::Revoked
            | Self::Tampered
            | Self::NotProven
            | Self::NeedsHistoryPath
            | Self::ForeignChain
            | Self::Unknown => Outcome::No,
            Self::Renew | Self::NeedsTrustFile | Self::NeedsNewerVerifier => Outcome::Error,
        }
    }
}
