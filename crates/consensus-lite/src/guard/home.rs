//! Whether a guard's file is the one that it was written to, or a copy that was put in its place.
//!
//! A copy or a backup knows less than the key has signed since. It shows by another inode or another time of birth; and
//! where a file was overwritten in place, by a time of change that is later than the last write of the guard, since no
//! program can set that time. What does not show is a whole disk that was set back: for that there is
//! [`mark_lost`](super::SigningGuard::mark_lost).

use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::time::{SystemTime, UNIX_EPOCH};

/// A file, as its file system tells it from others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Home {
    pub(super) inode: u64,
    /// Time of birth, in nanoseconds since 1970-01-01 UTC; 0 where the file system does not know it.
    pub(super) born_ns: u64,
}

impl Home {
    pub(super) fn of(file: &File) -> std::io::Result<Self> {
        Ok(Self::from(&file.metadata()?))
    }
}

impl From<&Metadata> for Home {
    fn from(metadata: &Metadata) -> Self {
        let born = metadata.created().ok().and_then(|born| born.duration_since(UNIX_EPOCH).ok());
        let born_ns = born.map_or(0, |born| u64::try_from(born.as_nanos()).unwrap_or(0));
        Self { inode: metadata.ino(), born_ns }
    }
}

/// Now, as [`Record::written_ms`](super::record::Record::written_ms).
pub(crate) fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

/// Whether a file was changed after it was written at `written_ms`. A loss of power may leave an older time of change than
/// the last one, never a later one.
pub(crate) fn changed_since(file: &File, written_ms: u64) -> std::io::Result<bool> {
    Ok(change_delay_ms(file, written_ms)? > 2 * WRITE_MS_MAX)
}

/// Whether the time of change that a write has left is near enough to the time that was written.
pub(super) fn is_timely(file: &File, written_ms: u64) -> std::io::Result<bool> {
    Ok(change_delay_ms(file, written_ms)? <= WRITE_MS_MAX)
}

fn change_delay_ms(file: &File, written_ms: u64) -> std::io::Result<i128> {
    let metadata = file.metadata()?;
    let changed_ms = i128::from(metadata.ctime()) * 1_000 + i128::from(metadata.ctime_nsec()) / 1_000_000;
    Ok(changed_ms - i128::from(written_ms))
}

/// Longest time between reading the clock and the change of the file, in milliseconds; a write that took longer is made
/// again. Nobody puts a backup in place as fast after it was made.
const WRITE_MS_MAX: i128 = 100;
