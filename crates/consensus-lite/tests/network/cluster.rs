//! Validators and followers on this machine.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use sanad_consensus_lite::testing::Testing;
use sanad_consensus_lite::{
    Clock, Config, Consensus, Keys, PeerAddress, Phase, SigningGuard, StartError, Stopped, Timeouts,
};
use sanad_core::hash::ChainId;
use sanad_core::signature::SecretKey;
use sanad_core::validators::{Validator, ValidatorSet};
use sanad_testkit::id;
use tempfile::TempDir;

use crate::ledger::Ledger;

/// Generous, since tests share few processors; nothing waits this long that works.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A clock that is wrong by an offset, which can be changed at any time.
#[derive(Clone, Debug, Default)]
pub struct TestClock(Arc<AtomicI64>);

impl TestClock {
    pub fn set_offset_ms(&self, offset: i64) {
        self.0.store(offset, Ordering::Relaxed);
    }

    fn clock(&self) -> Clock {
        let (offset, system) = (self.0.clone(), Clock::system());
        Clock::new(move || system.now_ms().saturating_add_signed(offset.load(Ordering::Relaxed)))
    }
}

/// Nodes `0..validators` are validators; those after them follow.
pub struct Cluster {
    directory: TempDir,
    pub chain_id: ChainId,
    validators: usize,
    pub timeouts: Timeouts,
    /// Two nodes that do not know each other, so that nothing goes between them.
    pub cut: Option<[usize; 2]>,
    pub ledgers: Vec<Ledger>,
    pub clocks: Vec<TestClock>,
    pub testing: Vec<Testing>,
    addresses: Vec<SocketAddr>,
    pub nodes: Vec<Option<Consensus>>,
}

