//! Comparing the whole tiles of a tree with the leaf hashes that the blocks give, on all cores. The tiles at the right
//! edge were checked against the root.

use std::marker::PhantomData;

use rayon::prelude::*;
use sanad_core::merkle::{Hash, root_of};

use super::AuditFault;
use crate::error::ExportError;
use crate::folder::Folder;
use crate::layout::BUNDLE_RECORDS;
use crate::tiles::TileTree;

/// A tree whose leaves come one after the other.
pub(super) struct TileCheck<'a, H> {
    folder: &'a Folder,
    levels: Vec<Level>,
    fault: Option<AuditFault>,
    tree: PhantomData<fn() -> H>,
}

/// Hashes of a level that were not compared yet.
#[derive(Default)]
struct Level {
    /// Tiles that were.
    compared: u64,
    hashes: Vec<Hash>,
}

impl<'a, H: TileTree> TileCheck<'a, H> {
    pub(super) fn new(folder: &'a Folder) -> Self {
        Self { folder, levels: vec![Level::default()], fault: None, tree: PhantomData }
    }

    /// Adds leaf hashes.
    pub(super) fn extend(&mut self, leaf_hashes: &[Hash]) {
        self.levels[0].hashes.extend_from_slice(leaf_hashes);
    }

    /// Compares the tiles that are whole by now.
    ///
    /// # Errors
    /// I/O; a tile that is missing or wrong is in [`Self::into_fault`].
    pub(super) fn compare(&mut self) -> Result<(), ExportError> {
        for number in 0.. {
            let Some(level) = self.levels.get_mut(number) else { break };
            let first = level.compared;
            let (tiles, _) = level.hashes.as_chunks::<{ BUNDLE_RECORDS as usize }>();
            let (folder, whole) = (self.folder, tiles.len());
            let compare = |(place, tile): (usize, &[Hash; BUNDLE_RECORDS as usize])| {
                let path = H::series(number as u8).path(first + place as u64, BUNDLE_RECORDS);
                let expected = tile.as_flattened();
                let fault = match folder.read(&path, expected.len() as u64) {
                    Ok(stored) if stored == expected => None,
                    Ok(_) => Some(AuditFault::Tile { path: folder.path(&path) }),
                    Err(error) if error.is_damage() => Some(AuditFault::File(error)),
                    Err(error) => return Err(error),
                };
                Ok((root_of::<H>(tile), fault))
            };
            let compared = tiles.par_iter().enumerate().map(compare);
            let compared = compared.collect::<Result<Vec<_>, ExportError>>()?;
            level.hashes.drain(..whole * BUNDLE_RECORDS as usize);
            level.compared += whole as u64;
            if whole > 0 && self.levels.len() == number + 1 {
                self.levels.push(Level::default());
            }
            for (root, fault) in compared {
                self.fault = self.fault.take().or(fault);
                self.levels[number + 1].hashes.push(root);
            }
        }
        Ok(())
    }

    /// The first tile that is missing or wrong.
    pub(super) fn into_fault(self) -> Option<AuditFault> {
        self.fault
    }
}
