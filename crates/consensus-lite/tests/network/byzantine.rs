//! A proposer that lies about time.
//!
//! All at height 1, where every time is after that of the block before. Round `r` is the turn of node `r mod 4`;
//! node 1 lies, and the others propose nothing before round [`HONEST`].

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sanad_consensus_lite::testing::Lie;
use sanad_consensus_lite::{Clock, Timeouts};
use sanad_core::block::BlockId;
use sanad_core::ids::Height;

use crate::cluster::{Cluster, until};
use crate::ledger::{Content, block_id};

const ALL: [usize; 4] = [0, 1, 2, 3];
/// The first round in which a correct validator proposes.
const HONEST: u32 = 6;
const HOUR_MS: i64 = 3_600_000;

/// A block with work 1, first proposed in round 1.
fn block(cluster: &Cluster, offset_ms: i64) -> (BlockId, Bytes) {
    let time_ms = Clock::system().now_ms().saturating_add_signed(offset_ms);
    let content = Content { previous: cluster.chain_id.0, round: 1, time_ms, lie: false, work: vec![1] };
    let payload = content.encode(0);
    (block_id(&payload), payload)
}

fn parts(round: u32, valid_round: Option<u32>, block: BlockId, payload: &Bytes) -> Lie {
    Lie::Parts { round, valid_round, block, payload: payload.clone() }
}

fn proposal(round: u32, block: BlockId) -> Lie {
    Lie::Proposal { round, valid_round: None, block }
}

/// Runs a network in which node 1 tells these lies in these rounds, until it decides height 1.
async fn decided(cluster: Cluster, lies: Vec<(u32, Lie)>) -> (Cluster, BlockId) {
    decided_among(cluster, [vec![], lies, vec![], vec![]]).await
}

/// The same with the lies of each node.
async fn decided_among(mut cluster: Cluster, lies: [Vec<(u32, Lie)>; 4]) -> (Cluster, BlockId) {
    let vote = Duration::from_millis(150);
    cluster.timeouts = Timeouts { propose: Duration::from_millis(600), prevote: vote, precommit: vote };
    for node in ALL {
        let lies = lies[node].clone();
        let told = move |height, round| {
            if height != Height(1) || round >= HONEST {
                return Vec::new();
            }
            let now = lies.iter().filter(|(at, _)| *at == round).map(|(_, lie)| lie.clone());
            [Lie::Silence].into_iter().chain(now).collect()
        };
        cluster.testing[node].lies = Some(Arc::new(told));
    }
    cluster.start_all().await;
    cluster.submit(2);
    until("height 1 is decided", || cluster.ledgers.iter().all(|ledger| ledger.height() > 0)).await;
    let block = cluster.ledgers[0].state().blocks[0].decided.block;
    cluster.assert_agreement();
    (cluster, block)
}

async fn untimely(cluster: &Cluster, node: usize) -> u64 {
    cluster.node(node).status().await.counters.untimely
}

