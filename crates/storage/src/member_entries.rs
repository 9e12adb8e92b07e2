//! The entries that concern one member, in the order of the log: the lines of a completeness proof.
//!
//! The entries of the member's own batches are found by sequence number. Those that others signed, votes about it and
//! revocations by its successor, are few, and listed in the checkpoint.

use std::ops::Range;

use sanad_core::batch::BatchChain;
use sanad_core::event::Entry;
use sanad_core::ids::{LogIndex, MemberId, Sequence};
use sanad_core::proof::EntryRun;

use crate::error::{Part, StoreError};
use crate::read::BatchRecord;
use crate::store::Store;

/// Runs of the entries that concern a member. Ends after an error.
#[derive(Debug)]
pub struct MemberEntries<'a> {
    store: &'a Store,
    member: MemberId,
    /// Log indices still to come.
    range: Range<LogIndex>,
    /// The next batch of each of the member's chains. Empty before the first call of `next`.
    heads: Vec<BatchRecord>,
    started: bool,
}

impl Store {
    /// The entries in a range of the log that concern a member, in order: what its
    /// [`EventsHead`](sanad_core::member::EventsHead) was made from. Each run holds entries that follow each other in the
    /// log, at most those of one batch; a run at an end of the range is cut there.
    pub fn member_entries(&self, member: &MemberId, range: Range<LogIndex>) -> MemberEntries<'_> {
        let end = range.end.min(LogIndex(self.log_size().0));
        let range = range.start..end;
        MemberEntries { store: self, member: member.clone(), range, heads: Vec::new(), started: false }
    }
}

impl MemberEntries<'_> {
    fn next_run(&mut self) -> Result<Option<EntryRun>, StoreError> {
        if self.range.is_empty() {
            return Ok(None);
        }
        if !self.started {
            self.started = true;
            for chain in BatchChain::ALL {
                self.heads.extend(self.first_batch(chain)?);
            }
        }
        let first = self.heads.iter().enumerate().min_by_key(|(_, batch)| batch.first_index);
        if let Some(index) = self.next_concern()
            && first.is_none_or(|(_, batch)| index < batch.first_index)
        {
            self.range.start = LogIndex(index.0 + 1);
            let entry = self.store.entry(index)?;
            return Ok(Some(EntryRun { first_index: index, entries: vec![entry.encode()] }));
        }
        let Some((place, _)) = first else { return Ok(None) };
        let batch = self.heads.swap_remove(place);
        self.heads.extend(self.store.batch_of(&self.member, batch.chain, batch.sequence.next())?);
        let LogIndex(start) = self.range.start.max(batch.first_index);
        let LogIndex(end) = self.range.end.min(LogIndex(end_of(&batch)));
        if start >= end {
            return Ok(None);
        }
        self.range.start = LogIndex(end);
        let record = self.store.shared.columns.batch(batch.ordinal)?;
        let entries = self.store.shared.batch_entries(&record, start, end)?;
        Ok(Some(EntryRun {
            first_index: LogIndex(start),
            entries: entries.iter().map(Entry::encode).collect(),
        }))
    }

    /// The next entry in the range that another member signed.
    fn next_concern(&self) -> Option<LogIndex> {
        let published = self.store.shared.published();
        let concerns = published.concerns.get(&self.member)?;
        let next = concerns.partition_point(|index| *index < self.range.start);
        concerns.get(next).copied().filter(|index| *index < self.range.end)
    }

    /// The first batch of a chain that reaches into the range.
    fn first_batch(&self, chain: BatchChain) -> Result<Option<BatchRecord>, StoreError> {
        let batch = |sequence: u64| self.store.batch_of(&self.member, chain, Sequence(sequence));
        let is_before = |batch: &BatchRecord| end_of(batch) <= self.range.start.0;
        let first = batch(0)?;
        if !first.as_ref().is_some_and(is_before) {
            return Ok(first);
        }
        // Invariant: the batch at `low` is before the range; the one at `high` is not, or does not exist.
        let (mut low, mut high) = (0, 1);
        while batch(high)?.as_ref().is_some_and(is_before) {
            (low, high) = (high, high.checked_mul(2).ok_or(StoreError::Damaged { part: Part::Index })?);
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            match batch(middle)?.as_ref().is_some_and(is_before) {
                true => low = middle,
                false => high = middle,
            }
        }
        batch(high)
    }
}

impl Iterator for MemberEntries<'_> {
    type Item = Result<EntryRun, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let run = self.next_run().transpose();
        if !matches!(run, Some(Ok(_))) {
            self.range = LogIndex(0)..LogIndex(0);
        }
        run
    }
}

/// Log index after the last entry of a batch.
fn end_of(batch: &BatchRecord) -> u64 {
    batch.first_index.0 + batch.entries
}
