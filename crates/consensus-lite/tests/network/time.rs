//! The rule of time, with clocks that are wrong.

use std::time::Duration;

use sanad_consensus_lite::{Clock, Receipt, Timeouts};
use sanad_core::timeliness::{TIME_PRECISION_MS, existed_by_ms};

use crate::cluster::{Cluster, until};

const ALL: [usize; 4] = [0, 1, 2, 3];
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// Rounds that pass quickly: what is tested here is which of them decide, not how long they take.
fn short() -> Timeouts {
    let vote = Duration::from_millis(100);
    Timeouts { propose: Duration::from_millis(400), prevote: vote, precommit: vote }
}

async fn started(offsets: [i64; 4]) -> Cluster {
    let mut cluster = Cluster::new(4, 0);
    cluster.timeouts = short();
    for (clock, offset) in cluster.clocks.iter().zip(offsets) {
        clock.set_offset_ms(offset);
    }
    cluster.start_all().await;
    cluster
}

/// Asserts that each block decided after the first `from` was proposed between two true times, and says so within
/// the bound: `T - P` is in the past, and it existed by `T + P + D(round)`.
fn assert_true_times(cluster: &Cluster, from: usize, begun_ms: u64) {
    let now_ms = Clock::system().now_ms();
    for block in &cluster.ledgers[0].state().blocks[from..] {
        let (time_ms, round) = (block.time_ms, block.round);
        assert!(time_ms <= now_ms + TIME_PRECISION_MS, "{time_ms} is ahead of {now_ms}");
        assert!(existed_by_ms(time_ms, round) >= begun_ms, "{time_ms} in round {round}, begun at {begun_ms}");
    }
}

