//! When blocks are made.

use std::time::{Duration, Instant};

use sanad_consensus_lite::{Phase, Role, proposer};
use sanad_core::ids::Height;

use crate::cluster::{Cluster, until};
use crate::ledger::Ledger;

const ALL: [usize; 4] = [0, 1, 2, 3];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_makes_blocks_and_idleness_does_not() {
    let cluster = Cluster::started(4, 0).await;
    cluster.decide(0, &ALL).await;
    cluster.idle(&ALL).await;
    let before = cluster.ledgers[0].height();
    let mut latencies = Vec::new();
    for work in 1..=30 {
        let begun = Instant::now();
        cluster.decide(work, &ALL).await;
        latencies.push(begun.elapsed());
        cluster.idle(&ALL).await;
    }
    latencies.sort();
    println!(
        "submitted to committed by all four: median {:?}, slowest {:?}",
        latencies[latencies.len() / 2],
        latencies.last().unwrap()
    );
    assert!(latencies[latencies.len() / 2] < Duration::from_millis(500), "{latencies:?}");
    for ledger in &cluster.ledgers {
        assert_eq!(ledger.height(), before + 30);
    }
    cluster.assert_agreement();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_of_one_node_is_enough() {
    let cluster = Cluster::started(4, 0).await;
    until("all have begun", || cluster.ledgers.iter().all(|ledger| ledger.height() > 0)).await;
    cluster.idle(&ALL).await;
    // Only one node knows of it; it is decided when that node's turn has come, without a heartbeat.
    let before = cluster.ledgers[0].height();
    cluster.ledgers[2].submit(1);
    cluster.node(2).wake();
    until("it is committed", || cluster.ledgers.iter().all(|ledger| ledger.has_committed(1))).await;
    assert!(cluster.ledgers[0].height() <= before + 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_blocks() {
    let cluster = Cluster::started(4, 0).await;
    cluster.ledgers.iter().for_each(|ledger| ledger.state().filling = (1 << 20) - 100);
    for work in 0..6 {
        let begun = Instant::now();
        cluster.decide(work, &ALL).await;
        println!("1 MiB: {:?}", begun.elapsed());
    }
    cluster.assert_agreement();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heartbeats() {
    let mut cluster = Cluster::new(4, 0);
    for ledger in &cluster.ledgers {
        ledger.state().heartbeat = Duration::from_millis(1500);
    }
    cluster.start_all().await;
    until("some heartbeats", || cluster.ledgers.iter().all(|ledger| ledger.height() >= 5)).await;
    let gaps = |ledger: &Ledger| {
        let times: Vec<_> = ledger.state().blocks.iter().map(|block| block.at).collect();
        times.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>()
    };
    for ledger in &cluster.ledgers {
        for gap in &gaps(ledger)[1..] {
            // Nodes commit a little apart, so a gap can be a little shorter than the heartbeat.
            assert!(*gap > Duration::from_millis(1200), "{:?}", gaps(ledger));
        }
        assert!(ledger.state().blocks.iter().all(|block| block.work.is_empty()));
    }
}

/// The ledger changes both while the network runs: nothing is started anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heartbeat_and_block_limit_are_those_of_the_height() {
    let cluster = Cluster::started(4, 1).await;
    let all = [0, 1, 2, 3];
    cluster.decide(0, &all).await;
    cluster.idle(&all).await;
    let filling = |bytes: usize| cluster.ledgers.iter().for_each(|ledger| ledger.state().filling = bytes);
    // More than a block of 1 MiB holds, and more than an answer of a sync has beside others.
    for ledger in &cluster.ledgers {
        ledger.state().block_bytes_max = 5 << 20;
    }
    cluster.decide(1, &all).await;
    filling(4_500_000);
    cluster.decide(2, &all).await;
    let longest = |ledger: &Ledger| {
        ledger.state().blocks.iter().map(|block| block.decided.payload.len()).max().unwrap_or_default()
    };
    assert!(longest(&cluster.ledgers[0]) > 4_500_000);
    until("the follower has it", || longest(&cluster.ledgers[4]) > 4_500_000).await;
    filling(0);
    cluster.decide(3, &all).await;
    cluster.idle(&all).await;
    // The wait under way is as long as it was; those after it are short.
    for ledger in &cluster.ledgers {
        ledger.state().heartbeat = Duration::from_millis(300);
    }
    cluster.decide(4, &all).await;
    let height = cluster.ledgers[0].height();
    until("heartbeats", || cluster.ledgers.iter().all(|ledger| ledger.height() > height + 5)).await;
    cluster.assert_agreement();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_and_turns() {
    let cluster = Cluster::started(4, 0).await;
    for work in 0..5 {
        cluster.decide(work, &ALL).await;
    }
    for block in &cluster.ledgers[1].state().blocks {
        let decided = &block.decided;
        // The ledger of the tests has verified it; here it counts that it is made of places, in order.
        assert!(decided.certificate.signatures.is_sorted_by_key(|signed| signed.validator));
    }
    let status = cluster.node(0).status().await;
    assert_eq!(status.role, Role::Validator { place: 0 });
    assert_eq!(status.counters.invalid, 0);
    assert_eq!(status.peers.len(), 3);
    assert!(status.peers.iter().all(|peer| peer.connected));
    let set = cluster.ledgers[0].state().blocks[0].decided.validators.clone();
    assert_eq!(proposer(&set, Height(1), 0).member.as_str(), "m00");
    assert_eq!(proposer(&set, Height(2), 3).member.as_str(), "m00");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alone() {
    let cluster = Cluster::started(1, 0).await;
    for work in 0..20 {
        cluster.decide(work, &[0]).await;
    }
    cluster.phase(0, Phase::Waiting).await;
}
