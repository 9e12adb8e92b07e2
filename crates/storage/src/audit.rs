//! Checking a whole store: every block executed again, everything derived compared.

use std::cell::RefCell;
use std::collections::HashSet;

use sanad_core::event::Entry;
use sanad_core::execution::{Execution, LedgerView};
use sanad_core::genesis::Genesis;
use sanad_core::hash::Commitment;
use sanad_core::ids::{Height, LogIndex, LogSize};
use sanad_core::merkle::{Rfc6962, root_at};
use sanad_core::state::State;

use crate::append::batch_records;
use crate::columns::{BatchColumnRecord, BlockRecord};
use crate::error::{Fault, OpenError, Part, StoreError};
use crate::frame::Frame;
use crate::rebuild::{Progress, Step, origin};
use crate::replay;
use crate::segments::Scanned;
use crate::shared::sequence_hash;
use crate::store::Store;
use crate::tiles::LogTree;

/// What an audit has found in order.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditReport {
    /// Height of the last block checked.
    pub height: Height,
    /// Entries checked.
    pub log_size: LogSize,
    /// Batches checked.
    pub batches: u64,
    /// The state that the blocks lead to.
    pub state: State,
}

impl Store {
    /// Executes every block from the genesis to the head again, verifies every signature and certificate,
    /// and compares columns and indexes with the result. Appending and reading go on meanwhile.
    ///
    /// # Errors
    /// The first thing that does not fit: [`StoreError::Corrupt`] in a segment, [`StoreError::Damaged`] in what
    /// [`Store::rebuild`] makes anew.
    pub fn audit(
        &self,
        genesis: &Genesis,
        mut progress: impl FnMut(Progress),
    ) -> Result<AuditReport, OpenError> {
        if genesis.chain_id() != self.chain_id() {
            return Err(OpenError::ForeignChain { expected: genesis.chain_id(), found: self.chain_id() });
        }
        let head = self.shared.published().place;
        let mut place = origin(genesis);
        let mut state = State::genesis(genesis)?;
        while place.height < head.height {
            let height = place.height.next();
            let Scanned::Frame(frame) = self.shared.segments.scan(place.end, height, head.end)? else {
                return Err(StoreError::Corrupt { height, fault: Fault::Truncated }.into());
            };
            let view = LogUpTo { store: self, size: state.log_size(), ahead: RefCell::default() };
            let (block, _, execution) = replay::follow(&state, &view, &frame)?;
            let record =
                BlockRecord { frame: frame.place, first_index: place.log_size.0, first_batch: place.batches };
            let batches = batch_records(&block, &execution, &frame.place);
            self.audit_columns(&record, &batches, &execution, &frame)?;
            self.audit_indexes(&execution, place.batches, &view.ahead.borrow())?;
            state.advance(&execution);
            place.height = height;
            place.end = frame.place.end();
            place.log_size = execution.header.log_size;
            place.batches += batches.len() as u64;
            progress(Progress { step: Step::Execute, height, bytes: place.end, bytes_total: head.end });
        }
        let tree = LogTree { tiles: &self.shared.tiles, size: place.log_size };
        let root = root_at::<Rfc6962, _>(&tree, place.log_size.0)?;
        if root != state.log_root().0 {
            return Err(StoreError::Damaged { part: Part::Tiles }.into());
        }
        let (height, log_size, batches) = (place.height, place.log_size, place.batches);
        Ok(AuditReport { height, log_size, batches, state })
    }

    fn audit_columns(
        &self,
        record: &BlockRecord,
        batches: &[BatchColumnRecord],
        execution: &Execution,
        frame: &Frame,
    ) -> Result<(), StoreError> {
        let columns = &self.shared.columns;
        if columns.block(frame.height)? != *record {
            return Err(StoreError::Damaged { part: Part::Blocks });
        }
        for (ordinal, batch) in (record.first_batch..).zip(batches) {
            if columns.batch(ordinal)? != *batch {
                return Err(StoreError::Damaged { part: Part::Batches });
            }
        }
        let leaves = self.shared.tiles.leaves(record.first_index, execution.leaf_hashes.len())?;
        if leaves != execution.leaf_hashes {
            return Err(StoreError::Damaged { part: Part::Tiles });
        }
        Ok(())
    }

    /// `seen` are the places that the commitments index gave while the block was executed.
    fn audit_indexes(
        &self,
        execution: &Execution,
        first_batch: u64,
        seen: &HashSet<LogIndex>,
    ) -> Result<(), StoreError> {
        let damaged = || StoreError::Damaged { part: Part::Index };
        if !execution.issuances.iter().all(|(_, index)| seen.contains(index)) {
            return Err(damaged());
        }
        for (ordinal, batch) in (first_batch..).zip(&execution.batches) {
            for hash in [batch.id.0, sequence_hash(&batch.issuer, batch.sequence)] {
                let found = self.shared.batch_keys.find(&hash, |candidate| Ok(candidate == ordinal))?;
                found.ok_or_else(damaged)?;
            }
        }
        Ok(())
    }
}

/// The log as it was at a size. It notes where the index says that the commitments it is asked for were
/// issued later, which has to be where the block that is executed issues them.
struct LogUpTo<'a> {
    store: &'a Store,
    size: LogSize,
    ahead: RefCell<HashSet<LogIndex>>,
}

impl LedgerView for LogUpTo<'_> {
    type Error = StoreError;

    fn issuance(&self, commitment: &Commitment) -> Result<Option<LogIndex>, StoreError> {
        let shared = &self.store.shared;
        shared.issuance_where(commitment, |index| {
            let before = index.0 < self.size.0;
            if !before {
                self.ahead.borrow_mut().insert(index);
            }
            before
        })
    }

    fn entry(&self, index: LogIndex) -> Result<Entry, StoreError> {
        self.store.shared.entry(index)
    }
}
