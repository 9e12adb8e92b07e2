//! A blocked Bloom filter: one cache line a question.

/// Bits of the filter for each key.
const BITS_PER_KEY: u64 = 14;
/// Bits that a key sets in its block of 512.
const PROBES: u32 = 7;
/// Bytes of a block.
pub(super) const BLOCK_BYTES: usize = 64;

/// Says of a key that it is certainly absent, or maybe there (about one absent key in 400: a wrong answer costs a page).
#[derive(Debug)]
pub(super) struct Bloom {
    // Invariant: never empty.
    blocks: Vec<[u64; 8]>,
}

impl Bloom {
    /// An empty filter for a number of keys.
    pub(super) fn for_keys(keys: u64) -> Self {
        Self { blocks: vec![[0; 8]; Self::blocks_for(keys)] }
    }

    /// Blocks of a filter for a number of keys.
    pub(super) fn blocks_for(keys: u64) -> usize {
        (keys.saturating_mul(BITS_PER_KEY).div_ceil(8 * BLOCK_BYTES as u64) as usize).max(1)
    }

    pub(super) fn insert(&mut self, key: u64) {
        let block = self.block(key);
        let words = &mut self.blocks[block];
        bits(key).for_each(|bit| words[bit / 64] |= 1 << (bit % 64));
    }

    pub(super) fn may_hold(&self, key: u64) -> bool {
        let words = &self.blocks[self.block(key)];
        bits(key).all(|bit| words[bit / 64] & 1 << (bit % 64) != 0)
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.blocks.len() * BLOCK_BYTES
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        self.blocks.iter().flatten().flat_map(|word| word.to_be_bytes()).collect()
    }

    /// Reads an encoded filter. Requires a length that is a multiple of [`BLOCK_BYTES`], and not zero.
    pub(super) fn decode(bytes: &[u8]) -> Self {
        let block = |bytes: &[u8; BLOCK_BYTES]| {
            let words = bytes.as_chunks::<8>().0;
            std::array::from_fn(|word| u64::from_be_bytes(words[word]))
        };
        Self { blocks: bytes.as_chunks::<BLOCK_BYTES>().0.iter().map(block).collect() }
    }

    /// The high bits of a key choose its block.
    fn block(&self, key: u64) -> usize {
        ((u128::from(key) * self.blocks.len() as u128) >> 64) as usize
    }
}

/// The low bits of a key, spread, choose its bits.
fn bits(key: u64) -> impl Iterator<Item = usize> {
    // Odd constant of Fibonacci hashing, 2^64 over the golden ratio.
    let spread = key.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (0..PROBES).map(move |probe| (spread >> (64 - 9 * (probe + 1)) & 511) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_it_took_and_little_else() {
        let key =
            |n: u64| u64::from_be_bytes(blake3::hash(&n.to_be_bytes()).as_bytes()[..8].try_into().unwrap());
        let mut bloom = Bloom::for_keys(100_000);
        (0..100_000).for_each(|n| bloom.insert(key(n)));
        let bloom = Bloom::decode(&bloom.encode());
        assert!((0..100_000).all(|n| bloom.may_hold(key(n))));
        let wrong = (100_000..200_000).filter(|n| bloom.may_hold(key(*n))).count();
        assert!(wrong < 400, "{wrong} of 100000");
    }
}
