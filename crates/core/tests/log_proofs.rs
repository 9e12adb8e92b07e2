//! Consistency of the log, and completeness of one issuer's events: what proves them, and all that must not.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use sanad_core::event::Event;
use sanad_core::genesis::Genesis;
use sanad_core::ids::{LogIndex, LogSize, Sequence};
use sanad_core::merkle::ProofError;
use sanad_core::proof::{
    COMPLETENESS_LINE_BYTES_MAX, CONSISTENCY_JSON_BYTES_MAX, CompletenessFault, CompletenessFormatError,
    CompletenessHead, ConsistencyFault, ConsistencyFormatError, ConsistencyProof, IssuerBatch, ProofFault,
    TrustAnchor,
};
use sanad_core::status::Status;
use support::log::{completeness, consistency, verify};
use support::{Ledger, issue};

/// Three issuers, mixed in blocks; the issuer `issuer` has revoked, suspended and reinstated.
fn ledger() -> (Ledger, TrustAnchor) {
    let mut ledger = Ledger::new();
    ledger.issue("issuer", 0..7);
    let batches = vec![
        ledger.signed("v1", (100..103).map(issue).collect()),
        ledger.signed("issuer", (10..14).map(issue).collect()),
    ];
    ledger.commit(batches);
    ledger.issue("v2", 200..201);
    let target = LogIndex;
    let changes = vec![
        Event::Revoke { target: target(1) },
        Event::Suspend { target: target(2) },
        Event::Suspend { target: target(11) },
        Event::Reinstate { target: target(2) },
    ];
    let changes = ledger.signed("issuer", changes);
    ledger.commit(vec![changes]);
    ledger.issue("issuer", 20..25);
    let anchor = TrustAnchor::new(&ledger.genesis).unwrap();
    (ledger, anchor)
}

#[test]
fn each_log_is_the_beginning_of_each_later_one() {
    let (ledger, anchor) = ledger();
    let size = ledger.entries.len() as u64;
    for older in 1..=size {
        for newer in older..=size {
            let proof = consistency(&ledger, older, newer);
            let proven = proof.verify(&anchor).unwrap();
            assert_eq!((proven.older.size.0, proven.newer.size.0), (older, newer));
            assert_eq!(ConsistencyProof::from_json(proof.to_json().as_bytes()).unwrap(), proof);
        }
    }
}

#[test]
fn every_bit_of_a_consistency_proof_counts() {
    let (ledger, anchor) = ledger();
    let sound = consistency(&ledger, 9, 17);
    let refused = |change: &dyn Fn(&mut ConsistencyProof)| {
        let mut proof = sound.clone();
        change(&mut proof);
        proof.verify(&anchor).unwrap_err()
    };
    for bit in 0..256 {
        let flip = |hash: &mut [u8; 32]| hash[bit / 8] ^= 1 << (bit % 8);
        let root = refused(&|proof| flip(&mut proof.older.root.0));
        assert!(
            matches!(root, ConsistencyFault::Path { source: ProofError::OldRootMismatch { .. }, .. }),
            "{root}"
        );
        let root = refused(&|proof| flip(&mut proof.newer.root.0));
        assert!(
            matches!(root, ConsistencyFault::Head { source: ProofError::OldRootMismatch { .. }, .. }),
            "{root}"
        );
        for at in 0..sound.path.len() {
            assert!(matches!(refused(&|proof| flip(&mut proof.path[at])), ConsistencyFault::Path { .. }));
        }
        for at in 0..sound.head_path.len() {
            assert!(matches!(
                refused(&|proof| flip(&mut proof.head_path[at])),
                ConsistencyFault::Head { .. }
            ));
        }
    }
    let length = |fault| match fault {
        ConsistencyFault::Path { source, .. } | ConsistencyFault::Head { source, .. } => {
            matches!(source, ProofError::PathLength { .. })
        }
        other => panic!("{other}"),
    };
    assert!(length(refused(&|proof| proof.path.truncate(1))));
    assert!(length(refused(&|proof| proof.path.push([0; 32]))));
    assert!(length(refused(&|proof| proof.head_path.clear())));
    for size in (0..40).filter(|size| *size != 9) {
        refused(&|proof| proof.older.size = LogSize(size));
    }
    let empty = refused(&|proof| proof.older.size = LogSize(0));
    assert!(matches!(empty, ConsistencyFault::Path { source: ProofError::EmptyOldTree { .. }, .. }));
    let reversed = refused(&|proof| std::mem::swap(&mut proof.older, &mut proof.newer));
    assert!(matches!(reversed, ConsistencyFault::Head { .. } | ConsistencyFault::Path { .. }));
    let few = refused(&|proof| proof.certificate.signatures.truncate(2));
    assert!(matches!(few, ConsistencyFault::Header(ProofFault::Certificate { .. })));
    let time = refused(&|proof| proof.header.time_ms += 1);
    assert!(matches!(time, ConsistencyFault::Header(ProofFault::Certificate { .. })));
    let foreign = Ledger::of(Genesis { name: "Another".into(), ..support::genesis() });
    let foreign = sound.verify(&TrustAnchor::new(&foreign.genesis).unwrap()).unwrap_err();
    assert!(matches!(foreign, ConsistencyFault::Header(ProofFault::ForeignChain { .. })));
}

