//! Each class of change in the public Merkle vectors, applied to the paths of a receipt's three trees and of the two
//! proofs about the log: refused, each with its own error.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use sanad_core::event::Event;
use sanad_core::hash::Root;
use sanad_core::ids::{LogIndex, LogSize};
use sanad_core::member::Role;
use sanad_core::merkle::{Hash, ProofError};
use sanad_core::proof::{ConsistencyFault, ConsistencyProof, LogHead, ProofFault, StatusProof};
use sanad_core::status::STATUS_LEAF_ENTRIES;
use sanad_testkit::{Ledger, genesis, id, member, sign_genesis};

/// What an inclusion path is checked with, but for the leaf.
#[derive(Clone)]
struct Place {
    index: u64,
    size: u64,
    path: Vec<Hash>,
    root: Hash,
}

/// One of the trees under a header.
struct Tree {
    name: &'static str,
    place: fn(&StatusProof) -> Place,
    put: fn(&mut StatusProof, Place),
    change_leaf: fn(&mut StatusProof),
    verify: fn(&StatusProof) -> Result<(), ProofFault>,
}

const TREES: [Tree; 3] = [
    Tree {
        name: "log",
        place: |proof| Place {
            index: proof.index.0,
            size: proof.header.log_size.0,
            path: proof.log_path.clone(),
            root: proof.header.log_root.0,
        },
        put: |proof, Place { index, size, path, root }| {
            (proof.index, proof.header.log_size) = (LogIndex(index), LogSize(size));
            (proof.log_path, proof.header.log_root) = (path, Root(root));
        },
        change_leaf: |proof| proof.entry.issuer = id("v0"),
        verify: StatusProof::verify_inclusion,
    },
    Tree {
        name: "status",
        place: |proof| Place {
            index: proof.index.0 / STATUS_LEAF_ENTRIES,
            size: proof.header.log_size.0.div_ceil(STATUS_LEAF_ENTRIES),
            path: proof.status_path.clone(),
            root: proof.header.state_root.0,
        },
        put: |proof, Place { index, size, path, root }| {
            proof.index = LogIndex(index * STATUS_LEAF_ENTRIES);
            proof.header.log_size = LogSize(size * STATUS_LEAF_ENTRIES);
            (proof.status_path, proof.header.state_root) = (path, Root(root));
        },
        change_leaf: |proof| proof.status_leaf[0] ^= 1,
        verify: |proof| proof.verify_state().map(drop),
    },
    Tree {
        name: "members",
        place: |proof| Place {
            index: proof.issuer.index,
            size: proof.issuer.count,
            path: proof.issuer.path.clone(),
            root: proof.header.state_root.0,
        },
        put: |proof, Place { index, size, path, root }| {
            (proof.issuer.index, proof.issuer.count) = (index, size);
            (proof.issuer.path, proof.header.state_root) = (path, Root(root));
        },
        change_leaf: |proof| proof.issuer.record.name.push('!'),
        verify: |proof| proof.verify_state().map(drop),
    },
];

/// The error that belongs to a class of change.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Word {
    Index,
    Length,
    OldRoot,
    Root,
}

fn word(error: &ProofError) -> Word {
    match error {
        ProofError::IndexBeyondSize { .. } => Word::Index,
        ProofError::PathLength { .. } => Word::Length,
        ProofError::OldRootMismatch { .. } => Word::OldRoot,
        ProofError::RootMismatch { .. } => Word::Root,
        other => panic!("{other}"),
    }
}

/// 1,300 entries, 6 status leaves, 13 members: no tree is complete, and the place in each has neighbours.
fn ledger() -> Ledger {
    let mut genesis = genesis();
    genesis.members.extend((0..6).map(|n| member(&format!("i{n}"), Role::Issuer)));
    genesis.members.sort_by(|a, b| a.id.cmp(&b.id));
    sign_genesis(&mut genesis);
    let mut ledger = Ledger::of(genesis);
    ledger.issue("i1", 0..1_300);
    // No two leaves that matter here are the same: a path of equal halves would fit both.
    let revoked = [3, 700].map(|target| Event::Revoke { target: LogIndex(target) });
    let revoked = ledger.signed("i1", revoked.to_vec());
    ledger.commit(vec![revoked]);
    ledger
}

