//! One run of the index: pages of sorted records.

use std::io::{BufReader, Read as _, Write};
use std::ops::Range;

use super::Record;
use crate::error::ExportError;
use crate::folder::Folder;
use crate::layout;

/// Bytes of a page: count (2), records, zeros (4), checksum (16).
pub(super) const PAGE_BYTES: usize = 4096;
const PAGE_RECORDS: usize = 291;
const RECORD_BYTES: usize = 14;
const CHECKED_BYTES: usize = PAGE_BYTES - 16;

/// A run that is there.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) range: Range<u64>,
    path: String,
    pub(super) pages: u64,
}

impl Run {
    /// The run of a range, with as many pages as its file has.
    pub(super) fn open(folder: &Folder, range: Range<u64>) -> Result<Self, ExportError> {
        let path = layout::run(&range);
        let file = folder.open(&path)?.ok_or_else(|| folder.missing(&path))?;
        let unknown = || folder.malformed(&path, "of unknown length");
        let bytes = file.length.ok_or_else(unknown)?;
        let pages = bytes / PAGE_BYTES as u64;
        if bytes % PAGE_BYTES as u64 != 0 || pages > pages_max(&range) {
            return Err(folder.malformed(&path, "not a whole number of pages, or too many"));
        }
        Ok(Self { range, path, pages })
    }

    /// The run of a range that has so many pages.
    pub(super) fn of(range: Range<u64>, pages: u64) -> Self {
        Self { path: layout::run(&range), range, pages }
    }

    /// The records of a page: at least one, and as many as it holds unless it is the last page.
    pub(super) fn page(&self, folder: &Folder, page: u64) -> Result<Vec<Record>, ExportError> {
        let part = folder.read_at(&self.path, page * PAGE_BYTES as u64, PAGE_BYTES)?;
        if part.file_length.is_some_and(|length| length != self.pages * PAGE_BYTES as u64) {
            return Err(folder.malformed(&self.path, "not as many pages as it must have"));
        }
        self.decode(folder, page, &part.bytes)
    }

    fn decode(&self, folder: &Folder, page: u64, bytes: &[u8]) -> Result<Vec<Record>, ExportError> {
        if bytes.len() != PAGE_BYTES {
            return Err(folder.malformed(&self.path, "fewer pages than it must have"));
        }
        let count = usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
        let checksum = blake3::hash(&bytes[..CHECKED_BYTES]);
        if checksum.as_bytes()[..16] != bytes[CHECKED_BYTES..] {
            return Err(folder.malformed(&self.path, "a page of the index does not have its checksum"));
        }
        let full = count == PAGE_RECORDS || page + 1 == self.pages;
        let end = 2 + count * RECORD_BYTES;
        if !(1..=PAGE_RECORDS).contains(&count) || !full || bytes[end..CHECKED_BYTES].iter().any(|b| *b != 0)
        {
            return Err(folder.malformed(&self.path, "a page of the index has the wrong length"));
        }
        let record = |record: &[u8; RECORD_BYTES]| {
            let [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = *record;
            (u64::from_be_bytes([a, b, c, d, e, f, g, h]), u64::from_be_bytes([0, 0, i, j, k, l, m, n]))
        };
        let records: Vec<Record> = bytes[2..end].as_chunks().0.iter().map(record).collect();
        let ascending = records.is_sorted_by(|a, b| a < b);
        if !ascending || records.iter().any(|(_, index)| !self.range.contains(index)) {
            return Err(folder.malformed(&self.path, "a page of the index is out of order or range"));
        }
        Ok(records)
    }

    /// All records, read from the first to the last.
    pub(super) fn all(&self, folder: &Folder) -> Result<Vec<Record>, ExportError> {
        let mut records = Vec::with_capacity(self.pages as usize * PAGE_RECORDS);
        let opened = folder.open(&self.path)?.ok_or_else(|| folder.missing(&self.path))?;
        let mut file = BufReader::new(opened.reader);
        let mut bytes = Vec::with_capacity(PAGE_BYTES);
        for page in 0..self.pages {
            bytes.clear();
            file.by_ref().take(PAGE_BYTES as u64).read_to_end(&mut bytes).map_err(folder.io(&self.path))?;
            records.extend(self.decode(folder, page, &bytes)?);
        }
        match file.read(&mut [0]).map_err(folder.io(&self.path))? {
            0 => Ok(records),
            _ => Err(folder.malformed(&self.path, "more pages than it must have")),
        }
    }

    /// The log indices of the records with a key.
    pub(super) fn candidates(&self, folder: &Folder, key: u64) -> Result<Vec<u64>, ExportError> {
        Seeker { run: self, at: None }.candidates(folder, key)
    }

    /// The first page, from `low` on, whose last key is not below `key`, with its records. Keys are spread evenly unless
    /// someone takes pains, so the search begins where the key should be, and widens until it is a bisection.
    fn first_page(
        &self,
        folder: &Folder,
        mut low: u64,
        key: u64,
    ) -> Result<Option<(u64, Vec<Record>)>, ExportError> {
        let mut high = self.pages;
        let mut found = None;
        let mut probe = ((u128::from(key) * u128::from(self.pages)) >> 64) as u64;
        let mut step = 1;
        while low < high {
            if step > high - low {
                probe = low + (high - low) / 2;
            }
            let page = probe.clamp(low, high - 1);
            let records = self.page(folder, page)?;
            let (first, last) = (records.first().copied(), records.last().copied());
            if last.is_some_and(|last| last.0 < key) {
                low = page + 1;
                probe = page + step;
            } else {
                found = Some((page, records));
                if first.is_some_and(|first| first.0 < key) {
                    break;
                }
                high = page;
                probe = page.saturating_sub(step);
            }
            step *= 2;
        }
        Ok(found)
    }
}

/// Most pages that the run of a range can have.
pub(super) fn pages_max(range: &Range<u64>) -> u64 {
    (range.end - range.start).div_ceil(PAGE_RECORDS as u64)
}

/// Looks up keys in a run; cheap if they ascend.
pub(super) struct Seeker<'a> {
    pub(super) run: &'a Run,
    /// The page that was read last, with its records.
    at: Option<(u64, Vec<Record>)>,
}

