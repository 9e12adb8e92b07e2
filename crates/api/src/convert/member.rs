//! Members, their proofs, and the genesis they come from.

use sanad_core::codec;
use sanad_core::genesis::Genesis;
use sanad_core::hash::ChainId;
use sanad_core::member::{
    ADDRESSES_MAX, ChainHead, FACTS_MAX, Fact, IndexRange, IssuerIdTerm, KEY_TERMS_MAX, KeyPurpose, KeyTerm,
    MEMBER_RECORD_BYTES_MAX, MEMBER_TEXT_BYTES_MAX, MemberRecord, MemberRest, MemberState, Role, Standing,
};
use sanad_core::proof::{MemberProof, MembersProof};
use sanad_core::registry::RegistryProof;
use sanad_core::signature::PUBLIC_KEY_BYTES;

use super::{WireError, fixed, path, path_bytes, required, undecodable};
use crate::proofs::MemberDetails;
use crate::wire;

/// Longest encoded rest of a member, in bytes: role, threshold, keys, heads, count of a day, addresses, facts.
const MEMBER_REST_BYTES_MAX: usize = 2
    + (4 + KEY_TERMS_MAX * (1 + PUBLIC_KEY_BYTES + 8 + 9))
    + 3 * (8 + 32)
    + 8
    + (4 + ADDRESSES_MAX * (1 + MEMBER_TEXT_BYTES_MAX))
    + (4 + FACTS_MAX * 2 * (1 + MEMBER_TEXT_BYTES_MAX));

impl From<&MemberRecord> for wire::MemberRecord {
    fn from(record: &MemberRecord) -> Self {
        let standing = match record.standing {
            Standing::Active => wire::Standing::Active,
            Standing::Frozen => wire::Standing::Frozen,
            Standing::Suspended => wire::Standing::Suspended,
            Standing::Retired => wire::Standing::Retired,
        };
        let issuer_id = |term: &IssuerIdTerm| wire::IssuerId {
            id: term.id.to_string(),
            range: Some(wire::IndexRange { from: term.from.0, until: term.until.map(|until| until.0) }),
        };
        let disputed =
            |range: &IndexRange| wire::IndexRange { from: range.from.0, until: Some(range.until.0) };
        Self {
            encoded: codec::encode(record),
            id: record.id.to_string(),
            name: record.name.clone(),
            standing: standing.into(),
            since: record.since.0,
            issuer_ids: record.issuer_ids.iter().map(issuer_id).collect(),
            disputed: record.disputed.iter().map(disputed).collect(),
            rest_hash: record.rest.0.to_vec(),
        }
    }
}

impl TryFrom<wire::MemberRecord> for MemberRecord {
    type Error = WireError;
    fn try_from(record: wire::MemberRecord) -> Result<Self, WireError> {
        let record: Self = codec::decode(&record.encoded, MEMBER_RECORD_BYTES_MAX)
            .map_err(undecodable("member.record.encoded"))?;
        record.check()?;
        Ok(record)
    }
}

impl From<&MemberRest> for wire::MemberRest {
    fn from(rest: &MemberRest) -> Self {
        let role = match rest.role {
            Role::Observer => wire::Role::Observer,
            Role::Issuer => wire::Role::Issuer,
            Role::Validator => wire::Role::Validator,
        };
        let in_force = rest.keys.iter().filter(|term| term.until.is_none());
        let fact = |fact: &Fact| wire::Fact { name: fact.name.clone(), value: fact.value.clone() };
        Self {
            encoded: codec::encode(rest),
            role: role.into(),
            governance_threshold: u32::from(rest.governance_threshold),
            keys: in_force.map(Into::into).collect(),
            issuing: Some((&rest.issuing).into()),
            governance: Some((&rest.governance).into()),
            entries: rest.events.count,
            addresses: rest.addresses.clone(),
            facts: rest.facts.iter().map(fact).collect(),
        }
    }
}

impl TryFrom<wire::MemberRest> for MemberRest {
    type Error = WireError;
    fn try_from(rest: wire::MemberRest) -> Result<Self, WireError> {
        codec::decode(&rest.encoded, MEMBER_REST_BYTES_MAX).map_err(undecodable("member.rest.encoded"))
    }
}

impl From<&KeyTerm> for wire::MemberKey {
    fn from(term: &KeyTerm) -> Self {
        let purpose = match term.purpose {
            KeyPurpose::Governance => wire::KeyPurpose::Governance,
            KeyPurpose::Issuing => wire::KeyPurpose::Issuing,
            KeyPurpose::Consensus => wire::KeyPurpose::Consensus,
            KeyPurpose::Network => wire::KeyPurpose::Network,
        };
        Self { purpose: purpose.into(), key: codec::encode(&term.key), from: term.from.0 }
    }
}

impl From<&ChainHead> for wire::ChainHead {
    fn from(head: &ChainHead) -> Self {
        Self { next_sequence: head.next_sequence.0, last_batch: head.last_batch.0.to_vec() }
    }
}

