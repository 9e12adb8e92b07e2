//! The status tree: two bits for each log index, under one Merkle root.
//!
//! A leaf holds 256 indices in 64 bytes; index `i` of a leaf stands in byte `i / 4`, at bits `2 * (i % 4)`
//! and above, counted from the least significant. The tree over `ceil(log size / 256)` leaves has the
//! RFC 6962 shape. Only what is not zero is kept in memory: issuing costs nothing, a revocation one path.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::LazyLock;

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::hash::{Root, StatusHash};
use crate::ids::{LogIndex, LogSize};
use crate::member::MemberRecord;
use crate::merkle::{self, Hash, NodeSource, TreeHash};

/// Log indices of one leaf.
pub const STATUS_LEAF_ENTRIES: u64 = 256;
/// Bytes of one leaf.
pub const STATUS_LEAF_BYTES: usize = 64;

/// Levels above the leaves that are kept: enough for 2^42 log entries.
const LEVELS: u8 = 34;

/// A leaf of the status tree.
pub type StatusLeaf = [u8; STATUS_LEAF_BYTES];

/// What the status tree holds of an issuance. Of an entry that issues nothing, always `Active`.
///
/// A reader shows a [`CredentialStatus`], which also depends on the issuer's disputed ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// To be relied on, unless disputed (bits 00).
    Active,
    /// Not to be relied on for now (bits 01).
    Suspended,
    /// To be relied on, also within a disputed range: the issuer stands by it (bits 10).
    Confirmed,
    /// Void for ever (bits 11).
    Revoked,
}

/// What a credential's status means to a reader, the better ones first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CredentialStatus {
    /// To be relied on.
    Active,
    /// To be relied on: the issuer stands by it, whatever is disputed around it.
    Confirmed,
    /// Not to be relied on for now.
    Suspended,
    /// Issued with a key while somebody else may have held it, and not confirmed since.
    Disputed,
    /// Void for ever.
    Revoked,
}

impl CredentialStatus {
    /// The status of the entry at `index`, as of the status bits and the record of its issuer.
    pub fn new(status: Status, index: LogIndex, issuer: &MemberRecord) -> Self {
        match status {
            Status::Active if issuer.is_disputed(index) => Self::Disputed,
            Status::Active => Self::Active,
            Status::Confirmed => Self::Confirmed,
            Status::Suspended => Self::Suspended,
            Status::Revoked => Self::Revoked,
        }
    }

    /// Whether the credential is to be relied on.
    pub fn is_good(self) -> bool {
        match self {
            Self::Active | Self::Confirmed => true,
            Self::Suspended | Self::Disputed | Self::Revoked => false,
        }
    }
}

impl std::fmt::Display for CredentialStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Active => "active",
            Self::Confirmed => "confirmed",
            Self::Suspended => "suspended",
            Self::Disputed => "disputed",
            Self::Revoked => "revoked",
        })
    }
}

impl Status {
    /// The status that the two lowest bits stand for.
    pub fn from_bits(bits: u8) -> Self {
        match bits & 0b11 {
            0b00 => Self::Active,
            0b01 => Self::Suspended,
            0b10 => Self::Confirmed,
            _ => Self::Revoked,
        }
    }

    /// The status after an event about a credential that has this one; `None` if the event is not allowed.
    pub fn after(self, event: &Event) -> Option<Self> {
        match (event, self) {
            (
                Event::Revoke { .. } | Event::RevokeByGovernance { .. } | Event::RevokeAsSuccessor { .. },
                Self::Active | Self::Suspended | Self::Confirmed,
            ) => Some(Self::Revoked),
            (Event::Confirm { .. }, Self::Active | Self::Suspended) => Some(Self::Confirmed),
            (Event::Suspend { .. }, Self::Active | Self::Confirmed) => Some(Self::Suspended),
            (Event::Reinstate { .. }, Self::Suspended) => Some(Self::Active),
            _ => None,
        }
    }

    fn bits(self) -> u8 {
        match self {
            Self::Active => 0b00,
            Self::Suspended => 0b01,
            Self::Confirmed => 0b10,
            Self::Revoked => 0b11,
        }
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Confirmed => "confirmed",
            Self::Revoked => "revoked",
        })
    }
}

/// Reads the status of `index` from the leaf that covers it.
pub fn status_in_leaf(leaf: &StatusLeaf, index: LogIndex) -> Status {
    let place = (index.0 % STATUS_LEAF_ENTRIES) as usize;
    Status::from_bits(leaf[place / 4] >> (2 * (place % 4)) & 0b11)
}

