//! Rules 11 and 13 of a proof: what an anchor vouches for, below, at and above its height.

use sanad_core::block::TIME_MS_MAX;
use sanad_core::ids::Height;
use sanad_core::merkle::ProofError;
use sanad_core::proof::{Finality, ProofFault, RestsOn};
use sanad_core::receipt::Receipt;
use sanad_core::trust::{ANCHOR_AGE_MS_MAX, ANCHOR_AHEAD_MS_MAX};
use sanad_core::validators::ValidatorSet;
use sanad_testkit::{Body, Chain, DOCUMENT, Shape, certify};

use crate::{chain, compact, forged, history, later, verify};

// Rule 11, H = A.
#[test]
fn at_the_anchors_height_only_the_anchor_counts() {
    let chain = chain();
    for age in [0, 50 * ANCHOR_AGE_MS_MAX] {
        let anchor = later(45, age);
        let proven = verify(&anchor, 45, &compact(45)).unwrap();
        let time_ms = chain.header(45).time_ms;
        assert_eq!(proven.rests_on, RestsOn::TrustFile { height: Height(45), time_ms });
        // Signed by its whole set, which still decides.
        let (header, finality) = forged(chain, 45, &[0, 1, 2, 3]);
        let fault = anchor.verify_header(&header, &finality).unwrap_err();
        assert_eq!(fault, ProofFault::NotTheAnchor { height: Height(45) });
    }
    // And though it is in the history of a newer header with all signatures: two histories are a fork.
    let mut fork = fork_at(45);
    fork.extend_to(50);
    let finality = Finality::History(Box::new(fork.history_proof(45, 48, 48)));
    let other = fork.header(45);
    assert_ne!(other.hash(), chain.header(45).hash());
    assert!(later(44, 0).verify_header(other, &finality).is_ok(), "an older trust file cannot tell");
    let fault = later(45, 0).verify_header(other, &finality).unwrap_err();
    assert_eq!(fault, ProofFault::NotTheAnchor { height: Height(45) });
}

/// The same chain up to a height, whose header is another one.
pub(super) fn fork_at(height: u64) -> Chain {
    let mut fork = Chain::new(4);
    while fork.height() + 1 < height {
        match (fork.height() + 1) % 10 {
            0 if fork.height() < 60 => fork.announce(),
            _ => fork.extend_to(fork.height() + 1),
        }
    }
    assert_eq!(fork.headers[..], chain().headers[..height as usize - 1]);
    let shape = Shape { index: 3, ..Shape::usual(1_000, 4) };
    fork.enter(&Body::new(&shape, &fork.genesis.chain_id()));
    fork
}

// Rule 11, H < A: by the anchor's history, whatever the age.
#[test]
fn the_anchors_history_vouches_at_any_age() {
    for age in [0, 50 * ANCHOR_AGE_MS_MAX] {
        let anchor = later(75, age);
        for height in [1, 10, 11, 35, 74] {
            assert!(verify(&anchor, height, &history(height, 75)).is_ok(), "{height}");
        }
        // Not one that is not in it.
        let (header, _) = forged(chain(), 35, &[]);
        let fault = anchor.verify_header(&header, &history(35, 75)).unwrap_err();
        assert!(matches!(fault, ProofFault::History { source: ProofError::RootMismatch { .. }, .. }));
        let fault = verify(&anchor, 36, &history(35, 75)).unwrap_err();
        assert!(matches!(fault, ProofFault::History { .. }));
    }
}