/// That lies are told at all: a timely block gets decided that way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_true_time_is_accepted() {
    let cluster = Cluster::new(4, 0);
    // Dated a little ahead, within P when round 1 comes.
    let (block, payload) = block(&cluster, 1_500);
    let early = parts(5, Some(1), block, &payload);
    let lies = vec![(0, early), (1, parts(1, None, block, &payload)), (1, proposal(1, block))];
    let (_, decided) = decided(cluster, lies).await;
    assert_eq!(decided, block);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn back_dated_and_forward_dated_proposals_get_no_votes() {
    for offset_ms in [-HOUR_MS, HOUR_MS] {
        let cluster = Cluster::new(4, 0);
        let (block, payload) = block(&cluster, offset_ms);
        let lies = vec![(1, parts(1, None, block, &payload)), (1, proposal(1, block))];
        let (cluster, decided) = decided(cluster, lies).await;
        assert_eq!(decided.round, HONEST);
        for node in [0, 2, 3] {
            assert_eq!(untimely(&cluster, node).await, 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_that_claim_a_valid_round_prove_nothing() {
    let cluster = Cluster::new(4, 0);
    let (block, payload) = block(&cluster, -HOUR_MS);
    let claim = |at| (at, parts(5, Some(1), block, &payload));
    let fresh = (1, parts(1, None, block, &payload));
    let proposal = (1, proposal(1, block));
    // Before the proposal; after it; both, with the first proposal between them.
    for lies in [
        vec![claim(0), proposal.clone()],
        vec![proposal.clone(), claim(1)],
        vec![claim(0), proposal.clone(), fresh.clone(), claim(1)],
        vec![claim(0), fresh, claim(1), proposal],
    ] {
        let (_, decided) = decided(Cluster::new(4, 0), lies).await;
        assert_eq!(decided.round, HONEST);
    }
}

/// The proposer of the next round sends other bytes under the name of a block before the block itself comes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_makes_the_block_of_another_invalid() {
    let cluster = Cluster::new(4, 0);
    let (block, payload) = block(&cluster, 1_500);
    let honest = vec![(1, proposal(1, block)), (1, parts(1, None, block, &payload))];
    let liar = vec![(0, parts(2, Some(1), block, &Bytes::from_static(b"junk")))];
    let (cluster, decided) = decided_among(cluster, [vec![], honest, liar, vec![]]).await;
    assert_eq!(decided, block);
    assert_eq!(cluster.ledgers[0].state().blocks[0].decided.certificate.round, 1);
}

/// The engine logs each value that it is given.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_of_a_block_do_not_fill_the_log() {
    let cluster = Cluster::new(4, 0);
    let (block, payload) = block(&cluster, 1_500);
    let lies = vec![(1, parts(1, None, block, &payload)); 500];
    let (cluster, decided) = decided(cluster, lies).await;
    assert_eq!(decided.round, HONEST);
    // Of votes and values in seven rounds; it begins anew with the next height, which there is no reason for.
    let log = std::fs::read(cluster.node_directory(0).join("consensus.log")).unwrap();
    let used = log.iter().rposition(|byte| *byte != 0).unwrap();
    assert!((1_000..30_000).contains(&used), "{used} bytes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_untimely_block_is_not_fresh_a_second_time() {
    let cluster = Cluster::new(4, 0);
    let (block, payload) = block(&cluster, -HOUR_MS);
    let renamed = BlockId { round: 5, ..block };
    let lies = vec![
        (1, parts(1, None, block, &payload)),
        (1, proposal(1, block)),
        // It is valid for everyone by now. As a first proposal of round 5, under its name and under a new one.
        (5, parts(5, None, block, &payload)),
        (5, proposal(5, block)),
        (5, parts(5, None, renamed, &payload)),
        (5, proposal(5, renamed)),
    ];
    let (cluster, decided) = decided(cluster, lies).await;
    assert_eq!(decided.round, HONEST);
    for node in [0, 2, 3] {
        let counters = cluster.node(node).status().await.counters;
        assert_eq!((counters.untimely, counters.invalid), (1, 1), "{counters:?}");
        assert!(counters.dropped >= 1, "{counters:?}");
    }
}

/// Starts a network whose first proposer sends its payload some time after it made it. Returns the round that
/// decided, and how many nodes found the block untimely.
async fn slow_payload(delay: Duration) -> (u32, u64) {
    let mut cluster = Cluster::new(4, 0);
    cluster.timeouts.propose = Duration::from_secs(15);
    let chain_id = cluster.chain_id;
    let told = move |height, round| {
        if (height, round) != (Height(1), 0) {
            return Vec::new();
        }
        let time_ms = Clock::system().now_ms();
        let payload = Content { previous: chain_id.0, round, time_ms, lie: false, work: vec![1] }.encode(0);
        let block = block_id(&payload);
        vec![Lie::Silence, proposal(0, block), Lie::Delay(delay), parts(0, None, block, &payload)]
    };
    cluster.testing[0].lies = Some(Arc::new(told));
    cluster.start_all().await;
    until("height 1 is decided", || [1, 2, 3].iter().all(|node| cluster.ledgers[*node].height() > 0)).await;
    let round = cluster.ledgers[1].state().blocks[0].round;
    let mut found = 0;
    for node in [1, 2, 3] {
        found += untimely(&cluster, node).await;
    }
    (round, found)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payload_slower_than_six_seconds() {
    assert_eq!(slow_payload(Duration::from_millis(3_000)).await, (0, 0));
    assert_eq!(slow_payload(Duration::from_millis(6_500)).await, (1, 3));
}
