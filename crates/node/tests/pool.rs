//! The batch pool: what it takes, in which order it gives, what it drops.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use sanad_core::batch::{Batch, BatchChain, NO_BATCH, SignedBatch};
use sanad_core::execution::{BatchError, EventError};
use sanad_core::hash::BatchId;
use sanad_core::ids::Sequence;
use sanad_core::state::State;
use sanad_node::pool::{Admission, Interest, Offered, Pool, PoolError, PoolLimits, PoolRefusal, Source};
use sanad_testkit::{Ledger, commitment, id, issue, issuing_key};

const LIMITS: PoolLimits = PoolLimits {
    bytes_max: 100_000,
    issuer_percent_max: 100,
    batches_per_issuer_max: 4,
    age_max: Duration::from_secs(60),
};

fn state() -> State {
    Ledger::new().state
}

/// The first batches of an issuer, of `events` events each.
fn chain(state: &State, issuer: &str, length: u64, events: u64) -> Vec<Arc<SignedBatch>> {
    let mut previous = NO_BATCH;
    let mut batches = Vec::new();
    for sequence in 0..length {
        let batch = Batch {
            chain_id: state.chain_id(),
            issuer: id(issuer),
            chain: BatchChain::Issuing,
            sequence: Sequence(sequence),
            previous,
            events: (sequence * events..(sequence + 1) * events).map(issue).collect(),
        };
        let signed = batch.sign(&issuing_key(issuer));
        previous = signed.id();
        batches.push(Arc::new(signed));
    }
    batches
}

fn admit(
    pool: &mut Pool,
    state: &State,
    batch: &Arc<SignedBatch>,
    source: Source,
) -> Result<Admission, PoolError> {
    Ok(pool.admit(state, Arc::clone(batch), source, Instant::now())?.admission)
}

/// The state after a block for each of these batches.
fn after(batches: &[&Arc<SignedBatch>]) -> State {
    let mut ledger = Ledger::new();
    for batch in batches {
        ledger.commit(vec![SignedBatch::clone(batch)]);
    }
    ledger.state
}

#[test]
fn submitting_again_is_harmless() {
    let (state, mut pool) = (state(), Pool::new(LIMITS));
    let batches = chain(&state, "v1", 1, 1);
    assert_eq!(admit(&mut pool, &state, &batches[0], Source::Submitted), Ok(Admission::New));
    assert_eq!(admit(&mut pool, &state, &batches[0], Source::Submitted), Ok(Admission::Waiting));
    assert_eq!((pool.len(), pool.bytes()), (1, batches[0].bytes().len()));
}

#[test]
fn what_an_issuer_submits_follows_what_waits() {
    let (state, mut pool) = (state(), Pool::new(LIMITS));
    let batches = chain(&state, "v1", 3, 1);
    let gap = admit(&mut pool, &state, &batches[1], Source::Submitted);
    assert!(matches!(gap, Err(PoolError::Refused(BatchError::SequenceGap { .. }))));
    admit(&mut pool, &state, &batches[0], Source::Submitted).unwrap();
    admit(&mut pool, &state, &batches[1], Source::Submitted).unwrap();
    let mut forked = batches[2].batch().clone();
    forked.previous = BatchId([9; 32]);
    let fork = admit(&mut pool, &state, &Arc::new(forked.sign(&issuing_key("v1"))), Source::Submitted);
    assert!(matches!(fork, Err(PoolError::Refused(BatchError::Fork { .. }))));
    let mut other = batches[1].batch().clone();
    other.events = vec![issue(101)];
    let conflict = admit(&mut pool, &state, &Arc::new(other.sign(&issuing_key("v1"))), Source::Submitted);
    assert!(matches!(conflict, Err(PoolError::Conflict { .. })));
    let mut governing = batches[2].batch().clone();
    governing.chain = BatchChain::Governance;
    for source in [Source::Submitted, Source::Gossiped] {
        let refused = admit(&mut pool, &state, &Arc::new(governing.clone().sign(&issuing_key("v1"))), source);
        assert!(matches!(refused, Err(PoolError::Refused(BatchError::GovernanceSignature { .. }))));
    }
    let forged = Arc::new(batches[2].batch().clone().sign(&issuing_key("v2")));
    let refused = admit(&mut pool, &state, &forged, Source::Submitted);
    assert!(matches!(refused, Err(PoolError::Refused(BatchError::Signature { .. }))));
}

#[test]
fn what_peers_send_may_come_in_any_order() {
    let (state, mut pool) = (state(), Pool::new(LIMITS));
    let batches = chain(&state, "v1", 2, 1);
    admit(&mut pool, &state, &batches[1], Source::Gossiped).unwrap();
    assert!(!pool.has_candidates(&state));
    assert!(pool.candidates(&state, 1 << 20).is_empty());
    admit(&mut pool, &state, &batches[0], Source::Gossiped).unwrap();
    assert!(pool.has_candidates(&state));
    assert_eq!(pool.candidates(&state, 1 << 20), batches);
}

