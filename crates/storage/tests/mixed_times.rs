//! A loss of power: what was synced is there, everything else may be of any earlier time or garbage.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;
use std::path::Path;

use sanad_storage::{OpenError, Part, Store, StoreError};
use support::{Consortium, check_equal, check_same, small};

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for file in fs::read_dir(from).unwrap() {
            let name = file.unwrap().file_name();
            copy(&from.join(&name), &to.join(&name));
        }
    } else {
        fs::copy(from, to).unwrap();
    }
}

fn replace(from: &Path, to: &Path, parts: &[&str]) {
    for part in parts {
        let _ = fs::remove_dir_all(to.join(part));
        copy(&from.join(part), &to.join(part));
    }
}

/// A store with half of the blocks, closed, and one with all of them, as a crash leaves it.
fn earlier_and_later() -> (tempfile::TempDir, tempfile::TempDir, Consortium) {
    let (earlier, later) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut consortium = Consortium::new(51);
    let (store, _) = Store::create(later.path(), &consortium.genesis, small()).unwrap();
    (0..20).for_each(|n| consortium.grow_some(&store, 5 + n));
    store.close().unwrap();
    drop(store);
    copy(later.path(), earlier.path());
    let (store, _) = Store::open(later.path(), &consortium.genesis, small()).unwrap();
    (0..20).for_each(|n| consortium.grow_some(&store, 5 + n));
    store.checkpoint().unwrap();
    (0..5).for_each(|n| consortium.grow_some(&store, 5 + n));
    drop(store);
    (earlier, later, consortium)
}

const COLUMNS: [&str; 4] = ["columns", "tiles", "history", "register"];

#[test]
fn parts_of_different_times() {
    let (earlier, later, consortium) = earlier_and_later();
    for old_checkpoint in [false, true] {
        for old_index in [false, true] {
            for columns in ["later", "earlier", "garbage"] {
                let store = tempfile::tempdir().unwrap();
                copy(later.path(), store.path());
                if old_checkpoint {
                    replace(earlier.path(), store.path(), &["checkpoint.sled"]);
                }
                if old_index {
                    replace(earlier.path(), store.path(), &["index"]);
                }
                match columns {
                    "earlier" => replace(earlier.path(), store.path(), &COLUMNS),
                    "garbage" => garbage_after(earlier.path(), store.path()),
                    _ => {}
                }
                let what = format!("checkpoint {old_checkpoint}, index {old_index}, columns {columns}");
                match Store::open(store.path(), &consortium.genesis, small()) {
                    Ok((store, state)) => {
                        assert!(old_checkpoint || columns == "later", "{what}");
                        check_same(&state, consortium.state());
                        check_equal(&store, &consortium);
                    }
                    // The checkpoint is written after the columns are synced, so only damage can bring this.
                    Err(OpenError::Store(StoreError::Damaged { .. })) => {
                        assert!(!old_checkpoint && columns != "later", "{what}");
                    }
                    Err(error) => panic!("{what}: {error}"),
                }
            }
        }
    }
}

/// Columns as long as the later ones, of which only what the earlier checkpoint vouches for was synced.
fn garbage_after(earlier: &Path, store: &Path) {
    for directory in COLUMNS {
        for file in fs::read_dir(store.join(directory)).unwrap() {
            let path = file.unwrap().path();
            let synced = fs::metadata(earlier.join(directory).join(path.file_name().unwrap())).unwrap().len();
            let mut bytes = fs::read(&path).unwrap();
            bytes[synced as usize..].fill(0);
            fs::write(&path, bytes).unwrap();
        }
    }
}

#[test]
fn a_damaged_sled_database_is_an_error_or_harmless() {
    let (_, later, consortium) = earlier_and_later();
    let database = later.path().join("checkpoint.sled").join("db");
    let whole = fs::read(&database).unwrap();
    for n in 0..60usize {
        let store = tempfile::tempdir().unwrap();
        copy(later.path(), store.path());
        let mut bytes = whole.clone();
        // Most of the file is not in use; its beginning is.
        let place = n.wrapping_mul(0x9E37_79B1) % if n % 2 == 0 { 4_000 } else { whole.len() };
        bytes[place..(place + 8).min(whole.len())].iter_mut().for_each(|byte| *byte ^= 0x55);
        fs::write(store.path().join("checkpoint.sled").join("db"), bytes).unwrap();
        match Store::open(store.path(), &consortium.genesis, small()) {
            Ok((store, state)) => {
                check_same(&state, consortium.state());
                check_equal(&store, &consortium);
                continue;
            }
            Err(OpenError::Store(StoreError::Damaged { part: Part::Checkpoint } | StoreError::Io { .. })) => {
            }
            Err(error) => panic!("{place}: {error}"),
        }
        let (store, _) = Store::rebuild(store.path(), &consortium.genesis, small(), |_| {}).unwrap();
        check_equal(&store, &consortium);
    }
}
