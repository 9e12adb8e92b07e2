//! Proof that a validator contradicted itself, checkable by anyone.

use sanad_core::block::BlockId;
use sanad_core::hash::ChainId;
use sanad_core::ids::Height;
use sanad_core::signature::{PublicKey, Signature, SignatureError};
use sanad_core::validators::{VoteKind, vote_message};

use crate::messages::proposal_message;

/// Two statements, signed by one validator, of which an honest one signs only one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The key that signed both.
    pub validator: PublicKey,
    /// The height both speak of.
    pub height: Height,
    /// The round both speak of.
    pub round: u32,
    /// What both are.
    pub kind: StatementKind,
    /// The statement seen first.
    pub first: Statement,
    /// The statement that contradicts it.
    pub second: Statement,
}

/// What a validator signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StatementKind {
    /// A proposal.
    Proposal,
    /// A first vote.
    Prevote,
    /// A second vote.
    Precommit,
}

/// One signed statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The block it is for; `None` is a vote for nil.
    pub block: Option<BlockId>,
    /// For a proposal made again: the round in which the block was found valid.
    pub valid_round: Option<u32>,
    /// The signature over the bytes of [`vote_message`] or [`proposal_message`].
    pub signature: Signature,
}

/// Why evidence proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// Both say the same.
    #[error("the two statements agree")]
    Agreement,
    /// A proposal names no block.
    #[error("a proposal without a block")]
    NoBlock,
    /// A signature is not the validator's.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

impl Evidence {
    /// Checks that the validator signed both statements on this chain, and that they differ.
    ///
    /// # Errors
    /// [`EvidenceError`].
    pub fn verify(&self, chain_id: &ChainId) -> Result<(), EvidenceError> {
        let first = self.message(chain_id, &self.first)?;
        let second = self.message(chain_id, &self.second)?;
        if first == second {
            return Err(EvidenceError::Agreement);
        }
        self.validator.verify(&first, &self.first.signature)?;
        self.validator.verify(&second, &self.second.signature)?;
        Ok(())
    }

    fn message(&self, chain_id: &ChainId, statement: &Statement) -> Result<Vec<u8>, EvidenceError> {
        let vote = |kind| vote_message(chain_id, kind, self.height, self.round, statement.block.as_ref());
        Ok(match self.kind {
            StatementKind::Prevote => vote(VoteKind::Prevote),
            StatementKind::Precommit => vote(VoteKind::Precommit),
            StatementKind::Proposal => {
                let block = statement.block.as_ref().ok_or(EvidenceError::NoBlock)?;
                proposal_message(chain_id, self.height, self.round, statement.valid_round, block)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sanad_core::hash::BlockHash;
    use sanad_core::signature::SecretKey;

    #[test]
    fn two_votes_are_evidence_and_one_is_not() {
        let chain_id = ChainId([7; 32]);
        let key = SecretKey::from_seed(&[1; 32]);
        let vote = |block: Option<BlockId>| {
            let message = vote_message(&chain_id, VoteKind::Prevote, Height(9), 2, block.as_ref());
            Statement { block, valid_round: None, signature: key.sign(&message) }
        };
        let mut evidence = Evidence {
            validator: key.public(),
            height: Height(9),
            round: 2,
            kind: StatementKind::Prevote,
            first: vote(None),
            second: vote(Some(BlockId { hash: BlockHash([3; 32]), round: 2 })),
        };
        assert_eq!(evidence.verify(&chain_id), Ok(()));
        assert!(matches!(evidence.verify(&ChainId([8; 32])), Err(EvidenceError::Signature(_))));
        evidence.second = vote(None);
        assert_eq!(evidence.verify(&chain_id), Err(EvidenceError::Agreement));
        evidence.kind = StatementKind::Proposal;
        assert_eq!(evidence.verify(&chain_id), Err(EvidenceError::NoBlock));
    }
}
