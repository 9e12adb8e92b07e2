//! The log tree on disk: column `L` holds the root of each complete subtree of 256^L leaves, so that the
//! C2SP `tlog-tiles` tile `(L, N)` is its bytes `[N * 8192, (N + 1) * 8192)`.

mod cache;

use std::path::Path;

use sanad_core::ids::LogSize;
use sanad_core::merkle::{Hash, NodeSource, Rfc6962, root_of};

use cache::TileCache;

use crate::column::Column;
use crate::error::{Part, StoreError};

/// Hashes of a whole tile.
pub(crate) const TILE_HASHES: u64 = 256;

/// Tile levels: enough for 2^48 entries, more than an index value can name.
pub(crate) const LEVELS: usize = 6;
/// Tree levels that a tile spans.
const TILE_HEIGHT: u8 = 8;

/// The tile columns. Written by the writer alone.
#[derive(Debug)]
pub(crate) struct Tiles {
    levels: [Column<32>; LEVELS],
    cache: TileCache,
}

/// What the writer holds of each level: the hashes of its last, incomplete tile, and how many there are
/// in all.
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

impl Tiles {
    pub(crate) fn open(directory: &Path, cached: usize) -> Result<Self, StoreError> {
        let level = |level: usize| Column::open(directory.join(level.to_string()), Part::Tiles);
        let levels = [level(0)?, level(1)?, level(2)?, level(3)?, level(4)?, level(5)?];
        Ok(Self { levels, cache: TileCache::new(cached) })
    }

    /// Cuts every column to a log of `size` entries and reads the right edge.
    pub(crate) fn cut(&self, size: LogSize) -> Result<TileEdge, StoreError> {
        let mut edge = TileEdge::default();
        let mut count = size.0;
        for (column, edge) in self.levels.iter().zip(&mut edge.levels) {
            column.cut(count)?;
            let last = count % TILE_HASHES;
            *edge = Edge { count, last: column.slice(count - last, last as usize)? };
            count /= TILE_HASHES;
        }
        Ok(edge)
    }

    /// Adds leaves at the right edge, and the subtrees that they complete.
    pub(crate) fn append(&self, edge: &mut TileEdge, leaf_hashes: &[Hash]) -> Result<(), StoreError> {
        let mut added = leaf_hashes.to_vec();
        for (column, edge) in self.levels.iter().zip(&mut edge.levels) {
            column.write(edge.count, &added)?;
            edge.count += added.len() as u64;
            added = edge.complete(&added);
        }
        Ok(())
    }

    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        self.levels.iter().try_for_each(Column::sync)
    }

    /// The leaf hash of an entry that was written.
    pub(crate) fn leaf(&self, index: u64) -> Result<Hash, StoreError> {
        self.levels[0].record(index)
    }

    /// Leaf hashes from an index on, all written.
    pub(crate) fn leaves(&self, index: u64, count: usize) -> Result<Vec<Hash>, StoreError> {
        self.levels[0].slice(index, count)
    }

    /// The hashes of tile `(level, place)` for a log of `size` entries: 256, or fewer at the right edge.
    pub(crate) fn tile(&self, level: u8, place: u64, size: LogSize) -> Result<Vec<Hash>, StoreError> {
        let beyond = StoreError::NodeBeyondLog { level, index: place, size };
        let Some(column) = self.levels.get(usize::from(level)) else { return Err(beyond) };
        let there = size.0 >> (TILE_HEIGHT * level);
        let start = place.checked_mul(TILE_HASHES).filter(|start| *start < there).ok_or(beyond)?;
        column.slice(start, (there - start).min(TILE_HASHES) as usize)
    }

    /// The root of the complete subtree of 2^`level` leaves at place `index`, for a log of `size` entries.
    pub(crate) fn node(&self, level: u8, index: u64, size: LogSize) -> Result<Hash, StoreError> {
        let beyond = StoreError::NodeBeyondLog { level, index, size };
        if level >= 48 || index >= size.0 >> level {
            return Err(beyond);
        }
        let (tile_level, inner) = (level / TILE_HEIGHT, level % TILE_HEIGHT);
        if inner == 0 {
            return self.levels[usize::from(tile_level)].record(index);
        }
        let place = index >> (TILE_HEIGHT - inner);
        let position = index & ((1 << (TILE_HEIGHT - inner)) - 1);
        self.cache.node(tile_level, place, inner, position, || self.tile(tile_level, place, size))
    }
}

impl Edge {
    /// Takes in new hashes of this level; returns the hashes that they complete on the level above.
    fn complete(&mut self, added: &[Hash]) -> Vec<Hash> {
        self.last.extend_from_slice(added);
        let (whole, rest) = self.last.as_chunks::<{ TILE_HASHES as usize }>();
        let roots = whole.iter().map(|tile| root_of::<Rfc6962>(tile)).collect();
        self.last = rest.to_vec();
        roots
    }
}

/// The tree of a log of a given size, to make proofs from.
#[derive(Clone, Copy, Debug)]
pub struct LogTree<'a> {
    pub(crate) tiles: &'a Tiles,
    pub(crate) size: LogSize,
}

impl LogTree<'_> {
    /// Entries of the log that this is the tree of.
    pub fn size(&self) -> LogSize {
        self.size
    }

    /// The hashes of the C2SP `tlog-tiles` tile `(level, place)`: 256, or fewer at the right edge.
    ///
    /// # Errors
    /// [`StoreError::NodeBeyondLog`] where the tile would be empty, and the store's.
    pub fn tile(&self, level: u8, place: u64) -> Result<Vec<Hash>, StoreError> {
        self.tiles.tile(level, place, self.size)
    }
}

impl NodeSource for LogTree<'_> {
    type Error = StoreError;

    fn node(&self, level: u8, index: u64) -> Result<Hash, StoreError> {
        self.tiles.node(level, index, self.size)
    }
}
