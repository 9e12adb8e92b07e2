//! Trust files and what they give to trust: rules 11 to 13 of the formats, and what must not pass under them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::sync::LazyLock;

use sanad_core::block::{BlockHeader, TIME_MS_MAX};
use sanad_core::hash::{HistoryHash, Root};
use sanad_core::history::{HistoryProof, SEAL_HEADERS, fold_history, seals_and_remainder};
use sanad_core::ids::Height;
use sanad_core::merkle::{Hash, MemoryTree, ProofError, TreeHash};
use sanad_core::proof::{Finality, ProofFault, ProvenHeader, RestsOn, VALIDATOR_CHANGES_MAX};
use sanad_core::receipt::{Receipt, ReceiptBinaryError, ReceiptFault, ReceiptFormatError};
use sanad_core::trust::{ANCHOR_AGE_MS_MAX, ANCHOR_AHEAD_MS_MAX, TrustAnchor, TrustFault, TrustFile};
use sanad_core::validators::{CertificateError, CommitCertificate, ValidatorSet};
use sanad_testkit::{Body, Chain, DOCUMENT, Shape, certify};

/// A chain of 4 validators whose set changes after heights 10, 20, ..., 60, with 80 headers. Each set shares 3 of its
/// validators with the next, and none with the fourth after it.
fn chain() -> &'static Chain {
    static CHAIN: LazyLock<Chain> = LazyLock::new(|| {
        let mut chain = Chain::new(4);
        for change in 1..=6 {
            chain.extend_to(10 * change - 1);
            chain.announce();
        }
        chain.extend_to(80);
        chain
    });
    &CHAIN
}

/// A header of one's own at a height, signed by validators of the set of that height.
fn forged(chain: &Chain, height: u64, signers: &[usize]) -> (BlockHeader, Finality) {
    let mut header = chain.header(height).clone();
    header.state_root = Root([0xee; 32]);
    let certificate = certify(&header, chain.set_at(height), signers);
    (header, Finality::certificate(certificate, Vec::new()))
}

fn verify(anchor: &TrustAnchor, height: u64, finality: &Finality) -> Result<ProvenHeader, ProofFault> {
    anchor.verify_header(chain().header(height), finality)
}

fn history(height: u64, newer: u64) -> Finality {
    Finality::History(Box::new(chain().history_proof(height, newer, newer)))
}

fn compact(height: u64) -> Finality {
    chain().certified(height, height)
}

/// What the trust file at a height gives to trust so many milliseconds after its header.
fn later(height: u64, age_ms: u64) -> TrustAnchor {
    chain().trust_file(height).verify(chain().header(height).time_ms + age_ms).unwrap()
}

