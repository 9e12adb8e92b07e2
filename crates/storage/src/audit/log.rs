//! The segments as a source of blocks.

use std::sync::Arc;

use sanad_core::block::Block;
use sanad_core::ids::Height;
use sanad_core::validators::CommitCertificate;

use super::finding::Finding;
use crate::error::StoreError;
use crate::frame::{Frame, FramePlace};
use crate::segments::{Defect, Inspected, RawFrame, Scanned, Segments};
use sanad_chain::BlockSource;
use sanad_chain::Fault;

/// The log of a stopped node, read from its beginning.
pub(crate) struct Log {
    segments: Option<Arc<Segments>>,
    /// What follows the segments that can be read.
    defect: Option<Defect>,
    /// Everything before this logical offset was durable.
    floor: u64,
    /// A window ends here, so that the state is seen as of this place.
    pause: u64,
    /// Of each block read.
    places: Vec<FramePlace>,
    /// Where reading continues.
    offset: u64,
}

/// Why reading stops.
pub(crate) enum LogStop {
    /// Something is not as it was written.
    Found(Finding),
    /// Reading failed.
    Failed(StoreError),
}

impl From<StoreError> for LogStop {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Corrupt { height, fault } => Self::Found(Finding::Block { height, fault }),
            error => Self::Failed(error),
        }
    }
}

impl Log {
    /// The log from its first block on. Everything before the logical offset `vouched` was durable; a window
    /// ends at `pause`.
    pub(crate) fn new(inspected: Inspected, vouched: u64, pause: u64) -> Self {
        let Inspected { segments, defect, .. } = inspected;
        // Only the end of the last segment can be torn.
        let floor = if defect.is_some() { u64::MAX } else { vouched };
        let segments = segments.map(Arc::new);
        Self { segments, defect, floor, pause, places: Vec::new(), offset: 0 }
    }

    /// Logical offset after the last byte.
    pub(crate) fn end(&self) -> u64 {
        self.segments.as_ref().map_or(0, |segments| segments.end())
    }

    /// The torn tail that begins with a block whose frame is bad; `None` if it is damage.
    pub(crate) fn torn_at(&self, height: Height) -> Result<Option<Finding>, LogStop> {
        let (Some(segments), Some(place)) = (&self.segments, self.place(height)) else { return Ok(None) };
        match segments.scan(place.offset, height, self.floor) {
            Ok(Scanned::Torn) => Ok(Some(Finding::Torn { height, bytes: segments.end() - place.offset })),
            Ok(_) | Err(StoreError::Corrupt { .. }) => Ok(None),
            Err(error) => Err(LogStop::Failed(error)),
        }
    }

    /// Where the frame of a block that was read stands.
    fn place(&self, height: Height) -> Option<FramePlace> {
        self.places.get(height.0.checked_sub(1)? as usize).copied()
    }

    fn next_height(&self) -> Height {
        Height(self.places.len() as u64 + 1)
    }

    /// Explains why no frame could be read.
    fn stop(&self, segments: &Segments) -> Result<(), LogStop> {
        let height = self.next_height();
        match &self.defect {
            Some(defect) if self.offset == segments.end() => Err(LogStop::Found(defect_at(defect, height))),
            _ => match segments.scan(self.offset, height, self.floor)? {
                Scanned::Torn => {
                    let bytes = segments.end() - self.offset;
                    Err(LogStop::Found(Finding::Torn { height, bytes }))
                }
                _ => Ok(()),
            },
        }
    }
}

impl BlockSource for Log {
    type Raw = RawFrame;
    type Error = LogStop;

    fn window(&mut self) -> Result<Vec<RawFrame>, LogStop> {
        let Some(segments) = self.segments.clone() else {
            let defect = self.defect.as_ref().map(|defect| defect_at(defect, self.next_height()));
            return defect.map_or(Ok(Vec::new()), |finding| Err(LogStop::Found(finding)));
        };
        let frames = segments.window(self.offset, self.next_height(), self.pause)?;
        self.places.extend(frames.iter().map(|raw| raw.frame.place));
        self.offset = frames.last().map_or(self.offset, |raw| raw.frame.place.end());
        if frames.is_empty() {
            self.stop(&segments)?;
        }
        Ok(frames)
    }

    fn again(&mut self, height: Height) -> Result<RawFrame, LogStop> {
        let (Some(segments), Some(place)) = (&self.segments, self.place(height)) else {
            return Err(LogStop::Found(Finding::Block { height, fault: Fault::Truncated }));
        };
        let bytes = segments.read(place.offset, place.bytes())?;
        Ok(RawFrame::new(segments.framer(place.offset), Frame::unchecked(height, place, bytes)))
    }

    fn decode(raw: &RawFrame) -> Result<(Block, CommitCertificate), Fault> {
        raw.decode()
    }
}

fn defect_at(defect: &Defect, height: Height) -> Finding {
    match defect {
        Defect::Head { path } => Finding::SegmentHead { path: path.clone(), height },
        Defect::Missing { base } => Finding::Block { height, fault: Fault::Segment { base: *base } },
    }
}
