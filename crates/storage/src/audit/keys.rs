//! What the log gives for the two key indexes.

use std::ops::Range;

use sanad_chain::Seen;

use crate::index::check::ExpectedKeys;

/// Issuances, by log index.
pub(super) struct Issuances<'a>(pub(super) &'a Seen);

/// The keys of each batch, by its ordinal.
pub(super) struct Batches<'a>(pub(super) &'a [[u64; 2]]);

impl ExpectedKeys for Issuances<'_> {
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
        self.0.len() as u64
    }

    fn holds(&self, key: u64, place: u64) -> bool {
        self.0.get(place as usize).is_some_and(|keys| keys.contains(&key))
    }

    fn count(&self, range: Range<u64>) -> u64 {
        2 * (range.end - range.start)
    }
}
