//! Reading frames one after the other, and distinguishing a torn tail from damage.

use sanad_chain::Fault;
use sanad_core::ids::Height;

use super::Segments;
use crate::error::StoreError;
use crate::frame::{FIXED_BYTES, FRAME_MAGIC, FRONT_BYTES_MAX, Frame};
use crate::options::FRAME_BYTES_MAX;

/// What is at an offset.
#[derive(Debug)]
pub(crate) enum Scanned {
    /// A whole frame.
    Frame(Frame),
    /// The end of the log.
    End,
    /// The rest of a write that was cut off, up to the end of the log. It was never acknowledged.
    Torn,
}

impl Segments {
    /// Reads the frame at `offset`, which has to be that of `height`. Everything before the logical offset
    /// `floor` is known to have been durable.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if there is no such frame, unless the last write was cut off there.
    pub(crate) fn scan(&self, offset: u64, height: Height, floor: u64) -> Result<Scanned, StoreError> {
        if offset == self.end() {
            return match offset < floor {
                true => Err(StoreError::Corrupt { height, fault: Fault::Truncated }),
                false => Ok(Scanned::End),
            };
        }
        let fault = match self.read_frame(offset, height)? {
            Ok(frame) => return Ok(Scanned::Frame(frame)),
            Err(fault) => fault,
        };
        if offset < floor || !self.is_in_last(offset) {
            return Err(StoreError::Corrupt { height, fault });
        }
        // Of several frames that were not synced, any may be bad.
        if offset >= self.unsynced {
            return Ok(Scanned::Torn);
        }
        let durable = self.end() - offset > FRAME_BYTES_MAX;
        if durable || matches!(fault, Fault::Height { .. }) || self.frame_follows(offset, height)? {
            return Err(StoreError::Corrupt { height, fault });
        }
        Ok(Scanned::Torn)
    }

    /// Cuts a torn tail that [`Self::scan`] found at `offset`.
    pub(crate) fn cut_torn(&self, offset: u64, height: Height) -> Result<(), StoreError> {
        let bytes = self.end() - offset;
        tracing::warn!(%height, offset, bytes, "cut the torn tail of the log: it was never synced");
        self.cut(offset)
    }

    fn read_frame(&self, offset: u64, height: Height) -> Result<Result<Frame, Fault>, StoreError> {
        let segment = self.segment_of(offset);
        let mut bytes = segment.read(offset, FRONT_BYTES_MAX)?;
        let Some((found, place)) = segment.framer.front(&bytes, offset) else {
            let short = bytes.len() < FIXED_BYTES;
            return Ok(Err(if short { Fault::Truncated } else { Fault::Front }));
        };
        if found != height {
            return Ok(Err(Fault::Height { actual: found }));
        }
        match place.bytes().checked_sub(bytes.len()) {
            None => bytes.truncate(place.bytes()),
            Some(missing) => bytes.extend(segment.read(offset + bytes.len() as u64, missing)?),
        }
        if bytes.len() < place.bytes() {
            return Ok(Err(Fault::Truncated));
        }
        Ok(segment.framer.open(bytes, offset, height))
    }

    /// Whether anything that was written after the frame of `height` follows the bad bytes at `offset`. One
    /// frame at a time is on its way to disk, so that only the last can be torn.
    fn frame_follows(&self, offset: u64, height: Height) -> Result<bool, StoreError> {
        let segment = self.segment_of(offset);
        let rest = segment.read(offset, (self.end() - offset) as usize)?;
        if let Some((_, place)) = segment.framer.front(&rest, offset) {
            return Ok(place.bytes() < rest.len());
        }
        let later = |start: usize| {
            let bytes = &rest[start..rest.len().min(start + FRONT_BYTES_MAX)];
            let front =
                bytes.starts_with(&FRAME_MAGIC).then(|| segment.framer.front(bytes, offset)).flatten();
            front.is_some_and(|(found, _)| found > height)
        };
        Ok((1..rest.len()).any(later))
    }

    fn is_in_last(&self, offset: u64) -> bool {
        self.segment_of(offset).base == self.segment_of(self.end()).base
    }
}
