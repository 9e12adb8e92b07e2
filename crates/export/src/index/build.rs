//! Making the runs of an export: what is new is sorted in memory, a part at a time, and merged once at the end.
//!
//! That one merge goes through all new issuances in the order of their keys, so it also finds those that were made before.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufReader, Read as _, Write as _};

use rayon::prelude::*;
use sanad_core::commitment::IssuanceKey;
use sanad_core::ids::LogIndex;

use super::run::{Cursor, Pages, Run, Seeker};
use super::{CHUNK_ENTRIES, Record, key, ranges};
use crate::error::ExportError;
use crate::folder::Folder;
use crate::layout::{self, TEMPORARY};
use crate::writing::Writing;

/// Records that are sorted in memory, 16 bytes each (16 MiB).
const SORTED_RECORDS: usize = 1 << 20;
/// Bytes of a record in a temporary file.
const SPILLED_BYTES: usize = 16;

/// The index of an export that grows.
#[derive(Debug)]
pub(crate) struct IndexBuilder {
    /// Whole runs of the export as it was published.
    published: Vec<Run>,
    /// Entries up to there.
    published_size: u64,
    // Of any order.
    recent: Vec<Record>,
    /// Sorted temporary files.
    spilled: Vec<String>,
    /// Records that are sorted in memory at a time.
    limit: usize,
}

/// Two entries whose issuance keys are equal in their first 8 bytes.
pub(crate) type Twins = (LogIndex, LogIndex);

impl IndexBuilder {
    /// The index of a published log of `size` entries.
    pub(crate) fn open(folder: &Folder, size: u64) -> Result<Self, ExportError> {
        let (mut published, mut recent) = (Vec::new(), Vec::new());
        for range in ranges(size) {
            let run = Run::open(folder, range)?;
            match run.range.end % CHUNK_ENTRIES {
                0 => published.push(run),
                _ => recent = run.all(folder)?,
            }
        }
        let limit = SORTED_RECORDS;
        Ok(Self { published, published_size: size, recent, spilled: Vec::new(), limit })
    }

    /// Adds an issuance.
    pub(crate) fn push(
        &mut self,
        folder: &Folder,
        issuance: &IssuanceKey,
        index: LogIndex,
    ) -> Result<(), ExportError> {
        self.recent.push((key(issuance), index.0));
        if self.recent.len() < self.limit {
            return Ok(());
        }
        self.recent.par_sort_unstable();
        let path = format!("{TEMPORARY}/sorted-{}", self.spilled.len());
        let mut bytes = Vec::with_capacity(self.recent.len() * SPILLED_BYTES);
        for (key, index) in self.recent.drain(..) {
            bytes.extend_from_slice(&key.to_be_bytes());
            bytes.extend_from_slice(&index.to_be_bytes());
        }
        File::create(folder.path(&path))
            .and_then(|mut out| out.write_all(&bytes))
            .map_err(folder.io(&path))?;
        self.spilled.push(path);
        Ok(())
    }

    /// Writes the runs of a log of `size` entries that are not there yet. Returns the entries that may issue what an
    /// earlier one did, and the earlier one.
    pub(crate) fn finish(
        &mut self,
        folder: &Folder,
        size: u64,
        writing: &mut Writing,
    ) -> Result<Vec<Twins>, ExportError> {
        let planned = ranges(size);
        let (kept, merged): (Vec<&Run>, Vec<&Run>) =
            self.published.iter().partition(|run| planned.contains(&run.range));
        let is_kept = |range: &&std::ops::Range<u64>| !kept.iter().any(|run| run.range == **range);
        let mut outputs = Vec::new();
        for range in planned.iter().filter(is_kept) {
            outputs.push((range.clone(), Pages::new(writing.draft()?)));
        }
        self.recent.par_sort_unstable();
        let mut sources = vec![Source::Memory(self.recent.iter())];
        for path in &self.spilled {
            sources.push(Source::spilled(folder, path)?);
        }
        sources.extend(merged.into_iter().map(|run| Source::Run(Cursor::new(run))));
        let mut seekers: Vec<Seeker<'_>> = kept.iter().map(|run| Seeker::new(run)).collect();
        let mut heads = BinaryHeap::new();
        for (place, source) in sources.iter_mut().enumerate() {
            heads.extend(source.next(folder)?.map(|record| Reverse((record, place))));
        }
        // `same` are the entries of all records so far that have the last key.
        let (mut twins, mut last, mut same) = (Vec::new(), None, Vec::new());
        while let Some(Reverse((record, place))) = heads.pop() {
            let (key, index) = record;
            heads.extend(sources[place].next(folder)?.map(|record| Reverse((record, place))));
            let output = outputs.iter_mut().find(|(range, _)| range.contains(&index));
            if let Some((range, pages)) = output {
                pages.push(record).map_err(folder.io(&layout::run(range)))?;
            }
            if last.replace(key) != Some(key) {
                same.clear();
            }
            twins.extend(same.iter().map(|earlier| (LogIndex(*earlier), LogIndex(index))));
            same.push(index);
            if index >= self.published_size {
                for seeker in &mut seekers {
                    let earlier = seeker.candidates(folder, key)?.into_iter().map(LogIndex);
                    twins.extend(earlier.map(|earlier| (earlier, LogIndex(index))));
                }
            }
        }
        for (range, pages) in outputs {
            let path = layout::run(&range);
            let draft = pages.finish().map_err(folder.io(&path))?;
            writing.finish(draft, &path)?;
        }
        Ok(twins)
    }
}

