//! Nodes that misbehave, and ledgers that fail.

use std::time::Duration;

use sanad_consensus_lite::{Config, Consensus, Keys, Phase, Stopped};

use crate::cluster::{Cluster, network_key, until};
use crate::ledger::Ledger;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invalid_blocks_get_no_votes() {
    let cluster = Cluster::started(4, 0).await;
    cluster.decide(0, &[0, 1, 2, 3]).await;
    cluster.ledgers[1].state().lies = true;
    for work in 1..=8 {
        cluster.decide(work, &[0, 1, 2, 3]).await;
    }
    for node in [0, 2, 3] {
        assert!(cluster.node(node).status().await.counters.invalid > 0, "node {node}");
        // Its turns were over in a later round.
        assert!(cluster.ledgers[node].state().blocks.iter().any(|block| block.decided.certificate.round > 0));
    }
    cluster.assert_agreement();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_are_refused() {
    let cluster = Cluster::started(4, 0).await;
    cluster.decide(0, &[0, 1, 2, 3]).await;
    // A node with a key that nobody lists, though it lists all.
    let directory = tempfile::tempdir().unwrap();
    let mut config = Config::new(directory.path(), "127.0.0.1:0".parse().unwrap());
    config.peers = (0..4).map(|node| cluster.peer(node)).collect();
    let validators = cluster.ledgers[0].state().blocks[0].decided.validators.clone();
    let ledger = Ledger::new(cluster.chain_id, validators);
    let keys = Keys { network: network_key(99), validator: None };
    let stranger = Consensus::start(config, cluster.chain_id, keys, ledger.clone()).await.unwrap();
    for work in 1..=10 {
        cluster.decide(work, &[0, 1, 2, 3]).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(cluster.node(0).status().await.peers.iter().all(|peer| peer.connected));
    }
    assert_eq!(ledger.height(), 0);
    assert!(stranger.stop().await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_ledger_stops_consensus() {
    let mut cluster = Cluster::started(4, 0).await;
    cluster.decide(0, &[0, 1, 2, 3]).await;
    cluster.ledgers[2].state().fails = true;
    cluster.decide(1, &[0, 1, 3]).await;
    let stopped = cluster.node(2).stopped().await.unwrap_err();
    assert!(matches!(*stopped, Stopped::Application(_)), "{stopped}");
    assert_eq!(stopped.to_string(), "the ledger failed: the disk is full");
    assert_eq!(cluster.node(2).status().await.phase, Phase::Stopped);
    cluster.nodes[2] = None;
    cluster.ledgers[2].state().fails = false;
    // What was decided while it failed is decided again, from its log or by its peers.
    cluster.start(2).await;
    cluster.decide(2, &[0, 1, 2, 3]).await;
    cluster.assert_agreement();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_log_stops_consensus() {
    let cluster = Cluster::new(1, 0);
    // A directory in the place of the log: it cannot be opened.
    std::fs::create_dir_all(cluster.node_directory(0).join("consensus.wal")).unwrap();
    let mut cluster = cluster;
    let error = cluster.try_start(0).await.unwrap_err();
    assert!(error.to_string().contains("does not start"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropping_stops() {
    let mut cluster = Cluster::started(1, 0).await;
    until("a block", || cluster.ledgers[0].height() > 0).await;
    cluster.nodes[0] = None;
    // It ends in the background, and the guard is free then.
    let deadline = std::time::Instant::now() + crate::cluster::PATIENCE;
    while cluster.try_start(0).await.is_err() {
        assert!(std::time::Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
