//! Validator sets are stored as they are announced, and never follow from today's members.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use sanad_core::block::Block;
use sanad_core::execution::Execution;
use sanad_core::genesis::Genesis;
use sanad_core::hash::HistoryHash;
use sanad_core::history::seals_and_remainder;
use sanad_core::ids::Height;
use sanad_core::merkle::inclusion_path;
use sanad_core::proof::Finality;
use sanad_core::state::State;
use sanad_core::trust::{Anchor, TrustAnchor, TrustFile, TrustedChange};
use sanad_core::validators::{CommitCertificate, Validator, ValidatorSet};
use sanad_storage::{OpenError, Options, Part, Store, StoreError};
use sanad_testkit::{certify, consensus_key};
use support::{Consortium, change_database, genesis, issuer, small};

/// Heights whose headers announce another set: two in a row, and the last block.
const ANNOUNCED: [u64; 5] = [3, 4, 11, 20, 30];

/// An empty block on top of a state, after which `next` decides.
fn block(state: &State, store: &Store, next: Option<ValidatorSet>) -> (Block, CommitCertificate, Execution) {
    let builder = sanad_core::execution::BlockBuilder::new(state, store);
    let (mut block, mut execution) = builder.finish(0, state.head().time_ms + 1_000).unwrap();
    // No rule changes the validators yet, so what a rule would do is done here.
    if let Some(next) = next {
        execution.header.next_validators_hash = next.hash();
        execution.hash = execution.header.hash();
        execution.next_validators = next;
        block.header = execution.header.clone();
    }
    let certificate = certify(&block.header, state.validators(), &[0, 1, 2]);
    (block, certificate, execution)
}

/// The set after another: the same members, with one key changed to that of a stranger.
fn successor(former: &ValidatorSet, first_height: Height) -> ValidatorSet {
    let place = former.number() as usize % 4;
    let mut validators = former.validators().to_vec();
    let stranger = format!("s{}.ac.id", former.number());
    validators[place] =
        Validator { member: stranger.parse().unwrap(), key: consensus_key(&stranger).public() };
    former.successor(first_height, validators).unwrap()
}

/// A store of 30 blocks, and the sets of its heights from 1 on.
fn grown(directory: &std::path::Path, genesis: &Genesis, options: Options) -> (Store, Vec<ValidatorSet>) {
    let (store, mut state) = Store::create(directory, genesis, options).unwrap();
    let mut sets = vec![state.validators().clone()];
    for height in 1..=30 {
        let next = ANNOUNCED.contains(&height).then(|| successor(state.validators(), Height(height + 1)));
        let (block, certificate, execution) = block(&state, &store, next);
        store.append(&block, &certificate, &execution).unwrap();
        state.advance(&execution);
        sets.push(state.validators().clone());
    }
    (store, sets)
}

fn check(store: &Store, sets: &[ValidatorSet]) {
    assert_eq!(store.validators_at(Height(0)), None);
    for (height, set) in (1..).zip(sets) {
        assert_eq!(store.validators_at(Height(height)).as_ref(), Some(set), "{height}");
    }
    assert_eq!(store.validators_at(Height(sets.len() as u64 + 1)), None);
    assert_eq!(store.validator_set_count() as usize, 1 + ANNOUNCED.len());
    for (number, height) in ANNOUNCED.iter().enumerate() {
        let set = store.validator_set(number as u32 + 1).unwrap();
        assert_eq!((set.number() as usize, set.first_height()), (number + 1, Height(height + 1)));
    }
    assert_eq!(store.validator_set(ANNOUNCED.len() as u32 + 1), None);
    for (heights, expected) in [
        (1..31, &ANNOUNCED[..]),
        (0..u64::MAX, &ANNOUNCED),
        (1..30, &ANNOUNCED[..4]),
        (4..11, &ANNOUNCED[1..2]),
        (5..11, &[]),
        (9..9, &[]),
    ] {
        let changes = store.validator_changes(Height(heights.start)..Height(heights.end)).unwrap();
        let found: Vec<u64> = changes.iter().map(|change| change.header.height.0).collect();
        assert_eq!(found, expected, "{heights:?}");
    }
}