// Rule 11, H < A: by the signatures of those who still hold their key.
#[test]
fn older_signatures_count_only_by_those_who_still_hold_their_key() {
    let chain = chain();
    let anchor = later(45, 0);
    // The set of 46: v4 to v7. One below, 3 of 4 are the same; two below, 2; three below, 1; four below, none.
    for (height, first) in [(41, 4), (31, 3), (21, 2), (11, 1), (1, 0)] {
        let names: Vec<_> = chain.set_at(height).validators().iter().map(|v| v.member.to_string()).collect();
        assert_eq!(names[0], format!("v{first:03}.ac.id"));
        let signed = |signers: &[usize]| {
            let certificate = certify(chain.header(height), chain.set_at(height), signers);
            verify(&anchor, height, &Finality::certificate(certificate, Vec::new()))
        };
        let refused =
            |current| Err(ProofFault::RetiredSigners { height: Height(height), current, needed: 2 });
        let all = signed(&[0, 1, 2, 3]);
        match first {
            4 => assert!(all.is_ok() && signed(&[0, 1, 2]).is_ok()),
            3 => assert!(all.is_ok() && signed(&[0, 1, 2]).is_ok() && signed(&[1, 2, 3]).is_ok()),
            // Of three signers two must still be there.
            2 => {
                assert!(all.is_ok() && signed(&[1, 2, 3]).is_ok());
                assert_eq!(signed(&[0, 1, 2]), refused(1));
            }
            1 => assert_eq!(all, refused(1)),
            _ => assert_eq!(all, refused(0)),
        }
    }
    // A key that was exchanged is not the same, though the member is.
    let fault = exchanged_key();
    assert!(matches!(fault, ProofFault::RetiredSigners { current: 0, .. }), "{fault}");
}

/// What is said of a header below an anchor in whose set all members have other keys.
fn exchanged_key() -> ProofFault {
    use sanad_core::validators::Validator;
    let mut chain = Chain::new(4);
    chain.extend_to(5);
    chain.announce();
    let former = chain.sets[0].clone();
    let exchanged = former.validators().iter().map(|validator| Validator {
        member: validator.member.clone(),
        key: sanad_testkit::issuing_key(validator.member.as_str()).public(),
    });
    let next = ValidatorSet::new(1, Height(7), exchanged.collect()).unwrap();
    // The announcement, with that set in place of the chain's own.
    let header = chain.headers.last_mut().unwrap();
    header.next_validators_hash = next.hash();
    chain.sets[1] = next;
    let file = chain.trust_file(6);
    let anchor = file.verify(chain.header(6).time_ms).unwrap();
    anchor.verify_header(chain.header(3), &chain.certified(3, 3)).unwrap_err()
}

#[test]
fn trimming_keeps_the_signatures_that_count() {
    // Height 21 is decided by v2 to v5, of whom v4 and v5 are in the set after 45.
    let (mut chain, mut body) = (Chain::new(4), None);
    for height in 1..=45 {
        if height == 21 {
            let shape = Shape { index: 20, ..Shape::usual(100, 4) };
            body = Some(Body::new(&shape, &chain.genesis.chain_id()));
            chain.enter(body.as_ref().unwrap());
        } else if height % 10 == 0 {
            chain.announce();
        } else {
            chain.extend_to(height);
        }
    }
    let (anchor, body) = (chain.anchor(45), body.unwrap());
    let certificate = certify(chain.header(21), chain.set_at(21), &[0, 1, 2, 3]);
    let whole = body.receipt(chain.header(21), Finality::certificate(certificate.clone(), Vec::new()));
    let trimmed = whole.clone().trimmed(&anchor);
    let Finality::Certificate { certificate: kept, .. } = &trimmed.proof.finality else { unreachable!() };
    assert_eq!(kept.signatures.iter().map(|s| s.validator).collect::<Vec<_>>(), [0, 2, 3]);
    assert!(trimmed.verify(Some(DOCUMENT), &anchor).is_ok());
    let binary = whole.to_binary(&anchor).unwrap();
    let read = Receipt::from_binary(&binary, &anchor).unwrap();
    assert_eq!(read, trimmed);
    assert!(read.verify(Some(DOCUMENT), &anchor).is_ok());
    // Whatever changes are carried below the anchor, as many signatures are kept as the true set needs.
    let one = Chain::new(1).sets[0].clone();
    let mut changes = chain.changes(0, 21);
    changes.last_mut().unwrap().next = one;
    let carrying = body.receipt(chain.header(21), Finality::certificate(certificate, changes));
    assert!(carrying.trimmed(&anchor).verify(Some(DOCUMENT), &anchor).is_ok());
}

