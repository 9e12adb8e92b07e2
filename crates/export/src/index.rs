//! Where a commitment was issued: sorted runs of short keys, each over a range of the log.
//!
//! A key is a hint: the entry itself says whether it is the one. Ranges follow from the size of the log alone, so
//! that exports of the same log have the same runs however often they were made.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;

use sanad_core::hash::Commitment;
use sanad_core::ids::LogIndex;

use crate::error::ExportError;
use crate::folder::{FillError, Folder, Writing};
use crate::layout;

/// Entries of the shortest whole run. What comes after the last whole one has a run of its own.
pub(crate) const CHUNK_ENTRIES: u64 = 1 << 16;
/// Runs of one length that become one.
const FAN_OUT: u64 = 4;
/// Bytes of a page: count (2), records, zeros (4), checksum (16).
const PAGE_BYTES: usize = 4096;
const PAGE_RECORDS: usize = 291;
const RECORD_BYTES: usize = 14;
const CHECKED_BYTES: usize = PAGE_BYTES - 16;

/// First 8 bytes of a commitment, and the log index of its issuance.
type Record = (u64, u64);

/// The ranges that a log of `size` entries has runs for, in order.
pub(crate) fn ranges(size: u64) -> Vec<Range<u64>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    while size - start >= CHUNK_ENTRIES {
        let mut length = CHUNK_ENTRIES;
        while start % (length * FAN_OUT) == 0 && size - start >= length * FAN_OUT {
            length *= FAN_OUT;
        }
        ranges.push(start..start + length);
        start += length;
    }
    if start < size {
        ranges.push(start..size);
    }
    ranges
}

/// Runs as they are written.
#[derive(Debug, Default)]
pub(crate) struct Index {
    // Invariant: they follow each other from 0 on, and `recent` begins where the last ends.
    runs: Vec<Run>,
    recent: BTreeSet<Record>,
    size: u64,
}

impl Index {
    /// The index of a log of `size` entries.
    pub(crate) fn open(folder: &Folder, size: u64) -> Result<Self, ExportError> {
        let mut index = Self { size, ..Self::default() };
        for range in ranges(size) {
            let run = Run::open(folder, range)?;
            match run.range.end % CHUNK_ENTRIES {
                0 => index.runs.push(run),
                _ => {
                    for page in 0..run.pages {
                        index.recent.extend(run.page(folder, page)?);
                    }
                }
            }
        }
        Ok(index)
    }

    /// Adds an entry, which may be an issuance. Runs of ranges in `keep` stay where longer ones replace them.
    pub(crate) fn push(
        &mut self,
        commitment: Option<&Commitment>,
        writing: &mut Writing,
        folder: &Folder,
        keep: &BTreeSet<String>,
    ) -> Result<(), ExportError> {
        if let Some(commitment) = commitment {
            self.recent.insert((key(commitment), self.size));
        }
        self.size += 1;
        if !self.size.is_multiple_of(CHUNK_ENTRIES) {
            return Ok(());
        }
        self.write(writing)?;
        self.runs.push(Run::open(folder, self.size - CHUNK_ENTRIES..self.size)?);
        self.recent.clear();
        let planned = ranges(self.size);
        let Some(last) = planned.last().filter(|last| last.end - last.start > CHUNK_ENTRIES) else {
            return Ok(());
        };
        let former = self.runs.split_off(planned.len() - 1);
        merge(&former, folder, writing, last)?;
        self.runs.push(Run::open(folder, last.clone())?);
        for run in former.iter().map(|run| layout::run(&run.range)).filter(|run| !keep.contains(run)) {
            writing.remove(&run)?;
        }
        Ok(())
    }

    /// Writes the run of what comes after the last whole one, unless there is nothing.
    pub(crate) fn write(&self, writing: &mut Writing) -> Result<(), ExportError> {
        let start = self.runs.last().map_or(0, |run| run.range.end);
        if start == self.size {
            return Ok(());
        }
        writing.write_with(&layout::run(&(start..self.size)), |out| {
            let mut pages = Pages::new(out);
            self.recent.iter().try_for_each(|record| pages.push(*record))?;
            pages.finish()
        })
    }

