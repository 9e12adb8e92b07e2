//! The key index: from a hash to a place in the log, in sorted runs.
//!
//! It holds hints, not answers: a key is 8 bytes of a keyed hash, and callers compare each candidate with the log.
//! Keys of recent places are in memory; the rest is in immutable files, each for a contiguous range of places, together
//! for all from 0 on. So nothing here needs to be durable in time: what is lost is read from the log again, from the
//! end of the last run on.

mod bloom;
pub(crate) mod check;
mod maintenance;
mod memory;
mod merge;
mod run;
pub(crate) mod run_files;
mod run_writer;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, RwLock};

use sanad_chain::IndexSecret;

use memory::MemoryTable;
use run::Run;

use crate::error::StoreError;
use crate::files;

/// Largest value that an index can hold: 48 bits.
pub const INDEX_VALUE_MAX: u64 = (1 << 48) - 1;

/// Memory tables that wait to become runs; beyond that, the inserting thread writes them.
const FROZEN_MAX: usize = 8;
/// Memory tables beyond which an insertion fails if none can be written: some 400 MB with the default options.
const FROZEN_LIMIT: usize = 256;

/// How an index spends memory and disk.
#[derive(Clone, Copy, Debug)]
pub struct IndexOptions {
    /// Keys in memory before they become a run.
    pub memory_keys: usize,
    /// Runs of like size that are merged into one.
    pub fan_out: usize,
}

/// An index from 32-byte hashes to places below 2^48. One inserts, many look up.
#[derive(Debug)]
pub struct KeyIndex {
    directory: PathBuf,
    secret: IndexSecret,
    options: IndexOptions,
    tables: RwLock<Tables>,
    /// Held while a memory table becomes a run, so that runs stay in order.
    flushing: Mutex<()>,
    /// Held while runs are merged.
    merging: Mutex<()>,
    stop: AtomicBool,
}

#[derive(Debug)]
struct Tables {
    // Invariant: the ranges of runs, frozen and active follow each other from 0 on without gaps.
    runs: Vec<Arc<Run>>,
    frozen: VecDeque<Arc<MemoryTable>>,
    active: MemoryTable,
}

