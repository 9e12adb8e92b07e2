//! Consistency of the log and completeness of one member's entries: what proves them, and all that must not.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod support;

use sanad_core::event::{Entry, Event};
use sanad_core::genesis::Genesis;
use sanad_core::ids::{LogIndex, LogSize};
use sanad_core::member::{EventsHead, MemberError};
use sanad_core::merkle::ProofError;
use sanad_core::proof::{
    COMPLETENESS_LINE_BYTES_MAX, CONSISTENCY_JSON_BYTES_MAX, CompletenessFault, CompletenessFormatError,
    CompletenessHead, CompletenessVerifier, ConsistencyFault, ConsistencyFormatError, ConsistencyProof,
    EntryRun, ProofFault,
};
use sanad_core::status::CredentialStatus;
use sanad_core::trust::TrustAnchor;
use sanad_testkit::{Ledger, id, issue};
use support::{signatures, verify_complete as verify};

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
    let anchor = ledger.anchor();
    (ledger, anchor)
}

#[test]
fn each_log_is_the_beginning_of_each_later_one() {
    let (ledger, anchor) = ledger();
    let size = ledger.entries.len() as u64;
    for older in 1..=size {
        for newer in older..=size {
            let proof = ledger.consistency(older, newer);
            let proven = proof.verify(&anchor).unwrap();
            assert_eq!((proven.older.size.0, proven.newer.size.0), (older, newer));
            assert_eq!(ConsistencyProof::from_json(proof.to_json().as_bytes()).unwrap(), proof);
        }
    }
}

#[test]
fn every_bit_of_a_consistency_proof_counts() {
    let (ledger, anchor) = ledger();
    let sound = ledger.consistency(9, 17);
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
    let few = refused(&|proof| signatures(&mut proof.finality).truncate(2));
    assert!(matches!(few, ConsistencyFault::Header(ProofFault::Certificate { .. })));
    let time = refused(&|proof| proof.header.time_ms += 1);
    assert!(matches!(time, ConsistencyFault::Header(ProofFault::Certificate { .. })));
    let foreign = Genesis { name: "Another".into(), ..sanad_testkit::genesis() };
    let foreign = sound.verify(&TrustAnchor::new(&foreign).unwrap()).unwrap_err();
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
    let (mine, theirs) = (ledger.consistency(7, 20), other.consistency(7, 20));
    assert!(mine.verify(&anchor).is_ok() && theirs.verify(&anchor).is_ok());
    let mixed = ConsistencyProof { older: mine.older, ..theirs };
    assert!(matches!(mixed.verify(&anchor), Err(ConsistencyFault::Path { .. })));
}

