//! The batch pool: what it takes, in which order it gives, what it drops.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sanad_core::batch::{Batch, NO_BATCH, SignedBatch};
use sanad_core::event::{Event, Origin};
use sanad_core::execution::{BatchError, BlockBuilder, EventError, LedgerView};
use sanad_core::genesis::{GENESIS_VERSION, Genesis, Parameters};
use sanad_core::hash::{BatchId, Commitment};
use sanad_core::ids::{Height, LogIndex, Sequence};
use sanad_core::member::{Member, Role};
use sanad_core::signature::SecretKey;
use sanad_core::state::State;
use sanad_node::pool::{Admission, Pool, PoolError, PoolLimits, PoolRefusal, Source};

const LIMITS: PoolLimits =
    PoolLimits { bytes_max: 100_000, batches_per_issuer_max: 4, age_max: Duration::from_secs(60) };

/// Nothing was issued before.
struct Empty;

impl LedgerView for Empty {
    type Error = Infallible;
    fn issuance(&self, _: &Commitment) -> Result<Option<LogIndex>, Infallible> {
        Ok(None)
    }
    fn origin(&self, _: LogIndex) -> Result<Origin, Infallible> {
        unreachable!("no test looks back")
    }
}

fn key(name: &str, purpose: u8) -> SecretKey {
    let mut seed = *blake3::hash(name.as_bytes()).as_bytes();
    seed[0] = purpose;
    SecretKey::from_seed(&seed)
}

fn state() -> State {
    let member = |name: &str| Member {
        id: name.parse().unwrap(),
        name: name.to_owned(),
        role: Role::Validator,
        issuing_key: Some(key(name, 1).public()),
        consensus_key: Some(key(name, 2).public()),
        network_key: Some(key(name, 3).public()),
        active_from: Height(0),
        active_until: None,
    };
    let genesis = Genesis {
        version: GENESIS_VERSION,
        name: "Pool".into(),
        time_ms: 1,
        parameters: Parameters::default(),
        members: vec![member("a"), member("b")],
    };
    State::genesis(&genesis).unwrap()
}

