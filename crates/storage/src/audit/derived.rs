//! Everything that is derived from the log, compared with it.

use std::path::PathBuf;

use rayon::prelude::*;
use sanad_chain::{Chain, CheckedBlock, IndexSecret};
use sanad_core::genesis::Genesis;
use sanad_core::ids::{Height, LogIndex};
use sanad_core::state::State;
use sanad_core::validators::ValidatorSet;

use super::checkpoint;
use super::columns::{ColumnFiles, TreeRoots};
use super::finding::{Finding, RunFault};
use super::keys::{Batches, Issuances};
use super::register::RegisterFiles;
use crate::checkpoint::{Checkpoint, Checkpoints, Loaded};
use crate::closed::Closed;
use crate::directory::StoreDirectory;
use crate::error::{OpenError, Part, StoreError, at};
use crate::files;
use crate::index::check::{self, RunDamage};
use crate::segments::RawFrame;
use crate::shared::batch_hashes;

/// What is derived, and what was found of it so far: the first fault of each part.
pub(super) struct Derived<'a> {
    directory: &'a StoreDirectory,
    columns: ColumnFiles,
    register: RegisterFiles,
    /// `None` if the checkpoint cannot be read.
    loaded: Option<Loaded>,
    /// Where the node was stopped cleanly, if it was.
    closed: Closed,
    /// Of the index keys; a fresh one if `store.json` cannot be read.
    secret: IndexSecret,
    /// Whether the secret is that of the index runs.
    knows_secret: bool,
    /// Roots after the block of the checkpoint, once it was compared.
    compared: Option<TreeRoots>,
    /// Short keys of each batch of the blocks compared so far: of its id, and of its place in its chain.
    batch_keys: Vec<[u64; 2]>,
    /// Validator sets that these blocks and the genesis give.
    sets: Vec<ValidatorSet>,
    findings: Vec<Finding>,
}

impl<'a> Derived<'a> {
    /// Opens all of it to read.
    pub(super) fn open(directory: &'a StoreDirectory, genesis: &Genesis) -> Result<Self, OpenError> {
        let mut derived = Self {
            directory,
            columns: ColumnFiles::open(directory)?,
            register: RegisterFiles::open(directory)?,
            loaded: None,
            closed: Closed::read(&directory.closed(), &genesis.chain_id())?,
            secret: IndexSecret::random().map_err(at(&directory.identity_path()))?,
            knows_secret: false,
            compared: None,
            batch_keys: Vec::new(),
            sets: vec![genesis.validators()?],
            findings: Vec::new(),
        };
        derived.read_identity(genesis)?;
        derived.load_checkpoint()?;
        derived.compare_closed();
        Ok(derived)
    }

    /// The secret of the index keys; a fresh one if it is lost.
    pub(super) fn secret(&self) -> IndexSecret {
        self.secret
    }

    /// The logical offset up to which the checkpoint, or a clean stop, vouches for the log.
    pub(super) fn vouched(&self) -> u64 {
        self.loaded.as_ref().map_or(0, |loaded| loaded.checkpoint.end).max(self.closed.end())
    }

    /// The logical offset of the checkpoint, if it can be read.
    pub(super) fn checkpoint_end(&self) -> Option<u64> {
        self.loaded.as_ref().map(|loaded| loaded.checkpoint.end)
    }

    /// The block of the checkpoint.
    pub(super) fn checkpoint(&self) -> Option<Height> {
        self.loaded.as_ref().map(|loaded| loaded.checkpoint.height)
    }

    /// Compares what is derived from the genesis alone.
    pub(super) fn begin(&mut self, state: &State) -> Result<(), StoreError> {
        self.compare_checkpoint(state, 0);
        let findings = self.register.begin(state)?;
        findings.into_iter().for_each(|finding| self.note(finding));
        Ok(())
    }

