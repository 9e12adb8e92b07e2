//! Error codes: what is wrong, for programs.

use std::fmt;

use sanad_core::execution::{BatchError, EventError};

use crate::wire;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// What is wrong, for programs (`sanad.v1.ErrorCode`). Written in output as a stable word such as
        /// `sequence-gap`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            /// A code that this program does not know: the status code still says whose move it is.
            Unknown,
            $($(#[$doc])* $name,)*
        }

        impl ErrorCode {
            /// Every code that this program knows.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The code as a word. Words are never changed or reused.
            pub fn as_str(self) -> &'static str {
                match self {
                    Self::Unknown => "unknown",
                    $(Self::$name => $text,)*
                }
            }
        }

        impl From<ErrorCode> for wire::ErrorCode {
            fn from(code: ErrorCode) -> Self {
                match code {
                    ErrorCode::Unknown => Self::Unspecified,
                    $(ErrorCode::$name => Self::$name,)*
                }
            }
        }

        impl From<wire::ErrorCode> for ErrorCode {
            fn from(code: wire::ErrorCode) -> Self {
                match code {
                    wire::ErrorCode::Unspecified => Self::Unknown,
                    $(wire::ErrorCode::$name => Self::$name,)*
                }
            }
        }
    };
}

codes! {
    /// A field of the request does not have the form that `proto/` asks for.
    Malformed = "malformed";
    /// The signed batch does not decode.
    MalformedBatch = "malformed-batch";
    /// Neither the issuance nor the log index is given.
    NoCredential = "no-credential";
    /// A number that counts from 1 is 0.
    Zero = "zero";
    /// More items are asked for than one answer holds.
    AboveLimit = "above-limit";
    /// The page token was not made by this method.
    PageToken = "page-token";
    /// The index is not below the size.
    IndexBeyondSize = "index-beyond-size";
    /// The older size is above the newer one.
    SizesReversed = "sizes-reversed";
    /// The ledger does not hold it, or not yet.
    NotFound = "not-found";
    /// The height is above the head's.
    HeightBeyondHead = "height-beyond-head";
    /// The log index is not below the log size.
    IndexBeyondLog = "index-beyond-log";
    /// The size is above the log size.
    SizeBeyondLog = "size-beyond-log";
    /// The chain has no block yet, so nothing can be proved.
    NoBlock = "no-block";
    /// The node is catching up and accepts no batches.
    Syncing = "syncing";
    /// The node is stopping.
    Stopping = "stopping";
    /// The node does not keep blocks that old.
    NotKept = "not-kept";
    /// The node does not keep the members of that height.
    RegisterNotKept = "register-not-kept";
    /// The files that the ledger is read from were changed or are incomplete.
    Damaged = "damaged";
    /// This source cannot answer such a call.
    Unsupported = "unsupported";
    /// The node failed.
    Internal = "internal";
    /// The node cannot read a part of its ledger.
    Unreadable = "unreadable";
    /// As many calls of this kind as the node serves at once.
    Busy = "busy";
    /// Calls come faster than one connection may make them.
    Rate = "rate";
    /// The caller took too long to read a message of a stream.
    Stalled = "stalled";
    /// The deadline ended before the answer was ready.
    Deadline = "deadline";
    /// The call ended while the batch was pending: it may still become final.
    BatchPending = "batch-pending";
    /// The caller went away.
    Gone = "gone";
    /// Another batch waits for the same place in the issuer's chain.
    SequencePending = "sequence-pending";
    /// The pool is full.
    PoolFull = "pool-full";
    /// The disk of the node is almost full: it takes no batches.
    DiskLow = "disk-low";
    /// The issuer has as many batches pending as one issuer may.
    SubmissionLimit = "submission-limit";
    /// The batch does not fit the block; it fits a later one.
    BlockFull = "block-full";
    /// The batch waited, and gave way to one of another issuer when the pool was full.
    Displaced = "displaced";
    /// The batch breaks a rule that has no code of its own.
    Refused = "refused";
    /// The batch is for another chain.
    ForeignChain = "foreign-chain";
    /// The issuer is not a member.
    UnknownIssuer = "unknown-issuer";
    /// The issuer is frozen, suspended or retired.
    InactiveIssuer = "inactive-issuer";
    /// The issuer's role does not issue.
    WrongRole = "wrong-role";
    /// The batch is not signed by the issuer's key.
    BadSignature = "bad-signature";
    /// The sequence number is used.
    SequenceUsed = "sequence-used";
    /// Batches before this one are missing.
    SequenceGap = "sequence-gap";
    /// The batch names another batch before it than the one there is.
    Fork = "fork";
    /// An event belongs to another chain of batches.
    WrongChain = "wrong-chain";
    /// A rule of governance.
    Governance = "governance";
    /// The log cannot hold the batch.
    LogFull = "log-full";
    /// The issuer has issued the commitment before.
    AlreadyIssued = "already-issued";
    /// The commitment stands twice in the block or batch.
    DuplicateCommitment = "duplicate-commitment";
    /// The target is not in the log yet.
    UnknownTarget = "unknown-target";
    /// The target issues nothing.
    NotAnIssuance = "not-an-issuance";
    /// The target was issued by another member.
    AnotherIssuer = "another-issuer";
    /// The status of the target does not allow the change.
    StatusConflict = "status-conflict";
    /// The issuing key has revoked as much as it may today.
    RevocationLimit = "revocation-limit";
}

