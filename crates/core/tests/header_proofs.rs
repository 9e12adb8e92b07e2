//! What is proved of headers and members without an entry: final, a record, a log that only grew.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use sanad_core::block::BlockHeader;
use sanad_core::event::Entry;
use sanad_core::hash::{ChainId, Root};
use sanad_core::ids::Height;
use sanad_core::merkle::{Hash, MemoryTree, ProofError, Rfc6962, TreeHash, consistency_path};
use sanad_core::proof::{GrowthFault, ProofFault, TrustAnchor, verify_growth, verify_header, verify_member};
use support::{Ledger, id};

fn ledger() -> (Ledger, TrustAnchor) {
    let mut ledger = Ledger::new();
    for block in 0..5 {
        ledger.issue("issuer", block * 100..block * 100 + 7 + block);
    }
    let anchor = TrustAnchor::new(&ledger.genesis).unwrap();
    (ledger, anchor)
}

fn path(ledger: &Ledger, older: &BlockHeader, newer: &BlockHeader) -> Vec<Hash> {
    let tree = MemoryTree::<Rfc6962>::from_leaf_hashes(ledger.entries.iter().map(Entry::leaf_hash).collect());
    consistency_path::<Rfc6962, _>(&tree, older.log_size.0, newer.log_size.0).unwrap()
}

#[test]
fn members_are_proved_as_of_a_header() {
    let (ledger, anchor) = ledger();
    let header = ledger.headers.last().unwrap();
    let certificate = ledger.certify(header, &[0, 1, 2]);
    assert_eq!(verify_header(&anchor, &[], header, &certificate).as_ref(), Ok(&anchor.validators));
    let member = ledger.state.registry().prove(&id("issuer")).unwrap();
    let record = verify_member(&anchor, &[], header, &certificate, &member).unwrap();
    assert_eq!((record.chain.next_sequence.0, record.chain.entries), (5, 45));
    let mut forged = member.clone();
    forged.record.chain.entries -= 1;
    assert!(matches!(
        verify_member(&anchor, &[], header, &certificate, &forged),
        Err(ProofFault::Registry { .. })
    ));
    let unsigned = BlockHeader { time_ms: header.time_ms + 1, ..header.clone() };
    assert!(matches!(
        verify_member(&anchor, &[], &unsigned, &certificate, &member),
        Err(ProofFault::Certificate { .. })
    ));
    let old = &ledger.headers[1];
    assert!(matches!(member.verify(old), Err(ProofFault::Registry { .. })), "as of another block");
}

#[test]
fn logs_only_grow() {
    let (ledger, _) = ledger();
    for (at, older) in ledger.headers.iter().enumerate() {
        for newer in &ledger.headers[at..] {
            assert_eq!(verify_growth(older, newer, &path(&ledger, older, newer)), Ok(()));
        }
    }
    let newer = &ledger.headers[4];
    let empty = BlockHeader {
        height: Height(0),
        log_size: Default::default(),
        log_root: Root(Rfc6962::empty()),
        ..newer.clone()
    };
    assert_eq!(verify_growth(&empty, newer, &[]), Ok(()));
    let wrong = BlockHeader { log_root: Root([1; 32]), ..empty };
    assert!(matches!(
        verify_growth(&wrong, newer, &[]),
        Err(GrowthFault::Consistency { source: ProofError::OldRootMismatch { .. }, .. })
    ));
}

#[test]
fn logs_that_did_not_grow_are_refused() {
    let (ledger, _) = ledger();
    let (older, newer) = (&ledger.headers[1], &ledger.headers[3]);
    let sound = path(&ledger, older, newer);
    assert!(matches!(
        verify_growth(newer, older, &sound),
        Err(GrowthFault::Order { older: Height(4), newer: Height(2) })
    ));
    let foreign = BlockHeader { chain_id: ChainId([0; 32]), ..older.clone() };
    assert!(matches!(verify_growth(&foreign, newer, &sound), Err(GrowthFault::Chains { .. })));
    let twin = BlockHeader { time_ms: newer.time_ms + 1, ..newer.clone() };
    assert!(matches!(verify_growth(&twin, newer, &[]), Err(GrowthFault::Fork { height: Height(4), .. })));
    let refused =
        |older: &BlockHeader, newer: &BlockHeader, path: &[Hash]| match verify_growth(older, newer, path)
            .unwrap_err()
        {
            GrowthFault::Consistency { source, .. } => source,
            other => panic!("{other:?}"),
        };
    let length = |actual| ProofError::PathLength { expected: sound.len(), actual };
    assert_eq!(refused(older, newer, &sound[1..]), length(sound.len() - 1));
    assert_eq!(refused(older, newer, &[&sound[..], &[[0; 32]]].concat()), length(sound.len() + 1));
    for at in 0..sound.len() {
        for bit in 0..256 {
            let mut flipped = sound.clone();
            flipped[at][bit / 8] ^= 1 << (bit % 8);
            let error = refused(older, newer, &flipped);
            assert!(matches!(error, ProofError::OldRootMismatch { .. } | ProofError::RootMismatch { .. }));
        }
    }
    // An entry of the past was exchanged: the log of another history.
    let rewritten = BlockHeader { log_root: Root([3; 32]), ..newer.clone() };
    assert!(matches!(refused(older, &rewritten, &sound), ProofError::RootMismatch { .. }));
    let shrunk = BlockHeader { log_size: older.log_size, ..newer.clone() };
    let larger = BlockHeader { log_size: newer.log_size, ..older.clone() };
    assert!(matches!(refused(&larger, &shrunk, &[]), ProofError::OldBeyondNew { .. }));
}