#[test]
fn retired_validators_sign_any_header_at_covered_heights_and_none_counts() {
    let chain = chain();
    for age in [0, 2 * ANCHOR_AGE_MS_MAX] {
        let anchor = later(80, age);
        for height in 1..=30 {
            // All four, who have all left; at heights of their own term.
            let (header, finality) = forged(chain, height, &[0, 1, 2, 3]);
            let fault = anchor.verify_header(&header, &finality).unwrap_err();
            assert!(matches!(fault, ProofFault::RetiredSigners { .. }), "{height}: {fault}");
            // With changes of their own choice on the way, from the genesis on.
            let carried = Finality::certificate(chain.certificate(height), chain.changes(0, height));
            let Finality::Certificate { validator_changes, .. } = carried else { unreachable!() };
            let Finality::Certificate { certificate, .. } = finality else { unreachable!() };
            let fault = anchor
                .verify_header(&header, &Finality::certificate(certificate, validator_changes))
                .unwrap_err();
            assert!(matches!(fault, ProofFault::RetiredSigners { .. }), "{height}: {fault}");
        }
    }
    // At heights that their term never reached: another set decides there.
    let anchor = later(80, 0);
    let retired = &chain.sets[0];
    for height in [15, 45, 79, 80, 81, 5_000] {
        let mut header = chain.header(80).clone();
        header.height = Height(height);
        (header.validators_hash, header.next_validators_hash) = (retired.hash(), retired.hash());
        let finality = Finality::certificate(certify(&header, retired, &[0, 1, 2, 3]), Vec::new());
        let fault = anchor.verify_header(&header, &finality).unwrap_err();
        let expected = match height {
            5_000 => matches!(fault, ProofFault::UnknownValidators { .. }),
            _ => matches!(fault, ProofFault::Validators { .. } | ProofFault::NotTheAnchor { .. }),
        };
        assert!(expected, "{height}: {fault}");
        // And a header that claims the true set, signed with the wrong keys.
        if let Some(true_set) = anchor.set_at(Height(height)).filter(|_| height != 80) {
            header.validators_hash = true_set.hash();
            let finality = Finality::certificate(certify(&header, retired, &[0, 1, 2, 3]), Vec::new());
            let fault = anchor.verify_header(&header, &finality).unwrap_err();
            assert!(matches!(fault, ProofFault::Certificate { .. }), "{height}: {fault}");
        }
    }
    // What they sign as history of their own: a newer header of theirs below the anchor.
    let mut fork = fork_at(5);
    fork.extend_to(9);
    let finality = Finality::History(Box::new(fork.history_proof(5, 8, 8)));
    let fault = anchor.verify_header(fork.header(5), &finality).unwrap_err();
    assert!(matches!(fault, ProofFault::RetiredSigners { height: Height(8), .. }), "{fault}");
    // Against the genesis alone, all that honest deletion of keys protects is open: it says so.
    let proven = chain.genesis_anchor().verify_header(fork.header(5), &finality).unwrap();
    assert_eq!(proven.rests_on, RestsOn::Genesis);
}

