//! What `init`, `check` and `run` share: files that must agree with each other.

use std::fs::DirBuilder;
use std::io::Read as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sanad_consensus_lite::{Config as ConsensusConfig, Memory, SigningGuard};
use sanad_core::genesis::{GENESIS_BYTES_MAX, Genesis};
use sanad_core::ids::Height;
use sanad_core::ids::MemberId;
use sanad_core::signature::PublicKey;
use sanad_core::state::State;
use sanad_storage::{OpenError, Options, Progress, Store, StoreError};

use crate::config::Config;
use crate::error::NodeError;
use crate::keys::NodeKeys;
use crate::oddities;
use crate::supervisor;

/// Genesis and keys, found to fit the configuration and each other.
#[derive(Debug)]
pub struct Setup {
    /// The genesis.
    pub genesis: Genesis,
    /// The node's keys.
    pub keys: NodeKeys,
}

impl Setup {
    /// Reads genesis and keys, and checks that they fit.
    ///
    /// # Errors
    /// [`NodeError`].
    pub fn load(config: &Config) -> Result<Self, NodeError> {
        oddities::check(config)?;
        let genesis = read_genesis(&config.genesis)?;
        let keys = NodeKeys::open(&config.keys)?;
        let setup = Self { genesis, keys };
        let register = setup.genesis.registry();
        let of_another =
            |key: &PublicKey| register.holder(key).is_some_and(|holder| *holder != config.member);
        match setup.own_keys().into_iter().find(|(_, key)| of_another(key)) {
            Some((key, _)) => Err(NodeError::ForeignKey { member: config.member.clone(), key }),
            None => Ok(setup),
        }
    }

    fn own_keys(&self) -> Vec<(&'static str, PublicKey)> {
        let consensus = self.keys.consensus.as_ref().map(|key| ("consensus", key.public()));
        [("network", self.keys.network.public())].into_iter().chain(consensus).collect()
    }

    /// Whether these are the keys that the genesis gives to a member, if it knows the member.
    fn check_first_keys(&self, id: &MemberId) -> Result<(), NodeError> {
        let register = self.genesis.registry();
        if register.member(id).is_none() {
            return Ok(());
        }
        match self.own_keys().into_iter().find(|(_, key)| register.holder(key) != Some(id)) {
            Some((key, _)) => Err(NodeError::ForeignKey { member: id.clone(), key }),
            None => Ok(()),
        }
    }
}

/// Where the parts of a data directory are.
#[derive(Clone, Debug)]
pub struct DataDir(PathBuf);

impl DataDir {
    /// The data directory of a configuration.
    pub fn new(config: &Config) -> Self {
        Self::at(&config.data_dir)
    }

    /// A data directory by its path.
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Where it is itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The ledger.
    pub fn ledger(&self) -> PathBuf {
        self.0.join("ledger")
    }

    /// Signing guard and the log of consensus.
    pub fn consensus(&self) -> PathBuf {
        self.0.join("consensus")
    }

    /// Batches that waited when the node stopped.
    pub fn pool(&self) -> PathBuf {
        self.0.join("pool.batches")
    }

    /// The snapshot that the node begins with, while it comes from other nodes.
    pub fn joining(&self) -> PathBuf {
        self.0.join("joining")
    }

    /// Contradictions of validators, one JSON object a line.
    pub fn evidence(&self) -> PathBuf {
        self.0.join("evidence.jsonl")
    }
}

/// How the store is opened.
pub fn store_options(config: &Config) -> Options {
    Options { segment_bytes: config.storage.segment_bytes, ..Options::default() }
}

/// Opens the ledger of a node. What is derived from its log is rebuilt where it is damaged.
pub(crate) fn open_store(config: &Config, genesis: &Genesis) -> Result<(Store, State), OpenError> {
    let mut said = Instant::now();
    let progress = |progress: Progress| {
        if said.elapsed() < PROGRESS_INTERVAL {
            return;
        }
        said = Instant::now();
        let Progress { step, height, bytes, bytes_total } = progress;
        let percent = bytes.saturating_mul(100) / bytes_total.max(1);
        tracing::info!(?step, %height, percent, "the ledger is rebuilt from its log");
        supervisor::starting(&format!("rebuilding the ledger: {step:?}, {percent} %"));
    };
    Store::open_or_rebuild(&DataDir::new(config).ledger(), genesis, store_options(config), progress)
}

