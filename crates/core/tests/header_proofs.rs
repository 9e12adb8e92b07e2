//! What is proved of headers and members without an entry: a final header, and a record as of it.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use sanad_core::history::{SEAL_HEADERS, seal_path};
use sanad_core::ids::Height;
use sanad_core::member::Standing;
use sanad_core::proof::{Finality, MemberProof, ProofFault, RestsOn};
use sanad_core::trust::TrustAnchor;
use sanad_testkit::{Chain, Ledger};

fn ledger() -> (Ledger, TrustAnchor) {
    let mut ledger = Ledger::new();
    for block in 0..5 {
        ledger.issue("issuer", block * 100..block * 100 + 7 + block);
    }
    let anchor = ledger.anchor();
    (ledger, anchor)
}

#[test]
fn members_are_proved_as_of_a_header() {
    let (ledger, anchor) = ledger();
    let header = ledger.head();
    let proven = anchor.verify_header(header, &ledger.finality(header)).unwrap();
    assert_eq!((proven.signers.len(), proven.validators, proven.rests_on), (3, 4, RestsOn::Genesis));
    let sound = ledger.prove_member("issuer");
    assert_eq!(sound.verify(&anchor), Ok(proven));
    assert_eq!(sound.member.record.standing, Standing::Active);
    let rest = ledger.state.registry().member(&sound.member.record.id).unwrap().rest();
    assert_eq!((rest.issuing.next_sequence.0, rest.events.count), (5, 45));
    assert_eq!(rest.hash(), sound.member.record.rest);

    let refused = |change: &dyn Fn(&mut MemberProof)| {
        let mut proof = sound.clone();
        change(&mut proof);
        proof.verify(&anchor).unwrap_err()
    };
    let state = |fault| matches!(fault, ProofFault::StateRoot { .. });
    assert!(state(refused(&|proof| proof.member.record.rest.0[0] ^= 1)));
    assert!(state(refused(&|proof| proof.member.record.name.push('!'))));
    assert!(state(refused(&|proof| proof.status_root.0[0] ^= 1)));
    assert!(state(refused(&|proof| proof.others_root.0[0] ^= 1)));
    assert!(state(refused(&|proof| proof.member.path[0][0] ^= 1)));
    assert!(state(refused(&|proof| proof.member.index ^= 1)));
    let many = refused(&|proof| proof.member.count = 5_000);
    assert_eq!(many, ProofFault::MemberCount { count: 5_000 });
    let none = refused(&|proof| (proof.member.count, proof.member.index) = (0, 0));
    assert!(matches!(none, ProofFault::Registry { .. }), "a register without members holds no record");
    let unsigned = refused(&|proof| proof.header.time_ms += 1);
    assert!(matches!(unsigned, ProofFault::Certificate { .. }));
    // As of another block, with its true certificate.
    let old = refused(&|proof| {
        (proof.header, proof.finality) = (ledger.header(2).clone(), ledger.finality(ledger.header(2)));
    });
    assert!(state(old));
}

#[test]
fn headers_are_sealed_once_their_subtree_is_complete() {
    let mut chain = Chain::new(4);
    chain.extend_to(SEAL_HEADERS + 2);
    let head = chain.height();
    let (tree, anchor) = (chain.history_tree(head), chain.anchor(head));
    let size = tree.size();
    for height in [1, 2, 1_000, SEAL_HEADERS - 1, SEAL_HEADERS] {
        let path = seal_path(&tree, Height(height), size).unwrap().unwrap();
        let finality = Finality::Sealed { path };
        assert_eq!(finality, chain.seal(height));
        anchor.verify_header(chain.header(height), &finality).unwrap();
        assert_eq!(seal_path(&tree, Height(height), SEAL_HEADERS - 1), Ok(None));
    }
    assert_eq!(seal_path(&tree, Height(SEAL_HEADERS + 1), size), Ok(None));
}
