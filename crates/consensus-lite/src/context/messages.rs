use malachitebft_core_types::{NilOrVal, Round, SignedExtension, VoteType};
use sanad_core::block::BlockId;
use sanad_core::evidence::proposal_message;
use sanad_core::hash::ChainId;
use sanad_core::validators::{VoteKind, vote_message};

use super::{Address, EngineHeight, SanadContext};

/// What is agreed on: a block header's hash, and the round in which it was first proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Value(pub(crate) BlockId);

impl malachitebft_core_types::Value for Value {
    type Id = BlockId;

    fn id(&self) -> BlockId {
        self.0
    }
}

/// One vote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Vote {
    pub(crate) kind: VoteType,
    pub(crate) height: EngineHeight,
    pub(crate) round: Round,
    pub(crate) value: NilOrVal<BlockId>,
    pub(crate) address: Address,
}

impl Vote {
    /// The block it is for, unless it is for nil.
    pub(crate) fn block(&self) -> Option<&BlockId> {
        match &self.value {
            NilOrVal::Nil => None,
            NilOrVal::Val(block) => Some(block),
        }
    }

    /// The bytes to sign. `None` for a vote in no round, which the engine does not cast.
    pub(crate) fn message(&self, chain_id: &ChainId) -> Option<Vec<u8>> {
        let kind = match self.kind {
            VoteType::Prevote => VoteKind::Prevote,
            VoteType::Precommit => VoteKind::Precommit,
        };
        let round = self.round.as_u32()?;
        Some(vote_message(chain_id, kind, self.height.0, round, self.block()))
    }
}

impl malachitebft_core_types::Vote<SanadContext> for Vote {
    fn height(&self) -> EngineHeight {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &NilOrVal<BlockId> {
        &self.value
    }

    fn take_value(self) -> NilOrVal<BlockId> {
        self.value
    }

    fn vote_type(&self) -> VoteType {
        self.kind
    }

    fn validator_address(&self) -> &Address {
        &self.address
    }

    // Votes carry no extensions: the policy of every height is the default, which disables them.
    fn extension(&self) -> Option<&SignedExtension<SanadContext>> {
        None
    }

    fn take_extension(&mut self) -> Option<SignedExtension<SanadContext>> {
        None
    }

    fn extend(self, _: SignedExtension<SanadContext>) -> Self {
        self
    }
}

/// One proposal, without the block's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proposal {
    pub(crate) height: EngineHeight,
    pub(crate) round: Round,
    pub(crate) value: Value,
    pub(crate) pol_round: Round,
    pub(crate) address: Address,
}

impl Proposal {
    /// Whether it is one that a correct proposer makes: a first proposal names its own round.
    pub(crate) fn is_consistent(&self) -> bool {
        self.pol_round.is_defined() || self.round.as_u32() == Some(self.value.0.round)
    }

    /// The bytes to sign. `None` for a proposal in no round, which the engine does not make.
    pub(crate) fn message(&self, chain_id: &ChainId) -> Option<Vec<u8>> {
        let round = self.round.as_u32()?;
        Some(proposal_message(chain_id, self.height.0, round, self.pol_round.as_u32(), &self.value.0))
    }
}

impl malachitebft_core_types::Proposal<SanadContext> for Proposal {
    fn height(&self) -> EngineHeight {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &Value {
        &self.value
    }

    fn take_value(self) -> Value {
        self.value
    }

    fn pol_round(&self) -> Round {
        self.pol_round
    }

    fn validator_address(&self) -> &Address {
        &self.address
    }
}
