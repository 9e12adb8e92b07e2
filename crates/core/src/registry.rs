//! The registry: every member's record, under one Merkle root.

use std::collections::BTreeSet;
use std::sync::Arc;

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::hash::{RegistryHash, Root};
use crate::ids::{Height, MemberId};
use crate::member::{ChainHead, Member, MemberRecord, Role};
use crate::merkle::{Hash, MemoryTree, TreeHash};
use crate::validators::{Validator, ValidatorSet, ValidatorSetError};

/// Most members of a consortium.
pub const MEMBERS_MAX: usize = 4096;

/// The members' records, sorted by id. Cheap to clone: a clone shares every record that neither has changed since.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Registry {
    members: OrdMap<MemberId, (Arc<MemberRecord>, Hash)>,
}

/// A record with what proves it under the registry root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistryProof {
    /// The record.
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
    /// The registry in which no member has entered a batch.
    pub fn new(members: impl IntoIterator<Item = Member>) -> Self {
        let mut registry = Self::default();
        for member in members {
            registry.set(MemberRecord { member, chain: ChainHead::START });
        }
        registry
    }

    /// The registry of records as stored.
    pub fn from_records(records: impl IntoIterator<Item = MemberRecord>) -> Self {
        let mut registry = Self::default();
        records.into_iter().for_each(|record| registry.set(record));
        registry
    }

    /// The record of a member.
    pub fn record(&self, id: &MemberId) -> Option<&MemberRecord> {
        self.members.get(id).map(|(record, _)| &**record)
    }

    /// All records, sorted by id.
    pub fn records(&self) -> impl ExactSizeIterator<Item = &MemberRecord> {
        self.members.values().map(|(record, _)| &**record)
    }

    /// Enters a record in place of the member's former one.
    pub fn set(&mut self, record: MemberRecord) {
        let leaf = Self::leaf_hash(&record);
        self.members.insert(record.member.id.clone(), (Arc::new(record), leaf));
    }

    /// Hash of a record as a leaf of the registry tree.
    pub fn leaf_hash(record: &MemberRecord) -> Hash {
        RegistryHash::leaf(&codec::encode(record))
    }

    /// Root of the tree over all records.
    pub fn root(&self) -> Root {
        let leaves: Vec<Hash> = self.members.values().map(|(_, leaf)| *leaf).collect();
        Root(crate::merkle::root_of::<RegistryHash>(&leaves))
    }

    /// A member's record with its inclusion proof.
    pub fn prove(&self, id: &MemberId) -> Option<RegistryProof> {
        let record = self.record(id)?.clone();
        let index = self.members.range::<_, MemberId>(..id).count() as u64;
        let leaves = self.members.values().map(|(_, leaf)| *leaf).collect();
        let path = MemoryTree::<RegistryHash>::from_leaf_hashes(leaves)
            .inclusion_path(index)
            .expect("invariant: the member was found, so its place is in the tree");
        Some(RegistryProof { record, index, count: self.members.len() as u64, path })
    }

    /// The validators of a height: the active members with that role.
    ///
    /// # Errors
    /// [`ValidatorSetError`] where they make no set.
    pub fn validators(&self, height: Height) -> Result<ValidatorSet, ValidatorSetError> {
        let validator = |record: &MemberRecord| {
            let Member { id, role, consensus_key, .. } = &record.member;
            let votes = *role == Role::Validator && record.member.is_active(height);
            consensus_key.filter(|_| votes).map(|key| Validator { member: id.clone(), key })
        };
        ValidatorSet::new(self.records().filter_map(validator).collect())
    }

    /// Heights up to `head` after which another validator set decides, in ascending order.
    pub fn validator_change_heights(&self, head: Height) -> Vec<Height> {
        let validators = self.records().map(|record| &record.member).filter(|m| m.role == Role::Validator);
        let boundaries: BTreeSet<u64> = validators
            .flat_map(|member| [Some(member.active_from), member.active_until])
            .flatten()
            .filter_map(|first| first.0.checked_sub(1))
            .filter(|last| (1..=head.0).contains(last))
            .collect();
        let changes = |last: &Height| self.validators(*last).ok() != self.validators(last.next()).ok();
        boundaries.into_iter().map(Height).filter(changes).collect()
    }
}