#[test]
fn other_texts_are_not_consistency_proofs() {
    let (ledger, _) = ledger();
    let text = ledger.consistency(2, 3).to_json();
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
fn all_entries_of_a_member_give_the_status_of_all_it_issued() {
    let (ledger, anchor) = ledger();
    let (head, runs) = ledger.completeness("issuer");
    let head = CompletenessHead::from_json(head.to_json().as_bytes()).unwrap();
    let line = |run: &EntryRun| EntryRun::from_json(run.to_json().as_bytes()).unwrap();
    let runs: Vec<EntryRun> = runs.iter().map(line).collect();
    let complete = verify(&head, &runs, &anchor).unwrap();
    assert_eq!((complete.statuses.len(), complete.entries), (16, 20));
    assert_eq!(complete.count(CredentialStatus::Revoked), 1);
    assert_eq!(complete.count(CredentialStatus::Suspended), 1);
    for (index, status) in &complete.statuses {
        assert_eq!(*status, ledger.prove(index.0).verify(&anchor).unwrap().status, "{index}");
    }
    // However the entries are cut into lines.
    let singly = runs.iter().flat_map(|run| {
        let single = |(place, entry): (usize, &Vec<u8>)| EntryRun {
            first_index: LogIndex(run.first_index.0 + place as u64),
            entries: vec![entry.clone()],
        };
        run.entries.iter().enumerate().map(single).collect::<Vec<_>>()
    });
    assert_eq!(verify(&head, &singly.collect::<Vec<_>>(), &anchor).unwrap(), complete);
    // An issuer that never issued has nothing to list, and that is proved too.
    let (head, none) = ledger.completeness("v3");
    assert!(verify(&head, &none, &anchor).unwrap().statuses.is_empty());
}

#[test]
fn nothing_can_be_left_out_added_or_moved() {
    let (ledger, anchor) = ledger();
    let (head, sound) = ledger.completeness("issuer");
    let refused = |runs: &[EntryRun]| verify(&head, runs, &anchor).unwrap_err();
    let last = sound.len() - 1;
    let count = |actual| CompletenessFault::Count { expected: 20, actual };
    assert_eq!(refused(&sound[..last]), count(15));
    assert_eq!(refused(&[]), count(0));
    for at in 0..=last {
        let mut without = sound.clone();
        let fewer = 20 - without.remove(at).entries.len() as u64;
        // What was revoked is missing first.
        assert!(
            refused(&without) == count(fewer) || matches!(refused(&without), CompletenessFault::Event { .. })
        );
        if at < last {
            let mut swapped = sound.clone();
            swapped.swap(at, at + 1);
            assert!(matches!(
                refused(&swapped),
                CompletenessFault::Order { .. } | CompletenessFault::Event { .. }
            ));
        }
    }
    let twice = [&sound[..], &sound[last..]].concat();
    assert_eq!(refused(&twice), count(25));
    let (_, foreign) = ledger.completeness("v1");
    let by = CompletenessFault::Member { index: LogIndex(7), expected: id("issuer"), actual: id("v1") };
    assert_eq!(refused(&foreign), by);

    let change = |at: usize, change: &dyn Fn(&mut EntryRun)| {
        let mut runs = sound.clone();
        change(&mut runs[at]);
        refused(&runs)
    };
    let cut = change(1, &|run| run.entries[2].truncate(12));
    assert!(matches!(cut, CompletenessFault::Entry { index: LogIndex(12), .. }));
    assert_eq!(change(1, &|run| run.first_index = LogIndex(11)), CompletenessFault::Entries, "moved");
    assert!(matches!(
        change(1, &|run| run.first_index = LogIndex(3)),
        CompletenessFault::Order { index: LogIndex(3), from: LogIndex(7), .. }
    ));
    for beyond in [24, u64::MAX - 1, u64::MAX] {
        let beyond = change(1, &|run| run.first_index = LogIndex(beyond));
        assert!(matches!(beyond, CompletenessFault::Order { .. }), "{beyond}");
    }
    assert_eq!(change(1, &|run| run.entries.clear()), CompletenessFault::Empty);
    let many = change(1, &|run| run.entries.resize(1_000, run.entries[0].clone()));
    assert_eq!(many, count(1_007));
    let swapped = change(1, &|run| run.entries.swap(0, 1));
    assert_eq!(swapped, CompletenessFault::Entries);
    // An entry of one's own in place of the one that revoked.
    let hidden = change(2, &|run| run.entries[0] = Entry { issuer: id("issuer"), event: issue(90) }.encode());
    assert_eq!(hidden, CompletenessFault::Entries);
    // Every byte of every entry is bound.
    for (at, run) in sound.iter().enumerate() {
        for (place, entry) in run.entries.iter().enumerate() {
            for byte in 0..entry.len() {
                change(at, &|run| run.entries[place][byte] ^= 1);
            }
        }
    }
}

#[test]
fn a_list_with_a_fault_never_becomes_whole() {
    let (ledger, anchor) = ledger();
    let (head, sound) = ledger.completeness("issuer");
    let mut verifier = CompletenessVerifier::new(head, &anchor).unwrap();
    assert_eq!(verifier.remaining(), 20);
    let fault = verifier.add(&EntryRun { first_index: LogIndex(0), entries: Vec::new() }).unwrap_err();
    for run in &sound {
        assert_eq!(verifier.add(run), Err(fault.clone()));
    }
    assert_eq!(verifier.finish(), Err(fault));
}

#[test]
fn the_head_of_a_list_is_proved_from_the_genesis() {
    let (ledger, anchor) = ledger();
    let (sound, runs) = ledger.completeness("issuer");
    let refused = |change: &dyn Fn(&mut CompletenessHead)| {
        let mut head = sound.clone();
        change(&mut head);
        verify(&head, &runs, &anchor).unwrap_err()
    };
    let head = |fault| match fault {
        CompletenessFault::Head(fault) => fault,
        other => panic!("{other}"),
    };
    let other_rest = |fault| matches!(fault, CompletenessFault::Rest { member } if member == id("issuer"));
    assert!(other_rest(refused(&|head| head.rest.events.count -= 5)));
    assert!(other_rest(refused(&|head| head.rest.events = EventsHead::START)));
    assert!(other_rest(refused(&|head| head.rest.events.head[31] ^= 1)));
    assert!(other_rest(refused(&|head| head.rest.issuing.next_sequence.0 -= 1)));
    // The rest of another member, and a record made for a rest of one's own.
    let (other, _) = ledger.completeness("v1");
    assert!(other_rest(refused(&|head| head.rest = other.rest.clone())));
    let own = refused(&|head| {
        head.rest.events = EventsHead::START;
        head.proof.member.record.rest = head.rest.hash();
    });
    assert!(matches!(head(own), ProofFault::StateRoot { .. }));
    let old = head(refused(&|head| head.proof.header = ledger.header(2).clone()));
    assert!(matches!(old, ProofFault::Certificate { .. }));
    let few = head(refused(&|head| signatures(&mut head.proof.finality).truncate(1)));
    assert!(matches!(few, ProofFault::Certificate { .. }));
    // As of an older block the list was shorter, and still whole.
    let stale = head(refused(&|head| {
        let header = ledger.header(1);
        (head.proof.header, head.proof.finality) = (header.clone(), ledger.finality(header));
    }));
    assert!(matches!(stale, ProofFault::StateRoot { .. }));
}

#[test]
fn a_rest_beyond_its_limits_is_refused_before_it_is_hashed() {
    let (ledger, anchor) = ledger();
    let (sound, _) = ledger.completeness("issuer");
    let refused = |change: &dyn Fn(&mut CompletenessHead)| {
        let mut head = sound.clone();
        change(&mut head);
        // As a stranger sends it.
        let head = CompletenessHead::from_json(head.to_json().as_bytes()).unwrap();
        match CompletenessVerifier::new(head, &anchor) {
            Err(CompletenessFault::RestForm(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    let long = "x".repeat(256);
    let fact = |name: &str, value: &str| sanad_core::member::Fact { name: name.into(), value: value.into() };
    for error in [
        refused(&|head| head.rest.addresses = vec![long.clone()]),
        refused(&|head| head.rest.facts = vec![fact(&long, "a")]),
        refused(&|head| head.rest.facts = vec![fact("a", &long)]),
    ] {
        assert!(matches!(error, MemberError::TextLength { bytes: 256, .. }), "{error}");
    }
    let many = refused(&|head| head.rest.addresses = vec!["a".into(); 9]);
    assert!(matches!(many, MemberError::Count { count: 9, limit: 8, .. }));
    let many = refused(&|head| head.rest.keys = vec![head.rest.keys[0]; 1_025]);
    assert!(matches!(many, MemberError::Count { count: 1_025, limit: 1_024, .. }));
}

#[test]
fn lines_of_another_form_are_refused() {
    let (ledger, _) = ledger();
    let (head, runs) = ledger.completeness("issuer");
    let text = head.to_json();
    let read = |text: &str| CompletenessHead::from_json(text.as_bytes()).unwrap_err();
    assert!(matches!(read(&text.replace("-proof/v1", "-proof/v0")), CompletenessFormatError::Format));
    assert!(matches!(read(&runs[0].to_json()), CompletenessFormatError::Form(_)));
    let long = " ".repeat(COMPLETENESS_LINE_BYTES_MAX + 1);
    assert!(matches!(read(&long), CompletenessFormatError::TooLong { .. }));
    for bad in ["{}", "{", r#"{"first_index":0,"entries":["AB"]}"#, r#"{"first_index":-1,"entries":[]}"#] {
        assert!(
            matches!(EntryRun::from_json(bad.as_bytes()), Err(CompletenessFormatError::Form(_))),
            "{bad}"
        );
    }
}
