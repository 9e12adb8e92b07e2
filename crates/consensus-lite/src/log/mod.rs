//! The engine's log: what a validator did and heard at the current height, for a restart.
//!
//! One file, written from its start again at each height and never cut, so that a sync writes no metadata. Each entry is
//! written at once, which outlives the process, and synced before a message of this node's own leaves. What a power cut
//! takes away is what others said, and they say it again.
//!
//! A power cut tears frames that were not synced, and those were not answered for: the log ends there. A frame that is
//! damaged although a later one says that it was durable *was* answered for: see [`Contents::is_incomplete`]. Each frame
//! names the one before, so that what is left of an earlier session never continues a later one.

mod frame;

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sanad_core::ids::Height;

use crate::guard::home;
use frame::Frame;

/// Where a log lies. A disk in tests loses what was not synced.
pub(crate) trait Disk {
    /// All there is.
    fn read(&mut self) -> io::Result<Vec<u8>>;
    /// Writes at a place; durable after the next sync.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Returns when all that was written is durable.
    fn sync(&mut self) -> io::Result<()>;
    /// Whether nothing was there when it was opened.
    fn is_new(&self) -> bool;
    /// Whether another program changed it long after it was written to at `written_ms`.
    fn changed_since(&self, written_ms: u64) -> io::Result<bool>;
    /// Now, in milliseconds since 1970-01-01 UTC.
    fn now_ms(&self) -> u64;
}

/// What a log held when it was opened.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Contents {
    /// The height of its entries; `None` if it has none.
    height: Option<Height>,
    /// Its entries, in order.
    entries: Vec<Vec<u8>>,
    /// The highest height with a frame that says that one which is not intact was durable.
    cut_off: Option<Height>,
    /// Whether there was no log.
    is_new: bool,
    /// Whether it has entries, and is as it was written last, not a backup that was put over it.
    is_own: bool,
}

impl Contents {
    /// Drops the entries for which this is false.
    pub(crate) fn retain(&mut self, keep: impl Fn(&[u8]) -> bool) {
        self.entries.retain(|entry| keep(entry));
    }

    /// What a log holds that begins a height with an entry.
    pub(crate) fn beginning_with(height: Height, entry: Vec<u8>) -> Self {
        Self { height: Some(height), entries: vec![entry], is_own: true, ..Self::default() }
    }

    /// The entries, of whatever height they are.
    pub(crate) fn entries(&self) -> &[Vec<u8>] {
        &self.entries
    }

    /// Whether this is the log that was written to last, as far as can be told.
    pub(crate) fn is_own(&self) -> bool {
        self.is_own && self.cut_off.is_none()
    }

    /// Whether it holds what this node did last at a height.
    pub(crate) fn remembers(&self, height: Height) -> bool {
        self.height == Some(height) && self.cut_off.is_none_or(|cut_off| cut_off < height)
    }

    /// Whether what a validator signed last may be missing, when the ledger is about to decide `next`: there was no log,
    /// or one that is damaged.
    pub(crate) fn is_incomplete(&self, next: Height) -> bool {
        self.is_new || self.cut_off.is_some_and(|cut_off| cut_off >= next)
    }
}

/// A log that is open.
#[derive(Debug)]
pub(crate) struct Log<D> {
    disk: D,
    height: Option<Height>,
    /// Counts the heights written; frames of an earlier one may follow the last of the current one.
    generation: u64,
    /// The number of the next frame of this generation, and where it begins.
    index: u32,
    end: u64,
    /// The checksum of the frame before it.
    previous: [u8; 32],
    /// How many frames of this generation are durable.
    durable: u32,
    /// Whether one that is not must be before the engine goes on.
    due: bool,
}

impl<D: Disk> Log<D> {
    /// Reads a log, as far as it is intact.
    pub(crate) fn open(mut disk: D) -> io::Result<(Self, Contents)> {
        let bytes = disk.read()?;
        let mut contents = Contents { is_new: disk.is_new(), ..Contents::default() };
        let (mut generation, mut index, mut end, mut previous) = (0, 0, 0, [0; 32]);
        let mut written_ms = None;
        while let Some((frame, checksum)) = Frame::read(&bytes[end..]) {
            let follows =
                index == 0 || (frame.generation == generation && contents.height == Some(frame.height));
            if frame.index != index || frame.previous != previous || !follows {
                break;
            }
            contents.height = Some(frame.height);
            contents.entries.push(frame.entry.to_vec());
            (generation, index, previous) = (frame.generation, index + 1, checksum);
            written_ms = Some(frame.written_ms);
            end += frame::HEAD_BYTES + frame.entry.len();
        }
        contents.is_own = written_ms.is_some_and(|at| disk.changed_since(at).is_ok_and(|changed| !changed));
        let mut latest = generation;
        for start in end..bytes.len() {
            let Some((stray, _)) = Frame::read(&bytes[start..]) else { continue };
            latest = latest.max(stray.generation);
            let was_durable = match stray.generation == generation {
                true => stray.durable > index,
                false => stray.generation > generation && stray.durable > 0,
            };
            if was_durable {
                contents.cut_off = contents.cut_off.max(Some(stray.height));
            }
        }
        // What is left of a longer log must not follow what is written now: with other frames it does not.
        let height = contents.height.filter(|_| latest == generation);
        // Nothing is known to be durable before the next sync.
        let log = Self {
            disk,
            height,
            generation: latest,
            index,
            end: end as u64,
            previous,
            durable: 0,
            due: false,
        };
        Ok((log, contents))
    }

