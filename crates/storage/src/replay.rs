//! From a checkpoint to the end of the log: what follows it is executed again.

use sanad_chain::{Decoded, Fault, Known, Prepared, check_block, prepare};
use sanad_core::commitment::IssuanceKey;
use sanad_core::event::Event;
use sanad_core::ids::{Height, LogIndex, LogSize};
use sanad_core::state::State;

use crate::checkpoint::Checkpoint;
use crate::error::StoreError;
use crate::frame::Frame;
use crate::segments::{RawFrame, Scanned, Segments};
use crate::shared::sequence_hash;
use crate::store::Store;

/// Where the log ends, according to its frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogEnd {
    pub(crate) height: Height,
    pub(crate) log_size: LogSize,
    pub(crate) batches: u64,
}

/// Reads every frame after a place, calls `each` with it, and cuts a torn tail. Everything before the logical offset
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

/// Adds to the key indexes what they lack up to the checkpoint.
pub(crate) fn fill_indexes(store: &Store) -> Result<(), StoreError> {
    let shared = &store.shared;
    let place = shared.published().place;
    let behind = shared.issuances.end();
    let mut ordinal = match behind < place.log_size.0 {
        true => shared.columns.batch_holding(LogIndex(behind), place.batches)?.0,
        false => place.batches,
    };
    while ordinal < place.batches {
        let record = shared.columns.batch(ordinal)?;
        let signed = shared.blocks().signed(&record)?;
        let batch = signed.batch();
        let issued = (record.first_index.0..).zip(&batch.events);
        let keys = issued.filter_map(|(index, event)| match event {
            Event::Issue { commitment } => Some((IssuanceKey::new(&batch.issuer, commitment), index)),
            _ => None,
        });
        let keys: Vec<_> = keys.collect();
        let keys = keys.iter().map(|(key, index)| (&key.0, *index));
        shared.issuances.insert(keys, record.first_index.0 + u64::from(record.entries))?;
        ordinal += 1;
    }
    for ordinal in shared.batch_keys.end()..place.batches {
        let record = shared.columns.batch(ordinal)?;
        let front = shared.batch_front(&record)?;
        let sequence = sequence_hash(&front.issuer, front.chain, front.sequence);
        shared.batch_keys.insert([(&record.id.0, ordinal), (&sequence, ordinal)], ordinal + 1)?;
    }
    Ok(())
}

/// Executes the blocks from the store's head up to `end`, installs them, and calls `each` with them. While some are
/// executed, the next are decoded and their signatures checked on the other cores.
pub(crate) fn execute(
    store: &Store,
    state: &mut State,
    end: &LogEnd,
    mut each: impl FnMut(&Frame) + Send,
) -> Result<(), StoreError> {
    let segments = &store.shared.segments;
    let (mut offset, mut height) = (store.shared.published().place.end, state.head().height.next());
    let mut window = || -> Result<Vec<RawFrame>, StoreError> {
        let frames = segments.window(offset, height, u64::MAX)?;
        if let Some(RawFrame { frame, .. }) = frames.last() {
            (offset, height) = (frame.place.end(), frame.height.next());
        }
        Ok(frames)
    };
    let mut ready = prepare(window()?, RawFrame::decode, &Known::at(state));
    while !ready.is_empty() {
        let known = Known::at(state);
        let read = || window().map(|frames| prepare(frames, RawFrame::decode, &known));
        let (next, entered) = rayon::join(read, || enter(store, state, ready, &mut each));
        entered?;
        ready = next?;
    }
    match state.head().height == end.height {
        true => Ok(()),
        false => Err(StoreError::Corrupt { height: state.head().height.next(), fault: Fault::Truncated }),
    }
}

fn enter(
    store: &Store,
    state: &mut State,
    window: Vec<Prepared<RawFrame>>,
    each: &mut impl FnMut(&Frame),
) -> Result<(), StoreError> {
    let shared = &store.shared;
    for Prepared { raw, decoded } in window {
        let frame = raw.frame;
        let corrupt = |fault: Fault| StoreError::Corrupt { height: frame.height, fault };
        let Decoded { block, certificate, certified_by } = decoded.map_err(corrupt)?;
        let execution =
            check_block(state, store, &block, &certificate, certified_by.as_ref())?.map_err(corrupt)?;
        let due = shared.install(&mut shared.writer(), &block, &certificate, &execution, frame.place)?;
        store.background.wake(due);
        state.advance(&execution);
        each(&frame);
    }
    Ok(())
}