#[test]
fn every_header_of_a_chain_makes_a_trust_file() {
    let chain = chain();
    for height in 1..=80 {
        let file = chain.trust_file(height);
        let anchor = chain.anchor(height);
        assert_eq!(anchor.chain_id, chain.genesis.chain_id());
        assert_eq!(anchor.header(), Some(chain.header(height)));
        let known = 1..=height + 1;
        for at in 1..=82 {
            let set = (known.contains(&at) && at <= 80).then(|| chain.set_at(at));
            if at <= 80 || !known.contains(&at) {
                assert_eq!(anchor.set_at(Height(at)), set, "{height}: {at}");
            }
        }
        for read in [file.to_binary(), file.to_json().into_bytes()] {
            let read = TrustFile::from_bytes(&read).unwrap();
            assert_eq!(read.verify(chain.header(height).time_ms).unwrap(), anchor);
        }
    }
}

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
fn fork_at(height: u64) -> Chain {
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
    let renew = Err(ProofFault::Renew { anchor_time_ms: time });
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
    let stale = file.verify(time + ANCHOR_AGE_MS_MAX + 1).unwrap();
    let (header, finality) = forged(chain, 46, &[0]);
    assert_eq!(stale.verify_header(&header, &finality).map(drop), renew.map(|_: ProvenHeader| ()));
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

#[test]
fn a_history_proof_leads_from_a_newer_header_to_an_older_one() {
    let chain = chain();
    let anchor = later(75, 0);
    let sound = chain.history_proof(35, 75, 75);
    let refused = |height: u64, change: &dyn Fn(&mut HistoryProof)| {
        let mut proof = sound.clone();
        change(&mut proof);
        verify(&anchor, height, &Finality::History(Box::new(proof))).unwrap_err()
    };
    // The same height, or an older one, however it is written.
    for newer in [35, 34, 1] {
        for path in [Vec::new(), sound.path.clone()] {
            let fault = refused(35, &|proof| {
                *proof =
                    HistoryProof { path: path.clone(), ..chain.history_proof(1, newer.max(2), newer.max(2)) };
                proof.header = chain.header(newer).clone();
                proof.past = chain.pasts[newer as usize - 1];
                proof.certificate = chain.certificate(newer);
            });
            let expected = matches!(
                fault,
                ProofFault::History { source: ProofError::IndexBeyondSize { .. }, .. }
                    | ProofFault::RetiredSigners { .. }
            );
            assert!(expected, "{newer}: {fault}");
        }
    }
    for (older, newer) in [(75, 75), (80, 75), (76, 75)] {
        let fault = refused(older, &|_| {});
        assert!(matches!(fault, ProofFault::History { .. }), "{older} in {newer}: {fault}");
    }
    let past = |fault| matches!(fault, ProofFault::Past { height: Height(75) });
    assert!(past(refused(35, &|proof| proof.past.history_root.0[0] ^= 1)));
    assert!(past(refused(35, &|proof| proof.past.previous.0[0] ^= 1)));
    assert!(past(refused(35, &|proof| proof.past.batches_root.0[0] ^= 1)));
    // A past of one's own under a header of one's own.
    let own = refused(35, &|proof| {
        proof.past.history_root = Root(HistoryHash::leaf(&[1; 32]));
        proof.header.past = proof.past.hash();
    });
    assert!(matches!(own, ProofFault::NotTheAnchor { .. }));
    for at in 0..sound.path.len() {
        for bit in 0..256 {
            let fault = refused(35, &|proof| proof.path[at][bit / 8] ^= 1 << (bit % 8));
            assert!(matches!(fault, ProofFault::History { source: ProofError::RootMismatch { .. }, .. }));
        }
    }
    for change in [
        (|proof| proof.path.clear()) as fn(&mut HistoryProof),
        |proof| drop(proof.path.drain(..1)),
        |proof| proof.path.push([0; 32]),
    ] {
        let fault = refused(35, &change);
        assert!(matches!(fault, ProofFault::History { source: ProofError::PathLength { .. }, .. }));
    }
    let foreign = refused(35, &|proof| proof.header.chain_id.0[0] ^= 1);
    assert!(matches!(foreign, ProofFault::ForeignChain { .. }));
    let height = refused(35, &|proof| proof.header.height = Height::GENESIS);
    assert!(matches!(height, ProofFault::Header(_)));
}

/// A chain of three complete subtrees of history and a little more.
fn long_chain() -> &'static Chain {
    static CHAIN: LazyLock<Chain> = LazyLock::new(|| {
        let mut chain = Chain::new(4);
        for change in 1..=5 {
            chain.extend_to(30_000 * change);
            chain.announce();
        }
        chain.extend_to(3 * SEAL_HEADERS + 77);
        chain
    });
    &CHAIN
}