    /// Compares the checkpoint, if it is of the place that ends at a logical offset.
    pub(super) fn compare_checkpoint(&mut self, state: &State, end: u64) {
        let Some(loaded) = self.loaded.as_ref().filter(|loaded| loaded.checkpoint.end == end) else { return };
        self.compared = Some(roots(state));
        let batches = self.batch_keys.len() as u64;
        if let Some(finding) = checkpoint::compare(loaded, state, batches, &self.sets) {
            self.note(finding);
        }
    }

    /// Compares what is derived from some blocks, after which the state is as given.
    pub(super) fn compare(
        &mut self,
        state: &State,
        blocks: &[CheckedBlock<RawFrame>],
    ) -> Result<(), StoreError> {
        let (Some(first), Some(last)) = (blocks.first(), blocks.last()) else { return Ok(()) };
        // What follows the checkpoint is written again when the store is opened.
        if self.checkpoint().is_none_or(|checkpoint| first.raw.frame.height <= checkpoint) {
            let findings = self.columns.compare(blocks, self.batch_keys.len() as u64)?;
            findings.into_iter().for_each(|finding| self.note(finding));
            let findings = self.register.compare(blocks)?;
            findings.into_iter().for_each(|finding| self.note(finding));
        }
        let secret = self.secret;
        let batches = blocks.par_iter().flat_map_iter(|checked| &checked.block.batches);
        self.batch_keys.par_extend(batches.map(|batch| batch_hashes(batch).map(|hash| secret.key(&hash))));
        let announced = blocks.iter().filter(|checked| {
            let header = &checked.execution.header;
            header.next_validators_hash != header.validators_hash
        });
        self.sets.extend(announced.map(|checked| checked.execution.next_validators.clone()));
        self.compare_checkpoint(state, last.raw.frame.place.end());
        Ok(())
    }

    /// Compares what shows only at the end. `whole` says that the log has no damage before its end.
    pub(super) fn finish(mut self, chain: &Chain, whole: bool) -> Result<Vec<Finding>, StoreError> {
        let head = chain.state.head().height;
        let height = self.checkpoint().map_or(head, |checkpoint| checkpoint.min(head));
        let size = chain.seen.size_after(height);
        let at_head = (height == head).then(|| roots(&chain.state));
        let levels =
            self.columns.compare_levels(height, self.compared.as_ref().or(at_head.as_ref()), &chain.seen)?;
        levels.into_iter().for_each(|finding| self.note(finding));
        if whole && height == head {
            let mut lengths = self.columns.compare_lengths(head, chain.seen.batches(), size)?;
            lengths.extend(self.register.compare_lengths(head)?);
            lengths.into_iter().for_each(|finding| self.note(finding));
        }
        if whole
            && self.compared.is_none()
            && let Some(loaded) = &self.loaded
        {
            let (what, expected) = ("place".to_owned(), "the end of a block".to_owned());
            let (height, actual) =
                (Some(loaded.checkpoint.height), format!("offset {}", loaded.checkpoint.end));
            self.note(Finding::Checkpoint { height, what, expected, actual });
        }
        self.compare_runs(chain, whole)?;
        Ok(self.findings)
    }

    fn compare_runs(&mut self, chain: &Chain, whole: bool) -> Result<(), StoreError> {
        if !self.knows_secret {
            return Ok(());
        }
        let (seen, secret) = (&chain.seen, self.secret);
        let (issuances, batches) = (self.directory.issuances(), self.directory.batch_keys());
        let (damage, strays) = check::compare(&issuances, &secret, &Issuances(seen), whole)?;
        let height_of = |index: u64| (index < seen.size()).then(|| seen.height_of(LogIndex(index)));
        self.note_runs(damage, strays, height_of);
        let (damage, strays) = check::compare(&batches, &secret, &Batches(&self.batch_keys), whole)?;
        let height_of = |ordinal: u64| (ordinal < seen.batches()).then(|| seen.height_of_batch(ordinal));
        self.note_runs(damage, strays, height_of);
        Ok(())
    }

