//! Hash tiles of the log tree and the history tree: written as they grow, and read so that each leads to a root that
//! validators signed.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sanad_core::hash::HistoryHash;
use sanad_core::ids::LogSize;
use sanad_core::merkle::{self, Frontier, Hash, NodeSource, Rfc6962, TreeHash, root_of};

use crate::bundle::Edge;
use crate::error::ExportError;
use crate::folder::{ContentHash, Folder};
use crate::layout::{BUNDLE_RECORDS, Series, TILE_HEIGHT};
use crate::writing::Writing;

/// Bytes of a hash.
const HASH_BYTES: u64 = 32;
/// Tiles that are kept in memory, 8 KiB each.
const CACHED_TILES: usize = 2048;

/// A tree that an export has tiles of.
pub(crate) trait TileTree: TreeHash {
    /// Its tiles on a level.
    fn series(level: u8) -> Series;
    /// Its name in messages.
    const NAME: &'static str;
    /// The folder that all its tiles are in.
    const FOLDER: &'static str;
}

impl TileTree for Rfc6962 {
    fn series(level: u8) -> Series {
        Series::Log(level)
    }
    const NAME: &'static str = "log";
    const FOLDER: &'static str = "tile";
}

impl TileTree for HistoryHash {
    fn series(level: u8) -> Series {
        Series::History(level)
    }
    const NAME: &'static str = "history";
    const FOLDER: &'static str = "history";
}

/// The right edge of a tree on every tile level.
#[derive(Debug)]
pub(crate) struct TileEdges<H> {
    levels: Vec<Edge>,
    tree: PhantomData<fn() -> H>,
}

impl<H: TileTree> TileEdges<H> {
    /// The edge of a tree without leaves.
    pub(crate) fn new() -> Self {
        Self { levels: Vec::new(), tree: PhantomData }
    }

    /// The edge of a tree that was checked.
    pub(crate) fn of(tiles: &Tiles<H>) -> Self {
        let edge = |(level, hashes): (usize, &Vec<Hash>)| {
            let level = level as u8;
            Edge::new(H::series(level), tiles.size >> (TILE_HEIGHT * level), hashes.concat())
        };
        Self { levels: tiles.edges.iter().enumerate().map(edge).collect(), tree: PhantomData }
    }

    /// Adds a leaf hash, and the subtrees that it completes.
    pub(crate) fn push(&mut self, leaf_hash: &Hash, writing: &mut Writing) -> Result<(), ExportError> {
        let mut hash = *leaf_hash;
        for level in 0.. {
            if self.levels.len() == usize::from(level) {
                self.levels.push(Edge::new(H::series(level), 0, Vec::new()));
            }
            let Some(tile) = self.levels[usize::from(level)].push(&hash, writing)? else { break };
            hash = root_of::<H>(tile.as_chunks().0);
        }
        Ok(())
    }

    /// Writes the incomplete tiles.
    pub(crate) fn write(&self, writing: &mut Writing) -> Result<(), ExportError> {
        self.levels.iter().try_for_each(|edge| edge.write(writing))
    }
}

/// A tree of some size. Each tile is checked when it is read: a whole one against its hash in the tile above it, those at
/// the right edge together against the root.
#[derive(Debug)]
pub(crate) struct Tiles<H> {
    folder: Folder,
    size: u64,
    edges: Vec<Vec<Hash>>,
    cache: Mutex<Cache>,
    tree: PhantomData<fn() -> H>,
}

/// Whole tiles that were checked, by level and place.
type Cache = HashMap<(u8, u64), Arc<Vec<Hash>>>;

impl<H: TileTree> Tiles<H> {
    /// Reads the right edge of a tree and checks it against its root.
    pub(crate) fn open(folder: &Folder, size: u64, root: &Hash) -> Result<Self, ExportError> {
        let mut tiles = Self {
            folder: folder.clone(),
            size,
            edges: Vec::new(),
            cache: Mutex::new(HashMap::new()),
            tree: PhantomData,
        };
        let mut count = size;
        while count > 0 {
            let level = tiles.edges.len() as u8;
            let hashes = tiles.read(level, count / BUNDLE_RECORDS, count % BUNDLE_RECORDS)?;
            tiles.edges.push(hashes);
            count /= BUNDLE_RECORDS;
        }
        // Every hash of the edge is part of a peak, so the root vouches for all of them.
        let actual = merkle::root_at::<H, _>(&tiles, size)?;
        match actual == *root {
            true => Ok(tiles),
            false => Err(ExportError::root(folder.path(H::FOLDER), H::NAME, *root, actual)),
        }
    }

    /// The right edge, to append to.
    pub(crate) fn frontier(&self) -> Result<Frontier<H>, ExportError> {
        let mut peaks = Vec::new();
        let mut start = 0;
        for level in (0..u64::BITS as u8).rev().filter(|level| self.size >> level & 1 == 1) {
            peaks.push(self.node(level, start >> level)?);
            start += 1 << level;
        }
        let misfit = |_| self.folder.malformed(H::FOLDER, "the tree is longer than any can be");
        Frontier::from_peaks(self.size, peaks).map_err(misfit)
    }

    /// The hashes of a tile. Requires a place that has at least one.
    pub(crate) fn tile(&self, level: u8, place: u64) -> Result<Arc<Vec<Hash>>, ExportError> {
        let count = self.size >> (TILE_HEIGHT * level);
        if place == count / BUNDLE_RECORDS {
            return Ok(Arc::new(self.edges[usize::from(level)].clone()));
        }
        let key = (level, place);
        if let Some(tile) = self.cache().get(&key) {
            return Ok(Arc::clone(tile));
        }
        let above = self.tile(level + 1, place / BUNDLE_RECORDS)?;
        let expected = above[(place % BUNDLE_RECORDS) as usize];
        let read = || Ok(self.read(level, place, BUNDLE_RECORDS)?.concat());
        let check = |bytes: &[u8]| {
            let hashes = bytes.as_chunks().0.to_vec();
            let actual = root_of::<H>(&hashes);
            if actual == expected {
                return Ok(hashes);
            }
            let path = self.folder.path(&H::series(level).path(place, BUNDLE_RECORDS));
            Err(ExportError::root(path, H::NAME, expected, actual))
        };
        let tile = Arc::new(self.folder.checked(&ContentHash::new(H::NAME, &expected), read, check)?);
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
        let bundle = self.folder.bundle(H::series(level), place, width)?;
        let expected = bundle.width * HASH_BYTES;
        let bytes = self.folder.read_opened(bundle.file, &bundle.path, expected)?;
        if bytes.len() as u64 != expected {
            return Err(self.folder.malformed(&bundle.path, "the tile has fewer hashes than it must"));
        }
        Ok(bytes.as_chunks().0[..width as usize].to_vec())
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        // A panic while it is held leaves only whole tiles behind.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<H: TileTree> NodeSource for Tiles<H> {
    type Error = ExportError;

    fn node(&self, level: u8, index: u64) -> Result<Hash, ExportError> {
        if level > 63 || index >= self.size >> level {
            let asked = LogSize(index.saturating_add(1).saturating_mul(1 << level.min(63)));
            return Err(ExportError::SizeBeyondLog { asked, size: LogSize(self.size) });
        }
        let (tile_level, inner) = (level / TILE_HEIGHT, level % TILE_HEIGHT);
        // The subtree is whole in one tile.
        let first = index << inner;
        let tile = self.tile(tile_level, first / BUNDLE_RECORDS)?;
        let position = (first % BUNDLE_RECORDS) as usize;
        Ok(root_of::<H>(&tile[position..position + (1 << inner)]))
    }
}
