//! `closed`: the mark of a clean stop, and the place in the log that it vouches for.
//!
//! sled silently falls back to an older checkpoint if its newest bytes are damaged. This file shows that. It exists only
//! while no process has the store open for writing.

use std::path::Path;

use sanad_core::hash::ChainId;

use crate::checkpoint::{CHECKPOINT_BYTES, Checkpoint};
use crate::error::StoreError;
use crate::files;

/// The contents of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closed {
    /// There is no such file: the store was not closed.
    Absent,
    /// The store was closed at this place.
    At(Checkpoint),
    /// The file does not match its checksum.
    Damaged,
}

impl Closed {
    pub(crate) fn read(path: &Path, chain_id: &ChainId) -> Result<Self, StoreError> {
        let bytes = match files::read_small(path, FILE_BYTES) {
            Err(StoreError::TooLong { .. }) => return Ok(Self::Damaged),
            bytes => bytes?,
        };
        let Some(bytes) = bytes else { return Ok(Self::Absent) };
        let whole = bytes.split_last_chunk().filter(|(place, found)| checksum(chain_id, place) == **found);
        let place = whole.and_then(|(place, _)| Checkpoint::decode(place));
        Ok(place.map_or(Self::Damaged, Self::At))
    }

    /// Writes the file, durably.
    pub(crate) fn write(path: &Path, chain_id: &ChainId, place: &Checkpoint) -> Result<(), StoreError> {
        let place = place.encode();
        files::write_whole(path, &[&place[..], &checksum(chain_id, &place)].concat())
    }

    /// The logical offset up to which the log was durable.
    pub(crate) fn end(&self) -> u64 {
        match self {
            Self::At(place) => place.end,
            _ => 0,
        }
    }
}

fn checksum(chain_id: &ChainId, place: &[u8]) -> [u8; CHECKSUM_BYTES] {
    *blake3::keyed_hash(&chain_id.0, place).as_bytes().first_chunk().expect("invariant: 16 is less than 32")
}

const CHECKSUM_BYTES: usize = 16;
const FILE_BYTES: u64 = (CHECKPOINT_BYTES + CHECKSUM_BYTES) as u64;