/// A chain of batches of an issuer, of `events` events each.
fn chain(state: &State, issuer: &str, length: u64, events: u64) -> Vec<Arc<SignedBatch>> {
    let mut previous = NO_BATCH;
    let mut batches = Vec::new();
    for sequence in 0..length {
        let commitment = |n: u64| Commitment(*blake3::hash(format!("{issuer}/{n}").as_bytes()).as_bytes());
        let numbers = sequence * events..(sequence + 1) * events;
        let batch = Batch {
            chain_id: state.chain_id(),
            issuer: issuer.parse().unwrap(),
            sequence: Sequence(sequence),
            previous,
            events: numbers.map(|n| Event::Issue { commitment: commitment(n) }).collect(),
        };
        let signed = batch.sign(&key(issuer, 1));
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

/// The state after a block of the batches.
fn after(state: &State, batches: &[Arc<SignedBatch>]) -> State {
    let mut builder = BlockBuilder::new(state, &Empty);
    for batch in batches {
        assert!(builder.add(Arc::clone(batch)).is_ok());
    }
    let (_, execution) = builder.finish(0, state.head().time_ms + 1).unwrap();
    let mut next = state.clone();
    next.advance(&execution);
    next
}

#[test]
fn submitting_again_is_harmless() {
    let (state, mut pool) = (state(), Pool::new(LIMITS));
    let batches = chain(&state, "a", 1, 1);
    assert_eq!(admit(&mut pool, &state, &batches[0], Source::Submitted), Ok(Admission::New));
    assert_eq!(admit(&mut pool, &state, &batches[0], Source::Submitted), Ok(Admission::Waiting));
    assert_eq!((pool.len(), pool.bytes()), (1, batches[0].bytes().len()));
}

#[test]
fn what_an_issuer_submits_follows_what_waits() {
    let (state, mut pool) = (state(), Pool::new(LIMITS));
    let batches = chain(&state, "a", 3, 1);
    let gap = admit(&mut pool, &state, &batches[1], Source::Submitted);
    assert!(matches!(gap, Err(PoolError::Refused(BatchError::SequenceGap { .. }))));
    admit(&mut pool, &state, &batches[0], Source::Submitted).unwrap();
    admit(&mut pool, &state, &batches[1], Source::Submitted).unwrap();
    let mut forked = batches[2].batch().clone();
    forked.previous = BatchId([9; 32]);
    let fork = admit(&mut pool, &state, &Arc::new(forked.sign(&key("a", 1))), Source::Submitted);
    assert!(matches!(fork, Err(PoolError::Refused(BatchError::Fork { .. }))));
    let mut other = batches[1].batch().clone();
    other.events = vec![Event::Issue { commitment: Commitment([1; 32]) }];
    let conflict = admit(&mut pool, &state, &Arc::new(other.sign(&key("a", 1))), Source::Submitted);
    assert!(matches!(conflict, Err(PoolError::Conflict { .. })));
    let forged = Arc::new(batches[2].batch().clone().sign(&key("b", 1)));
    let refused = admit(&mut pool, &state, &forged, Source::Submitted);
    assert!(matches!(refused, Err(PoolError::Refused(BatchError::Signature { .. }))));
}

#[test]
fn what_peers_send_may_come_in_any_order() {
    let (state, mut pool) = (state(), Pool::new(LIMITS));
    let batches = chain(&state, "a", 2, 1);
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
    for (place, batch) in chain(&state, "a", 5, 1).iter().enumerate() {
        let admitted = admit(&mut pool, &state, batch, Source::Submitted);
        if place < 4 {
            assert_eq!(admitted, Ok(Admission::New));
        } else {
            assert!(matches!(admitted, Err(PoolError::IssuerFull { count: 4, .. })));
        }
    }
    let large = chain(&state, "b", 1, 4_000);
    let full = admit(&mut pool, &state, &large[0], Source::Submitted);
    assert!(matches!(full, Err(PoolError::Full { bytes_max: 100_000, .. })));
}

#[test]
fn issuers_take_turns_within_the_room() {
    let (state, mut pool) = (state(), Pool::new(LIMITS));
    let (a, b) = (chain(&state, "a", 4, 10), chain(&state, "b", 4, 10));
    for batch in a.iter().chain(&b) {
        admit(&mut pool, &state, batch, Source::Submitted).unwrap();
    }
    let room = a[0].bytes().len() * 4;
    let chosen = pool.candidates(&state, room);
    let issuers: Vec<&str> = chosen.iter().map(|batch| batch.batch().issuer.as_str()).collect();
    assert_eq!(issuers.len(), 4);
    assert_eq!(issuers.iter().filter(|issuer| **issuer == "a").count(), 2, "{issuers:?}");
}

#[test]
fn refusal_takes_those_that_follow_along() {
    let (state, mut pool) = (state(), Pool::new(LIMITS));
    let batches = chain(&state, "a", 3, 1);
    for batch in &batches {
        admit(&mut pool, &state, batch, Source::Submitted).unwrap();
    }
    let error = BatchError::Event {
        position: 0,
        source: EventError::DuplicateCommitment { commitment: Commitment([0; 32]) },
    };
    assert_eq!(pool.refuse(&batches[1], &error), [batches[1].id(), batches[2].id()]);
    assert_eq!(pool.refusal(&batches[2].id()), Some(&PoolRefusal::Ledger(error)));
    assert_eq!((pool.len(), pool.bytes()), (1, batches[0].bytes().len()));
}

#[test]
fn blocks_settle_what_waits() {
    let (state, mut pool) = (state(), Pool::new(LIMITS));
    let batches = chain(&state, "a", 3, 1);
    let mut rival = batches[1].batch().clone();
    rival.events = vec![Event::Issue { commitment: Commitment([5; 32]) }];
    let rival = Arc::new(rival.sign(&key("a", 1)));
    admit(&mut pool, &state, &batches[0], Source::Submitted).unwrap();
    admit(&mut pool, &state, &batches[1], Source::Submitted).unwrap();
    // The block holds another second batch than the one that waits here.
    let state = after(&after(&state, &batches[..1]), std::slice::from_ref(&rival));
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
    let batches = chain(&state, "a", 1, 1);
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
    let batches = chain(&state, "a", 2, 1);
    admit(&mut pool, &state, &batches[0], Source::Submitted).unwrap();
    admit(&mut pool, &state, &batches[1], Source::Submitted).unwrap();
    assert!(pool.take_unchecked(&state).is_empty());
    let state = after(&state, &batches[..1]);
    pool.settle(&state, &[batches[0].id()]);
    assert_eq!(pool.take_unchecked(&state), [Arc::clone(&batches[1])]);
    assert!(pool.take_unchecked(&state).is_empty());
}