#[test]
fn an_old_anchor_renews_what_only_signatures_carry() {
    let chain = chain();
    let time = chain.header(45).time_ms;
    let file = chain.trust_file(45);
    let cases = [
        (time - ANCHOR_AHEAD_MS_MAX - 1, false),
        (time - ANCHOR_AHEAD_MS_MAX, true),
        (time, true),
        (time + ANCHOR_AGE_MS_MAX, true),
        (time + ANCHOR_AGE_MS_MAX + 1, false),
        (0, false),
        (TIME_MS_MAX, false),
        (u64::MAX, false),
    ];
    for (now_ms, fresh) in cases {
        let anchor = file.verify(now_ms).unwrap();
        let renew = Err(match now_ms < time {
            true => ProofFault::ClockBehind { anchor_time_ms: time, now_ms },
            false => ProofFault::Renew { anchor_time_ms: time, now_ms },
        });
        for height in [43, 46] {
            let read = verify(&anchor, height, &compact(height));
            assert_eq!(read.is_ok(), fresh, "{now_ms}");
            assert!(fresh || read == renew);
        }
        assert_eq!(verify(&anchor, 43, &history(43, 46)).is_ok(), fresh);
        assert!(verify(&anchor, 43, &history(43, 45)).is_ok());
        assert!(verify(&anchor, 45, &compact(45)).is_ok());
    }
    // Renewed by a newer file, which the chain of changes leads to.
    let anchor = later(75, 0);
    assert!(verify(&anchor, 76, &compact(76)).is_ok());
    // Never tampered: also of a header that is not signed by enough, the age is said first.
    let now_ms = time + ANCHOR_AGE_MS_MAX + 1;
    let stale = file.verify(now_ms).unwrap();
    let (header, finality) = forged(chain, 46, &[0]);
    let renew = Err(ProofFault::Renew { anchor_time_ms: time, now_ms });
    assert_eq!(stale.verify_header(&header, &finality).map(drop), renew);
}

// Rule 11, H > A.
#[test]
fn newer_headers_are_reached_by_changes_from_the_anchor_on() {
    let chain = chain();
    let anchor = later(45, 0);
    for height in 46..=80 {
        // Carried from the genesis on, from the anchor on, or from any height between.
        for after in [0, 15, 45] {
            let finality = chain.certified(height, after);
            let proven = verify(&anchor, height, &finality).unwrap();
            assert!(matches!(proven.rests_on, RestsOn::TrustFile { .. }));
        }
        let bare = verify(&anchor, height, &compact(height));
        match height {
            46..=50 => assert!(bare.is_ok()),
            _ => assert!(matches!(bare, Err(ProofFault::UnknownValidators { has_trust_file: true, .. }))),
        }
    }
    // An announcement by the anchor itself.
    let anchor = later(50, 0);
    assert!(verify(&anchor, 51, &compact(51)).is_ok());
    let missing = chain.certified(65, 51);
    assert!(verify(&anchor, 65, &missing).is_ok(), "the change at 60");
    let fault = verify(&later(49, 0), 65, &missing).unwrap_err();
    assert!(matches!(fault, ProofFault::Validators { height: Height(60), .. }), "{fault}");
}

// Rule 13: a receipt's own changes at or below A are ignored.
#[test]
fn carried_changes_up_to_the_anchor_are_ignored() {
    let chain = chain();
    let anchor = later(50, 0);
    let sound = chain.certified(65, 0);
    let Finality::Certificate { certificate, validator_changes } = &sound else { unreachable!() };
    assert_eq!(validator_changes.len(), 6);
    for at in 0..5 {
        let mut changes = validator_changes.clone();
        changes[at].certificate.signatures.clear();
        changes[at].next = chain.sets[0].clone();
        changes[at].header.chain_id.0[0] ^= 1;
        let carried = Finality::certificate(certificate.clone(), changes);
        assert_eq!(verify(&anchor, 65, &carried), verify(&anchor, 65, &sound));
        assert!(chain.genesis_anchor().verify_header(chain.header(65), &carried).is_err());
    }
    // That of height 60 is above the anchor, and counts.
    let mut changes = validator_changes.clone();
    changes[5].certificate.signatures.clear();
    let fault = verify(&anchor, 65, &Finality::certificate(certificate.clone(), changes)).unwrap_err();
    assert!(matches!(fault, ProofFault::Certificate { height: Height(60), .. }));
    // In any order: what is not known from the trust file must still follow.
    for at in 0..5 {
        let mut changes = validator_changes.clone();
        changes.swap(at, 5);
        let finality = Finality::certificate(certificate.clone(), changes);
        assert!(verify(&anchor, 65, &finality).is_err(), "{at}");
    }
}