/// Where the credential stands: in the second status leaf; its issuer is the second member.
const INDEX: u64 = 301;

#[test]
fn every_class_of_changed_inclusion() {
    type Change = fn(&mut Place);
    let classes: [(&str, Change, Word); 19] = [
        ("leaf index - 1", |place| place.index -= 1, Word::Root),
        ("leaf index + 1", |place| place.index += 1, Word::Root),
        ("leaf index ^ 2", |place| place.index ^= 2, Word::Root),
        ("leaf index at the end", |place| place.index = place.size, Word::Index),
        ("tree size * 2", |place| place.size *= 2, Word::Length),
        ("tree size / 2", |place| place.size /= 2, Word::Length),
        ("tree size 0", |place| place.size = 0, Word::Index),
        ("empty root", |place| place.root = [0; 32], Word::Root),
        ("random root", |place| place.root = [0x5a; 32], Word::Root),
        ("trailing garbage", |place| place.path.push([0x5a; 32]), Word::Length),
        ("trailing root", |place| place.path.push(place.root), Word::Length),
        ("preceding garbage", |place| place.path.insert(0, [0x5a; 32]), Word::Length),
        ("preceding root", |place| place.path.insert(0, place.root), Word::Length),
        ("inserted component", |place| place.path.insert(1, [0x5a; 32]), Word::Length),
        ("removed component", |place| drop(place.path.drain(1..2)), Word::Length),
        ("truncated", |place| place.path.truncate(place.path.len() - 1), Word::Length),
        ("empty path", |place| place.path.clear(), Word::Length),
        ("swapped components", |place| place.path.swap(0, 1), Word::Root),
        ("reversed", |place| place.path.reverse(), Word::Root),
    ];
    let sound = ledger().prove(INDEX);
    for Tree { name: tree, place, put, change_leaf, verify } in TREES {
        assert_eq!(verify(&sound), Ok(()));
        let refused = |change: &dyn Fn(&mut StatusProof)| {
            let mut proof = sound.clone();
            change(&mut proof);
            match (tree, verify(&proof)) {
                ("log", Err(ProofFault::Inclusion { source, .. }))
                | ("status", Err(ProofFault::Status { source, .. }))
                | ("members", Err(ProofFault::Registry { source, .. })) => Some(word(&source)),
                // Both lead to one root.
                ("status" | "members", Err(ProofFault::StateRoot { .. })) => Some(Word::Root),
                (_, Ok(())) => None,
                (_, Err(other)) => panic!("{tree}: {other}"),
            }
        };
        for (class, change, expected) in classes {
            let found = refused(&|proof| {
                let mut changed = place(proof);
                change(&mut changed);
                put(proof, changed);
            });
            assert_eq!(found, Some(expected), "{tree}: {class}");
        }
        assert_eq!(refused(&change_leaf), Some(Word::Root), "{tree}: wrong leaf");
        for at in 0..place(&sound).path.len() {
            for bit in 0..256 {
                let flipped = refused(&|proof| {
                    let mut changed = place(proof);
                    changed.path[at][bit / 8] ^= 1 << (bit % 8);
                    put(proof, changed);
                });
                assert_eq!(flipped, Some(Word::Root), "{tree}: bit {bit} of hash {at}");
            }
        }
    }
}

