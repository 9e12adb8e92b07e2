//! What a block adds to the register's columns. Pure: the store writes it, an audit compares it.

use std::collections::BTreeMap;

use sanad_core::codec;
use sanad_core::hash::Root;
use sanad_core::ids::MemberId;
use sanad_core::member::MemberState;
use sanad_core::merkle::Hash;

use super::{CHANGE_RECORD_BYTES, ChangeRecord, HeightRecord, leaf_of};

/// The end of the columns: how long they are, and where each member's state is.
#[derive(Clone, Debug, Default)]
pub(crate) struct RegisterEdge {
    whole: u64,
    changes: u64,
    states: u64,
    latest: BTreeMap<MemberId, ChangeRecord>,
}

/// What a block adds, and where.
#[derive(Clone, Debug)]
pub(crate) struct Added {
    pub(crate) first_change: u64,
    pub(crate) changes: Vec<[u8; CHANGE_RECORD_BYTES]>,
    pub(crate) first_state: u64,
    pub(crate) states: Vec<u8>,
    pub(crate) height: HeightRecord,
}

impl RegisterEdge {
    /// The edge at a height, from the changes that give every member there.
    pub(super) fn new(record: &HeightRecord, changes: Vec<ChangeRecord>) -> Self {
        let HeightRecord { whole, changes: count, states, .. } = *record;
        let latest = changes.into_iter().map(|change| (change.id.clone(), change)).collect();
        Self { whole, changes: count, states, latest }
    }

    /// Adds a height: the members that changed, in any order, and the roots beside theirs.
    pub(crate) fn add<'a>(
        &mut self,
        members: impl IntoIterator<Item = &'a MemberState>,
        status_root: Root,
        others_root: Root,
    ) -> Added {
        let (first_change, first_state) = (self.changes, self.states);
        let (mut changes, mut states) = (Vec::new(), Vec::new());
        if self.changes - self.whole >= self.whole_after() {
            self.whole = self.changes;
            changes.extend(self.latest.values().map(ChangeRecord::encode));
        }
        for member in members {
            let encoded = codec::encode(member);
            let offset = first_state + states.len() as u64;
            let id = member.record().id.clone();
            let change =
                ChangeRecord { id: id.clone(), leaf: leaf_of(member), offset, bytes: encoded.len() as u32 };
            states.extend(encoded);
            changes.push(change.encode());
            self.latest.insert(id, change);
        }
        self.changes += changes.len() as u64;
        self.states += states.len() as u64;
        let (whole, count, bytes) = (self.whole, self.changes, self.states);
        let height = HeightRecord { status_root, others_root, whole, changes: count, states: bytes };
        Added { first_change, changes, first_state, states, height }
    }

    /// Leaves of the members tree, sorted by id.
    pub(super) fn leaves(&self) -> impl Iterator<Item = Hash> {
        self.latest.values().map(|change| change.leaf)
    }

    /// Changes up to the end, and bytes of states.
    pub(crate) fn lengths(&self) -> (u64, u64) {
        (self.changes, self.states)
    }

    /// Changes after which all members are listed again, so that a reader need not go back further. They are few beside
    /// the states.
    fn whole_after(&self) -> u64 {
        WHOLE_CHANGES_MIN.max(WHOLE_FACTOR * self.latest.len() as u64)
    }
}

/// All members are listed again after this many times as many changes.
pub(super) const WHOLE_FACTOR: u64 = 4;
/// Fewest changes before all members are listed again.
const WHOLE_CHANGES_MIN: u64 = 1024;
