//! What governance holds.

use sanad_core::codec;
use sanad_core::governance::{GOVERNANCE_ITEM_BYTES_MAX, GOVERNANCE_ITEMS_MAX, GovernanceItem};
use sanad_core::proof::GovernanceProof;

use super::{WireError, fixed, required, undecodable, within};
use crate::wire;

impl From<&GovernanceProof> for wire::GetGovernanceResponse {
    fn from(proof: &GovernanceProof) -> Self {
        Self {
            items: proof.items.iter().map(codec::encode).collect(),
            parameters: codec::encode(&proof.parameters),
            status_root: proof.status_root.0.to_vec(),
            members_root: proof.members_root.0.to_vec(),
            header: Some((&proof.header).into()),
            finality: Some((&proof.finality).into()),
        }
    }
}

impl TryFrom<wire::GetGovernanceResponse> for GovernanceProof {
    type Error = WireError;
    fn try_from(answer: wire::GetGovernanceResponse) -> Result<Self, WireError> {
        within("items", answer.items.len(), GOVERNANCE_ITEMS_MAX)?;
        let item = |bytes: &Vec<u8>| {
            codec::decode::<GovernanceItem>(bytes, GOVERNANCE_ITEM_BYTES_MAX).map_err(undecodable("items"))
        };
        Ok(Self {
            items: answer.items.iter().map(item).collect::<Result<_, _>>()?,
            parameters: codec::decode(&answer.parameters, PARAMETERS_BYTES_MAX)
                .map_err(undecodable("parameters"))?,
            status_root: fixed("status_root", &answer.status_root)?,
            members_root: fixed("members_root", &answer.members_root)?,
            header: required("header", answer.header)?.try_into()?,
            finality: required("finality", answer.finality)?.try_into()?,
        })
    }
}

/// Longest encoded parameters, in bytes.
const PARAMETERS_BYTES_MAX: usize = 4 + 4 + 2 + 1 + 2 + 8;
