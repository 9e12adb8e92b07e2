//! A tree on disk: column `L` holds the root of each complete subtree of 256^L leaves.
//!
//! The log tree and the history tree are kept so. Of the log tree, the C2SP `tlog-tiles` tile `(L, N)` is the bytes
//! `[N * 8192, (N + 1) * 8192)` of its column.

mod cache;

use std::path::Path;

use sanad_core::execution::TILE_LEVEL;
use sanad_core::hash::HistoryHash;
use sanad_core::merkle::{Hash, NodeSource, Rfc6962, TreeHash, root_of};

use cache::TileCache;

use crate::column::Column;
use crate::error::{Part, StoreError};

/// Hashes of a whole tile.
pub(crate) const TILE_HASHES: u64 = 1 << TILE_LEVEL;

/// Tile levels: enough for 2^48 leaves, more than an index value can name.
pub(crate) const LEVELS: usize = 6;
/// Tree levels that a tile spans.
const TILE_HEIGHT: u8 = TILE_LEVEL as u8;

/// The tile columns of one tree. Written by the writer alone.
#[derive(Debug)]
pub(crate) struct Tiles<H> {
    levels: [Column<32>; LEVELS],
    cache: TileCache<H>,
}

/// What the writer holds of each level: the hashes of its last, incomplete tile, and how many there are in all.
#[derive(Clone, Debug, Default)]
pub(crate) struct TileEdge {
    levels: [Edge; LEVELS],
}

#[derive(Clone, Debug, Default)]
struct Edge {
    count: u64,
    // Invariant: the last count % 256 hashes of the level.
    last: Vec<Hash>,
}

impl<H: TreeHash> Tiles<H> {
    /// Opens the columns of the tree that `part` names; makes missing ones.
    pub(crate) fn open(directory: &Path, part: Part, cached: usize) -> Result<Self, StoreError> {
        let level = |level: usize| Column::open(directory.join(level.to_string()), part);
        let levels = [level(0)?, level(1)?, level(2)?, level(3)?, level(4)?, level(5)?];
        Ok(Self { levels, cache: TileCache::new(cached, part) })
    }

    /// Cuts every column to a tree of `size` leaves and reads the right edge.
    pub(crate) fn cut(&self, size: u64) -> Result<TileEdge, StoreError> {
        let mut edge = TileEdge::default();
        let mut count = size;
        for (column, edge) in self.levels.iter().zip(&mut edge.levels) {
            column.cut(count)?;
            let last = count % TILE_HASHES;
            *edge = Edge { count, last: column.slice(count - last, last as usize)? };
            count /= TILE_HASHES;
        }
        Ok(edge)
    }

