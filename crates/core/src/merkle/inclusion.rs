//! Verifying that a leaf is in a tree.

use super::climb::{Climb, Side};
use super::hash::{Hash, TreeHash};
use super::proof_error::ProofError;

/// Checks that `leaf_hash` is the leaf at `index` of the tree of `size` leaves whose root is `root`.
///
/// Believe `size` only with `root`, from one trusted header: the same path may fit another size.
///
/// # Errors
/// Those of [`root_from_inclusion`], and [`ProofError::RootMismatch`].
pub fn verify_inclusion<H: TreeHash>(
    leaf_hash: Hash,
    index: u64,
    size: u64,
    path: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    let actual = root_from_inclusion::<H>(leaf_hash, index, size, path)?;
    if actual != *root {
        return Err(ProofError::RootMismatch { expected: *root, actual });
    }
    Ok(())
}

/// The root that a tree of `size` leaves has if `leaf_hash` is at `index` and `path`, from the leaf
/// up, is its inclusion path: RFC 9162 2.1.3.2. A claim until it is compared with a trusted root.
///
/// Requires `index < size` and exactly [`inclusion_path_length`] hashes.
///
/// # Errors
/// [`ProofError::PathBeyondMax`], [`ProofError::IndexBeyondSize`], [`ProofError::PathLength`].
pub fn root_from_inclusion<H: TreeHash>(
    leaf_hash: Hash,
    index: u64,
    size: u64,
    path: &[Hash],
) -> Result<Hash, ProofError> {
    if path.len() > PROOF_HASHES_MAX {
        return Err(ProofError::PathBeyondMax { max: PROOF_HASHES_MAX, actual: path.len() });
    }
    let climb = climb(index, size).ok_or(ProofError::IndexBeyondSize { index, size })?;
    let expected = climb.clone().count();
    if path.len() != expected {
        return Err(ProofError::PathLength { expected, actual: path.len() });
    }
    Ok(climb.zip(path).fold(leaf_hash, |node, (side, sibling)| match side {
        Side::Left => H::node(sibling, &node),
        Side::Right => H::node(&node, sibling),
    }))
}

/// The number of hashes in the inclusion path of the leaf at `index` in a tree of `size` leaves: at
/// most [`PROOF_HASHES_MAX`].
///
/// Requires `index < size`; a leaf outside the tree has no path, and the answer is 0.
pub fn inclusion_path_length(index: u64, size: u64) -> usize {
    climb(index, size).map_or(0, Iterator::count)
}

/// From the leaf at `index` to the root; `None` unless `index < size`.
fn climb(index: u64, size: u64) -> Option<Climb> {
    let last = size.checked_sub(1)?;
    (index <= last).then(|| Climb::new(index, last))
}

/// The most hashes an inclusion path can have: the height of a tree of 2^64 - 1 leaves.
pub const PROOF_HASHES_MAX: usize = 64;
