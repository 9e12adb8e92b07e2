//! The state as of a checkpoint, checked against the header of its block.

use sanad_core::genesis::Genesis;
use sanad_core::ids::{Height, LogSize};
use sanad_core::merkle::{Frontier, Hash};
use sanad_core::state::{Head, State, StateParts};
use sanad_core::status::StatusTree;

use crate::checkpoint::{Checkpoint, Loaded};
use crate::columns::Columns;
use crate::error::{OpenError, Part, StoreError};
use crate::fault::Fault;
use crate::segments::Segments;
use crate::shared::StoredHead;
use crate::tiles::Tiles;

/// The block of the checkpoint, read whole from the segments; none at the genesis.
pub(crate) fn head(
    segments: &Segments,
    columns: &Columns,
    place: &Checkpoint,
) -> Result<Option<StoredHead>, StoreError> {
    let height = place.height;
    if height == Height::GENESIS {
        return Ok(None);
    }
    let corrupt = |fault: Fault| StoreError::Corrupt { height, fault };
    let record = columns.block(height)?;
    if record.frame.end() != place.end {
        return Err(StoreError::Damaged { part: Part::Blocks });
    }
    let frame = segments.frame(&record.frame, height)?;
    let header = frame.header().map_err(corrupt)?;
    if header.hash() != place.hash || header.log_size != place.log_size {
        return Err(StoreError::Damaged { part: Part::Checkpoint });
    }
    Ok(Some(StoredHead { certificate: frame.certificate().map_err(corrupt)?, header }))
}

/// The state, with every root as the header states it.
pub(crate) fn state(
    genesis: &Genesis,
    loaded: &Loaded,
    tiles: &Tiles,
    head: Option<&StoredHead>,
) -> Result<State, OpenError> {
    let Some(StoredHead { header, .. }) = head else { return Ok(State::genesis(genesis)?) };
    let damaged = |part: Part| StoreError::Damaged { part };
    let peaks = peaks(tiles, header.log_size)?;
    let parts = StateParts {
        head: Head { height: header.height, hash: loaded.checkpoint.hash, time_ms: header.time_ms },
        log: Frontier::from_peaks(header.log_size.0, peaks).map_err(|_| damaged(Part::Tiles))?,
        status: StatusTree::from_leaves(loaded.leaves.iter().copied()),
        records: loaded.records.clone(),
    };
    let state = State::from_parts(genesis, parts).map_err(|_| damaged(Part::Checkpoint))?;
    if state.log_root() != header.log_root {
        return Err(damaged(Part::Tiles).into());
    }
    let rest = state.status().root(header.log_size) == header.status_root
        && state.registry().root() == header.registry_root
        && state.validators().hash() == header.next_validators_hash;
    if rest { Ok(state) } else { Err(damaged(Part::Checkpoint).into()) }
}

/// The right edge of the log tree: one complete subtree for each bit of the size, the largest first.
fn peaks(tiles: &Tiles, size: LogSize) -> Result<Vec<Hash>, StoreError> {
    let levels = (0..u64::BITS as u8).rev().filter(|level| size.0 >> level & 1 == 1);
    levels.map(|level| tiles.node(level, (size.0 >> level) - 1, size)).collect()
}
