//! Nodes that were away, and nodes that only follow.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use sanad_consensus_lite::testing::Point;
use sanad_consensus_lite::{Durable, Role};

use crate::cluster::{Cluster, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_four_away() {
    let mut cluster = Cluster::started(4, 0).await;
    cluster.decide(0, &[0, 1, 2, 3]).await;
    cluster.stop(3).await;
    // Four heights and more: the turn of the one that is away comes, too.
    for work in 1..=6 {
        cluster.decide(work, &[0, 1, 2]).await;
    }
    cluster.start(3).await;
    until("it catches up", || cluster.ledgers[3].has_committed(6)).await;
    for work in 7..=10 {
        cluster.decide(work, &[0, 1, 2, 3]).await;
    }
    assert!(cluster.node(3).status().await.counters.synced > 0);
    cluster.assert_agreement();
}

/// Its disk is slower than the chain. It would fall behind by some 100 ms with each block, if it waited for the disk with each.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_with_a_slow_disk_keeps_up() {
    const BLOCKS: u64 = 400;
    let mut cluster = Cluster::new(4, 0);
    // A power cut must not take away a block above which the key has signed.
    let (ledger, early) = (cluster.ledgers[3].clone(), Arc::new(Mutex::new(Vec::new())));
    let signed_early = early.clone();
    cluster.testing[3].crash = Some(Arc::new(move |point| {
        if let Point::Signed(position) = point
            && position.height.0 > ledger.state().durable as u64 + 1
        {
            signed_early.lock().unwrap().push(position);
        }
        false
    }));
    cluster.start_all().await;
    cluster.decide(0, &[0, 1, 2, 3]).await;
    cluster.ledgers[3].state().sync = Duration::from_millis(100);
    for work in 1..=BLOCKS {
        cluster.decide(work, &[0, 1, 2]).await;
    }
    until("it catches up", || cluster.ledgers[3].has_committed(BLOCKS)).await;
    cluster.ledgers[3].state().sync = Duration::ZERO;
    for work in BLOCKS + 1..BLOCKS + 9 {
        cluster.decide(work, &[0, 1, 2, 3]).await;
    }
    let blocks = cluster.ledgers[3].state().blocks.clone();
    let soon = blocks.iter().filter(|block| block.durable == Durable::Soon).count();
    assert!(soon as u64 > BLOCKS / 2, "{soon} of {} blocks did not wait", blocks.len());
    assert_eq!(*early.lock().unwrap(), []);
    // It does wait where it votes.
    assert_eq!(blocks.last().unwrap().durable, Durable::Now);
    let others = cluster.ledgers[0].state().blocks.iter().all(|block| block.durable == Durable::Now);
    assert!(others);
    cluster.assert_agreement();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_away() {
    let mut cluster = Cluster::started(4, 0).await;
    for work in 0..4 {
        cluster.decide(work, &[0, 1, 2, 3]).await;
        let heights: Vec<_> = cluster.ledgers.iter().map(|ledger| ledger.height()).collect();
        // In the middle of whatever they are doing.
        cluster.submit(100 + work);
        for node in 0..4 {
            cluster.stop(node).await;
        }
        cluster.start_all().await;
        until("they go on", || {
            cluster.ledgers.iter().zip(&heights).all(|(ledger, height)| ledger.height() > *height)
        })
        .await;
    }
    cluster.assert_agreement();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_of_four_away_and_back() {
    let mut cluster = Cluster::started(4, 0).await;
    cluster.decide(0, &[0, 1, 2, 3]).await;
    cluster.stop(1).await;
    cluster.stop(2).await;
    cluster.submit(1);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(!cluster.ledgers[0].has_committed(1), "two of four are no quorum");
    cluster.start(1).await;
    until("a quorum is back", || [0, 1, 3].iter().all(|i| cluster.ledgers[*i].has_committed(1))).await;
    cluster.start(2).await;
    cluster.decide(2, &[0, 1, 2, 3]).await;
    cluster.assert_agreement();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn followers_follow() {
    let mut cluster = Cluster::new(4, 1);
    for node in 0..4 {
        cluster.start(node).await;
    }
    for work in 0..40 {
        cluster.decide(work, &[0, 1, 2, 3]).await;
    }
    cluster.start(4).await;
    until("a late follower catches up", || cluster.ledgers[4].has_committed(39)).await;
    for work in 40..50 {
        cluster.decide(work, &[0, 1, 2, 3, 4]).await;
    }
    let status = cluster.node(4).status().await;
    assert_eq!(status.role, Role::Follower);
    assert!(status.counters.synced >= 30, "{:?}", status.counters);
    assert!(status.counters.synced < status.counters.decided, "{:?}", status.counters);
    cluster.assert_agreement();
}
