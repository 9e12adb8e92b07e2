//! The right edge of a growing tree.

use std::fmt;
use std::marker::PhantomData;

use super::hash::{Hash, TreeHash};

/// An append-only tree reduced to what appending and the root need: its size and its peaks.
///
/// A peak is the root of a complete subtree; there is one for each bit set in the size, the largest
/// leftmost, so at most 64 hashes whatever the size.
pub struct Frontier<H> {
    size: u64,
    // Invariant: peaks.len() == size.count_ones(); left to right, levels strictly falling.
    peaks: Vec<Hash>,
    hash: PhantomData<fn() -> H>,
}

impl<H: TreeHash> Frontier<H> {
    /// The tree without leaves.
    pub fn new() -> Self {
        Self { size: 0, peaks: Vec::new(), hash: PhantomData }
    }

    /// A frontier as it was saved: `size` in leaves, `peaks` from left to right as [`Self::peaks`]
    /// gave them.
    ///
    /// Any hashes of the right number are accepted: compare [`Self::root`] with a trusted root.
    ///
    /// # Errors
    /// [`FrontierError::SizeBeyondMax`] over [`FRONTIER_LEAVES_MAX`] leaves;
    /// [`FrontierError::PeakCount`] unless there is one peak for each bit set in `size`.
    pub fn from_peaks(size: u64, peaks: Vec<Hash>) -> Result<Self, FrontierError> {
        if size > FRONTIER_LEAVES_MAX {
            return Err(FrontierError::SizeBeyondMax { max: FRONTIER_LEAVES_MAX, actual: size });
        }
        let expected = size.count_ones() as usize;
        if peaks.len() != expected {
            return Err(FrontierError::PeakCount { size, expected, actual: peaks.len() });
        }
        Ok(Self { size, peaks, hash: PhantomData })
    }

    /// Adds one leaf at the right, by its leaf hash.
    pub fn append(&mut self, leaf_hash: Hash) {
        self.append_with(leaf_hash, |_, _| {});
    }

    /// As [`Self::append`]; calls `complete` with each complete subtree that the leaf ends, from its level 1 on.
    fn append_with(&mut self, leaf_hash: Hash, mut complete: impl FnMut(u32, &Hash)) {
        let mut peak = leaf_hash;
        // Each trailing one of the size is a complete subtree that the new leaf completes a pair
        // with, as a carry does in addition.
        for level in 1..=self.size.trailing_ones() {
            let left = self.peaks.pop().expect("invariant: one peak for each bit set in the size");
            peak = H::node(&left, &peak);
            complete(level, &peak);
        }
        self.peaks.push(peak);
        // Cannot overflow: from_peaks leaves room for 2^63 more, centuries of appending.
        self.size += 1;
    }

    /// Adds leaves at the right; returns the roots of the complete subtrees of 2^`level` leaves that they end, in order.
    ///
    /// Requires a level above 0.
    pub fn extend_noting(&mut self, leaf_hashes: &[Hash], level: u32) -> Vec<Hash> {
        let mut roots = Vec::with_capacity((leaf_hashes.len() >> level.min(usize::BITS - 1)) + 1);
        for leaf_hash in leaf_hashes {
            self.append_with(*leaf_hash, |at, root| roots.extend((at == level).then_some(*root)));
        }
        roots
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the complete subtrees, from left to right, the largest first.
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// The root of the tree as it is now; [`TreeHash::empty`] without leaves.
    pub fn root(&self) -> Hash {
        self.peaks.iter().copied().rev().reduce(|right, left| H::node(&left, &right)).unwrap_or_else(H::empty)
    }
}

/// Appends each leaf hash in turn.
impl<H: TreeHash> Extend<Hash> for Frontier<H> {
    fn extend<I: IntoIterator<Item = Hash>>(&mut self, leaf_hashes: I) {
        for leaf_hash in leaf_hashes {
            self.append(leaf_hash);
        }
    }
}

impl<H: TreeHash> FromIterator<Hash> for Frontier<H> {
    fn from_iter<I: IntoIterator<Item = Hash>>(leaf_hashes: I) -> Self {
        let mut frontier = Self::new();
        frontier.extend(leaf_hashes);
        frontier
    }
}

impl<H: TreeHash> Default for Frontier<H> {
    fn default() -> Self {
        Self::new()
    }
}

// By hand, since deriving would ask the same of H, which is never a value.
impl<H> Clone for Frontier<H> {
    fn clone(&self) -> Self {
        Self { size: self.size, peaks: self.peaks.clone(), hash: PhantomData }
    }
}

impl<H> PartialEq for Frontier<H> {
    fn eq(&self, other: &Self) -> bool {
        self.size == other.size && self.peaks == other.peaks
    }
}

impl<H> Eq for Frontier<H> {}

impl<H> fmt::Debug for Frontier<H> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let peaks: Vec<String> = self.peaks.iter().map(hex::encode).collect();
        formatter.debug_struct("Frontier").field("size", &self.size).field("peaks", &peaks).finish()
    }
}

/// The root of the tree over `leaf_hashes`, in order; [`TreeHash::empty`] for none.
pub fn root_of<H: TreeHash>(leaf_hashes: &[Hash]) -> Hash {
    leaf_hashes.iter().copied().collect::<Frontier<H>>().root()
}

/// Why saved peaks are not a frontier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrontierError {
    /// The number of peaks does not go with the size.
    #[error("a frontier of {size} leaves has {expected} peaks, not {actual}")]
    PeakCount {
        /// Leaves.
        size: u64,
        /// The bits set in `size`.
        expected: usize,
        /// The peaks given.
        actual: usize,
    },
    /// More leaves than a frontier may start from.
    #[error("a frontier starts from at most {max} leaves, not {actual}")]
    SizeBeyondMax {
        /// [`FRONTIER_LEAVES_MAX`].
        max: u64,
        /// The size given, in leaves.
        actual: u64,
    },
}

/// The largest size a saved [`Frontier`] may have, in leaves, so that appending never overflows.
pub const FRONTIER_LEAVES_MAX: u64 = 1 << 63;