    /// The log indexes that may be those of a commitment.
    pub(crate) fn candidates(
        &self,
        folder: &Folder,
        commitment: &Commitment,
    ) -> Result<Vec<u64>, ExportError> {
        let key = key(commitment);
        let mut found: Vec<u64> =
            self.recent.range((key, 0)..=(key, u64::MAX)).map(|record| record.1).collect();
        for run in &self.runs {
            found.extend(run.candidates(folder, key)?);
        }
        Ok(found)
    }
}

/// The log indexes that may be those of a commitment, in a log of `size` entries.
pub(crate) fn candidates(
    folder: &Folder,
    size: u64,
    commitment: &Commitment,
) -> Result<Vec<u64>, ExportError> {
    let mut found = Vec::new();
    for range in ranges(size) {
        found.extend(Run::open(folder, range)?.candidates(folder, key(commitment))?);
    }
    Ok(found)
}

/// What a log issues, to compare its index with: 16 bytes of memory an issuance.
#[derive(Debug, Default)]
pub struct Issuances(Vec<Record>);

impl Issuances {
    /// Notes an issuance. They come in the order of the log.
    pub fn push(&mut self, commitment: &Commitment, index: LogIndex) {
        self.0.push((key(commitment), index.0));
    }

    /// The first entry that the index of a log of `size` entries has otherwise, or has not. Reads each run once.
    pub(crate) fn first_difference(
        &self,
        folder: &Folder,
        size: u64,
    ) -> Result<Option<LogIndex>, ExportError> {
        for range in ranges(size) {
            let place = |index| self.0.partition_point(|record| record.1 < index);
            let mut expected = self.0[place(range.start)..place(range.end)].to_vec();
            expected.sort_unstable();
            let run = Run::open(folder, range)?;
            let mut stored = Vec::with_capacity(expected.len());
            for page in 0..run.pages {
                stored.extend(run.page(folder, page)?);
            }
            if stored != expected {
                let only_in = |these: &[Record], others: &BTreeSet<Record>| {
                    these.iter().filter(|record| !others.contains(*record)).map(|record| record.1).min()
                };
                let sets = (expected.iter().copied().collect(), stored.iter().copied().collect());
                let missing = only_in(&expected, &sets.1).into_iter().chain(only_in(&stored, &sets.0)).min();
                // Equal as sets, and not in order: the run itself is at fault.
                return Ok(Some(LogIndex(missing.unwrap_or(run.range.start))));
            }
        }
        Ok(None)
    }
}

/// A run that is there.
#[derive(Debug)]
struct Run {
    range: Range<u64>,
    file: File,
    path: String,
    pages: u64,
}

impl Run {
    fn open(folder: &Folder, range: Range<u64>) -> Result<Self, ExportError> {
        let path = layout::run(&range);
        let file = folder.open(&path)?.ok_or_else(|| folder.missing(&path))?;
        let bytes = file.metadata().map_err(folder.io(&path))?.len();
        let pages = bytes / PAGE_BYTES as u64;
        if bytes % PAGE_BYTES as u64 != 0 || pages > (range.end - range.start).div_ceil(PAGE_RECORDS as u64) {
            return Err(folder.malformed(&path, "not a whole number of pages, or too many"));
        }
        Ok(Self { range, file, path, pages })
    }

