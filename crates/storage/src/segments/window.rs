//! Reading many frames at once, to be checked elsewhere.

use sanad_chain::Fault;
use sanad_core::block::Block;
use sanad_core::ids::Height;
use sanad_core::validators::CommitCertificate;

use super::Segments;
use crate::error::StoreError;
use crate::frame::{FRONT_BYTES_MAX, Frame, Framer};
use crate::options::FRAME_BYTES_MAX;

/// Bytes that are read at a time; more than the longest frame.
const WINDOW_BYTES: usize = 2 * FRAME_BYTES_MAX as usize;

/// A frame whose front alone was checked.
pub(crate) struct RawFrame {
    framer: Framer,
    pub(crate) frame: Frame,
}

impl RawFrame {
    pub(crate) fn new(framer: Framer, frame: Frame) -> Self {
        Self { framer, frame }
    }

    /// Checks the frame against its checksum.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        self.framer.check(&self.frame)
    }

    /// Checks the frame and decodes what it holds.
    pub(crate) fn decode(&self) -> Result<(Block, CommitCertificate), Fault> {
        self.check()?;
        Ok((self.frame.block()?, self.frame.certificate()?))
    }
}

impl Segments {
    /// Reads frames with good fronts from `offset` on, the first of which has to be that of `height`: some MiB
    /// of them, up to the end of a segment, the logical offset `pause`, or the first that is not as it should be.
    pub(crate) fn window(
        &self,
        mut offset: u64,
        mut height: Height,
        pause: u64,
    ) -> Result<Vec<RawFrame>, StoreError> {
        let bytes = self.read(offset, WINDOW_BYTES)?;
        let framer = self.framer(offset);
        let mut rest = &bytes[..];
        let mut frames = Vec::new();
        while let Some((found, place)) = framer.front(&rest[..rest.len().min(FRONT_BYTES_MAX)], offset) {
            if found != height || place.bytes() > rest.len() {
                break;
            }
            let (frame, after) = rest.split_at(place.bytes());
            frames.push(RawFrame::new(framer, Frame::unchecked(height, place, frame.to_vec())));
            (offset, height, rest) = (place.end(), height.next(), after);
            if offset == pause {
                break;
            }
        }
        Ok(frames)
    }
}
