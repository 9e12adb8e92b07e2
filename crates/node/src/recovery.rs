//! A node whose disk was lost, replaced or set back: what is missing is made, and what may be forgotten is noted.
//!
//! Nothing here signs, and nothing here makes the node vote at once: a guard that was made or marked here is lost until
//! enough validators have shown how far the key can have come (`settling.rs`).

use std::path::{Path, PathBuf};

use sanad_consensus_lite::{Config as ConsensusConfig, GuardError, SigningGuard};
use sanad_core::hash::ChainId;
use sanad_core::ids::{Height, MemberId};
use sanad_core::member::KeyPurpose;
use sanad_core::signature::PublicKey;
use sanad_core::state::State;
use sanad_storage::{OpenError, Store};

use crate::config::Config;
use crate::error::NodeError;
use crate::setup::{DataDir, Setup, make_consensus, store_options};

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// The ledger.
    pub ledger: Part,
    /// The signing guards of the member's consensus keys, taken together; `None` for a node that only follows.
    pub guard: Option<Memory>,
}

/// A part of the data directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// It was there.
    Kept,
    /// It was missing, and is empty now.
    Made,
}

/// What the guard knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Memory {
    /// All that the key has signed.
    Whole,
    /// The key may have signed more. The node follows until enough peers have answered, and then votes again.
    Lost,
    /// As the operator says, the key has signed at no height above.
    Through(Height),
}

/// Makes what is missing in the data directory of a node that has run before, and marks what may be forgotten: a guard
/// beside a ledger counts as set back, one without a ledger as the whole memory of its key, unless it is a copy.
/// `signed_through` ends the waiting for peers: the operator knows that the key has signed at no height above.
///
/// # Errors
/// [`NodeError`]: another process uses the directory, or the ledger that is there cannot be opened.
pub fn recover(config: &Config, signed_through: Option<Height>) -> Result<Recovered, NodeError> {
    let setup = Setup::load(config)?;
    let directory = DataDir::new(config);
    let (path, consensus) = (directory.ledger(), directory.consensus());
    let failed = |source| NodeError::Open { path: path.clone(), source };
    let state = match Store::open(&path, &setup.genesis, store_options(config)) {
        Ok((store, state)) => {
            store.close()?;
            Some(state)
        }
        Err(OpenError::MissingDirectory { .. }) => None,
        Err(_) if is_empty(&path) => None,
        Err(error) => return Err(failed(error)),
    };
    let ledger = if state.is_some() { Part::Kept } else { Part::Made };
    make_consensus(&consensus)?;
    // Before the ledger: one that was made in vain is found by the next try.
    let current = state.as_ref().and_then(|state| current_key(state, &config.member));
    let memory = recover_guards(&setup, &consensus, current, ledger, signed_through)?;
    if ledger == Part::Made {
        let (store, _) = Store::create(&path, &setup.genesis, store_options(config)).map_err(failed)?;
        store.close()?;
    }
    Ok(Recovered { ledger, guard: memory })
}

/// The guards of the node's keys where a ledger is made in a directory that had none. `current` is the key that the member has by that
/// ledger. Requires the directory of consensus.
pub(crate) fn guard_beside_new_ledger(
    setup: &Setup,
    consensus: &Path,
    current: Option<PublicKey>,
) -> Result<Option<Memory>, NodeError> {
    recover_guards(setup, consensus, current, Part::Made, None)
}

/// The consensus key that a member has by a state.
pub(crate) fn current_key(state: &State, member: &MemberId) -> Option<PublicKey> {
    state.registry().member(member)?.rest().current_key(KeyPurpose::Consensus)
}

/// Each key has a guard of its own, and the one that the configuration names may have been replaced: all guards that are there are seen to,
/// and that of the key that is in force is made if it is missing.
fn recover_guards(
    setup: &Setup,
    consensus: &Path,
    current: Option<PublicKey>,
    ledger: Part,
    signed_through: Option<Height>,
) -> Result<Option<Memory>, NodeError> {
    let Some(configured) = &setup.keys.consensus else { return Ok(None) };
    let mut keys = vec![configured.public()];
    keys.extend(current);
    let first = ConsensusConfig::guard_path(consensus);
    for path in guards(consensus).map_err(|source| NodeError::File { path: consensus.to_owned(), source })? {
        match SigningGuard::inspect(&path) {
            // The first guard tells where the others are.
            Ok(state) if path == first => keys.insert(0, state.public_key),
            Ok(state) => keys.push(state.public_key),
            // Whose it is cannot be read. That of the key in force is made again.
            Err(GuardError::Corrupt { .. }) => set_aside(&path)?,
            Err(error) => return Err(error.into()),
        }
    }
    let chain_id = setup.genesis.chain_id();
    let mut all = Memory::Whole;
    let mut seen = Vec::new();
    for key in keys {
        if seen.contains(&key) {
            continue;
        }
        seen.push(key);
        let path = ConsensusConfig::guard_path_of(consensus, &key);
        match recover_guard(&path, chain_id, key, ledger, signed_through)? {
            Memory::Whole => {}
            known => all = known,
        }
    }
    Ok(Some(all))
}

/// Files of guards in the directory of consensus.
pub(crate) fn guards(consensus: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(consensus)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "guard") {
            found.push(path);
        }
    }
    found.sort_unstable();
    Ok(found)
}

fn recover_guard(
    path: &Path,
    chain_id: ChainId,
    key: PublicKey,
    ledger: Part,
    signed_through: Option<Height>,
) -> Result<Memory, NodeError> {
    let mut guard = match SigningGuard::open(path, chain_id, key) {
        Ok(mut guard) => {
            if ledger == Part::Kept && signed_through.is_none() {
                guard.mark_lost()?;
            }
            guard
        }
        Err(GuardError::Missing { .. }) => SigningGuard::create_lost(path, chain_id, key)?,
        Err(error) => return Err(error.into()),
    };
    if let Some(through) = signed_through {
        guard.pass(through)?;
        return Ok(Memory::Through(through));
    }
    Ok(if guard.is_lost() { Memory::Lost } else { Memory::Whole })
}

fn is_empty(path: &Path) -> bool {
    std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}

fn set_aside(path: &Path) -> Result<(), NodeError> {
    let aside = with_suffix(path, ".damaged");
    std::fs::rename(path, &aside).map_err(|source| NodeError::File { path: aside, source })
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

impl std::fmt::Display for Recovered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.ledger {
            Part::Kept => "ledger: kept",
            Part::Made => "ledger: empty; the node gets all blocks from its peers",
        })?;
        write!(f, "\n{}", guard_in_words(self.guard.as_ref()))
    }
}

/// What a guard knows, for the operator.
pub fn guard_in_words(guard: Option<&Memory>) -> String {
    let said = match guard {
        None => "none, since this node only follows".to_owned(),
        Some(Memory::Whole) => {
            "kept; the node votes once it has all blocks up to its last signature".to_owned()
        }
        Some(Memory::Lost) => "the key may have signed more than it knows; the node follows, and votes once enough \
                               validators have shown how far they are, or `sanad member rejoin` is entered while it runs. The process that ran \
                               before must be gone for good"
            .to_owned(),
        Some(Memory::Through(height)) => format!("nothing is signed up to height {height}, as you say"),
    };
    format!("signing guard: {said}")
}