    /// The records of a page, of which there is one at least.
    fn page(&self, folder: &Folder, page: u64) -> Result<Vec<Record>, ExportError> {
        let mut bytes = [0; PAGE_BYTES];
        self.file.read_exact_at(&mut bytes, page * PAGE_BYTES as u64).map_err(folder.io(&self.path))?;
        let count = usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
        let checksum = blake3::hash(&bytes[..CHECKED_BYTES]);
        if checksum.as_bytes()[..16] != bytes[CHECKED_BYTES..] || !(1..=PAGE_RECORDS).contains(&count) {
            return Err(folder.malformed(&self.path, "a page of the index does not have its checksum"));
        }
        let records: Vec<Record> = bytes[2..2 + count * RECORD_BYTES]
            .as_chunks::<RECORD_BYTES>()
            .0
            .iter()
            .map(|record| {
                let [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = *record;
                (u64::from_be_bytes([a, b, c, d, e, f, g, h]), u64::from_be_bytes([0, 0, i, j, k, l, m, n]))
            })
            .collect();
        let ascending = records.is_sorted_by(|a, b| a < b);
        if !ascending || records.iter().any(|(_, index)| !self.range.contains(index)) {
            return Err(folder.malformed(&self.path, "a page of the index is out of order or range"));
        }
        Ok(records)
    }

    fn candidates(&self, folder: &Folder, key: u64) -> Result<Vec<u64>, ExportError> {
        let mut found = Vec::new();
        for page in self.first_page(folder, key)?..self.pages {
            let records = self.page(folder, page)?;
            found.extend(records.iter().filter(|record| record.0 == key).map(|record| record.1));
            if records.last().is_some_and(|last| last.0 > key) {
                break;
            }
        }
        Ok(found)
    }

    /// The first page whose last key is not below `key`. Keys are spread evenly unless someone takes pains, so
    /// the search begins where the key should be, and widens until it is a bisection.
    fn first_page(&self, folder: &Folder, key: u64) -> Result<u64, ExportError> {
        let (mut low, mut high) = (0, self.pages);
        let mut probe = ((u128::from(key) * u128::from(self.pages)) >> 64) as u64;
        let mut step = 1;
        while low < high {
            if step > high - low {
                probe = low + (high - low) / 2;
            }
            let page = probe.clamp(low, high - 1);
            let records = self.page(folder, page)?;
            if records.last().is_some_and(|last| last.0 < key) {
                low = page + 1;
                probe = page + step;
            } else if records.first().is_some_and(|first| first.0 >= key) {
                high = page;
                probe = page.saturating_sub(step);
            } else {
                return Ok(page);
            }
            step *= 2;
        }
        Ok(low)
    }
}

/// Merges runs into the one of the range that they cover.
fn merge(
    runs: &[Run],
    folder: &Folder,
    writing: &mut Writing,
    range: &Range<u64>,
) -> Result<(), ExportError> {
    writing.write_with(&layout::run(range), |out| {
        let mut pages = Pages::new(out);
        let mut cursors: Vec<Cursor<'_>> =
            runs.iter().map(|run| Cursor { run, folder, page: 0, rest: Vec::new() }).collect();
        let mut heads = Vec::new();
        for cursor in &mut cursors {
            heads.push(cursor.next()?);
        }
        let least = |heads: &[Option<Record>]| {
            heads.iter().enumerate().filter_map(|(n, head)| head.map(|head| (head, n))).min()
        };
        while let Some((record, from)) = least(&heads) {
            pages.push(record)?;
            heads[from] = cursors[from].next()?;
        }
        pages.finish().map_err(FillError::from)
    })
}

/// Reads a run from its beginning.
struct Cursor<'a> {
    run: &'a Run,
    folder: &'a Folder,
    page: u64,
    // In reverse.
    rest: Vec<Record>,
}

impl Cursor<'_> {
    fn next(&mut self) -> Result<Option<Record>, ExportError> {
        if self.rest.is_empty() && self.page < self.run.pages {
            self.rest = self.run.page(self.folder, self.page)?;
            self.rest.reverse();
            self.page += 1;
        }
        Ok(self.rest.pop())
    }
}

/// Writes sorted records.
struct Pages<W> {
    out: W,
    page: Vec<u8>,
    count: u16,
}

impl<W: Write> Pages<W> {
    fn new(out: W) -> Self {
        Self { out, page: vec![0; 2], count: 0 }
    }

    fn push(&mut self, (key, index): Record) -> std::io::Result<()> {
        self.page.extend_from_slice(&key.to_be_bytes());
        self.page.extend_from_slice(&index.to_be_bytes()[2..]);
        self.count += 1;
        if usize::from(self.count) == PAGE_RECORDS { self.flush() } else { Ok(()) }
    }

    fn finish(mut self) -> std::io::Result<()> {
        if self.count > 0 { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.page[..2].copy_from_slice(&self.count.to_be_bytes());
        self.page.resize(CHECKED_BYTES, 0);
        let checksum = blake3::hash(&self.page);
        self.out.write_all(&self.page)?;
        self.out.write_all(&checksum.as_bytes()[..16])?;
        self.page.truncate(2);
        self.count = 0;
        Ok(())
    }
}

fn key(commitment: &Commitment) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = commitment.0;
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}
