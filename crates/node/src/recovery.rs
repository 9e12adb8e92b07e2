//! A node whose disk was lost, replaced or set back: what is missing is made, and what may be forgotten is noted.
//!
//! Nothing here signs, and nothing here makes the node vote at once: a guard that was made or marked here is lost until
//! enough validators have shown how far the key can have come (`settling.rs`).

use std::path::{Path, PathBuf};
use std::time::Duration;

use sanad_consensus_lite::{
    Config as ConsensusConfig, GuardError, Position, SigningGuard, Step, has_log, make_log,
};
use sanad_core::genesis::Parameters;
use sanad_core::ids::{Height, MemberId};
use sanad_core::member::KeyPurpose;
use sanad_core::signature::PublicKey;
use sanad_core::state::State;
use sanad_storage::{Condition, OpenError, Store};

use crate::config::Config;
use crate::error::NodeError;
use crate::setup::{DataDir, Setup, make_consensus, open_error, open_store, store_options};

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
    /// As the operator says, the key has signed nothing above a height but what the guard knows.
    Through {
        /// The height that the operator named.
        height: Height,
        /// What the guard knows, if it is above.
        above: Option<Position>,
        /// The ledger's last block.
        head: Height,
    },
}

/// Makes what is missing in the data directory of a node that has run before, and marks what may be forgotten: a guard
/// beside a ledger counts as set back, one without a ledger as the whole memory of its key, unless it is a copy.
/// A guard without a ledger and a consensus log may have lost its last records with them, and is marked, too.
/// `signed_through` ends the waiting for peers: the operator knows that above that height, the keys have signed nothing but what
/// their guards here know. So a consensus log that is missing is made, too: nothing else could be in it.
///
/// # Errors
/// [`NodeError`]: another process uses the directory, the ledger that is there cannot be opened, or it shows that
/// `signed_through` is wrong.
pub fn recover(
    config: &Config,
    signed_through: Option<Height>,
    doubtful: Doubtful,
) -> Result<Recovered, NodeError> {
    if let Some(through) = signed_through.filter(|through| *through > SIGNED_THROUGH_MAX) {
        return Err(NodeError::SignedThroughTooHigh { through, max: SIGNED_THROUGH_MAX });
    }
    let setup = Setup::load(config)?;
    let directory = DataDir::new(config);
    let (path, consensus) = (directory.ledger(), directory.consensus());
    let failed = |source| open_error(&path, source);
    // An earlier run may have been cut off before the ledger was whole.
    let is_unmade = Store::remove_unfinished(&path).map_err(failed)?;
    let opened = match is_unmade {
        true => Err(OpenError::MissingDirectory { path: path.clone() }),
        false => open_store(config, &setup.genesis),
    };
    let state = match opened {
        Ok((store, state)) => {
            if let Some(through) = signed_through {
                check_distance(through, state.head().height, state.parameters(), doubtful)?;
                let keys = setup.keys.consensus.as_ref().map(|key| key.public());
                let keys = keys.into_iter().chain(current_key(&state, &config.member));
                let claim = Claim { through, head: state.head().height };
                check_claim(&store, &consensus, keys, claim, doubtful)?;
            }
            store.close()?;
            Some(state)
        }
        Err(OpenError::MissingDirectory { .. }) => None,
        Err(error) => match Store::inspect(&path, &setup.genesis) {
            Ok(Condition::Repair { height }) => return Err(NodeError::BlockNotReplaced { path, height }),
            _ => return Err(failed(error)),
        },
    };
    let ledger = if state.is_some() { Part::Kept } else { Part::Made };
    if let (Some(through), None) = (signed_through, &state) {
        check_distance(through, Height::GENESIS, &setup.genesis.parameters, doubtful)?;
    }
    make_consensus(&consensus)?;
    // Before the ledger: one that was made in vain is found by the next try.
    let current = state.as_ref().and_then(|state| current_key(state, &config.member));
    let head = state.as_ref().map_or(Height::GENESIS, |state| state.head().height);
    let claim = signed_through.map(|through| Claim { through, head });
    let memory = recover_guards(&setup, &consensus, current, ledger, claim)?;
    if ledger == Part::Made {
        let (store, _) = Store::create(&path, &setup.genesis, store_options(config)).map_err(failed)?;
        store.close()?;
    }
    Ok(Recovered { ledger, guard: memory })
}

/// What is done with a height that is likely to be a mistake: far above the ledger's last block, since the node votes at none of
/// the heights between, and no later word undoes that; or one at which a key without a guard may have signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubtful {
    /// It is refused.
    Refuse,
    /// It is taken: the operator knows what it means.
    Accept,
}

