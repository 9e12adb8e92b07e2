//! Where an export continues.

use sanad_core::genesis::Genesis;
use sanad_core::hash::HistoryHash;
use sanad_core::ids::Height;
use sanad_core::merkle::{Hash, Rfc6962, TreeHash as _};
use sanad_core::proof::ValidatorChange;
use sanad_core::state::{Head as StateHead, State, StateParts};
use sanad_core::status::StatusTree;
use sanad_core::trust::Anchor;

use super::Export;
use crate::bundle::Edge;
use crate::error::ExportError;
use crate::layout::{BUNDLE_RECORDS, Series};
use crate::snapshot::Concerns;
use crate::tiles::TileEdges;
use crate::{entries, status};

impl Export {
    /// What it takes to continue: the state after the last block, and the right edges of all series.
    pub(crate) fn resume(self) -> Result<Resumed, ExportError> {
        let header = &self.head.header;
        let size = header.log_size;
        let mut leaves = Vec::new();
        for (page, root) in (0..).zip(&self.snapshot.pages) {
            let first = page * BUNDLE_RECORDS;
            leaves.extend((first..).zip(status::read(&self.folder, root, page, size)?));
        }
        let hash = header.hash();
        let mut history = self.history()?.frontier()?;
        history.append(HistoryHash::leaf(&hash.0));
        let parts = StateParts {
            head: StateHead { height: header.height, hash, time_ms: header.time_ms },
            log: self.log.frontier()?,
            history,
            status: StatusTree::from_leaves(leaves),
            members: self.snapshot.registry.members().cloned().collect(),
            parameters: self.snapshot.parameters,
            governance: self.snapshot.governance.clone(),
            validators: self.next_validators().clone(),
        };
        let mut edge_of_entries = Vec::new();
        let (bundle, width) = (size.0 / BUNDLE_RECORDS, size.0 % BUNDLE_RECORDS);
        if width > 0 {
            for entry in entries::checked(&self.folder, &self.log, bundle, size)? {
                edge_of_entries.extend(entries::record(&entry));
            }
        }
        let mut edge_of_blocks = Vec::new();
        for height in header.height.0 - header.height.0 % BUNDLE_RECORDS..header.height.0 {
            edge_of_blocks.extend(self.record(Height(height + 1))?.0.encode());
        }
        Ok(Resumed {
            state: State::from_parts(self.genesis(), parts),
            log: TileEdges::of(&self.log),
            history: TileEdges::of(self.history()?),
            entries: Edge::new(Series::Entries, size.0, edge_of_entries),
            blocks: Edge::new(Series::Blocks, header.height.0, edge_of_blocks),
            concerns: self.snapshot.concerns,
            pages: self.snapshot.pages,
            last: Some(self.trust_file.anchor),
            changes: self.changes,
        })
    }
}

/// Where an export continues.
pub(crate) struct Resumed {
    pub(crate) state: State,
    pub(crate) log: TileEdges<Rfc6962>,
    pub(crate) history: TileEdges<HistoryHash>,
    pub(crate) entries: Edge,
    pub(crate) blocks: Edge,
    pub(crate) concerns: Concerns,
    pub(crate) pages: Vec<Hash>,
    pub(crate) last: Option<Anchor>,
    pub(crate) changes: Vec<ValidatorChange>,
}

impl Resumed {
    /// Where an export begins.
    pub(crate) fn genesis(genesis: &Genesis) -> Result<Self, ExportError> {
        Ok(Self {
            state: State::genesis(genesis)?,
            log: TileEdges::new(),
            history: TileEdges::new(),
            entries: Edge::new(Series::Entries, 0, Vec::new()),
            blocks: Edge::new(Series::Blocks, 0, Vec::new()),
            concerns: Concerns::new(),
            pages: Vec::new(),
            last: None,
            changes: Vec::new(),
        })
    }
}
