//! The batches of the whole chain, by issuer and chain. There is no file of them: the block bundles are read once.

use std::collections::BTreeMap;

use sanad_core::batch::{BatchChain, NO_BATCH};
use sanad_core::hash::BatchId;
use sanad_core::ids::{Height, LogIndex, MemberId, Sequence};
use sanad_core::registry::Registry;

use crate::error::ExportError;
use crate::folder::Folder;
use crate::records;

/// The position of a batch in the chain of blocks.
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
pub(crate) struct Batches(BTreeMap<(MemberId, BatchChain), Vec<BatchPlace>>);

impl Batches {
    /// Reads all block bundles of an export.
    pub(crate) fn read(folder: &Folder, head: Height, registry: &Registry) -> Result<Self, ExportError> {
        let mut batches: BTreeMap<_, Vec<BatchPlace>> = BTreeMap::new();
        let mut next = 0;
        records::each(folder, head, |record| {
            let height = record.header.height;
            for (position, envelope) in record.batches.into_iter().enumerate() {
                let (chain, previous, entries) = (envelope.chain, envelope.previous, envelope.events);
                let rest = registry.member(&envelope.issuer).map(|member| member.rest());
                let last = rest.map(|rest| match chain {
                    BatchChain::Issuing => rest.issuing.last_batch,
                    BatchChain::Governance => rest.governance.last_batch,
                    // Freezes do not name the one before: their ids are in the blocks alone.
                    BatchChain::Freeze => NO_BATCH,
                });
                let own = batches.entry((envelope.issuer, chain)).or_default();
                if let (true, Some(before)) = (chain != BatchChain::Freeze, own.last_mut()) {
                    before.id = previous;
                }
                // The last one of a chain keeps this id.
                let id = last.unwrap_or(previous);
                own.push(BatchPlace { height, position, first_index: LogIndex(next), entries, id });
                next += u64::from(entries);
            }
        })?;
        Ok(Self(batches))
    }

    /// The batch of an issuer with a sequence number in one of its chains.
    pub(crate) fn of(&self, issuer: &MemberId, chain: BatchChain, sequence: Sequence) -> Option<&BatchPlace> {
        self.all(issuer, chain).get(usize::try_from(sequence.0).ok()?)
    }

    /// All batches of an issuer in one of its chains.
    pub(crate) fn all(&self, issuer: &MemberId, chain: BatchChain) -> &[BatchPlace] {
        self.0.get(&(issuer.clone(), chain)).map_or(&[], Vec::as_slice)
    }

    /// The batch with an id.
    pub(crate) fn find(&self, id: &BatchId) -> Option<&BatchPlace> {
        self.0.values().flatten().find(|place| place.id == *id)
    }
}
