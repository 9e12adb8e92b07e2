//! Damage is found, named, and never taken for something else.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use sanad_core::execution::LedgerView;
use sanad_core::ids::{Height, LogIndex};
use sanad_storage::{Condition, OpenError, Part, Store, StoreError, audit};
use support::{Consortium, check_equal, check_same, small};

fn closed() -> (tempfile::TempDir, Consortium) {
    let directory = tempfile::tempdir().unwrap();
    let mut consortium = Consortium::new(11);
    let (store, _) = Store::create(directory.path(), &consortium.genesis, small()).unwrap();
    (0..40).for_each(|n| consortium.grow_some(&store, 5 + n));
    store.close().unwrap();
    drop(store);
    (directory, consortium)
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(directory).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

/// Segment file and position in it, for each byte of the log, and the height that it belongs to.
fn places(directory: &Path, consortium: &Consortium) -> Vec<(PathBuf, usize, Height)> {
    let mut heights = consortium.blocks.iter().flat_map(|(block, certificate)| {
        let bytes = 52 + sanad_core::codec::encode(certificate).len() + block.encode().len();
        std::iter::repeat_n(block.header.height, bytes)
    });
    let mut places = Vec::new();
    for file in files(&directory.join("segments")) {
        let bytes = fs::metadata(&file).unwrap().len() as usize;
        places.extend((96..bytes).map(|place| (file.clone(), place, heights.next().unwrap())));
    }
    assert!(heights.next().is_none());
    places
}

#[test]
fn one_wrong_byte_in_a_segment_is_reported_with_its_height() {
    let (directory, consortium) = closed();
    let places = places(directory.path(), &consortium);
    assert!(files(&directory.path().join("segments")).len() > 2);
    for n in 0..60usize {
        let (file, place, height) = &places[n.wrapping_mul(0x9E37_79B1) % places.len()];
        let whole = fs::read(file).unwrap();
        let mut bytes = whole.clone();
        bytes[*place] ^= 1 << (n % 8);
        fs::write(file, &bytes).unwrap();
        let found = match Store::open(directory.path(), &consortium.genesis, small()) {
            // Damage to the head shows at once.
            Err(OpenError::Store(error)) => error,
            Err(error) => panic!("{error}"),
            Ok((store, _)) => store.block(*height).unwrap_err(),
        };
        assert!(matches!(found, StoreError::Corrupt { height: at, .. } if at == *height), "{found}");
        let rebuilt = Store::rebuild(directory.path(), &consortium.genesis, small(), |_| {});
        match rebuilt {
            Err(OpenError::Store(StoreError::Corrupt { height: at, .. })) => assert_eq!(at, *height),
            // Without a checkpoint the last frame is one that may have been torn.
            Ok(_) => panic!("rebuilt from a damaged segment"),
            Err(error) => panic!("{error}"),
        }
        fs::write(file, &whole).unwrap();
    }
    let (store, _) = Store::open(directory.path(), &consortium.genesis, small()).unwrap();
    check_equal(&store, &consortium);
}

#[test]
fn a_missing_segment_is_reported() {
    let (directory, consortium) = closed();
    for file in files(&directory.path().join("segments")) {
        let whole = fs::read(&file).unwrap();
        fs::remove_file(&file).unwrap();
        let error = Store::open(directory.path(), &consortium.genesis, small()).unwrap_err();
        assert!(matches!(error, OpenError::Store(StoreError::Corrupt { .. })), "{error}");
        fs::write(&file, whole).unwrap();
    }
}

#[test]
fn what_is_derived_is_rebuilt() {
    let (directory, consortium) = closed();
    let derived = [
        "columns/blocks",
        "columns/batches",
        "tiles/0",
        "tiles/1",
        "history/0",
        "checkpoint.sled",
        "columns",
        "tiles",
        "history",
    ];
    for part in derived {
        let path = directory.path().join(part);
        if path.is_dir() {
            fs::remove_dir_all(&path).unwrap()
        } else {
            fs::remove_file(&path).unwrap()
        }
        let error = Store::open(directory.path(), &consortium.genesis, small()).unwrap_err();
        assert!(matches!(error, OpenError::Store(StoreError::Damaged { .. })), "{part}: {error}");
        let mut last = None;
        let (store, state) =
            Store::rebuild(directory.path(), &consortium.genesis, small(), |progress| last = Some(progress))
                .unwrap();
        let last = last.unwrap();
        assert_eq!((last.height, last.bytes), (Height(40), last.bytes_total));
        check_same(&state, consortium.state());
        check_equal(&store, &consortium);
        drop(store);
        let (store, state) = Store::open(directory.path(), &consortium.genesis, small()).unwrap();
        check_same(&state, consortium.state());
        check_equal(&store, &consortium);
    }
    // With the identity gone, segments still say whose they are.
    fs::remove_file(directory.path().join("store.json")).unwrap();
    let error = Store::open(directory.path(), &consortium.genesis, small()).unwrap_err();
    assert!(matches!(error, OpenError::NotAStore { .. }), "{error}");
    let foreign = Consortium::new(12);
    let error = Store::rebuild(directory.path(), &foreign.genesis, small(), |_| {}).unwrap_err();
    assert!(matches!(error, OpenError::ForeignChain { .. }), "{error}");
    let (store, _) = Store::rebuild(directory.path(), &consortium.genesis, small(), |_| {}).unwrap();
    check_equal(&store, &consortium);
}

/// Opens as a node does when it starts; returns whether anything was rebuilt.
fn start(directory: &Path, consortium: &Consortium) -> bool {
    let mut rebuilt = false;
    let opened = Store::open_or_rebuild(directory, &consortium.genesis, small(), |_| rebuilt = true);
    let (store, state) = opened.unwrap();
    check_same(&state, consortium.state());
    check_equal(&store, consortium);
    store.close().unwrap();
    rebuilt
}

/// A process that is killed while sled writes its snapshot, or whose disk is full then, leaves this file.
#[test]
fn an_unfinished_snapshot_of_sled_stops_no_start() {
    let (directory, consortium) = closed();
    let unfinished = directory.path().join("checkpoint.sled").join("snap.FFFFFFFFFFFFFFFF.generating");
    for bytes in [&b""[..], b"half of a snapshot"] {
        fs::write(&unfinished, bytes).unwrap();
        assert_eq!(audit(directory.path(), &consortium.genesis, |_| {}).unwrap().findings, []);
        assert!(!start(directory.path(), &consortium), "the database is whole without it");
        assert!(!unfinished.exists());
    }
}

#[test]
fn a_start_rebuilds_what_is_derived() {
    let (directory, consortium) = closed();
    let checkpoint = directory.path().join("checkpoint.sled");
    for harm in 0..4 {
        for file in files(&checkpoint).into_iter().filter(|path| path.is_file()) {
            let Ok(whole) = fs::read(&file) else { continue };
            let harmed = match harm {
                0 => Vec::new(),
                1 => whole[..whole.len() / 2].to_vec(),
                2 => vec![0; whole.len()],
                _ => whole.iter().map(|byte| byte ^ 0x5a).collect(),
            };
            fs::write(&file, harmed).unwrap();
            start(directory.path(), &consortium);
        }
    }
    for part in ["checkpoint.sled", "columns", "tiles", "history", "index", "store.json"] {
        let path = directory.path().join(part);
        if path.is_dir() {
            fs::remove_dir_all(&path).unwrap();
        } else {
            fs::remove_file(&path).unwrap();
        }
        assert_eq!(
            start(directory.path(), &consortium),
            part != "index",
            "{part}: indexes are filled anyway"
        );
        assert!(!start(directory.path(), &consortium), "{part}");
    }
    for bytes in [0, 5_000] {
        fs::write(directory.path().join("store.json"), vec![0; bytes]).unwrap();
        assert!(start(directory.path(), &consortium), "{bytes} bytes");
    }
    // The log itself is never made up.
    fs::remove_dir_all(&checkpoint).unwrap();
    let last = files(&directory.path().join("segments")).pop().unwrap();
    fs::remove_file(last).unwrap();
    let opened = Store::open_or_rebuild(directory.path(), &consortium.genesis, small(), |_| {});
    let error = opened.unwrap_err();
    assert!(matches!(error, OpenError::Store(StoreError::Corrupt { .. })), "{error}");
}

/// What is said of a store without opening it is what opening it then does.
#[test]
fn an_inspection_says_what_a_start_would_find() {
    let (directory, consortium) = closed();
    let look = || Store::inspect(directory.path(), &consortium.genesis);
    assert!(matches!(look().unwrap(), Condition::Sound { height: Height(40) }));
    let segments = files(&directory.path().join("segments"));
    for file in &segments {
        let whole = fs::read(file).unwrap();
        for harmed in [None, Some(&whole[..0]), Some(&whole[..50])] {
            match harmed {
                None => fs::remove_file(file).unwrap(),
                Some(bytes) => fs::write(file, bytes).unwrap(),
            }
            let error = look().unwrap_err();
            assert!(matches!(error, OpenError::Store(_)), "{error}");
            fs::write(file, &whole).unwrap();
        }
    }
    // The last block is that of the checkpoint.
    let last = segments.last().unwrap();
    let whole = fs::read(last).unwrap();
    let mut holed = whole.clone();
    let end = holed.len();
    holed[end - 40..].fill(0);
    for harmed in [&holed[..], &whole[..end - 40]] {
        fs::write(last, harmed).unwrap();
        let error = look().unwrap_err();
        assert!(matches!(error, OpenError::Store(StoreError::Corrupt { height: Height(40), .. })), "{error}");
    }
    fs::write(last, &whole).unwrap();
    for part in ["checkpoint.sled", "store.json", "columns"] {
        let (path, aside) = (directory.path().join(part), directory.path().join("aside"));
        fs::rename(&path, &aside).unwrap();
        assert!(matches!(look().unwrap(), Condition::Rebuild { .. }), "{part}");
        assert!(!path.exists(), "{part}: looking changes nothing");
        fs::rename(&aside, &path).unwrap();
    }
    let (store, _) = Store::open(directory.path(), &consortium.genesis, small()).unwrap();
    assert!(matches!(look().unwrap_err(), OpenError::Locked { .. }));
    drop(store);
    assert!(matches!(look().unwrap(), Condition::Sound { height: Height(40) }));
}

#[test]
fn missing_or_damaged_runs_are_read_again_from_the_log() {
    let (directory, consortium) = closed();
    let index = directory.path().join("index");
    assert!(files(&index.join("issuances")).len() > 1);
    for damage in 0..6 {
        match damage {
            0 => fs::remove_dir_all(&index).unwrap(),
            1 => fs::remove_file(&files(&index.join("issuances"))[0]).unwrap(),
            2 => fs::remove_file(files(&index.join("issuances")).last().unwrap()).unwrap(),
            3 => {
                let run = &files(&index.join("issuances"))[0];
                let bytes = fs::read(run).unwrap();
                fs::write(run, &bytes[..bytes.len() - 1]).unwrap();
            }
            4 => {
                let run = &files(&index.join("issuances"))[0];
                let mut bytes = fs::read(run).unwrap();
                let filter = bytes.len() - 40;
                bytes[filter] ^= 1;
                fs::write(run, bytes).unwrap();
            }
            _ => {
                fs::write(index.join("issuances").join("000000000000000-000000000099999.run"), b"x").unwrap()
            }
        }
        let (store, state) = Store::open(directory.path(), &consortium.genesis, small()).unwrap();
        check_same(&state, consortium.state());
        check_equal(&store, &consortium);
        store.close().unwrap();
        drop(store);
        assert_eq!(audit(directory.path(), &consortium.genesis, |_| {}).unwrap().findings, []);
    }
}

#[test]
fn wrong_bytes_in_what_is_derived_are_found() {
    let (directory, consortium) = closed();
    let size = consortium.state().log_size().0;
    for (part, expected) in [
        ("columns/blocks", Part::Blocks),
        ("columns/batches", Part::Batches),
        ("tiles/0", Part::Tiles),
        ("tiles/1", Part::Tiles),
        ("history/0", Part::History),
    ] {
        let path = directory.path().join(part);
        let whole = fs::read(&path).unwrap();
        for place in [3, whole.len() / 2] {
            let mut bytes = whole.clone();
            bytes[place] ^= 0x10;
            fs::write(&path, bytes).unwrap();
            match Store::open(directory.path(), &consortium.genesis, small()) {
                Err(OpenError::Store(StoreError::Damaged { part })) => assert_eq!(part, expected),
                Err(error) => panic!("{error}"),
                Ok((store, _)) => {
                    // Whatever is read is right or an error.
                    for index in 0..size {
                        if let Ok(entry) = store.entry(LogIndex(index)) {
                            assert_eq!(entry, consortium.ledger.entries[index as usize]);
                        }
                    }
                }
            }
        }
        fs::write(&path, whole).unwrap();
    }
}

#[test]
fn a_damaged_segment_head_is_reported() {
    let (directory, consortium) = closed();
    for file in files(&directory.path().join("segments")) {
        let whole = fs::read(&file).unwrap();
        for place in (0..96).step_by(5) {
            let mut bytes = whole.clone();
            bytes[place] ^= 1;
            fs::write(&file, &bytes).unwrap();
            let error = Store::open(directory.path(), &consortium.genesis, small()).unwrap_err();
            assert!(
                matches!(&error, OpenError::Store(StoreError::CorruptSegment { path }) if *path == file),
                "{error}"
            );
        }
        fs::write(&file, &whole).unwrap();
    }
}

#[test]
fn a_damaged_page_of_a_run_is_found_once_and_read_again() {
    let (directory, consortium) = closed();
    let run = &files(&directory.path().join("index").join("issuances"))[0];
    let mut bytes = fs::read(run).unwrap();
    bytes[4096 + 20] ^= 1;
    fs::write(run, bytes).unwrap();
    let (store, _) = Store::open(directory.path(), &consortium.genesis, small()).unwrap();
    let damaged = consortium.ledger.issuances.keys().any(|key| {
        matches!(LedgerView::issuance(&store, key), Err(StoreError::Damaged { part: Part::Index }))
    });
    assert!(damaged);
    drop(store);
    let (store, _) = Store::open(directory.path(), &consortium.genesis, small()).unwrap();
    check_equal(&store, &consortium);
}