#[test]
fn every_set_is_found_by_height_and_number_after_closing_too() {
    let directory = tempfile::tempdir().unwrap();
    let genesis = genesis(71);
    let (store, sets) = grown(directory.path(), &genesis, small());
    check(&store, &sets);
    store.close().unwrap();
    drop(store);
    let (store, state) = Store::open(directory.path(), &genesis, small()).unwrap();
    assert_eq!(Some(state.validators()), sets.last());
    check(&store, &sets);
}

#[test]
fn proofs_and_a_trust_file_hold() {
    let directory = tempfile::tempdir().unwrap();
    let genesis = genesis(72);
    let (store, _) = grown(directory.path(), &genesis, Options::default());
    let anchor = TrustAnchor::new(&genesis).unwrap();
    for height in 1..=30 {
        let height = Height(height);
        let header = store.header(height).unwrap().unwrap();
        let changes = store.validator_changes(Height(1)..height).unwrap();
        let finality = Finality::certificate(store.certificate(height).unwrap().unwrap(), changes);
        anchor.verify_header(&header, &finality).unwrap();

        let tree = store.history_tree();
        let change = |change: sanad_core::proof::ValidatorChange| {
            let before = change.header.height < height;
            let path = before.then(|| {
                inclusion_path::<HistoryHash, _>(&tree, change.header.height.0 - 1, height.0 - 1).unwrap()
            });
            TrustedChange {
                header: change.header,
                certificate: change.certificate,
                next: change.next,
                path: path.unwrap_or_default(),
            }
        };
        let changes = store.validator_changes(Height(1)..height.next()).unwrap();
        let (seals, remainder) = seals_and_remainder(&tree, height.0 - 1).unwrap();
        let anchor = Anchor {
            certificate: store.certificate(height).unwrap().unwrap(),
            past: store.past(height).unwrap().unwrap(),
            header: header.clone(),
        };
        let changes = changes.into_iter().map(change).collect();
        let file = TrustFile::new(genesis.clone(), changes, anchor, seals, remainder);
        assert_eq!(file.verify(header.time_ms).unwrap().header(), Some(&header));
    }
}

#[test]
fn a_set_that_no_header_announced_is_damage() {
    let directory = tempfile::tempdir().unwrap();
    let genesis = genesis(73);
    let (store, sets) = grown(directory.path(), &genesis, small());
    store.close().unwrap();
    drop(store);
    let path = directory.path().join("checkpoint.sled");
    let key = |number: u32| [&b"v"[..], &number.to_be_bytes()].concat();
    let encoded = |set: &ValidatorSet| sanad_core::codec::encode(set);
    let other = successor(&sets[2], Height(5));
    let newer = successor(&sets[30], Height(40));
    for (number, value) in [
        (0, None),
        (0, Some(encoded(&strangers()))),
        (2, None),
        (2, Some(encoded(&other))),
        (2, Some(encoded(&sets[3]))),
        (5, None),
        (6, Some(encoded(&newer))),
        (3, Some(vec![1, 2, 3])),
    ] {
        let before = change_database(&path, &key(number), value);
        let error = Store::open(directory.path(), &genesis, small()).unwrap_err();
        assert!(
            matches!(error, OpenError::Store(StoreError::Damaged { part: Part::Checkpoint })),
            "{number}: {error}"
        );
        change_database(&path, &key(number), before);
    }
    let (store, _) = Store::open(directory.path(), &genesis, small()).unwrap();
    check(&store, &sets);
}

/// A genesis set of somebody else.
fn strangers() -> ValidatorSet {
    let validators =
        (0..3).map(|n| Validator { member: issuer(n), key: consensus_key(issuer(n).as_str()).public() });
    ValidatorSet::genesis(validators.collect()).unwrap()
}

#[test]
fn without_changes_there_is_the_genesis_set() {
    let directory = tempfile::tempdir().unwrap();
    let mut consortium = Consortium::new(74);
    let (store, state) = Store::create(directory.path(), &consortium.genesis, small()).unwrap();
    assert_eq!(store.validators_at(Height(1)).as_ref(), Some(state.validators()));
    (0..3).for_each(|_| consortium.grow(&store, vec![]));
    assert_eq!(store.validators_at(Height(4)).as_ref(), Some(state.validators()));
    assert_eq!((store.validators_at(Height(5)), store.validator_set_count()), (None, 1));
    assert_eq!(store.validator_changes(Height(1)..Height(4)).unwrap(), []);
}
