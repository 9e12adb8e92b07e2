//! The history tree on disk: proofs of old headers under every newer one.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use sanad_core::hash::HistoryHash;
use sanad_core::history::{fold_history, seals_and_remainder, verify_history_path};
use sanad_core::ids::Height;
use sanad_core::merkle::inclusion_path;
use sanad_storage::{Store, StoreError};
use support::{Consortium, check_equal, check_same, small};

#[test]
fn every_header_is_proved_under_every_newer_one() {
    let directory = tempfile::tempdir().unwrap();
    let mut consortium = Consortium::new(91);
    let (store, _) = Store::create(directory.path(), &consortium.genesis, small()).unwrap();
    (0..40).for_each(|_| consortium.grow(&store, vec![]));
    for newer in (1..=40).map(Height) {
        let past = store.past(newer).unwrap().unwrap();
        assert_eq!(past.hash(), store.header(newer).unwrap().unwrap().past);
        let size = newer.0 - 1;
        for height in (1..newer.0).map(Height) {
            let path = inclusion_path::<HistoryHash, _>(&store.history_tree(), height.0 - 1, size).unwrap();
            let hash = store.block_hash(height).unwrap().unwrap();
            verify_history_path(height, &hash, newer, &past.history_root, &path).unwrap();
        }
        let (seals, remainder) = seals_and_remainder(&store.history_tree(), size).unwrap();
        assert_eq!(fold_history(size, &seals, &remainder), Some(past.history_root));
    }
    for beyond in [0, 41] {
        assert_eq!(store.past(Height(beyond)).unwrap(), None);
        assert_eq!(store.block_hash(Height(beyond)).unwrap(), None);
    }
    let error = store.history_tree().tile(0, 1).unwrap_err();
    assert!(matches!(error, StoreError::NodeBeyondTree { size: 40, .. }), "{error}");
}

#[test]
fn it_goes_beyond_a_tile_and_is_there_again_after_opening() {
    let directory = tempfile::tempdir().unwrap();
    let mut consortium = Consortium::new(92);
    let (mut store, _) = Store::create(directory.path(), &consortium.genesis, small()).unwrap();
    for blocks in [250, 6, 1, 260] {
        (0..blocks).for_each(|_| consortium.grow(&store, vec![]));
        drop(store);
        let opened = Store::open(directory.path(), &consortium.genesis, small()).unwrap();
        check_same(&opened.1, consortium.state());
        store = opened.0;
    }
    check_equal(&store, &consortium);
    let memory = consortium.ledger.history_tree(518);
    assert_eq!(store.history_tree().tile(0, 1).unwrap(), memory.leaf_hashes()[256..512]);
    assert_eq!(store.history_tree().tile(1, 0).unwrap().len(), 2);
}
