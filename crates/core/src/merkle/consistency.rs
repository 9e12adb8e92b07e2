//! Verifying that a tree only grew.

use super::climb::{Climb, Side};
use super::hash::{Hash, TreeHash};
use super::inclusion::PROOF_HASHES_MAX;
use super::proof_error::ProofError;

/// Checks that the tree of `new_size` leaves with `new_root` starts with the very leaves of the tree
/// of `old_size` with `old_root`: RFC 9162 2.1.4.2.
///
/// Requires `old_size <= new_size` and exactly [`consistency_path_length`] hashes. Equal sizes need
/// equal roots, and at size zero the root of the empty tree.
///
/// From an empty to a larger tree this refuses: RFC 6962 2.1.2 and RFC 9162 2.1.4.2 begin at one
/// leaf, and "consistent" would vouch for a new root that nothing was checked of. Who starts at zero
/// trusts the first root for another reason and says so.
///
/// # Errors
/// [`ProofError::PathBeyondMax`], [`ProofError::OldBeyondNew`], [`ProofError::EmptyOldTree`],
/// [`ProofError::PathLength`], [`ProofError::OldRootMismatch`], [`ProofError::RootMismatch`] (of the
/// new root).
pub fn verify_consistency<H: TreeHash>(
    old_size: u64,
    old_root: &Hash,
    new_size: u64,
    new_root: &Hash,
    path: &[Hash],
) -> Result<(), ProofError> {
    check_shape(old_size, new_size, path.len())?;
    let (old, new) = if old_size == 0 {
        (H::empty(), H::empty())
    } else if old_size == new_size {
        (*old_root, *old_root)
    } else {
        roots::<H>(old_size, old_root, new_size, path)
    };
    if old != *old_root {
        return Err(ProofError::OldRootMismatch { expected: *old_root, actual: old });
    }
    if new != *new_root {
        return Err(ProofError::RootMismatch { expected: *new_root, actual: new });
    }
    Ok(())
}

/// The number of hashes in the consistency path between two sizes: at most
/// [`CONSISTENCY_HASHES_MAX`]. Zero where there is nothing to prove: `old_size` zero, or not below
/// `new_size`.
pub fn consistency_path_length(old_size: u64, new_size: u64) -> usize {
    if old_size == 0 || old_size >= new_size {
        return 0;
    }
    let seed = usize::from(!old_size.is_power_of_two());
    seed + climb(old_size, new_size).count()
}

fn check_shape(old_size: u64, new_size: u64, actual: usize) -> Result<(), ProofError> {
    if actual > CONSISTENCY_HASHES_MAX {
        return Err(ProofError::PathBeyondMax { max: CONSISTENCY_HASHES_MAX, actual });
    }
    if old_size > new_size {
        return Err(ProofError::OldBeyondNew { old_size, new_size });
    }
    if old_size == 0 && new_size != 0 {
        return Err(ProofError::EmptyOldTree { new_size });
    }
    let expected = consistency_path_length(old_size, new_size);
    if actual != expected {
        return Err(ProofError::PathLength { expected, actual });
    }
    Ok(())
}

/// Both roots as the path has them. Requires `0 < old_size < new_size` and a path of the exact length.
fn roots<H: TreeHash>(old_size: u64, old_root: &Hash, new_size: u64, path: &[Hash]) -> (Hash, Hash) {
    // RFC 9162 2.1.4.2 step 2: an old tree that is complete is itself the node to climb from.
    let (seed, siblings) = match path.split_first() {
        Some((seed, siblings)) if !old_size.is_power_of_two() => (seed, siblings),
        _ => (old_root, path),
    };
    climb(old_size, new_size).zip(siblings).fold((*seed, *seed), |(old, new), (side, sibling)| match side {
        Side::Left => (H::node(sibling, &old), H::node(sibling, &new)),
        // What stands to the right came after the old tree.
        Side::Right => (old, H::node(&new, sibling)),
    })
}

/// From the largest complete subtree that ends the old tree, up to the new root. Requires
/// `0 < old_size < new_size`.
fn climb(old_size: u64, new_size: u64) -> Climb {
    // RFC 9162 2.1.4.2 steps 3 and 4; the ones at the end of old_size - 1 are the zeros of old_size.
    let level = old_size.trailing_zeros();
    Climb::new((old_size - 1) >> level, (new_size - 1) >> level)
}

/// The most hashes a consistency path can have: RFC 6962 2.1.2, ceil(log2(n)) + 1.
pub const CONSISTENCY_HASHES_MAX: usize = PROOF_HASHES_MAX + 1;
