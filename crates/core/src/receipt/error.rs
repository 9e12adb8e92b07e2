//! Why bytes are no binary receipt.

use crate::hash::{ChainId, bytes_newtype};
use crate::ids::Height;
use crate::proof::VALIDATOR_CHANGES_MAX;
use crate::summary::SummaryError;
use crate::validators::ValidatorSetError;

bytes_newtype! {
    /// First bytes of a chain id: enough to tell a foreign receipt from a broken one.
    ChainPrefix, 8
}

impl From<&ChainId> for ChainPrefix {
    fn from(chain: &ChainId) -> Self {
        let mut prefix = [0; 8];
        prefix.copy_from_slice(&chain.0[..8]);
        Self(prefix)
    }
}

/// Why bytes are no binary receipt of the chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptBinaryError {
    /// Too long; nothing was read.
    #[error("{actual} bytes; a binary receipt has at most {limit}")]
    TooLong {
        /// Length.
        actual: usize,
        /// [`RECEIPT_BINARY_BYTES_MAX`](super::RECEIPT_BINARY_BYTES_MAX).
        limit: usize,
    },
    /// It does not start as a binary receipt.
    #[error("it does not start as a binary receipt does")]
    Magic,
    /// Another version.
    #[error("version {actual}; this program knows {}", super::RECEIPT_BINARY_VERSION)]
    Version {
        /// The version found.
        actual: u8,
    },
    /// The receipt is of another chain than the genesis.
    #[error("the receipt is of chain {actual}…, not of the chain of this genesis, {expected}")]
    ForeignChain {
        /// The chain of the genesis.
        expected: ChainId,
        /// First bytes of the receipt's.
        actual: ChainPrefix,
    },
    /// The bytes end inside a field.
    #[error("the bytes end inside the field \"{field}\": {missing} more are needed")]
    Truncated {
        /// Name of the field, as `docs/formats/receipt.md` has it.
        field: &'static str,
        /// Bytes missing at least.
        missing: usize,
    },
    /// Bytes are left over.
    #[error("{excess} byte(s) after the end of the receipt")]
    Trailing {
        /// How many.
        excess: usize,
    },
    /// A field has a value that no encoder writes.
    #[error("the field \"{field}\" has no valid encoding")]
    Invalid {
        /// Name of the field, as `docs/formats/receipt.md` has it.
        field: &'static str,
    },
    /// The summary is not one.
    #[error("the summary: {0}")]
    Summary(#[from] SummaryError),
    /// The validator set that the receipt starts from is not known.
    #[error(
        "the receipt starts from validator set {number}, which the genesis or trust file at hand does not give: use a newer trust file, or a self-contained receipt"
    )]
    UnknownSet {
        /// Number of the set.
        number: u64,
    },
    /// A sealed receipt of a height that the trust file does not cover.
    #[error("a sealed receipt of height {height}: a trust file that covers it is needed")]
    NotCovered {
        /// Height of the receipt's header.
        height: Height,
    },
    /// A place outside its tree.
    #[error("the field \"{field}\" is {index}, beyond the {size} leaves of its tree")]
    Index {
        /// Name of the field, as `docs/formats/receipt.md` has it.
        field: &'static str,
        /// The place.
        index: u64,
        /// Leaves of the tree.
        size: u64,
    },
    /// Too many validator-set changes.
    #[error(
        "{count} validator-set changes; a receipt carries at most {VALIDATOR_CHANGES_MAX}: use a compact receipt and a trust file"
    )]
    TooManyChanges {
        /// How many there are.
        count: u64,
    },
    /// A certificate has not the fewest signatures that suffice.
    #[error(
        "{signed} of {validators} validators signed at height {height}; {quorum} are needed, no fewer, no more"
    )]
    Signers {
        /// Height of the header.
        height: Height,
        /// Signatures there are.
        signed: usize,
        /// Signatures there must be.
        quorum: usize,
        /// Size of the set.
        validators: usize,
    },
    /// A validator is named that is not in the set.
    #[error("at height {height} a validator beyond the {validators} of the set is named")]
    UnknownValidator {
        /// Height of the header.
        height: Height,
        /// Size of the set.
        validators: usize,
    },
    /// The validators after a change make no set.
    #[error("the validators after height {height}: {source}")]
    NextValidators {
        /// Height of the change.
        height: Height,
        /// The rule of validator sets that they break.
        source: ValidatorSetError,
    },
}
