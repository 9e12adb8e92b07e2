//! Rebuilding everything that is derived from the segments.

use std::path::Path;

use sanad_core::genesis::Genesis;
use sanad_core::hash::{BlockHash, ChainId};
use sanad_core::ids::{Height, LogSize};
use sanad_core::state::State;

use crate::checkpoint::{Checkpoint, Checkpoints};
use crate::closed::Closed;
use crate::directory::StoreDirectory;
use crate::error::{OpenError, Part, StoreError, at};
use crate::files;
use crate::frame::Frame;
use crate::open::{self, Opening};
use crate::options::Options;
use crate::replay;
use crate::segments::Segments;
use crate::store::Store;
use crate::unsynced;

/// Progress of a rebuild or an audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The current step.
    pub step: Step,
    /// Height of the last block done.
    pub height: Height,
    /// Bytes of the log done.
    pub bytes: u64,
    /// Bytes of the log in all.
    pub bytes_total: u64,
}

/// A step of a rebuild or an audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Reading all frames and checking them against their checksums.
    Read,
    /// Executing all blocks.
    Execute,
}

impl Store {
    /// As [`Store::open`], for a node that starts: where `store.json`, or anything else that is derived from the segments, is
    /// missing or cannot be read, or where [`Self::want_rebuild`] was called, it is rebuilt, with a warning in the log. A damaged
    /// segment is still an error.
    ///
    /// # Errors
    /// As [`Store::open`], but neither [`StoreError::Damaged`] nor, where there are segments, [`OpenError::NotAStore`].
    pub fn open_or_rebuild(
        directory: &Path,
        genesis: &Genesis,
        options: Options,
        progress: impl FnMut(Progress) + Send,
    ) -> Result<(Self, State), OpenError> {
        let reason = match Self::rebuild_wanted(directory)? {
            Some(part) => StoreError::Damaged { part }.into(),
            None => match Self::open(directory, genesis, options) {
                Err(error) if is_derived(&error, directory) => error,
                opened => return opened,
            },
        };
        tracing::warn!(
            %reason,
            "what is derived from the log is damaged; rebuilding it by executing every block; check the disk"
        );
        Self::rebuild(directory, genesis, options, progress)
    }

    /// Makes the next [`Self::open_or_rebuild`] rebuild what is derived from the log, because a part of it is damaged.
    ///
    /// # Errors
    /// I/O.
    pub fn want_rebuild(&self, part: Part) -> Result<(), StoreError> {
        files::write_whole(&self.shared.directory.rebuild_wanted(), part.as_str().as_bytes())
    }

    /// Which part of a store was found damaged while it was open, if [`Self::want_rebuild`] was called since it was rebuilt last.
    ///
    /// # Errors
    /// I/O.
    pub fn rebuild_wanted(directory: &Path) -> Result<Option<Part>, StoreError> {
        let wanted = StoreDirectory::rebuild_wanted_in(directory);
        let text = match files::read_small(&wanted, WISH_BYTES_MAX) {
            Err(StoreError::TooLong { .. }) => Some(Vec::new()),
            text => text?,
        };
        // Whatever the file says, there is a wish.
        let part = |text: Vec<u8>| Part::ALL.into_iter().find(|part| part.as_str().as_bytes() == text);
        Ok(text.map(|text| part(text).unwrap_or(Part::Checkpoint)))
    }

