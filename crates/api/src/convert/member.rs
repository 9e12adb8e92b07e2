//! Members' records, their proofs, and the genesis they come from.

use sanad_core::codec;
use sanad_core::genesis::Genesis;
use sanad_core::hash::ChainId;
use sanad_core::member::{MEMBER_RECORD_BYTES_MAX, MemberRecord, Role};
use sanad_core::proof::{VALIDATOR_CHANGES_MAX, ValidatorChange};
use sanad_core::registry::RegistryProof;

use super::{WireError, block, fixed, path, path_bytes, required, undecodable, within};
use crate::blocks::FinalHeader;
use crate::proofs::MemberProof;
use crate::wire;

impl From<&MemberRecord> for wire::MemberRecord {
    fn from(record: &MemberRecord) -> Self {
        let MemberRecord { member, chain } = record;
        let role = match member.role {
            Role::Observer => wire::Role::Observer,
            Role::Issuer => wire::Role::Issuer,
            Role::Validator => wire::Role::Validator,
        };
        Self {
            encoded: codec::encode(record),
            id: member.id.to_string(),
            name: member.name.clone(),
            role: role.into(),
            active_from: member.active_from.0,
            active_until: member.active_until.map(|height| height.0),
            next_sequence: chain.next_sequence.0,
            last_batch: chain.last_batch.0.to_vec(),
            entries: chain.entries,
        }
    }
}

impl TryFrom<wire::MemberRecord> for MemberRecord {
    type Error = WireError;
    fn try_from(record: wire::MemberRecord) -> Result<Self, WireError> {
        codec::decode(&record.encoded, MEMBER_RECORD_BYTES_MAX).map_err(undecodable("member.encoded"))
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

impl From<&ValidatorChange> for wire::ValidatorChange {
    fn from(change: &ValidatorChange) -> Self {
        Self {
            header: Some(block::final_header(&change.header, &change.certificate)),
            next: Some((&change.next).into()),
        }
    }
}

impl TryFrom<wire::ValidatorChange> for ValidatorChange {
    type Error = WireError;
    fn try_from(change: wire::ValidatorChange) -> Result<Self, WireError> {
        let last: FinalHeader = required("validator_changes.header", change.header)?.try_into()?;
        let next = required("validator_changes.next", change.next)?.try_into()?;
        Ok(Self { header: last.header, certificate: last.certificate, next })
    }
}

/// The changes of a proof, bounded.
pub(super) fn validator_changes(
    changes: Vec<wire::ValidatorChange>,
) -> Result<Vec<ValidatorChange>, WireError> {
    within("validator_changes", changes.len(), VALIDATOR_CHANGES_MAX)?;
    changes.into_iter().map(TryInto::try_into).collect()
}

impl From<&MemberProof> for wire::GetMemberResponse {
    fn from(proof: &MemberProof) -> Self {
        Self {
            member: Some((&proof.member).into()),
            head: Some((&proof.head).into()),
            validator_changes: proof.validator_changes.iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<wire::GetMemberResponse> for MemberProof {
    type Error = WireError;
    fn try_from(proof: wire::GetMemberResponse) -> Result<Self, WireError> {
        Ok(Self {
            member: required("member", proof.member)?.try_into()?,
            head: required("head", proof.head)?.try_into()?,
            validator_changes: validator_changes(proof.validator_changes)?,
        })
    }
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
