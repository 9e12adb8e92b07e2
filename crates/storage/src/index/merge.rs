//! Merging runs into one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::Path;
use std::sync::Arc;

use super::run::{Run, RunHead};
use super::run_writer::RunWriter;
use crate::error::StoreError;

/// Pages between two looks at what else there is to do.
const PAGES_BETWEEN: usize = 64;

/// The runs to merge next: the first `fan_out` neighbours of one size class, of the smallest class that has
/// so many. A class spans a factor of `fan_out` in keys, from `least` keys on.
pub(super) fn choose(runs: &[Arc<Run>], least: usize, fan_out: usize) -> Option<Vec<Arc<Run>>> {
    let fan_out = fan_out.max(2);
    let class = |run: &Arc<Run>| (run.keys() / least.max(1) as u64).max(1).ilog(fan_out as u64);
    let windows =
        runs.windows(fan_out).filter(|window| window.iter().all(|run| class(run) == class(&window[0])));
    windows.min_by_key(|window| class(&window[0])).map(<[_]>::to_vec)
}

/// Writes one run with the keys of all. Calls `between` every few pages, and gives up when that says false.
///
/// Requires neighbours, in order.
pub(super) fn merge(
    directory: &Path,
    runs: &[Arc<Run>],
    mut between: impl FnMut() -> Result<bool, StoreError>,
) -> Result<Option<Run>, StoreError> {
    let (Some(first), Some(last)) = (runs.first(), runs.last()) else { return Ok(None) };
    let head = RunHead {
        range: first.range().start..last.range().end,
        keys: runs.iter().map(|run| run.keys()).sum(),
        fingerprint: first.fingerprint(),
    };
    let mut cursors = Vec::with_capacity(runs.len());
    let mut heads = BinaryHeap::new();
    for (source, run) in runs.iter().enumerate() {
        let mut cursor = Cursor { run, page: 0, records: Vec::new().into_iter() };
        heads.extend(cursor.next()?.map(|(key, value)| Reverse((key, value, source))));
        cursors.push(cursor);
    }
    let mut writer = RunWriter::new(directory, head)?;
    let mut looked = 0;
    while let Some(Reverse((key, value, source))) = heads.pop() {
        writer.push(key, value)?;
        heads.extend(cursors[source].next()?.map(|(key, value)| Reverse((key, value, source))));
        if writer.pages() >= looked + PAGES_BETWEEN {
            looked = writer.pages();
            if !between()? {
                writer.abandon()?;
                return Ok(None);
            }
        }
    }
    writer.finish().map(Some)
}

/// Reads a run from its beginning, page by page.
struct Cursor<'a> {
    run: &'a Run,
    page: usize,
    records: std::vec::IntoIter<(u64, u64)>,
}

impl Cursor<'_> {
    fn next(&mut self) -> Result<Option<(u64, u64)>, StoreError> {
        if self.records.len() == 0 && self.page < self.run.pages() {
            self.records = self.run.page(self.page)?.into_iter();
            self.page += 1;
        }
        Ok(self.records.next())
    }
}
