//! Damaged blocks: which they are, and how they are put right from a peer's copy.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use sanad_core::ids::Height;
use sanad_storage::{Part, RepairError, StoreError};

use super::Ledger;
use crate::gossip::BlockCopy;

/// What is known of damage to blocks on this node's disk.
#[derive(Debug, Default)]
pub(super) struct Damage {
    damaged: Mutex<BTreeSet<Height>>,
    /// Whether something derived from the log is damaged.
    derived: AtomicBool,
    repaired: AtomicU64,
}

impl Damage {
    fn damaged(&self) -> MutexGuard<'_, BTreeSet<Height>> {
        self.damaged.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ledger {
    /// Heights of damaged blocks that are not put right yet, lowest first; at most [`DAMAGED_MAX`].
    pub fn damaged_blocks(&self) -> Vec<Height> {
        self.damage.damaged().iter().copied().collect()
    }

    /// Blocks that were put right since the node started.
    pub fn repaired_blocks(&self) -> u64 {
        self.damage.repaired.load(Ordering::Relaxed)
    }

    /// Whether a part that is derived from the log was found damaged.
    pub fn rebuild_is_wanted(&self) -> bool {
        self.damage.derived.load(Ordering::Relaxed)
    }

    /// Takes note if a read failed because a block is damaged, or something that is derived from the blocks.
    pub fn note_damage(&self, error: &StoreError) {
        if let StoreError::Damaged { part } = error {
            return self.note_derived(*part);
        }
        let StoreError::Corrupt { height, fault } = error else { return };
        let mut damaged = self.damage.damaged();
        if damaged.len() >= DAMAGED_MAX || !damaged.insert(*height) {
            return;
        }
        drop(damaged);
        let path = self.store.segment_path(*height);
        let path = path.as_deref().unwrap_or(self.store.directory()).display();
        tracing::error!(%height, %path, %fault, "a block is damaged on this disk; it is fetched again from peers");
    }

    fn note_derived(&self, part: Part) {
        if self.damage.derived.swap(true, Ordering::Relaxed) {
            return;
        }
        tracing::error!(
            %part,
            "what is derived from the log is damaged; it is rebuilt from the log when the node is started again: restart it, and look at the disk"
        );
        if let Err(error) = self.store.want_rebuild(part) {
            tracing::error!(%error, "that cannot be noted on the disk: run `sanad audit --rebuild` on the stopped node");
        }
    }

    /// Reads blocks from a height on to see whether they are whole, until so many bytes are read; takes note of damage.
    /// Returns the height to go on from.
    pub fn look_for_damage(&self, mut height: Height, bytes: u64) -> Height {
        let mut read = 0;
        while read < bytes {
            if height > self.height() {
                return Height(1);
            }
            match self.store.block(height) {
                Ok(block) => read += block.map_or(0, |(_, payload)| payload.len() as u64) + BLOCK_COST_BYTES,
                Err(error) => {
                    self.note_damage(&error);
                    read += BLOCK_COST_BYTES;
                }
            }
            height = height.next();
        }
        height
    }

    /// Puts a peer's copy in the place of a damaged block, once it is checked.
    ///
    /// # Errors
    /// [`RepairError`]: the copy is not the block, or the disk failed.
    pub fn repair(&self, height: Height, copy: &BlockCopy) -> Result<(), RepairError> {
        self.store.repair(height, &copy.certificate, &copy.payload)?;
        self.damage.damaged().remove(&height);
        self.damage.repaired.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// Damaged blocks that are remembered. The others show when the first are put right.
const DAMAGED_MAX: usize = 4096;
/// What reading a block costs beside its payload, in bytes.
const BLOCK_COST_BYTES: u64 = 4 << 10;
