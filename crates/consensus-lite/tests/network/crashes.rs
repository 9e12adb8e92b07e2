//! Stops at the worst moments of the rule of time: after a restart a validator must give the same votes.
//!
//! One of four is down, so that nothing is decided without the one that crashes. If it voted differently, its
//! guard would keep it from voting for the height; if it derived other votes than its log holds, it would stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sanad_consensus_lite::testing::Point;
use sanad_consensus_lite::{Receipt, Role, Step, Timeouts};

use crate::cluster::{Cluster, until};

const HOUR_MS: i64 = 3_600_000;
/// The node that crashes.
const VICTIM: usize = 3;

/// Crashes the victim at the first point that `at` accepts, with a clock that is wrong by `before_ms`, and starts
/// it again with one that is wrong by `after_ms`. Returns how the undecided blocks had come to it.
async fn crash(before_ms: i64, after_ms: i64, at: fn(Point) -> bool) -> Vec<Receipt> {
    let mut cluster = Cluster::new(4, 0);
    let vote = Duration::from_millis(150);
    cluster.timeouts = Timeouts { propose: Duration::from_millis(600), prevote: vote, precommit: vote };
    let armed = Arc::new(AtomicBool::new(false));
    let (trigger, crash) = (armed.clone(), move |point| at(point) && armed.swap(false, Ordering::SeqCst));
    cluster.testing[VICTIM].crash = Some(Arc::new(crash));
    cluster.start_all().await;
    cluster.decide(0, &[0, 1, 2, 3]).await;
    cluster.idle(&[0, 1, 2, 3]).await;
    cluster.stop(2).await;

    cluster.clocks[VICTIM].set_offset_ms(before_ms);
    trigger.store(true, Ordering::SeqCst);
    cluster.submit(1);
    cluster.stopped(VICTIM).await;
    let height = cluster.ledgers[VICTIM].height();
    let receipts =
        cluster.ledgers[VICTIM].undecided_blocks().into_iter().map(|(_, receipt)| receipt).collect();
    cluster.clocks[VICTIM].set_offset_ms(after_ms);
    cluster.nodes[VICTIM] = None;
    cluster.start(VICTIM).await;
    assert_eq!(cluster.node(VICTIM).status().await.role, Role::Validator { place: VICTIM as u16 });
    // Only its own votes decide the height at which it crashed.
    until("they get over the height", || {
        [0, VICTIM].iter().all(|node| cluster.ledgers[*node].height() > height)
    })
    .await;
    let signers = |block: usize| {
        let state = cluster.ledgers[0].state();
        let signatures = state.blocks[block].decided.certificate.signatures.clone();
        signatures.into_iter().map(|signed| signed.validator).collect::<Vec<_>>()
    };
    assert_eq!(signers(height), [0, 1, VICTIM as u16]);
    cluster.clocks[VICTIM].set_offset_ms(0);
    cluster.decide(2, &[0, 1, VICTIM]).await;
    cluster.assert_agreement();
    receipts
}

fn signed_prevote(point: Point) -> bool {
    matches!(point, Point::Signed(position) if position.step == Step::Prevote)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn between_guard_and_log_after_an_untimely_block() {
    // With the right clock the block would be timely; it stays untimely, so the vote is for nil again.
    let receipts = crash(-HOUR_MS, 0, signed_prevote).await;
    assert!(
        receipts.iter().all(|receipt| matches!(receipt, Receipt::Untimely | Receipt::Own)),
        "{receipts:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn between_guard_and_log_after_a_timely_block() {
    // With the wrong clock the block would be untimely; it stays timely, so the vote is for it again.
    let receipts = crash(0, HOUR_MS, signed_prevote).await;
    assert!(receipts.iter().all(|receipt| matches!(receipt, Receipt::Timely | Receipt::Own)), "{receipts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn between_invalid_and_valid() {
    let untimely = |point| matches!(point, Point::Prevoted(..));
    crash(-HOUR_MS, 0, untimely).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_untimely_block_is_kept() {
    let kept = |point| matches!(point, Point::Kept(_, Receipt::Untimely));
    assert!(crash(HOUR_MS, 0, kept).await.contains(&Receipt::Untimely));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_timely_block_is_kept() {
    let kept = |point| matches!(point, Point::Kept(_, Receipt::Timely));
    assert!(crash(0, HOUR_MS, kept).await.contains(&Receipt::Timely));
}
