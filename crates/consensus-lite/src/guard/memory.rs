//! Since when a directory of consensus knows all that its keys have signed.
//!
//! A key can have signed only from the height on at which it came into force. Where that is later than the making of this
//! directory, everything it has signed went through a guard in here: so if there is none, it has signed nothing, and may
//! have a new guard. A key that is older may have signed elsewhere: on a disk that was lost, or by an older backup.

use std::io::{ErrorKind, Read as _, Write as _};
use std::path::Path;

use sanad_core::timeliness::TIME_PRECISION_MS;

use super::home::now_ms;
use super::sync_directory_of;

/// Since when a directory of consensus has had guards of all keys that sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// In milliseconds since 1970-01-01 UTC, by the clock of this machine.
    pub since_ms: u64,
}

impl Memory {
    /// Notes, durably, that what was signed before now may be forgotten in this directory.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn begin(directory: &Path) -> std::io::Result<()> {
        let (path, new) = (directory.join(FILE), directory.join(FILE_NEW));
        let mut file = std::fs::File::create(&new)?;
        file.write_all(format!("{}\n", now_ms()).as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&new, &path)?;
        sync_directory_of(&path)
    }

    /// What [`Self::begin`] noted; `None` if that cannot be read, so that nothing is known of any key.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub fn read(directory: &Path) -> std::io::Result<Option<Self>> {
        let mut text = String::new();
        match std::fs::File::open(directory.join(FILE)) {
            Ok(file) => file.take(FILE_BYTES_MAX).read_to_string(&mut text)?,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(text.trim().parse().ok().map(|since_ms| Self { since_ms }))
    }

    /// Whether all that a key has signed went through guards in this directory, if it came into force at a time.
    pub(crate) fn covers(&self, in_force_ms: u64) -> bool {
        in_force_ms > self.since_ms.saturating_add(CLOCKS_APART_MS)
    }
}

const FILE: &str = "memory";
const FILE_NEW: &str = "memory.new";
const FILE_BYTES_MAX: u64 = 32;
/// How far the time of a block that is decided may be ahead of this machine's clock, if that is right: nobody votes for one
/// that is further ahead of the voter's.
const CLOCKS_APART_MS: u64 = 2 * TIME_PRECISION_MS;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_that_came_later_are_new() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Memory::read(folder.path()).unwrap(), None);
        let before = now_ms();
        Memory::begin(folder.path()).unwrap();
        let memory = Memory::read(folder.path()).unwrap().unwrap();
        assert!((before..=now_ms()).contains(&memory.since_ms));
        assert!(!memory.covers(0) && !memory.covers(memory.since_ms + CLOCKS_APART_MS));
        assert!(memory.covers(memory.since_ms + CLOCKS_APART_MS + 1));
        std::fs::write(folder.path().join(FILE), "nonsense").unwrap();
        assert_eq!(Memory::read(folder.path()).unwrap(), None);
    }
}
