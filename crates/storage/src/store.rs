//! The store: making, opening, appending, closing.

use std::path::Path;
use std::sync::Arc;

use sanad_core::block::Block;
use sanad_core::execution::Execution;
use sanad_core::genesis::Genesis;
use sanad_core::ids::Height;
use sanad_core::state::State;
use sanad_core::validators::CommitCertificate;

use crate::append::Durable;
use crate::background::Background;
use crate::closed::Closed;
use crate::error::{OpenError, StoreError};
use crate::open;
use crate::options::Options;
use crate::shared::Shared;
use crate::undecided::UndecidedRecord;

/// A chain's log on disk, with what is derived from it. One appends, any number read.
///
/// The segments are the truth. Everything else (columns, indexes, checkpoint) is derived from them and can be rebuilt
/// with [`Store::rebuild`](crate::Store::rebuild).
#[derive(Debug)]
pub struct Store {
    pub(crate) shared: Arc<Shared>,
    pub(crate) background: Background,
}

impl Store {
    /// Makes a store for a chain in a new or empty directory.
    ///
    /// # Errors
    /// [`OpenError::NotEmpty`], [`OpenError::Locked`], [`OpenError::Genesis`], I/O.
    pub fn create(directory: &Path, genesis: &Genesis, options: Options) -> Result<(Self, State), OpenError> {
        open::create(directory, genesis, options)
    }

    /// Opens a store; also returns the state after its last block. The blocks after the last checkpoint are executed
    /// again.
    ///
    /// # Errors
    /// [`OpenError`]; with [`StoreError::Damaged`], [`Store::rebuild`](crate::Store::rebuild) helps.
    pub fn open(directory: &Path, genesis: &Genesis, options: Options) -> Result<(Self, State), OpenError> {
        open::open(directory, genesis, options)
    }

    /// As [`Self::open`], where a damaged block stands in the way: the store as of its last checkpoint, for [`Self::repair`]
    /// alone. Nothing may be appended to it.
    ///
    /// # Errors
    /// [`OpenError`]; with [`StoreError::Corrupt`], the block is one of those that no opening does without: the last, those that
    /// announced validators, or one after the checkpoint.
    pub fn open_to_repair(
        directory: &Path,
        genesis: &Genesis,
        options: Options,
    ) -> Result<(Self, State), OpenError> {
        open::open_to_repair(directory, genesis, options)
    }

    /// Appends the block that follows the head, durably: when this returns, the block survives a loss of
    /// power. Requires `execution` to be that of `block` on the state at the head; the certificate is not
    /// verified here.
    ///
    /// # Errors
    /// [`StoreError::NotNext`], [`StoreError::NotOnHead`], [`StoreError::Mismatch`],
    /// [`StoreError::OtherBatches`] and [`StoreError::TooLong`] change nothing. After any other error the store
    /// is [poisoned](StoreError::Poisoned): stop, and open it again.
    pub fn append(
        &self,
        block: &Block,
        certificate: &CommitCertificate,
        execution: &Execution,
    ) -> Result<(), StoreError> {
        let due = self.shared.append(block, certificate, execution, Durable::Now)?;
        self.background.wake(due);
        Ok(())
    }

    /// As [`Self::append`], but does not wait for the disk: the block survives the end of this process, but until it is
    /// synced, soon after, not a loss of power. For blocks that others can be asked for again. At most
    /// [`UNSYNCED_BYTES_MAX`](crate::UNSYNCED_BYTES_MAX) wait so; the next [`Self::append`] makes all of them durable.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub fn append_unsynced(
        &self,
        block: &Block,
        certificate: &CommitCertificate,
        execution: &Execution,
    ) -> Result<(), StoreError> {
        let due = self.shared.append(block, certificate, execution, Durable::Soon)?;
        self.background.wake(due);
        Ok(())
    }

    /// Returns when all blocks that were appended are durable.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub fn sync(&self) -> Result<(), StoreError> {
        self.shared.sync_log()
    }

    /// Keeps a payload that is proposed but not decided; durable on return.
    ///
    /// # Errors
    /// [`StoreError::TooLong`] beyond [`UNDECIDED_BYTES_MAX`](crate::UNDECIDED_BYTES_MAX) in all; after any
    /// other error the store is [poisoned](StoreError::Poisoned).
    pub fn keep_undecided(&self, record: &UndecidedRecord) -> Result<(), StoreError> {
        self.keep(record, Durable::Now)
    }

    /// As [`Self::keep_undecided`], but does not wait for the disk: the record survives the end of this process, not a loss
    /// of power.
    ///
    /// # Errors
    /// As [`Self::keep_undecided`].
    pub fn keep_undecided_unsynced(&self, record: &UndecidedRecord) -> Result<(), StoreError> {
        self.keep(record, Durable::Soon)
    }

    fn keep(&self, record: &UndecidedRecord, durable: Durable) -> Result<(), StoreError> {
        self.shared.check_health()?;
        self.shared.undecided.keep(record, durable).inspect_err(|error| {
            if !matches!(error, StoreError::TooLong { .. }) {
                self.shared.poison(error);
            }
        })
    }

    /// The undecided payloads of a height, in the order in which they were kept.
    ///
    /// # Errors
    /// I/O.
    pub fn undecided(&self, height: Height) -> Result<Vec<UndecidedRecord>, StoreError> {
        self.shared.undecided.of(height)
    }

    /// Forgets the undecided payloads up to a height that is decided. Needs no disk.
    pub fn forget_undecided(&self, up_to: Height) {
        self.shared.undecided.forget(up_to);
    }

    /// Makes a checkpoint now, so that opening has nothing to execute. The store also makes checkpoints by itself.
    ///
    /// # Errors
    /// I/O, or [`StoreError::CheckpointsSuspended`]. Blocks can be appended nevertheless: a checkpoint only saves time.
    pub fn checkpoint(&self) -> Result<(), StoreError> {
        self.shared.check_health()?;
        self.shared.checkpoint()
    }

    /// Makes a checkpoint and refuses later writes; reads still work. Dropping a store without closing it loses
    /// nothing, but makes the next opening slower.
    ///
    /// # Errors
    /// As [`Self::checkpoint`].
    pub fn close(&self) -> Result<(), StoreError> {
        self.shared.check_health()?;
        self.shared.close();
        match self.shared.checkpoint() {
            // Nothing is lost, and the next opening takes nothing for granted.
            Err(StoreError::CheckpointsSuspended) => return Ok(()),
            made => made?,
        }
        // The checkpoint made the log durable.
        self.shared.end_unsynced(&mut self.shared.writer())?;
        let place = self.shared.published().place;
        Closed::write(&self.shared.directory.closed(), &self.shared.chain_id, &place)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.shared.issuances.stop();
        self.shared.batch_keys.stop();
        self.background.stop();
    }
}