#[test]
fn a_rewritten_log_cannot_be_joined_to_the_old_one() {
    let (ledger, anchor) = ledger();
    let mut other = Ledger::new();
    other.issue("issuer", 1..8);
    for n in 0..4 {
        other.issue("issuer", 50 + 4 * n..54 + 4 * n);
    }
    // Both histories are signed: by validators that forked. The proof of the one never speaks of the other.
    let (mine, theirs) = (consistency(&ledger, 7, 20), consistency(&other, 7, 20));
    assert!(mine.verify(&anchor).is_ok() && theirs.verify(&anchor).is_ok());
    let mixed = ConsistencyProof { older: mine.older, ..theirs };
    assert!(matches!(mixed.verify(&anchor), Err(ConsistencyFault::Path { .. })));
}

#[test]
fn texts_that_are_no_consistency_proof_are_refused() {
    let (ledger, _) = ledger();
    let text = consistency(&ledger, 2, 3).to_json();
    let read = |text: &str| ConsistencyProof::from_json(text.as_bytes()).unwrap_err();
    assert!(matches!(
        read(&text.replace("consistency-proof/v1", "consistency-proof/v2")),
        ConsistencyFormatError::Format
    ));
    assert!(matches!(read(&text.replace("\"older\"", "\"former\"")), ConsistencyFormatError::Form(_)));
    assert!(matches!(read(&text[1..]), ConsistencyFormatError::Form(_)));
    let long = " ".repeat(CONSISTENCY_JSON_BYTES_MAX + 1);
    assert!(matches!(read(&long), ConsistencyFormatError::TooLong { .. }));
}

#[test]
fn all_events_of_an_issuer_give_the_status_of_all_it_issued() {
    let (ledger, anchor) = ledger();
    let (head, batches) = completeness(&ledger, "issuer");
    let head = CompletenessHead::from_json(head.to_json().as_bytes()).unwrap();
    let line = |batch: &IssuerBatch| IssuerBatch::from_json(batch.to_json().as_bytes()).unwrap();
    let batches: Vec<IssuerBatch> = batches.iter().map(line).collect();
    let complete = verify(&head, &batches, &anchor).unwrap();
    assert_eq!(complete.statuses.len(), 16);
    assert_eq!(complete.count(Status::Revoked), 1);
    assert_eq!(complete.count(Status::Suspended), 1);
    for (index, status) in &complete.statuses {
        assert_eq!(*status, ledger.prove(index.0).verify(&anchor).unwrap().status, "{index}");
    }
    // An issuer that never issued has nothing to list, and that is proved too.
    let (head, none) = completeness(&ledger, "v3");
    assert!(verify(&head, &none, &anchor).unwrap().statuses.is_empty());
}

