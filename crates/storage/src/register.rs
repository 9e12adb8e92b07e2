//! The register as of every height: each state that a member has had, and what proves it under the header of the height.
//!
//! Derived from the blocks as columns are. A store that begins with a checkpoint, as one that is made from a snapshot does,
//! has no register before it. Layout: `docs/formats/storage.md`.

mod edge;
mod read;

use std::path::Path;

use sanad_core::codec;
use sanad_core::hash::Root;
use sanad_core::ids::{Height, MEMBER_ID_BYTES_MAX, MemberId};
use sanad_core::member::{MEMBER_RECORD_BYTES_MAX, MemberState};
use sanad_core::merkle::Hash;
use sanad_core::registry::{MEMBERS_MAX, Registry};
use sanad_core::state::State;

pub(crate) use edge::{Added, RegisterEdge};
pub use read::FormerRegister;

use crate::column::Column;
use crate::error::{Part, StoreError};
use crate::files;

/// Width of a record of `register/heights`.
pub(crate) const HEIGHT_RECORD_BYTES: usize = 88;
/// Width of a record of `register/changes`.
pub(crate) const CHANGE_RECORD_BYTES: usize = 77;
/// Names and widths of the fields of a record of `register/heights`.
pub(crate) const HEIGHT_FIELDS: [(&str, usize); 5] =
    [("status root", 32), ("others root", 32), ("whole", 8), ("changes", 8), ("states", 8)];
/// Names and widths of the fields of a record of `register/changes`.
pub(crate) const CHANGE_FIELDS: [(&str, usize); 5] =
    [("id bytes", 1), ("id", 32), ("leaf hash", 32), ("offset", 8), ("bytes", 4)];

/// What is kept of a height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HeightRecord {
    pub(crate) status_root: Root,
    pub(crate) others_root: Root,
    /// Place of the first of the changes that together have every member.
    pub(crate) whole: u64,
    /// Changes up to here.
    pub(crate) changes: u64,
    /// Bytes of states up to here.
    pub(crate) states: u64,
}

/// Where the state of a member is, from a height on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChangeRecord {
    pub(crate) id: MemberId,
    /// Of its record, in the members tree.
    pub(crate) leaf: Hash,
    pub(crate) offset: u64,
    pub(crate) bytes: u32,
}

/// The three columns. Written by the writer alone.
#[derive(Debug)]
pub(crate) struct Register {
    heights: Column<HEIGHT_RECORD_BYTES>,
    changes: Column<CHANGE_RECORD_BYTES>,
    states: Column<1>,
    /// The first height that it has.
    first: Height,
}

impl Register {
    /// Opens the columns and cuts them to the head of a state, which is that of the checkpoint. Columns that do not lead to
    /// that state begin anew there: they are there for old questions alone, and can be rebuilt.
    pub(crate) fn open(directory: &Path, state: &State) -> Result<(Self, RegisterEdge), StoreError> {
        files::make_directory(directory)?;
        let mut register = Self {
            heights: Column::open(directory.join("heights"), Part::Register)?,
            changes: Column::open(directory.join("changes"), Part::Register)?,
            states: Column::open(directory.join("states"), Part::Register)?,
            first: Height::GENESIS,
        };
        let height = state.head().height;
        let edge = match register.edge_at(height, state) {
            Ok(edge) => {
                register.first = register.find_first(height)?;
                edge
            }
            Err(StoreError::Damaged { .. }) => {
                if register.heights.bytes()? > 0 {
                    tracing::warn!(%height, "the former registers do not match the ledger: they begin anew at this height; `sanad audit --rebuild` brings the older ones back");
                }
                register.begin(height, state)?
            }
            Err(error) => return Err(error),
        };
        files::sync_directory(directory)?;
        Ok((register, edge))
    }