    /// Begins a height, unless the log is there already.
    pub(crate) fn begin(&mut self, height: Height) {
        if self.height != Some(height) {
            self.reset(height);
        }
    }

    /// Begins a height without what was logged of it.
    pub(crate) fn reset(&mut self, height: Height) {
        self.height = Some(height);
        self.generation += 1;
        (self.index, self.end, self.previous, self.durable) = (0, 0, [0; 32], 0);
        self.due = false;
    }

    /// Writes an entry of a height; one of another height is dropped. If it is `due`, the next [`flush`] makes it durable,
    /// and all before it.
    ///
    /// [`flush`]: Self::flush
    pub(crate) fn append(&mut self, height: Height, entry: &[u8], due: bool) -> io::Result<()> {
        if self.height != Some(height) {
            return Ok(());
        }
        let Self { generation, index, previous, durable, .. } = *self;
        let written_ms = self.disk.now_ms();
        let frame = Frame { previous, height, generation, index, durable, written_ms, entry };
        let (bytes, checksum) = frame.encode();
        self.disk.write_at(self.end, &bytes)?;
        (self.index, self.previous) = (index + 1, checksum);
        self.end += bytes.len() as u64;
        self.due |= due;
        Ok(())
    }

    /// Whether something must be durable before the engine goes on.
    pub(crate) fn is_due(&self) -> bool {
        self.due
    }

    /// Waits for the disk, if a due entry is not durable yet.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if self.due {
            self.disk.sync()?;
            (self.due, self.durable) = (false, self.index);
        }
        Ok(())
    }
}

impl Log<LogFile> {
    /// Gives a new log its length, durably: from now on it counts as the log that this node wrote last. Before that, note what a
    /// missing log means.
    pub(crate) fn allocate(&mut self) -> io::Result<()> {
        self.disk.allocate()
    }
}

/// Whether there is a log that a node has written to, or [`make_log`] has made.
pub fn has_log(path: &Path) -> bool {
    path.metadata().is_ok_and(|log| log.len() >= ALLOCATED_BYTES)
}

/// Makes the engine's log if there is none, durably. A log that is missing could hold what its key is locked on, and keeps the key
/// from voting at one height; so requires that the guards in the directory know all that their keys have signed above the ledger.
///
/// # Errors
/// It is in use, or cannot be written.
pub fn make_log(path: &Path) -> io::Result<()> {
    LogFile::open(path)?.allocate()
}

/// The file of a log, locked against other processes.
#[derive(Debug)]
pub(crate) struct LogFile {
    file: File,
    path: PathBuf,
    is_new: bool,
}

impl LogFile {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        file.try_lock().map_err(io::Error::from)?;
        let length = file.metadata()?.len();
        if length > LOG_BYTES_MAX {
            let what = format!("{length} bytes are longer than any log; the limit is {LOG_BYTES_MAX}");
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        Ok(Self { file, path: path.to_owned(), is_new: length < ALLOCATED_BYTES })
    }

    fn allocate(&mut self) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        if length < ALLOCATED_BYTES {
            self.file.seek(SeekFrom::End(0))?;
            // At most the size allocated, which is a usize.
            self.file.write_all(&vec![0; (ALLOCATED_BYTES - length) as usize])?;
            self.file.sync_all()?;
            if let Some(directory) = self.path.parent() {
                File::open(directory)?.sync_all()?;
            }
        }
        Ok(())
    }
}

impl Disk for LogFile {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        (&mut self.file).take(LOG_BYTES_MAX).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(offset))?;
        self.file.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn is_new(&self) -> bool {
        self.is_new
    }

    fn changed_since(&self, written_ms: u64) -> io::Result<bool> {
        home::changed_since(&self.file, written_ms)
    }

    fn now_ms(&self) -> u64 {
        home::now_ms()
    }
}

/// Length of a new log: a usual height needs a hundredth of it.
const ALLOCATED_BYTES: u64 = 1 << 20;
/// Longest log that is read, in bytes: a height with some million rounds.
const LOG_BYTES_MAX: u64 = 1 << 30;

/// A log with an entry of a height.
#[cfg(test)]
pub(crate) fn logged(height: u64) -> Contents {
    Contents {
        height: Some(Height(height)),
        entries: vec![vec![0]],
        cut_off: None,
        is_new: false,
        is_own: true,
    }
}

#[cfg(test)]
mod tests;