// Rule 12.
#[test]
fn sealed_headers_hold_under_every_later_anchor() {
    let chain = long_chain();
    let last = chain.height();
    let heights =
        [1, 2, 30_000, SEAL_HEADERS - 1, SEAL_HEADERS, SEAL_HEADERS + 1, 2 * SEAL_HEADERS, 3 * SEAL_HEADERS];
    for trusted in [SEAL_HEADERS, SEAL_HEADERS + 1, 2 * SEAL_HEADERS, 2 * SEAL_HEADERS + 1, last] {
        let file = chain.trust_file(trusted);
        // Fifty years later: a sealed proof needs no fresh anchor, and no signature.
        let anchor = file.verify(chain.header(trusted).time_ms + 50 * ANCHOR_AGE_MS_MAX).unwrap();
        let covered = 1 + (trusted - 1) / SEAL_HEADERS * SEAL_HEADERS;
        for height in heights {
            let finality = chain.seal(height);
            let read = anchor.verify_header(chain.header(height), &finality);
            if height < covered {
                let proven = read.unwrap();
                assert_eq!((proven.signers.len(), proven.validators), (0, 4));
            } else {
                let (height, covered) = (Height(height), Height(covered));
                assert_eq!(read, Err(ProofFault::NotCovered { height, covered }));
            }
        }
    }
    let anchor = chain.anchor(last);
    let sealed = chain.seal(40_000);
    assert_eq!(
        chain.genesis_anchor().verify_header(chain.header(40_000), &sealed),
        Err(ProofFault::NeedsTrustFile)
    );
    let refused = |header: &BlockHeader, finality: &Finality| match anchor.verify_header(header, finality) {
        Err(ProofFault::History { source, .. }) => source,
        other => panic!("{other:?}"),
    };
    let root = |error| matches!(error, ProofError::RootMismatch { .. });
    // The path of another height, of the same place in another subtree, or of a header of one's own.
    assert!(root(refused(chain.header(40_001), &sealed)));
    assert!(root(refused(chain.header(40_000 + SEAL_HEADERS), &sealed)));
    let (own, _) = forged(chain, 40_000, &[0, 1, 2, 3]);
    assert!(root(refused(&own, &sealed)));
    let mut renumbered = chain.header(40_000).clone();
    renumbered.height = Height(40_000 + SEAL_HEADERS);
    assert!(root(refused(&renumbered, &sealed)));
    let Finality::Sealed { path } = &sealed else { unreachable!() };
    assert_eq!(path.len(), 16);
    for length in [0, 15, 17, 64] {
        let mut path = path.clone();
        path.resize(length, [0; 32]);
        let error = refused(chain.header(40_000), &Finality::Sealed { path });
        assert_eq!(error, ProofError::PathLength { expected: 16, actual: length });
    }
    // The root of the subtree itself is not a header.
    let beyond = Finality::Sealed { path: Vec::new() };
    assert!(anchor.verify_header(chain.header(last), &beyond).is_err());
}

#[test]
fn sealed_receipts_hold_in_both_forms() {
    let mut chain = Chain::new(4);
    let shape = Shape { summary_bytes: 240, ..Shape::usual(100_000_000, 4) };
    let body = Body::new(&shape, &chain.genesis.chain_id());
    chain.extend_to(99);
    let height = chain.enter(&body);
    for _ in 0..10 {
        chain.announce();
    }
    chain.extend_to(SEAL_HEADERS + 5);
    let anchor = later_of(&chain, SEAL_HEADERS + 5, 30 * ANCHOR_AGE_MS_MAX);
    let sealed = body.receipt(chain.header(height), chain.seal(height));
    let digest = sanad_core::document::digest(sealed.document, DOCUMENT).unwrap();
    let paper = Receipt { opening: sealed.opening.to_paper(&digest).unwrap(), ..sealed.clone() };
    for (receipt, document) in [(&sealed, Some(DOCUMENT)), (&paper, None)] {
        let binary = receipt.to_binary(&anchor).unwrap();
        for text in [&binary[..], receipt.to_json().as_bytes()] {
            let read = Receipt::from_bytes(text, &anchor).unwrap();
            assert_eq!(read, *receipt);
            let proven = read.verify(document, &anchor).unwrap();
            assert_eq!(proven.height, Height(height));
            assert!(proven.basis.signers.is_empty());
        }
        // Read with an older trust file, or the genesis.
        let fault = receipt.verify(document, &later_of(&chain, 5_000, 0)).unwrap_err();
        assert!(matches!(fault, ReceiptFault::Proof(ProofFault::NotCovered { .. })), "{fault}");
        let genesis = chain.genesis_anchor();
        let fault = receipt.verify(document, &genesis).unwrap_err();
        assert_eq!(fault, ReceiptFault::Proof(ProofFault::NeedsTrustFile));
        let error = Receipt::from_binary(&binary, &genesis).unwrap_err();
        assert_eq!(error, ReceiptBinaryError::NotCovered { height: Height(height) });
    }
}