impl ErrorCode {
    /// Whether the batch itself is at fault, so that submitting it unchanged cannot succeed.
    pub fn is_refusal(self) -> bool {
        match self {
            Self::MalformedBatch
            | Self::Refused
            | Self::ForeignChain
            | Self::UnknownIssuer
            | Self::InactiveIssuer
            | Self::WrongRole
            | Self::BadSignature
            | Self::SequenceUsed
            | Self::SequenceGap
            | Self::Fork
            | Self::WrongChain
            | Self::Governance
            | Self::LogFull
            | Self::AlreadyIssued
            | Self::DuplicateCommitment
            | Self::UnknownTarget
            | Self::NotAnIssuance
            | Self::AnotherIssuer
            | Self::StatusConflict
            | Self::RevocationLimit => true,
            Self::Unknown
            | Self::Malformed
            | Self::NoCredential
            | Self::Zero
            | Self::AboveLimit
            | Self::PageToken
            | Self::IndexBeyondSize
            | Self::SizesReversed
            | Self::NotFound
            | Self::HeightBeyondHead
            | Self::IndexBeyondLog
            | Self::SizeBeyondLog
            | Self::NoBlock
            | Self::Syncing
            | Self::Stopping
            | Self::NotKept
            | Self::RegisterNotKept
            | Self::Damaged
            | Self::Unsupported
            | Self::Internal
            | Self::Unreadable
            | Self::Busy
            | Self::Rate
            | Self::Stalled
            | Self::Deadline
            | Self::BatchPending
            | Self::Gone
            | Self::SequencePending
            | Self::PoolFull
            | Self::DiskLow
            | Self::SubmissionLimit
            | Self::BlockFull
            | Self::Displaced => false,
        }
    }

    /// Whether the batch's place in its issuer's chain is at fault: it is built anew on the chain's head.
    pub fn is_sequence_clash(self) -> bool {
        matches!(self, Self::SequenceUsed | Self::SequenceGap | Self::SequencePending | Self::Fork)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<&BatchError> for ErrorCode {
    fn from(error: &BatchError) -> Self {
        match error {
            BatchError::ForeignChain { .. } => Self::ForeignChain,
            BatchError::UnknownIssuer { .. } => Self::UnknownIssuer,
            BatchError::InactiveIssuer { .. } => Self::InactiveIssuer,
            BatchError::LogFull { .. } => Self::LogFull,
            BatchError::WrongRole { .. } => Self::WrongRole,
            BatchError::Signature { .. } | BatchError::GovernanceSignature { .. } => Self::BadSignature,
            BatchError::FreezeEvents { .. } => Self::Governance,
            BatchError::SequenceUsed { .. } => Self::SequenceUsed,
            BatchError::SequenceGap { .. } => Self::SequenceGap,
            BatchError::Fork { .. } => Self::Fork,
            BatchError::BlockFull { .. } => Self::BlockFull,
            BatchError::Event { source, .. } => source.into(),
            // A rule that came after this API; the message still says which.
            _ => Self::Refused,
        }
    }
}

impl From<&EventError> for ErrorCode {
    fn from(error: &EventError) -> Self {
        match error {
            EventError::AlreadyIssued { .. } => Self::AlreadyIssued,
            EventError::DuplicateCommitment { .. } => Self::DuplicateCommitment,
            EventError::UnknownTarget { .. } => Self::UnknownTarget,
            EventError::NotAnIssuance { .. } => Self::NotAnIssuance,
            EventError::AnotherIssuer { .. } => Self::AnotherIssuer,
            EventError::Status { .. } => Self::StatusConflict,
            EventError::RevocationLimit { .. } => Self::RevocationLimit,
            EventError::WrongChain { .. } => Self::WrongChain,
            EventError::Governance(_) => Self::Governance,
            _ => Self::Refused,
        }
    }
}