fn check_distance(
    through: Height,
    head: Height,
    parameters: &Parameters,
    doubtful: Doubtful,
) -> Result<(), NodeError> {
    let blocks = through.0.saturating_sub(head.0);
    if doubtful == Doubtful::Accept || blocks <= FAR_BLOCKS {
        return Ok(());
    }
    let heartbeat = Duration::from_millis(parameters.heartbeat_ms.into());
    Err(NodeError::SignedThroughFar { through, head, blocks, heartbeat })
}

/// What the operator says.
#[derive(Clone, Copy, Debug)]
struct Claim {
    /// Above this height, the keys have signed nothing but what their guards know.
    through: Height,
    /// The ledger's last block.
    head: Height,
}

/// Whether one of the last blocks shows that a key of this node has signed, above a height, what its guard does not know.
fn check_claim(
    store: &Store,
    consensus: &Path,
    keys: impl Iterator<Item = PublicKey>,
    claim: Claim,
    doubtful: Doubtful,
) -> Result<(), NodeError> {
    let Claim { through, head } = claim;
    let mut keys: Vec<_> = keys.map(|key| (key, None)).collect();
    let found = match guards(consensus) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        found => found.map_err(|source| NodeError::File { path: consensus.to_owned(), source })?,
    };
    // What cannot be read knows nothing.
    let mut guarded = Vec::new();
    for guard in found.iter().filter_map(|path| SigningGuard::inspect(path).ok()) {
        keys.retain(|(key, _)| *key != guard.public_key);
        guarded.push((guard.public_key, guard.position));
    }
    let is_unguarded = !keys.is_empty();
    keys.extend(guarded);
    let lowest = through.0.max(head.0.saturating_sub(CHECKED_BLOCKS)) + 1;
    for height in (lowest..=head.0).rev().map(Height) {
        let (Some(certificate), Some(validators)) = (store.certificate(height)?, store.validators_at(height))
        else {
            continue;
        };
        let at = Position { height, round: certificate.round, step: Step::Precommit };
        let unknown = keys.iter().filter(|(_, last)| *last < Some(at));
        let places: Vec<_> = unknown.filter_map(|(key, _)| validators.position(key)).collect();
        if certificate.signatures.iter().any(|signed| places.contains(&usize::from(signed.validator))) {
            return Err(NodeError::SignedAbove { through, height, round: certificate.round });
        }
    }
    // A key signs at the height after its ledger. Only its guard knew whether it has.
    match is_unguarded && through <= head && doubtful == Doubtful::Refuse {
        true => Err(NodeError::SignedNext { through, next: head.next() }),
        false => Ok(()),
    }
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
    claim: Option<Claim>,
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
    let log = ConsensusConfig::log_path_in(consensus);
    // Without a log, a guard may be behind what left this machine before a power cut. Where the ledger is there, by the height after
    // it at most, which the node leaves out.
    let is_whole = ledger == Part::Made && has_log(&log);
    let mut all = Memory::Whole;
    let mut seen = Vec::new();
    let mut opened = Vec::new();
    for key in keys {
        if seen.contains(&key) {
            continue;
        }
        seen.push(key);
        let path = ConsensusConfig::guard_path_of(consensus, &key);
        let mut guard = match SigningGuard::open(&path, chain_id, key) {
            Ok(guard) => guard,
            Err(GuardError::Missing { .. }) => SigningGuard::create_lost(&path, chain_id, key)?,
            Err(error) => return Err(error.into()),
        };
        if claim.is_some() || !is_whole {
            guard.mark_lost()?;
        }
        if guard.is_lost() {
            all = Memory::Lost;
        }
        opened.push(guard);
    }
    let Some(Claim { through, head }) = claim else { return Ok(Some(all)) };
    // While the guards are lost, so that nothing is signed if this is cut off.
    make_log(&log).map_err(|source| NodeError::File { path: log, source })?;
    let mut above = None;
    for guard in &mut opened {
        guard.pass(through)?;
        above = above.max(guard.position().filter(|last| last.height > through));
    }
    Ok(Some(Memory::Through { height: through, above, head }))
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
        Some(Memory::Through { height, above, head }) => {
            let above = above.map_or("nothing".to_owned(), |last| format!("nothing after {last}"));
            let votes = match height > head {
                true => format!("; the ledger ends at height {head}, and the node votes above height {height}"),
                false => String::new(),
            };
            format!("above height {height} the key has signed {above}, as you say{votes}")
        }
    };
    format!("signing guard: {said}")
}

/// Highest height that is taken for the last one signed: a block every millisecond for 8,900 years.
const SIGNED_THROUGH_MAX: Height = Height(1 << 48);
/// Blocks above the ledger's last one that a height may be without the operator saying that it is meant.
const FAR_BLOCKS: u64 = 1_000;
/// Blocks at the end of a ledger that are looked through for signatures of the node's keys.
const CHECKED_BLOCKS: u64 = 1_000;