/// Place of the leaf that covers `index`.
pub fn leaf_of(index: LogIndex) -> u64 {
    index.0 / STATUS_LEAF_ENTRIES
}

/// Number of leaves for a log of `size` entries.
pub fn leaf_count(size: LogSize) -> u64 {
    size.0.div_ceil(STATUS_LEAF_ENTRIES)
}

fn set_in_leaf(leaf: &mut StatusLeaf, index: LogIndex, status: Status) {
    let place = (index.0 % STATUS_LEAF_ENTRIES) as usize;
    let shift = 2 * (place % 4);
    leaf[place / 4] = leaf[place / 4] & !(0b11 << shift) | status.bits() << shift;
}

/// The tree. Memory is proportional to the leaves that hold a suspension or revocation.
///
/// Cheap to clone: a clone shares what neither of the two has changed since, so that a node can keep the tree of
/// one block for its readers while it makes that of the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusTree {
    leaves: OrdMap<u64, StatusLeaf>,
    /// Complete subtrees that hold a leaf of `leaves`, by level and place.
    nodes: OrdMap<(u8, u64), Hash>,
}

/// What a block changes in the tree: the changed leaves and the paths above them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusChanges {
    leaves: BTreeMap<u64, StatusLeaf>,
    nodes: BTreeMap<(u8, u64), Hash>,
}

impl StatusTree {
    /// The tree with the given leaves, by place; all others are zero.
    pub fn from_leaves(leaves: impl IntoIterator<Item = (u64, StatusLeaf)>) -> Self {
        let mut tree = Self::default();
        let leaves = leaves.into_iter().filter(|(_, leaf)| *leaf != [0; STATUS_LEAF_BYTES]).collect();
        let changes = tree.rehash(leaves);
        tree.advance(changes);
        tree
    }

    /// Status of an index.
    pub fn status(&self, index: LogIndex) -> Status {
        status_in_leaf(&self.leaf(leaf_of(index)), index)
    }

    /// The leaf at a place.
    pub fn leaf(&self, place: u64) -> StatusLeaf {
        self.leaves.get(&place).copied().unwrap_or([0; STATUS_LEAF_BYTES])
    }

    /// The leaves that are not zero, by place.
    pub fn leaves(&self) -> impl Iterator<Item = (u64, &StatusLeaf)> {
        self.leaves.iter().map(|(place, leaf)| (*place, leaf))
    }

    /// Root for a log of `size` entries.
    pub fn root(&self, size: LogSize) -> Root {
        self.root_after(&StatusChanges::default(), size)
    }

    /// Root for a log of `size` entries, were `changes` made.
    pub fn root_after(&self, changes: &StatusChanges, size: LogSize) -> Root {
        let source = Overlay { tree: self, changes };
        let Ok(root) = merkle::root_at::<StatusHash, _>(&source, leaf_count(size));
        Root(root)
    }

    /// Inclusion proof of the leaf that covers `index`, for a log of `size` entries; none unless
    /// `index < size`.
    pub fn prove(&self, index: LogIndex, size: LogSize) -> Option<(StatusLeaf, Vec<Hash>)> {
        if index.0 >= size.0 {
            return None;
        }
        let source = Overlay { tree: self, changes: &StatusChanges::default() };
        let path = merkle::inclusion_path::<StatusHash, _>(&source, leaf_of(index), leaf_count(size)).ok()?;
        Some((self.leaf(leaf_of(index)), path))
    }

    /// What it takes to give each of the indices its status.
    pub fn change(&self, statuses: &BTreeMap<LogIndex, Status>) -> StatusChanges {
        let mut leaves = BTreeMap::new();
        for (index, status) in statuses {
            let place = leaf_of(*index);
            set_in_leaf(leaves.entry(place).or_insert_with(|| self.leaf(place)), *index, *status);
        }
        self.rehash(leaves)
    }

    /// Makes the changes.
    pub fn advance(&mut self, changes: StatusChanges) {
        // What is zero again is not kept: trees of the same statuses are equal.
        for (place, leaf) in changes.leaves {
            match leaf == [0; STATUS_LEAF_BYTES] {
                true => self.leaves.remove(&place),
                false => self.leaves.insert(place, leaf),
            };
        }
        for (key, hash) in changes.nodes {
            match hash == ZEROS[usize::from(key.0)] {
                true => self.nodes.remove(&key),
                false => self.nodes.insert(key, hash),
            };
        }
    }

