//! `unsynced`: the place from which on blocks were written to the log without waiting for the disk.
//!
//! A node that is far behind writes so: see [`Store::append_unsynced`](crate::Store::append_unsynced). While it does, a loss
//! of power can take away any of the frames after this place, not the last alone. The file is there, durably, before the
//! first of them is written, and gone once all are durable; without it a bad frame before the last one is damage.

use std::path::Path;

use sanad_core::hash::ChainId;

use crate::error::StoreError;
use crate::files;

/// The logical offset in the file; `None` if there is no such file, or it is not whole, which a write never leaves.
pub(crate) fn read(path: &Path, chain_id: &ChainId) -> Result<Option<u64>, StoreError> {
    let bytes = match files::read_small(path, FILE_BYTES) {
        Err(StoreError::TooLong { .. }) => return Ok(None),
        bytes => bytes?,
    };
    let bytes = bytes.unwrap_or_default();
    let offset = bytes.first_chunk().map(|offset| u64::from_be_bytes(*offset));
    Ok(offset.filter(|offset| bytes == encode(chain_id, *offset)))
}

/// Writes the file, durably.
pub(crate) fn write(path: &Path, chain_id: &ChainId, offset: u64) -> Result<(), StoreError> {
    files::write_whole(path, &encode(chain_id, offset))
}

/// Removes the file, durably: it must not come back when the frames after it count as durable.
pub(crate) fn remove(path: &Path) -> Result<(), StoreError> {
    files::remove_all(path)?;
    files::sync_parent(path)
}

fn encode(chain_id: &ChainId, offset: u64) -> Vec<u8> {
    let offset = offset.to_be_bytes();
    let checksum = blake3::keyed_hash(&chain_id.0, &offset);
    [&offset[..], &checksum.as_bytes()[..CHECKSUM_BYTES]].concat()
}

const CHECKSUM_BYTES: usize = 16;
const FILE_BYTES: u64 = (size_of::<u64>() + CHECKSUM_BYTES) as u64;
