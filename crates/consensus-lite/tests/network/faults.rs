//! Nodes that misbehave, and ledgers that fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sanad_consensus_lite::testing::Point;
use sanad_consensus_lite::{
    Config, Consensus, Keys, Phase, Role, SigningGuard, StartError, Stopped, Timeouts,
};
use sanad_core::ids::Height;

use crate::cluster::{Cluster, network_key, until, validator_key};
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

/// Two validators cannot reach each other: the others pass on what they say, in time for the round.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_link_costs_no_rounds() {
    let all = [0, 1, 2, 3];
    let mut cluster = Cluster::new(4, 0);
    cluster.cut = Some([0, 1]);
    cluster.start_all().await;
    // While the mesh forms.
    for work in 0..4 {
        cluster.decide(work, &all).await;
    }
    let lost = async |cluster: &Cluster| {
        let mut lost = 0;
        for node in all {
            let counters = cluster.node(node).status().await.counters;
            lost += counters.rounds_failed + counters.synced;
        }
        lost
    };
    let before = lost(&cluster).await;
    for work in 4..36 {
        cluster.decide(work, &all).await;
    }
    // Every other turn is that of a node which another one does not hear. A slow machine may lose a round by itself.
    let lost = lost(&cluster).await - before;
    assert!(lost <= 4, "{lost} rounds were lost, or blocks came by sync");
    cluster.assert_agreement();
}

/// All but one call the blocks of the first rounds invalid: a rule that they agree on, as a ledger's are.
fn refuse_below(cluster: &Cluster, round: u32) {
    [1, 2, 3].iter().for_each(|i| cluster.ledgers[*i].state().refuses_below = round);
}