impl From<&MemberState> for wire::Member {
    fn from(member: &MemberState) -> Self {
        Self { record: Some(member.record().into()), rest: Some(member.rest().into()) }
    }
}

impl TryFrom<wire::Member> for MemberState {
    type Error = WireError;
    fn try_from(member: wire::Member) -> Result<Self, WireError> {
        let record = required("member.record", member.record)?.try_into()?;
        let rest = required("member.rest", member.rest)?.try_into()?;
        Ok(Self::new(record, rest)?)
    }
}

impl From<&RegistryProof> for wire::RegistryProof {
    fn from(proof: &RegistryProof) -> Self {
        Self {
            record: Some((&proof.record).into()),
            index: proof.index,
            count: proof.count,
            path: path_bytes(&proof.path),
        }
    }
}

impl TryFrom<wire::RegistryProof> for RegistryProof {
    type Error = WireError;
    fn try_from(proof: wire::RegistryProof) -> Result<Self, WireError> {
        Ok(Self {
            record: required("member.record", proof.record)?.try_into()?,
            index: proof.index,
            count: proof.count,
            path: path("member.path", &proof.path)?,
        })
    }
}

impl From<&MemberProof> for wire::MemberProof {
    fn from(proof: &MemberProof) -> Self {
        Self {
            member: Some((&proof.member).into()),
            status_root: proof.status_root.0.to_vec(),
            others_root: proof.others_root.0.to_vec(),
            header: Some((&proof.header).into()),
            finality: Some((&proof.finality).into()),
        }
    }
}

impl TryFrom<wire::MemberProof> for MemberProof {
    type Error = WireError;
    fn try_from(proof: wire::MemberProof) -> Result<Self, WireError> {
        Ok(Self {
            member: required("proof.member", proof.member)?.try_into()?,
            status_root: fixed("proof.status_root", &proof.status_root)?,
            others_root: fixed("proof.others_root", &proof.others_root)?,
            header: required("proof.header", proof.header)?.try_into()?,
            finality: required("proof.finality", proof.finality)?.try_into()?,
        })
    }
}

impl From<&MembersProof> for wire::MembersHead {
    fn from(proof: &MembersProof) -> Self {
        Self {
            status_root: proof.status_root.0.to_vec(),
            others_root: proof.others_root.0.to_vec(),
            header: Some((&proof.header).into()),
            finality: Some((&proof.finality).into()),
        }
    }
}

/// The proof without its members.
impl TryFrom<wire::MembersHead> for MembersProof {
    type Error = WireError;
    fn try_from(head: wire::MembersHead) -> Result<Self, WireError> {
        Ok(Self {
            members: Vec::new(),
            status_root: fixed("proof.status_root", &head.status_root)?,
            others_root: fixed("proof.others_root", &head.others_root)?,
            header: required("proof.header", head.header)?.try_into()?,
            finality: required("proof.finality", head.finality)?.try_into()?,
        })
    }
}

impl From<&MemberDetails> for wire::GetMemberResponse {
    fn from(member: &MemberDetails) -> Self {
        Self { proof: Some((&member.proof).into()), rest: Some((&member.rest).into()) }
    }
}

impl TryFrom<wire::GetMemberResponse> for MemberDetails {
    type Error = WireError;
    fn try_from(answer: wire::GetMemberResponse) -> Result<Self, WireError> {
        member_details(answer.proof, answer.rest)
    }
}

impl From<&MemberDetails> for wire::CompletenessHead {
    fn from(member: &MemberDetails) -> Self {
        Self { proof: Some((&member.proof).into()), rest: Some((&member.rest).into()) }
    }
}

impl TryFrom<wire::CompletenessHead> for MemberDetails {
    type Error = WireError;
    fn try_from(head: wire::CompletenessHead) -> Result<Self, WireError> {
        member_details(head.proof, head.rest)
    }
}

/// A record and its rest, compared by the rest's hash.
fn member_details(
    proof: Option<wire::MemberProof>,
    rest: Option<wire::MemberRest>,
) -> Result<MemberDetails, WireError> {
    let proof: MemberProof = required("proof", proof)?.try_into()?;
    let rest: MemberRest = required("rest", rest)?.try_into()?;
    MemberState::new(proof.member.record.clone(), rest.clone())?;
    Ok(MemberDetails { proof, rest })
}

impl From<&Genesis> for wire::GetGenesisResponse {
    fn from(genesis: &Genesis) -> Self {
        Self { chain_id: genesis.chain_id().0.to_vec(), json: genesis.to_json().into_bytes() }
    }
}

impl TryFrom<wire::GetGenesisResponse> for Genesis {
    type Error = WireError;
    fn try_from(answer: wire::GetGenesisResponse) -> Result<Self, WireError> {
        let expected: ChainId = fixed("chain_id", &answer.chain_id)?;
        let genesis = Self::from_json(&answer.json)?;
        let actual = genesis.chain_id();
        if expected == actual { Ok(genesis) } else { Err(WireError::ChainId { expected, actual }) }
    }
}
