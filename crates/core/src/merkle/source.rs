//! Roots read from stored nodes.

use super::hash::{Hash, TreeHash};

/// Where the complete subtrees of a tree are kept: tiles on disk, or [`MemoryTree`].
///
/// [`MemoryTree`]: super::MemoryTree
pub trait NodeSource {
    /// Why a node could not be read.
    type Error;

    /// The root of the complete subtree of 2^`level` leaves that starts at leaf `index` * 2^`level`.
    /// Level 0 is the leaf hashes; `level` is at most 63.
    ///
    /// # Errors
    /// Whenever the node is not there: callers ask only for subtrees inside the size they were given.
    fn node(&self, level: u8, index: u64) -> Result<Hash, Self::Error>;
}

/// The root of the tree of the first `size` leaves; [`TreeHash::empty`] for none.
///
/// Reads one node for each bit set in `size`.
///
/// # Errors
/// The source's own, as when it holds fewer leaves than `size`.
pub fn root_at<H: TreeHash, N: NodeSource>(source: &N, size: u64) -> Result<Hash, N::Error> {
    fold_complete::<H, N>(source, 0, size)
}

/// The root over the leaves `start..end`, as a tree of its own: RFC 6962's `MTH(D[start:end])`.
///
/// Requires `start <= end`, and `start` a multiple of the largest power of two in `end - start`, as
/// every node of every tree has: other ranges are not made of stored nodes.
///
/// # Errors
/// [`SubtreeError::Range`] for such a range, [`SubtreeError::Source`] where a node cannot be read.
pub fn subtree_root<H: TreeHash, N: NodeSource>(
    source: &N,
    start: u64,
    end: u64,
) -> Result<Hash, SubtreeError<N::Error>> {
    let leaves = end.checked_sub(start).ok_or(NotASubtree { start, end })?;
    let aligned = match leaves.checked_ilog2() {
        Some(level) => start.trailing_zeros() >= level,
        None => true,
    };
    if !aligned {
        return Err(NotASubtree { start, end }.into());
    }
    fold_complete::<H, N>(source, start, end).map_err(SubtreeError::Source)
}

/// A range of leaves that is no node of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("leaves {start}..{end} are not one subtree")]
pub struct NotASubtree {
    /// The first leaf.
    pub start: u64,
    /// One past the last leaf.
    pub end: u64,
}

/// Why the root of a range of leaves could not be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubtreeError<E> {
    /// The caller asked for a range that is no subtree.
    #[error(transparent)]
    Range(#[from] NotASubtree),
    /// A node could not be read.
    #[error("a tree node could not be read")]
    Source(#[source] E),
}

/// Folds the complete subtrees that make up `start..end`, from the right.
///
/// Requires what [`subtree_root`] checks; every range that RFC 6962 2.1 splits a tree into has it.
pub(super) fn fold_complete<H: TreeHash, N: NodeSource>(
    source: &N,
    start: u64,
    end: u64,
) -> Result<Hash, N::Error> {
    let mut remaining = end - start;
    let mut right = None;
    while remaining != 0 {
        let level = remaining.trailing_zeros() as u8;
        // The bits of `end` below the largest one of the range's length are those of the length, so
        // the subtree at this level is the last one that ends at or before `end`.
        let left = source.node(level, (end >> level) - 1)?;
        right = Some(match right {
            None => left,
            Some(right) => H::node(&left, &right),
        });
        remaining &= remaining - 1;
    }
    Ok(right.unwrap_or_else(H::empty))
}
