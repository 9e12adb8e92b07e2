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

/// Longest payload of a block first proposed in a round, in bytes: halves with each round, down to 4 KiB.
///
/// Every round has a new block, which all validators must keep for as long as it may be decided; so their sum
/// has to be limited, and a chain that needs many rounds still needs room for one more.
pub(crate) fn payload_bytes_max(block_bytes_max: usize, round: u32) -> usize {
    let halved = block_bytes_max.checked_shr(round).unwrap_or(0);
    halved.max(LATE_PAYLOAD_BYTES.min(block_bytes_max))
}

/// Longest payload in late rounds, in bytes (4 KiB): room for a header and a small batch.
const LATE_PAYLOAD_BYTES: usize = 4 << 10;

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
    use crate::proposals::{BLOCKS_PER_ROUND_MAX, KEPT_BYTES_MAX};
    use sanad_core::codec::CODEC_BYTES_MAX;

    #[test]
    fn a_thousand_rounds_have_room() {
        for block in [1, 1 << 20, BLOCK_BYTES_LIMIT] {
            assert_eq!(payload_bytes_max(block, 0), block);
            let all: usize = (0..1_000).map(|round| payload_bytes_max(block, round)).sum();
            assert!(BLOCKS_PER_ROUND_MAX * all <= KEPT_BYTES_MAX, "{all}");
        }
        assert_eq!(payload_bytes_max(1 << 20, 1), 1 << 19);
        assert_eq!(payload_bytes_max(1 << 20, 8), 4 << 10);
        assert_eq!(payload_bytes_max(1 << 20, u32::MAX), 4 << 10);
    }

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