#[test]
fn nothing_can_be_left_out_added_or_moved() {
    let (ledger, anchor) = ledger();
    let (head, sound) = completeness(&ledger, "issuer");
    let refused = |batches: &[IssuerBatch]| verify(&head, batches, &anchor).unwrap_err();
    let last = sound.len() - 1;
    assert_eq!(
        refused(&sound[..last]),
        CompletenessFault::Incomplete { expected: Sequence(4), actual: Sequence(3) }
    );
    for at in 0..last {
        let mut without = sound.clone();
        without.remove(at);
        assert!(matches!(refused(&without), CompletenessFault::Sequence { .. }), "without {at}");
        let mut swapped = sound.clone();
        swapped.swap(at, at + 1);
        assert!(matches!(refused(&swapped), CompletenessFault::Sequence { .. }), "swapped {at}");
    }
    let twice = [&sound[..], &sound[last..]].concat();
    assert_eq!(refused(&twice), CompletenessFault::TooMany { expected: Sequence(4) });
    let (_, foreign) = completeness(&ledger, "v1");
    assert!(matches!(refused(&foreign), CompletenessFault::Issuer { .. }));

    let change = |at: usize, change: &dyn Fn(&mut IssuerBatch)| {
        let mut batches = sound.clone();
        change(&mut batches[at]);
        refused(&batches)
    };
    let cut = change(1, &|batch| batch.batch.truncate(40));
    assert!(matches!(cut, CompletenessFault::Batch { sequence: Sequence(1), .. }));
    let moved = change(1, &|batch| batch.first_index = LogIndex(11));
    assert!(matches!(moved, CompletenessFault::Place { .. }));
    let before = change(1, &|batch| batch.first_index = LogIndex(3));
    assert!(matches!(before, CompletenessFault::Order { .. }));
    let beyond = change(1, &|batch| batch.first_index = LogIndex(u64::MAX));
    assert!(matches!(beyond, CompletenessFault::Place { source: ProofError::IndexBeyondSize { .. }, .. }));
    let path = change(1, &|batch| batch.path[0][0] ^= 1);
    assert!(matches!(path, CompletenessFault::Place { source: ProofError::RootMismatch { .. }, .. }));
    let length = change(1, &|batch| batch.path.truncate(batch.path.len() - 1));
    assert!(matches!(length, CompletenessFault::Place { source: ProofError::PathLength { .. }, .. }));
    // Every byte of every batch is bound: by the form, the chain, or the log.
    for (at, batch) in sound.iter().enumerate() {
        for byte in 0..batch.batch.len() {
            change(at, &|batch| batch.batch[byte] ^= 1);
        }
    }
}

#[test]
fn the_head_of_a_list_is_proved_from_the_genesis() {
    let (ledger, anchor) = ledger();
    let (sound, batches) = completeness(&ledger, "issuer");
    let refused = |change: &dyn Fn(&mut CompletenessHead)| {
        let mut head = sound.clone();
        change(&mut head);
        match verify(&head, &batches, &anchor).unwrap_err() {
            CompletenessFault::Head(fault) => fault,
            other => panic!("{other}"),
        }
    };
    let fewer = refused(&|head| head.issuer.record.chain.next_sequence = Sequence(3));
    assert!(matches!(fewer, ProofFault::Registry { .. }));
    let entries = refused(&|head| head.issuer.record.chain.entries = 1);
    assert!(matches!(entries, ProofFault::Registry { .. }));
    let old = refused(&|head| head.header = ledger.headers[1].clone());
    assert!(matches!(old, ProofFault::Certificate { .. }));
    let few = refused(&|head| head.certificate.signatures.truncate(1));
    assert!(matches!(few, ProofFault::Certificate { .. }));
    // As of an older block the list was shorter, and still whole.
    let header = ledger.headers[0].clone();
    let certificate = ledger.certify(&header, &[0, 1, 2]);
    let stale = CompletenessHead { header, certificate, ..sound.clone() };
    assert!(matches!(
        verify(&stale, &batches[..1], &anchor),
        Err(CompletenessFault::Head(ProofFault::Registry { .. }))
    ));
}

#[test]
fn lines_that_are_none_of_a_completeness_proof_are_refused() {
    let (ledger, _) = ledger();
    let (head, batches) = completeness(&ledger, "issuer");
    let text = head.to_json();
    let read = |text: &str| CompletenessHead::from_json(text.as_bytes()).unwrap_err();
    assert!(matches!(read(&text.replace("-proof/v1", "-proof/v0")), CompletenessFormatError::Format));
    assert!(matches!(read(&batches[0].to_json()), CompletenessFormatError::Form(_)));
    let long = " ".repeat(COMPLETENESS_LINE_BYTES_MAX + 1);
    assert!(matches!(read(&long), CompletenessFormatError::TooLong { .. }));
    assert!(matches!(IssuerBatch::from_json(b"{}"), Err(CompletenessFormatError::Form(_))));
    assert!(matches!(IssuerBatch::from_json(b"{"), Err(CompletenessFormatError::Form(_))));
}