/// A cluster in which rounds that decide nothing are short.
async fn started_with_short_rounds() -> Cluster {
    let mut cluster = Cluster::new(4, 0);
    let vote = Duration::from_millis(100);
    cluster.timeouts = Timeouts { propose: Duration::from_millis(500), prevote: vote, precommit: vote };
    cluster.start_all().await;
    cluster
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rounds_that_failed_before_a_restart_are_not_counted_again() {
    let mut cluster = started_with_short_rounds().await;
    cluster.decide(0, &[0, 1, 2, 3]).await;
    refuse_below(&cluster, u32::MAX);
    cluster.submit(1);
    cluster.round(3, 4).await;
    for node in [0, 1, 2, 3] {
        cluster.stop(node).await;
    }
    // Alone, it comes to its last round by its log, and no further.
    cluster.start(3).await;
    cluster.round(3, 4).await;
    let counters = cluster.node(3).status().await.counters;
    // It may have been stopped between the votes of others that took it to a round and its own.
    assert!(counters.rounds_failed <= 1, "{counters:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_round_has_a_new_block() {
    let cluster = started_with_short_rounds().await;
    cluster.decide(0, &[0, 1, 2, 3]).await;
    cluster.idle(&[0, 1, 2, 3]).await;
    refuse_below(&cluster, 7);
    cluster.submit(1);
    cluster.round(0, 6).await;
    assert!(!cluster.ledgers[0].has_committed(1));
    let kept: Vec<_> = cluster.ledgers[0].undecided_blocks();
    assert!(kept.len() >= 5, "one for each round: {kept:?}");
    until("they agree", || cluster.ledgers.iter().all(|ledger| ledger.has_committed(1))).await;
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
    let keys = Keys { network: network_key(99), validators: Vec::new() };
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
    let stopped = cluster.stopped(2).await;
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
async fn a_log_that_does_not_open() {
    let cluster = Cluster::new(1, 0);
    // A directory in the place of the log: it cannot be opened.
    std::fs::create_dir_all(cluster.node_directory(0).join("consensus.log")).unwrap();
    let mut cluster = cluster;
    let error = cluster.try_start(0).await.unwrap_err();
    assert!(matches!(error, StartError::Log { .. }), "{error}");
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

/// It may be locked on a block that it does not know of any more: it follows until that height is decided.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_damaged_log_a_node_does_not_vote_at_its_height() {
    let mut cluster = started_with_short_rounds().await;
    cluster.decide(0, &[0, 1, 2, 3]).await;
    cluster.idle(&[0, 1, 2, 3]).await;
    refuse_below(&cluster, 12);
    cluster.submit(1);
    cluster.round(0, 3).await;
    cluster.stop(0).await;
    let log = cluster.node_directory(0).join("consensus.log");
    let whole = std::fs::read(&log).unwrap();
    cluster.start(0).await;
    assert_eq!(cluster.node(0).status().await.role, Role::Validator { place: 0 });
    cluster.stop(0).await;
    let mut damaged = whole;
    damaged[100] ^= 1;
    std::fs::write(&log, damaged).unwrap();
    cluster.start(0).await;
    let through = Height(cluster.ledgers[0].height() as u64 + 1);
    assert_eq!(cluster.node(0).status().await.role, Role::Abstaining { through });
    until("they agree", || cluster.ledgers.iter().all(|ledger| ledger.has_committed(1))).await;
    // The others alone are a quorum; without one of them it is needed, and votes.
    cluster.stop(1).await;
    cluster.decide(2, &[0, 2, 3]).await;
    assert_eq!(cluster.node(0).status().await.role, Role::Validator { place: 0 });
    cluster.assert_agreement();
}

/// The same validator key on two machines, each with a guard of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twins_are_found_out() {
    let mut cluster = Cluster::new(4, 1);
    cluster.start_all_but(4).await;
    cluster.decide(0, &[0, 1, 2, 3]).await;
    cluster.idle(&[0, 1, 2, 3]).await;

    let mut config = cluster.config(4);
    config.directory = cluster.node_directory(4);
    std::fs::create_dir_all(&config.directory).unwrap();
    let key = validator_key(3);
    SigningGuard::create(&Config::guard_path(&config.directory), cluster.chain_id, key.public()).unwrap();
    // It has the chain, up to a block that the key did not sign, or it would not even start.
    let signed = |height: usize| {
        let state = cluster.ledgers[0].state();
        state.blocks[height - 1].decided.certificate.signatures.iter().any(|signed| signed.validator == 3)
    };
    let mut work = 1;
    while signed(cluster.ledgers[0].height()) {
        cluster.decide(work, &[0, 1, 2, 3]).await;
        cluster.idle(&[0, 1, 2, 3]).await;
        work += 1;
    }
    let blocks = cluster.ledgers[0].state().blocks.clone();
    cluster.ledgers[4].state().blocks = blocks;
    // What it knows of and nobody else does makes its proposals differ.
    cluster.ledgers[4].submit(1_000_000);
    let keys = Keys { network: network_key(4), validators: vec![key.clone()] };
    let twin = Consensus::start(config, cluster.chain_id, keys, cluster.ledgers[4].clone()).await.unwrap();
    cluster.nodes[4] = Some(twin);

    let honest = [0, 1, 2];
    let evidence = || honest.iter().find_map(|i| cluster.ledgers[*i].state().evidence.first().cloned());
    let stopped = async |node: usize| cluster.node(node).status().await.phase == Phase::Stopped;
    for more in 0..40 {
        cluster.decide(work + more, &honest).await;
        if evidence().is_some() || stopped(3).await || stopped(4).await {
            break;
        }
    }
    // Either the network has proof, or one of the two has heard the other and stopped; often both.
    match evidence() {
        Some(evidence) => {
            assert_eq!(evidence.key, key.public());
            assert_eq!(evidence.verify(&cluster.chain_id), Ok(()));
        }
        None => {
            let node = if stopped(3).await { 3 } else { 4 };
            let stopped = cluster.stopped(node).await;
            assert!(matches!(*stopped, Stopped::SignedElsewhere(_)), "{stopped}");
        }
    }
    cluster.assert_agreement();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_hangs_shows() {
    let cluster = Cluster::started(4, 0).await;
    cluster.decide(0, &[0, 1, 2, 3]).await;
    cluster.idle(&[0, 1, 2, 3]).await;
    assert_eq!(cluster.node(0).work(), None, "it waits, which is no work");
    cluster.node(0).engine_answers().await;
    let (ledger, node) = (cluster.ledgers[0].clone(), cluster.node(0));
    let (release, released) = std::sync::mpsc::channel();
    let (held, holds) = std::sync::mpsc::channel();
    let hanging = ledger.clone();
    let holder = std::thread::spawn(move || {
        let _hang = hanging.state();
        held.send(()).unwrap();
        released.recv()
    });
    holds.recv().unwrap();
    [1, 2, 3].iter().for_each(|i| cluster.ledgers[*i].submit(1));
    [1, 2, 3].iter().for_each(|i| cluster.node(*i).wake());
    until("the others commit", || [1, 2, 3].iter().all(|i| cluster.ledgers[*i].has_committed(1))).await;
    let work = node.work().expect("it hangs in its ledger");
    let watched = std::time::Instant::now() + Duration::from_millis(300);
    while std::time::Instant::now() < watched {
        assert_eq!(node.work(), Some(work), "it does nothing else");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    release.send(()).unwrap();
    holder.join().unwrap().unwrap();
    until("it goes on", || ledger.has_committed(1)).await;
    until("it waits again", || node.work().is_none()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_hangs_shows() {
    let mut cluster = Cluster::new(4, 0);
    let (hang, hung) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (asked, told) = (Arc::clone(&hang), Arc::clone(&hung));
    // As a disk that never comes back from a sync.
    cluster.testing[0].crash = Some(Arc::new(move |point| {
        while matches!(point, Point::Signed(_)) && asked.load(Ordering::Relaxed) {
            told.store(true, Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(1));
        }
        false
    }));
    cluster.start_all().await;
    cluster.decide(0, &[0, 1, 2, 3]).await;
    cluster.node(0).engine_answers().await;
    hang.store(true, Ordering::Relaxed);
    cluster.submit(1);
    until("it signs", || hung.load(Ordering::Relaxed)).await;
    let answers = cluster.node(0).engine_answers();
    assert!(tokio::time::timeout(Duration::from_millis(300), answers).await.is_err());
    hang.store(false, Ordering::Relaxed);
    cluster.node(0).engine_answers().await;
    until("it goes on", || cluster.ledgers[0].has_committed(1)).await;
}