impl<'a> Seeker<'a> {
    pub(super) fn new(run: &'a Run) -> Self {
        Self { run, at: None }
    }

    /// The log indices of the records with a key, which must not be below the one before.
    pub(super) fn candidates(&mut self, folder: &Folder, key: u64) -> Result<Vec<u64>, ExportError> {
        let within = |records: &[Record]| records.last().is_some_and(|last| last.0 >= key);
        match &self.at {
            Some((_, records)) if within(records) => {}
            Some((page, _)) => self.at = self.run.first_page(folder, page + 1, key)?,
            None => self.at = self.run.first_page(folder, 0, key)?,
        }
        let Some((mut page, records)) = self.at.as_ref().map(|(page, records)| (*page, records)) else {
            // Beyond the last page: what comes after is so, too.
            self.at = Some((self.run.pages, Vec::new()));
            return Ok(Vec::new());
        };
        let matches = |records: &[Record]| {
            let start = records.partition_point(|record| record.0 < key);
            let own = records[start..].iter().take_while(|record| record.0 == key);
            own.map(|record| record.1).collect::<Vec<_>>()
        };
        let mut found = matches(records);
        let mut last = records.last().map(|last| last.0);
        // Equal keys may go on in the next page.
        while last == Some(key) && page + 1 < self.run.pages {
            page += 1;
            let records = self.run.page(folder, page)?;
            found.extend(matches(&records));
            last = records.last().map(|last| last.0);
        }
        Ok(found)
    }
}

/// Reads a run from its beginning.
pub(super) struct Cursor<'a> {
    run: &'a Run,
    page: u64,
    // In reverse.
    rest: Vec<Record>,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(run: &'a Run) -> Self {
        Self { run, page: 0, rest: Vec::new() }
    }

    pub(super) fn next(&mut self, folder: &Folder) -> Result<Option<Record>, ExportError> {
        if self.rest.is_empty() && self.page < self.run.pages {
            self.rest = self.run.page(folder, self.page)?;
            self.rest.reverse();
            self.page += 1;
        }
        Ok(self.rest.pop())
    }
}

/// Writes sorted records.
pub(super) struct Pages<W> {
    out: W,
    page: Vec<u8>,
    count: usize,
}

impl<W: Write> Pages<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, page: vec![0; 2], count: 0 }
    }

    pub(super) fn push(&mut self, (key, index): Record) -> std::io::Result<()> {
        self.page.extend_from_slice(&key.to_be_bytes());
        self.page.extend_from_slice(&index.to_be_bytes()[2..]);
        self.count += 1;
        if self.count == PAGE_RECORDS { self.flush() } else { Ok(()) }
    }

    /// Writes the last page; returns what was written to.
    pub(super) fn finish(mut self) -> std::io::Result<W> {
        if self.count > 0 {
            self.flush()?;
        }
        Ok(self.out)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.page[..2].copy_from_slice(&(self.count as u16).to_be_bytes());
        self.page.resize(CHECKED_BYTES, 0);
        let checksum = blake3::hash(&self.page);
        self.page.extend_from_slice(&checksum.as_bytes()[..16]);
        self.out.write_all(&self.page)?;
        self.page.truncate(2);
        self.count = 0;
        Ok(())
    }
}
