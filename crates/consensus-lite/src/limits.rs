//! Message limits. They are those of the longest block that any ledger may ask for, so that a block that may be decided can
//! also be sent, whatever the ledger's own limit becomes.

use crate::config::BLOCK_BYTES_LIMIT;
use crate::wire::{DECIDED_OVERHEAD_BYTES_MAX, PART_MESSAGE_BYTES_MAX};

/// A gossiped message, with its author, signature and topic around it, in bytes.
pub(crate) const GOSSIP_BYTES_MAX: usize = PART_MESSAGE_BYTES_MAX + GOSSIP_OVERHEAD_BYTES;
/// The blocks in one answer to a node that catches up, in bytes: one of any length.
pub(crate) const RESPONSE_BYTES_MAX: usize = BLOCK_BYTES_LIMIT + DECIDED_OVERHEAD_BYTES_MAX + 64;
/// That answer as it is sent, in bytes.
pub(crate) const RPC_BYTES_MAX: usize = RESPONSE_BYTES_MAX + RPC_OVERHEAD_BYTES;

/// What gossip adds to a message: keys, signature, topic.
const GOSSIP_OVERHEAD_BYTES: usize = 1 << 10;
/// What a request and response protocol adds.
const RPC_OVERHEAD_BYTES: usize = 1 << 10;
/// Small blocks are sent several at a time, up to this many bytes (4 MiB).
const RESPONSE_BYTES_ENOUGH: usize = 4 << 20;

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

/// Whether one more block, of so many bytes, fits an answer that has `bytes` bytes of blocks already.
pub(crate) fn fits_response(bytes: usize, block: usize) -> bool {
    bytes == 0 || bytes + block <= RESPONSE_BYTES_ENOUGH
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proposals::{BLOCKS_PER_ROUND_MAX, KEPT_BYTES_MAX};
    use crate::wire::RESPONSE_BLOCKS_MAX;
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
        // Short blocks bring their certificates: as many as an answer may have still fit.
        const {
            assert!(
                RESPONSE_BYTES_ENOUGH + RESPONSE_BLOCKS_MAX * DECIDED_OVERHEAD_BYTES_MAX < RESPONSE_BYTES_MAX
            );
            assert!(RESPONSE_BYTES_MAX < RPC_BYTES_MAX && RPC_BYTES_MAX < CODEC_BYTES_MAX);
            assert!(GOSSIP_BYTES_MAX > PART_MESSAGE_BYTES_MAX);
        }
        assert!(fits_response(0, BLOCK_BYTES_LIMIT) && !fits_response(1, BLOCK_BYTES_LIMIT));
        assert!(fits_response(RESPONSE_BYTES_ENOUGH - 1, 1) && !fits_response(RESPONSE_BYTES_ENOUGH, 1));
    }
}
