//! What came before a block: the history tree, and the hash over it in each header.

use sanad_chain::Fault;
use sanad_core::block::{Block, Past, batches_root};
use sanad_core::genesis::BLOCK_BYTES_LIMIT;
use sanad_core::hash::{BlockHash, HistoryHash, Root};
use sanad_core::ids::Height;
use sanad_core::merkle::root_at;

use crate::error::{Part, StoreError};
use crate::store::Store;
use crate::tiles::{HistoryTree, TileTree, Tiles};

impl Store {
    /// The history tree over all headers up to the head; leaf `i` is that of height `i + 1`.
    ///
    /// The tree that the header at `height` names is the one of its first `height - 1` leaves. What a trust file lists
    /// of it comes from [`seals_and_remainder`](sanad_core::history::seals_and_remainder).
    pub fn history_tree(&self) -> HistoryTree<'_> {
        TileTree { tiles: &self.shared.history_tiles, size: self.height().0 }
    }

    /// The hash of a block; `None` at heights without one.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], I/O.
    pub fn block_hash(&self, height: Height) -> Result<Option<BlockHash>, StoreError> {
        Ok(self.header(height)?.map(|header| header.hash()))
    }

    /// What the `past` of the header at a height is the hash of; `None` at heights without a block.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the history tree is not the one that the header names; [`StoreError::Corrupt`], I/O.
    pub fn past(&self, height: Height) -> Result<Option<Past>, StoreError> {
        let Some(frame) = self.shared.blocks().frame(height)? else { return Ok(None) };
        let block = Block::decode(frame.payload(), BLOCK_BYTES_LIMIT as usize).map_err(|source| {
            StoreError::Corrupt { height, fault: Fault::Encoding { part: "block", source } }
        })?;
        let genesis = BlockHash(self.shared.chain_id.0);
        let previous = self.block_hash(Height(height.0 - 1))?.unwrap_or(genesis);
        let past = past(&self.shared.history_tiles, height, previous, batches_root(&block.batches))?;
        match past.hash() == block.header.past {
            true => Ok(Some(past)),
            false => Err(StoreError::Damaged { part: Part::History }),
        }
    }
}

/// What the header at a height from 1 on names, as far as the tree was written.
pub(crate) fn past(
    history: &Tiles<HistoryHash>,
    height: Height,
    previous: BlockHash,
    batches_root: Root,
) -> Result<Past, StoreError> {
    let size = height.0 - 1;
    let history_root = Root(root_at::<HistoryHash, _>(&TileTree { tiles: history, size }, size)?);
    Ok(Past { previous, history_root, batches_root })
}
