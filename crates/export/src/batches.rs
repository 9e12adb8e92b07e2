//! The batches of the whole chain, by issuer. There is no file of them: the block bundles are read once.

use std::collections::BTreeMap;

use sanad_core::hash::BatchId;
use sanad_core::ids::{Height, LogIndex, MemberId, Sequence};
use sanad_core::registry::Registry;

use crate::error::ExportError;
use crate::folder::Folder;
use crate::records;

/// Where a batch stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchPlace {
    /// Height of its block.
    pub height: Height,
    /// Its place in the block, from 0.
    pub position: usize,
    /// Log index of its first entry.
    pub first_index: LogIndex,
    /// Number of its entries.
    pub entries: u32,
    /// Its id, as the issuer's next batch or record names it.
    pub id: BatchId,
}

/// Batches of each issuer, in the order of their sequence numbers.
#[derive(Debug)]
pub(crate) struct Batches(BTreeMap<MemberId, Vec<BatchPlace>>);

impl Batches {
    /// Reads all block bundles of an export.
    pub(crate) fn read(folder: &Folder, head: Height, registry: &Registry) -> Result<Self, ExportError> {
        let mut batches: BTreeMap<MemberId, Vec<BatchPlace>> = BTreeMap::new();
        let mut next = 0;
        records::each(folder, head, |record| {
            let height = record.header.height;
            for (position, (issuer, _, previous, entries, _)) in record.batches.into_iter().enumerate() {
                let id = registry.record(&issuer).map_or(previous, |record| record.chain.last_batch);
                let own = batches.entry(issuer).or_default();
                if let Some(before) = own.last_mut() {
                    before.id = previous;
                }
                own.push(BatchPlace { height, position, first_index: LogIndex(next), entries, id });
                next += u64::from(entries);
            }
        })?;
        Ok(Self(batches))
    }

    /// The batch of an issuer with a sequence number.
    pub(crate) fn of(&self, issuer: &MemberId, sequence: Sequence) -> Option<&BatchPlace> {
        self.0.get(issuer)?.get(usize::try_from(sequence.0).ok()?)
    }

    /// The batch with an id.
    pub(crate) fn find(&self, id: &BatchId) -> Option<&BatchPlace> {
        self.0.values().flatten().find(|place| place.id == *id)
    }
}
