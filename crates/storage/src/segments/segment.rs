//! One segment file: a head that says whose it is, then frames.

use std::path::Path;
use std::sync::Arc;

use sanad_core::hash::ChainId;
use sanad_core::ids::Height;

use crate::error::{Fault, OpenError, StoreError, at};
use crate::files::{self, PositionedFile};

/// Length of a segment's head, in bytes. Logical offsets do not count it.
pub(super) const HEAD_BYTES: u64 = 64;

const MAGIC: &[u8; 8] = b"SANADSEG";
const VERSION: u32 = 1;

/// An open segment. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    /// Logical offset of the first frame.
    pub(super) base: u64,
    file: Arc<PositionedFile>,
}

/// The bases of the segments in a directory, sorted.
pub(super) fn bases(directory: &Path) -> Result<Vec<u64>, StoreError> {
    let mut bases = Vec::new();
    for file in std::fs::read_dir(directory).map_err(at(directory))? {
        let name = file.map_err(at(directory))?.file_name();
        let base = name.to_str().and_then(|name| name.strip_suffix(".seg"));
        bases.extend(base.and_then(|base| base.parse::<u64>().ok()));
    }
    bases.sort_unstable();
    Ok(bases)
}

impl Segment {
    /// Makes an empty segment, durably.
    pub(super) fn create(directory: &Path, chain_id: ChainId, base: u64) -> Result<Self, StoreError> {
        let path = directory.join(file_name(base));
        files::write_whole(&path, &head(chain_id, base))?;
        Ok(Self { base, file: Arc::new(PositionedFile::open(path)?) })
    }

    /// Opens a segment and checks its head.
    pub(super) fn open(directory: &Path, chain_id: ChainId, base: u64) -> Result<Self, OpenError> {
        let file = PositionedFile::open(directory.join(file_name(base)))?;
        let mut found = [0; HEAD_BYTES as usize];
        file.read_up_to_at(&mut found, 0)?;
        if found != head(chain_id, base) {
            return Err(head_error(&found, chain_id, base));
        }
        Ok(Self { base, file: Arc::new(file) })
    }

    /// Bytes of frames.
    pub(super) fn bytes(&self) -> Result<u64, StoreError> {
        Ok(self.file.bytes()?.saturating_sub(HEAD_BYTES))
    }

    /// One write, one `fdatasync`.
    pub(super) fn write(&self, frame: &[u8], offset: u64) -> Result<(), StoreError> {
        self.file.write_at(frame, self.position(offset))?;
        self.file.sync()
    }

    pub(super) fn read(&self, offset: u64, bytes: usize) -> Result<Vec<u8>, StoreError> {
        let mut buffer = vec![0; bytes];
        let read = self.file.read_up_to_at(&mut buffer, self.position(offset))?;
        buffer.truncate(read);
        Ok(buffer)
    }

    pub(super) fn cut(&self, offset: u64) -> Result<(), StoreError> {
        self.file.cut(self.position(offset))
    }

    fn position(&self, offset: u64) -> u64 {
        HEAD_BYTES + (offset - self.base)
    }
}

fn file_name(base: u64) -> String {
    format!("{base:020}.seg")
}

fn head(chain_id: ChainId, base: u64) -> [u8; HEAD_BYTES as usize] {
    let mut head = [0; HEAD_BYTES as usize];
    head[..8].copy_from_slice(MAGIC);
    head[8..12].copy_from_slice(&VERSION.to_be_bytes());
    head[16..24].copy_from_slice(&base.to_be_bytes());
    head[24..56].copy_from_slice(&chain_id.0);
    let checksum = blake3::hash(&head[..56]);
    head[56..].copy_from_slice(&checksum.as_bytes()[..8]);
    head
}

/// Whether a head that is not ours is another chain's, or none at all.
fn head_error(found: &[u8; HEAD_BYTES as usize], expected: ChainId, base: u64) -> OpenError {
    let other = found[24..56].first_chunk().map(|chain| ChainId(*chain)).filter(|other| *other != expected);
    match other {
        Some(other) if *found == head(other, base) => OpenError::ForeignChain { expected, found: other },
        _ => StoreError::Corrupt { height: Height(1), fault: Fault::Segment { base } }.into(),
    }
}
