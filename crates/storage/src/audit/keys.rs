//! What the log gives for the two key indexes.

use std::ops::Range;

use crate::chain::Seen;
use crate::index::check::ExpectedKeys;

/// Commitments, by log index.
pub(super) struct Commitments<'a>(pub(super) &'a Seen);

/// Batch ids and sequence numbers, by the ordinal of the batch.
pub(super) struct Batches<'a>(pub(super) &'a Seen);

impl ExpectedKeys for Commitments<'_> {
    fn size(&self) -> u64 {
        self.0.size()
    }

    fn holds(&self, key: u64, place: u64) -> bool {
        self.0.key(place) == Some(key)
    }

    fn count(&self, range: Range<u64>) -> u64 {
        self.0.issuances(range)
    }
}

impl ExpectedKeys for Batches<'_> {
    fn size(&self) -> u64 {
        self.0.batches()
    }

    fn holds(&self, key: u64, place: u64) -> bool {
        self.0.keys_of_batch(place).is_some_and(|keys| keys.contains(&key))
    }

    fn count(&self, range: Range<u64>) -> u64 {
        2 * (range.end - range.start)
    }
}
