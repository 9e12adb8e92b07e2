//! Segment files: the log itself, append-only. Logical offsets run across them.

mod copy;
mod scan;
mod segment;
mod window;

use std::path::{Path, PathBuf};
use std::sync::RwLock;
use std::sync::atomic::{AtomicU64, Ordering};

use sanad_chain::Fault;
use sanad_core::block::{Block, BlockHeader, HEADER_BYTES};
use sanad_core::hash::ChainId;
use sanad_core::ids::Height;
use sanad_core::validators::CommitCertificate;

pub(crate) use copy::{SegmentCopy, cut_directory};
pub(crate) use scan::Scanned;
use segment::Segment;
pub(crate) use window::RawFrame;

use crate::error::{OpenError, StoreError};
use crate::files::{self, Access};
use crate::frame::{FRONT_BYTES_MAX, Frame, FramePlace, Framer};

/// All segments of a store. Written under the writer's lock, read by any thread.
#[derive(Debug)]
pub(crate) struct Segments {
    directory: PathBuf,
    chain_id: ChainId,
    segment_bytes: u64,
    // Invariant: sorted by base, without gaps; never empty.
    list: RwLock<Vec<Segment>>,
    /// Logical offset after the last frame.
    end: AtomicU64,
    /// When they were opened, frames from this logical offset on may not have been durable.
    unsynced: u64,
}

impl Segments {
    /// Makes the directory and its first, empty segment.
    pub(crate) fn create(
        directory: &Path,
        chain_id: ChainId,
        segment_bytes: u64,
    ) -> Result<Self, StoreError> {
        files::make_directory(directory)?;
        let first = Segment::create(directory, chain_id, 0)?;
        Ok(Self::assemble(directory, chain_id, segment_bytes, vec![first], 0))
    }

    /// Opens all segments and checks that they follow each other. Reads no frame.
    pub(crate) fn open(directory: &Path, chain_id: ChainId, segment_bytes: u64) -> Result<Self, OpenError> {
        let (bases, _) = segment::bases(directory)?;
        let mut list: Vec<Segment> = Vec::with_capacity(bases.len());
        let mut end = 0;
        for base in bases {
            let segment = Segment::open(directory, chain_id, base, Access::Write)?;
            if base != end {
                // The block before the first one of this segment is the last that the gap swallowed.
                let height = first_height(&segment)?;
                let height = Height(height.map_or(1, |height| height.0.saturating_sub(1)));
                return Err(StoreError::Corrupt { height, fault: Fault::Segment { base: end } }.into());
            }
            end = base + segment.bytes()?;
            list.push(segment);
        }
        if list.is_empty() {
            let (height, fault) = (Height(1), Fault::Segment { base: 0 });
            return Err(StoreError::Corrupt { height, fault }.into());
        }
        Ok(Self::assemble(directory, chain_id, segment_bytes, list, end))
    }

    /// Whether any file of a directory is longer than the head of a segment.
    pub(crate) fn hold_blocks(directory: &Path) -> Result<bool, StoreError> {
        match directory.is_dir() {
            true => segment::hold_blocks(directory),
            false => Ok(false),
        }
    }

    /// Opens the segments to read alone, up to the first that does not follow the one before it or whose head
    /// is damaged.
    pub(crate) fn inspect(directory: &Path, chain_id: ChainId) -> Result<Inspected, OpenError> {
        let (bases, strays) = segment::bases(directory)?;
        let (mut list, mut end, mut defect) = (Vec::new(), 0, None);
        for base in bases {
            if base != end {
                defect = Some(Defect::Missing { base: end });
                break;
            }
            match Segment::open(directory, chain_id, base, Access::Read) {
                Err(OpenError::Store(StoreError::CorruptSegment { path })) => {
                    defect = Some(Defect::Head { path });
                    break;
                }
                opened => list.push(opened?),
            }
            end = base + list[list.len() - 1].bytes()?;
        }
        if list.is_empty() {
            let defect = defect.unwrap_or(Defect::Missing { base: 0 });
            return Ok(Inspected { segments: None, defect: Some(defect), strays });
        }
        let segments = Some(Self::assemble(directory, chain_id, u64::MAX, list, end));
        Ok(Inspected { segments, defect, strays })
    }

    fn assemble(
        directory: &Path,
        chain_id: ChainId,
        segment_bytes: u64,
        list: Vec<Segment>,
        end: u64,
    ) -> Self {
        Self {
            directory: directory.to_owned(),
            chain_id,
            segment_bytes,
            list: RwLock::new(list),
            end: AtomicU64::new(end),
            unsynced: u64::MAX,
        }
    }

    /// Frames from this logical offset on may not have been durable, `None` for the last one alone.
    pub(crate) fn with_unsynced(self, unsynced: Option<u64>) -> Self {
        Self { unsynced: unsynced.unwrap_or(u64::MAX), ..self }
    }

    /// Logical offset after the last frame.
    pub(crate) fn end(&self) -> u64 {
        self.end.load(Ordering::Acquire)
    }

    /// Writes the frame of a block at the end, durably. Called by the writer alone. After an error nothing is
    /// known of the file's end.
    pub(crate) fn append(
        &self,
        block: &Block,
        certificate: &CommitCertificate,
    ) -> Result<FramePlace, StoreError> {
        let (segment, frame, place) = self.next_frame(block, certificate)?;
        segment.write(&frame, place.offset)?;
        self.end.store(place.end(), Ordering::Release);
        Ok(place)
    }

