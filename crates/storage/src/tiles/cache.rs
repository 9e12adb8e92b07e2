//! Inner nodes of tiles, computed once.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

use lru::LruCache;
use sanad_core::merkle::{Hash, MemoryTree, NodeSource as _, TreeHash};

use crate::error::{Part, StoreError};

/// A tile with its inner nodes.
type Tile<H> = Arc<MemoryTree<H>>;

/// The tiles that were asked for last, with all their inner nodes.
#[derive(Debug)]
pub(super) struct TileCache<H> {
    /// By tile level and place.
    tiles: Mutex<LruCache<(u8, u64), Tile<H>>>,
    /// Of the tree, for errors.
    part: Part,
}

impl<H: TreeHash> TileCache<H> {
    /// A cache of some tiles, 16 KiB each; at least one.
    pub(super) fn new(tiles: usize, part: Part) -> Self {
        let capacity = NonZeroUsize::new(tiles).unwrap_or(NonZeroUsize::MIN);
        Self { tiles: Mutex::new(LruCache::new(capacity)), part }
    }

    /// The node `position` on the inner `level` of a tile. `load` reads the tile's hashes; what it reads is
    /// final as far as it goes, so that a tile of the right edge only grows stale by what it lacks.
    pub(super) fn node(
        &self,
        tile_level: u8,
        place: u64,
        level: u8,
        position: u64,
        load: impl FnOnce() -> Result<Vec<Hash>, StoreError>,
    ) -> Result<Hash, StoreError> {
        let key = (tile_level, place);
        if let Some(tile) = self.cached(&key)
            && let Ok(node) = tile.node(level, position)
        {
            return Ok(node);
        }
        let tile = Arc::new(MemoryTree::from_leaf_hashes(load()?));
        let node = tile.node(level, position).map_err(|_| StoreError::Damaged { part: self.part })?;
        self.tiles.lock().expect("invariant: no holder of this lock panics").put(key, tile);
        Ok(node)
    }

    /// The hash at a place of a tile, if the tile is here and has it.
    pub(super) fn hash(&self, tile_level: u8, place: u64, position: u64) -> Option<Hash> {
        self.cached(&(tile_level, place))?.node(0, position).ok()
    }

    fn cached(&self, key: &(u8, u64)) -> Option<Tile<H>> {
        self.tiles.lock().expect("invariant: no holder of this lock panics").get(key).cloned()
    }
}
