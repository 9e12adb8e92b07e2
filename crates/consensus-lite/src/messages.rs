//! The bytes that validators sign beside votes, whose bytes are
//! [`vote_message`](sanad_core::validators::vote_message).

use sanad_core::block::BlockId;
use sanad_core::hash::ChainId;
use sanad_core::ids::Height;
use sanad_core::signature::PublicKey;

use crate::context::ProposalHeader;

const PROPOSAL_TAG: &[u8] = b"sanad/v1 proposal";
const PARTS_TAG: &[u8] = b"sanad/v1 parts";

/// The bytes a proposer signs: `"sanad/v1 proposal" || chain id (32) || height u64 || round u32 ||
/// 1 || valid round u32 || block hash (32) || value round u32`, or `0` and four zero bytes without a valid round;
/// integers big-endian.
pub fn proposal_message(
    chain_id: &ChainId,
    height: Height,
    round: u32,
    valid_round: Option<u32>,
    block: &BlockId,
) -> Vec<u8> {
    let mut message = Vec::with_capacity(PROPOSAL_TAG.len() + 32 + 8 + 4 + 5 + 36);
    message.extend_from_slice(PROPOSAL_TAG);
    message.extend_from_slice(&chain_id.0);
    message.extend_from_slice(&height.0.to_be_bytes());
    message.extend_from_slice(&round.to_be_bytes());
    extend_optional(&mut message, valid_round);
    extend_block(&mut message, block);
    message
}

/// The bytes a proposer signs over the payload it sends, so that each payload of a round has an author whom limits
/// can be held against. Not a vote: a proposer may sign any number of them.
pub(crate) fn parts_message(chain_id: &ChainId, header: &ProposalHeader, sender: &PublicKey) -> Vec<u8> {
    let mut message = Vec::with_capacity(PARTS_TAG.len() + 32 + 8 + 4 + 5 + 36 + 4 + 32 + 32);
    message.extend_from_slice(PARTS_TAG);
    message.extend_from_slice(&chain_id.0);
    message.extend_from_slice(&header.height.0.to_be_bytes());
    message.extend_from_slice(&header.round.to_be_bytes());
    extend_optional(&mut message, header.valid_round);
    extend_block(&mut message, &header.block);
    message.extend_from_slice(&header.payload_bytes.to_be_bytes());
    message.extend_from_slice(&header.payload_digest);
    message.extend_from_slice(&sender.0);
    message
}

fn extend_block(message: &mut Vec<u8>, block: &BlockId) {
    message.extend_from_slice(&block.hash.0);
    message.extend_from_slice(&block.round.to_be_bytes());
}

fn extend_optional(message: &mut Vec<u8>, number: Option<u32>) {
    message.push(u8::from(number.is_some()));
    message.extend_from_slice(&number.unwrap_or(0).to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use sanad_core::hash::BlockHash;

    #[test]
    fn layout() {
        let chain_id = ChainId([1; 32]);
        let block = BlockId { hash: BlockHash([2; 32]), round: 6 };
        let message = proposal_message(&chain_id, Height(3), 4, Some(5), &block);
        assert_eq!(message.len(), 102);
        assert_eq!(message[..17], *b"sanad/v1 proposal");
        assert_eq!(message[49..66], [0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 4, 1, 0, 0, 0, 5]);
        assert_eq!(message[66..98], [2; 32]);
        assert_eq!(message[98..], [0, 0, 0, 6]);
        assert_eq!(proposal_message(&chain_id, Height(3), 4, None, &block)[61..66], [0; 5]);
    }
}
