//! The engine's abstractions over what is agreed on, made concrete for Sanad.
//!
//! The value under consensus is a block header's hash and its round; the block itself travels in parts.

mod height;
mod messages;
mod part;
mod scheme;
mod timeouts;
mod validators;

use malachitebft_core_types::{Context, NilOrVal, Round, VoteType};
use sanad_core::block::BlockId;

pub(crate) use height::EngineHeight;
pub(crate) use messages::{Proposal, Value, Vote};
pub(crate) use part::{PART_BYTES, ProposalHeader, ProposalPart};
pub(crate) use scheme::Ed25519;
pub(crate) use timeouts::{Early, EngineTimeouts, Hurried};
pub(crate) use validators::{Address, EngineValidator, EngineValidators};

use crate::rotation::proposer_place;

/// Names all types of the agreement for the engine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SanadContext;

impl Context for SanadContext {
    type Address = Address;
    type Height = EngineHeight;
    type ProposalPart = ProposalPart;
    type Proposal = Proposal;
    type Validator = EngineValidator;
    type ValidatorSet = EngineValidators;
    type Timeouts = EngineTimeouts;
    type Value = Value;
    type Vote = Vote;
    type Extension = ();
    type SigningScheme = Ed25519;

    fn select_proposer<'a>(
        &self,
        validators: &'a EngineValidators,
        height: EngineHeight,
        round: Round,
    ) -> &'a EngineValidator {
        let validators = validators.as_slice();
        &validators[proposer_place(validators.len(), height.0, round.as_u32().unwrap_or(0))]
    }

    fn new_proposal(
        &self,
        height: EngineHeight,
        round: Round,
        value: Value,
        pol_round: Round,
        address: Address,
    ) -> Proposal {
        Proposal { height, round, value, pol_round, address }
    }

    fn new_prevote(
        &self,
        height: EngineHeight,
        round: Round,
        value: NilOrVal<BlockId>,
        address: Address,
    ) -> Vote {
        Vote { kind: VoteType::Prevote, height, round, value, address }
    }

    fn new_precommit(
        &self,
        height: EngineHeight,
        round: Round,
        value: NilOrVal<BlockId>,
        address: Address,
    ) -> Vote {
        Vote { kind: VoteType::Precommit, height, round, value, address }
    }
}