    fn rehash(&self, leaves: BTreeMap<u64, StatusLeaf>) -> StatusChanges {
        let nodes = leaves.iter().map(|(place, leaf)| ((0, *place), StatusHash::leaf(leaf))).collect();
        let mut changes = StatusChanges { leaves, nodes };
        let mut touched: BTreeSet<u64> = changes.leaves.keys().copied().collect();
        for level in 1..=LEVELS {
            touched = touched.into_iter().map(|place| place / 2).collect();
            for place in &touched {
                let source = Overlay { tree: self, changes: &changes };
                let (left, right) =
                    (source.hash(level - 1, place * 2), source.hash(level - 1, place * 2 + 1));
                changes.nodes.insert((level, *place), StatusHash::node(&left, &right));
            }
        }
        changes
    }
}

impl StatusChanges {
    /// The changed leaves, by place.
    pub fn leaves(&self) -> impl Iterator<Item = (u64, &StatusLeaf)> {
        self.leaves.iter().map(|(place, leaf)| (*place, leaf))
    }
}

/// A tree with changes that are not made yet.
struct Overlay<'a> {
    tree: &'a StatusTree,
    changes: &'a StatusChanges,
}

impl Overlay<'_> {
    fn hash(&self, level: u8, place: u64) -> Hash {
        let key = (level, place);
        let known = self.changes.nodes.get(&key).or_else(|| self.tree.nodes.get(&key));
        known.copied().unwrap_or(ZEROS[usize::from(level)])
    }
}

impl NodeSource for Overlay<'_> {
    type Error = Infallible;
    fn node(&self, level: u8, index: u64) -> Result<Hash, Infallible> {
        Ok(self.hash(level, index))
    }
}

/// Root of the complete subtree of each level in which every status is active.
static ZEROS: LazyLock<[Hash; LEVELS as usize + 1]> = LazyLock::new(|| {
    let mut zeros = [StatusHash::leaf(&[0; STATUS_LEAF_BYTES]); LEVELS as usize + 1];
    for level in 1..zeros.len() {
        zeros[level] = StatusHash::node(&zeros[level - 1], &zeros[level - 1]);
    }
    zeros
});

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn naive_root(statuses: &BTreeMap<LogIndex, Status>, size: u64) -> Root {
        let mut leaves = vec![[0u8; 64]; size.div_ceil(256) as usize];
        for (index, status) in statuses {
            set_in_leaf(&mut leaves[(index.0 / 256) as usize], *index, *status);
        }
        let hashes: Vec<Hash> = leaves.iter().map(|leaf| StatusHash::leaf(leaf)).collect();
        Root(merkle::root_of::<StatusHash>(&hashes))
    }

    fn status() -> impl Strategy<Value = Status> {
        (0u8..4).prop_map(Status::from_bits)
    }

    proptest! {
        #[test]
        fn sparse_tree_is_the_whole_tree(
            size in 1u64..20_000,
            rounds in prop::collection::vec(prop::collection::vec((any::<u64>(), status()), 0..20), 1..4),
        ) {
            let mut tree = StatusTree::default();
            let mut model = BTreeMap::new();
            for round in rounds {
                let changed: BTreeMap<_, _> =
                    round.into_iter().map(|(n, status)| (LogIndex(n % size), status)).collect();
                let changes = tree.change(&changed);
                model.extend(changed.clone());
                prop_assert_eq!(tree.root_after(&changes, LogSize(size)), naive_root(&model, size));
                tree.advance(changes);
                prop_assert_eq!(tree.root(LogSize(size)), naive_root(&model, size));
                for (index, status) in &changed {
                    let (leaf, path) = tree.prove(*index, LogSize(size)).unwrap();
                    prop_assert_eq!(status_in_leaf(&leaf, *index), *status);
                    merkle::verify_inclusion::<StatusHash>(
                        StatusHash::leaf(&leaf), leaf_of(*index), leaf_count(LogSize(size)),
                        &path, &tree.root(LogSize(size)).0,
                    ).unwrap();
                }
            }
            let leaves: Vec<_> = tree.leaves.clone().into_iter().collect();
            prop_assert_eq!(StatusTree::from_leaves(leaves).root(LogSize(size)), tree.root(LogSize(size)));
            prop_assert_eq!(tree.prove(LogIndex(size), LogSize(size)), None);
        }
    }
}
