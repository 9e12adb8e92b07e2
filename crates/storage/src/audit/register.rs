//! Comparing the former registers with what the blocks give.

use std::collections::BTreeMap;

use sanad_chain::CheckedBlock;
use sanad_core::hash::Root;
use sanad_core::ids::{Height, MemberId};
use sanad_core::member::MemberState;
use sanad_core::state::State;

use super::columns::File;
use super::finding::Finding;
use crate::directory::StoreDirectory;
use crate::error::{Part, StoreError};
use crate::register::{
    Added, CHANGE_FIELDS, CHANGE_RECORD_BYTES, HEIGHT_FIELDS, HEIGHT_RECORD_BYTES, RegisterEdge,
};
use crate::segments::RawFrame;

/// The columns of the former registers, opened to read alone.
pub(super) struct RegisterFiles {
    heights: File<HEIGHT_RECORD_BYTES>,
    changes: File<CHANGE_RECORD_BYTES>,
    states: File<1>,
    /// The first height that they should have: that of the first record that is no hole.
    first: Height,
    /// What they should end with, from that height on.
    edge: Option<RegisterEdge>,
    /// Every member as of the last block that was compared.
    members: BTreeMap<MemberId, MemberState>,
}

impl RegisterFiles {
    pub(super) fn open(directory: &StoreDirectory) -> Result<Self, StoreError> {
        let directory = directory.register();
        let mut files = Self {
            heights: File::open(directory.join("heights"), Part::Register)?,
            changes: File::open(directory.join("changes"), Part::Register)?,
            states: File::open(directory.join("states"), Part::Register)?,
            first: Height::GENESIS,
            edge: None,
            members: BTreeMap::new(),
        };
        files.first = files.find_first()?;
        Ok(files)
    }

    /// Compares the register of the genesis, if it is the first.
    pub(super) fn begin(&mut self, state: &State) -> Result<Vec<Finding>, StoreError> {
        let members = state.registry().members();
        self.members = members.map(|member| (member.record().id.clone(), member.clone())).collect();
        let (status_root, others_root) = (state.status().root(state.log_size()), state.others_root());
        self.compare_height(Height::GENESIS, &[], status_root, others_root)
    }

    /// Compares what some blocks add.
    pub(super) fn compare(&mut self, blocks: &[CheckedBlock<RawFrame>]) -> Result<Vec<Finding>, StoreError> {
        let mut findings = Vec::new();
        for CheckedBlock { execution, .. } in blocks {
            let changed = execution.members.iter();
            self.members.extend(changed.map(|member| (member.record().id.clone(), member.clone())));
            let (height, changed) = (execution.header.height, &execution.members);
            let (status_root, others_root) = (execution.status_root, execution.others_root);
            findings.extend(self.compare_height(height, changed, status_root, others_root)?);
        }
        Ok(findings)
    }

    /// Compares the lengths of the files with a log that ends where they do.
    pub(super) fn compare_lengths(&self, head: Height) -> Result<Vec<Finding>, StoreError> {
        let (changes, states) = self.edge.as_ref().map_or((0, 0), RegisterEdge::lengths);
        let lengths = [
            self.heights.compare_length(head.0 + 1)?,
            self.changes.compare_length(changes)?,
            self.states.compare_length(states)?,
        ];
        Ok(lengths.into_iter().flatten().collect())
    }

    fn compare_height(
        &mut self,
        height: Height,
        changed: &[MemberState],
        status_root: Root,
        others_root: Root,
    ) -> Result<Vec<Finding>, StoreError> {
        if height < self.first {
            let hole = [[0; HEIGHT_RECORD_BYTES]];
            return Ok(self.heights.compare(height, height.0, &hole, &HEIGHT_FIELDS)?.into_iter().collect());
        }
        let added = match &mut self.edge {
            Some(edge) => edge.add(changed, status_root, others_root),
            None => {
                self.edge.insert(RegisterEdge::default()).add(self.members.values(), status_root, others_root)
            }
        };
        let Added { first_change, changes, first_state, states, height: record } = added;
        let findings = [
            self.heights.compare(height, height.0, &[record.encode()], &HEIGHT_FIELDS)?,
            self.changes.compare(height, first_change, &changes, &CHANGE_FIELDS)?,
            self.states.compare(height, first_state, states.as_chunks().0, &[("byte", 1)])?,
        ];
        Ok(findings.into_iter().flatten().collect())
    }

    /// Where the hole ends, if the file begins with one. A file without records should have had them all.
    fn find_first(&self) -> Result<Height, StoreError> {
        let records = self.heights.records()?;
        let is_hole = |place: u64| {
            let record = self.heights.read(place, 1)?;
            Ok::<_, StoreError>(record.is_none_or(|records| records == [[0; HEIGHT_RECORD_BYTES]]))
        };
        let (mut low, mut high) = (0, records);
        while low < high {
            let middle = low + (high - low) / 2;
            match is_hole(middle)? {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        Ok(Height(if high == records { 0 } else { high }))
    }
}
