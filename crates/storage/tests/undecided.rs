//! Undecided payloads are there again after opening, until they are forgotten.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;

use sanad_core::ids::Height;
use sanad_storage::{Store, StoreError, UNDECIDED_RECORD_BYTES_MAX, UndecidedRecord};
use support::{Consortium, small};

fn record(height: u64, round: u32, bytes: usize) -> UndecidedRecord {
    UndecidedRecord { height: Height(height), round, bytes: vec![round as u8 ^ height as u8; bytes] }
}

#[test]
fn kept_until_forgotten() {
    let directory = tempfile::tempdir().unwrap();
    let genesis = Consortium::new(41).genesis;
    let (mut store, _) = Store::create(directory.path(), &genesis, small()).unwrap();
    for height in 1..30u64 {
        let records: Vec<_> = (0..3).map(|round| record(height, round, 900 * round as usize)).collect();
        for kept in records.iter().chain(&records) {
            store.keep_undecided(kept).unwrap();
        }
        assert_eq!(store.undecided(Height(height)).unwrap(), records);
        drop(store);
        (store, _) = Store::open(directory.path(), &genesis, small()).unwrap();
        assert_eq!(store.undecided(Height(height)).unwrap(), records);
        assert_eq!(store.undecided(Height(height + 1)).unwrap(), []);
        store.forget_undecided(Height(height));
        assert_eq!(store.undecided(Height(height)).unwrap(), []);
    }
    assert!(fs::metadata(directory.path().join("undecided")).unwrap().len() < 20_000);
}

#[test]
fn a_record_cut_off_is_left_out() {
    let directory = tempfile::tempdir().unwrap();
    let genesis = Consortium::new(42).genesis;
    let (store, _) = Store::create(directory.path(), &genesis, small()).unwrap();
    let (first, second) = (record(1, 0, 50), record(1, 1, 60));
    store.keep_undecided(&first).unwrap();
    let path = directory.path().join("undecided");
    let one = fs::metadata(&path).unwrap().len() as usize;
    store.keep_undecided(&second).unwrap();
    drop(store);
    let whole = fs::read(&path).unwrap();
    for cut in one..whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        let (store, _) = Store::open(directory.path(), &genesis, small()).unwrap();
        assert_eq!(store.undecided(Height(1)).unwrap(), std::slice::from_ref(&first));
        store.keep_undecided(&second).unwrap();
        assert_eq!(store.undecided(Height(1)).unwrap(), [first.clone(), second.clone()]);
    }
    fs::remove_file(&path).unwrap();
    let (store, _) = Store::open(directory.path(), &genesis, small()).unwrap();
    assert_eq!(store.undecided(Height(1)).unwrap(), []);
}

#[test]
fn there_is_a_limit() {
    let directory = tempfile::tempdir().unwrap();
    let genesis = Consortium::new(43).genesis;
    let (store, _) = Store::create(directory.path(), &genesis, small()).unwrap();
    let too_long = record(1, 0, UNDECIDED_RECORD_BYTES_MAX + 1);
    assert!(matches!(store.keep_undecided(&too_long), Err(StoreError::TooLong { .. })));
    // Never all forgotten at once: the journal is written anew when it is full.
    for height in 1..40 {
        let kept = record(height, 7, 4 << 20);
        store.keep_undecided(&kept).unwrap();
        store.forget_undecided(Height(height.saturating_sub(2)));
        assert_eq!(store.undecided(Height(height)).unwrap(), [kept]);
        assert_eq!(store.undecided(Height(height - 1)).unwrap().len(), usize::from(height > 1));
    }
    let full = (0..40).map(|round| store.keep_undecided(&record(50, round, 4 << 20))).find(Result::is_err);
    assert!(matches!(full, Some(Err(StoreError::TooLong { .. }))));
    // It takes on after that.
    store.forget_undecided(Height(50));
    store.keep_undecided(&record(51, 0, 10)).unwrap();
}
