//! Reading entries, each checked against its leaf hash in the log tree.

use std::ops::Range;

use sanad_core::codec;
use sanad_core::event::{Entry, Event, Origin};
use sanad_core::execution::LedgerView;
use sanad_core::hash::Commitment;
use sanad_core::ids::LogIndex;

use crate::columns::BatchColumnRecord;
use crate::error::{Part, StoreError};
use crate::options::ENTRIES_MAX;
use crate::shared::Shared;
use crate::store::Store;

impl Store {
    /// The entries of a range of the log, in order: at most `limit` of them, at most [`ENTRIES_MAX`], and none
    /// from the end of the log on.
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
        loop {
            let next = range.start.0 + entries.len() as u64;
            entries.extend(self.shared.batch_entries(&record, next, end)?);
            if range.start.0 + entries.len() as u64 >= end {
                return Ok(entries);
            }
            ordinal += 1;
            record = self.shared.columns.batch(ordinal)?;
        }
    }

    /// Where a commitment was issued; none if it never was.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn issuance(&self, commitment: &Commitment) -> Result<Option<LogIndex>, StoreError> {
        self.shared.issuance(commitment, self.log_size().0)
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

    fn issuance(&self, commitment: &Commitment) -> Result<Option<LogIndex>, StoreError> {
        Self::issuance(self, commitment)
    }

    fn origin(&self, index: LogIndex) -> Result<Origin, StoreError> {
        self.entry(index).map(Origin::from)
    }
}

impl Shared {
    /// Where a commitment was issued among the first `size` entries.
    pub(crate) fn issuance(
        &self,
        commitment: &Commitment,
        size: u64,
    ) -> Result<Option<LogIndex>, StoreError> {
        // The index may be ahead of the log while blocks are executed again.
        self.issuance_where(commitment, |index| index.0 < size)
    }

    /// Where a commitment was issued, among the places that `wanted` accepts: entries of the log.
    pub(crate) fn issuance_where(
        &self,
        commitment: &Commitment,
        wanted: impl Fn(LogIndex) -> bool,
    ) -> Result<Option<LogIndex>, StoreError> {
        let event = Event::Issue { commitment: *commitment };
        let found = self.commitments.find(&commitment.0, |index| {
            let index = LogIndex(index);
            Ok(wanted(index) && self.entry(index)?.event == event)
        })?;
        Ok(found.map(LogIndex))
    }

    pub(crate) fn entry(&self, index: LogIndex) -> Result<Entry, StoreError> {
        let (_, record) = self.batch_holding(index)?;
        let position = index.0 - record.first_index.0;
        let leaf = self.tiles.leaf(index.0)?;
        if let Some(entry) = self.entry_alone(&record, position)?
            && entry.leaf_hash() == leaf
        {
            return Ok(entry);
        }
        let mut entries = self.batch_entries(&record, index.0, index.0 + 1)?;
        entries.pop().ok_or(StoreError::Damaged { part: Part::Batches })
    }

    /// Reads one event out of a batch whose events are all of one length; none in any other batch.
    fn entry_alone(&self, record: &BatchColumnRecord, position: u64) -> Result<Option<Entry>, StoreError> {
        let (issuer, _) = self.batch_front(record)?;
        let before = BATCH_FIXED_BYTES + issuer.as_str().len() as u64;
        let events = u64::from(record.bytes).saturating_sub(before + SIGNATURE_BYTES);
        let entries = u64::from(record.entries);
        let Some(width) = [ISSUE_BYTES, CHANGE_BYTES].into_iter().find(|width| width * entries == events)
        else {
            return Ok(None);
        };
        let bytes = self.segments.read(record.offset + before + position * width, width as usize)?;
        let event = codec::decode::<Event>(&bytes, ISSUE_BYTES as usize).ok();
        Ok(event.map(|event| Entry { issuer, event }))
    }

    /// The entries of a batch from `start` to `end`, or to the end of the batch.
    fn batch_entries(
        &self,
        record: &BatchColumnRecord,
        start: u64,
        end: u64,
    ) -> Result<Vec<Entry>, StoreError> {
        let signed = self.signed(record)?;
        let first = record.first_index.0;
        let end = end.min(first + u64::from(record.entries));
        let entry = |event: &Event| Entry { issuer: signed.batch().issuer.clone(), event: *event };
        let wanted = (start.saturating_sub(first) as usize)..(end.saturating_sub(first) as usize);
        let events = signed.batch().events.get(wanted).ok_or(StoreError::Damaged { part: Part::Batches })?;
        let entries: Vec<Entry> = events.iter().map(entry).collect();
        let leaves = self.tiles.leaves(start, entries.len())?;
        match entries.iter().zip(&leaves).position(|(entry, leaf)| entry.leaf_hash() != *leaf) {
            None => Ok(entries),
            // The batch has its id, so it is the tile that is wrong, unless the frame is damaged too.
            Some(_) => Err(self.blame(record.height, Part::Tiles)),
        }
    }
}

/// Bytes of a batch before its events, without the issuer's name (`docs/formats/`, batch).
const BATCH_FIXED_BYTES: u64 = 1 + 32 + 1 + 8 + 32 + 4;
const SIGNATURE_BYTES: u64 = 64;
/// Length of an issuance.
const ISSUE_BYTES: u64 = 1 + 32;
/// Length of a revocation, suspension or reinstatement.
const CHANGE_BYTES: u64 = 1 + 8;