#[test]
fn limits_are_said_in_words() {
    let (state, mut pool) = (state(), Pool::new(LIMITS));
    for (place, batch) in chain(&state, "v1", 5, 1).iter().enumerate() {
        let admitted = admit(&mut pool, &state, batch, Source::Submitted);
        if place < 4 {
            assert_eq!(admitted, Ok(Admission::New));
        } else {
            assert!(matches!(admitted, Err(PoolError::IssuerFull { count: 4, .. })));
        }
    }
    let large = chain(&state, "v2", 1, 4_000);
    let full = admit(&mut pool, &state, &large[0], Source::Submitted);
    assert!(matches!(full, Err(PoolError::Full { bytes_max: 100_000, .. })));
}

#[test]
fn issuers_take_turns_within_the_room() {
    let (state, mut pool) = (state(), Pool::new(LIMITS));
    let (a, b) = (chain(&state, "v1", 4, 10), chain(&state, "v2", 4, 10));
    for batch in a.iter().chain(&b) {
        admit(&mut pool, &state, batch, Source::Submitted).unwrap();
    }
    let one = a[0].bytes().len();
    let issuers = |pool: &mut Pool, room| -> Vec<String> {
        let chosen = pool.candidates(&state, room);
        chosen.iter().map(|batch| batch.batch().issuer.to_string()).collect()
    };
    // A share of less than two batches, and of two.
    for (room, of_each) in [(4 * one, 1), (16 * one, 2)] {
        let issuers = issuers(&mut pool, room);
        let of_first = issuers.iter().filter(|issuer| **issuer == "v1").count();
        assert_eq!((issuers.len(), of_first), (2 * of_each, of_each), "{issuers:?}");
    }
    // Less room than two batches: each is first in turn.
    let first = issuers(&mut pool, one);
    assert_eq!(first.len(), 1);
    assert_ne!(first, issuers(&mut pool, one));
}

#[test]
fn one_issuer_alone_gets_its_share_of_a_block_and_at_least_one_batch() {
    let (state, mut pool) = (state(), Pool::new(LIMITS));
    let batches = chain(&state, "v1", 4, 10);
    for batch in &batches {
        admit(&mut pool, &state, batch, Source::Submitted).unwrap();
    }
    let one = batches[0].bytes().len();
    for (room, expected) in [(one, 1), (8 * one, 1), (24 * one, 3), (100 * one, 4)] {
        assert_eq!(pool.candidates(&state, room), batches[..expected], "{room}");
    }
}

#[test]
fn an_issuer_that_has_no_room_costs_no_check_of_a_signature() {
    let (state, mut pool) = (state(), Pool::new(LIMITS));
    let batches = chain(&state, "v1", 5, 1);
    for batch in &batches[..4] {
        pool.check_room(&state, batch).unwrap();
        admit(&mut pool, &state, batch, Source::Submitted).unwrap();
    }
    // Signed by somebody else: nobody looks.
    let forged = batches[4].batch().clone().sign(&issuing_key("v2"));
    assert!(matches!(pool.check_room(&state, &forged), Err(PoolError::IssuerFull { .. })));
    pool.check_room(&state, &chain(&state, "v2", 1, 1)[0]).unwrap();
    // What a block has overtaken is for the ledger to refuse.
    assert_eq!(pool.check_room(&after(&[&batches[0]]), &batches[0]), Ok(()));
}

#[test]
fn refusal_takes_those_that_follow_along() {
    let (state, mut pool) = (state(), Pool::new(LIMITS));
    let batches = chain(&state, "v1", 3, 1);
    for batch in &batches {
        admit(&mut pool, &state, batch, Source::Submitted).unwrap();
    }
    let error = BatchError::Event {
        position: 0,
        source: EventError::DuplicateCommitment { commitment: commitment(0) },
    };
    assert_eq!(pool.refuse(&batches[1], &error), [batches[1].id(), batches[2].id()]);
    assert_eq!(pool.refusal(&batches[2].id()), Some(&PoolRefusal::Ledger(error)));
    assert_eq!((pool.len(), pool.bytes()), (1, batches[0].bytes().len()));
}

