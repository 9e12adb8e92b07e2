//! Proving a run of leaves at once: where it stands in a tree, and that nothing stands between them.
//!
//! The path is the roots of the largest subtrees beside the run, from left to right; the verifier hashes the run
//! itself. For one leaf it holds the hashes of the inclusion path, in another order.

use std::ops::Range;

use super::hash::{Hash, TreeHash};
use super::path::{PathError, split};
use super::proof_error::ProofError;
use super::source::{NodeSource, fold_complete};

/// The most hashes a range path can have: two on each level of a tree of 2^64 - 1 leaves.
pub const RANGE_HASHES_MAX: usize = 128;

/// The path that proves the leaves `leaves` of the tree of the first `size` leaves.
///
/// Requires `leaves` not empty, and `leaves.end <= size`.
///
/// # Errors
/// [`PathError::IndexBeyondSize`], or [`PathError::Source`] where a node cannot be read.
pub fn range_path<H: TreeHash, N: NodeSource>(
    source: &N,
    leaves: Range<u64>,
    size: u64,
) -> Result<Vec<Hash>, PathError<N::Error>> {
    if leaves.is_empty() || leaves.end > size {
        return Err(PathError::IndexBeyondSize { index: leaves.end.saturating_sub(1), size });
    }
    let mut beside = Vec::new();
    subtrees_beside(0..size, &leaves, &mut beside);
    let roots = beside.into_iter().map(|tree| fold_complete::<H, N>(source, tree.start, tree.end));
    roots.collect::<Result<_, _>>().map_err(PathError::Source)
}

/// Checks that `leaf_hashes` are the leaves from `first` on, one after another, of the tree of `size` leaves whose
/// root is `root`.
///
/// Believe `size` only with `root`, from one trusted header. Costs one hash a leaf, and one a hash of the path.
///
/// # Errors
/// [`ProofError::PathBeyondMax`], [`ProofError::EmptyRange`], [`ProofError::IndexBeyondSize`] (of the last leaf),
/// [`ProofError::PathLength`], [`ProofError::RootMismatch`].
pub fn verify_range<H: TreeHash>(
    leaf_hashes: &[Hash],
    first: u64,
    size: u64,
    path: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    if path.len() > RANGE_HASHES_MAX {
        return Err(ProofError::PathBeyondMax { max: RANGE_HASHES_MAX, actual: path.len() });
    }
    if leaf_hashes.is_empty() {
        return Err(ProofError::EmptyRange);
    }
    let end = first.checked_add(leaf_hashes.len() as u64).filter(|end| *end <= size);
    let Some(end) = end else {
        let last = first.saturating_add(leaf_hashes.len() as u64 - 1);
        return Err(ProofError::IndexBeyondSize { index: last, size });
    };
    let leaves = first..end;
    let expected = range_path_length(leaves.clone(), size);
    if path.len() != expected {
        return Err(ProofError::PathLength { expected, actual: path.len() });
    }
    let mut beside = path.iter().copied();
    let actual = root_over::<H>(0..size, &leaves, leaf_hashes, &mut beside);
    if actual != *root {
        return Err(ProofError::RootMismatch { expected: *root, actual });
    }
    Ok(())
}

/// The number of hashes in the path of `leaves` in a tree of `size` leaves: at most [`RANGE_HASHES_MAX`].
///
/// Requires `leaves` not empty, and `leaves.end <= size`.
pub fn range_path_length(leaves: Range<u64>, size: u64) -> usize {
    let mut beside = Vec::new();
    subtrees_beside(0..size, &leaves, &mut beside);
    beside.len()
}

/// The largest subtrees of `tree` without any of `leaves`, from left to right. Recurses at most 64 deep, and only
/// into the two subtrees on each level that hold an end of the run.
fn subtrees_beside(tree: Range<u64>, leaves: &Range<u64>, beside: &mut Vec<Range<u64>>) {
    if is_apart(&tree, leaves) {
        beside.push(tree);
    } else if !(leaves.start <= tree.start && tree.end <= leaves.end) {
        let middle = split(&tree);
        subtrees_beside(tree.start..middle, leaves, beside);
        subtrees_beside(middle..tree.end, leaves, beside);
    }
}

/// The root over `tree`: of what is beside `leaves` from the path, of the rest from the leaf hashes. Requires a path
/// of the exact length; recurses at most 64 deep.
fn root_over<H: TreeHash>(
    tree: Range<u64>,
    leaves: &Range<u64>,
    leaf_hashes: &[Hash],
    beside: &mut impl Iterator<Item = Hash>,
) -> Hash {
    if is_apart(&tree, leaves) {
        return beside.next().unwrap_or_else(H::empty);
    }
    if tree.end - tree.start == 1 {
        return leaf_hashes[(tree.start - leaves.start) as usize];
    }
    let middle = split(&tree);
    let left = root_over::<H>(tree.start..middle, leaves, leaf_hashes, beside);
    let right = root_over::<H>(middle..tree.end, leaves, leaf_hashes, beside);
    H::node(&left, &right)
}