    /// Writes what a block adds.
    pub(crate) fn write(&self, height: Height, added: &Added) -> Result<(), StoreError> {
        self.states.write(added.first_state, added.states.as_chunks().0)?;
        self.changes.write(added.first_change, &added.changes)?;
        self.heights.write(height.0, &[added.height.encode()])
    }

    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        self.states.sync()?;
        self.changes.sync()?;
        self.heights.sync()
    }

    /// Cuts the columns to a height, and returns their edge; [`StoreError::Damaged`] if they do not have the state there.
    fn edge_at(&self, height: Height, state: &State) -> Result<RegisterEdge, StoreError> {
        self.heights.cut(height.0 + 1)?;
        let record = self.height(height)?;
        self.changes.cut(record.changes)?;
        self.states.cut(record.states)?;
        let edge = RegisterEdge::new(&record, self.changes_of(&record)?);
        let leads_here = record.status_root == state.status().root(state.log_size())
            && record.others_root == state.others_root()
            && edge.leaves().eq(state.registry().members().map(leaf_of));
        if leads_here { Ok(edge) } else { Err(StoreError::Damaged { part: Part::Register }) }
    }

    /// Begins with all members of a state. Heights before are a hole in the file, which takes no room.
    fn begin(&mut self, height: Height, state: &State) -> Result<RegisterEdge, StoreError> {
        self.heights.cut(0)?;
        self.changes.cut(0)?;
        self.states.cut(0)?;
        let mut edge = RegisterEdge::default();
        let members = state.registry().members();
        let added = edge.add(members, state.status().root(state.log_size()), state.others_root());
        self.write(height, &added)?;
        self.first = height;
        Ok(edge)
    }

    /// The first height whose record is no hole. Requires that the one at `known` is none.
    fn find_first(&self, known: Height) -> Result<Height, StoreError> {
        // Invariant: the record at `high` is there; those below `low` are not.
        let (mut low, mut high) = (0, known.0);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.heights.record(middle)? == [0; HEIGHT_RECORD_BYTES] {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        Ok(Height(high))
    }

    fn height(&self, height: Height) -> Result<HeightRecord, StoreError> {
        let record = HeightRecord::decode(self.heights.record(height.0)?);
        record.ok_or(StoreError::Damaged { part: Part::Register })
    }

    /// The changes that give every member as of a height: of one member the last counts.
    fn changes_of(&self, record: &HeightRecord) -> Result<Vec<ChangeRecord>, StoreError> {
        let count = record.changes - record.whole;
        let changes = self.changes.slice(record.whole, count as usize)?;
        let decoded = changes.iter().map(ChangeRecord::decode).collect::<Option<_>>();
        decoded.ok_or(StoreError::Damaged { part: Part::Register })
    }

    /// The state that a change names.
    fn state(&self, change: &ChangeRecord) -> Result<MemberState, StoreError> {
        let bytes = self.states.slice(change.offset, change.bytes as usize)?;
        let damaged = StoreError::Damaged { part: Part::Register };
        match codec::decode::<MemberState>(bytes.as_flattened(), MEMBER_STATE_BYTES_MAX) {
            // Decoding compares the rest with the hash in the record.
            Ok(state) if leaf_of(&state) == change.leaf => Ok(state),
            _ => Err(damaged),
        }
    }
}

impl HeightRecord {
    pub(crate) fn encode(&self) -> [u8; HEIGHT_RECORD_BYTES] {
        let mut bytes = [0; HEIGHT_RECORD_BYTES];
        bytes[..32].copy_from_slice(&self.status_root.0);
        bytes[32..64].copy_from_slice(&self.others_root.0);
        bytes[64..72].copy_from_slice(&self.whole.to_be_bytes());
        bytes[72..80].copy_from_slice(&self.changes.to_be_bytes());
        bytes[80..].copy_from_slice(&self.states.to_be_bytes());
        bytes
    }

    /// Reads a record; `None` of a hole, or if its numbers are beyond what a register can have.
    fn decode(bytes: [u8; HEIGHT_RECORD_BYTES]) -> Option<Self> {
        let number = |start: usize| bytes[start..].first_chunk().map(|number| u64::from_be_bytes(*number));
        let record = Self {
            status_root: Root(*bytes.first_chunk()?),
            others_root: Root(*bytes[32..].first_chunk()?),
            whole: number(64)?,
            changes: number(72)?,
            states: number(80)?,
        };
        let count = record.changes.checked_sub(record.whole)?;
        (1..=CHANGES_READ_MAX).contains(&count).then_some(record)
    }
}