#[test]
fn blocks_settle_what_waits() {
    let (state, mut pool) = (state(), Pool::new(LIMITS));
    let batches = chain(&state, "v1", 3, 1);
    let mut rival = batches[1].batch().clone();
    rival.events = vec![issue(105)];
    let rival = Arc::new(rival.sign(&issuing_key("v1")));
    admit(&mut pool, &state, &batches[0], Source::Submitted).unwrap();
    admit(&mut pool, &state, &batches[1], Source::Submitted).unwrap();
    // The block holds another second batch than the one that waits here.
    let state = after(&[&batches[0], &rival]);
    assert_eq!(pool.settle(&state, &[batches[0].id(), rival.id()]), [batches[1].id()]);
    assert!(pool.is_empty());
    assert_eq!(pool.bytes(), 0);
    assert!(matches!(
        pool.refusal(&batches[1].id()),
        Some(PoolRefusal::Ledger(BatchError::SequenceUsed { .. }))
    ));
    assert_eq!(pool.refusal(&batches[0].id()), None);
}

#[test]
fn old_batches_expire() {
    let (state, mut pool) = (state(), Pool::new(LIMITS));
    let batches = chain(&state, "v1", 1, 1);
    let start = Instant::now();
    pool.admit(&state, Arc::clone(&batches[0]), Source::Submitted, start).unwrap();
    assert!(pool.expire(start + Duration::from_secs(60)).is_empty());
    assert_eq!(pool.expire(start + Duration::from_secs(61)), [batches[0].id()]);
    assert!(pool.is_empty());
    assert!(matches!(pool.refusal(&batches[0].id()), Some(PoolRefusal::Expired(_))));
}

#[test]
fn pipelined_batches_are_checked_when_their_turn_comes() {
    let (state, mut pool) = (state(), Pool::new(LIMITS));
    let batches = chain(&state, "v1", 2, 1);
    admit(&mut pool, &state, &batches[0], Source::Submitted).unwrap();
    admit(&mut pool, &state, &batches[1], Source::Submitted).unwrap();
    assert!(pool.take_unchecked(&state).is_empty());
    let state = after(&[&batches[0]]);
    pool.settle(&state, &[batches[0].id()]);
    assert_eq!(pool.take_unchecked(&state), [Arc::clone(&batches[1])]);
    assert!(pool.take_unchecked(&state).is_empty());
}

/// A pool that holds as many bytes as eight of the batches of these tests.
fn full_pool(batches: &[Arc<SignedBatch>]) -> Pool {
    let bytes_max = batches.iter().map(|batch| batch.bytes().len()).max().unwrap() * 8;
    Pool::new(PoolLimits { bytes_max, batches_per_issuer_max: 64, ..LIMITS })
}

fn take_all(pool: &mut Pool, state: &State, batches: &[Arc<SignedBatch>], source: Source) -> usize {
    batches.iter().filter(|batch| admit(pool, state, batch, source).is_ok()).count()
}

fn waiting(pool: &Pool, batches: &[Arc<SignedBatch>]) -> Vec<usize> {
    (0..batches.len()).filter(|place| pool.batch(&batches[*place].id()).is_some()).collect()
}

#[test]
fn one_issuer_never_denies_others_their_share() {
    let state = state();
    let flood = chain(&state, "v1", 10, 50);
    for source in [Source::Gossiped, Source::Submitted] {
        let mut pool = full_pool(&flood);
        assert_eq!(take_all(&mut pool, &state, &flood, source), 8, "what is free may be used");
        let refused = admit(&mut pool, &state, &flood[9], Source::Gossiped);
        assert!(matches!(refused, Err(PoolError::Full { .. })));
        let others = ["v2", "v3"].map(|issuer| chain(&state, issuer, 4, 50));
        assert_eq!(take_all(&mut pool, &state, &others[0], Source::Submitted), 4);
        assert_eq!(waiting(&pool, &flood), [0, 1, 2, 3], "its last give way");
        // Equal shares of eight, and nobody's share is taken from others that have no more.
        assert_eq!(take_all(&mut pool, &state, &others[1], Source::Submitted), 2);
        assert_eq!(pool.refusal(&flood[4].id()), Some(&PoolRefusal::Displaced));
        let share = |batches| waiting(&pool, batches).len();
        assert!([&flood, &others[0], &others[1]].iter().all(|batches| (2..=3).contains(&share(batches))));
        assert!(pool.bytes() <= flood[0].bytes().len() * 8 + 8 * 64);
        assert_eq!(take_all(&mut pool, &state, &flood[4..], Source::Gossiped), 0);
    }
}

