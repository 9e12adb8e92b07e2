//! Entry bundles (C2SP tlog-tiles): each entry is its length, `u16`, and its bytes.

use sanad_core::event::{ENTRY_BYTES_MAX, Entry};
use sanad_core::ids::{LogIndex, LogSize};
use sanad_core::merkle::{Rfc6962, TreeHash as _, root_of};

use crate::bundle::width_at;
use crate::error::ExportError;
use crate::folder::{ContentHash, Folder};
use crate::layout::{BUNDLE_RECORDS, Series};
use crate::tiles::Tiles;

/// Longest bundle, in bytes.
pub(crate) const BUNDLE_BYTES_MAX: u64 = BUNDLE_RECORDS * (2 + ENTRY_BYTES_MAX as u64);

/// An entry as a record of a bundle.
pub(crate) fn record(entry: &Entry) -> Vec<u8> {
    let bytes = entry.encode();
    let mut record = (bytes.len() as u16).to_be_bytes().to_vec();
    record.extend_from_slice(&bytes);
    record
}

/// A bundle as it was read: the file has its records and nothing else.
#[derive(Debug)]
pub(crate) struct EntryBundle {
    bytes: Vec<u8>,
    /// Where each record begins in `bytes`, behind its length, and where it ends.
    ends: Vec<(u32, u32)>,
    pub(crate) path: String,
}

impl EntryBundle {
    /// Reads the bundle at a place, of which at least `width` records are needed.
    pub(crate) fn read(folder: &Folder, place: u64, width: u64) -> Result<Self, ExportError> {
        let bundle = folder.bundle(Series::Entries, place, width)?;
        let bytes = folder.read_opened(bundle.file, &bundle.path, BUNDLE_BYTES_MAX)?;
        Self::parse(bytes, bundle.width, bundle.path.clone())
            .ok_or_else(|| folder.malformed(&bundle.path, MISFIT))
    }

    /// A bundle of exactly `width` records; `None` if it is longer or shorter.
    pub(crate) fn parse(bytes: Vec<u8>, width: u64, path: String) -> Option<Self> {
        let mut ends = Vec::with_capacity(width as usize);
        let mut at = 0;
        for _ in 0..width {
            let length = u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?);
            let (start, end) = (at + 2, at + 2 + usize::from(length));
            ends.push((start as u32, end as u32));
            at = end;
        }
        (at == bytes.len()).then_some(Self { bytes, ends, path })
    }

    /// The bytes of the entry at a position below the width.
    pub(crate) fn record(&self, position: usize) -> Option<&[u8]> {
        let (start, end) = *self.ends.get(position)?;
        self.bytes.get(start as usize..end as usize)
    }
}

/// The entries of the bundle at a place, each checked against its hash in the log tree.
pub(crate) fn checked(
    folder: &Folder,
    tiles: &Tiles<Rfc6962>,
    place: u64,
    size: LogSize,
) -> Result<Vec<Entry>, ExportError> {
    let width = width_at(place, size.0);
    let hashes = tiles.tile(0, place)?;
    let entries = |bundle: &EntryBundle| {
        let path = || folder.path(&bundle.path);
        let entry = |position: u64| {
            let index = LogIndex(place * BUNDLE_RECORDS + position);
            let record = bundle.record(position as usize).unwrap_or_default();
            if Some(&Rfc6962::leaf(record)) != hashes.get(position as usize) {
                return Err(ExportError::Entry { path: path(), index });
            }
            Entry::decode(record).map_err(|source| ExportError::Codec { path: path(), source })
        };
        (0..width).map(entry).collect()
    };
    if width < BUNDLE_RECORDS {
        // It may be the whole one that is there, of which these are the first.
        return entries(&EntryBundle::read(folder, place, width)?);
    }
    let path = Series::Entries.path(place, width);
    let check = |bytes: &[u8]| {
        let bundle = EntryBundle::parse(bytes.to_vec(), width, path.clone());
        entries(&bundle.ok_or_else(|| folder.malformed(&path, MISFIT))?)
    };
    let content = ContentHash::new("entries", &root_of::<Rfc6962>(&hashes));
    folder.checked(&content, || folder.read(&path, BUNDLE_BYTES_MAX), check)
}

/// Why a bundle is no bundle.
const MISFIT: &str = "not the length of its entries";
