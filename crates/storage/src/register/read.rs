//! The register as of a height.

use std::collections::BTreeMap;
use std::ops::Bound;

use sanad_core::hash::{RegistryHash, Root};
use sanad_core::ids::{Height, MemberId};
use sanad_core::member::{MemberRest, MemberState};
use sanad_core::merkle::{Hash, MemoryTree, root_of};
use sanad_core::registry::RegistryProof;
use sanad_core::state_root;

use super::{ChangeRecord, HeightRecord};
use crate::error::{Part, StoreError};
use crate::store::Store;

/// The register as of a height of the past, whose header has its root.
#[derive(Debug)]
pub struct FormerRegister<'a> {
    store: &'a Store,
    record: HeightRecord,
    members: BTreeMap<MemberId, ChangeRecord>,
}

impl Store {
    /// The first height whose register is kept: 0, unless the store was made from a snapshot.
    pub fn register_begins(&self) -> Height {
        self.shared.register.first
    }

    /// The register after the block of a height; `None` at heights without a block. Reads some thousand short records
    /// at most, and no states.
    ///
    /// # Errors
    /// [`StoreError::BeforeRegister`]; [`StoreError::Damaged`] if it is not the one that the header names; I/O.
    pub fn register_as_of(&self, height: Height) -> Result<Option<FormerRegister<'_>>, StoreError> {
        let Some(header) = self.header(height)? else { return Ok(None) };
        let register = &self.shared.register;
        if height < register.first {
            return Err(StoreError::BeforeRegister { first: register.first });
        }
        let record = register.height(height)?;
        let changes = register.changes_of(&record)?;
        let members = changes.into_iter().map(|change| (change.id.clone(), change)).collect();
        let former = FormerRegister { store: self, record, members };
        let root =
            state_root::state_root(&former.status_root(), &former.members_root(), &former.others_root());
        match root == header.state_root {
            true => Ok(Some(former)),
            false => Err(StoreError::Damaged { part: Part::Register }),
        }
    }
}

impl FormerRegister<'_> {
    /// Root of the status tree.
    pub fn status_root(&self) -> Root {
        self.record.status_root
    }

    /// Root over the parts of the state other than statuses and members.
    pub fn others_root(&self) -> Root {
        self.record.others_root
    }

    /// A member's record with its inclusion proof, and its rest; `None` if it was no member.
    ///
    /// # Errors
    /// [`StoreError::Damaged`], I/O.
    pub fn prove(&self, id: &MemberId) -> Result<Option<(RegistryProof, MemberRest)>, StoreError> {
        let Some(change) = self.members.get(id) else { return Ok(None) };
        let state = self.store.shared.register.state(change)?;
        let index = self.members.range::<MemberId, _>(..id).count() as u64;
        let path = MemoryTree::<RegistryHash>::from_leaf_hashes(self.leaves()).inclusion_path(index);
        let path = path.map_err(|_| StoreError::Damaged { part: Part::Register })?;
        let (record, count) = (state.record().clone(), self.members.len() as u64);
        Ok(Some((RegistryProof { record, index, count, path }, state.rest().clone())))
    }

    /// Up to `count` members whose ids come after `after`, sorted by id.
    ///
    /// # Errors
    /// [`StoreError::Damaged`], I/O.
    pub fn members(&self, after: Option<&MemberId>, count: usize) -> Result<Vec<MemberState>, StoreError> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let later = self.members.range::<MemberId, _>((from, Bound::Unbounded)).take(count);
        later.map(|(_, change)| self.store.shared.register.state(change)).collect()
    }

    fn members_root(&self) -> Root {
        let leaves = self.leaves();
        state_root::members_root(leaves.len() as u64, &root_of::<RegistryHash>(&leaves))
    }

    fn leaves(&self) -> Vec<Hash> {
        self.members.values().map(|change| change.leaf).collect()
    }
}
