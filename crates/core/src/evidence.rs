//! Proof that a validator contradicted itself: two statements of one height and round, both signed by its key.

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};
use serde::{Deserialize, Serialize};

use crate::block::BlockId;
use crate::hash::ChainId;
use crate::ids::{Height, MemberId};
use crate::signature::{PublicKey, Signature, SignatureError};
use crate::validators::{VoteKind, vote_message};

const PROPOSAL_TAG: &[u8] = b"sanad/v1 proposal";

/// Two statements signed by one key, of which an honest validator signs only one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, bincode::Encode, bincode::Decode)]
#[serde(deny_unknown_fields)]
pub struct Equivocation {
    /// The key that signed both.
    pub key: PublicKey,
    /// The height both speak of.
    pub height: Height,
    /// The round both speak of.
    pub round: u32,
    /// What both are.
    pub statement: StatementKind,
    /// The statement seen first.
    pub first: Statement,
    /// The statement that contradicts it.
    pub second: Statement,
}

/// What a validator signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StatementKind {
    /// A block for a round, as its proposer.
    Proposal,
    /// A first vote.
    Prevote,
    /// A second vote.
    Precommit,
}

/// One signed statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, bincode::Encode, bincode::Decode)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// The block it is for; `None` is a vote for nil.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<BlockId>,
    /// For a proposal made again: the round in which the block was found valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_round: Option<u32>,
    /// The signature over the bytes of [`vote_message`] or [`proposal_message`].
    pub signature: Signature,
}

/// Two statements, and the member whose key signed them: what the ledger records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, bincode::Encode, bincode::Decode)]
#[serde(deny_unknown_fields)]
pub struct Accusation {
    /// Member whose consensus key signed, now or before.
    pub member: MemberId,
    /// What it signed.
    pub equivocation: Equivocation,
}

/// Which statements contradict each other. The ledger records each once against a member.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    bincode::Encode,
    bincode::Decode,
)]
#[serde(deny_unknown_fields)]
pub struct Occasion {
    /// Height that both statements are for.
    pub height: Height,
    /// Round of that height, from 0.
    pub round: u32,
    /// What was signed twice.
    pub statement: StatementKind,
}

/// Why two statements prove nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EquivocationError {
    /// Both say the same.
    #[error("the two statements agree")]
    Agreement,
    /// A proposal names no block.
    #[error("a proposal without a block")]
    NoBlock,
    /// Votes have no valid round.
    #[error("a vote with a valid round")]
    ValidRound,
    /// A signature is not the key's.
    #[error("a statement is not signed by the key")]
    Signature(#[from] SignatureError),
}

impl Equivocation {
    /// Which statements contradict each other.
    pub fn occasion(&self) -> Occasion {
        Occasion { height: self.height, round: self.round, statement: self.statement }
    }

    /// Checks that the key signed both statements on this chain, and that they differ.
    ///
    /// # Errors
    /// [`EquivocationError`].
    pub fn verify(&self, chain_id: &ChainId) -> Result<(), EquivocationError> {
        let first = self.message(chain_id, &self.first)?;
        let second = self.message(chain_id, &self.second)?;
        if first == second {
            return Err(EquivocationError::Agreement);
        }
        self.key.verify(&first, &self.first.signature)?;
        self.key.verify(&second, &self.second.signature)?;
        Ok(())
    }

    fn message(&self, chain_id: &ChainId, statement: &Statement) -> Result<Vec<u8>, EquivocationError> {
        let kind = match self.statement {
            StatementKind::Prevote => VoteKind::Prevote,
            StatementKind::Precommit => VoteKind::Precommit,
            StatementKind::Proposal => {
                let block = statement.block.as_ref().ok_or(EquivocationError::NoBlock)?;
                return Ok(proposal_message(chain_id, self.height, self.round, statement.valid_round, block));
            }
        };
        match statement.valid_round {
            None => Ok(vote_message(chain_id, kind, self.height, self.round, statement.block.as_ref())),
            Some(_) => Err(EquivocationError::ValidRound),
        }
    }
}

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
    message.push(u8::from(valid_round.is_some()));
    message.extend_from_slice(&valid_round.unwrap_or(0).to_be_bytes());
    message.extend_from_slice(&block.hash.0);
    message.extend_from_slice(&block.round.to_be_bytes());
    message
}

impl StatementKind {
    /// The kind in a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proposal => "proposal",
            Self::Prevote => "prevote",
            Self::Precommit => "precommit",
        }
    }
}

impl std::fmt::Display for Occasion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "two {}s at height {} in round {}", self.statement.as_str(), self.height, self.round)
    }
}

impl Encode for StatementKind {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        (*self as u8).encode(encoder)
    }
}

impl<C> Decode<C> for StatementKind {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        match u8::decode(decoder)? {
            0 => Ok(Self::Proposal),
            1 => Ok(Self::Prevote),
            2 => Ok(Self::Precommit),
            _ => Err(DecodeError::Other("statement")),
        }
    }
}

bincode::impl_borrow_decode!(StatementKind);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::BlockHash;
    use crate::signature::SecretKey;

    #[test]
    fn two_votes_are_evidence_and_one_is_not() {
        let chain_id = ChainId([7; 32]);
        let key = SecretKey::from_seed(&[1; 32]);
        let vote = |block: Option<BlockId>| {
            let message = vote_message(&chain_id, VoteKind::Prevote, Height(9), 2, block.as_ref());
            Statement { block, valid_round: None, signature: key.sign(&message) }
        };
        let mut evidence = Equivocation {
            key: key.public(),
            height: Height(9),
            round: 2,
            statement: StatementKind::Prevote,
            first: vote(None),
            second: vote(Some(BlockId { hash: BlockHash([3; 32]), round: 2 })),
        };
        assert_eq!(evidence.verify(&chain_id), Ok(()));
        assert!(matches!(evidence.verify(&ChainId([8; 32])), Err(EquivocationError::Signature(_))));
        evidence.second.valid_round = Some(1);
        assert_eq!(evidence.verify(&chain_id), Err(EquivocationError::ValidRound));
        evidence.second = vote(None);
        assert_eq!(evidence.verify(&chain_id), Err(EquivocationError::Agreement));
        evidence.statement = StatementKind::Proposal;
        assert_eq!(evidence.verify(&chain_id), Err(EquivocationError::NoBlock));
    }

    #[test]
    fn proposal_layout() {
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
