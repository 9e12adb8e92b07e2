//! From a checkpoint to the end of the log: what follows it is executed again.

use sanad_core::block::Block;
use sanad_core::event::Event;
use sanad_core::execution::{self, Execution, LedgerView};
use sanad_core::ids::{Height, LogIndex, LogSize};
use sanad_core::state::State;
use sanad_core::validators::CommitCertificate;

use crate::checkpoint::Checkpoint;
use crate::error::StoreError;
use crate::fault::Fault;
use crate::frame::Frame;
use crate::segments::{Scanned, Segments};
use crate::shared::sequence_hash;
use crate::store::Store;

/// Where the log ends, as its frames tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogEnd {
    pub(crate) height: Height,
    pub(crate) log_size: LogSize,
    pub(crate) batches: u64,
}

/// Reads every frame after a place, telling of each; cuts a torn tail. Everything before the logical offset
/// `floor` is known to have been durable.
pub(crate) fn find_end(
    segments: &Segments,
    place: &Checkpoint,
    floor: u64,
    mut each: impl FnMut(&Frame),
) -> Result<LogEnd, StoreError> {
    let mut end = LogEnd { height: place.height, log_size: place.log_size, batches: place.batches };
    let mut offset = place.end;
    if segments.end() < offset {
        return Err(StoreError::Corrupt { height: place.height, fault: Fault::Truncated });
    }
    loop {
        let height = end.height.next();
        let frame = match segments.scan(offset, height, floor)? {
            Scanned::Frame(frame) => frame,
            Scanned::End => return Ok(end),
            Scanned::Torn => {
                segments.cut_torn(offset, height)?;
                return Ok(end);
            }
        };
        let corrupt = |fault: Fault| StoreError::Corrupt { height, fault };
        end.height = height;
        end.log_size = frame.header().map_err(corrupt)?.log_size;
        end.batches += frame.batch_count().map_err(corrupt)?;
        offset = frame.place.end();
        each(&frame);
    }
}

/// Reads into the key indexes what they lack up to the checkpoint.
pub(crate) fn fill_indexes(store: &Store) -> Result<(), StoreError> {
    let shared = &store.shared;
    let place = shared.published().place;
    let behind = shared.commitments.end();
    let mut ordinal = match behind < place.log_size.0 {
        true => shared.columns.batch_holding(LogIndex(behind), place.batches)?.0,
        false => place.batches,
    };
    while ordinal < place.batches {
        let record = shared.columns.batch(ordinal)?;
        let signed = shared.signed(&record)?;
        let issued = (record.first_index.0..).zip(&signed.batch().events);
        let keys = issued.filter_map(|(index, event)| match event {
            Event::Issue { commitment } => Some((&commitment.0, index)),
            _ => None,
        });
        shared.commitments.insert(keys, record.first_index.0 + u64::from(record.entries))?;
        ordinal += 1;
    }
    for ordinal in shared.batch_keys.end()..place.batches {
        let record = shared.columns.batch(ordinal)?;
        let (issuer, sequence) = shared.batch_front(&record)?;
        let sequence = sequence_hash(&issuer, sequence);
        shared.batch_keys.insert([(&record.id.0, ordinal), (&sequence, ordinal)], ordinal + 1)?;
    }
    Ok(())
}

/// Executes the blocks from the store's head up to `end` and enters them, telling of each.
pub(crate) fn execute(
    store: &Store,
    state: &mut State,
    end: &LogEnd,
    mut each: impl FnMut(&Frame),
) -> Result<(), StoreError> {
    let shared = &store.shared;
    while state.head().height < end.height {
        let place = shared.published().place;
        let height = state.head().height.next();
        let Scanned::Frame(frame) = shared.segments.scan(place.end, height, shared.segments.end())? else {
            return Err(StoreError::Corrupt { height, fault: Fault::Truncated });
        };
        let (block, certificate, execution) = follow(state, store, &frame)?;
        let due = shared.install(&mut shared.writer(), &block, &certificate, &execution, frame.place)?;
        store.background.wake(due);
        state.advance(&execution);
        each(&frame);
    }
    Ok(())
}

/// Checks that a frame holds the next block: that it follows from the state, and that a quorum signed it.
pub(crate) fn follow<V: LedgerView<Error = StoreError>>(
    state: &State,
    view: &V,
    frame: &Frame,
) -> Result<(Block, CommitCertificate, Execution), StoreError> {
    let height = frame.height;
    let corrupt = |fault: Fault| StoreError::Corrupt { height, fault };
    let block = frame.block().map_err(corrupt)?;
    let certificate = frame.certificate().map_err(corrupt)?;
    let execution = execution::apply(state, view, &block)
        .map_err(|error| Fault::of(error).map_or_else(|error| error, corrupt))?;
    certificate
        .verify(&state.chain_id(), height, &execution.hash, state.validators())
        .map_err(|error| corrupt(Fault::Certificate(error)))?;
    Ok((block, certificate, execution))
}
