//! Copying a log: while it grows, step by step, and never from or onto another one.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use sanad_core::ids::Height;
use sanad_storage::{CopyError, LogPlace, OpenError, Store, StoreError, Verdict, audit, copy_log, has_place};
use support::{Consortium, check_equal, small};

struct Copied {
    folder: tempfile::TempDir,
    store: Store,
    consortium: Consortium,
}

impl Copied {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut consortium = Consortium::new(71);
        let (store, _) = Store::create(&folder.path().join("ledger"), &consortium.genesis, small()).unwrap();
        for n in 0..20 {
            consortium.grow_some(&store, 3 + n);
        }
        Self { folder, store, consortium }
    }

    fn ledger(&self) -> PathBuf {
        self.folder.path().join("ledger")
    }

    fn copy(&self) -> PathBuf {
        self.folder.path().join("copy")
    }

    /// Of the running store.
    fn again(&self, copied: Option<LogPlace>) -> Result<LogPlace, CopyError> {
        let chain_id = self.consortium.genesis.chain_id();
        copy_log(&self.ledger(), &self.copy(), chain_id, copied, None).map(Option::unwrap)
    }
}

fn segments(directory: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        fs::read_dir(directory.join("segments")).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

fn change_byte(path: &Path, position: u64) {
    let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, position).unwrap();
    file.write_all_at(&[byte[0] ^ 1], position).unwrap();
}

#[test]
fn a_copy_of_a_store_in_use_grows_with_it_and_makes_a_whole_store() {
    let mut copied = Copied::new();
    let first = copied.again(None).unwrap();
    assert_eq!(first.height, Height(20));
    let before: Vec<Vec<u8>> = segments(&copied.copy()).iter().map(|path| fs::read(path).unwrap()).collect();
    for n in 0..20 {
        copied.consortium.grow_some(&copied.store, 3 + n);
    }
    let second = copied.again(Some(first)).unwrap();
    assert_eq!(second.height, Height(40));
    assert_eq!(copied.again(Some(second)).unwrap(), second, "nothing is new");
    let files = segments(&copied.copy());
    assert!(before.len() > 1 && files.len() > before.len(), "several segments: {files:?}");
    for (path, bytes) in files.iter().zip(&before) {
        assert!(fs::read(path).unwrap().starts_with(bytes), "what was copied is left as it is");
    }
    for (one, other) in segments(&copied.ledger()).iter().zip(&files) {
        assert_eq!(fs::read(one).unwrap(), fs::read(other).unwrap());
    }
    let report = audit(&copied.copy(), &copied.consortium.genesis, |_| {}).unwrap();
    assert_eq!((report.verdict(), report.state.head().height), (Verdict::Derived, Height(40)));
    let (store, _) = Store::rebuild(&copied.copy(), &copied.consortium.genesis, small(), |_| {}).unwrap();
    check_equal(&store, &copied.consortium);
}

#[test]
fn a_copy_is_made_up_to_a_place() {
    let mut copied = Copied::new();
    let first = copied.again(None).unwrap();
    copied.consortium.grow_some(&copied.store, 5);
    copied.again(Some(first)).unwrap();
    let (chain_id, other) = (copied.consortium.genesis.chain_id(), copied.folder.path().join("other"));
    assert_eq!(copy_log(&copied.copy(), &other, chain_id, None, Some(first)).unwrap(), Some(first));
    assert!(has_place(&other, chain_id, &first).unwrap());
    let absent = LogPlace { end: first.end - 1, ..first };
    assert!(matches!(
        copy_log(&copied.copy(), &other, chain_id, None, Some(absent)).unwrap_err(),
        CopyError::OtherLog { height: Height(20) }
    ));
}

#[test]
fn what_a_run_that_was_cut_off_has_left_is_cut() {
    let mut copied = Copied::new();
    let first = copied.again(None).unwrap();
    for n in 0..10 {
        copied.consortium.grow_some(&copied.store, 9 + n);
    }
    copied.again(Some(first)).unwrap();
    // Of the second run nobody knows, and its last file is torn.
    let files = segments(&copied.copy());
    let last = OpenOptions::new().write(true).open(files.last().unwrap()).unwrap();
    last.set_len(last.metadata().unwrap().len() - 7).unwrap();
    let second = copied.again(Some(first)).unwrap();
    assert_eq!(second.height, Height(30));
    for (one, other) in segments(&copied.ledger()).iter().zip(&files) {
        assert_eq!(fs::read(one).unwrap(), fs::read(other).unwrap());
    }
}

#[test]
fn a_block_that_is_being_written_is_left_out_and_damage_is_named() {
    let copied = Copied::new();
    let whole = copied.again(None).unwrap();
    fs::remove_dir_all(copied.copy()).unwrap();
    let files = segments(&copied.ledger());
    let last = OpenOptions::new().write(true).open(files.last().unwrap()).unwrap();
    last.set_len(last.metadata().unwrap().len() - 7).unwrap();
    let place = copied.again(None).unwrap();
    assert_eq!(place.height, Height(19));
    assert!(matches!(copied.again(Some(whole)).unwrap_err(), CopyError::DamagedCopy { height: Height(20) }));
    fs::remove_dir_all(copied.copy()).unwrap();
    change_byte(&files[0], 500);
    let error = copied.again(None).unwrap_err();
    let CopyError::Open(OpenError::Store(StoreError::Corrupt { .. })) = error else { panic!("{error:?}") };
}

#[test]
fn another_log_does_not_continue_a_copy() {
    let copied = Copied::new();
    let place = copied.again(None).unwrap();
    let genesis = &copied.consortium.genesis;
    // The same blocks in another store: its frames do not match the salts of the copy.
    let twin = copied.folder.path().join("twin");
    let (store, mut state) = Store::create(&twin, genesis, small()).unwrap();
    for (block, certificate) in &copied.consortium.blocks {
        let execution = sanad_core::execution::apply(&state, &store, block).unwrap();
        store.append(block, certificate, &execution).unwrap();
        state.advance(&execution);
    }
    let error = copy_log(&twin, &copied.copy(), genesis.chain_id(), Some(place), None).unwrap_err();
    assert!(matches!(error, CopyError::OtherLog { height: Height(20) }), "{error:?}");
    let foreign = support::genesis(72).chain_id();
    let error = copy_log(&copied.ledger(), &copied.copy(), foreign, None, None).unwrap_err();
    assert!(matches!(error, CopyError::Open(OpenError::ForeignChain { .. })), "{error:?}");
    // A copy that has lost its end.
    let last = segments(&copied.copy()).pop().unwrap();
    change_byte(&last, fs::metadata(&last).unwrap().len() - 100);
    assert!(matches!(copied.again(Some(place)).unwrap_err(), CopyError::DamagedCopy { .. }));
    assert!(!has_place(&copied.copy(), genesis.chain_id(), &place).unwrap());
}
