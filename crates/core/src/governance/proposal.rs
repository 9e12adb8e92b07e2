//! Proposals: a change, and how long it may be voted on.

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};
use serde::{Deserialize, Serialize};

use super::Change;
use crate::codec;
use crate::hash::{self, ChainId, ProposalId};
use crate::ids::{Height, MemberId, Sequence};
use crate::registry::MEMBERS_MAX;
use crate::validators::ValidatorSet;

/// What a validator proposes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, bincode::Encode, bincode::Decode)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// What is to come into force.
    pub change: Change,
    /// The last height at which it can be approved.
    pub expires: Height,
    /// The first height under the change, at the earliest; 0 for as soon as the votes suffice.
    pub effective: Height,
}

/// A proposal that is not closed yet, with its votes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenProposal {
    /// Id under which members vote: [`Proposal::id`].
    pub id: ProposalId,
    /// The validator that proposed it.
    pub proposer: MemberId,
    /// The height at which it was proposed.
    pub proposed: Height,
    /// What is proposed.
    pub proposal: Proposal,
    /// The members that approve it, in ascending order.
    pub approvals: Vec<MemberId>,
    /// The height at which the approvals became enough; `None` while they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passed: Option<Height>,
}

impl Proposal {
    /// The proposal's id: `BLAKE3-derive_key("sanad/v1 proposal", chain id || text8 proposer || sequence u64 || position
    /// u32 || proposal)`, by the place of its event in the proposer's governance chain.
    pub fn id(
        &self,
        chain_id: &ChainId,
        proposer: &MemberId,
        sequence: Sequence,
        position: u32,
    ) -> ProposalId {
        ProposalId(
            hash::PROPOSAL
                .hash(&[&codec::encode(&(chain_id, proposer, sequence, position)), &codec::encode(self)]),
        )
    }
}

impl OpenProposal {
    /// How many of the approvals are by validators of a set.
    pub fn votes(&self, validators: &ValidatorSet) -> usize {
        let approves = |member: &MemberId| self.approvals.binary_search(member).is_ok();
        validators.validators().iter().filter(|validator| approves(&validator.member)).count()
    }

    /// The first height under the change, if the approvals stay enough.
    pub fn due(&self) -> Option<Height> {
        let passed = self.passed?;
        let earliest = Height(passed.0.saturating_add(self.proposal.change.lead()));
        Some(earliest.max(self.proposal.effective))
    }
}

impl Encode for OpenProposal {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        let Self { id, proposer, proposed, proposal, approvals, passed } = self;
        (id, proposer, proposed).encode(encoder)?;
        proposal.encode(encoder)?;
        codec::encode_list(approvals, encoder)?;
        passed.encode(encoder)
    }
}

impl<C> Decode<C> for OpenProposal {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Ok(Self {
            id: ProposalId::decode(decoder)?,
            proposer: MemberId::decode(decoder)?,
            proposed: Height::decode(decoder)?,
            proposal: Proposal::decode(decoder)?,
            approvals: codec::decode_list(decoder, MEMBERS_MAX, "approval count")?,
            passed: Option::decode(decoder)?,
        })
    }
}