impl ChangeRecord {
    pub(crate) fn encode(&self) -> [u8; CHANGE_RECORD_BYTES] {
        let mut bytes = [0; CHANGE_RECORD_BYTES];
        let id = self.id.as_str().as_bytes();
        bytes[0] = id.len() as u8;
        bytes[1..=id.len()].copy_from_slice(id);
        bytes[33..65].copy_from_slice(&self.leaf);
        bytes[65..73].copy_from_slice(&self.offset.to_be_bytes());
        bytes[73..].copy_from_slice(&self.bytes.to_be_bytes());
        bytes
    }

    /// Reads a record; `None` if no member has such an id, or no state such a length.
    fn decode(bytes: &[u8; CHANGE_RECORD_BYTES]) -> Option<Self> {
        let [length, rest @ ..] = bytes;
        let (id, padding) = rest[..MEMBER_ID_BYTES_MAX].split_at_checked(usize::from(*length))?;
        let record = Self {
            id: std::str::from_utf8(id).ok()?.parse().ok()?,
            leaf: *bytes[33..].first_chunk()?,
            offset: u64::from_be_bytes(*bytes[65..].first_chunk()?),
            bytes: u32::from_be_bytes(*bytes[73..].first_chunk()?),
        };
        let possible =
            padding.iter().all(|byte| *byte == 0) && record.bytes as usize <= MEMBER_STATE_BYTES_MAX;
        possible.then_some(record)
    }
}

/// The leaf of a member's record in the members tree.
fn leaf_of(state: &MemberState) -> Hash {
    Registry::leaf_hash(state.record())
}

/// Longest encoded state of a member, in bytes: a record, and a rest of up to 64 KiB.
const MEMBER_STATE_BYTES_MAX: usize = MEMBER_RECORD_BYTES_MAX + (64 << 10);
/// Most changes that are read for one height: as many as precede a whole register, and those of one block.
const CHANGES_READ_MAX: u64 = edge::WHOLE_FACTOR * MEMBERS_MAX as u64 + MEMBERS_MAX as u64;

#[cfg(test)]
mod tests {
    use super::*;

    // Changing what is pinned here is a change of format.
    #[test]
    fn layout() {
        let height = HeightRecord {
            status_root: Root([1; 32]),
            others_root: Root([2; 32]),
            whole: 3,
            changes: 4,
            states: 5,
        };
        let mut expected = [1; HEIGHT_RECORD_BYTES];
        expected[32..64].fill(2);
        expected[64..]
            .copy_from_slice(&[0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 5]);
        assert_eq!(height.encode(), expected);
        assert_eq!(HeightRecord::decode(expected), Some(height));
        assert_eq!(HeightRecord::decode([0; HEIGHT_RECORD_BYTES]), None, "a hole");
        assert_eq!(HeightRecord::decode([0xff; HEIGHT_RECORD_BYTES]), None);
        let far = HeightRecord { changes: 3 + CHANGES_READ_MAX + 1, ..height };
        assert_eq!(HeightRecord::decode(far.encode()), None, "no more is read than a register can have");
        let change = ChangeRecord { id: "ui.ac.id".parse().unwrap(), leaf: [6; 32], offset: 7, bytes: 8 };
        let mut expected = [6; CHANGE_RECORD_BYTES];
        expected[..33].fill(0);
        expected[..9].copy_from_slice(b"\x08ui.ac.id");
        expected[65..].copy_from_slice(&[0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 8]);
        assert_eq!(change.encode(), expected);
        assert_eq!(ChangeRecord::decode(&expected), Some(change.clone()));
        for (place, byte) in [(0, 33), (0, 7), (20, 1), (73, 1)] {
            let mut bad = expected;
            bad[place] = byte;
            assert_eq!(ChangeRecord::decode(&bad), None, "byte {place}");
        }
    }
}
