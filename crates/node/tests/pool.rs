//! The batch pool: what it takes, in which order it gives, what it drops.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use sanad_core::batch::{Batch, BatchChain, NO_BATCH, SignedBatch};
use sanad_core::execution::{BatchError, EventError};
use sanad_core::hash::BatchId;
use sanad_core::ids::Sequence;
use sanad_core::state::State;
use sanad_node::pool::{Admission, Pool, PoolError, PoolLimits, PoolRefusal, Source};
use sanad_testkit::{Ledger, commitment, id, issue, issuing_key};

const LIMITS: PoolLimits =
    PoolLimits { bytes_max: 100_000, batches_per_issuer_max: 4, age_max: Duration::from_secs(60) };

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
    pool.admit(state, Arc::clone(batch), source, Instant::now())
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
        assert!(matches!(refused, Err(PoolError::Refused(BatchError::UnknownChain { .. }))));
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
    let room = a[0].bytes().len() * 4;
    let chosen = pool.candidates(&state, room);
    let issuers: Vec<&str> = chosen.iter().map(|batch| batch.batch().issuer.as_str()).collect();
    assert_eq!(issuers.len(), 4);
    assert_eq!(issuers.iter().filter(|issuer| **issuer == "v1").count(), 2, "{issuers:?}");
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
