//! History proofs and seals.

use std::sync::LazyLock;

use sanad_core::block::BlockHeader;
use sanad_core::hash::{HistoryHash, Root};
use sanad_core::history::{HistoryProof, SEAL_HEADERS, fold_history, seals_and_remainder};
use sanad_core::ids::Height;
use sanad_core::merkle::{Hash, MemoryTree, ProofError, TreeHash};
use sanad_core::proof::{Finality, ProofFault};
use sanad_core::receipt::{Receipt, ReceiptBinaryError, ReceiptFault};
use sanad_core::trust::{ANCHOR_AGE_MS_MAX, TrustAnchor};
use sanad_testkit::{Body, Chain, DOCUMENT, Shape};

use crate::{chain, forged, later, verify};

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
