//! One segment file: a head that says whose it is, then frames.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sanad_core::hash::ChainId;

use crate::error::{OpenError, StoreError, at};
use crate::files::{self, Access, PositionedFile};
use crate::frame::Framer;

/// Length of a segment's head, in bytes. Logical offsets do not count it.
const HEAD_BYTES: u64 = 96;
/// First bytes of the head, version included.
const MAGIC: &[u8; 8] = b"SANADSE1";

pub(super) type Head = [u8; HEAD_BYTES as usize];

/// An open segment. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    /// Logical offset of the first frame.
    pub(super) base: u64,
    pub(super) framer: Framer,
    file: Arc<PositionedFile>,
}

/// The bases of the segments in a directory, sorted; and what else is there.
pub(super) fn bases(directory: &Path) -> Result<(Vec<u64>, Vec<PathBuf>), StoreError> {
    let (mut bases, mut strays) = (Vec::new(), Vec::new());
    for file in std::fs::read_dir(directory).map_err(at(directory))? {
        let name = file.map_err(at(directory))?.file_name();
        let base = name.to_str().and_then(|name| name.strip_suffix(".seg")?.parse().ok());
        match base.filter(|base| *name == *file_name(*base)) {
            Some(base) => bases.push(base),
            None => strays.push(directory.join(name)),
        }
    }
    bases.sort_unstable();
    strays.sort_unstable();
    Ok((bases, strays))
}

/// Whether any file of a directory is longer than a head.
pub(super) fn hold_blocks(directory: &Path) -> Result<bool, StoreError> {
    for file in std::fs::read_dir(directory).map_err(at(directory))? {
        let metadata = file.and_then(|file| file.metadata()).map_err(at(directory))?;
        if metadata.len() > HEAD_BYTES {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Segment {
    /// Makes an empty segment, durably.
    pub(super) fn create(directory: &Path, chain_id: ChainId, base: u64) -> Result<Self, StoreError> {
        let path = directory.join(file_name(base));
        let mut salt = [0; 32];
        getrandom::fill(&mut salt).map_err(|error| at(&path)(error.into()))?;
        files::write_whole(&path, &head(chain_id, base, &salt))?;
        let file = Arc::new(PositionedFile::open(path)?);
        Ok(Self { base, framer: Framer::new(chain_id, &salt), file })
    }

    /// Opens a segment and checks its head.
    pub(super) fn open(
        directory: &Path,
        chain_id: ChainId,
        base: u64,
        access: Access,
    ) -> Result<Self, OpenError> {
        let path = directory.join(file_name(base));
        let file = match access {
            Access::Write => PositionedFile::open(path)?,
            Access::Read => PositionedFile::open_to_read(path)?,
        };
        let mut found: Head = [0; HEAD_BYTES as usize];
        file.read_up_to_at(&mut found, 0)?;
        let salt = bytes_32(&found, 48);
        if found != head(chain_id, base, &salt) {
            return Err(head_error(&found, chain_id, file.path(), base));
        }
        Ok(Self { base, framer: Framer::new(chain_id, &salt), file: Arc::new(file) })
    }

    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }

    /// The head, as it is in the file.
    pub(super) fn head(&self) -> Result<Head, StoreError> {
        let mut head: Head = [0; HEAD_BYTES as usize];
        self.file.read_exact_at(&mut head, 0)?;
        Ok(head)
    }

    /// Bytes of frames.
    pub(super) fn bytes(&self) -> Result<u64, StoreError> {
        Ok(self.file.bytes()?.saturating_sub(HEAD_BYTES))
    }

    /// One write, one `fdatasync`.
    pub(super) fn write(&self, frame: &[u8], offset: u64) -> Result<(), StoreError> {
        self.write_unsynced(frame, offset)?;
        self.file.sync()
    }

    /// Writes without waiting for the disk.
    pub(super) fn write_unsynced(&self, frames: &[u8], offset: u64) -> Result<(), StoreError> {
        self.file.write_at(frames, self.position(offset))
    }

    /// Makes durable whatever is in the file.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
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

pub(super) fn file_name(base: u64) -> String {
    format!("{base:020}.seg")
}

fn head(chain_id: ChainId, base: u64, salt: &[u8; 32]) -> Head {
    let mut head = [0; HEAD_BYTES as usize];
    head[..8].copy_from_slice(MAGIC);
    head[8..16].copy_from_slice(&base.to_be_bytes());
    head[16..48].copy_from_slice(&chain_id.0);
    head[48..80].copy_from_slice(salt);
    let checksum = blake3::hash(&head[..80]);
    head[80..].copy_from_slice(&checksum.as_bytes()[..16]);
    head
}

/// 32 bytes of a head, from a position that leaves room for them.
fn bytes_32(head: &Head, start: usize) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(&head[start..start + 32]);
    bytes
}

/// Whether a head that is not ours is another chain's, or none at all.
fn head_error(found: &Head, expected: ChainId, path: &Path, base: u64) -> OpenError {
    let other = ChainId(bytes_32(found, 16));
    match other != expected && *found == head(other, base, &bytes_32(found, 48)) {
        true => OpenError::ForeignChain { expected, found: other },
        false => StoreError::CorruptSegment { path: path.to_owned() }.into(),
    }
}
