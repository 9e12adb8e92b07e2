//! A proposer that is down, or whose blocks get no votes, costs its full turn once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sanad_consensus_lite::Timeouts;
use sanad_consensus_lite::testing::Lie;

use crate::cluster::{Cluster, PATIENCE};

/// A turn with full waits takes a twelfth of the patience at least.
fn slow() -> Timeouts {
    Timeouts { propose: PATIENCE / 12, prevote: PATIENCE / 12, precommit: PATIENCE / 12 }
}

async fn turns(cluster: &Cluster, first: u64, nodes: &[usize]) {
    let blocks = 4 * TURNS;
    let begun = Instant::now();
    for work in first..first + blocks {
        cluster.decide(work, nodes).await;
    }
    let taken = begun.elapsed();
    assert!(taken < PATIENCE, "{blocks} blocks, {TURNS} of them after a turn without one, took {taken:?}");
}

/// Too many for the patience, if each took its full time.
const TURNS: u64 = 14;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proposer_that_is_down_is_waited_for_once() {
    let mut cluster = Cluster::new(4, 0);
    cluster.timeouts = slow();
    cluster.start_all().await;
    for work in 0..8 {
        cluster.decide(work, &[0, 1, 2, 3]).await;
    }
    cluster.stop(3).await;
    turns(&cluster, 100, &[0, 1, 2]).await;
    // Back, it proposes in its turn again.
    cluster.start(3).await;
    turns(&cluster, 200, &[0, 1, 2, 3]).await;
    let last = cluster.ledgers[0].state().blocks.len();
    assert!(
        cluster.ledgers[0].state().blocks[last - 4..]
            .iter()
            .all(|block| block.decided.certificate.round == 0)
    );
    cluster.assert_agreement();
}

/// Its blocks, dated by the clocks of the others, get their votes.
async fn keeps_its_turns_with_a_clock_off_by(offset_ms: i64) {
    let mut cluster = Cluster::new(4, 0);
    cluster.timeouts = slow();
    cluster.start_all().await;
    for work in 0..8 {
        cluster.decide(work, &[0, 1, 2, 3]).await;
    }
    cluster.clocks[2].set_offset_ms(offset_ms);
    turns(&cluster, 100, &[0, 1, 3]).await;
    let state = cluster.ledgers[0].state();
    let last = &state.blocks[state.blocks.len() - 4 * TURNS as usize + 4..];
    assert!(last.iter().all(|block| block.decided.certificate.round == 0));
    drop(state);
    cluster.assert_agreement();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proposer_whose_clock_is_ahead_keeps_its_turns() {
    keeps_its_turns_with_a_clock_off_by(3_600_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proposer_whose_clock_is_behind_keeps_its_turns() {
    keeps_its_turns_with_a_clock_off_by(-3_600_000).await;
}

/// It comes back while its turns are cut short, and takes longer for a block than the others for all of a height.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_proposer_that_was_down_gets_a_full_turn_again() {
    let mut cluster = Cluster::new(4, 0);
    cluster.timeouts = slow();
    cluster.start_all().await;
    for work in 0..8 {
        cluster.decide(work, &[0, 1, 2, 3]).await;
    }
    cluster.stop(3).await;
    for work in 100..116 {
        cluster.decide(work, &[0, 1, 2]).await;
    }
    let turn = |height: usize| height.is_multiple_of(4);
    cluster.testing[3].lies = Some(Arc::new(move |height, round| match (turn(height.0 as usize), round) {
        (true, 0) => vec![Lie::Delay(Duration::from_millis(500))],
        _ => Vec::new(),
    }));
    cluster.start(3).await;
    // Its blocks come when their heights are long decided; the first that comes in time gives it its next turn.
    let (from, mut work) = (cluster.ledgers[0].height(), 200);
    let had_its_turn = |cluster: &Cluster| {
        let ledger = cluster.ledgers[0].state();
        ledger.blocks.iter().any(|block| {
            let certificate = &block.decided.certificate;
            let height = certificate.height.0 as usize;
            height > from && turn(height) && certificate.round == 0
        })
    };
    let begun = Instant::now();
    while !had_its_turn(&cluster) {
        assert!(begun.elapsed() < PATIENCE, "no block of it was decided in its turn");
        cluster.decide(work, &[0, 1, 2, 3]).await;
        work += 1;
    }
    cluster.assert_agreement();
}
