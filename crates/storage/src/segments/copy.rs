//! Copies of segment files, with their heads, so that their frames match their checksums there, too.

use std::path::Path;

use sanad_core::hash::ChainId;

use super::Segments;
use super::segment::{self, Segment};
use crate::error::{OpenError, StoreError};
use crate::files::{self, Access};

/// A segment of a copy, open to be continued.
#[derive(Debug)]
pub(crate) struct SegmentCopy(Segment);

impl Segments {
    /// Opens the copy of the segment at a logical offset; makes it, without frames, if it is not there.
    pub(crate) fn begin_copy(&self, offset: u64, directory: &Path) -> Result<SegmentCopy, OpenError> {
        let segment = self.segment_of(offset);
        let path = directory.join(segment::file_name(segment.base));
        if !path.exists() {
            files::write_whole(&path, &segment.head()?)?;
        }
        let copy = Segment::open(directory, self.chain_id, segment.base, Access::Write)?;
        match copy.head()? == segment.head()? {
            true => Ok(SegmentCopy(copy)),
            false => Err(StoreError::CorruptSegment { path }.into()),
        }
    }
}

impl SegmentCopy {
    /// Whether it is of the segment at a logical offset.
    pub(crate) fn is_of(&self, source: &Segments, offset: u64) -> bool {
        self.0.base == source.segment_of(offset).base
    }

    /// Writes whole frames, without waiting for the disk.
    pub(crate) fn write(&self, frames: &[u8], offset: u64) -> Result<(), StoreError> {
        self.0.write_unsynced(frames, offset)
    }

    /// Waits for the disk.
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        self.0.sync()
    }
}

/// Removes everything from a logical offset on from the segments in a directory.
pub(crate) fn cut_directory(directory: &Path, chain_id: ChainId, end: u64) -> Result<(), OpenError> {
    let (bases, _) = segment::bases(directory)?;
    for base in bases.into_iter().rev() {
        if base >= end {
            files::remove_all(&directory.join(segment::file_name(base)))?;
            continue;
        }
        let segment = Segment::open(directory, chain_id, base, Access::Write)?;
        if base + segment.bytes()? > end {
            segment.cut(end)?;
        }
        break;
    }
    Ok(files::sync_directory(directory)?)
}
