//! The log as it was after one block, for executing batches on top of that block's state.

use sanad_core::commitment::IssuanceKey;
use sanad_core::event::Origin;
use sanad_core::execution::LedgerView;
use sanad_core::ids::{LogIndex, LogSize};
use sanad_core::state::State;
use sanad_storage::{Store, StoreError};

/// The store, up to the log size of a state. The store itself may be blocks ahead of a state that a reader holds.
pub(super) struct LogView<'a> {
    store: &'a Store,
    size: LogSize,
}

impl<'a> LogView<'a> {
    pub(super) fn new(store: &'a Store, state: &State) -> Self {
        Self { store, size: state.log_size() }
    }
}

impl LedgerView for LogView<'_> {
    type Error = StoreError;

    fn issuance(&self, key: &IssuanceKey) -> Result<Option<LogIndex>, StoreError> {
        // An issuer issues a commitment once, so one beyond the size was not issued below it.
        Ok(LedgerView::issuance(self.store, key)?.filter(|index| index.0 < self.size.0))
    }

    fn first_issued(&self, keys: &[IssuanceKey]) -> Result<Option<(usize, LogIndex)>, StoreError> {
        match self.store.first_issued(keys)? {
            // The store is ahead of the state: one by one, then.
            Some((_, index)) if index.0 >= self.size.0 => {
                for (place, key) in keys.iter().enumerate() {
                    if let Some(index) = self.issuance(key)? {
                        return Ok(Some((place, index)));
                    }
                }
                Ok(None)
            }
            found => Ok(found),
        }
    }

    fn origin(&self, index: LogIndex) -> Result<Origin, StoreError> {
        match index.0 < self.size.0 {
            true => self.store.entry(index).map(Origin::from),
            false => Err(StoreError::BeyondLog { index, size: self.size }),
        }
    }
}