impl KeyIndex {
    /// Opens the runs in a directory, which is made if need be. Runs that are damaged, reach beyond the
    /// place `limit`, or belong to another secret are removed, with all after them.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn open(
        directory: &Path,
        secret: IndexSecret,
        options: IndexOptions,
        limit: u64,
    ) -> Result<Self, StoreError> {
        files::make_directory(directory)?;
        let runs = run_files::open_all(directory, &secret, limit)?;
        let end = runs.last().map_or(0, |run| run.range().end);
        Ok(Self {
            directory: directory.to_owned(),
            secret,
            options,
            tables: RwLock::new(Tables { runs, frozen: VecDeque::new(), active: MemoryTable::new(end) }),
            flushing: Mutex::new(()),
            merging: Mutex::new(()),
            stop: AtomicBool::new(false),
        })
    }

    /// The place up to which everything was inserted.
    pub fn end(&self) -> u64 {
        self.read().active.range().end
    }

    /// Inserts the keys of the places from [`Self::end`] up to `end`; a place may have no key or several.
    /// What lies before is left out: it was inserted already. Returns whether there is work for
    /// [`Self::maintain`].
    ///
    /// Requires every value to be below `end`, and one caller at a time.
    ///
    /// # Errors
    /// The store's, if far too many memory tables wait and none can be written.
    pub fn insert<'a>(
        &self,
        keys: impl IntoIterator<Item = (&'a [u8; 32], u64)>,
        end: u64,
    ) -> Result<bool, StoreError> {
        // Hashed before the lock is taken: readers wait for the insertion alone.
        let start = self.end();
        let keys: Vec<(u64, u64)> = keys
            .into_iter()
            .filter(|(_, value)| *value >= start)
            .map(|(hash, value)| (self.secret.key(hash), value))
            .collect();
        let end = end.max(start);
        let waiting = {
            let mut tables = self.tables.write().expect("invariant: no holder of this lock panics");
            tables.active.insert(&keys, end);
            if tables.active.keys() >= self.options.memory_keys {
                let full = std::mem::replace(&mut tables.active, MemoryTable::new(end));
                tables.frozen.push_back(Arc::new(full));
            }
            tables.frozen.len()
        };
        if waiting > FROZEN_MAX
            && let Err(error) = self.flush_oldest()
        {
            if waiting > FROZEN_LIMIT {
                return Err(error);
            }
            tracing::warn!(%error, waiting, "an index run cannot be written; its keys stay in memory");
        }
        Ok(waiting > 0)
    }

    /// The place of a hash: the first candidate that `verify` accepts.
    ///
    /// # Errors
    /// Those of `verify`, and [`StoreError`] where a run cannot be read.
    pub fn find(
        &self,
        hash: &[u8; 32],
        mut verify: impl FnMut(u64) -> Result<bool, StoreError>,
    ) -> Result<Option<u64>, StoreError> {
        let key = self.secret.key(hash);
        let mut candidates = Vec::new();
        // Runs cover all that is not in memory at this moment, whatever is merged later.
        let runs: Vec<Arc<Run>> = {
            let tables = self.read();
            tables.active.find(key, &mut candidates);
            tables.frozen.iter().for_each(|table| table.find(key, &mut candidates));
            tables.runs.iter().filter(|run| run.may_hold(key)).cloned().collect()
        };
        for run in runs {
            run.find(key, &mut candidates)?;
        }
        for candidate in candidates {
            if verify(candidate)? {
                return Ok(Some(candidate));
            }
        }
        Ok(None)
    }

    /// The first of several hashes that has a place, by its position among them, and that place. `verify` is asked for a
    /// position and a candidate. Most hashes are nowhere, and this finds that out with fewer steps than asking for each.
    ///
    /// # Errors
    /// Those of `verify`, and [`StoreError`] where a run cannot be read.
    pub fn find_first<'a>(
        &self,
        hashes: impl IntoIterator<Item = &'a [u8; 32]>,
        mut verify: impl FnMut(usize, u64) -> Result<bool, StoreError>,
    ) -> Result<Option<(usize, u64)>, StoreError> {
        let keys: Vec<u64> = hashes.into_iter().map(|hash| self.secret.key(hash)).collect();
        let (mut candidates, mut doubtful, mut values) = (Vec::new(), Vec::new(), Vec::new());
        {
            // Table by table, so that the processor waits for the memory of several keys at once. Runs cover all that is not
            // in memory at this moment, whatever is merged later.
            let tables = self.read();
            for table in tables.frozen.iter().map(Arc::as_ref).chain([&tables.active]) {
                for (position, key) in keys.iter().enumerate() {
                    table.find(*key, &mut values);
                    candidates.extend(values.drain(..).map(|value| (position, value)));
                }
            }
            for run in &tables.runs {
                let held = keys.iter().enumerate().filter(|(_, key)| run.may_hold(**key));
                doubtful.extend(held.map(|(position, _)| (position, Arc::clone(run))));
            }
        }
        for (position, run) in doubtful {
            run.find(keys[position], &mut values)?;
            candidates.extend(values.drain(..).map(|value| (position, value)));
        }
        candidates.sort_unstable();
        for (position, value) in candidates {
            if verify(position, value)? {
                return Ok(Some((position, value)));
            }
        }
        Ok(None)
    }

    /// Bytes of memory that the runs' filters and fences take.
    pub fn memory_bytes(&self) -> usize {
        self.read().runs.iter().map(|run| run.memory_bytes()).sum()
    }

    /// Makes [`Self::maintain`] return soon, and not start again.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Tables> {
        self.tables.read().expect("invariant: no holder of this lock panics")
    }
}
