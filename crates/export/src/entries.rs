//! Entry bundles (C2SP tlog-tiles): each entry is its length, `u16`, and its bytes.

use std::io::Read as _;

use sanad_core::event::{ENTRY_BYTES_MAX, Entry};
use sanad_core::ids::{LogIndex, LogSize};
use sanad_core::merkle::{Rfc6962, TreeHash as _};

use crate::error::ExportError;
use crate::folder::Folder;
use crate::layout::{BUNDLE_RECORDS, Series};
use crate::tiles::{Tiles, leaves_at};

/// Longest bundle, in bytes.
const BUNDLE_BYTES_MAX: u64 = BUNDLE_RECORDS * (2 + ENTRY_BYTES_MAX as u64);

/// An entry as a record of a bundle.
pub(crate) fn record(entry: &Entry) -> Vec<u8> {
    let bytes = entry.encode();
    let mut record = (bytes.len() as u16).to_be_bytes().to_vec();
    record.extend_from_slice(&bytes);
    record
}

/// The bytes of a bundle at a place, at least of its first `width` records.
pub(crate) fn read(folder: &Folder, place: u64, width: u64) -> Result<(Vec<u8>, String), ExportError> {
    let (file, path) = folder.bundle(Series::Entries, place, width)?;
    let mut bytes = Vec::new();
    file.take(BUNDLE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(folder.io(&path))?;
    match bytes.len() as u64 {
        actual if actual > BUNDLE_BYTES_MAX => {
            Err(ExportError::TooLong { path: folder.path(&path), actual, limit: BUNDLE_BYTES_MAX })
        }
        _ => Ok((bytes, path)),
    }
}

/// The first `width` records of a bundle; none where it ends too early or one is too long.
pub(crate) fn records(bytes: &[u8], width: u64) -> Option<Vec<&[u8]>> {
    let mut rest = bytes;
    let mut records = Vec::new();
    for _ in 0..width {
        let (length, after) = rest.split_first_chunk()?;
        let (record, after) = after.split_at_checked(u16::from_be_bytes(*length).into())?;
        records.push(record);
        rest = after;
    }
    Some(records)
}

/// The entries of the bundle at a place, each checked against its hash in the log tree.
pub(crate) fn checked(
    folder: &Folder,
    tiles: &Tiles,
    place: u64,
    size: LogSize,
) -> Result<Vec<Entry>, ExportError> {
    let width = leaves_at(place, size);
    let hashes = tiles.tile(0, place)?;
    let (bytes, path) = read(folder, place, width)?;
    let short = || folder.malformed(&path, "the bundle ends too early");
    let entry = |(position, (record, hash)): (u64, (&[u8], &_))| {
        if Rfc6962::leaf(record) != *hash {
            let index = LogIndex(place * BUNDLE_RECORDS + position);
            return Err(ExportError::Entry { path: folder.path(&path), index });
        }
        Entry::decode(record).map_err(|source| ExportError::Codec { path: folder.path(&path), source })
    };
    (0..).zip(records(&bytes, width).ok_or_else(short)?.into_iter().zip(hashes.iter())).map(entry).collect()
}
