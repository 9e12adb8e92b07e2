//! That a list has all members as of one block.

use super::{Finality, ProofFault, ProvenHeader, TrustAnchor, check_state_root};
use crate::block::BlockHeader;
use crate::hash::{RegistryHash, Root};
use crate::member::MemberState;
use crate::merkle::{Hash, root_of};
use crate::registry::Registry;
use crate::state_root;

/// All members as of one block, with what proves them: a list that leaves one out does not verify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MembersProof {
    /// The members, sorted by id.
    pub members: Vec<MemberState>,
    /// Root of the status tree.
    pub status_root: Root,
    /// Root over the other parts of the state.
    pub others_root: Root,
    /// Header whose state root covers the members.
    pub header: BlockHeader,
    /// What makes the header final.
    pub finality: Finality,
}

impl MembersProof {
    /// Checks everything, from the anchor to the last record; returns what makes the header final.
    ///
    /// # Errors
    /// [`ProofFault`], the first thing that is not so.
    pub fn verify(&self, anchor: &TrustAnchor) -> Result<ProvenHeader, ProofFault> {
        let proven = anchor.verify_header(&self.header, &self.finality)?;
        let leaf = |member: &MemberState| Registry::leaf_hash(member.record());
        let leaves: Vec<Hash> = self.members.iter().map(leaf).collect();
        let members = state_root::members_root(leaves.len() as u64, &root_of::<RegistryHash>(&leaves));
        check_state_root(&self.header, &self.status_root, &members, &self.others_root)?;
        Ok(proven)
    }
}