    /// Removes columns, indexes and checkpoint and rebuilds them: executes every block from the genesis on and verifies
    /// every certificate. Reads all segments first, and changes nothing if one is damaged.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn rebuild(
        directory: &Path,
        genesis: &Genesis,
        options: Options,
        mut progress: impl FnMut(Progress) + Send,
    ) -> Result<(Self, State), OpenError> {
        let chain_id = genesis.chain_id();
        let directory = StoreDirectory::open(directory)?;
        let identity = match directory.identity(chain_id) {
            Err(OpenError::NotAStore { .. }) => None,
            identity => Some(identity?),
        };
        let segments = Segments::open(&directory.segments(), chain_id, options.segment_bytes)?
            .with_unsynced(unsynced::read(&directory.unsynced(), &chain_id)?);
        let bytes_total = segments.end();
        let mut tell = |step: Step, frame: &Frame| {
            let (height, bytes) = (frame.height, frame.place.end());
            progress(Progress { step, height, bytes, bytes_total });
        };
        let floor = known_durable(&directory, &chain_id, &options)?;
        replay::find_end(&segments, &origin(genesis), floor, |frame| tell(Step::Read, frame))?;
        // The checkpoint goes first: without it the rest does not count as a store.
        files::remove_all(&directory.checkpoint())?;
        for derived in [
            directory.columns(),
            directory.tiles(),
            directory.history(),
            directory.register(),
            directory.issuances(),
            directory.batch_keys(),
        ] {
            files::remove_all(&derived)?;
        }
        let identity = identity.map_or_else(|| directory.write_identity(chain_id), Ok)?;
        let loaded = open::begin(&directory, genesis, &options)?;
        let opening = Opening { directory, identity, chain_id, options, segments };
        let (store, state) = opening.finish_with(genesis, loaded, |frame| tell(Step::Execute, frame))?;
        store.checkpoint()?;
        files::remove_all(&store.shared.directory.rebuild_wanted())?;
        Ok((store, state))
    }
}

impl Store {
    /// Removes what is left in a directory where the making of a store was cut off: without a `store.json`, and without a block. Returns
    /// whether there was nothing else.
    ///
    /// # Errors
    /// [`OpenError::Locked`], I/O.
    pub fn remove_unfinished(directory: &Path) -> Result<bool, OpenError> {
        if !directory.is_dir() {
            return Ok(false);
        }
        let locked = StoreDirectory::open(directory)?;
        if locked.identity_path().exists() || Segments::hold_blocks(&locked.segments())? {
            return Ok(false);
        }
        for part in [
            locked.segments(),
            locked.checkpoint(),
            locked.closed(),
            locked.unsynced(),
            locked.undecided(),
            locked.rebuild_wanted(),
            locked.columns(),
            locked.tiles(),
            locked.history(),
            locked.register(),
            locked.issuances(),
            locked.batch_keys(),
        ] {
            files::remove_all(&part)?;
        }
        for left in ["index", "store.json.new", "LOCK"] {
            files::remove_all(&directory.join(left))?;
        }
        Ok(std::fs::read_dir(directory).map_err(at(directory))?.next().is_none())
    }
}

/// Whether an error is of something that the segments can replace.
fn is_derived(error: &OpenError, directory: &Path) -> bool {
    match error {
        OpenError::Store(StoreError::Damaged { .. }) => true,
        OpenError::NotAStore { .. } => directory.join("segments").is_dir(),
        _ => false,
    }
}

/// The logical offset up to which a clean stop or the old checkpoint, if it can still be read, vouches for the
/// log: what is damaged before it was not torn.
fn known_durable(
    directory: &StoreDirectory,
    chain_id: &ChainId,
    options: &Options,
) -> Result<u64, StoreError> {
    let closed = Closed::read(&directory.closed(), chain_id)?.end();
    let path = directory.checkpoint();
    if !path.is_dir() {
        return Ok(closed);
    }
    let loaded =
        Checkpoints::open(&path, options.sled_cache_bytes).and_then(|checkpoints| checkpoints.load());
    Ok(loaded.ok().flatten().map_or(0, |loaded| loaded.checkpoint.end).max(closed))
}

/// The place before the first block.
pub(crate) fn origin(genesis: &Genesis) -> Checkpoint {
    Checkpoint {
        height: Height::GENESIS,
        hash: BlockHash(genesis.chain_id().0),
        log_size: LogSize(0),
        batches: 0,
        end: 0,
    }
}

/// Longest name of a part, in bytes.
const WISH_BYTES_MAX: u64 = 64;
