//! What is wrong with a message.

use sanad_core::codec::CodecError;
use sanad_core::genesis::GenesisError;
use sanad_core::hash::{ChainId, LengthError};
use sanad_core::ids::MemberIdError;

/// Why a message is none that Sanad sends: the first field that is not as `proto/` says.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// A required field is not there.
    #[error("{field} is missing")]
    Missing {
        /// The field.
        field: &'static str,
    },
    /// A byte string has the wrong length.
    #[error("{field}: {source}")]
    Length {
        /// The field.
        field: &'static str,
        /// Both lengths.
        source: LengthError,
    },
    /// Canonical bytes do not decode.
    #[error("{field}: {source}")]
    Codec {
        /// The field.
        field: &'static str,
        /// Why.
        source: CodecError,
    },
    /// A member's id is none.
    #[error("{field}: {source}")]
    MemberId {
        /// The field.
        field: &'static str,
        /// Why.
        source: MemberIdError,
    },
    /// A list or text is too long.
    #[error("{field} has {actual} items, more than {max}")]
    TooMany {
        /// The field.
        field: &'static str,
        /// Items found.
        actual: usize,
        /// Most items allowed.
        max: usize,
    },
    /// A number does not fit its meaning.
    #[error("{field} has the value {actual}, which it cannot have")]
    Value {
        /// The field.
        field: &'static str,
        /// The number.
        actual: u64,
    },
    /// The genesis is none.
    #[error("the genesis: {0}")]
    Genesis(#[from] GenesisError),
    /// The genesis belongs to another chain than the message says.
    #[error("the genesis has the chain id {actual}, the message says {expected}")]
    ChainId {
        /// What the message says.
        expected: ChainId,
        /// Hash of the genesis.
        actual: ChainId,
    },
    /// An answer is about another thing than the question.
    #[error("{field} is not the one that was asked for")]
    NotAsked {
        /// The field.
        field: &'static str,
    },
    /// A stream leaves out an item or sends one twice.
    #[error("{field} is {actual} where {expected} comes next")]
    OutOfOrder {
        /// The field.
        field: &'static str,
        /// The number that comes next.
        expected: u64,
        /// The number found.
        actual: u64,
    },
    /// A stream or list ends before all its items have come.
    #[error("{field} ends after {actual} items; {expected} were announced")]
    EndsEarly {
        /// The field.
        field: &'static str,
        /// Items announced.
        expected: u64,
        /// Items that came.
        actual: u64,
    },
}
