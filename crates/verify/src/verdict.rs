//! The words for what was found, as `docs/formats/finding.md` lists them.

use std::fmt;

use sanad_core::status::CredentialStatus;
use serde::Serialize;

use crate::wording::Language;

/// What was found, in a word. The order is that of rising gravity: of several words the last one stands.
///
/// There is no default: a verdict comes from checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// To be relied on, as of the block.
    Active,
    /// Active, and the issuer stands by it whatever is disputed around it.
    Confirmed,
    /// Of an object other than a credential: it holds.
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
    /// Nobody who was asked could prove anything.
    CouldNotBeChecked,
    /// Not checked: the trust file is too old, or does not reach far enough.
    Renew,
    /// Not checked: the genesis alone does not suffice.
    NeedsTrustFile,
    /// Not checked: a layout, version or label that this program does not know.
    NeedsNewerVerifier,
}

/// What a verdict means for somebody who has to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It holds. Exit code 0.
    Yes,
    /// It was checked and does not hold, or is not to be relied on. Exit code 1.
    No,
    /// It could not be checked, which says nothing against it. Exit code 2.
    CouldNotBeChecked,
}

impl Verdict {
    /// What it means for somebody who has to decide.
    #[must_use]
    pub fn answer(self) -> Answer {
        match self {
            Self::Active | Self::Confirmed | Self::Proved => Answer::Yes,
            Self::Stale
            | Self::Suspended
            | Self::Disputed
            | Self::Revoked
            | Self::Tampered
            | Self::NotProven
            | Self::NeedsHistoryPath
            | Self::ForeignChain => Answer::No,
            Self::CouldNotBeChecked | Self::Renew | Self::NeedsTrustFile | Self::NeedsNewerVerifier => {
                Answer::CouldNotBeChecked
            }
        }
    }

    /// Its key in the message catalogue.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Active => "verdict-active",
            Self::Confirmed => "verdict-confirmed",
            Self::Proved => "verdict-proved",
            Self::Stale => "verdict-stale",
            Self::Suspended => "verdict-suspended",
            Self::Disputed => "verdict-disputed",
            Self::Revoked => "verdict-revoked",
            Self::Tampered => "verdict-tampered",
            Self::NotProven => "verdict-not-proven",
            Self::NeedsHistoryPath => "verdict-needs-history-path",
            Self::ForeignChain => "verdict-foreign-chain",
            Self::CouldNotBeChecked => "verdict-could-not-be-checked",
            Self::Renew => "verdict-renew",
            Self::NeedsTrustFile => "verdict-needs-trust-file",
            Self::NeedsNewerVerifier => "verdict-needs-newer-verifier",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&Language::English.text(self.key(), &[]))
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
