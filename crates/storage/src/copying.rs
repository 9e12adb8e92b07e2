//! Copying the log of a store, also while a node appends to it.
//!
//! A copy has the segments alone: what is derived from them is made again where the copy is used. Only whole frames that
//! match their checksums are copied, so a block that is being written is left for the next time. No lock is taken:
//! segments only grow, and a torn tail, which a node may cut, is never a whole frame.

use std::path::Path;

use rayon::prelude::*;
use sanad_core::hash::{BlockHash, ChainId};
use sanad_core::ids::Height;
use serde::{Deserialize, Serialize};

use crate::error::{OpenError, StoreError};
use crate::files;
use crate::frame::Frame;
use crate::segments::{Defect, RawFrame, Scanned, SegmentCopy, Segments, cut_directory};

/// The end of a block in the log of one store. Another node's log has the same blocks at other places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogPlace {
    /// The block.
    pub height: Height,
    /// Hash of the block's header.
    pub block: BlockHash,
    /// Logical offset of its frame.
    pub frame: u64,
    /// Logical offset after its frame.
    pub end: u64,
}

/// Why a log is not copied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// The log cannot be read, or the copy not written.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The log does not continue the copy.
    #[error("the block of height {height}, the last of the copy, is not in this log, or is damaged there")]
    OtherLog {
        /// The last block of the copy.
        height: Height,
    },
    /// The copy has lost what it had.
    #[error("the copy is damaged at its last block, of height {height}")]
    DamagedCopy {
        /// The last block of the copy.
        height: Height,
    },
}

impl From<StoreError> for CopyError {
    fn from(error: StoreError) -> Self {
        Self::Open(error.into())
    }
}

/// Copies to the store directory `to` what the log in `from` has after `copied`, up to the last whole block or `through`;
/// durable on return. Returns the last block of the copy; `None` if the log has no block. What the copy has beyond
/// `copied`, of a run that was cut off, is cut first.
///
/// # Errors
/// [`CopyError`]; `copied` is still what the copy has at least.
pub fn copy_log(
    from: &Path,
    to: &Path,
    chain_id: ChainId,
    copied: Option<LogPlace>,
    through: Option<LogPlace>,
) -> Result<Option<LogPlace>, CopyError> {
    let source = open(from, chain_id)?;
    let directory = to.join("segments");
    files::make_directory(&directory)?;
    if let Some(place) = &copied {
        let lost = CopyError::DamagedCopy { height: place.height };
        let Ok(copy) = open(to, chain_id) else { return Err(lost) };
        let Some(frame) = frame_at(&copy, place)? else { return Err(lost) };
        if frame_at(&source, place)?.as_ref() != Some(&frame) {
            return Err(CopyError::OtherLog { height: place.height });
        }
    }
    let mut end = copied.map_or(0, |place| place.end);
    cut_directory(&directory, chain_id, end)?;
    // Of a log that grows meanwhile, as much as it had at the beginning.
    let pause = through.map_or(u64::MAX, |place| place.end);
    let (mut last, mut copy) = (copied, None::<SegmentCopy>);
    while end < pause.min(source.end()) {
        let height = last.map_or(Height(1), |place| place.height.next());
        let mut frames = source.window(end, height, pause)?;
        let whole = frames.par_iter().position_first(|raw| raw.check().is_err());
        frames.truncate(whole.unwrap_or(frames.len()));
        let Some(RawFrame { frame, .. }) = frames.last() else {
            match source.scan(end, height, 0)? {
                // It was completed between two reads.
                Scanned::Frame(_) => continue,
                // It is being written.
                Scanned::End | Scanned::Torn => break,
            }
        };
        last = Some(place_of(frame)?);
        if copy.as_ref().is_none_or(|copy| !copy.is_of(&source, end)) {
            // A segment is whole on disk before the next one is there: only the last may be torn.
            copy.take().map_or(Ok(()), |copy| copy.sync())?;
            copy = Some(source.begin_copy(end, &directory)?);
        }
        if let Some(copy) = &copy {
            let bytes: Vec<&[u8]> = frames.iter().map(|raw| raw.frame.as_bytes()).collect();
            copy.write(&bytes.concat(), end)?;
        }
        end = frame.place.end();
    }
    copy.map_or(Ok(()), |copy| copy.sync())?;
    match (through, last) {
        (Some(through), last) if last != Some(through) => Err(CopyError::OtherLog { height: through.height }),
        (_, last) => Ok(last),
    }
}

/// Whether the log of a store directory has the block at a place, undamaged.
///
/// # Errors
/// [`OpenError`].
pub fn has_place(directory: &Path, chain_id: ChainId, place: &LogPlace) -> Result<bool, CopyError> {
    Ok(frame_at(&open(directory, chain_id)?, place)?.is_some())
}

fn open(directory: &Path, chain_id: ChainId) -> Result<Segments, CopyError> {
    let inspected = Segments::inspect(&directory.join("segments"), chain_id)?;
    let error = match (inspected.segments, inspected.defect) {
        (Some(segments), None) => return Ok(segments),
        (_, Some(Defect::Head { path })) => StoreError::CorruptSegment { path },
        (_, defect) => {
            let base = if let Some(Defect::Missing { base }) = defect { base } else { 0 };
            StoreError::MissingSegment { base }
        }
    };
    Err(error.into())
}

/// The bytes of the frame at a place, if it is the one that was there.
fn frame_at(segments: &Segments, place: &LogPlace) -> Result<Option<Vec<u8>>, CopyError> {
    if place.frame >= segments.end() {
        return Ok(None);
    }
    match segments.scan(place.frame, place.height, 0) {
        Ok(Scanned::Frame(frame)) => {
            Ok(place_of(&frame).is_ok_and(|found| found == *place).then(|| frame.as_bytes().to_vec()))
        }
        Ok(_) | Err(StoreError::Corrupt { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn place_of(frame: &Frame) -> Result<LogPlace, StoreError> {
    let height = frame.height;
    let header = frame.header().map_err(|fault| StoreError::Corrupt { height, fault })?;
    Ok(LogPlace { height, block: header.hash(), frame: frame.place.offset, end: frame.place.end() })
}
