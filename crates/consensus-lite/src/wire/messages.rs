//! Votes and proposals.

use bytes::Bytes;
use malachitebft_app_channel::app::types::SignedConsensusMsg;
use malachitebft_app_channel::app::types::codec::Codec;
use malachitebft_core_types::{NilOrVal, Round, SignedProposal, SignedVote, VoteType};
use sanad_core::block::BlockId;
use sanad_core::ids::Height;
use sanad_core::signature::{PublicKey, Signature};

use super::primitives::{defined, optional};
use super::{Wire, WireCodec, WireError};
use crate::context::{Address, EngineHeight, Proposal, SanadContext, Value, Vote};

#[derive(bincode::Encode, bincode::Decode)]
pub(super) struct WireVote {
    precommit: bool,
    height: Height,
    round: u32,
    block: Option<BlockId>,
    validator: PublicKey,
    signature: Signature,
}

impl WireVote {
    pub(super) fn new(signed: &SignedVote<SanadContext>) -> Result<Self, WireError> {
        let vote = &signed.message;
        Ok(Self {
            precommit: vote.kind == VoteType::Precommit,
            height: vote.height.0,
            round: defined(vote.round)?,
            block: vote.block().copied(),
            validator: vote.address.0,
            signature: signed.signature,
        })
    }

    pub(super) fn into_vote(self) -> SignedVote<SanadContext> {
        let vote = Vote {
            kind: vote_type(self.precommit),
            height: EngineHeight(self.height),
            round: Round::new(self.round),
            value: nil_or(self.block),
            address: Address(self.validator),
        };
        SignedVote::new(vote, self.signature)
    }
}

pub(super) fn vote_type(precommit: bool) -> VoteType {
    if precommit { VoteType::Precommit } else { VoteType::Prevote }
}

pub(super) fn nil_or(block: Option<BlockId>) -> NilOrVal<BlockId> {
    block.map_or(NilOrVal::Nil, NilOrVal::Val)
}

#[derive(bincode::Encode, bincode::Decode)]
pub(super) struct WireProposal {
    height: Height,
    round: u32,
    block: BlockId,
    valid_round: Option<u32>,
    proposer: PublicKey,
    signature: Signature,
}

impl WireProposal {
    fn new(signed: &SignedProposal<SanadContext>) -> Result<Self, WireError> {
        let proposal = &signed.message;
        Ok(Self {
            height: proposal.height.0,
            round: defined(proposal.round)?,
            block: proposal.value.0,
            valid_round: proposal.pol_round.as_u32(),
            proposer: proposal.address.0,
            signature: signed.signature,
        })
    }

    fn into_proposal(self) -> SignedProposal<SanadContext> {
        let proposal = Proposal {
            height: EngineHeight(self.height),
            round: Round::new(self.round),
            value: Value(self.block),
            pol_round: optional(self.valid_round),
            address: Address(self.proposer),
        };
        SignedProposal::new(proposal, self.signature)
    }
}

#[derive(bincode::Encode, bincode::Decode)]
pub(super) enum WireMessage {
    Vote(WireVote),
    Proposal(WireProposal),
}

impl Wire for SignedConsensusMsg<SanadContext> {
    type Twin = WireMessage;

    fn to_twin(&self) -> Result<WireMessage, WireError> {
        Ok(match self {
            Self::Vote(vote) => WireMessage::Vote(WireVote::new(vote)?),
            Self::Proposal(proposal) => WireMessage::Proposal(WireProposal::new(proposal)?),
        })
    }

    fn from_twin(twin: WireMessage) -> Result<Self, WireError> {
        Ok(match twin {
            WireMessage::Vote(vote) => Self::Vote(vote.into_vote()),
            WireMessage::Proposal(proposal) => Self::Proposal(proposal.into_proposal()),
        })
    }
}

impl Codec<SignedConsensusMsg<SanadContext>> for WireCodec {
    type Error = WireError;

    fn decode(&self, bytes: Bytes) -> Result<SignedConsensusMsg<SanadContext>, WireError> {
        let message = super::decode(&bytes)?;
        if let Some(arrivals) = &self.arrivals {
            arrivals.message(&message)?;
        }
        if let (Some((own, prevotes)), SignedConsensusMsg::Vote(vote)) = (&self.prevotes, &message) {
            prevotes.note(&vote.message, own);
        }
        Ok(message)
    }

    fn encode(&self, message: &SignedConsensusMsg<SanadContext>) -> Result<Bytes, WireError> {
        super::encode(message)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::wire::testing::{assert_wire, block_id};

    pub(in crate::wire) fn vote(kind: VoteType, block: Option<BlockId>) -> SignedVote<SanadContext> {
        let vote = Vote {
            kind,
            height: EngineHeight(Height(7)),
            round: Round::new(2),
            value: nil_or(block),
            address: Address(PublicKey([3; 32])),
        };
        SignedVote::new(vote, Signature([4; 64]))
    }

    #[test]
    fn messages() {
        for kind in [VoteType::Prevote, VoteType::Precommit] {
            for block in [None, Some(block_id(1))] {
                assert_wire(&SignedConsensusMsg::Vote(vote(kind, block)));
            }
        }
        for pol_round in [Round::Nil, Round::new(1)] {
            let proposal = Proposal {
                height: EngineHeight(Height(7)),
                round: Round::new(2),
                value: Value(block_id(1)),
                pol_round,
                address: Address(PublicKey([3; 32])),
            };
            assert_wire(&SignedConsensusMsg::Proposal(SignedProposal::new(proposal, Signature([4; 64]))));
        }
    }

    #[test]
    fn malformed() {
        let codec = WireCodec::default();
        let message = SignedConsensusMsg::Vote(vote(VoteType::Prevote, None));
        let bytes = codec.encode(&message).unwrap().to_vec();
        // The tags: kind of message, kind of vote, presence of the block.
        for place in [3, 4, 17] {
            let mut wrong = bytes.clone();
            wrong[place] = 2;
            let decoded: Result<SignedConsensusMsg<SanadContext>, _> = codec.decode(wrong.into());
            assert!(decoded.is_err(), "byte {place}");
        }
        let mut nowhere = vote(VoteType::Prevote, None);
        nowhere.message.round = Round::Nil;
        assert_eq!(codec.encode(&SignedConsensusMsg::Vote(nowhere)), Err(WireError::NoRound));
    }
}
