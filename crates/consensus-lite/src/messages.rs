//! The bytes that proposers sign over payloads. Those of votes and proposals are
//! [`vote_message`](sanad_core::validators::vote_message) and
//! [`proposal_message`](sanad_core::evidence::proposal_message).

use sanad_core::block::BlockId;
use sanad_core::hash::ChainId;
use sanad_core::signature::PublicKey;

use crate::context::ProposalHeader;

const PARTS_TAG: &[u8] = b"sanad/v1 parts";

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