fn is_apart(tree: &Range<u64>, leaves: &Range<u64>) -> bool {
    tree.end <= leaves.start || leaves.end <= tree.start
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::{MemoryTree, Rfc6962, verify_inclusion};

    fn tree(size: u64) -> MemoryTree<Rfc6962> {
        MemoryTree::from_leaf_hashes((0..size).map(|leaf| Rfc6962::leaf(&leaf.to_be_bytes())).collect())
    }

    fn path(tree: &MemoryTree<Rfc6962>, leaves: Range<u64>) -> Vec<Hash> {
        range_path::<Rfc6962, _>(tree, leaves, tree.size()).unwrap()
    }

    fn verify(tree: &MemoryTree<Rfc6962>, leaves: Range<u64>, path: &[Hash]) -> Result<(), ProofError> {
        let hashes = &tree.leaf_hashes()[leaves.start as usize..leaves.end as usize];
        verify_range::<Rfc6962>(hashes, leaves.start, tree.size(), path, &tree.root())
    }

    #[test]
    fn every_run_of_every_small_tree_is_proved() {
        for size in 1..=33 {
            let tree = tree(size);
            for start in 0..size {
                for end in start + 1..=size {
                    assert_eq!(
                        verify(&tree, start..end, &path(&tree, start..end)),
                        Ok(()),
                        "{start}..{end}/{size}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_run_of_one_has_the_hashes_of_its_inclusion_path() {
        let tree = tree(21);
        for index in 0..21 {
            let (mut range, mut inclusion) =
                (path(&tree, index..index + 1), tree.inclusion_path(index).unwrap());
            let leaf = tree.leaf_hashes()[index as usize];
            assert_eq!(verify_inclusion::<Rfc6962>(leaf, index, 21, &inclusion, &tree.root()), Ok(()));
            range.sort_unstable();
            inclusion.sort_unstable();
            assert_eq!(range, inclusion);
        }
    }

    #[test]
    fn every_change_is_refused_with_its_own_error() {
        let tree = tree(21);
        let (leaves, good) = (5..9, path(&tree, 5..9));
        let hashes = tree.leaf_hashes()[5..9].to_vec();
        let root = tree.root();
        let check = |hashes: &[Hash], first, size, path: &[Hash]| {
            verify_range::<Rfc6962>(hashes, first, size, path, &root)
        };
        for at in 0..good.len() {
            let mut changed = good.clone();
            changed[at][7] ^= 1;
            assert!(matches!(verify(&tree, leaves.clone(), &changed), Err(ProofError::RootMismatch { .. })));
            let (cut, mut longer) = (&good[..at], good.clone());
            assert!(matches!(verify(&tree, leaves.clone(), cut), Err(ProofError::PathLength { .. })));
            longer.insert(at, good[at]);
            assert!(matches!(verify(&tree, leaves.clone(), &longer), Err(ProofError::PathLength { .. })));
        }
        for at in 0..hashes.len() {
            let mut changed = hashes.clone();
            changed[at][0] ^= 0x80;
            assert!(
                matches!(check(&changed, 5, 21, &good), Err(ProofError::RootMismatch { .. })),
                "leaf {at}"
            );
        }
        let mut swapped = hashes.clone();
        swapped.swap(0, 3);
        assert!(matches!(check(&swapped, 5, 21, &good), Err(ProofError::RootMismatch { .. })));
        assert!(check(&hashes[1..], 5, 21, &good).is_err(), "a leaf left out");
        for first in (0..17).filter(|first| *first != 5) {
            assert!(check(&hashes, first, 21, &good).is_err(), "at {first}");
        }
        for size in 1..=64 {
            let result = check(&hashes, 5, size, &good);
            // As with an inclusion path, a size of the same turns is not told apart: it comes from the header.
            assert!(
                size == 21 || result.is_err() || range_path_length(5..9, size) == good.len(),
                "size {size}"
            );
        }
        assert_eq!(check(&[], 5, 21, &good), Err(ProofError::EmptyRange));
        assert_eq!(check(&hashes, 18, 21, &good), Err(ProofError::IndexBeyondSize { index: 21, size: 21 }));
        for size in [21, u64::MAX] {
            let result = check(&hashes, u64::MAX, size, &good);
            assert_eq!(result, Err(ProofError::IndexBeyondSize { index: u64::MAX, size }));
        }
        let beyond = vec![[0; 32]; RANGE_HASHES_MAX + 1];
        assert!(matches!(check(&hashes, 5, 21, &beyond), Err(ProofError::PathBeyondMax { .. })));
    }

    #[test]
    fn the_largest_trees_do_no_harm() {
        let leaf = [[1; 32]];
        for first in [0, 1, u64::MAX / 2, u64::MAX - 1] {
            let length = range_path_length(first..first + 1, u64::MAX);
            assert!(length <= RANGE_HASHES_MAX);
            let path = vec![[2; 32]; length];
            let result = verify_range::<Rfc6962>(&leaf, first, u64::MAX, &path, &[0; 32]);
            assert!(matches!(result, Err(ProofError::RootMismatch { .. })));
        }
    }

    #[test]
    fn runs_outside_the_tree_have_no_path() {
        let tree = tree(4);
        for leaves in [0..5, 4..5, 2..2] {
            assert!(range_path::<Rfc6962, _>(&tree, leaves, 4).is_err());
        }
    }
}