fn later_of(chain: &Chain, height: u64, age_ms: u64) -> TrustAnchor {
    chain.trust_file(height).verify(chain.header(height).time_ms + age_ms).unwrap()
}

#[test]
fn seals_and_remainder_fold_to_the_history_root() {
    let chain = long_chain();
    for height in [1, 2, 3, 77, SEAL_HEADERS, SEAL_HEADERS + 1, 2 * SEAL_HEADERS + 1, chain.height()] {
        let tree = chain.history_tree(height);
        let (seals, remainder) = seals_and_remainder(&tree, tree.size()).unwrap();
        let size = height - 1;
        assert_eq!(seals.len() as u64, size / SEAL_HEADERS);
        assert_eq!(remainder.len(), (size % SEAL_HEADERS).count_ones() as usize);
        let root = Root(tree.root());
        assert_eq!(root, chain.pasts[size as usize].history_root);
        assert_eq!(fold_history(size, &seals, &remainder), Some(root));
        // Each hash counts, and so does how many there are of which.
        let all: Vec<Hash> = [&seals[..], &remainder].concat();
        for at in 0..all.len() {
            let (mut seals, mut remainder) = (seals.clone(), remainder.clone());
            match at.checked_sub(seals.len()) {
                None => seals[at][0] ^= 1,
                Some(at) => remainder[at][0] ^= 1,
            }
            assert_ne!(fold_history(size, &seals, &remainder), Some(root));
        }
        for split in (0..=all.len()).filter(|split| *split != seals.len()) {
            assert_eq!(fold_history(size, &all[..split], &all[split..]), None);
        }
        assert_eq!(fold_history(size, &seals, &[&remainder[..], &[[0; 32]]].concat()), None);
        assert_eq!(fold_history(size, &[&seals[..], &[[0; 32]]].concat(), &remainder), None);
        // The size is that of a header: of another one, as many peaks are another tree, or none.
        assert_eq!(fold_history(size + SEAL_HEADERS, &seals, &remainder), None);
    }
    assert_eq!(fold_history(0, &[], &[]), Some(Root(HistoryHash::empty())));
    assert_eq!(fold_history(u64::MAX, &[], &[]), None);
    // As a small tree is folded, so is one of seals: level by level.
    let leaves: Vec<Hash> = (0..4u8).map(|n| HistoryHash::leaf(&[n])).collect();
    let tree = MemoryTree::<HistoryHash>::from_leaf_hashes(leaves.clone());
    assert_eq!(fold_history(4 * SEAL_HEADERS, &leaves, &[]), Some(Root(tree.root())));
}

