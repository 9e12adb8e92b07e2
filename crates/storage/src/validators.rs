//! The history of the validator sets: every set that a header announced, the genesis set first.
//!
//! It is written when a header announces another set, and never computed from today's members. All of it is in memory:
//! it grows with changes of the validators alone.

use std::ops::Range;

use sanad_core::ids::Height;
use sanad_core::proof::ValidatorChange;
use sanad_core::validators::ValidatorSet;

use crate::error::{Part, StoreError};
use crate::shared::Published;
use crate::store::Store;

impl Store {
    /// The validators who decide a height; `None` at the genesis and beyond the height that comes next.
    pub fn validators_at(&self, height: Height) -> Option<ValidatorSet> {
        self.shared.published().validators_at(height).cloned()
    }

    /// The validator set with a number; the genesis set is number 0. `None` if no header has announced it yet.
    pub fn validator_set(&self, number: u32) -> Option<ValidatorSet> {
        self.shared.published().sets.get(number as usize).cloned()
    }

    /// The number of validator sets so far: that of the last set, and one more.
    pub fn validator_set_count(&self) -> u32 {
        self.shared.published().sets.len() as u32
    }

    /// The changes of the validators that headers in a range of heights announced, oldest first.
    ///
    /// A proof of the header at `h` from the genesis carries those of `1..h`; a trust file whose anchor is at `h` those
    /// of `1..h + 1`. The length of the result is not limited: count the sets before, if it has to be.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], I/O.
    pub fn validator_changes(&self, heights: Range<Height>) -> Result<Vec<ValidatorChange>, StoreError> {
        let published = self.shared.published();
        let announced = |set: &ValidatorSet| Height(set.first_height().0 - 1);
        // The genesis set has no announcement.
        let sets = published.sets.get(1..).unwrap_or_default();
        let start = sets.partition_point(|set| announced(set) < heights.start);
        let end = sets.partition_point(|set| announced(set) < heights.end);
        let change = |set: &ValidatorSet| match self.shared.blocks().front(announced(set))? {
            Some((certificate, header)) if header.next_validators_hash == set.hash() => {
                Ok(ValidatorChange { header, certificate, next: set.clone() })
            }
            _ => Err(StoreError::Damaged { part: Part::Checkpoint }),
        };
        sets.get(start..end).unwrap_or_default().iter().map(change).collect()
    }
}

impl Published {
    fn validators_at(&self, height: Height) -> Option<&ValidatorSet> {
        if height == Height::GENESIS || height > self.height().next() {
            return None;
        }
        let after = self.sets.partition_point(|set| set.first_height() <= height);
        self.sets.get(after.checked_sub(1)?)
    }
}
