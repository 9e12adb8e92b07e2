//! The entries of a member, in runs, whatever part of the log is asked for.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use sanad_core::event::Entry;
use sanad_core::ids::LogIndex;
use sanad_core::proof::CompletenessVerifier;
use sanad_storage::Store;
use support::{Consortium, issuer, small};

fn grown() -> (tempfile::TempDir, Store, Consortium) {
    let directory = tempfile::tempdir().unwrap();
    let mut consortium = Consortium::new(81);
    let (store, _) = Store::create(directory.path(), &consortium.genesis, small()).unwrap();
    (0..25).for_each(|n| consortium.grow_some(&store, 1 + n % 9));
    (directory, store, consortium)
}

#[test]
fn every_range_gives_the_entries_in_it() {
    let (_directory, store, consortium) = grown();
    let size = consortium.ledger.entries.len() as u64;
    for n in 0..3 {
        let own: Vec<(u64, &Entry)> =
            (0..).zip(&consortium.ledger.entries).filter(|(_, entry)| entry.issuer == issuer(n)).collect();
        assert_eq!(own.is_empty(), n == 2);
        for start in (0..size + 3).step_by(5) {
            for end in (0..size + 10).step_by(7) {
                let mut found = Vec::new();
                for run in store.member_entries(&issuer(n), LogIndex(start)..LogIndex(end)) {
                    let run = run.unwrap();
                    assert!(!run.entries.is_empty());
                    found.extend((run.first_index.0..).zip(run.entries));
                }
                let expected = own.iter().filter(|(index, _)| (start..end).contains(index));
                let expected: Vec<_> = expected.map(|(index, entry)| (*index, entry.encode())).collect();
                assert_eq!(found, expected, "{start}..{end}");
            }
        }
    }
}

#[test]
fn they_make_a_completeness_proof() {
    let (_directory, store, consortium) = grown();
    let ledger = &consortium.ledger;
    let (head, runs) = ledger.completeness(issuer(0).as_str());
    let found: Vec<_> = store.member_entries(&issuer(0), LogIndex(0)..LogIndex(u64::MAX)).collect();
    let found: Vec<_> = found.into_iter().map(Result::unwrap).collect();
    assert_eq!(found, runs);
    let mut verifier = CompletenessVerifier::new(head, &ledger.anchor()).unwrap();
    found.iter().for_each(|run| drop(verifier.add(run).unwrap()));
    verifier.finish().unwrap();
}

#[test]
fn a_damaged_batch_ends_them() {
    let (directory, store, _) = grown();
    let record = store.batch_at(LogIndex(0)).unwrap();
    let segment = store.segment_path(record.height).unwrap();
    let mut bytes = std::fs::read(&segment).unwrap();
    // Within the first batch.
    let place = bytes.windows(8).position(|window| window == b"u0.ac.id").unwrap() + 60;
    bytes[place] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let mut runs = store.member_entries(&issuer(0), LogIndex(0)..LogIndex(u64::MAX));
    assert!(runs.next().unwrap().is_err());
    assert!(runs.next().is_none());
    drop(directory);
}
