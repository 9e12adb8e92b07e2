//! The keys that came last, in memory.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

/// Keys and values of a contiguous range of places.
#[derive(Debug)]
pub(super) struct MemoryTable {
    range: Range<u64>,
    first: HashMap<u64, u64, BuildHasherDefault<KeyHasher>>,
    /// Further values of a key: 64-bit collisions, so next to none.
    further: Vec<(u64, u64)>,
}

impl MemoryTable {
    /// An empty table that begins at a place.
    pub(super) fn new(start: u64) -> Self {
        Self { range: start..start, first: HashMap::default(), further: Vec::new() }
    }

    pub(super) fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    pub(super) fn keys(&self) -> usize {
        self.first.len() + self.further.len()
    }

    pub(super) fn insert(&mut self, keys: &[(u64, u64)], end: u64) {
        for (key, value) in keys {
            match self.first.entry(*key) {
                Entry::Vacant(place) => {
                    place.insert(*value);
                }
                Entry::Occupied(_) => self.further.push((*key, *value)),
            }
        }
        self.range.end = end;
    }

    pub(super) fn find(&self, key: u64, candidates: &mut Vec<u64>) {
        candidates.extend(self.first.get(&key));
        candidates.extend(self.further.iter().filter(|(other, _)| *other == key).map(|(_, value)| value));
    }

    /// All keys with their values, sorted.
    pub(super) fn sorted(&self) -> Vec<(u64, u64)> {
        let first = self.first.iter().map(|(key, value)| (*key, *value));
        let mut keys: Vec<_> = first.chain(self.further.iter().copied()).collect();
        keys.sort_unstable();
        keys
    }
}

/// Keys are hashes already.
#[derive(Debug, Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}