impl Cluster {
    pub fn new(validators: usize, followers: usize) -> Self {
        init_log();
        let chain_id = ChainId(*blake3::hash(b"a chain of tests").as_bytes());
        let validator = |i| Validator { member: id(&name(i)), key: validator_key(i).public() };
        let set = ValidatorSet::genesis((0..validators).map(validator).collect()).unwrap();
        let nodes = validators + followers;
        // All at once, so that no port is given twice.
        let listeners: Vec<_> =
            (0..nodes).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()).collect();
        let directory = tempfile::tempdir().unwrap();
        let cluster = Self {
            directory,
            chain_id,
            validators,
            timeouts: Timeouts::default(),
            cut: None,
            ledgers: (0..nodes).map(|_| Ledger::new(chain_id, set.clone())).collect(),
            testing: vec![Testing::default(); nodes],
            clocks: (0..nodes).map(|_| TestClock::default()).collect(),
            addresses: listeners.iter().map(|listener| listener.local_addr().unwrap()).collect(),
            nodes: (0..nodes).map(|_| None).collect(),
        };
        (0..validators).for_each(|i| cluster.create_guard(i));
        cluster
    }

    pub async fn started(validators: usize, followers: usize) -> Self {
        let mut cluster = Self::new(validators, followers);
        cluster.start_all().await;
        cluster
    }

    pub fn node_directory(&self, node: usize) -> PathBuf {
        self.directory.path().join(format!("node{node}"))
    }

    pub fn create_guard(&self, node: usize) {
        std::fs::create_dir_all(self.node_directory(node)).unwrap();
        let path = Config::guard_path(&self.node_directory(node));
        SigningGuard::create(&path, self.chain_id, validator_key(node).public()).unwrap();
    }

    pub fn config(&self, node: usize) -> Config {
        let mut config = Config::new(self.node_directory(node), self.addresses[node]);
        config.moniker = format!("node{node}");
        config.timeouts = self.timeouts;
        config.clock = self.clocks[node].clock();
        config.testing = self.testing[node].clone();
        config.sync_status_interval = Duration::from_millis(500);
        let knows =
            |i: &usize| *i == node || self.cut.is_none_or(|cut| !(cut.contains(i) && cut.contains(&node)));
        config.peers = (0..self.addresses.len()).filter(knows).map(|i| self.peer(i)).collect();
        config
    }

    pub fn peer(&self, node: usize) -> PeerAddress {
        PeerAddress {
            address: Some(self.addresses[node].to_string()),
            network_key: network_key(node).public(),
        }
    }

    pub fn keys(&self, node: usize) -> Keys {
        let validator = (node < self.validators).then(|| validator_key(node));
        Keys { network: network_key(node), validators: Vec::from_iter(validator) }
    }

    pub async fn try_start(&mut self, node: usize) -> Result<(), StartError> {
        let config = self.config(node);
        let ledger = self.ledgers[node].clone();
        let consensus = Consensus::start(config, self.chain_id, self.keys(node), ledger).await?;
        self.nodes[node] = Some(consensus);
        Ok(())
    }

    pub async fn start(&mut self, node: usize) {
        self.try_start(node).await.unwrap();
    }

    pub async fn start_all(&mut self) {
        for node in 0..self.nodes.len() {
            self.start(node).await;
        }
    }

    pub async fn start_all_but(&mut self, absent: usize) {
        for node in (0..self.nodes.len()).filter(|node| *node != absent) {
            self.start(node).await;
        }
    }

    pub async fn stop(&mut self, node: usize) {
        self.nodes[node].take().unwrap().stop().await.unwrap();
    }

    pub fn node(&self, node: usize) -> &Consensus {
        self.nodes[node].as_ref().unwrap()
    }

    /// Gives work to all running nodes, as the gossip of batches would.
    pub fn submit(&self, work: u64) {
        for (node, ledger) in self.nodes.iter().zip(&self.ledgers) {
            if let Some(node) = node {
                ledger.submit(work);
                node.wake();
            }
        }
    }

    /// Gives work to all, and waits until these nodes have committed it.
    pub async fn decide(&self, work: u64, nodes: &[usize]) {
        self.submit(work);
        until(&format!("{nodes:?} commit {work}"), || {
            nodes.iter().all(|i| self.ledgers[*i].has_committed(work))
        })
        .await;
    }

    /// Waits until these nodes wait for work.
    pub async fn idle(&self, nodes: &[usize]) {
        for node in nodes {
            self.phase(*node, Phase::Waiting).await;
        }
    }

    pub async fn phase(&self, node: usize, phase: Phase) {
        let deadline = Instant::now() + PATIENCE;
        while self.node(node).status().await.phase != phase {
            assert!(Instant::now() < deadline, "node {node} is not {phase:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until a node has come to a round of the height it is at.
    pub async fn round(&self, node: usize, at_least: u32) {
        let deadline = Instant::now() + PATIENCE;
        while self.node(node).status().await.round.is_none_or(|round| round < at_least) {
            assert!(Instant::now() < deadline, "node {node} does not come to round {at_least}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until a node has stopped by itself, and says why.
    pub async fn stopped(&self, node: usize) -> Arc<Stopped> {
        tokio::time::timeout(PATIENCE, self.node(node).stopped()).await.unwrap().unwrap_err()
    }

    /// Asserts that no two nodes decided different blocks.
    pub fn assert_agreement(&self) {
        let chains: Vec<_> = self.ledgers.iter().map(Ledger::hashes).collect();
        let longest = chains.iter().max_by_key(|chain| chain.len()).unwrap();
        for (node, chain) in chains.iter().enumerate() {
            assert_eq!(chain[..], longest[..chain.len()], "node {node}");
        }
    }
}

fn name(node: usize) -> String {
    format!("m{node:02}")
}

pub fn validator_key(node: usize) -> SecretKey {
    sanad_testkit::consensus_key(&name(node))
}

pub fn network_key(node: usize) -> SecretKey {
    sanad_testkit::network_key(&name(node))
}

/// Polls until the condition holds.
pub async fn until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// `RUST_LOG=info cargo test ... -- --nocapture` shows what the engines say.
fn init_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "off".into());
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_test_writer().try_init();
}
