//! Hash tiles of the log tree: written as it grows, and read so that each leads to the signed root.

use std::collections::HashMap;
use std::io::Read as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sanad_core::ids::LogSize;
use sanad_core::merkle::{self, Frontier, Hash, NodeSource, Rfc6962, root_of};

use crate::bundle::{Edge, width_at};
use crate::error::ExportError;
use crate::folder::{Folder, Writing};
use crate::layout::{BUNDLE_RECORDS, Series};

/// Bytes of a hash.
const HASH_BYTES: u64 = 32;
/// Tree levels that a tile spans.
const TILE_HEIGHT: u8 = 8;
/// Tiles that are kept in memory, 8 KiB each.
const CACHED_TILES: usize = 2048;

/// The right edge of the tree on every tile level.
#[derive(Debug, Default)]
pub(crate) struct TileEdges(Vec<Edge>);

impl TileEdges {
    /// The edge of a tree that was checked.
    pub(crate) fn of(tiles: &Tiles) -> Self {
        let edge = |(level, hashes): (usize, &Vec<Hash>)| {
            let level = level as u8;
            let count = tiles.size.0 >> (TILE_HEIGHT * level);
            Edge::new(Series::Hashes(level), count, hashes.concat())
        };
        Self(tiles.edges.iter().enumerate().map(edge).collect())
    }

    /// Adds a leaf hash, and the subtrees that it completes.
    pub(crate) fn push(&mut self, leaf_hash: &Hash, writing: &mut Writing) -> Result<(), ExportError> {
        let mut hash = *leaf_hash;
        for level in 0.. {
            if self.0.len() == usize::from(level) {
                self.0.push(Edge::new(Series::Hashes(level), 0, Vec::new()));
            }
            let Some(tile) = self.0[usize::from(level)].push(&hash, writing)? else { break };
            hash = root_of::<Rfc6962>(tile.as_chunks().0);
        }
        Ok(())
    }

    /// Writes the incomplete tiles.
    pub(crate) fn write(&self, writing: &mut Writing) -> Result<(), ExportError> {
        self.0.iter().try_for_each(|edge| edge.write(writing))
    }
}

/// The tree of a log of some size. Each tile is checked when it is read: a whole one against its hash in the tile
/// above it, those at the right edge together against the root.
#[derive(Debug)]
pub(crate) struct Tiles {
    folder: Folder,
    size: LogSize,
    edges: Vec<Vec<Hash>>,
    cache: Mutex<Cache>,
}

/// Whole tiles that were checked, by level and place.
type Cache = HashMap<(u8, u64), Arc<Vec<Hash>>>;

impl Tiles {
    /// Reads the right edge of a tree and checks it against its root.
    pub(crate) fn open(folder: &Folder, size: LogSize, root: &Hash) -> Result<Self, ExportError> {
        let mut tiles =
            Self { folder: folder.clone(), size, edges: Vec::new(), cache: Mutex::new(HashMap::new()) };
        let mut count = size.0;
        while count > 0 {
            let level = tiles.edges.len() as u8;
            let hashes = tiles.read(level, count / BUNDLE_RECORDS, count % BUNDLE_RECORDS)?;
            tiles.edges.push(hashes);
            count /= BUNDLE_RECORDS;
        }
        // Every hash of the edge is part of a peak, so that the root vouches for all of them.
        let actual = merkle::root_at::<Rfc6962, _>(&tiles, size.0)?;
        match actual == *root {
            true => Ok(tiles),
            false => Err(ExportError::root(folder.path("tile"), "log", *root, actual)),
        }
    }

    /// The right edge, to append to.
    pub(crate) fn frontier(&self) -> Result<Frontier<Rfc6962>, ExportError> {
        let mut peaks = Vec::new();
        let mut start = 0;
        for level in (0..u64::BITS as u8).rev().filter(|level| self.size.0 >> level & 1 == 1) {
            peaks.push(self.node(level, start >> level)?);
            start += 1 << level;
        }
        let misfit = |_| self.folder.malformed("tile", "the log is longer than any can be");
        Frontier::from_peaks(self.size.0, peaks).map_err(misfit)
    }

    /// The hashes of a tile, of which there is one at least.
    pub(crate) fn tile(&self, level: u8, place: u64) -> Result<Arc<Vec<Hash>>, ExportError> {
        let count = self.size.0 >> (TILE_HEIGHT * level);
        if place == count / BUNDLE_RECORDS {
            return Ok(Arc::new(self.edges[usize::from(level)].clone()));
        }
        let key = (level, place);
        if let Some(tile) = self.cache().get(&key) {
            return Ok(Arc::clone(tile));
        }
        let above = self.tile(level + 1, place / BUNDLE_RECORDS)?;
        let expected = above[(place % BUNDLE_RECORDS) as usize];
        let hashes = self.read(level, place, BUNDLE_RECORDS)?;
        let actual = root_of::<Rfc6962>(&hashes);
        if actual != expected {
            let path = self.folder.path(&Series::Hashes(level).path(place, BUNDLE_RECORDS));
            return Err(ExportError::root(path, "log", expected, actual));
        }
        let tile = Arc::new(hashes);
        let mut cache = self.cache();
        if cache.len() >= CACHED_TILES {
            cache.clear();
        }
        cache.insert(key, Arc::clone(&tile));
        Ok(tile)
    }

    fn read(&self, level: u8, place: u64, width: u64) -> Result<Vec<Hash>, ExportError> {
        if width == 0 {
            return Ok(Vec::new());
        }
        let (file, path) = self.folder.bundle(Series::Hashes(level), place, width)?;
        let mut bytes = Vec::new();
        file.take(width * HASH_BYTES).read_to_end(&mut bytes).map_err(self.folder.io(&path))?;
        match bytes.len() as u64 == width * HASH_BYTES {
            true => Ok(bytes.as_chunks().0.to_vec()),
            false => Err(self.folder.malformed(&path, "the tile has fewer hashes than it must")),
        }
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        // A panic while it is held leaves whole tiles behind.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl NodeSource for Tiles {
    type Error = ExportError;

    fn node(&self, level: u8, index: u64) -> Result<Hash, ExportError> {
        if level > 63 || index >= self.size.0 >> level {
            let asked = LogSize(index.saturating_add(1).saturating_mul(1 << level.min(63)));
            return Err(ExportError::SizeBeyondLog { asked, size: self.size });
        }
        let (tile_level, inner) = (level / TILE_HEIGHT, level % TILE_HEIGHT);
        // The subtree stands whole in one tile.
        let first = index << inner;
        let tile = self.tile(tile_level, first / BUNDLE_RECORDS)?;
        let position = (first % BUNDLE_RECORDS) as usize;
        Ok(root_of::<Rfc6962>(&tile[position..position + (1 << inner)]))
    }
}

/// Hashes of the tile of leaf hashes at a place.
pub(crate) fn leaves_at(place: u64, size: LogSize) -> u64 {
    width_at(place, size.0)
}
