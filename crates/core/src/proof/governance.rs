//! That a list is all that governance holds as of one block.

use serde::{Deserialize, Serialize};

use super::{Finality, ProofFault, ProvenHeader, TrustAnchor, check_state_root};
use crate::block::BlockHeader;
use crate::genesis::Parameters;
use crate::governance::{Governance, GovernanceItem};
use crate::hash::Root;
use crate::state_root;

/// All items of the governance part and the parameters, with what proves them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GovernanceProof {
    /// The items, in the order of their keys.
    pub items: Vec<GovernanceItem>,
    /// Parameters in force after the block.
    pub parameters: Parameters,
    /// Root of the status tree.
    pub status_root: Root,
    /// Root over the members, with their count.
    pub members_root: Root,
    /// Header whose state root covers items and parameters.
    pub header: BlockHeader,
    /// What makes the header final.
    pub finality: Finality,
}

impl GovernanceProof {
    /// Checks everything, from the anchor to the items; returns what makes the header final.
    ///
    /// # Errors
    /// [`ProofFault`], the first thing that is not so.
    pub fn verify(&self, anchor: &TrustAnchor) -> Result<ProvenHeader, ProofFault> {
        let proven = anchor.verify_header(&self.header, &self.finality)?;
        let parts = state_root::parts(&self.governance(), &self.parameters);
        let others = state_root::others_root(&parts);
        check_state_root(&self.header, &self.status_root, &self.members_root, &others)?;
        Ok(proven)
    }

    /// The items by what they are found by.
    pub fn governance(&self) -> Governance {
        Governance::from_items(self.items.iter().cloned())
    }
}
