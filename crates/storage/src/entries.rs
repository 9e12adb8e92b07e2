//! Reading entries, each checked against its leaf hash in the log tree.

use std::ops::Range;

use sanad_core::codec;
use sanad_core::commitment::IssuanceKey;
use sanad_core::event::{Entry, Event, Origin};
use sanad_core::execution::LedgerView;
use sanad_core::hash::Commitment;
use sanad_core::ids::{LogIndex, MemberId};
use sanad_core::signature::SIGNATURE_BYTES;

use crate::columns::BatchColumnRecord;
use crate::error::{Part, StoreError};
use crate::options::{ENTRIES_BYTES_MAX, ENTRIES_MAX};
use crate::shared::Shared;
use crate::store::Store;

impl Store {
    /// The entries of a range of the log, in order: at most `limit` of them, at most [`ENTRIES_MAX`], no more after
    /// [`ENTRIES_BYTES_MAX`], and none beyond the log. Empty only if the range, within the log, or the limit is.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], I/O.
    pub fn entries(&self, range: Range<LogIndex>, limit: usize) -> Result<Vec<Entry>, StoreError> {
        let published = self.shared.published();
        let limit = limit.min(ENTRIES_MAX) as u64;
        let end = range.end.0.min(published.log_size().0).min(range.start.0.saturating_add(limit));
        let mut entries = Vec::new();
        if range.start.0 >= end {
            return Ok(entries);
        }
        let (mut ordinal, mut record) = self.shared.batch_holding(range.start)?;
        let mut bytes = 0;
        loop {
            let next = range.start.0 + entries.len() as u64;
            entries.extend(self.shared.batch_entries(&record, next, end)?);
            bytes += u64::from(record.bytes);
            if range.start.0 + entries.len() as u64 >= end || bytes >= ENTRIES_BYTES_MAX {
                return Ok(entries);
            }
            ordinal += 1;
            record = self.shared.columns.batch(ordinal)?;
        }
    }

    /// The entry with which an issuer issued a commitment, and its place; `None` if it never did.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn issuance(
        &self,
        issuer: &MemberId,
        commitment: &Commitment,
    ) -> Result<Option<(LogIndex, Entry)>, StoreError> {
        let key = IssuanceKey::new(issuer, commitment);
        let mut issuance = None;
        let index = self.shared.issuances.find(&key.0, |index| {
            issuance = self.issuance_at(index, &key)?;
            Ok(issuance.is_some())
        })?;
        Ok(index.map(LogIndex).zip(issuance))
    }

    /// The entry at an index.
    ///
    /// # Errors
    /// [`StoreError::BeyondLog`] unless `index` is below [`Self::log_size`], and others.
    pub fn entry(&self, index: LogIndex) -> Result<Entry, StoreError> {
        self.shared.entry(index)
    }
}

impl LedgerView for Store {
    type Error = StoreError;

    fn issuance(&self, key: &IssuanceKey) -> Result<Option<LogIndex>, StoreError> {
        let issues = |index| Ok(self.issuance_at(index, key)?.is_some());
        Ok(self.shared.issuances.find(&key.0, issues)?.map(LogIndex))
    }

    fn first_issued(&self, keys: &[IssuanceKey]) -> Result<Option<(usize, LogIndex)>, StoreError> {
        let hashes = keys.iter().map(|key| &key.0);
        let issues = |place: usize, index| Ok(self.issuance_at(index, &keys[place])?.is_some());
        let found = self.shared.issuances.find_first(hashes, issues)?;
        Ok(found.map(|(place, index)| (place, LogIndex(index))))
    }

    fn origin(&self, index: LogIndex) -> Result<Origin, StoreError> {
        self.entry(index).map(Origin::from)
    }
}

impl Store {
    /// The entry at an index if it is the issuance of a key.
    fn issuance_at(&self, index: u64, key: &IssuanceKey) -> Result<Option<Entry>, StoreError> {
        // The index may be ahead of the log while blocks are executed again.
        if index >= self.log_size().0 {
            return Ok(None);
        }
        let entry = self.shared.entry(LogIndex(index))?;
        let issues = match &entry.event {
            Event::Issue { commitment } => IssuanceKey::new(&entry.issuer, commitment) == *key,
            _ => false,
        };
        Ok(issues.then_some(entry))
    }
}

impl Shared {
    pub(crate) fn entry(&self, index: LogIndex) -> Result<Entry, StoreError> {
        let (_, record) = self.batch_holding(index)?;
        let position = index.0 - record.first_index.0;
        let leaf = self.log_tiles.leaf(index.0)?;
        if let Some(entry) = self.issuance_alone(&record, position)?
            && entry.leaf_hash() == leaf
        {
            return Ok(entry);
        }
        let mut entries = self.batch_entries(&record, index.0, index.0 + 1)?;
        entries.pop().ok_or(StoreError::Damaged { part: Part::Batches })
    }

    /// Reads one event of a batch that seems to hold nothing but issuances, by its length. The caller compares the
    /// entry with its leaf hash: other events may come to the same length.
    fn issuance_alone(&self, record: &BatchColumnRecord, position: u64) -> Result<Option<Entry>, StoreError> {
        let front = self.batch_front(record)?;
        let before = front.bytes + FRONT_TO_EVENTS_BYTES;
        if u64::from(record.bytes)
            != before + ISSUE_BYTES * u64::from(record.entries) + SIGNATURE_BYTES as u64
        {
            return Ok(None);
        }
        let bytes =
            self.segments.read(record.offset + before + position * ISSUE_BYTES, ISSUE_BYTES as usize)?;
        let event = codec::decode::<Event>(&bytes, ISSUE_BYTES as usize).ok();
        Ok(event.map(|event| Entry { issuer: front.issuer, event }))
    }

    /// The entries of a batch from `start` to `end`, or to the end of the batch.
    pub(crate) fn batch_entries(
        &self,
        record: &BatchColumnRecord,
        start: u64,
        end: u64,
    ) -> Result<Vec<Entry>, StoreError> {
        let signed = self.blocks().signed(record)?;
        let first = record.first_index.0;
        let end = end.min(first + u64::from(record.entries));
        let entry = |event: &Event| Entry { issuer: signed.batch().issuer.clone(), event: event.clone() };
        let wanted = (start.saturating_sub(first) as usize)..(end.saturating_sub(first) as usize);
        let events = signed.batch().events.get(wanted).ok_or(StoreError::Damaged { part: Part::Batches })?;
        let entries: Vec<Entry> = events.iter().map(entry).collect();
        let leaves = self.log_tiles.leaves(start, entries.len())?;
        match entries.iter().zip(&leaves).position(|(entry, leaf)| entry.leaf_hash() != *leaf) {
            None => Ok(entries),
            // The batch has its id, so it is the tile that is wrong, unless the frame is damaged too.
            Some(_) => Err(self.blocks().blame(record.height, Part::Tiles)),
        }
    }
}

/// Bytes of a batch between its sequence number and its events: the batch before, the number of events
/// (`docs/formats/batch.md`).
const FRONT_TO_EVENTS_BYTES: u64 = 32 + 4;
/// Length of an issuance.
const ISSUE_BYTES: u64 = 1 + 32;
