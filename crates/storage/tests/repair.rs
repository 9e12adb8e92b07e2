//! Damaged blocks are put back, byte for byte, and by nothing but the block that was there.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;

use sanad_core::codec;
use sanad_core::ids::Height;
use sanad_storage::{Condition, OpenError, Options, Part, RepairError, Store, StoreError, audit};
use support::{Consortium, check_equal, small};

/// A closed store in a directory, its consortium, and the positions of each block in the log.
fn closed(seed: u64) -> (tempfile::TempDir, Consortium) {
    let directory = tempfile::tempdir().unwrap();
    let mut consortium = Consortium::new(seed);
    let (store, _) = Store::create(directory.path(), &consortium.genesis, small()).unwrap();
    (0..12).for_each(|n| consortium.grow_some(&store, 5 + n));
    store.close().unwrap();
    (directory, consortium)
}

/// Where each block begins, in which file.
fn places(directory: &std::path::Path, consortium: &Consortium) -> Vec<(std::path::PathBuf, usize)> {
    let mut files: Vec<_> =
        fs::read_dir(directory.join("segments")).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let mut blocks = consortium.blocks.iter();
    let mut places = Vec::new();
    for file in files {
        let end = fs::metadata(&file).unwrap().len() as usize;
        let mut at = 96;
        while at < end {
            let (block, certificate) = blocks.next().unwrap();
            places.push((file.clone(), at));
            at += 52 + codec::encode(certificate).len() + block.encode().len();
        }
    }
    places
}

#[test]
fn a_block_is_put_back_wherever_it_is_damaged() {
    let (directory, consortium) = closed(21);
    let places = places(directory.path(), &consortium);
    let (store, _) = Store::open(directory.path(), &consortium.genesis, small()).unwrap();
    for (number, (file, start)) in places.iter().enumerate() {
        let height = Height(number as u64 + 1);
        let (block, certificate) = &consortium.blocks[number];
        let payload = block.encode();
        let whole = fs::read(file).unwrap();
        let length = 52 + codec::encode(certificate).len() + payload.len();
        for damage in [0, 25, 40, length / 2, length - 1] {
            let mut bytes = whole.clone();
            bytes[start + damage] ^= 0x10;
            fs::write(file, &bytes).unwrap();
            assert!(matches!(store.block(height), Err(StoreError::Corrupt { .. })), "{height}: {damage}");
            store.repair(height, certificate, &payload).unwrap();
            assert_eq!(fs::read(file).unwrap(), whole, "{height}: {damage}");
        }
    }
    check_equal(&store, &consortium);
    drop(store);
    assert!(audit(directory.path(), &consortium.genesis, |_| {}).unwrap().findings.is_empty());
}

#[test]
fn nothing_else_comes_into_its_place() {
    let (directory, consortium) = closed(22);
    let (other_directory, other) = closed(23);
    let places = places(directory.path(), &consortium);
    let (store, _) = Store::open(directory.path(), &consortium.genesis, small()).unwrap();
    let (file, start) = &places[4];
    let mut bytes = fs::read(file).unwrap();
    bytes[start + 25] ^= 1;
    fs::write(file, &bytes).unwrap();
    let height = Height(5);
    let (block, certificate) = &consortium.blocks[4];
    let refused = |certificate, payload: &[u8]| {
        let error = store.repair(height, certificate, payload).unwrap_err();
        assert_eq!(fs::read(file).unwrap(), bytes, "{error}");
        error
    };
    let payload = block.encode();
    assert!(matches!(refused(certificate, &payload[1..]), RepairError::Malformed(_)));
    let (next, next_certificate) = &consortium.blocks[5];
    let error = refused(next_certificate, &next.encode());
    assert!(matches!(error, RepairError::OtherBlock { height: Height(5) }), "{error}");
    let (foreign, foreign_certificate) = &other.blocks[4];
    let error = refused(foreign_certificate, &foreign.encode());
    assert!(matches!(error, RepairError::OtherBlock { .. }), "{error}");
    // The header is right, and what it commits to is not there.
    let mut stripped = block.clone();
    stripped.batches.pop();
    let error = refused(certificate, &stripped.encode());
    assert!(matches!(error, RepairError::OtherBlock { .. }), "{error}");
    let error = refused(next_certificate, &payload);
    assert!(matches!(error, RepairError::Certificate(_)), "{error}");
    let mut short = certificate.clone();
    short.signatures.pop();
    assert!(matches!(refused(&short, &payload), RepairError::ShortCertificate { .. }));
    let error = store.repair(Height(999), certificate, &payload).unwrap_err();
    assert!(matches!(error, RepairError::NoBlock { .. }), "{error}");
    drop(other_directory);
    store.repair(height, certificate, &payload).unwrap();
    check_equal(&store, &consortium);
}

