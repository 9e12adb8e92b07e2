//! A write that was cut off at any byte is cut away; nothing else ever is.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use sanad_core::ids::Height;
use sanad_storage::{Fault, OpenError, Options, Store, StoreError};
use sanad_testkit::Ledger;
use support::{Consortium, Random, check_equal, check_same, small};

/// The store as a crash leaves it: nothing after the last checkpoint, which is that of the genesis.
fn crashed(blocks: usize) -> (tempfile::TempDir, Consortium) {
    let directory = tempfile::tempdir().unwrap();
    let mut consortium = Consortium::new(7);
    let (store, _) = Store::create(directory.path(), &consortium.genesis, Options::default()).unwrap();
    (1..blocks).for_each(|_| consortium.grow_some(&store, 2));
    // Short, since it will be cut at every byte.
    consortium.grow(&store, vec![]);
    drop(store);
    (directory, consortium)
}

fn segment(directory: &Path) -> PathBuf {
    let mut files: Vec<_> =
        fs::read_dir(directory.join("segments")).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files.pop().unwrap()
}

fn frame_bytes(consortium: &Consortium, block: usize) -> usize {
    let (block, certificate) = &consortium.blocks[block];
    52 + sanad_core::codec::encode(certificate).len() + block.encode().len()
}

#[test]
fn a_tail_torn_at_every_byte_is_cut() {
    let (directory, mut consortium) = crashed(3);
    let path = segment(directory.path());
    let whole = fs::read(&path).unwrap();
    let last = frame_bytes(&consortium, 2);
    consortium.blocks.pop();
    let mut ledger = Ledger::of(consortium.genesis.clone());
    consortium.blocks.iter().for_each(|(block, _)| drop(ledger.enter(block.clone())));
    consortium.ledger = ledger;
    let before = whole.len() - last;
    for cut in before..whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        let (store, opened) = Store::open(directory.path(), &consortium.genesis, small()).unwrap();
        check_same(&opened, consortium.state());
        assert_eq!(store.height(), Height(2));
        drop(store);
        assert_eq!(fs::metadata(&path).unwrap().len(), before as u64, "cut at {cut}");
    }
    // The same length, but pages that never arrived.
    for start in [before, before + 10, before + 100, whole.len() - 16] {
        let mut bytes = whole.clone();
        bytes[start..].fill(0);
        fs::write(&path, &bytes).unwrap();
        let (store, _) = Store::open(directory.path(), &consortium.genesis, small()).unwrap();
        assert_eq!(store.height(), Height(2));
    }
    // And the store continues from there.
    let (store, _) = Store::open(directory.path(), &consortium.genesis, small()).unwrap();
    for _ in 0..5 {
        let events = consortium.issuances(4);
        consortium.grow(&store, vec![events]);
    }
    check_equal(&store, &consortium);
}

#[test]
fn damage_before_the_last_frame_is_never_cut() {
    let (directory, consortium) = crashed(3);
    let path = segment(directory.path());
    let whole = fs::read(&path).unwrap();
    let second = 96 + frame_bytes(&consortium, 0);
    let third = second + frame_bytes(&consortium, 1);
    for position in (second..third).step_by(3) {
        let mut bytes = whole.clone();
        bytes[position] ^= 0x40;
        fs::write(&path, &bytes).unwrap();
        let error = Store::open(directory.path(), &consortium.genesis, small()).unwrap_err();
        assert!(
            matches!(error, OpenError::Store(StoreError::Corrupt { height: Height(2), .. })),
            "{position}: {error}"
        );
        assert_eq!(fs::metadata(&path).unwrap().len(), whole.len() as u64);
    }
}

#[test]
fn what_a_checkpoint_vouches_for_is_never_cut() {
    let (directory, consortium) = crashed(3);
    let (store, _) = Store::open(directory.path(), &consortium.genesis, small()).unwrap();
    store.close().unwrap();
    drop(store);
    let path = segment(directory.path());
    let whole = fs::read(&path).unwrap();
    for cut in [1, 16, 40, frame_bytes(&consortium, 2)] {
        OpenOptions::new().write(true).open(&path).unwrap().set_len((whole.len() - cut) as u64).unwrap();
        let error = Store::open(directory.path(), &consortium.genesis, small()).unwrap_err();
        assert!(
            matches!(
                error,
                OpenError::Store(StoreError::Corrupt { height: Height(3), fault: Fault::Truncated })
            ),
            "{error}"
        );
        fs::write(&path, &whole).unwrap();
    }
}

/// The store as a power cut leaves it: `durable` blocks were synced, as many as `unsynced` after them were not.
fn cut_off(durable: usize, unsynced: usize) -> (tempfile::TempDir, Consortium) {
    let directory = tempfile::tempdir().unwrap();
    let mut consortium = Consortium::new(7);
    let (store, _) = Store::create(directory.path(), &consortium.genesis, Options::default()).unwrap();
    (0..durable).for_each(|_| consortium.grow_some(&store, 2));
    for _ in 0..unsynced {
        let events = consortium.issuances(2);
        consortium.grow_unsynced(&store, events);
    }
    drop(store);
    (directory, consortium)
}

