//! Turning memory tables into runs, and runs into larger ones.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::KeyIndex;
use super::memory::MemoryTable;
use super::merge;
use super::run::{Run, RunHead, fingerprint};
use super::run_writer::RunWriter;
use crate::error::StoreError;
use crate::files;

impl KeyIndex {
    /// Writes waiting memory tables and merges runs until nothing is left to do. Call it on a thread of its own;
    /// lookups and insertions continue meanwhile.
    ///
    /// # Errors
    /// [`StoreError`]; the index stays as it was.
    pub fn maintain(&self) -> Result<(), StoreError> {
        let _merging = self.merging.lock().expect("invariant: no holder of this lock panics");
        while self.flush_oldest()? || self.merge_once()? {}
        Ok(())
    }

    /// Writes the oldest waiting memory table; false if there is none, or after [`Self::stop`].
    pub(super) fn flush_oldest(&self) -> Result<bool, StoreError> {
        let _flushing = self.flushing.lock().expect("invariant: no holder of this lock panics");
        let Some(table) = self.read().frozen.front().cloned() else { return Ok(false) };
        if self.is_stopped() {
            return Ok(false);
        }
        let run = Arc::new(self.write_run(&table)?);
        let mut tables = self.tables.write().expect("invariant: no holder of this lock panics");
        tables.frozen.pop_front();
        tables.runs.push(run);
        Ok(true)
    }

    fn merge_once(&self) -> Result<bool, StoreError> {
        let parts = merge::choose(&self.read().runs, self.options.memory_keys, self.options.fan_out);
        let Some(parts) = parts.filter(|_| !self.is_stopped()) else { return Ok(false) };
        let between = || {
            self.flush_oldest()?;
            Ok(!self.is_stopped())
        };
        let Some(merged) = merge::merge(&self.directory, &parts, between)? else { return Ok(false) };
        self.replace(merged);
        // Lookups that still hold a part read on from the open file.
        parts.iter().try_for_each(|part| files::remove_all(part.path()))?;
        Ok(true)
    }

    fn replace(&self, merged: Run) {
        let range = merged.range();
        let mut tables = self.tables.write().expect("invariant: no holder of this lock panics");
        let start = tables.runs.partition_point(|run| run.range().start < range.start);
        let end = tables.runs.partition_point(|run| run.range().end <= range.end);
        tables.runs.splice(start..end, [Arc::new(merged)]);
    }

    fn write_run(&self, table: &MemoryTable) -> Result<Run, StoreError> {
        let keys = table.sorted();
        let fingerprint = fingerprint(&self.secret);
        let head = RunHead { range: table.range(), keys: keys.len() as u64, fingerprint };
        let mut writer = RunWriter::new(&self.directory, head)?;
        keys.into_iter().try_for_each(|(key, value)| writer.push(key, value))?;
        writer.finish()
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
