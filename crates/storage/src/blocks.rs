//! Blocks and batches where the columns say they are.

use sanad_core::batch::SignedBatch;
use sanad_core::block::BlockHeader;
use sanad_core::ids::Height;
use sanad_core::validators::CommitCertificate;

use crate::checkpoint::Checkpoint;
use crate::columns::{BatchColumnRecord, BlockRecord, Columns};
use crate::error::{Part, StoreError};
use crate::frame::Frame;
use crate::segments::Segments;

/// The blocks up to a place in the log.
pub(crate) struct Blocks<'a> {
    pub(crate) segments: &'a Segments,
    pub(crate) columns: &'a Columns,
    pub(crate) end: Checkpoint,
}

impl Blocks<'_> {
    /// `None` at heights without a block.
    pub(crate) fn record(&self, height: Height) -> Result<Option<BlockRecord>, StoreError> {
        match height > Height::GENESIS && height <= self.end.height {
            true => self.columns.block(height).map(Some),
            false => Ok(None),
        }
    }

    /// The whole frame of a block, checked; `None` at heights without one.
    pub(crate) fn frame(&self, height: Height) -> Result<Option<Frame>, StoreError> {
        let Some(record) = self.record(height)? else { return Ok(None) };
        let frame = self.segments.frame(&record.frame, height);
        frame.map(Some).map_err(|error| self.at_fault(&record, height, error))
    }

    /// Certificate and header of a block, without its batches; `None` at heights without one.
    pub(crate) fn front(
        &self,
        height: Height,
    ) -> Result<Option<(CommitCertificate, BlockHeader)>, StoreError> {
        let Some(record) = self.record(height)? else { return Ok(None) };
        let front = self.segments.header(&record.frame, height);
        front.map(Some).map_err(|error| self.at_fault(&record, height, error))
    }

    /// A whole batch, with the id that the column has.
    pub(crate) fn signed(&self, record: &BatchColumnRecord) -> Result<SignedBatch, StoreError> {
        let bytes = self.segments.read(record.offset, record.bytes as usize)?;
        match SignedBatch::decode(&bytes) {
            Ok(signed) if signed.id() == record.id => Ok(signed),
            _ => Err(self.blame(record.height, Part::Batches)),
        }
    }

    /// Why a block does not read as a column says: the segment is damaged, if its frame is, else the column.
    pub(crate) fn blame(&self, height: Height, part: Part) -> StoreError {
        match self.frame(height) {
            Err(error) => error,
            Ok(_) => StoreError::Damaged { part },
        }
    }

    /// What a frame that does not read is due to: to its record, unless that begins and ends where its neighbours say.
    fn at_fault(&self, record: &BlockRecord, height: Height, error: StoreError) -> StoreError {
        let before = match self.record(Height(height.0 - 1)) {
            Ok(before) => before.map_or(0, |before| before.frame.end()),
            Err(error) => return error,
        };
        let after = match self.record(height.next()) {
            Ok(after) => after.map_or(self.end.end, |after| after.frame.offset),
            Err(error) => return error,
        };
        match record.frame.offset == before && record.frame.end() == after {
            true => error,
            false => StoreError::Damaged { part: Part::Blocks },
        }
    }
}
