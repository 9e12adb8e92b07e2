//! The words for what was found of a credential.

use std::fmt;

use sanad_core::block::HeaderError;
use sanad_core::proof::ProofFault;
use sanad_core::status::CredentialStatus;
use sanad_core::validators::CertificateError;
use serde::Serialize;

use crate::output::Outcome;

/// What was found, in a word. Only [`Active`](Self::Active) is a yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    /// Proved, and to be relied on as of the block.
    Active,
    /// Proved; not to be relied on for now.
    Suspended,
    /// Proved; issued while somebody else may have held the issuer's key, and not confirmed since.
    Disputed,
    /// Proved; void for ever.
    Revoked,
    /// Proved, but too long ago for the caller.
    Stale,
    /// Document, secret or a part of the proof was changed: they do not fit together.
    Tampered,
    /// The proof is of another chain than the genesis.
    ForeignChain,
    /// Something that the proof needs is missing, or not what the genesis leads to.
    NotProven,
    /// The trust file is too old to say: a newer one is needed.
    Renew,
    /// A trust file is needed, or one that covers the proof.
    NeedsTrustFile,
    /// A layout that this program does not know.
    NeedsNewerVerifier,
    /// The node knows no such credential.
    Unknown,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Disputed => "disputed",
            Self::Revoked => "revoked",
            Self::Stale => "stale",
            Self::Tampered => "tampered",
            Self::ForeignChain => "foreign chain",
            Self::NotProven => "not proven",
            Self::Renew => "renew the trust file",
            Self::NeedsTrustFile => "needs a trust file",
            Self::NeedsNewerVerifier => "needs a newer verifier",
            Self::Unknown => "unknown",
        })
    }
}

impl From<CredentialStatus> for Verdict {
    fn from(status: CredentialStatus) -> Self {
        match status {
            CredentialStatus::Active | CredentialStatus::Confirmed => Self::Active,
            CredentialStatus::Suspended => Self::Suspended,
            CredentialStatus::Disputed => Self::Disputed,
            CredentialStatus::Revoked => Self::Revoked,
        }
    }
}

impl From<&ProofFault> for Verdict {
    /// Parts that contradict each other were changed; where something is missing, nothing is said of that.
    fn from(fault: &ProofFault) -> Self {
        match fault {
            ProofFault::ForeignChain { .. } => Self::ForeignChain,
            ProofFault::Certificate { source, .. } => match source {
                CertificateError::Quorum { .. } | CertificateError::UnknownValidator { .. } => {
                    Self::NotProven
                }
                _ => Self::Tampered,
            },
            ProofFault::ChangeOrder { .. }
            | ProofFault::NextValidators { .. }
            | ProofFault::Inclusion { .. }
            | ProofFault::Status { .. }
            | ProofFault::StateRoot { .. }
            | ProofFault::History { .. }
            | ProofFault::Past { .. }
            | ProofFault::NextSet { .. }
            | ProofFault::Registry { .. }
            | ProofFault::Record { .. }
            | ProofFault::MemberCount { .. }
            | ProofFault::RecordOwner { .. } => Self::Tampered,
            ProofFault::Renew { .. } => Self::Renew,
            ProofFault::NeedsTrustFile
            | ProofFault::NotCovered { .. }
            | ProofFault::TooManyChanges { .. } => Self::NeedsTrustFile,
            ProofFault::Header(HeaderError::Layout { .. }) => Self::NeedsNewerVerifier,
            // Other validators than the anchor leads to, or too few that still hold their key.
            _ => Self::NotProven,
        }
    }
}

impl Verdict {
    /// The exit code it stands for.
    pub(crate) fn outcome(self) -> Outcome {
        match self {
            Self::Active => Outcome::Yes,
            Self::Renew | Self::NeedsTrustFile | Self::NeedsNewerVerifier => Outcome::Error,
            _ => Outcome::No,
        }
    }

    /// The order in which verdicts override each other: what says less about the credential comes later.
    pub(crate) fn gravity(self) -> u8 {
        match self {
            Self::Active => 0,
            Self::Stale => 1,
            Self::Suspended => 2,
            Self::Disputed => 3,
            Self::Revoked => 4,
            Self::Renew => 5,
            Self::NeedsTrustFile => 6,
            Self::NeedsNewerVerifier => 7,
            Self::Tampered => 8,
            Self::NotProven => 9,
            Self::ForeignChain => 10,
            Self::Unknown => 11,
        }
    }
}