async fn one_wrong_clock(offset_ms: i64) {
    let begun_ms = Clock::system().now_ms();
    let cluster = started([0, 0, 0, offset_ms]).await;
    for work in 0..6 {
        cluster.decide(work, &ALL).await;
    }
    assert_true_times(&cluster, 0, begun_ms);
    let blocks = cluster.ledgers[0].state().blocks.clone();
    assert!(blocks.iter().all(|block| block.round < 4), "more rounds than one bad proposer costs");
    // The wrong one knows that something is wrong.
    assert!(cluster.node(3).status().await.counters.untimely > 0);
    assert!(cluster.node(0).status().await.counters.invalid == 0);
    cluster.assert_agreement();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_clock_a_minute_ahead() {
    one_wrong_clock(MINUTE_MS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_clock_a_minute_behind() {
    one_wrong_clock(-MINUTE_MS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_clock_an_hour_ahead() {
    one_wrong_clock(HOUR_MS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_clock_an_hour_behind() {
    one_wrong_clock(-HOUR_MS).await;
}

/// The network of the tests has four validators: two wrong clocks are f + 1.
async fn two_wrong_clocks(offset_ms: i64, rounds: std::ops::Range<u32>) {
    let begun_ms = Clock::system().now_ms();
    let mut cluster = Cluster::new(4, 0);
    let vote = Duration::from_millis(40);
    cluster.timeouts = Timeouts { propose: Duration::from_millis(200), prevote: vote, precommit: vote };
    for node in [2, 3] {
        cluster.clocks[node].set_offset_ms(offset_ms);
    }
    cluster.start_all().await;
    cluster.decide(0, &ALL).await;
    let block = cluster.ledgers[0].state().blocks[0].clone();
    assert!(rounds.contains(&block.round), "first proposed in round {}", block.round);
    // A proposal of a clock that is behind is accepted as late by the others, and the bound says so.
    assert_true_times(&cluster, 0, begun_ms);
    cluster.assert_agreement();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_clocks_a_minute_ahead_slow_the_chain() {
    // A block of a correct clock is a minute late for them: D is longer than that from round 8 on.
    two_wrong_clocks(MINUTE_MS, 8..12).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_clocks_a_minute_behind_slow_the_chain() {
    two_wrong_clocks(-MINUTE_MS, 8..12).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_clocks_an_hour_ahead_do_not_stop_the_chain() {
    two_wrong_clocks(HOUR_MS, 14..18).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps() {
    let begun_ms = Clock::system().now_ms();
    let cluster = started([0; 4]).await;
    for (work, offset) in [0, HOUR_MS, -MINUTE_MS, MINUTE_MS, -HOUR_MS, 0].into_iter().enumerate() {
        cluster.clocks[work % 4].set_offset_ms(offset);
        cluster.decide(work as u64, &ALL).await;
        cluster.clocks[work % 4].set_offset_ms(0);
    }
    assert_true_times(&cluster, 0, begun_ms);
    // Mended clocks vote again: the others alone are no quorum.
    cluster.decide(100, &ALL).await;
    cluster.assert_agreement();
}

/// All clocks together were ahead and are set right: the chain waits until its last block is not in the future.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proposals_wait_for_the_clock() {
    let cluster = started([0; 4]).await;
    cluster.decide(0, &ALL).await;
    cluster.idle(&ALL).await;
    cluster.clocks.iter().for_each(|clock| clock.set_offset_ms(4_000));
    cluster.decide(1, &ALL).await;
    cluster.idle(&ALL).await;
    cluster.clocks.iter().for_each(|clock| clock.set_offset_ms(0));
    let head = cluster.ledgers[0].state().blocks.last().unwrap().time_ms;
    cluster.decide(2, &ALL).await;
    let now_ms = Clock::system().now_ms();
    assert!(now_ms + TIME_PRECISION_MS > head, "decided at {now_ms}, after a block of {head}");
    let times: Vec<_> = cluster.ledgers[0].state().blocks.iter().map(|block| block.time_ms).collect();
    assert!(times.is_sorted_by(|a, b| a < b), "{times:?}");
    cluster.assert_agreement();
}

/// All clocks were ahead, and are set right one after the other: in between, those that are right date their proposals by
/// the wrong ones. Once all are right they find their way without them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clocks_that_are_set_right_one_after_the_other() {
    let cluster = started([8_000; 4]).await;
    let mut work = 0..;
    for node in ALL {
        for work in work.by_ref().take(4) {
            cluster.decide(work, &[3]).await;
        }
        cluster.clocks[node].set_offset_ms(0);
    }
    let right = cluster.ledgers[0].state().blocks.len();
    for work in work.take(8) {
        cluster.decide(work, &ALL).await;
    }
    let now_ms = Clock::system().now_ms();
    let last = cluster.ledgers[0].state().blocks[right + 4..].last().unwrap().time_ms;
    assert!(last <= now_ms + TIME_PRECISION_MS, "{last} is ahead of {now_ms}");
    cluster.assert_agreement();
}

/// A block that is untimely for one node is kept by it, and decided by the others' votes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn untimely_blocks_are_kept_and_may_be_decided() {
    let cluster = started([0; 4]).await;
    cluster.decide(0, &ALL).await;
    cluster.idle(&ALL).await;
    cluster.clocks[3].set_offset_ms(HOUR_MS);
    for work in 1..4 {
        cluster.decide(work, &ALL).await;
    }
    // It did not catch up by sync: it decided by the certificate of the others' votes and the block it kept.
    let status = cluster.node(3).status().await;
    assert!(status.counters.untimely > 0, "{:?}", status.counters);
    assert!(status.counters.decided > status.counters.synced, "{:?}", status.counters);
    cluster.assert_agreement();
}

/// Stopped at any moment while blocks are untimely, a node derives the same votes from its log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restarts_while_clocks_are_wrong() {
    let mut cluster = started([0, 0, HOUR_MS, HOUR_MS]).await;
    cluster.submit(0);
    for node in [0, 2, 3, 1, 2] {
        cluster.round(node, 1).await;
        until("it has seen a block", || !cluster.ledgers[node].undecided_blocks().is_empty()).await;
        cluster.stop(node).await;
        cluster.start(node).await;
    }
    let receipts: Vec<_> = cluster.ledgers[2].undecided_blocks();
    assert!(receipts.iter().any(|(_, receipt)| *receipt == Receipt::Untimely), "{receipts:?}");
    cluster.clocks.iter().for_each(|clock| clock.set_offset_ms(0));
    cluster.decide(1, &ALL).await;
    cluster.assert_agreement();
}
