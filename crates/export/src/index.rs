//! Where a commitment was issued: sorted runs of short keys, each over a range of the log.
//!
//! A key is a hint: the entry itself says whether it is the one. Ranges follow from the size of the log alone, so exports
//! of the same log have the same runs however often they were made.

mod build;
mod run;

use std::ops::Range;

use rayon::prelude::*;
use sanad_core::commitment::IssuanceKey;
use sanad_core::ids::LogIndex;

use crate::error::ExportError;
use crate::folder::Folder;
use run::Run;

pub(crate) use build::IndexBuilder;

/// Entries of the shortest whole run. What comes after the last whole one has a run of its own.
const CHUNK_ENTRIES: u64 = 1 << 16;
/// Runs of one length that become one.
const FAN_OUT: u64 = 2;

/// First 8 bytes of an issuance key, and the log index of the issuance.
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

/// Most pages that the run of a range can have.
pub(crate) fn pages_max(range: &Range<u64>) -> u64 {
    run::pages_max(range)
}

/// Longest run that an index of `size` entries can have, in bytes.
pub(crate) fn run_bytes_max(size: u64) -> u64 {
    run::pages_max(&(0..size)).saturating_mul(run::PAGE_BYTES as u64)
}

/// Pages of each run that a log of `size` entries has.
pub(crate) fn run_pages(folder: &Folder, size: u64) -> Result<Vec<u32>, ExportError> {
    ranges(size).into_iter().map(|range| Ok(Run::open(folder, range)?.pages as u32)).collect()
}

/// The log indices that may be those of an issuance, run after run from the longest on, in a log of `size` entries whose
/// runs have as many pages as `run_pages` says.
pub(crate) fn candidates<'a>(
    folder: &'a Folder,
    size: u64,
    run_pages: &'a [u32],
    issuance: &IssuanceKey,
) -> impl Iterator<Item = Result<Vec<u64>, ExportError>> + 'a {
    let key = key(issuance);
    let runs = ranges(size).into_iter().zip(run_pages);
    runs.map(move |(range, pages)| Run::of(range, u64::from(*pages)).candidates(folder, key))
}

/// What a log issues, to compare its index with: 16 bytes of memory an issuance.
#[derive(Debug, Default)]
pub(crate) struct Issuances(Vec<Record>);

impl Issuances {
    /// Adds an issuance. They come in the order of the log.
    pub(crate) fn push(&mut self, issuance: &IssuanceKey, index: LogIndex) {
        self.0.push((key(issuance), index.0));
    }

    /// The first entry that the index of a log of `size` entries lacks, or has and must not. Reads each run once.
    pub(crate) fn first_difference(
        &self,
        folder: &Folder,
        size: u64,
        run_pages: &[u32],
    ) -> Result<Option<LogIndex>, ExportError> {
        for (range, pages) in ranges(size).into_iter().zip(run_pages) {
            let place = |index| self.0.partition_point(|record| record.1 < index);
            let mut expected = self.0[place(range.start)..place(range.end)].to_vec();
            expected.par_sort_unstable();
            let run = Run::of(range, u64::from(*pages));
            let stored = run.all(folder)?;
            if stored != expected {
                let only_in = |these: &[Record], others: &[Record]| {
                    let absent = |record: &&Record| others.binary_search(record).is_err();
                    these.iter().filter(absent).map(|record| record.1).min()
                };
                let differing =
                    only_in(&expected, &stored).into_iter().chain(only_in(&stored, &expected)).min();
                // The same records in another order: the run itself is at fault.
                return Ok(Some(LogIndex(differing.unwrap_or(run.range.start))));
            }
        }
        Ok(None)
    }
}

fn key(issuance: &IssuanceKey) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = issuance.0;
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_follow_from_the_size() {
        let chunks = |size| ranges(size).iter().map(|r| (r.start >> 16, r.end >> 16)).collect::<Vec<_>>();
        assert_eq!(ranges(0), []);
        assert_eq!(ranges(7), vec![0..7]);
        assert_eq!(chunks(65_536), [(0, 1)]);
        assert_eq!(chunks(11 << 16), [(0, 8), (8, 10), (10, 11)]);
        assert_eq!(chunks(16 << 16), [(0, 16)]);
        assert_eq!(ranges((16 << 16) + 1), [0..16 << 16, 16 << 16..(16 << 16) + 1]);
    }
}
