//! What is wrong with a proof.

use super::hash::Hash;

/// Why a proof proves nothing. Every variant means the same to a relying party: not proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The proof is for a leaf outside the tree.
    #[error("leaf {index} is not in a tree of {size} leaves")]
    IndexBeyondSize {
        /// The claimed leaf.
        index: u64,
        /// The tree's leaves.
        size: u64,
    },
    /// A run of no leaves, of which there is nothing to prove.
    #[error("a run of no leaves proves nothing")]
    EmptyRange,
    /// The tree claimed to be older is the larger one.
    #[error("old size {old_size} is beyond new size {new_size}")]
    OldBeyondNew {
        /// Leaves of the older tree.
        old_size: u64,
        /// Leaves of the newer tree.
        new_size: u64,
    },
    /// The older tree is empty, so that no proof says anything about the newer one.
    #[error("an empty tree proves nothing about a tree of {new_size} leaves")]
    EmptyOldTree {
        /// Leaves of the newer tree.
        new_size: u64,
    },
    /// More hashes than a path of any tree has.
    #[error("the path has {actual} hashes, more than {max}")]
    PathBeyondMax {
        /// [`PROOF_HASHES_MAX`](super::PROOF_HASHES_MAX),
        /// [`CONSISTENCY_HASHES_MAX`](super::CONSISTENCY_HASHES_MAX) or
        /// [`RANGE_HASHES_MAX`](super::RANGE_HASHES_MAX).
        max: usize,
        /// Hashes in the path.
        actual: usize,
    },
    /// Not the number of hashes that a path between these places has.
    #[error("the path has {actual} hashes, expected {expected}")]
    PathLength {
        /// Hashes that the sizes and the index ask for.
        expected: usize,
        /// Hashes in the path.
        actual: usize,
    },
    /// The path leads to another root than the trusted one.
    #[error("the path leads to root {}, expected {}", hex::encode(.actual), hex::encode(.expected))]
    RootMismatch {
        /// The trusted root; of the newer tree in a consistency proof.
        expected: Hash,
        /// The root the path leads to.
        actual: Hash,
    },
    /// The consistency path leads to another old root than the trusted one.
    #[error("the path leads to old root {}, expected {}", hex::encode(.actual), hex::encode(.expected))]
    OldRootMismatch {
        /// The trusted root of the older tree.
        expected: Hash,
        /// The old root the path leads to.
        actual: Hash,
    },
}
