//! What opening a store would come to, found without changing anything.

use std::path::Path;

use sanad_chain::Fault;
use sanad_core::genesis::Genesis;
use sanad_core::ids::{Height, LogIndex};

use crate::blocks::Blocks;
use crate::checkpoint::{Checkpoint, Checkpoints};
use crate::closed::Closed;
use crate::columns::Columns;
use crate::directory::StoreDirectory;
use crate::error::{OpenError, Part, StoreError};
use crate::index::run_files;
use crate::segments::{Defect, Inspected, Scanned, Segments};
use crate::store::Store;
use crate::unsynced;

/// What [`Store::open_or_rebuild`] would do.
#[derive(Debug)]
pub enum Condition {
    /// The store opens.
    Sound {
        /// Height of the last block.
        height: Height,
    },
    /// Everything derived from the log is rebuilt from it first.
    Rebuild {
        /// Why: what is missing or damaged.
        reason: OpenError,
    },
    /// A damaged block has to be [put right](Store::repair) first.
    Repair {
        /// Height of the first that is needed.
        height: Height,
    },
}

impl Store {
    /// Looks at what opening needs, without changing anything: that all segments are there, the checkpoint, its block, the batches that
    /// the indexes lack, and each block after the checkpoint. Does not read the other blocks, nor execute any.
    ///
    /// # Errors
    /// Those of [`Self::open_or_rebuild`], where the store would not open.
    pub fn inspect(directory: &Path, genesis: &Genesis) -> Result<Condition, OpenError> {
        let chain_id = genesis.chain_id();
        let directory = StoreDirectory::open_to_read(directory)?;
        let missing = match directory.identity(chain_id) {
            Ok(_) => None,
            Err(reason @ OpenError::NotAStore { .. }) if directory.segments().is_dir() => Some(reason),
            Err(error) => return Err(error),
        };
        let segments = sound_segments(Segments::inspect(&directory.segments(), chain_id)?)?
            .with_unsynced(unsynced::read(&directory.unsynced(), &chain_id)?);
        if let Some(reason) = missing {
            return Ok(Condition::Rebuild { reason });
        }
        if let Some(part) = Self::rebuild_wanted(directory.path())? {
            return Ok(Condition::Rebuild { reason: StoreError::Damaged { part }.into() });
        }
        let damaged = || StoreError::Damaged { part: Part::Checkpoint };
        let checkpoints = directory.checkpoint();
        let loaded = match checkpoints.is_dir() {
            true => Checkpoints::inspect(&checkpoints),
            false => Ok(None),
        };
        let place = match loaded.and_then(|loaded| loaded.ok_or_else(damaged)) {
            Ok(loaded) => loaded.checkpoint,
            Err(reason @ StoreError::Damaged { .. }) => {
                return Ok(Condition::Rebuild { reason: reason.into() });
            }
            Err(error) => return Err(error.into()),
        };
        match check_head(&directory, &segments, &place)
            .and_then(|()| check_unindexed(&directory, &segments, &place))
        {
            Err(reason @ StoreError::Damaged { .. }) => {
                return Ok(Condition::Rebuild { reason: reason.into() });
            }
            Err(StoreError::Corrupt { height, .. }) if height < place.height => {
                return Ok(Condition::Repair { height });
            }
            checked => checked?,
        }
        let floor = place.end.max(Closed::read(&directory.closed(), &chain_id)?.end());
        let (mut height, mut offset) = (place.height, place.end);
        // A torn tail is cut when the store is opened.
        while let Scanned::Frame(frame) = segments.scan(offset, height.next(), floor)? {
            (height, offset) = (frame.height, frame.place.end());
        }
        Ok(Condition::Sound { height })
    }
}

/// The segments, if all are there.
fn sound_segments(inspected: Inspected) -> Result<Segments, StoreError> {
    match inspected {
        Inspected { defect: Some(Defect::Head { path }), .. } => Err(StoreError::CorruptSegment { path }),
        Inspected { defect: Some(Defect::Missing { base }), .. } => Err(StoreError::MissingSegment { base }),
        Inspected { segments, defect: None, .. } => segments.ok_or(StoreError::MissingSegment { base: 0 }),
    }
}

/// Reads the block of the checkpoint.
fn check_head(directory: &StoreDirectory, segments: &Segments, place: &Checkpoint) -> Result<(), StoreError> {
    let height = place.height;
    if segments.end() < place.end {
        return Err(StoreError::Corrupt { height, fault: Fault::Truncated });
    }
    if height == Height::GENESIS {
        return Ok(());
    }
    let damaged = StoreError::Damaged { part: Part::Blocks };
    let Some(columns) = Columns::open_to_read(&directory.columns())? else { return Err(damaged) };
    match columns.block(height)? {
        record if record.frame.end() != place.end => Err(damaged),
        record => segments.frame(&record.frame, height).map(|_| ()),
    }
}

/// Reads the batches that the indexes lack up to the checkpoint, as [`replay::fill_indexes`](crate::replay::fill_indexes) does.
fn check_unindexed(
    directory: &StoreDirectory,
    segments: &Segments,
    end: &Checkpoint,
) -> Result<(), StoreError> {
    let Some(columns) = Columns::open_to_read(&directory.columns())? else { return Ok(()) };
    let entries = run_files::covered(&directory.issuances())?;
    let mut first = run_files::covered(&directory.batch_keys())?;
    if entries < end.log_size.0 {
        first = first.min(columns.batch_holding(LogIndex(entries), end.batches)?.0);
    }
    let blocks = Blocks { segments, columns: &columns, end: *end };
    (first..end.batches).try_for_each(|ordinal| blocks.signed(&columns.batch(ordinal)?).map(|_| ()))
}
