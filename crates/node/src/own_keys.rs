//! This node's own keys, as the register has them: one that comes into force is looked for beside the former one, and used.

use std::path::Path;
use std::time::{Duration, Instant};

use sanad_core::ids::{Height, MemberId};
use sanad_core::member::KeyPurpose;
use sanad_core::signature::{PublicKey, SecretKey};
use sanad_core::state::State;
use tokio::sync::watch;

use crate::config;
use crate::facts::RunningNode;
use crate::keys;

/// A key that this node should have, and does not find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingKey {
    /// What it is for.
    pub purpose: KeyPurpose,
    /// The key.
    pub key: PublicKey,
    /// The first height that it decides, if it is not in force yet.
    pub from: Option<Height>,
}

/// The keys that the node uses.
pub(crate) struct OwnKeys {
    config: config::Keys,
    network: PublicKey,
    validators: Vec<PublicKey>,
    missing: watch::Sender<Vec<MissingKey>>,
    /// When key files were last looked for.
    looked: Option<Instant>,
}

/// What was found.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) network: Option<SecretKey>,
    pub(crate) validators: Vec<SecretKey>,
}

impl OwnKeys {
    /// The keys that the configuration names.
    pub(crate) fn new(config: config::Keys, network: PublicKey, validator: Option<PublicKey>) -> Self {
        let (validators, missing) = (Vec::from_iter(validator), watch::Sender::new(Vec::new()));
        Self { config, network, validators, missing, looked: None }
    }

    /// Follows what is missing.
    pub(crate) fn missing(&self) -> watch::Receiver<Vec<MissingKey>> {
        self.missing.subscribe()
    }

    /// Looks for the keys that a member has by a state and this node does not use yet. Reads files, and opening one takes a
    /// second: not for async workers.
    pub(crate) fn find(&mut self, state: &State, member: &MemberId) -> Found {
        let mut found = Found::default();
        let mut missing = Vec::new();
        for wanted in self.wanted(state, member) {
            let (path, purpose) = match wanted.purpose {
                KeyPurpose::Network => (Some(&self.config.network), "network"),
                _ => (self.config.consensus.as_ref(), "consensus"),
            };
            let Some(folder) = path.and_then(|path| path.parent()) else { continue };
            match keys::find(folder, purpose, &wanted.key, &self.config) {
                Some(key) if wanted.purpose == KeyPurpose::Network => {
                    self.network = wanted.key;
                    found.network = Some(key);
                }
                Some(key) => {
                    self.validators.push(wanted.key);
                    found.validators.push(key);
                }
                None => missing.push(wanted),
            }
        }
        self.say(missing, self.config.network.parent().unwrap_or(Path::new("")));
        self.looked = Some(Instant::now());
        found
    }

    /// As [`Self::find`], and has the running node use what was found.
    pub(crate) async fn look(mut self, node: &RunningNode, state: &State) -> Self {
        let wanted = self.wanted(state, &node.member);
        let known = *self.missing.borrow() == wanted;
        if known && (wanted.is_empty() || self.looked.is_some_and(|looked| looked.elapsed() < LOOK_AGAIN)) {
            return self;
        }
        let (state, member) = (state.clone(), node.member.clone());
        let looking = tokio::task::spawn_blocking(move || {
            let found = self.find(&state, &member);
            (self, found)
        });
        let (own, found) = match looking.await {
            Ok(looked) => looked,
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        };
        for key in found.validators {
            tracing::info!(key = %key.public(), "the consensus key that comes into force is here");
            node.consensus.add_validator_key(key);
        }
        if let Some(key) = found.network {
            tracing::info!(key = %key.public(), "this node's network key has changed: connecting anew");
            node.gossip.set_network_key(key.clone());
            node.consensus.set_network_key(key);
        }
        own
    }

    /// Keys of the member that this node does not use, though it should.
    fn wanted(&self, state: &State, member: &MemberId) -> Vec<MissingKey> {
        let mut wanted = Vec::new();
        let Some(own) = state.registry().member(member) else { return wanted };
        // A key that the register does not know yet is newer than this node's ledger.
        let ended = own.rest().keys.iter().any(|term| term.key == self.network && term.until.is_some());
        if let Some(key) = own.rest().current_key(KeyPurpose::Network).filter(|_| ended) {
            wanted.push(MissingKey { purpose: KeyPurpose::Network, key, from: None });
        }
        // A node without a consensus key follows by choice: the key may vote on another machine.
        if self.config.consensus.is_some() {
            let current = own.rest().current_key(KeyPurpose::Consensus).map(|key| (key, None));
            let pending = state.governance().pending_keys().find(|pending| pending.member == *member);
            let pending = pending.map(|pending| (pending.key, Some(pending.height)));
            let unknown = |(key, _): &(PublicKey, _)| !self.validators.contains(key);
            let keys = current.into_iter().chain(pending).filter(unknown);
            let purpose = KeyPurpose::Consensus;
            wanted.extend(keys.map(|(key, from)| MissingKey { purpose, key, from }));
        }
        wanted
    }

    fn say(&self, missing: Vec<MissingKey>, folder: &Path) {
        self.missing.send_if_modified(|before| {
            for MissingKey { purpose, key, from } in missing.iter().filter(|key| !before.contains(key)) {
                tracing::warn!(
                    ?purpose, %key, ?from, folder = %folder.display(),
                    "this member has a key that is not among the node's key files; put its file there, and the node uses it"
                );
            }
            std::mem::replace(before, missing.clone()) != missing
        });
    }
}

/// Time between looks for a key file that is missing.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
