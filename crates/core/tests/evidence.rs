//! Whose fault evidence proves, and what it does not say.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use sanad_core::event::Event;
use sanad_core::ids::LogIndex;
use sanad_core::proof::{
    Attribution, Contradiction, Evidence, EvidenceFault, FinalStatement, Finality, StatusProof,
};
use sanad_core::trust::TrustAnchor;
use sanad_core::validators::{CommitCertificate, CommitSignature, VoteKind, vote_message};
use sanad_testkit::{Ledger, consensus_key, id};

/// A header final by precommits of these validators in a round.
fn decided(ledger: &Ledger, round: u32, signers: &[usize]) -> FinalStatement {
    let header = ledger.head().clone();
    let block = header.id();
    let message = vote_message(&header.chain_id, VoteKind::Precommit, header.height, round, Some(&block));
    let validators = ledger.state.validators().validators();
    let sign = |place: &usize| CommitSignature {
        validator: *place as u16,
        signature: consensus_key(validators[*place].member.as_str()).sign(&message),
    };
    let signatures = signers.iter().map(sign).collect();
    let certificate = CommitCertificate { height: header.height, round, block: block.hash, signatures };
    FinalStatement { header, finality: Finality::Certificate { certificate, validator_changes: Vec::new() } }
}

/// Two ledgers with another block at height 2 each.
fn forked() -> (Ledger, Ledger, TrustAnchor) {
    let mut ledger = Ledger::new();
    ledger.issue("issuer", 0..3);
    let mut rival = ledger.clone();
    ledger.issue("issuer", 3..4);
    rival.issue("issuer", 4..5);
    let anchor = TrustAnchor::new(&ledger.genesis).unwrap();
    (ledger, rival, anchor)
}

fn heights(one: FinalStatement, other: FinalStatement) -> Evidence {
    Evidence::new(Contradiction::Heights { one: Box::new(one), other: Box::new(other) })
}

#[test]
fn of_one_round_those_are_named_who_signed_both() {
    let (ledger, rival, anchor) = forked();
    let evidence = heights(decided(&ledger, 1, &[0, 1, 2]), decided(&rival, 1, &[0, 2, 3]));
    let Attribution::Members { accused } = evidence.verify(&anchor).unwrap().attribution else {
        unreachable!("both certificates are of round 1")
    };
    let named: Vec<_> = accused.iter().map(|accusation| accusation.member.clone()).collect();
    assert_eq!(named, [id("v0"), id("v2")]);
    // Each by itself is proof, for the ledger too.
    for accusation in accused {
        assert_eq!(accusation.equivocation.verify(&anchor.chain_id), Ok(()));
        let one = decided(&ledger, 1, &[0, 1, 2]);
        let alone = Evidence::of_validator(accusation.equivocation.clone(), Some(one));
        let Attribution::Members { accused } = alone.verify(&anchor).unwrap().attribution else {
            unreachable!("of one validator")
        };
        assert_eq!(accused, [accusation]);
    }
}

#[test]
fn of_two_rounds_nobody_is_named() {
    let (ledger, rival, anchor) = forked();
    let evidence = heights(decided(&ledger, 0, &[0, 1, 2]), decided(&rival, 2, &[0, 1, 2]));
    let attribution = evidence.verify(&anchor).unwrap().attribution;
    assert_eq!(attribution, Attribution::DifferentRounds { one: 0, other: 2 });
}

#[test]
fn an_undone_revocation_names_nobody_by_itself() {
    let mut ledger = Ledger::new();
    ledger.issue("issuer", 0..3);
    let mut rival = ledger.clone();
    let revoke = ledger.signed("issuer", vec![Event::Revoke { target: LogIndex(1) }]);
    ledger.commit(vec![revoke]);
    rival.issue("issuer", 3..4);
    rival.issue("issuer", 4..5);
    let (revoked, later): (StatusProof, StatusProof) = (ledger.prove(1), rival.prove(1));
    let evidence = Evidence::of_statuses(&revoked, &later).unwrap();
    let anchor = TrustAnchor::new(&ledger.genesis).unwrap();
    assert_eq!(evidence.verify(&anchor).unwrap().attribution, Attribution::DifferentHeights);
}

#[test]
fn whose_a_key_was_is_proved_or_not_said() {
    let (ledger, rival, anchor) = forked();
    let evidence = heights(decided(&ledger, 0, &[0, 1, 2]), decided(&rival, 0, &[0, 1, 2]));
    let Attribution::Members { accused } = evidence.verify(&anchor).unwrap().attribution else {
        unreachable!("both certificates are of round 0")
    };
    let signed = accused[0].equivocation.clone();
    let height = signed.height;
    // The genesis alone knows the set of height 1.
    let alone = Evidence::of_validator(signed.clone(), None);
    assert_eq!(alone.verify(&anchor).unwrap_err(), EvidenceFault::UnknownSet { height });
    // A header that is not final says nothing.
    let few = Evidence::of_validator(signed, Some(decided(&ledger, 0, &[0, 1])));
    assert!(matches!(few.verify(&anchor), Err(EvidenceFault::Statement(_))));
}
