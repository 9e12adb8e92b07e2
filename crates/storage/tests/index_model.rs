//! The key index against a plain map.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use sanad_storage::{IndexOptions, IndexSecret, KeyIndex};

const SECRET: IndexSecret = IndexSecret([9; 32]);

fn hash(n: u64) -> [u8; 32] {
    *blake3::hash(&n.to_be_bytes()).as_bytes()
}

/// One thing that happens to an index.
#[derive(Clone, Debug)]
enum Step {
    /// Places that follow, each with the hashes of these numbers.
    Insert(Vec<Vec<u16>>),
    Maintain,
    Reopen,
    /// The log turns out to end earlier.
    CutTo(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let keys = prop::collection::vec(0..2_000u16, 0..3);
    prop_oneof![
        6 => prop::collection::vec(keys, 0..120).prop_map(Step::Insert),
        2 => Just(Step::Maintain),
        1 => Just(Step::Reopen),
        1 => (0..2_000u64).prop_map(Step::CutTo),
    ]
}

/// All candidates of a number.
fn candidates(index: &KeyIndex, n: u64) -> Vec<u64> {
    let mut found = Vec::new();
    index
        .find(&hash(n), |candidate| {
            found.push(candidate);
            Ok(false)
        })
        .unwrap();
    found.sort_unstable();
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn finds_what_was_inserted(
        steps in prop::collection::vec(step(), 1..25),
        memory_keys in 1..100usize,
        fan_out in 2..5usize,
    ) {
        let directory = tempfile::tempdir().unwrap();
        let options = IndexOptions { memory_keys, fan_out };
        let mut index = KeyIndex::open(directory.path(), SECRET, options, 0).unwrap();
        // The log: which numbers stand at each place.
        let mut log: Vec<Vec<u64>> = Vec::new();
        for step in steps {
            match step {
                Step::Insert(places) => {
                    let start = log.len() as u64;
                    log.extend(places.iter().map(|keys| keys.iter().map(|key| u64::from(*key)).collect()));
                    insert(&index, &log, start);
                }
                Step::Maintain => index.maintain().unwrap(),
                Step::Reopen | Step::CutTo(_) => {
                    if let Step::CutTo(end) = step {
                        log.truncate(end as usize);
                    }
                    drop(index);
                    index = KeyIndex::open(directory.path(), SECRET, options, log.len() as u64).unwrap();
                    prop_assert!(index.end() <= log.len() as u64);
                    insert(&index, &log, index.end());
                }
            }
            prop_assert_eq!(index.end(), log.len() as u64);
        }
        let mut model: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for (place, keys) in log.iter().enumerate() {
            keys.iter().for_each(|key| model.entry(*key).or_default().push(place as u64));
        }
        for n in 0..2_000 {
            prop_assert_eq!(candidates(&index, n), model.get(&n).cloned().unwrap_or_default());
        }
        // All at once: the same candidates, number by number.
        let hashes: Vec<[u8; 32]> = (0..2_000).map(hash).collect();
        let mut found = Vec::new();
        let first = index.find_first(&hashes, |position, place| {
            found.push((position as u64, place));
            Ok(false)
        });
        prop_assert_eq!(first.unwrap(), None);
        let expected: Vec<(u64, u64)> =
            model.iter().flat_map(|(key, places)| places.iter().map(|place| (*key, *place))).collect();
        prop_assert_eq!(&found, &expected);
        let first = index.find_first(&hashes, |_, _| Ok(true)).unwrap();
        prop_assert_eq!(first.map(|(position, place)| (position as u64, place)), expected.first().copied());
    }
}

/// Inserts the log from a place on; what lies before is left out by the index itself.
fn insert(index: &KeyIndex, log: &[Vec<u64>], start: u64) {
    let keys: Vec<([u8; 32], u64)> = (0..)
        .zip(log)
        .filter(|(place, _)| *place + 3 >= start)
        .flat_map(|(place, keys)| keys.iter().map(move |key| (hash(*key), place)))
        .collect();
    index.insert(keys.iter().map(|(hash, place)| (hash, *place)), log.len() as u64).unwrap();
}

#[test]
fn another_secret_takes_no_run() {
    let directory = tempfile::tempdir().unwrap();
    let options = IndexOptions { memory_keys: 10, fan_out: 2 };
    let index = KeyIndex::open(directory.path(), SECRET, options, 0).unwrap();
    let log: Vec<Vec<u64>> = (0..100).map(|n| vec![n]).collect();
    insert(&index, &log, 0);
    index.maintain().unwrap();
    drop(index);
    let index = KeyIndex::open(directory.path(), SECRET, options, 100).unwrap();
    assert_eq!(index.end(), 100);
    drop(index);
    let other = KeyIndex::open(directory.path(), IndexSecret([1; 32]), options, 100).unwrap();
    assert_eq!(other.end(), 0);
    assert!(candidates(&other, 5).is_empty());
}

#[test]
fn lookups_while_runs_are_merged() {
    let directory = tempfile::tempdir().unwrap();
    let options = IndexOptions { memory_keys: 50, fan_out: 2 };
    let index = KeyIndex::open(directory.path(), SECRET, options, 0).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                index.maintain().unwrap();
            }
        });
        scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                let end = index.end();
                for n in (0..end).step_by(37) {
                    assert_eq!(candidates(&index, n), [n], "of {end}");
                }
            }
        });
        for place in 0..20_000u64 {
            index.insert([(&hash(place), place)], place + 1).unwrap();
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    for n in 0..20_000 {
        assert_eq!(candidates(&index, n), [n]);
    }
}
