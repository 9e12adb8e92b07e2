//! Message limits, all from the one limit of blocks, so that a block that may be decided can also be sent.

use crate::config::BLOCK_BYTES_LIMIT;
use crate::wire::{DECIDED_OVERHEAD_BYTES_MAX, PART_MESSAGE_BYTES_MAX};

/// The longest messages, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// A payload.
    pub(crate) payload: usize,
    /// A gossiped message, with its author, signature and topic around it.
    pub(crate) gossip: usize,
    /// The blocks in one answer to a node that catches up.
    pub(crate) response: usize,
    /// That answer as it is sent.
    pub(crate) rpc: usize,
}

/// What gossip adds to a message: keys, signature, topic.
const GOSSIP_OVERHEAD_BYTES: usize = 1 << 10;
/// What a request and response protocol adds.
const RPC_OVERHEAD_BYTES: usize = 1 << 10;
/// Small blocks are sent several at a time, up to this many bytes (4 MiB).
const RESPONSE_BYTES_MIN: usize = 4 << 20;

impl Limits {
    /// `None` for a limit of blocks that is not allowed.
    pub(crate) fn of(block_bytes_max: usize) -> Option<Self> {
        if !(1..=BLOCK_BYTES_LIMIT).contains(&block_bytes_max) {
            return None;
        }
        let response = RESPONSE_BYTES_MIN.max(block_bytes_max + DECIDED_OVERHEAD_BYTES_MAX + 64);
        Some(Self {
            payload: block_bytes_max,
            gossip: PART_MESSAGE_BYTES_MAX + GOSSIP_OVERHEAD_BYTES,
            response,
            rpc: response + RPC_OVERHEAD_BYTES,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sanad_core::codec::CODEC_BYTES_MAX;

    #[test]
    fn limits_agree() {
        assert_eq!(Limits::of(0), None);
        assert_eq!(Limits::of(BLOCK_BYTES_LIMIT + 1), None);
        for block in [1, 1 << 20, BLOCK_BYTES_LIMIT] {
            let limits = Limits::of(block).unwrap();
            assert!(limits.payload + DECIDED_OVERHEAD_BYTES_MAX < limits.response);
            assert!(limits.response < limits.rpc && limits.rpc < CODEC_BYTES_MAX);
            assert!(limits.gossip > PART_MESSAGE_BYTES_MAX);
        }
    }
}
