//! A whole tree in memory.

use std::fmt;
use std::marker::PhantomData;

use super::hash::{Hash, TreeHash};
use super::path::{PathError, inclusion_path};
use super::source::NodeSource;

/// A tree with all its complete subtrees in memory, about 64 bytes a leaf: for the registry, for
/// batches and for tests. The log is too large for it.
pub struct MemoryTree<H> {
    // Invariant: levels[l] holds the size >> l complete subtrees of 2^l leaves, and never is empty.
    levels: Vec<Vec<Hash>>,
    hash: PhantomData<fn() -> H>,
}

impl<H: TreeHash> MemoryTree<H> {
    /// The tree over these leaf hashes, in order.
    pub fn from_leaf_hashes(leaf_hashes: Vec<Hash>) -> Self {
        let mut levels = Vec::new();
        let mut level = leaf_hashes;
        while !level.is_empty() {
            let parents = level.as_chunks::<2>().0.iter().map(|[left, right]| H::node(left, right)).collect();
            levels.push(std::mem::replace(&mut level, parents));
        }
        Self { levels, hash: PhantomData }
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.leaf_hashes().len() as u64
    }

    /// The leaf hashes, in order.
    pub fn leaf_hashes(&self) -> &[Hash] {
        self.levels.first().map_or(&[], Vec::as_slice)
    }

    /// The root; [`TreeHash::empty`] without leaves.
    pub fn root(&self) -> Hash {
        // A level with an odd number of subtrees ends in a peak; lower levels lie further right.
        self.levels
            .iter()
            .filter(|level| level.len() % 2 == 1)
            .filter_map(|level| level.last().copied())
            .reduce(|right, left| H::node(&left, &right))
            .unwrap_or_else(H::empty)
    }

    /// The inclusion path of the leaf at `index` in the whole tree, from the leaf up.
    ///
    /// # Errors
    /// [`PathError::IndexBeyondSize`] unless `index` is below [`Self::size`].
    pub fn inclusion_path(&self, index: u64) -> Result<Vec<Hash>, PathError<MissingNode>> {
        inclusion_path::<H, Self>(self, index, self.size())
    }
}

impl<H> NodeSource for MemoryTree<H> {
    type Error = MissingNode;

    fn node(&self, level: u8, index: u64) -> Result<Hash, MissingNode> {
        let position = usize::try_from(index).ok();
        self.levels
            .get(usize::from(level))
            .zip(position)
            .and_then(|(nodes, position)| nodes.get(position))
            .copied()
            .ok_or(MissingNode { level, index })
    }
}

// By hand, since deriving would ask the same of H, which is never a value.
impl<H> Clone for MemoryTree<H> {
    fn clone(&self) -> Self {
        Self { levels: self.levels.clone(), hash: PhantomData }
    }
}

impl<H: TreeHash> fmt::Debug for MemoryTree<H> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MemoryTree")
            .field("size", &self.size())
            .field("root", &hex::encode(self.root()))
            .finish()
    }
}

/// A complete subtree that lies beyond the leaves a tree has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no complete subtree {index} of 2^{level} leaves")]
pub struct MissingNode {
    /// The subtree has 2^`level` leaves.
    pub level: u8,
    /// The subtree's place on its level, from the left.
    pub index: u64,
}