#[test]
fn parts_of_another_place_under_the_same_header() {
    let ledger = ledger();
    let sound = ledger.prove(INDEX);
    let (other, foreign) = (ledger.prove(700), ledger.state.registry().prove(&id("i2")).unwrap());
    let anchor = ledger.anchor();
    assert!(sound.verify(&anchor).is_ok() && other.verify(&anchor).is_ok());
    let refused = |change: &dyn Fn(&mut StatusProof)| {
        let mut proof = sound.clone();
        change(&mut proof);
        proof.verify(&anchor).unwrap_err()
    };
    // The leaf of another index with its true path: another place of the tree.
    let leaf = refused(&|proof| {
        (proof.status_leaf, proof.status_path) = (other.status_leaf, other.status_path.clone());
    });
    assert!(matches!(leaf, ProofFault::StateRoot { .. }), "{leaf}");
    // And the other way about: the revoked credential under a leaf in which nothing is revoked.
    let mut hidden = other.clone();
    (hidden.status_leaf, hidden.status_path) = (sound.status_leaf, sound.status_path.clone());
    let hidden = hidden.verify(&anchor).unwrap_err();
    assert!(matches!(hidden, ProofFault::StateRoot { .. }), "{hidden}");
    let entry = refused(&|proof| {
        (proof.entry, proof.log_path) = (other.entry.clone(), other.log_path.clone());
    });
    assert!(
        matches!(entry, ProofFault::Inclusion { source: ProofError::RootMismatch { .. }, .. }),
        "{entry}"
    );
    let record = refused(&|proof| proof.issuer = foreign.clone());
    assert!(matches!(record, ProofFault::RecordOwner { .. }), "{record}");
    let renamed = refused(&|proof| {
        proof.issuer = foreign.clone();
        proof.issuer.record.id = proof.entry.issuer.clone();
    });
    assert!(matches!(renamed, ProofFault::StateRoot { .. }), "{renamed}");
    let others = refused(&|proof| proof.others_root.0[0] ^= 1);
    assert!(matches!(others, ProofFault::StateRoot { .. }), "{others}");
}

#[test]
fn every_class_of_changed_consistency() {
    let ledger = ledger();
    let (sound, anchor) = (ledger.consistency(600, 1_300), ledger.anchor());
    type Change = fn(&mut ConsistencyProof);
    let roots = |proof: &mut ConsistencyProof| std::mem::swap(&mut proof.older.root, &mut proof.newer.root);
    let size = |head: &mut LogHead, size: u64| head.size = LogSize(size);
    assert!(sound.verify(&anchor).is_ok());
    let refused = |change: &dyn Fn(&mut ConsistencyProof)| {
        let mut proof = sound.clone();
        change(&mut proof);
        match proof.verify(&anchor).unwrap_err() {
            ConsistencyFault::Path { source, .. } => ("older", word(&source)),
            ConsistencyFault::Head { source, .. } => ("newer", word(&source)),
            other => panic!("{other}"),
        }
    };
    let classes: [(&str, Change, Word); 10] = [
        ("older size - 1", |proof| proof.older.size.0 -= 1, Word::Length),
        ("older size + 1", |proof| proof.older.size.0 += 1, Word::Length),
        ("older size ^ 2", |proof| proof.older.size.0 ^= 2, Word::Length),
        ("wrong older root", |proof| proof.older.root.0[0] ^= 1, Word::OldRoot),
        ("truncated", |proof| proof.path.truncate(proof.path.len() - 1), Word::Length),
        ("empty path", |proof| proof.path.clear(), Word::Length),
        ("trailing garbage", |proof| proof.path.push([0x5a; 32]), Word::Length),
        ("preceding garbage", |proof| proof.path.insert(0, [0x5a; 32]), Word::Length),
        ("trailing root", |proof| proof.path.push(proof.older.root.0), Word::Length),
        ("preceding root", |proof| proof.path.insert(0, proof.newer.root.0), Word::Length),
    ];
    for (class, change, expected) in classes {
        assert_eq!(refused(&change), ("older", expected), "{class}");
    }
    // The header vouches for the newer log first.
    assert_eq!(refused(&roots), ("newer", Word::OldRoot), "swapped roots");
    assert_eq!(refused(&|proof| proof.newer.root.0[0] ^= 1), ("newer", Word::OldRoot), "wrong newer root");
    assert_eq!(refused(&|proof| size(&mut proof.newer, 650)), ("newer", Word::Length), "newer size / 2");
    assert_eq!(
        refused(&|proof| proof.head_path.clear()),
        ("newer", Word::Length),
        "empty path to the header"
    );
    for at in 0..sound.path.len() {
        for bit in 0..256 {
            let (part, flipped) = refused(&|proof| proof.path[at][bit / 8] ^= 1 << (bit % 8));
            assert!(part == "older" && [Word::OldRoot, Word::Root].contains(&flipped), "bit {bit} of {at}");
        }
    }
}
