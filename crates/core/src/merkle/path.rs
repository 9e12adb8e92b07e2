//! Proof paths made from stored nodes.

use std::ops::Range;

use super::hash::{Hash, TreeHash};
use super::source::{NodeSource, fold_complete};

/// The inclusion path of the leaf at `index` in the tree of the first `size` leaves, from the leaf
/// up: RFC 6962 2.1.1 `PATH(index, D[size])`, of [`inclusion_path_length`] hashes.
///
/// Requires `index < size`.
///
/// # Errors
/// [`PathError::IndexBeyondSize`], or [`PathError::Source`] where a node cannot be read.
///
/// [`inclusion_path_length`]: super::inclusion_path_length
pub fn inclusion_path<H: TreeHash, N: NodeSource>(
    source: &N,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, PathError<N::Error>> {
    if index >= size {
        return Err(PathError::IndexBeyondSize { index, size });
    }
    // RFC 6962 2.1.1, from the root down: at each split, the side without the leaf goes in the path.
    let mut siblings = Vec::new();
    let mut tree = 0..size;
    while tree.end - tree.start > 1 {
        let middle = split(&tree);
        if index < middle {
            siblings.push(middle..tree.end);
            tree.end = middle;
        } else {
            siblings.push(tree.start..middle);
            tree.start = middle;
        }
    }
    bottom_up_roots::<H, N>(source, &siblings)
}

/// The path that proves the tree of the first `old_size` leaves a prefix of the tree of the first
/// `new_size`: RFC 6962 2.1.2 `PROOF(old_size, D[new_size])`, of [`consistency_path_length`] hashes.
///
/// Requires `old_size <= new_size`. Empty where there is nothing to prove: equal sizes, or
/// `old_size == 0`, where C2SP `tlog-witness` wants it empty too.
///
/// # Errors
/// [`PathError::OldBeyondNew`], or [`PathError::Source`] where a node cannot be read.
///
/// [`consistency_path_length`]: super::consistency_path_length
pub fn consistency_path<H: TreeHash, N: NodeSource>(
    source: &N,
    old_size: u64,
    new_size: u64,
) -> Result<Vec<Hash>, PathError<N::Error>> {
    if old_size > new_size {
        return Err(PathError::OldBeyondNew { old_size, new_size });
    }
    if old_size == 0 {
        return Ok(Vec::new());
    }
    // RFC 6962 2.1.2 SUBPROOF, from the root down, until the node that ends where the old tree does.
    let mut siblings = Vec::new();
    let mut tree = 0..new_size;
    while tree.end != old_size {
        let middle = split(&tree);
        if old_size <= middle {
            siblings.push(middle..tree.end);
            tree.end = middle;
        } else {
            siblings.push(tree.start..middle);
            tree.start = middle;
        }
    }
    // SUBPROOF's b: a node that is the whole old tree is known to the verifier as the old root.
    if tree.start != 0 {
        siblings.push(tree);
    }
    bottom_up_roots::<H, N>(source, &siblings)
}

/// Why a path could not be made. `E` is the error of the [`NodeSource`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError<E> {
    /// The caller asked for a leaf outside the tree.
    #[error("leaf {index} is not in a tree of {size} leaves")]
    IndexBeyondSize {
        /// The leaf asked for.
        index: u64,
        /// The tree asked for, in leaves.
        size: u64,
    },
    /// The caller asked for a tree to be consistent with a smaller one.
    #[error("old size {old_size} is beyond new size {new_size}")]
    OldBeyondNew {
        /// Leaves of the older tree.
        old_size: u64,
        /// Leaves of the newer tree.
        new_size: u64,
    },
    /// A node could not be read.
    #[error("a tree node could not be read")]
    Source(#[source] E),
}

/// Where RFC 6962 2.1 splits a tree: its first leaf plus the largest power of two smaller than its
/// number of leaves. Requires two leaves or more.
pub(super) fn split(tree: &Range<u64>) -> u64 {
    tree.start + (1 << (tree.end - tree.start - 1).ilog2())
}

fn bottom_up_roots<H: TreeHash, N: NodeSource>(
    source: &N,
    top_down: &[Range<u64>],
) -> Result<Vec<Hash>, PathError<N::Error>> {
    top_down
        .iter()
        .rev()
        .map(|leaves| fold_complete::<H, N>(source, leaves.start, leaves.end))
        .collect::<Result<_, _>>()
        .map_err(PathError::Source)
}