    /// Adds leaves at the right edge, and the subtrees that they complete. `roots` are those of the tiles of leaves that
    /// they complete, where execution has hashed them already; `None` to hash them here.
    pub(crate) fn append(
        &self,
        edge: &mut TileEdge,
        leaf_hashes: &[Hash],
        mut roots: Option<&[Hash]>,
    ) -> Result<(), StoreError> {
        let mut added = leaf_hashes.to_vec();
        for (column, edge) in self.levels.iter().zip(&mut edge.levels) {
            column.write(edge.count, &added)?;
            edge.count += added.len() as u64;
            added = edge.complete::<H>(&added, roots.take());
        }
        Ok(())
    }

    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        self.levels.iter().try_for_each(Column::sync)
    }

    /// A leaf hash that was written.
    pub(crate) fn leaf(&self, index: u64) -> Result<Hash, StoreError> {
        self.written(0, index)
    }

    /// A hash that was written: from its tile, if that is at hand.
    fn written(&self, level: u8, index: u64) -> Result<Hash, StoreError> {
        match self.cache.hash(level, index / TILE_HASHES, index % TILE_HASHES) {
            Some(hash) => Ok(hash),
            None => self.levels[usize::from(level)].record(index),
        }
    }

    /// Leaf hashes from an index on, all written.
    pub(crate) fn leaves(&self, index: u64, count: usize) -> Result<Vec<Hash>, StoreError> {
        self.levels[0].slice(index, count)
    }

    /// The peaks of the tree of the first `size` leaves: one for each bit of the size, the largest first.
    pub(crate) fn peaks(&self, size: u64) -> Result<Vec<Hash>, StoreError> {
        let levels = (0..u64::BITS as u8).rev().filter(|level| size >> level & 1 == 1);
        levels.map(|level| self.node(level, (size >> level) - 1, size)).collect()
    }

    /// The hashes of tile `(level, place)` of a tree of `size` leaves: 256, or fewer at the right edge.
    pub(crate) fn tile(&self, level: u8, place: u64, size: u64) -> Result<Vec<Hash>, StoreError> {
        let beyond = StoreError::NodeBeyondTree { level, index: place, size };
        let Some(column) = self.levels.get(usize::from(level)) else { return Err(beyond) };
        let there = size >> (TILE_HEIGHT * level);
        let start = place.checked_mul(TILE_HASHES).filter(|start| *start < there).ok_or(beyond)?;
        column.slice(start, (there - start).min(TILE_HASHES) as usize)
    }

    /// The root of the complete subtree of 2^`level` leaves at place `index`, in a tree of `size` leaves.
    pub(crate) fn node(&self, level: u8, index: u64, size: u64) -> Result<Hash, StoreError> {
        let beyond = StoreError::NodeBeyondTree { level, index, size };
        if level >= TILE_HEIGHT * LEVELS as u8 || index >= size >> level {
            return Err(beyond);
        }
        let (tile_level, inner) = (level / TILE_HEIGHT, level % TILE_HEIGHT);
        if inner == 0 {
            return self.written(tile_level, index);
        }
        let place = index >> (TILE_HEIGHT - inner);
        let position = index & ((1 << (TILE_HEIGHT - inner)) - 1);
        self.cache.node(tile_level, place, inner, position, || self.tile(tile_level, place, size))
    }
}

impl Edge {
    /// Adds new hashes of this level; returns the hashes that they complete on the level above, which are `known` if the
    /// caller has them.
    fn complete<H: TreeHash>(&mut self, added: &[Hash], known: Option<&[Hash]>) -> Vec<Hash> {
        self.last.extend_from_slice(added);
        let (whole, rest) = self.last.as_chunks::<{ TILE_HASHES as usize }>();
        let roots = match known {
            Some(known) => known.to_vec(),
            None => whole.iter().map(|tile| root_of::<H>(tile)).collect(),
        };
        debug_assert_eq!(roots.len(), whole.len());
        self.last = rest.to_vec();
        roots
    }
}

/// The tree of the first `size` leaves that a store has, to make proofs from. Smaller trees are in it.
#[derive(Clone, Copy, Debug)]
pub struct TileTree<'a, H> {
    pub(crate) tiles: &'a Tiles<H>,
    pub(crate) size: u64,
}

/// The tree over the entries of the log.
pub type LogTree<'a> = TileTree<'a, Rfc6962>;
/// The tree over the hashes of all headers; the one that a header names is over those before it.
pub type HistoryTree<'a> = TileTree<'a, HistoryHash>;

impl<H: TreeHash> TileTree<'_, H> {
    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The hashes of the tile `(level, place)`, as C2SP `tlog-tiles` cuts them: 256, or fewer at the right edge.
    ///
    /// # Errors
    /// [`StoreError::NodeBeyondTree`] if the tile would be empty, and others.
    pub fn tile(&self, level: u8, place: u64) -> Result<Vec<Hash>, StoreError> {
        self.tiles.tile(level, place, self.size)
    }
}

impl<H: TreeHash> NodeSource for TileTree<'_, H> {
    type Error = StoreError;

    fn node(&self, level: u8, index: u64) -> Result<Hash, StoreError> {
        self.tiles.node(level, index, self.size)
    }
}