#[test]
fn batches_behind_a_gap_give_way_first() {
    let state = state();
    let (gapped, in_order) = (chain(&state, "v1", 5, 50), chain(&state, "v2", 5, 50));
    let mut pool = full_pool(&gapped);
    assert_eq!(take_all(&mut pool, &state, &gapped[1..5], Source::Gossiped), 4);
    assert_eq!(take_all(&mut pool, &state, &in_order[..4], Source::Gossiped), 4);
    let third = chain(&state, "v3", 3, 50);
    assert_eq!(take_all(&mut pool, &state, &third[..1], Source::Submitted), 1);
    assert_eq!((waiting(&pool, &gapped), waiting(&pool, &in_order).len()), (vec![1, 2, 3], 4));
    // One behind a gap takes nobody's place that is in order.
    assert!(admit(&mut pool, &state, &third[2], Source::Gossiped).is_ok());
    assert_eq!((waiting(&pool, &gapped), waiting(&pool, &in_order).len()), (vec![1, 2], 4));
    // What fills a gap finds room at the cost of what is behind it.
    let mut alone = Pool::new(PoolLimits { batches_per_issuer_max: 4, ..LIMITS });
    assert_eq!(take_all(&mut alone, &state, &gapped[1..5], Source::Gossiped), 4);
    assert!(admit(&mut alone, &state, &gapped[0], Source::Gossiped).is_ok());
    assert_eq!(waiting(&alone, &gapped), [0, 1, 2, 3]);
    assert!(matches!(
        admit(&mut alone, &state, &gapped[4], Source::Gossiped),
        Err(PoolError::IssuerFull { count: 4, .. })
    ));
}

#[test]
fn offers_are_wanted_as_they_would_be_taken() {
    let state = state();
    let flood = chain(&state, "v1", 10, 50);
    let mut pool = full_pool(&flood);
    take_all(&mut pool, &state, &flood, Source::Gossiped);
    let offer = |batch: &Arc<SignedBatch>| Offered {
        id: batch.id(),
        issuer: batch.batch().issuer.clone(),
        bytes: batch.bytes().len(),
    };
    let other = chain(&state, "v2", 10, 50);
    let offered: Vec<_> = flood[7..9].iter().chain(&other).map(offer).collect();
    let interest = pool.interest(&offered);
    assert_eq!(interest[..3], [Interest::Known, Interest::NoRoom, Interest::Wanted]);
    let wanted = interest[2..].iter().filter(|interest| **interest == Interest::Wanted).count();
    assert!((4..8).contains(&wanted), "{interest:?}");
}

proptest! {
    /// Whatever comes, an issuer has its equal share as soon as it asks for it, and the sums are right.
    #[test]
    fn shares_hold_whatever_comes(arrivals in prop::collection::vec((0..3_usize, 0..12_usize), 1..60)) {
        let state = state();
        let chains = ["v1", "v2", "v3"].map(|issuer| chain(&state, issuer, 12, 20));
        let bytes_max = chains[0][0].bytes().len() * 9;
        let mut pool = Pool::new(PoolLimits { bytes_max, batches_per_issuer_max: 64, ..LIMITS });
        for (issuer, place) in arrivals {
            let _ = admit(&mut pool, &state, &chains[issuer][place], Source::Gossiped);
            let bytes: usize = pool.all().iter().map(|batch| batch.bytes().len()).sum();
            prop_assert!(pool.bytes() == bytes && bytes <= bytes_max);
        }
        for chain in &chains {
            // Two of the three batches that are an issuer's share: the third may be a few bytes too long.
            prop_assert_eq!(take_all(&mut pool, &state, &chain[..2], Source::Submitted), 2);
            prop_assert_eq!(waiting(&pool, &chain[..2]), [0, 1]);
        }
    }
}

#[test]
fn an_issuer_has_its_part_of_a_pool_that_others_leave_free() {
    let state = state();
    let batches = chain(&state, "issuer", 4, 10);
    let bytes = batches[0].bytes().len();
    let limits = PoolLimits { bytes_max: 8 * bytes, issuer_percent_max: 30, ..LIMITS };
    let mut pool = Pool::new(limits);
    // Behind a gap, it may fill its part; what fills the gap has the room of what is behind it.
    for place in [2, 3] {
        admit(&mut pool, &state, &batches[place], Source::Gossiped).unwrap();
    }
    let offered = |batch: &Arc<SignedBatch>| {
        [Offered { id: batch.id(), issuer: id("issuer"), bytes: batch.bytes().len() }]
    };
    assert_eq!(pool.interest(&offered(&batches[1])), [Interest::NoRoom]);
    for place in [0, 1] {
        admit(&mut pool, &state, &batches[place], Source::Gossiped).unwrap();
    }
    let full = admit(&mut pool, &state, &batches[2], Source::Gossiped);
    assert!(matches!(full, Err(PoolError::IssuerFull { count: 2, .. })), "{full:?}");
    let others = chain(&state, "v0", 1, 10);
    admit(&mut pool, &state, &others[0], Source::Gossiped).unwrap();
    assert!(pool.bytes() <= 3 * bytes + 100);
}