    fn note_runs(
        &mut self,
        damage: Vec<RunDamage>,
        strays: Vec<PathBuf>,
        height_of: impl Fn(u64) -> Option<Height>,
    ) {
        for RunDamage { path, place, fault } in damage {
            let height = place.and_then(&height_of);
            self.note(Finding::Run { path, height, fault });
        }
        strays.into_iter().for_each(|path| self.findings.push(Finding::Stray { path }));
    }

    fn read_identity(&mut self, genesis: &Genesis) -> Result<(), OpenError> {
        let path = self.directory.identity_path();
        let reason = match self.directory.identity(genesis.chain_id()) {
            Ok(identity) => {
                (self.secret, self.knows_secret) = (identity.index_secret(), true);
                let written = identity.to_json();
                let found = files::read_small(&path, written.len() as u64).ok().flatten();
                if found == Some(written) {
                    return Ok(());
                }
                "not as it was written".to_owned()
            }
            Err(OpenError::NotAStore { reason, .. }) => reason.to_owned(),
            // The segments are of the right chain: they were opened.
            Err(OpenError::ForeignChain { found, .. }) => format!("it names the chain {found}"),
            Err(error) => return Err(error),
        };
        self.findings.push(Finding::Identity { path, reason });
        Ok(())
    }

    fn load_checkpoint(&mut self) -> Result<(), StoreError> {
        let path = self.directory.checkpoint();
        let loaded = match path.is_dir() {
            true => Checkpoints::inspect(&path),
            false => Ok(None),
        };
        self.loaded = match loaded {
            Err(StoreError::Damaged { .. }) => None,
            loaded => loaded?,
        };
        if self.loaded.is_none() {
            let (what, expected) = ("database".to_owned(), "one that opens".to_owned());
            let actual = if path.is_dir() { "damaged" } else { "missing" }.to_owned();
            self.findings.push(Finding::Checkpoint { height: None, what, expected, actual });
        }
        Ok(())
    }

    /// A clean stop leaves a checkpoint of the same place.
    fn compare_closed(&mut self) {
        let place = match self.closed {
            Closed::Absent => return,
            Closed::At(place) => Some(place),
            Closed::Damaged => None,
        };
        let checkpoint = self.loaded.as_ref().map(|loaded| loaded.checkpoint);
        if place == checkpoint || self.loaded.is_none() && place.is_some() {
            return;
        }
        let shown = |place: Option<Checkpoint>| {
            place.map_or_else(|| "damaged".to_owned(), |place| format!("height {}", place.height))
        };
        let (what, height) = ("of the clean stop".to_owned(), checkpoint.map(|place| place.height));
        let (expected, actual) = (shown(place), shown(checkpoint));
        self.note(Finding::Checkpoint { height, what, expected, actual });
    }

    /// Keeps a finding, unless there is one of the same part at the same height or a lower one.
    fn note(&mut self, finding: Finding) {
        let height = |finding: &Finding| finding.height().map_or(u64::MAX, |height| height.0);
        let same =
            self.findings.iter_mut().find(|known| part(known).is_some() && part(known) == part(&finding));
        match same {
            None => self.findings.push(finding),
            Some(known) if height(&finding) < height(known) => *known = finding,
            Some(_) => {}
        }
    }
}

fn roots(state: &State) -> TreeRoots {
    TreeRoots { log: state.log().root(), history: state.history().root() }
}

fn part(finding: &Finding) -> Option<Part> {
    match finding {
        Finding::Record { part, .. } | Finding::Length { part, .. } => Some(*part),
        // A gap says nothing of the runs around it.
        Finding::Run { fault: RunFault::Gap { .. }, .. } => None,
        Finding::Run { .. } => Some(Part::Index),
        Finding::Checkpoint { .. } => Some(Part::Checkpoint),
        _ => None,
    }
}
