//! The root over everything that the ledger holds beside its log.
//!
//! `state root = S(S(status, M), O)`, shaped so that a proof of a status and of its issuer costs one hash more than
//! the two paths: `status` is the root of the status tree, `M` the members' root with their count, `O` the root over
//! eight numbered parts.

use serde::{Deserialize, Serialize};

use crate::genesis::Parameters;
use crate::governance::Governance;
use crate::hash::{self, PartsHash, Root};
use crate::merkle::{Hash, TreeHash, root_of};

/// Number of parts under [`others_root`].
pub const PARTS: usize = 8;
/// Place of the governance part.
pub const PART_GOVERNANCE: usize = 0;
/// Place of the parameters.
pub const PART_PARAMETERS: usize = 1;
/// Place of the catalogue.
pub const PART_CATALOGUE: usize = 2;
/// Place of the spent nullifiers.
pub const PART_NULLIFIERS: usize = 3;

/// A part of the state: how many things it holds, and the root over them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// How many.
    pub count: u64,
    /// Root of a tree over the things; that of the empty tree if there are none.
    pub root: Root,
}

impl Part {
    /// A part that is not in use.
    pub const UNUSED: Self = Self { count: 0, root: Root([0; 32]) };

    /// The leaf of the part in the tree over all parts: `BLAKE3-derive_key("sanad/v1 part", number u8 || count u64 ||
    /// root)`.
    fn leaf(&self, number: u8) -> Hash {
        let mut data = [0; 41];
        data[0] = number;
        data[1..9].copy_from_slice(&self.count.to_be_bytes());
        data[9..].copy_from_slice(&self.root.0);
        PartsHash::leaf(&data)
    }
}

/// `O`: the root over the eight parts, a tree of the RFC 6962 shape.
pub fn others_root(parts: &[Part; PARTS]) -> Root {
    let leaves: Vec<Hash> = (0u8..).zip(parts).map(|(number, part)| part.leaf(number)).collect();
    Root(root_of::<PartsHash>(&leaves))
}

/// The parts of a state under rules version 1: governance and parameters; the others are not in use yet.
pub fn parts(governance: &Governance, parameters: &Parameters) -> [Part; PARTS] {
    let mut parts = [Part::UNUSED; PARTS];
    parts[PART_GOVERNANCE] = governance.part();
    parts[PART_PARAMETERS] = Part { count: 1, root: parameters.root() };
    parts
}

/// `M`: `BLAKE3-derive_key("sanad/v1 members", count u64 || root)` of the tree over the members' records.
pub fn members_root(count: u64, root: &Hash) -> Root {
    hash::counted_root(&hash::MEMBERS, count, root)
}

/// `S(S(status, M), O)` with `S = BLAKE3-derive_key("sanad/v1 state node", left || right)`.
pub fn state_root(status: &Root, members: &Root, others: &Root) -> Root {
    let node = |left: &Hash, right: &Hash| hash::STATE_NODE.hash(&[left, right]);
    Root(node(&node(&status.0, &members.0), &others.0))
}