#[test]
fn each_field_of_a_trust_file_counts() {
    let chain = chain();
    let sound = chain.trust_file(75);
    let now_ms = chain.header(75).time_ms;
    let refused = |what: &str, change: &dyn Fn(&mut TrustFile)| {
        let mut file = sound.clone();
        change(&mut file);
        match file.verify(now_ms) {
            Ok(_) => panic!("{what}: accepted"),
            Err(fault) => fault,
        }
    };
    type Change = (&'static str, fn(&mut TrustFile));
    let changes: [Change; 39] = [
        ("genesis version", |f| f.genesis.version = 2),
        ("genesis name", |f| f.genesis.name.push('!')),
        ("genesis nonce", |f| f.genesis.nonce.0[0] ^= 1),
        ("genesis log origin", |f| f.genesis.log_origin.push('x')),
        ("genesis parameters", |f| f.genesis.parameters.heartbeat_ms += 1),
        ("genesis member", |f| f.genesis.members[1].name.push('!')),
        ("genesis member missing", |f| drop(f.genesis.members.pop())),
        ("changes", |f| f.validator_changes.clear()),
        ("first change", |f| drop(f.validator_changes.remove(0))),
        ("middle change", |f| drop(f.validator_changes.remove(2))),
        ("last change", |f| drop(f.validator_changes.pop())),
        ("change twice", |f| f.validator_changes.insert(1, f.validator_changes[0].clone())),
        ("order", |f| f.validator_changes.swap(2, 3)),
        ("change: chain", |f| f.validator_changes[3].header.chain_id.0[0] ^= 1),
        ("change: layout", |f| f.validator_changes[3].header.version.layout = 2),
        ("change: rules", |f| f.validator_changes[3].header.version.rules = 2),
        ("change: height", |f| f.validator_changes[3].header.height.0 += 1),
        ("change: round", |f| f.validator_changes[3].header.round += 1),
        ("change: time", |f| f.validator_changes[3].header.time_ms += 1),
        ("change: past", |f| f.validator_changes[3].header.past.0[0] ^= 1),
        ("change: next set", |f| f.validator_changes[3].header.next_validators_hash.0[0] ^= 1),
        ("change: signature", |f| f.validator_changes[3].certificate.signatures[0].signature.0[0] ^= 1),
        ("change: signatures", |f| f.validator_changes[3].certificate.signatures.truncate(2)),
        ("change: round of the certificate", |f| f.validator_changes[3].certificate.round = 1),
        ("change: set", |f| f.validator_changes[3].next = f.validator_changes[2].next.clone()),
        ("change: path", |f| f.validator_changes[3].path[0][0] ^= 1),
        ("change: no path", |f| f.validator_changes[3].path.clear()),
        ("anchor: height", |f| f.anchor.header.height.0 += 1),
        ("anchor: time", |f| f.anchor.header.time_ms += 1),
        ("anchor: state", |f| f.anchor.header.state_root.0[0] ^= 1),
        ("anchor: set", |f| f.anchor.header.validators_hash.0[0] ^= 1),
        ("anchor: next set", |f| f.anchor.header.next_validators_hash.0[0] ^= 1),
        ("anchor: signature", |f| f.anchor.certificate.signatures[2].signature.0[40] ^= 1),
        ("anchor: signatures", |f| f.anchor.certificate.signatures.truncate(2)),
        ("anchor: previous", |f| f.anchor.past.previous.0[0] ^= 1),
        ("anchor: history", |f| f.anchor.past.history_root.0[0] ^= 1),
        ("anchor: batches", |f| f.anchor.past.batches_root.0[0] ^= 1),
        ("seals", |f| f.seals.push(f.remainder[0])),
        ("remainder", |f| f.remainder[1][0] ^= 1),
    ];
    for (what, change) in changes {
        let _ = refused(what, &change);
    }
    // The headers in it are taken from anywhere on the chain, and none of these belongs there.
    for height in [70, 74, 76] {
        let fault = refused("another anchor", &|file| {
            file.anchor.header = chain.header(height).clone();
            file.anchor.certificate = chain.certificate(height);
        });
        assert_eq!(fault, TrustFault::Header(ProofFault::Past { height: Height(height) }));
        refused("another anchor with its past", &|file| {
            file.anchor = chain.trust_file(height).anchor;
        });
    }
    assert!(sound.verify(now_ms).is_ok());
}

#[test]
fn a_change_at_the_anchor_is_the_anchor() {
    let chain = chain();
    let sound = chain.trust_file(30);
    let now_ms = chain.header(30).time_ms;
    let refused = |change: &dyn Fn(&mut TrustFile)| {
        let mut file = sound.clone();
        change(&mut file);
        file.verify(now_ms).unwrap_err()
    };
    assert!(sound.verify(now_ms).is_ok());
    assert_eq!(refused(&|file| drop(file.validator_changes.pop())), TrustFault::ChangeMissing);
    let padded = refused(&|file| file.validator_changes[2].path.push([0; 32]));
    assert_eq!(padded, TrustFault::NotTheAnchor { height: Height(30) });
    // Another header at that height, signed by all, announces a set of one's own.
    let own = refused(&|file| {
        let change = &mut file.validator_changes[2];
        change.header.state_root.0[0] ^= 1;
        change.certificate = certify(&change.header, chain.set_at(30), &[0, 1, 2, 3]);
    });
    assert_eq!(own, TrustFault::NotTheAnchor { height: Height(30) });
    // Above the anchor.
    let above = refused(&|file| file.validator_changes = chain.trust_file(45).validator_changes);
    assert!(matches!(above, TrustFault::Header(ProofFault::History { .. }) | TrustFault::ChangeOrder { .. }));
    // A set that an anchor of one's own announces, and that nobody signed.
    let unsigned = refused(&|file| {
        file.anchor.header.next_validators_hash = chain.sets[0].hash();
    });
    assert!(
        matches!(
            unsigned,
            TrustFault::Header(ProofFault::Certificate { .. } | ProofFault::NextValidators { .. })
                | TrustFault::NotTheAnchor { .. }
        ),
        "{unsigned:?}"
    );
}

#[test]
fn retired_validators_cannot_make_a_trust_file_of_the_true_chain() {
    // They fork below a change, and go on as if it had not been announced.
    let mut fork = fork_at(5);
    fork.extend_to(40);
    let file = fork.trust_file(40);
    // From the genesis alone, nobody can tell: only honest deletion of keys protects here.
    assert!(file.verify(fork.header(40).time_ms).is_ok());
    // Who holds a trust file does: it is not in the other's history, and has other headers.
    let held = later(45, 0);
    let (header, finality) = (fork.header(40), fork.certified(40, 0));
    let fault = held.verify_header(header, &finality).unwrap_err();
    assert!(matches!(fault, ProofFault::Validators { .. }), "{fault}");
    // A mixture: the fork's anchor with the true changes.
    let mixed = TrustFile { validator_changes: chain().trust_file(40).validator_changes, ..file };
    assert!(mixed.verify(0).is_err());
}

#[test]
fn every_flipped_bit_of_a_trust_file_is_refused() {
    let chain = chain();
    let mut small = Chain::new(1);
    small.extend_to(2);
    small.announce();
    small.extend_to(6);
    for (chain, height, bits) in [(&small, 6, 8), (chain, 25, 1)] {
        let file = chain.trust_file(height);
        let (binary, now_ms) = (file.to_binary(), chain.header(height).time_ms);
        for at in 0..binary.len() {
            for bit in 0..bits {
                let mut changed = binary.clone();
                changed[at] ^= 1 << ((at + bit) % 8);
                if let Ok(read) = TrustFile::from_bytes(&changed) {
                    assert!(read.verify(now_ms).is_err(), "byte {at}, bit {bit}");
                }
            }
        }
        for length in 0..binary.len() {
            assert!(TrustFile::from_bytes(&binary[..length]).is_err(), "{length}");
        }
        assert!(TrustFile::from_bytes(&[&binary[..], &[0]].concat()).is_err());
    }
    // The text form: what its members signed is left to nodes, all else counts.
    let file = small.trust_file(6);
    let text = file.to_json().into_bytes();
    for at in 0..text.len() {
        let mut changed = text.clone();
        changed[at] ^= 1;
        if let Ok(read) = TrustFile::from_bytes(&changed) {
            let same = TrustFile { genesis: file.genesis.clone(), ..read.clone() } == file;
            let same_genesis = read.genesis.chain_id() == file.genesis.chain_id();
            assert!((same && same_genesis) || read.verify(0).is_err(), "byte {at}");
        }
    }
}

/// A chain of 14 validators with so many changes, each a header after the last, and a receipt's body at its end.
fn changed_often(changes: usize) -> (Chain, u64, Body) {
    let mut chain = Chain::new(14);
    let shape = Shape::usual(100_000_000, 14);
    let body = Body::new(&shape, &chain.genesis.chain_id());
    chain.extend_to(3);
    (0..changes).for_each(|_| chain.announce());
    let height = chain.enter(&body);
    (chain, height, body)
}

#[test]
fn compact_receipts_fit_one_code_after_any_number_of_changes() {
    println!("| changes | self-contained | compact | trust file |");
    for changes in [0, 1, 10, 200] {
        let (mut chain, height, body) = changed_often(changes);
        chain.extend_to(height + 3);
        let file = chain.trust_file(height + 2);
        let anchor = file.verify(chain.header(height + 2).time_ms).unwrap();
        let compact = body.receipt(chain.header(height), chain.certified(height, height));
        let binary = compact.to_binary(&anchor).unwrap();
        assert!(binary.len() <= 2_953, "{changes} changes: {} bytes", binary.len());
        let read = Receipt::from_bytes(&binary, &anchor).unwrap();
        assert!(read.verify(Some(DOCUMENT), &anchor).is_ok());
        let whole = body.receipt(chain.header(height), chain.certified(height, 0));
        let genesis = chain.genesis_anchor();
        let self_contained = whole.to_binary(&genesis);
        let length = self_contained.as_ref().map_or("refused".into(), |bytes| bytes.len().to_string());
        println!("| {changes} | {length} | {} | {} |", binary.len(), file.to_binary().len());
        assert_eq!(self_contained.is_ok(), changes <= VALIDATOR_CHANGES_MAX);
        // Without the trust file, a compact receipt says what it needs.
        if changes > 0 {
            let error = Receipt::from_binary(&binary, &genesis).unwrap_err();
            assert_eq!(error, ReceiptBinaryError::UnknownSet { number: changes as u64 });
            assert!(error.to_string().contains("trust file"));
        }
    }
}

#[test]
fn seventy_changes_need_a_trust_file() {
    let (mut chain, height, body) = changed_often(70);
    chain.extend_to(height + 1);
    let genesis = chain.genesis_anchor();
    let receipt = body.receipt(chain.header(height), chain.certified(height, 0));
    let fault = receipt.verify(Some(DOCUMENT), &genesis).unwrap_err();
    assert_eq!(fault, ReceiptFault::Proof(ProofFault::TooManyChanges { count: 70 }));
    let error = Receipt::from_json(receipt.to_json().as_bytes()).unwrap_err();
    assert!(matches!(error, ReceiptFormatError::TooManyChanges { count: 70 }), "{error}");
    // Written by another program.
    let (short_chain, at, short) = changed_often(0);
    let sound = short
        .receipt(short_chain.header(at), short_chain.certified(at, 0))
        .to_binary(&short_chain.genesis_anchor())
        .unwrap();
    // Magic, version, chain, flags, secret, commitment, number of the set; then the number of changes.
    let mut claimed = sound;
    claimed[4 + 1 + 8 + 1 + 32 + 32 + 1] = 70;
    let binary = Receipt::from_binary(&claimed, &short_chain.genesis_anchor()).unwrap_err();
    assert_eq!(binary, ReceiptBinaryError::TooManyChanges { count: 70 });
    for word in [fault.to_string(), error.to_string(), binary.to_string()] {
        assert!(word.contains("trust file"), "{word}");
    }
    let anchor = chain.anchor(height + 1);
    let compact = body.receipt(chain.header(height), chain.certified(height, height));
    assert!(compact.verify(Some(DOCUMENT), &anchor).is_ok());
}

#[test]
fn certificates_of_a_trust_file_are_those_of_their_height() {
    let chain = chain();
    let sound = chain.trust_file(45);
    let swapped = |change: &dyn Fn(&mut TrustFile)| {
        let mut file = sound.clone();
        change(&mut file);
        match file.verify(0) {
            Err(TrustFault::Header(ProofFault::Certificate { source, .. })) => source,
            other => panic!("{other:?}"),
        }
    };
    let of = |height| -> CommitCertificate { chain.certificate(height) };
    assert!(matches!(swapped(&|f| f.anchor.certificate = of(44)), CertificateError::Height { .. }));
    let other = swapped(&|file| {
        let (header, _) = forged(chain, 45, &[]);
        file.anchor.certificate = certify(&header, chain.set_at(45), &[0, 1, 2]);
    });
    assert!(matches!(other, CertificateError::Block { .. }));
    let few = swapped(&|file| file.validator_changes[1].certificate.signatures.truncate(2));
    assert!(matches!(few, CertificateError::Quorum { .. }));
}
