//! Rounds from the tenth on, in which every validator sends on the block it locked.
//!
//! All at height 1, where round `r` is the turn of node `r mod 4`. Nobody proposes before round [`HONEST`].

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sanad_consensus_lite::Timeouts;
use sanad_consensus_lite::testing::Lie;
use sanad_core::block::BlockId;
use sanad_core::hash::BlockHash;
use sanad_core::ids::Height;

use crate::cluster::{Cluster, network_key, until};

const ALL: [usize; 4] = [0, 1, 2, 3];
/// The first round in which correct validators propose, and from which they send on what they locked.
const HONEST: u32 = 10;
/// Rounds ahead of the current one of which parts are accepted.
const AHEAD: u32 = 10;

/// A network whose node 1 never proposes, and in which nodes send what `lies` says when a round begins.
fn cluster(lies: impl Fn(usize, u32) -> Vec<Lie> + Send + Sync + 'static) -> Cluster {
    let mut cluster = Cluster::new(4, 0);
    let vote = Duration::from_millis(50);
    cluster.timeouts = Timeouts { propose: Duration::from_millis(200), prevote: vote, precommit: vote };
    let lies = Arc::new(lies);
    for node in ALL {
        let lies = lies.clone();
        let told = move |height, round| match height {
            Height(1) if node == 1 || round < HONEST => {
                [Lie::Silence].into_iter().chain(lies(node, round)).collect()
            }
            Height(1) => lies(node, round),
            _ => Vec::new(),
        };
        cluster.testing[node].lies = Some(Arc::new(told));
    }
    cluster
}

/// Two payloads that are no blocks, each as if found valid in the first round and proposed again in this one.
fn junk(round: u32) -> impl Iterator<Item = Lie> {
    [1, 2].into_iter().map(move |number| {
        let payload = Bytes::from(format!("junk {number} of round {round}"));
        let block = BlockId { hash: BlockHash(*blake3::hash(&payload).as_bytes()), round: 0 };
        Lie::Parts { round, valid_round: Some(0), block, payload }
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn junk_takes_no_place_of_a_proposer() {
    // As far ahead as is accepted, so that it is there before anything else of its round.
    let mut cluster = cluster(|node, round| match node {
        1 => junk(round.max(1)).chain(junk(round + AHEAD)).collect(),
        _ => Vec::new(),
    });
    cluster.start_all().await;
    cluster.submit(1);
    until("the chain goes on", || cluster.ledgers.iter().all(|ledger| ledger.has_committed(1))).await;
    assert_eq!(cluster.ledgers[0].state().blocks[0].round, HONEST);
    cluster.assert_agreement();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_payload_comes_from_those_who_locked_it() {
    let mut cluster = cluster(|_, _| Vec::new());
    // What node 2 publishes in its turn does not reach node 0.
    let proposer = network_key(2).public();
    let lost = move |round, _, publisher| round == HONEST && publisher == proposer;
    cluster.testing[0].losses = Some(Arc::new(lost));
    cluster.start_all().await;
    until("height 1 is decided", || cluster.ledgers.iter().all(|ledger| ledger.height() > 0)).await;
    assert_eq!(cluster.ledgers[0].state().blocks[0].round, HONEST);
    let counters = cluster.node(0).status().await.counters;
    assert_eq!((counters.synced, counters.decided), (0, 1), "{counters:?}");
    cluster.assert_agreement();
}

/// The proposer fills its places on one node with two other blocks, and keeps the third from it, which the others lock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_block_finds_room() {
    let others = [1u8, 2].map(|byte| BlockId { hash: BlockHash([byte; 32]), round: HONEST });
    let mut cluster = cluster(move |node, round| {
        let payload = Bytes::from_static(b"not a block");
        let parts = |block| Lie::Parts { round, valid_round: None, block, payload: payload.clone() };
        if node == 2 && round == HONEST { others.map(parts).to_vec() } else { Vec::new() }
    });
    for node in [0, 1, 3] {
        let proposer = network_key(2).public();
        let lost = move |_, block, publisher| publisher == proposer && others.contains(&block) != (node == 0);
        cluster.testing[node].losses = Some(Arc::new(lost));
    }
    cluster.start_all().await;
    until("height 1 is decided", || cluster.ledgers.iter().all(|ledger| ledger.height() > 0)).await;
    assert_eq!(cluster.ledgers[0].state().blocks[0].round, HONEST);
    let counters = cluster.node(0).status().await.counters;
    assert_eq!((counters.invalid, counters.synced), (2, 0), "{counters:?}");
    cluster.assert_agreement();
}