#[test]
fn of_frames_that_were_not_synced_any_may_be_torn() {
    let (directory, consortium) = cut_off(2, 4);
    let path = segment(directory.path());
    let whole = fs::read(&path).unwrap();
    let ends: Vec<usize> = (0..6)
        .scan(96, |end, block| {
            *end += frame_bytes(&consortium, block);
            Some(*end)
        })
        .collect();
    let marker = fs::read(directory.path().join("unsynced")).unwrap();
    for position in (96..whole.len()).step_by(7) {
        let torn = ends.iter().position(|end| position < *end).unwrap();
        let mut bytes = whole.clone();
        bytes[position] ^= 0x40;
        fs::write(&path, &bytes).unwrap();
        fs::write(directory.path().join("unsynced"), &marker).unwrap();
        let opened = Store::open(directory.path(), &consortium.genesis, small());
        if torn < 2 {
            // That one was synced.
            let height = Height(torn as u64 + 1);
            assert!(
                matches!(&opened, Err(OpenError::Store(StoreError::Corrupt { height: at, .. })) if *at == height),
                "{position}"
            );
            continue;
        }
        let (store, _) = opened.unwrap();
        assert_eq!(store.height(), Height(torn as u64), "{position}");
        assert_eq!(fs::metadata(&path).unwrap().len(), ends[torn - 1] as u64);
        assert!(!directory.path().join("unsynced").exists());
        drop(store);
    }
    // Without the mark it is damage, as ever.
    let mut bytes = whole.clone();
    bytes[ends[2] + 10] ^= 0x40;
    fs::write(&path, &bytes).unwrap();
    let error = Store::open(directory.path(), &consortium.genesis, small()).unwrap_err();
    assert!(matches!(error, OpenError::Store(StoreError::Corrupt { height: Height(4), .. })), "{error}");
}

/// Of the sectors after the last sync, a disk may have written any, in any order, and the length of the file or not.
#[test]
fn a_power_cut_leaves_whole_blocks_whatever_it_takes_of_those_that_were_not_synced() {
    const SECTOR_BYTES: usize = 512;
    let (directory, consortium) = cut_off(2, 6);
    let path = segment(directory.path());
    let whole = fs::read(&path).unwrap();
    let mark = directory.path().join("unsynced");
    let marked = fs::read(&mark).unwrap();
    let durable = 96 + frame_bytes(&consortium, 0) + frame_bytes(&consortium, 1);
    let mut random = Random::seeded();
    let mut heights = [0; 9];
    for _ in 0..400 {
        let mut bytes = whole.clone();
        if random.below(3) == 0 {
            bytes.truncate(durable + random.below((whole.len() - durable) as u64) as usize);
        }
        let lost_of = 1 + random.below(12);
        for start in (0..bytes.len()).step_by(SECTOR_BYTES) {
            let end = (start + SECTOR_BYTES).min(bytes.len());
            if end > durable && random.below(lost_of) == 0 {
                bytes[start.max(durable)..end].fill(0);
            }
        }
        fs::write(&path, &bytes).unwrap();
        fs::write(&mark, &marked).unwrap();
        let options = Options::default();
        let (store, _) = Store::open(directory.path(), &consortium.genesis, options).unwrap();
        let height = store.height().0 as usize;
        assert!((2..=8).contains(&height));
        heights[height] += 1;
        drop(store);
        let left = fs::read(&path).unwrap();
        assert!(whole.starts_with(&left), "what is left is as it was written");
        assert_eq!(left.len(), 96 + (0..height).map(|block| frame_bytes(&consortium, block)).sum::<usize>());
    }
    assert!(heights[2..].iter().filter(|count| **count > 0).count() > 3, "{heights:?}");
}

#[test]
fn blocks_that_were_not_synced_are_there_after_a_crash_and_durable_after_the_next_sync() {
    let (directory, mut consortium) = cut_off(2, 4);
    let (store, opened) = Store::open(directory.path(), &consortium.genesis, small()).unwrap();
    check_same(&opened, consortium.state());
    for _ in 0..3 {
        let events = consortium.issuances(2);
        consortium.grow_unsynced(&store, events);
    }
    let mark = directory.path().join("unsynced");
    assert!(mark.exists());
    consortium.grow_some(&store, 2);
    assert!(!mark.exists(), "an append that waits makes all durable");
    check_equal(&store, &consortium);
    let events = consortium.issuances(2);
    consortium.grow_unsynced(&store, events);
    store.close().unwrap();
    assert!(!mark.exists(), "so does closing");
}
