//! Two logs side by side.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;
use std::path::Path;

use sanad_core::ids::Height;
use sanad_storage::{Comparison, Finding, Store, compare};
use support::{Consortium, small};

/// A store of the first `blocks` blocks of a chain; then `others` more that are its own.
fn store(directory: &Path, blocks: usize, others: usize, last_signers: usize) -> Consortium {
    let mut consortium = Consortium::new(41);
    let (store, _) = Store::create(directory, &consortium.genesis, small()).unwrap();
    for n in 0..blocks {
        let events = consortium.issuances(6);
        let (block, mut certificate, execution) = consortium.block(&store, vec![consortium.batch(0, events)]);
        if n + 1 == blocks {
            certificate.signatures.truncate(last_signers);
        }
        store.append(&block, &certificate, &execution).unwrap();
        consortium.enter(block, certificate);
    }
    for _ in 0..others {
        let events = consortium.issuances(9);
        consortium.grow(&store, vec![events]);
    }
    store.close().unwrap();
    consortium
}

fn compared(one: &Path, other: &Path, consortium: &Consortium) -> Comparison {
    compare([one, other], &consortium.genesis, |_| {}).unwrap()
}

#[test]
fn equal_longer_and_other_certificates() {
    let [one, other] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let consortium = store(one.path(), 30, 0, 3);
    store(other.path(), 30, 5, 2);
    let found = compared(one.path(), other.path(), &consortium);
    assert_eq!((found.equal_up_to, found.difference), (Height(30), None));
    assert_eq!(found.other_certificates, (1, Some(Height(30))));
    assert_eq!(found.rest.map(|rest| (rest.blocks, rest.finding)), [(0, None), (5, None)]);
    let same = compared(one.path(), one.path(), &consortium);
    assert_eq!((same.equal_up_to, same.other_certificates), (Height(30), (0, None)));
}

#[test]
fn the_first_block_that_differs_is_taken_apart() {
    let [one, other] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let first = store(one.path(), 12, 0, 3);
    let second = store(other.path(), 10, 4, 3);
    let found = compared(one.path(), other.path(), &first);
    assert_eq!(found.equal_up_to, Height(10));
    let difference = found.difference.unwrap();
    assert_eq!(difference.height, Height(11));
    let names: Vec<_> = difference.fields.iter().map(|(field, ..)| *field).collect();
    assert_eq!(names, ["log_size", "log_root", "state_root", "past"]);
    assert_eq!(difference.fields[0].1, first.blocks[10].0.header.log_size.to_string());
    assert_eq!(difference.fields[0].2, second.blocks[10].0.header.log_size.to_string());
    let (position, batch, _) = difference.batch.unwrap();
    assert_eq!(position, 0);
    assert!(batch.unwrap().starts_with(&first.blocks[10].0.batches[0].id().to_string()));
    assert_eq!(found.rest.map(|rest| rest.blocks), [2, 4]);
}

#[test]
fn damage_in_one_of_them_is_no_difference_but_named() {
    let [one, other] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let consortium = store(one.path(), 30, 0, 3);
    store(other.path(), 30, 0, 3);
    let segment = fs::read_dir(other.path().join("segments")).unwrap().map(|file| file.unwrap().path()).min();
    let segment = segment.unwrap();
    let mut bytes = fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&segment, &bytes).unwrap();
    let found = compared(one.path(), other.path(), &consortium);
    let [sound, damaged] = found.rest;
    assert_eq!((found.difference, sound.finding), (None, None));
    let Some(Finding::Block { height, .. }) = damaged.finding else { panic!("{:?}", damaged.finding) };
    assert_eq!(height, found.equal_up_to.next());
    assert_eq!(sound.blocks, 30 - found.equal_up_to.0);
}
