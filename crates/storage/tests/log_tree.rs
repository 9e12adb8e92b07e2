//! The log tree on disk against the tree in memory, and proofs while blocks come in.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::sync::atomic::{AtomicBool, Ordering};

use sanad_core::ids::LogIndex;
use sanad_core::merkle::{
    NodeSource as _, Rfc6962, consistency_path, inclusion_path, root_at, verify_consistency, verify_inclusion,
};
use sanad_storage::{Store, StoreError};
use support::{Consortium, small};

#[test]
fn nodes_and_proofs_are_those_of_the_tree_in_memory() {
    let directory = tempfile::tempdir().unwrap();
    let mut consortium = Consortium::new(31);
    let (mut store, _) = Store::create(directory.path(), &consortium.genesis, small()).unwrap();
    for events in [1, 254, 1, 1, 255, 300, 4000, 513, 1, 4096] {
        let events = consortium.issuances(events);
        consortium.grow(&store, vec![events]);
        drop(store);
        let opened = Store::open(directory.path(), &consortium.genesis, small()).unwrap();
        store = opened.0;
        let tree = store.log_tree();
        let memory = consortium.ledger.log_tree();
        let size = memory.size();
        assert_eq!(tree.size(), size);
        assert_eq!(root_at::<Rfc6962, _>(&tree, size).unwrap(), memory.root());
        for level in 0..20 {
            for index in (0..size >> level).step_by(1 + (size >> level) as usize / 50) {
                assert_eq!(tree.node(level, index).unwrap(), memory.node(level, index).unwrap());
            }
            let beyond = tree.node(level, size >> level).unwrap_err();
            assert!(matches!(beyond, StoreError::NodeBeyondTree { .. }), "{beyond}");
        }
        for index in (0..size).step_by(1 + size as usize / 40) {
            let path = inclusion_path::<Rfc6962, _>(&tree, index, size).unwrap();
            assert_eq!(path, memory.inclusion_path(index).unwrap());
            let path = consistency_path::<Rfc6962, _>(&tree, index, size).unwrap();
            if index > 0 {
                let old = root_at::<Rfc6962, _>(&tree, index).unwrap();
                verify_consistency::<Rfc6962>(index, &old, size, &memory.root(), &path).unwrap();
            }
        }
        let tiles = size.div_ceil(256);
        for place in 0..tiles {
            let tile = tree.tile(0, place).unwrap();
            let start = place as usize * 256;
            assert_eq!(tile, memory.leaf_hashes()[start..(start + 256).min(size as usize)]);
        }
        assert!(tree.tile(0, tiles).is_err());
        assert!(tree.tile(9, 0).is_err());
    }
    for level in [47, 48, 63, 64, 255] {
        assert!(store.log_tree().node(level, 0).is_err());
    }
    assert!(store.log_tree().tile(0, u64::MAX).is_err());
    assert!(store.log_tree().node(0, u64::MAX).is_err());
}

#[test]
fn readers_see_whole_blocks() {
    let directory = tempfile::tempdir().unwrap();
    let mut consortium = Consortium::new(32);
    let (store, _) = Store::create(directory.path(), &consortium.genesis, small()).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for reader in 0..3u64 {
            let (store, done) = (&store, &done);
            scope.spawn(move || {
                let mut turn = reader;
                while !done.load(Ordering::Relaxed) {
                    let Some(head) = store.head() else { continue };
                    let size = head.header.log_size;
                    assert!(store.log_size() >= size);
                    turn = turn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    let index = LogIndex(turn % size.0);
                    let entry = store.entry(index).unwrap();
                    let tree = store.log_tree();
                    let path = inclusion_path::<Rfc6962, _>(&tree, index.0, size.0).unwrap();
                    let root = head.header.log_root.0;
                    verify_inclusion::<Rfc6962>(entry.leaf_hash(), index.0, size.0, &path, &root).unwrap();
                    let record = store.batch_at(index).unwrap();
                    assert!(record.height <= store.height());
                    let sanad_core::event::Event::Issue { commitment } = entry.event else { continue };
                    let found = store.issuance(&entry.issuer, &commitment).unwrap();
                    assert_eq!(found, Some((index, entry.clone())));
                    assert_eq!(store.header(head.header.height).unwrap().as_ref(), Some(&head.header));
                }
            });
        }
        for n in 0..150 {
            let events = consortium.issuances(1 + n * 7 % 200);
            consortium.grow(&store, vec![events]);
        }
        done.store(true, Ordering::Relaxed);
    });
}