/// Sorted records from somewhere.
enum Source<'a> {
    Memory(std::slice::Iter<'a, Record>),
    Spilled(BufReader<File>, String),
    Run(Cursor<'a>),
}

impl Source<'_> {
    fn spilled(folder: &Folder, path: &str) -> Result<Self, ExportError> {
        let file = File::open(folder.path(path)).map_err(folder.io(path))?;
        Ok(Self::Spilled(BufReader::with_capacity(1 << 16, file), path.to_owned()))
    }

    fn next(&mut self, folder: &Folder) -> Result<Option<Record>, ExportError> {
        match self {
            Self::Memory(records) => Ok(records.next().copied()),
            Self::Run(cursor) => cursor.next(folder),
            Self::Spilled(file, path) => {
                let mut bytes = [0; SPILLED_BYTES];
                match file.read(&mut bytes[..1]).map_err(folder.io(path))? {
                    0 => Ok(None),
                    _ => {
                        file.read_exact(&mut bytes[1..]).map_err(folder.io(path))?;
                        let [a, b, c, d, e, f, g, h, index @ ..] = bytes;
                        let key = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
                        Ok(Some((key, u64::from_be_bytes(index))))
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::{candidates, ranges, run_pages};

    fn issuance(n: u64) -> IssuanceKey {
        // Entries that are a multiple of 50,000 share the first 8 bytes of their keys.
        let seed = if n.is_multiple_of(50_000) { 0 } else { n };
        let mut key = *blake3::hash(&seed.to_be_bytes()).as_bytes();
        key[24..].copy_from_slice(&n.to_be_bytes());
        IssuanceKey(key)
    }

    fn opened(folder: &Folder, size: u64, limit: usize) -> (Writing, IndexBuilder) {
        let writing = Writing::start(folder).unwrap();
        writing.begin().unwrap();
        let index = IndexBuilder { limit, ..IndexBuilder::open(folder, size).unwrap() };
        (writing, index)
    }

    #[test]
    fn sorted_in_parts_it_is_the_same() {
        const SIZE: u64 = 300_000;
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let runs = folders.each_ref().map(|folder| {
            let path = folder.path();
            // All at once in memory; or in steps, with temporary files and runs that are merged or kept.
            let (limit, steps) = match path == folders[0].path() {
                true => (usize::MAX, vec![SIZE]),
                false => (7_000, vec![1, 65_536, 65_537, 140_000, 270_000, SIZE]),
            };
            let folder = Folder::new(path);
            let (mut size, mut twins) = (0, Vec::new());
            for step in steps {
                let (mut writing, mut index) = opened(&folder, size, limit);
                // Of each ten entries one issues nothing.
                for n in (size..step).filter(|n| n % 10 != 3) {
                    index.push(&folder, &issuance(n), LogIndex(n)).unwrap();
                }
                twins.extend(index.finish(&folder, step, &mut writing).unwrap());
                size = step;
            }
            let runs: Vec<_> = ranges(SIZE)
                .iter()
                .map(|range| std::fs::read(folder.path(&layout::run(range))).unwrap())
                .collect();
            let pages = run_pages(&folder, SIZE).unwrap();
            let found =
                |n| candidates(&folder, SIZE, &pages, &issuance(n)).flat_map(Result::unwrap).collect();
            for n in [0, 1, 65_535, 65_536, 123_456, SIZE - 1] {
                let found: Vec<u64> = found(n);
                assert!(found.contains(&n) && (n == 0 || found.len() == 1), "{n}: {found:?}");
            }
            assert!(found(13).is_empty(), "it issues nothing");
            twins.sort();
            twins.dedup();
            (runs, twins)
        });
        assert_eq!(runs[0].0, runs[1].0);
        let same: Vec<u64> = (0..SIZE).step_by(50_000).collect();
        let pairs = same.iter().flat_map(|a| same.iter().map(move |b| (LogIndex(*a), LogIndex(*b))));
        let pairs: Vec<Twins> = pairs.filter(|(a, b)| a < b).collect();
        assert_eq!(runs[0].1, pairs);
        assert_eq!(runs[1].1, pairs);
    }
}