/// Height of the damaged block that keeps a ledger from being opened, and that [`Store::repair`] may put right.
pub(crate) fn block_to_repair(error: &OpenError) -> Option<Height> {
    match error {
        OpenError::Store(StoreError::Corrupt { height, .. }) => Some(*height),
        _ => None,
    }
}

/// Why the ledger in a directory cannot be opened: what is derived from its log was rebuilt, if only that was damaged.
pub(crate) fn open_error(path: &Path, source: OpenError) -> NodeError {
    let path = path.to_owned();
    match source {
        OpenError::NotAStore { .. }
        | OpenError::Store(
            StoreError::Corrupt { .. }
            | StoreError::CorruptSegment { .. }
            | StoreError::MissingSegment { .. },
        ) => NodeError::DamagedLog { path, source },
        source => NodeError::Open { path, source },
    }
}

/// Creates the data directory of a node that never ran: an empty ledger, and the signing guard of its key. Everything is
/// checked before anything is written, and what was written is removed if it cannot be completed.
///
/// # Errors
/// [`NodeError`]; what exists is left as it is.
pub fn init(config: &Config) -> Result<Setup, NodeError> {
    let setup = Setup::load(config)?;
    setup.check_first_keys(&config.member)?;
    let directory = DataDir::new(config);
    let (path, consensus) = (directory.ledger(), directory.consensus());
    // Whatever is there may be all that is left of what a key has signed.
    for path in [&path, &consensus] {
        if std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some()) || path.is_file() {
            return Err(NodeError::HasRun { path: path.clone() });
        }
    }
    let made = make(config, &setup, &path, &consensus);
    if made.is_err() {
        for path in [&path, &consensus] {
            // It was empty or not there. What cannot be removed is named by the next try.
            let _ = std::fs::remove_dir_all(path);
        }
    }
    made.map(|()| setup)
}

fn make(config: &Config, setup: &Setup, path: &Path, consensus: &Path) -> Result<(), NodeError> {
    make_consensus(consensus)?;
    let (store, _) = Store::create(path, &setup.genesis, store_options(config))
        .map_err(|source| NodeError::Open { path: path.to_owned(), source })?;
    store.close()?;
    // Last: a new guard permits every signature, so none may come to stand beside a ledger that was there before.
    if let Some(key) = &setup.keys.consensus {
        let guard = ConsensusConfig::guard_path(consensus);
        SigningGuard::create(&guard, setup.genesis.chain_id(), key.public())?;
    }
    Ok(())
}

/// Makes the directory of consensus: what was signed before now may be forgotten in it.
pub(crate) fn make_consensus(path: &Path) -> Result<(), NodeError> {
    let made = make_directory(path).and_then(|()| Memory::begin(path));
    made.map_err(|source| NodeError::File { path: path.to_owned(), source })
}

/// Makes a directory that is its owner's alone, and those above it that are not there.
pub(crate) fn make_directory(path: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Reads a file up to one byte more than `limit`: whoever decodes it refuses what is longer.
pub(crate) fn read_limited(path: &Path, limit: usize) -> Result<Vec<u8>, NodeError> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(limit as u64 + 1).read_to_end(&mut bytes))
        .map_err(|source| NodeError::File { path: path.to_owned(), source })?;
    Ok(bytes)
}

/// Reads a genesis file, and checks that every member has signed it.
///
/// # Errors
/// [`NodeError`].
pub fn read_genesis(path: &Path) -> Result<Genesis, NodeError> {
    let text = read_limited(path, GENESIS_BYTES_MAX)?;
    let genesis = Genesis::from_json(&text)
        .map_err(|source| NodeError::Genesis { path: path.to_owned(), source: Box::new(source) })?;
    genesis
        .check_signatures()
        .map_err(|source| NodeError::GenesisSignatures { path: path.to_owned(), source: Box::new(source) })?;
    Ok(genesis)
}

/// Time between two words on a long rebuild.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(10);
