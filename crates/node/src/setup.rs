//! What `init`, `check` and `run` share: files that must agree with each other.

use std::fs::DirBuilder;
use std::io::Read as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use sanad_consensus_lite::{Config as ConsensusConfig, SigningGuard};
use sanad_core::genesis::{GENESIS_BYTES_MAX, Genesis};
use sanad_core::member::{Member, Role};
use sanad_storage::{Options, Store};

use crate::config::Config;
use crate::error::NodeError;
use crate::gossip::{GossipPeer, PeerRole};
use crate::keys::NodeKeys;
use crate::oddities;

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
        let member = member(&genesis, &config.member, "member")?;
        let own = [
            ("network", Some(keys.network.public()), member.network_key),
            ("consensus", keys.consensus.as_ref().map(|key| key.public()), member.consensus_key),
        ];
        for (key, actual, expected) in own {
            if actual.is_some() && actual != expected {
                return Err(NodeError::ForeignKey { member: member.id.clone(), key });
            }
        }
        peers(config, &genesis)?;
        Ok(Self { genesis, keys })
    }
}

/// Where the parts of a data directory are.
#[derive(Clone, Debug)]
pub struct DataDir(PathBuf);

impl DataDir {
    /// The data directory of a configuration.
    pub fn new(config: &Config) -> Self {
        Self(config.data_dir.clone())
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

    /// Contradictions of validators, one JSON object a line.
    pub fn evidence(&self) -> PathBuf {
        self.0.join("evidence.jsonl")
    }
}

/// How the store is opened.
pub fn store_options(config: &Config) -> Options {
    Options { segment_bytes: config.storage.segment_bytes, ..Options::default() }
}

/// Creates the data directory of a node that never ran: an empty ledger, and the signing guard of its key. Everything is
/// checked before anything is written, and what was written is removed if it cannot be completed.
///
/// # Errors
/// [`NodeError`]; what exists is left as it is.
pub fn init(config: &Config) -> Result<Setup, NodeError> {
    let setup = Setup::load(config)?;
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
    make_directory(consensus).map_err(|source| NodeError::File { path: consensus.to_owned(), source })?;
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

/// Makes a directory that is its owner's alone, and those above it that are not there.
pub(crate) fn make_directory(path: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// The peers of the configuration, with the keys that the genesis states of them.
///
/// # Errors
/// [`NodeError::UnknownMember`] or [`NodeError::PeerKey`].
pub fn peers(config: &Config, genesis: &Genesis) -> Result<Vec<GossipPeer>, NodeError> {
    let peer = |peer: &crate::config::Peer| {
        let member = member(genesis, &peer.member, "peers")?;
        let network_key =
            member.network_key.ok_or_else(|| NodeError::PeerKey { member: member.id.clone() })?;
        let role = if member.role == Role::Validator { PeerRole::Validator } else { PeerRole::Follower };
        Ok(GossipPeer { member: member.id.clone(), network_key, address: peer.gossip.clone(), role })
    };
    config.peers.iter().map(peer).collect()
}

fn member<'a>(
    genesis: &'a Genesis,
    id: &sanad_core::ids::MemberId,
    field: &'static str,
) -> Result<&'a Member, NodeError> {
    let found = genesis.members.iter().find(|member| member.id == *id);
    found.ok_or_else(|| NodeError::UnknownMember { member: id.clone(), field })
}

/// Reads a genesis file, and checks that every member has signed it.
///
/// # Errors
/// [`NodeError`].
pub fn read_genesis(path: &Path) -> Result<Genesis, NodeError> {
    let mut text = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(GENESIS_BYTES_MAX as u64 + 1).read_to_end(&mut text))
        .map_err(|source| NodeError::File { path: path.to_owned(), source })?;
    let genesis = Genesis::from_json(&text)
        .map_err(|source| NodeError::Genesis { path: path.to_owned(), source: Box::new(source) })?;
    genesis
        .check_signatures()
        .map_err(|source| NodeError::GenesisSignatures { path: path.to_owned(), source: Box::new(source) })?;
    Ok(genesis)
}
