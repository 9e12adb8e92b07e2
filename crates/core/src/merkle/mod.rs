//! Merkle trees of the RFC 6962 shape, generic over the hash: one proof code for the log tree, the
//! status tree and the registry tree.
//!
//! A tree of `n` leaves splits at the largest power of two smaller than `n`; the left side is always
//! complete. So every tree is a row of complete subtrees (its *peaks*), and every node a proof needs
//! is either a complete subtree or the fold of a few of them.
//!
//! - [`Frontier`] appends and keeps only the peaks.
//! - [`NodeSource`] reads complete subtrees from wherever they are kept; [`root_at`],
//!   [`inclusion_path`], [`range_path`] and [`consistency_path`] work on it. [`MemoryTree`] is the small one.
//! - [`verify_inclusion`], [`verify_range`] and [`verify_consistency`] need neither.
//!
//! **Invariant:** nothing here reads a file, a clock or the environment, and no size, index or path
//! that a stranger sends can make it panic, overflow or loop for more than 64 steps.

mod climb;
mod consistency;
mod frontier;
mod hash;
mod inclusion;
mod memory;
mod path;
mod proof_error;
mod range;
mod source;

pub use consistency::{CONSISTENCY_HASHES_MAX, consistency_path_length, verify_consistency};
pub use frontier::{FRONTIER_LEAVES_MAX, Frontier, FrontierError, root_of};
pub use hash::{Hash, Rfc6962, TreeHash};
pub use inclusion::{PROOF_HASHES_MAX, inclusion_path_length, root_from_inclusion, verify_inclusion};
pub use memory::{MemoryTree, MissingNode};
pub use path::{PathError, consistency_path, inclusion_path};
pub use proof_error::ProofError;
pub use range::{RANGE_HASHES_MAX, range_path, range_path_length, verify_range};
pub use source::{NodeSource, NotASubtree, SubtreeError, root_at, subtree_root};
