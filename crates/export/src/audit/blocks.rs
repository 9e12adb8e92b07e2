//! The blocks of an export, in order, as an audit reads them.

use sanad_chain::{BlockSource, Fault};
use sanad_core::block::Block;
use sanad_core::ids::{Height, LogSize};
use sanad_core::validators::CommitCertificate;

use crate::bundle::width_at;
use crate::entries::EntryBundle;
use crate::error::ExportError;
use crate::folder::Folder;
use crate::layout::BUNDLE_RECORDS;
use crate::reader::Export;
use crate::records::{self, BlockRecord, RecordSeries};

/// Bytes of records and entries that are checked together (4 MiB).
const WINDOW_BYTES: u64 = 4 << 20;

/// A block as it was read.
pub(super) struct RawBlock {
    record: BlockRecord,
    /// Its entries, each behind its length.
    entries: Vec<u8>,
}

/// The blocks of an export, each file read once.
pub(super) struct Blocks<'a> {
    folder: &'a Folder,
    head: Height,
    size: LogSize,
    records: RecordSeries<'a>,
    /// Entries that were read.
    read: u64,
    bundle: Option<EntryBundle>,
    /// Why the next block could not be read, reported once those before it are checked.
    failed: Option<ExportError>,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(export: &'a Export) -> Self {
        let (folder, head) = (export.folder(), &export.head().header);
        let records = RecordSeries::new(folder, head.height);
        Self { folder, head: head.height, size: head.log_size, records, read: 0, bundle: None, failed: None }
    }

    /// The next block and its length; `None` after the last.
    fn next(&mut self) -> Result<Option<(RawBlock, u64)>, ExportError> {
        let Some((record, length)) = self.records.next()? else { return Ok(None) };
        let mut entries = Vec::new();
        for _ in 0..self.entries_of(&record)? {
            self.append_entry(&mut entries)?;
        }
        let bytes = length + entries.len() as u64;
        Ok(Some((RawBlock { record, entries }, bytes)))
    }

    /// Number of entries of the next block, of which the log has at least as many.
    fn entries_of(&self, record: &BlockRecord) -> Result<u64, ExportError> {
        let count = record.header.log_size.0.checked_sub(self.read);
        let fits = record.header.log_size <= self.size && count == Some(record.entries());
        let misfit = || self.folder.malformed("block", "the batches do not have the entries of the block");
        count.filter(|_| fits).ok_or_else(misfit)
    }

    fn append_entry(&mut self, entries: &mut Vec<u8>) -> Result<(), ExportError> {
        let (place, position) = (self.read / BUNDLE_RECORDS, (self.read % BUNDLE_RECORDS) as usize);
        let bundle = match self.bundle.take() {
            Some(bundle) if position > 0 => bundle,
            _ => EntryBundle::read(self.folder, place, width_at(place, self.size.0))?,
        };
        let record = bundle.record(position).unwrap_or_default();
        entries.extend_from_slice(&(record.len() as u16).to_be_bytes());
        entries.extend_from_slice(record);
        self.bundle = Some(bundle);
        self.read += 1;
        Ok(())
    }
}

impl BlockSource for Blocks<'_> {
    type Raw = RawBlock;
    type Error = ExportError;

    fn window(&mut self) -> Result<Vec<RawBlock>, ExportError> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let (mut window, mut bytes) = (Vec::new(), 0);
        while bytes < WINDOW_BYTES {
            match self.next() {
                Ok(None) => break,
                Ok(Some((block, length))) => {
                    window.push(block);
                    bytes += length;
                }
                Err(error) if window.is_empty() => return Err(error),
                Err(error) => {
                    self.failed = Some(error);
                    break;
                }
            }
        }
        Ok(window)
    }

    fn again(&mut self, height: Height) -> Result<RawBlock, ExportError> {
        let (record, _) = records::read(self.folder, height, self.head)?;
        let end = record.header.log_size.0;
        let mut index = end.saturating_sub(record.entries());
        let mut entries = Vec::new();
        let mut bundle = None::<(u64, EntryBundle)>;
        while index < end.min(self.size.0) {
            let (place, position) = (index / BUNDLE_RECORDS, (index % BUNDLE_RECORDS) as usize);
            if bundle.as_ref().is_none_or(|(at, _)| *at != place) {
                let width = width_at(place, self.size.0);
                bundle = Some((place, EntryBundle::read(self.folder, place, width)?));
            }
            let record = bundle.as_ref().and_then(|(_, bundle)| bundle.record(position)).unwrap_or_default();
            entries.extend_from_slice(&(record.len() as u16).to_be_bytes());
            entries.extend_from_slice(record);
            index += 1;
        }
        Ok(RawBlock { record, entries })
    }

    fn decode(RawBlock { record, entries }: &RawBlock) -> Result<(Block, CommitCertificate), Fault> {
        let mut rest = &entries[..];
        let each = std::iter::from_fn(|| {
            let (length, after) = rest.split_first_chunk()?;
            let (entry, after) = after.split_at_checked(u16::from_be_bytes(*length).into())?;
            rest = after;
            Some(entry)
        });
        let block = record.block(each).map_err(|source| Fault::Encoding { part: "block", source })?;
        Ok((block, record.certificate.clone()))
    }
}
