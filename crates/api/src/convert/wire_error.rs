//! Faults of messages.

use sanad_core::codec::CodecError;
use sanad_core::genesis::GenesisError;
use sanad_core::hash::{ChainId, LengthError};
use sanad_core::ids::MemberIdError;
use sanad_core::member::{MemberError, RestMismatch};
use sanad_core::snapshot::ManifestError;
use sanad_core::trust::TrustFormatError;

/// Why a message is not valid: the first field that is not as `proto/` says.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// A required field is absent.
    #[error("{field} is missing")]
    Missing {
        /// Name of the message's field (`proto/`).
        field: &'static str,
    },
    /// A byte string has the wrong length.
    #[error("{field} has the wrong length")]
    Length {
        /// Name of the message's field (`proto/`).
        field: &'static str,
        /// Both lengths.
        source: LengthError,
    },
    /// Canonical bytes do not decode.
    #[error("{field} does not decode")]
    Codec {
        /// Name of the message's field (`proto/`).
        field: &'static str,
        /// What the decoder refused.
        source: CodecError,
    },
    /// A text is not a member id.
    #[error("{field} is not a member id")]
    MemberId {
        /// Name of the message's field (`proto/`).
        field: &'static str,
        /// The rule of member ids that it breaks.
        source: MemberIdError,
    },
    /// A list or text is too long.
    #[error("{field} has {actual} items, more than {max}")]
    TooMany {
        /// Name of the message's field (`proto/`).
        field: &'static str,
        /// Items found.
        actual: usize,
        /// Most items allowed.
        max: usize,
    },
    /// A number does not fit its meaning.
    #[error("{field} has the value {actual}, which it cannot have")]
    Value {
        /// Name of the message's field (`proto/`).
        field: &'static str,
        /// The number.
        actual: u64,
    },
    /// A member's record has values that no register holds.
    #[error("the member's record is not valid")]
    Member(#[from] MemberError),
    /// A member's rest is not the one that its record names.
    #[error("the member's record and rest do not belong together")]
    Rest(#[from] RestMismatch),
    /// The genesis is not valid.
    #[error("the genesis is not valid")]
    Genesis(#[from] GenesisError),
    /// The trust file does not decode.
    #[error("the trust file is not valid")]
    TrustFile(#[from] TrustFormatError),
    /// The manifest of a snapshot does not decode.
    #[error("the manifest of the snapshot is not valid")]
    Snapshot(#[from] ManifestError),
    /// The genesis belongs to another chain than the message says.
    #[error("the genesis has the chain id {actual}, the message says {expected}")]
    ChainId {
        /// What the message says.
        expected: ChainId,
        /// Hash of the genesis.
        actual: ChainId,
    },
    /// The answer is not about what was asked for.
    #[error("{field} is not the one that was asked for")]
    NotAsked {
        /// Name of the message's field (`proto/`).
        field: &'static str,
    },
    /// A stream leaves out an item or sends one twice.
    #[error("{field} is {actual} where {expected} comes next")]
    OutOfOrder {
        /// Name of the message's field (`proto/`).
        field: &'static str,
        /// The number that comes next.
        expected: u64,
        /// The number found.
        actual: u64,
    },
    /// A stream or list ends before all its items have come.
    #[error("{field} ends after {actual} items; {expected} were announced")]
    EndsEarly {
        /// Name of the message's field (`proto/`).
        field: &'static str,
        /// Items announced.
        expected: u64,
        /// Items that came.
        actual: u64,
    },
}
