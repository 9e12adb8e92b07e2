//! What a store gives back after it was closed, or dropped without closing.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use sanad_core::batch::BatchChain;
use sanad_core::hash::{BatchId, Commitment};
use sanad_core::ids::{Height, LogIndex, Sequence};
use sanad_storage::{Options, Store, StoreError};
use support::{Consortium, check_equal, check_same, small};

#[test]
fn an_empty_store_is_the_genesis() {
    let directory = tempfile::tempdir().unwrap();
    let consortium = Consortium::new(1);
    let (store, state) = Store::create(directory.path(), &consortium.genesis, small()).unwrap();
    assert_eq!(state, *consortium.state());
    assert_eq!(store.head(), None);
    assert_eq!(store.block(Height(0)).unwrap(), None);
    assert_eq!(store.block(Height(1)).unwrap(), None);
    assert_eq!(store.issuance(&support::issuer(0), &Commitment([1; 32])).unwrap(), None);
    assert_eq!(store.batch(&BatchId([1; 32])).unwrap(), None);
    assert_eq!(store.batch_of(&support::issuer(0), BatchChain::Issuing, Sequence(0)).unwrap(), None);
    assert!(matches!(store.entry(LogIndex(0)), Err(StoreError::BeyondLog { .. })));
    assert!(store.entries(LogIndex(0)..LogIndex(9), 9).unwrap().is_empty());
    drop(store);
    let (_, state) = Store::open(directory.path(), &consortium.genesis, small()).unwrap();
    assert_eq!(state, *consortium.state());
}

#[test]
fn a_store_gives_back_what_it_took() {
    for options in [small(), Options::default()] {
        for close in [true, false] {
            let directory = tempfile::tempdir().unwrap();
            let mut consortium = Consortium::new(2);
            let (mut store, _) = Store::create(directory.path(), &consortium.genesis, options).unwrap();
            for round in 0..6 {
                for block in 0..9 {
                    consortium.grow_some(&store, 3 + 5 * block * (round % 3));
                }
                check_equal(&store, &consortium);
                if close {
                    store.close().unwrap();
                    check_equal(&store, &consortium);
                }
                drop(store);
                let state;
                (store, state) = Store::open(directory.path(), &consortium.genesis, options).unwrap();
                check_same(&state, consortium.state());
                check_equal(&store, &consortium);
            }
            drop(store);
            let report = sanad_storage::audit(directory.path(), &consortium.genesis, |_| {}).unwrap();
            assert_eq!(report.findings, []);
            check_same(&report.state, consortium.state());
        }
    }
}

#[test]
fn batches_of_one_event_and_heartbeat_blocks() {
    let directory = tempfile::tempdir().unwrap();
    let mut consortium = Consortium::new(3);
    let (store, _) = Store::create(directory.path(), &consortium.genesis, small()).unwrap();
    for n in 0..300 {
        let events = consortium.issuances(1);
        consortium.grow(&store, if n % 3 == 0 { vec![] } else { vec![events] });
    }
    check_equal(&store, &consortium);
    drop(store);
    let (store, state) = Store::open(directory.path(), &consortium.genesis, small()).unwrap();
    assert_eq!(state, *consortium.state());
    check_equal(&store, &consortium);
}

#[test]
fn what_does_not_follow_the_head_is_refused_and_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let mut consortium = Consortium::new(4);
    let (store, _) = Store::create(directory.path(), &consortium.genesis, small()).unwrap();
    let events = consortium.issuances(3);
    let batch = consortium.batch(0, events);
    let (block, certificate, execution) = consortium.block(&store, vec![batch]);
    let (other, other_certificate, other_execution) = consortium.block(&store, vec![]);
    assert!(matches!(store.append(&other, &certificate, &execution), Err(StoreError::Mismatch { .. })));
    assert!(matches!(store.append(&block, &other_certificate, &execution), Err(StoreError::Mismatch { .. })));
    let mut fewer = block.clone();
    fewer.batches.clear();
    assert!(matches!(store.append(&fewer, &certificate, &execution), Err(StoreError::OtherBatches { .. })));
    let mut long = certificate.clone();
    long.signatures = vec![certificate.signatures[0]; 129];
    assert!(matches!(store.append(&block, &long, &execution), Err(StoreError::TooLong { .. })));
    store.append(&block, &certificate, &execution).unwrap();
    for _ in 0..2 {
        assert!(matches!(
            store.append(&other, &other_certificate, &other_execution),
            Err(StoreError::NotNext { expected: Height(2), actual: Height(1) })
        ));
    }
    assert_eq!(store.height(), Height(1));
    store.close().unwrap();
    assert!(matches!(store.append(&block, &certificate, &execution), Err(StoreError::Closed)));
}
