//! What the rules ask of the log so far, in memory: 9 bytes an entry, and some more a batch.

use std::collections::HashMap;
use std::convert::Infallible;

use rayon::prelude::*;
use sanad_core::block::Block;
use sanad_core::commitment::IssuanceKey;
use sanad_core::event::{EventKind, Origin};
use sanad_core::execution::{Execution, LedgerView};
use sanad_core::ids::{Height, LogIndex, MemberId};

use crate::check::CheckedBlock;
use crate::secret::IndexSecret;

/// The log up to a block.
pub struct Seen {
    secret: IndexSecret,
    /// Of each entry.
    kinds: Vec<EventKind>,
    /// Of each entry the short key of its issuance; 0 if it issues nothing.
    keys: Vec<u64>,
    batches: Vec<SeenBatch>,
    /// Entries up to each block.
    ends: Vec<u64>,
    issuers: Vec<MemberId>,
    /// Place of each issuer in `issuers`.
    places: HashMap<MemberId, u32>,
}

#[derive(Clone, Copy)]
struct SeenBatch {
    first_index: u64,
    /// Place among the issuers.
    issuer: u32,
}

impl Seen {
    pub(crate) fn new(secret: IndexSecret) -> Self {
        Self {
            secret,
            kinds: Vec::new(),
            keys: Vec::new(),
            batches: Vec::new(),
            ends: Vec::new(),
            issuers: Vec::new(),
            places: HashMap::new(),
        }
    }

    /// Enters a block that was executed, but for its keys.
    pub(crate) fn insert(&mut self, block: &Block, execution: &Execution) {
        for (place, signed) in execution.batches.iter().zip(&block.batches) {
            let issuer = match self.places.get(&place.issuer) {
                Some(issuer) => *issuer,
                None => {
                    self.issuers.push(place.issuer.clone());
                    let issuer = self.issuers.len() as u32 - 1;
                    self.places.insert(place.issuer.clone(), issuer);
                    issuer
                }
            };
            self.batches.push(SeenBatch { first_index: place.first_index.0, issuer });
            self.kinds.extend(signed.batch().events.iter().map(EventKind::from));
        }
        self.ends.push(self.kinds.len() as u64);
    }

    /// Enters the keys of the blocks that follow those before, on all cores.
    pub(crate) fn insert_keys<R: Sync>(&mut self, blocks: &[CheckedBlock<R>]) {
        let secret = self.secret;
        let keys = |checked: &CheckedBlock<R>| {
            let execution = &checked.execution;
            let mut keys = vec![0; execution.leaf_hashes.len()];
            for (issuance, index) in &execution.issuances {
                keys[(index.0 - execution.first_index.0) as usize] = secret.key(&issuance.0);
            }
            keys
        };
        let keys: Vec<_> = blocks.par_iter().map(keys).collect();
        keys.into_iter().for_each(|keys| self.keys.extend(keys));
    }

    /// Entries so far.
    pub fn size(&self) -> u64 {
        self.kinds.len() as u64
    }

    /// Batches so far.
    pub fn batches(&self) -> u64 {
        self.batches.len() as u64
    }

    /// The block that holds an entry. Requires an index below [`Self::size`].
    pub fn height_of(&self, index: LogIndex) -> Height {
        Height(self.ends.partition_point(|end| *end <= index.0) as u64 + 1)
    }

    /// The block that holds a batch. Requires an ordinal below [`Self::batches`].
    pub fn height_of_batch(&self, ordinal: u64) -> Height {
        self.height_of(LogIndex(self.batches[ordinal as usize].first_index))
    }

    /// Entries up to a block, its own included. Requires a height up to the last.
    pub fn size_after(&self, height: Height) -> u64 {
        self.size_before(height.next())
    }

    /// Entries before a block. Requires a height up to one above the last.
    pub fn size_before(&self, height: Height) -> u64 {
        match height.0 {
            0 | 1 => 0,
            height => self.ends[height as usize - 2],
        }
    }

    /// The short key of an entry's issuance; `None` if it issues nothing, or is beyond the log.
    pub fn key(&self, index: u64) -> Option<u64> {
        let kind = self.kinds.get(index as usize)?;
        (*kind == EventKind::Issue).then(|| self.keys[index as usize])
    }

    /// Issuances among the entries of a range. Requires its end to be at most [`Self::size`].
    pub fn issuances(&self, range: std::ops::Range<u64>) -> u64 {
        let kinds = &self.kinds[range.start as usize..range.end as usize];
        kinds.par_iter().filter(|kind| **kind == EventKind::Issue).count() as u64
    }

    /// The issuances that share their key with another one, in order.
    pub(crate) fn twins(&self) -> Vec<LogIndex> {
        let issued = || (0..self.size()).into_par_iter().filter_map(|index| Some((index, self.key(index)?)));
        let mut sorted: Vec<u64> = issued().map(|(_, key)| key).collect();
        sorted.par_sort_unstable();
        let mut twins: Vec<u64> =
            sorted.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
        drop(sorted);
        twins.dedup();
        if twins.is_empty() {
            return Vec::new();
        }
        let is_twin = |(index, key)| twins.binary_search(&key).is_ok().then_some(LogIndex(index));
        issued().filter_map(is_twin).collect()
    }
}

impl LedgerView for Seen {
    type Error = Infallible;

    /// Always `None`: repeated issuances are looked for at the end.
    fn issuance(&self, _: &IssuanceKey) -> Result<Option<LogIndex>, Infallible> {
        Ok(None)
    }

    fn origin(&self, index: LogIndex) -> Result<Origin, Infallible> {
        let batch = self.batches.partition_point(|batch| batch.first_index <= index.0) - 1;
        let issuer = self.issuers[self.batches[batch].issuer as usize].clone();
        Ok(Origin { issuer, kind: self.kinds[index.0 as usize] })
    }
}