/// Never writes its indexes: each opening reads all batches.
fn without_runs() -> Options {
    Options { index_memory_keys: 1 << 20, ..small() }
}

#[test]
fn a_block_that_the_indexes_need_is_put_back_before_the_store_opens() {
    let directory = tempfile::tempdir().unwrap();
    let mut consortium = Consortium::new(24);
    let (store, _) = Store::create(directory.path(), &consortium.genesis, without_runs()).unwrap();
    (0..12).for_each(|n| consortium.grow_some(&store, 5 + n));
    store.close().unwrap();
    drop(store);
    let open = || Store::open(directory.path(), &consortium.genesis, without_runs());
    let places = places(directory.path(), &consortium);
    // Every opening needs the last block.
    for (number, (file, start)) in places.iter().enumerate().take(places.len() - 1) {
        let height = Height(number as u64 + 1);
        let (block, certificate) = &consortium.blocks[number];
        if block.batches.is_empty() {
            continue;
        }
        let whole = fs::read(file).unwrap();
        let mut bytes = whole.clone();
        // In an event of the last batch.
        bytes[start + 52 + codec::encode(certificate).len() + block.encode().len() - 120] ^= 0x10;
        fs::write(file, &bytes).unwrap();
        let error = open().map(|_| ()).unwrap_err();
        let damaged = |actual: &Height| *actual == height;
        assert!(matches!(&error, OpenError::Store(StoreError::Corrupt { height, .. }) if damaged(height)));
        let condition = Store::inspect(directory.path(), &consortium.genesis).unwrap();
        assert!(matches!(&condition, Condition::Repair { height } if damaged(height)), "{condition:?}");
        let (store, _) =
            Store::open_to_repair(directory.path(), &consortium.genesis, without_runs()).unwrap();
        store.repair(height, certificate, &block.encode()).unwrap();
        store.close().unwrap();
        drop(store);
        assert_eq!(fs::read(file).unwrap(), whole);
        let (store, _) = open().unwrap();
        check_equal(&store, &consortium);
        store.close().unwrap();
    }
}

#[test]
fn a_column_that_is_damaged_is_not_taken_for_a_damaged_block() {
    let directory = tempfile::tempdir().unwrap();
    let mut consortium = Consortium::new(25);
    let (store, _) = Store::create(directory.path(), &consortium.genesis, without_runs()).unwrap();
    (0..12).for_each(|n| consortium.grow_some(&store, 5 + n));
    store.close().unwrap();
    drop(store);
    let genesis = &consortium.genesis;
    let column = |name: &str| directory.path().join("columns").join(name);

    // A record of batches that is gone: found before anything is read through it, and rebuilt.
    let batches = fs::read(column("batches")).unwrap();
    for record in 0..batches.len() / 64 {
        let mut damaged = batches.clone();
        damaged[record * 64..][..64].fill(0);
        fs::write(column("batches"), &damaged).unwrap();
        let condition = Store::inspect(directory.path(), genesis).unwrap();
        assert!(matches!(condition, Condition::Rebuild { .. }), "record {record}: {condition:?}");
        let opened = Store::open_or_rebuild(directory.path(), genesis, without_runs(), |_| {});
        opened.unwrap().0.close().unwrap();
        assert_eq!(fs::read(column("batches")).unwrap(), batches);
    }

    // A record of blocks in the middle: the store opens, and the block reads as damaged by its column.
    let blocks = fs::read(column("blocks")).unwrap();
    for byte in 0..16 {
        let mut damaged = blocks.clone();
        damaged[5 * 32 + byte] ^= 1;
        fs::write(column("blocks"), &damaged).unwrap();
        let (store, _) = Store::open(directory.path(), genesis, without_runs()).unwrap();
        let read = store.block(Height(6)).map(|_| ());
        assert!(matches!(read, Err(StoreError::Damaged { part: Part::Blocks })), "byte {byte}: {read:?}");
        store.want_rebuild(Part::Blocks).unwrap();
        store.close().unwrap();
        drop(store);
        let condition = Store::inspect(directory.path(), genesis).unwrap();
        assert!(matches!(condition, Condition::Rebuild { .. }), "byte {byte}: {condition:?}");
        let (store, _) = Store::open_or_rebuild(directory.path(), genesis, without_runs(), |_| {}).unwrap();
        check_equal(&store, &consortium);
        store.close().unwrap();
        assert!(Store::rebuild_wanted(directory.path()).unwrap().is_none());
    }
}