    /// As [`Self::append`], but leaves it to [`Self::sync_last`] to make durable.
    pub(crate) fn append_unsynced(
        &self,
        block: &Block,
        certificate: &CommitCertificate,
    ) -> Result<FramePlace, StoreError> {
        let (segment, frame, place) = self.next_frame(block, certificate)?;
        segment.write_unsynced(&frame, place.offset)?;
        self.end.store(place.end(), Ordering::Release);
        Ok(place)
    }

    /// The frame of a block at the end of the log, and the segment that it goes into.
    fn next_frame(
        &self,
        block: &Block,
        certificate: &CommitCertificate,
    ) -> Result<(Segment, Vec<u8>, FramePlace), StoreError> {
        let offset = self.end();
        let mut segment = self.segment_of(offset);
        if offset - segment.base >= self.segment_bytes {
            // A segment is whole on disk before the next one is there: only the last may be torn.
            segment.sync()?;
            segment = self.rotate(offset)?;
        }
        let (frame, place) = segment.framer.encode(offset, block, certificate);
        Ok((segment, frame, place))
    }

    /// Makes durable what was written and perhaps not synced.
    pub(crate) fn sync_last(&self) -> Result<(), StoreError> {
        self.segment_of(self.end()).sync()
    }

    /// The frame of a block, checked.
    pub(crate) fn frame(&self, place: &FramePlace, height: Height) -> Result<Frame, StoreError> {
        let segment = self.segment_of(place.offset);
        let bytes = segment.read(place.offset, place.bytes())?;
        let frame = segment.framer.open(bytes, place.offset, height);
        frame.map_err(|fault| StoreError::Corrupt { height, fault })
    }

    /// Certificate and header of a block, without its batches.
    pub(crate) fn header(
        &self,
        place: &FramePlace,
        height: Height,
    ) -> Result<(CommitCertificate, BlockHeader), StoreError> {
        let segment = self.segment_of(place.offset);
        let bytes = segment.read(place.offset, place.front_bytes() + HEADER_BYTES)?;
        let header = segment.framer.header(&bytes, place, height);
        header.map_err(|fault| StoreError::Corrupt { height, fault })
    }

    /// The certificate in the front of a block's frame; `None` if the front is damaged.
    pub(crate) fn certificate(
        &self,
        place: &FramePlace,
        height: Height,
    ) -> Result<Option<CommitCertificate>, StoreError> {
        let segment = self.segment_of(place.offset);
        let front = segment.read(place.offset, place.front_bytes())?;
        let whole = segment.framer.front(&front, place.offset) == Some((height, *place));
        Ok(whole.then(|| Framer::certificate(&front, place)).and_then(Result::ok))
    }

    /// Writes over a damaged frame, durably. Its readers see damage until all of it is written.
    pub(crate) fn overwrite(&self, frame: &[u8], offset: u64) -> Result<(), StoreError> {
        self.segment_of(offset).write(frame, offset)
    }

    /// The framer of the segment at a logical offset.
    pub(crate) fn framer(&self, offset: u64) -> Framer {
        self.segment_of(offset).framer
    }

    /// Reads up to `bytes` from a logical offset: fewer where the segment ends before.
    pub(crate) fn read(&self, offset: u64, bytes: usize) -> Result<Vec<u8>, StoreError> {
        self.segment_of(offset).read(offset, bytes)
    }

    /// The file that holds a logical offset.
    pub(crate) fn path_of(&self, offset: u64) -> PathBuf {
        self.segment_of(offset).path().to_owned()
    }

    /// Cuts everything from a logical offset on, which is in the last segment.
    fn cut(&self, offset: u64) -> Result<(), StoreError> {
        self.segment_of(offset).cut(offset)?;
        self.end.store(offset, Ordering::Release);
        Ok(())
    }

    /// The segment that a logical offset falls in: the last one that begins at or before it.
    fn segment_of(&self, offset: u64) -> Segment {
        let list = self.list.read().expect("invariant: no holder of this lock panics");
        let after = list.partition_point(|segment| segment.base <= offset);
        list[after.saturating_sub(1)].clone()
    }

    fn rotate(&self, base: u64) -> Result<Segment, StoreError> {
        let segment = Segment::create(&self.directory, self.chain_id, base)?;
        self.list.write().expect("invariant: no holder of this lock panics").push(segment.clone());
        Ok(segment)
    }
}

/// Segments opened to read alone.
#[derive(Debug)]
pub(crate) struct Inspected {
    /// The readable ones; `None` if not even the first is.
    pub(crate) segments: Option<Segments>,
    /// Why they end before the last file.
    pub(crate) defect: Option<Defect>,
    /// Other files in the directory.
    pub(crate) strays: Vec<PathBuf>,
}

/// Why the segments after a place cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Defect {
    /// The head of the next file is damaged.
    Head { path: PathBuf },
    /// No file begins at the logical offset where the one before ends.
    Missing { base: u64 },
}

/// Height of the first block of a segment, if it can be read.
fn first_height(segment: &Segment) -> Result<Option<Height>, StoreError> {
    let bytes = segment.read(segment.base, FRONT_BYTES_MAX)?;
    Ok(segment.framer.front(&bytes, segment.base).map(|(height, _)| height))
}
