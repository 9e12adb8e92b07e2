//! The words for what was found of a credential.

use std::fmt;

use sanad_core::proof::ProofFault;
use sanad_core::status::Status;
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
    /// Proved; void for ever.
    Revoked,
    /// Proved, but too long ago for the caller.
    Stale,
    /// Document, salt or a part of the proof was changed: they do not fit together.
    Tampered,
    /// The proof is of another chain than the genesis.
    ForeignChain,
    /// Something that the proof needs is missing, or not what the genesis leads to.
    NotProven,
    /// The node knows no such credential.
    Unknown,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
            Self::Stale => "stale",
            Self::Tampered => "tampered",
            Self::ForeignChain => "foreign chain",
            Self::NotProven => "not proven",
            Self::Unknown => "unknown",
        })
    }
}

impl From<Status> for Verdict {
    fn from(status: Status) -> Self {
        match status {
            Status::Active => Self::Active,
            Status::Suspended => Self::Suspended,
            Status::Revoked => Self::Revoked,
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
            | ProofFault::StatusBits { .. }
            | ProofFault::Registry { .. }
            | ProofFault::Record { .. }
            | ProofFault::MemberCount { .. }
            | ProofFault::RecordOwner { .. } => Self::Tampered,
            // Other validators than the genesis leads to, a version to come, or too much to follow.
            _ => Self::NotProven,
        }
    }
}

impl Verdict {
    /// The exit code it stands for.
    pub(crate) fn outcome(self) -> Outcome {
        if self == Self::Active { Outcome::Yes } else { Outcome::No }
    }

    /// The order in which verdicts override each other: what says less about the credential comes later.
    pub(crate) fn gravity(self) -> u8 {
        match self {
            Self::Active => 0,
            Self::Stale => 1,
            Self::Suspended => 2,
            Self::Revoked => 3,
            Self::Tampered => 4,
            Self::NotProven => 5,
            Self::ForeignChain => 6,
            Self::Unknown => 7,
        }
    }
}
