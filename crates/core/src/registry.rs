//! The registry: every member's record, under one Merkle root.

use std::sync::Arc;

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::hash::{RegistryHash, Root};
use crate::ids::MemberId;
use crate::member::{KeyPurpose, MemberRecord, MemberState, Role};
use crate::merkle::{Hash, MemoryTree, TreeHash};
use crate::signature::PublicKey;
use crate::state_root;
use crate::validators::Validator;

/// Most members of a consortium.
pub const MEMBERS_MAX: usize = 4096;

/// The members' states, sorted by id. Cheap to clone: a clone shares every state that neither has changed since.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Registry {
    members: OrdMap<MemberId, (Arc<MemberState>, Hash)>,
    /// Whose each key is or was.
    holders: OrdMap<PublicKey, MemberId>,
}

/// A record with what proves it under the members' root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistryProof {
    /// Record whose encoding is the leaf.
    pub record: MemberRecord,
    /// Its place among the records.
    pub index: u64,
    /// How many records there are.
    pub count: u64,
    /// Inclusion proof, from the leaf up.
    #[serde(with = "crate::proof::hashes")]
    pub path: Vec<Hash>,
}

impl Registry {
    /// The registry of member states.
    pub fn new(members: impl IntoIterator<Item = MemberState>) -> Self {
        let mut registry = Self::default();
        members.into_iter().for_each(|member| registry.set(member));
        registry
    }

    /// The state of a member.
    pub fn member(&self, id: &MemberId) -> Option<&MemberState> {
        self.members.get(id).map(|(member, _)| &**member)
    }

    /// All members, sorted by id.
    pub fn members(&self) -> impl ExactSizeIterator<Item = &MemberState> {
        self.members.values().map(|(member, _)| &**member)
    }

    /// Enters a state in place of the member's former one.
    pub fn set(&mut self, member: MemberState) {
        let leaf = Self::leaf_hash(member.record());
        let id = member.record().id.clone();
        // Keys are added and never taken away, so as many as before are the same.
        let known = self.members.get(&id).map_or(0, |(former, _)| former.rest().keys.len());
        for term in member.rest().keys.iter().skip(known) {
            self.holders.insert(term.key, id.clone());
        }
        self.members.insert(id, (Arc::new(member), leaf));
    }

    /// The member whose key this is, or was.
    pub fn holder(&self, key: &PublicKey) -> Option<&MemberId> {
        self.holders.get(key)
    }

    /// Hash of a record as a leaf of the members tree.
    pub fn leaf_hash(record: &MemberRecord) -> Hash {
        RegistryHash::leaf(&codec::encode(record))
    }

    /// The members' root: see [`state_root::members_root`].
    pub fn root(&self) -> Root {
        let leaves: Vec<Hash> = self.members.values().map(|(_, leaf)| *leaf).collect();
        state_root::members_root(leaves.len() as u64, &crate::merkle::root_of::<RegistryHash>(&leaves))
    }

    /// A member's record with its inclusion proof.
    pub fn prove(&self, id: &MemberId) -> Option<RegistryProof> {
        let record = self.member(id)?.record().clone();
        let index = self.members.range::<_, MemberId>(..id).count() as u64;
        let leaves = self.members.values().map(|(_, leaf)| *leaf).collect();
        let path = MemoryTree::<RegistryHash>::from_leaf_hashes(leaves)
            .inclusion_path(index)
            .expect("invariant: the member was found, so its place is in the tree");
        Some(RegistryProof { record, index, count: self.members.len() as u64, path })
    }

    /// The members with the role of validator and their consensus keys, sorted by id.
    ///
    /// From these the genesis set is made; later sets are stored, never computed from today's members.
    pub fn validators(&self) -> Vec<Validator> {
        let validator = |member: &MemberState| {
            let key = member.rest().current_key(KeyPurpose::Consensus);
            let key = key.filter(|_| member.rest().role == Role::Validator)?;
            Some(Validator { member: member.record().id.clone(), key })
        };
        self.members().filter_map(validator).collect()
    }
}
