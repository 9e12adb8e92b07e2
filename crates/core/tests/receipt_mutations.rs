//! Receipts that were changed: each way is refused, with the word that belongs to it.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use sanad_core::commitment::Secret;
use sanad_core::document::DocumentKind;
use sanad_core::hash::ChainId;
use sanad_core::ids::{Height, LogIndex, LogSize};
use sanad_core::member::Role;
use sanad_core::merkle::{Hash, ProofError};
use sanad_core::proof::{ProofFault, StatusProof, TrustAnchor, ValidatorChange};
use sanad_core::receipt::{Receipt, ReceiptBinaryError, ReceiptFault, ReceiptFormatError};
use sanad_core::registry::RegistryProof;
use sanad_core::signature::SignatureError;
use sanad_core::validators::{
    CertificateError, CommitSignature, Validator, ValidatorSet, ValidatorSetError, VoteKind, vote_message,
};
use support::layout::{cut, place};
use support::synthetic::{self, DOCUMENT, Shape};
use support::{add_order, certify, consensus_key, id};

fn shape() -> Shape {
    Shape { changes: 2, issuer: "v003.ac.id".into(), ..Shape::usual(5_000, 4) }
}

fn sound() -> (TrustAnchor, Receipt, Vec<u8>) {
    let (anchor, receipt) = synthetic::receipt(&shape());
    let bytes = receipt.to_binary(&anchor).unwrap();
    (anchor.clone(), receipt.trimmed(&anchor), bytes)
}

/// What is said of a receipt in its binary form.
#[derive(Debug)]
enum Word {
    Format(ReceiptBinaryError),
    Fault(ReceiptFault),
}

fn refusal(bytes: &[u8], anchor: &TrustAnchor) -> Option<Word> {
    match Receipt::from_binary(bytes, anchor) {
        Err(error) => Some(Word::Format(error)),
        Ok(receipt) => receipt.verify(DOCUMENT, anchor).err().map(Word::Fault),
    }
}

fn certificate_error(word: &Word) -> Option<&CertificateError> {
    match word {
        Word::Fault(ReceiptFault::Proof(ProofFault::Certificate { source, .. })) => Some(source),
        _ => None,
    }
}

/// Whether a word is the one that belongs to a change of one bit in a field.
fn belongs(field: &str, word: &Word) -> bool {
    use ReceiptBinaryError as E;
    let field = match field.strip_prefix("change ") {
        Some(numbered) => &numbered[2..],
        None => field,
    };
    let certificate = certificate_error(word);
    match field {
        "magic" => matches!(word, Word::Format(E::Magic)),
        "version" => matches!(word, Word::Format(E::Version { .. })),
        "chain" => matches!(word, Word::Format(E::ForeignChain { .. })),
        "secret" => matches!(word, Word::Fault(ReceiptFault::Commitment { .. })),
        "signers" => {
            matches!(word, Word::Format(E::Signers { .. } | E::UnknownValidator { .. }))
        }
        "signatures" => matches!(certificate, Some(CertificateError::Signature { .. })),
        "commitment" | "previous" | "batches root" | "log root" | "status root" | "registry root"
        | "consensus key" | "log path" | "status leaf bytes" | "status path" | "issuing key"
        | "network key" | "last batch" | "registry path" | "round" | "time" => {
            let may_have_no_encoding = ["round", "time", "status leaf bytes"].contains(&field);
            matches!(certificate, Some(CertificateError::Unsigned { .. }))
                || may_have_no_encoding && matches!(word, Word::Format(_))
        }
        // Lengths, places and flags: what follows is read otherwise.
        _ => true,
    }
}

#[test]
fn every_flipped_bit_of_the_bytes_is_refused_with_its_word() {
    let (anchor, receipt, bytes) = sound();
    for (field, range) in cut(&bytes, 4) {
        let long = range.len() > 16;
        for at in range {
            for bit in (0..8).filter(|bit| !long || *bit == at % 8) {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                let Some(word) = refusal(&changed, &anchor) else {
                    // What is not proved: how many members the registry has.
                    let mut read = Receipt::from_binary(&changed, &anchor).unwrap();
                    assert!(["registry index", "registry count"].contains(&field.as_str()), "{field}");
                    let RegistryProof { index, count, .. } = receipt.proof.issuer;
                    (read.proof.issuer.index, read.proof.issuer.count) = (index, count);
                    assert_eq!(read, receipt);
                    continue;
                };
                assert!(belongs(&field, &word), "{field}, byte {at}, bit {bit}: {word:?}");
            }
        }
    }
}

#[test]
fn cut_and_extended_bytes_are_refused() {
    let (anchor, _, bytes) = sound();
    for length in 0..bytes.len() {
        let error = Receipt::from_binary(&bytes[..length], &anchor).unwrap_err();
        assert!(matches!(error, ReceiptBinaryError::Truncated { .. }), "{length}: {error:?}");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(Receipt::from_binary(&longer, &anchor), Err(ReceiptBinaryError::Trailing { excess: 1 }));
    let (actual, limit) = ((1 << 20) + 1, 1 << 20);
    let endless = vec![0; actual];
    assert_eq!(Receipt::from_binary(&endless, &anchor), Err(ReceiptBinaryError::TooLong { actual, limit }));
    let text = Receipt::from_bytes(&endless, &anchor).unwrap_err();
    assert!(matches!(text, ReceiptFormatError::TooLong { .. }));
}

#[test]
fn there_is_one_encoding() {
    let (anchor, _, bytes) = sound();
    let fields = cut(&bytes, 4);
    let refused = |name: &str, change: &dyn Fn(&mut Vec<u8>, std::ops::Range<usize>)| {
        let mut changed = bytes.clone();
        change(&mut changed, place(&fields, name));
        Receipt::from_binary(&changed, &anchor).unwrap_err()
    };
    let invalid = |field| ReceiptBinaryError::Invalid { field };
    let longer = |bytes: &mut Vec<u8>, range: std::ops::Range<usize>| {
        bytes[range.end - 1] |= 0x80;
        bytes.insert(range.end, 0);
    };
    for (field, name) in [
        ("height", "height"),
        ("log size", "log size"),
        ("log index", "log index"),
        ("round", "round"),
        ("change 0 coming", "coming validators"),
        ("changes", "validator-set changes"),
        ("registry count", "registry count"),
    ] {
        assert_eq!(refused(field, &longer), invalid(name), "{field}");
    }
    assert_eq!(refused("flags", &|bytes, range| bytes[range.start] |= 8), invalid("flags"));
    assert_eq!(refused("record flags", &|b, range| b[range.start] |= 128), invalid("record flags"));
    assert_eq!(refused("record flags", &|b, range| b[range.start] |= 3), invalid("role"));
    let zero = |bytes: &mut Vec<u8>, range: std::ops::Range<usize>| bytes[range.start] = 0;
    assert_eq!(refused("status leaf bytes", &zero), invalid("status leaf"));
    assert_eq!(refused("name", &zero), invalid("member name"));
    let upper = |bytes: &mut Vec<u8>, range: std::ops::Range<usize>| bytes[range.start + 1] = b'V';
    assert_eq!(refused("member id", &upper), invalid("member id"));
    // The next hash is given though the validators stay.
    let given = refused("log index", &|bytes, range| {
        bytes[13] |= 2;
        bytes.splice(range.start..range.start, validators_after_changes().hash().0);
    });
    assert_eq!(given, invalid("next validators hash"));
    // A key that the set holds is written out.
    let key = consensus_key("v003.ac.id").public();
    let written = refused("network key", &|bytes, range| {
        bytes.splice(range.start..range.start, key.0);
        bytes[place(&fields, "record flags").start] ^= 0b0001_1000;
    });
    assert_eq!(written, invalid("consensus key"));
    let many = refused("changes", &|bytes, range| bytes[range.start] = 65);
    assert_eq!(many, ReceiptBinaryError::TooManyChanges { count: 65 });
    let beyond = refused("log index", &|bytes, range| {
        bytes.splice(range, [0x88, 0x27]);
    });
    assert_eq!(beyond, ReceiptBinaryError::Index { field: "log index", index: 5_000, size: 5_000 });
    let all_leave = refused("change 0 leaving", &|bytes, range| {
        let coming = place(&fields, "change 0 coming").start;
        let certificate = place(&fields, "change 0 round").start;
        bytes[range.start] = 0b1111;
        bytes.splice(coming..certificate, [0]);
    });
    let source = ValidatorSetError::Count { count: 0 };
    assert!(matches!(all_leave, ReceiptBinaryError::NextValidators { source: s, .. } if s == source));
    let back = refused("change 0 coming", &|bytes, range| {
        let former = Validator { member: id("v000.ac.id"), key: consensus_key("v000.ac.id").public() };
        let certificate = place(&fields, "change 0 round").start;
        let written = [&[1, 10], former.member.as_str().as_bytes(), &former.key.0].concat();
        bytes.splice(range.start..certificate, written);
    });
    assert_eq!(back, invalid("coming validators"));
}

fn validators_after_changes() -> ValidatorSet {
    let (_, receipt, _) = sound();
    receipt.proof.validator_changes[1].next.clone()
}

#[test]
fn only_receipts_that_hold_have_a_binary_form() {
    let (anchor, receipt, _) = sound();
    let mut tampered = receipt.clone();
    tampered.proof.log_path[0][0] ^= 1;
    assert!(matches!(tampered.to_binary(&anchor), Err(ReceiptFault::Proof(ProofFault::Inclusion { .. }))));
    let mut other = receipt;
    other.proof.entry.event = sanad_core::event::Event::Revoke { target: LogIndex(1) };
    assert!(matches!(other.to_binary(&anchor), Err(ReceiptFault::NotAnIssuance { kind: "revoke" })));
}

/// A path of a proof, the place in its tree, and what checks it.
struct Tree {
    path: fn(&mut StatusProof) -> &mut Vec<Hash>,
    verify: fn(&StatusProof) -> Result<(), ProofFault>,
    error: fn(&ProofFault) -> Option<&ProofError>,
    /// Puts the leaf at the place after it.
    other_index: fn(&mut StatusProof),
    /// Puts the leaf behind the end of the tree.
    beyond: fn(&mut StatusProof),
    /// Doubles the tree: one more level.
    other_size: fn(&mut StatusProof),
    change_leaf: fn(&mut StatusProof),
}

fn trees() -> [Tree; 3] {
    [
        Tree {
            path: |proof| &mut proof.log_path,
            verify: StatusProof::verify_inclusion,
            error: |fault| match fault {
                ProofFault::Inclusion { source, .. } => Some(source),
                _ => None,
            },
            other_index: |proof| proof.index.0 ^= 1,
            beyond: |proof| proof.index.0 = proof.header.log_size.0,
            other_size: |proof| proof.header.log_size.0 *= 2,
            change_leaf: |proof| proof.entry.issuer = id("v000.ac.id"),
        },
        Tree {
            path: |proof| &mut proof.status_path,
            verify: |proof| proof.verify_status().map(|_| ()),
            error: |fault| match fault {
                ProofFault::Status { source, .. } => Some(source),
                _ => None,
            },
            other_index: |proof| proof.index.0 ^= 256,
            beyond: |proof| proof.index.0 = proof.header.log_size.0.next_multiple_of(256),
            other_size: |proof| proof.header.log_size.0 *= 2,
            change_leaf: |proof| proof.status_leaf[63] ^= 0b100,
        },
        Tree {
            path: |proof| &mut proof.issuer.path,
            verify: StatusProof::verify_issuer,
            error: |fault| match fault {
                ProofFault::Registry { source, .. } => Some(source),
                _ => None,
            },
            other_index: |proof| proof.issuer.index ^= 1,
            beyond: |proof| proof.issuer.index = proof.issuer.count,
            other_size: |proof| proof.issuer.count *= 2,
            change_leaf: |proof| proof.issuer.record.chain.entries += 1,
        },
    ]
}

#[test]
fn changed_paths_of_the_three_trees_are_refused() {
    let (_, receipt, _) = sound();
    for Tree { path, verify, error, other_index, beyond, other_size, change_leaf } in trees() {
        let refused = |change: &dyn Fn(&mut StatusProof)| {
            let mut proof = receipt.proof.clone();
            assert_eq!(verify(&proof), Ok(()));
            change(&mut proof);
            *error(&verify(&proof).unwrap_err()).expect("the fault names the tree")
        };
        let length = path(&mut receipt.proof.clone()).len();
        let wrong_length = |actual| ProofError::PathLength { expected: length, actual };
        let wrong_root = |error| matches!(error, ProofError::RootMismatch { .. });
        assert_eq!(refused(&|proof| path(proof).truncate(length - 1)), wrong_length(length - 1));
        assert_eq!(refused(&|proof| drop(path(proof).drain(..1))), wrong_length(length - 1));
        assert_eq!(refused(&|proof| path(proof).clear()), wrong_length(0));
        assert_eq!(refused(&|proof| path(proof).push([0; 32])), wrong_length(length + 1));
        assert_eq!(refused(&|proof| path(proof).insert(0, [0; 32])), wrong_length(length + 1));
        let endless = ProofError::PathBeyondMax { max: 64, actual: 65 };
        assert_eq!(refused(&|proof| path(proof).resize(65, [0; 32])), endless);
        for at in 0..length {
            assert!(at == 0 || wrong_root(refused(&|proof| path(proof).swap(0, at))), "swapped {at}");
            for bit in 0..256 {
                assert!(wrong_root(refused(&|proof| path(proof)[at][bit / 8] ^= 1 << (bit % 8))), "{at}");
            }
        }
        assert!(wrong_root(refused(&other_index)));
        assert!(wrong_root(refused(&change_leaf)));
        assert!(matches!(refused(&beyond), ProofError::IndexBeyondSize { .. }));
        assert!(matches!(refused(&other_size), ProofError::PathLength { .. }));
    }
}

#[test]
fn changed_certificates_are_refused() {
    let (anchor, receipt, _) = sound();
    let set = validators_after_changes();
    let header = receipt.proof.header.clone();
    let refused = |change: &dyn Fn(&mut Vec<CommitSignature>)| {
        let mut changed = receipt.clone();
        change(&mut changed.proof.certificate.signatures);
        match changed.verify(DOCUMENT, &anchor) {
            Err(ReceiptFault::Proof(ProofFault::Certificate { source, .. })) => source,
            other => panic!("{other:?}"),
        }
    };
    type E = CertificateError;
    let few = E::Quorum { signed: 2, quorum: 3, validators: 4 };
    assert_eq!(refused(&|signatures| signatures.truncate(2)), few);
    assert_eq!(refused(&|signatures| signatures[1] = signatures[0]), E::Order { validator: 0 });
    assert_eq!(refused(&|signatures| signatures.push(signatures[2])), E::Order { validator: 2 });
    assert_eq!(refused(&|signatures| signatures.swap(1, 2)), E::Order { validator: 1 });
    let unknown = E::UnknownValidator { validator: 4, count: 4 };
    assert_eq!(refused(&|signatures| signatures[2].validator = 4), unknown);
    // The signatures of two validators, each in the place of the other.
    let exchanged = refused(&|signatures| {
        let [one, two, ..] = signatures.as_mut_slice() else { unreachable!() };
        std::mem::swap(&mut one.signature, &mut two.signature);
    });
    assert!(matches!(exchanged, E::Signature { member, .. } if member == set.validators()[0].member));
    let source = |error| match error {
        E::Signature { source, .. } => source,
        other => panic!("{other:?}"),
    };
    let flipped = source(refused(&|signatures| signatures[1].signature.0[40] ^= 1));
    assert!(matches!(flipped, SignatureError::Mismatch { .. }));
    let twice = source(refused(&|signatures| add_order(&mut signatures[1].signature.0[32..])));
    assert!(matches!(twice, SignatureError::Scalar { .. }), "S + L");
    for point in small_order_points() {
        let small = source(refused(&|signatures| signatures[1].signature.0[..32].copy_from_slice(&point)));
        assert!(matches!(small, SignatureError::Commitment { .. }), "{}", hex::encode(point));
    }
    // What was signed is another vote.
    let hash = header.hash();
    let unsigned = E::Unsigned { signatures: 3 };
    let (chain, height) = (header.chain_id, header.height);
    for message in [
        vote_message(&ChainId([9; 32]), VoteKind::Precommit, height, 0, Some(&hash)),
        vote_message(&chain, VoteKind::Prevote, height, 0, Some(&hash)),
        vote_message(&chain, VoteKind::Precommit, height.next(), 0, Some(&hash)),
        vote_message(&chain, VoteKind::Precommit, height, 1, Some(&hash)),
        vote_message(&chain, VoteKind::Precommit, height, 0, None),
    ] {
        let resigned = refused(&|signatures| {
            for CommitSignature { validator, signature } in signatures {
                let member = &set.validators()[usize::from(*validator)].member;
                *signature = consensus_key(member.as_str()).sign(&message);
            }
        });
        assert_eq!(resigned, unsigned);
    }
    let mut other = receipt.clone();
    other.proof.certificate.height = Height(1);
    let actual = Height(1);
    let expected = E::Height { expected: height, actual };
    assert!(matches!(
        other.verify(DOCUMENT, &anchor),
        Err(ReceiptFault::Proof(ProofFault::Certificate { source, .. })) if source == expected
    ));
}

#[test]
fn forked_headers_beside_a_true_tree_are_refused() {
    let (anchor, receipt, _) = sound();
    let forgers = {
        let forger = |n: u8| {
            let member = id(&format!("forger{n}"));
            Validator { key: consensus_key(member.as_str()).public(), member }
        };
        ValidatorSet::new((0..4).map(forger).collect()).unwrap()
    };
    let refused = |change: &dyn Fn(&mut StatusProof)| {
        let mut proof = receipt.proof.clone();
        change(&mut proof);
        proof.verify(&anchor).unwrap_err()
    };
    // The true roots in a header of one's own, signed by oneself.
    let own = |proof: &mut StatusProof| {
        proof.header.time_ms += 86_400_000;
        proof.header.validators_hash = forgers.hash();
        proof.certificate = certify(&proof.header, &forgers, &[0, 1, 2]);
    };
    assert!(matches!(refused(&own), ProofFault::Validators { .. }));
    // The same behind a change that leads to oneself, which no true validator signed.
    let forged_change = refused(&|proof| {
        own(proof);
        let ValidatorChange { header, certificate, next } = &mut proof.validator_changes[1];
        *next = forgers.clone();
        header.next_validators_hash = forgers.hash();
        *certificate = certify(header, &forgers, &[0, 1, 2]);
    });
    assert!(matches!(
        forged_change,
        ProofFault::Certificate { source: CertificateError::Unsigned { .. }, .. }
    ));
    // The same behind a true change whose next set was exchanged.
    let exchanged = refused(&|proof| {
        own(proof);
        proof.validator_changes[1].next = forgers.clone();
    });
    assert!(matches!(exchanged, ProofFault::NextValidators { .. }));
    // The former validators go on after they were relieved.
    let relieved = refused(&|proof| {
        let former = proof.validator_changes[0].next.clone();
        proof.validator_changes.pop();
        proof.header.validators_hash = former.hash();
        proof.header.next_validators_hash = former.hash();
        proof.certificate = certify(&proof.header, &former, &[0, 1, 2]);
        proof.header.height = proof.validator_changes[0].header.height;
    });
    assert!(matches!(relieved, ProofFault::ChangeOrder { .. }));
    assert!(matches!(refused(&|p| p.validator_changes.clear()), ProofFault::Validators { .. }));
    assert!(matches!(refused(&|p| drop(p.validator_changes.remove(0))), ProofFault::Validators { .. }));
    assert!(matches!(refused(&|p| p.validator_changes.swap(0, 1)), ProofFault::Validators { .. }));
    let repeated = refused(&|p| p.validator_changes.insert(1, p.validator_changes[0].clone()));
    assert!(matches!(repeated, ProofFault::ChangeOrder { .. }));
    let many = refused(&|p| p.validator_changes.resize(65, p.validator_changes[1].clone()));
    assert_eq!(many, ProofFault::TooManyChanges { count: 65 });
    let foreign = refused(&|p| p.validator_changes[0].header.chain_id.0[0] ^= 1);
    assert!(matches!(foreign, ProofFault::ForeignChain { .. }));
}

#[test]
fn parts_of_other_receipts_are_refused() {
    let (anchor, receipt, _) = sound();
    // Of the same header: the leaf and path of another place, the record of another member.
    let (_, other) =
        synthetic::receipt(&Shape { index: 4_000, issuer: "v002.ac.id".into(), status_bytes: 3, ..shape() });
    let refused = |change: &dyn Fn(&mut StatusProof)| {
        let mut proof = receipt.proof.clone();
        change(&mut proof);
        proof.verify(&anchor).unwrap_err()
    };
    let status = refused(&|proof| {
        (proof.status_leaf, proof.status_path) = (other.proof.status_leaf, other.proof.status_path.clone());
    });
    assert!(matches!(status, ProofFault::Status { .. }));
    let record = refused(&|proof| proof.issuer = other.proof.issuer.clone());
    assert!(matches!(record, ProofFault::RecordOwner { .. }));
    let mut salted = receipt.clone();
    salted.secret = Secret([43; 32]);
    assert!(matches!(salted.verify(DOCUMENT, &anchor), Err(ReceiptFault::Commitment { .. })));
    salted = Receipt { document: DocumentKind::Bytes, ..receipt.clone() };
    assert!(matches!(salted.verify(DOCUMENT, &anchor), Err(ReceiptFault::Commitment { .. })));
    let foreign = TrustAnchor { chain_id: ChainId([2; 32]), ..anchor.clone() };
    let bytes = receipt.to_binary(&anchor).unwrap();
    assert!(matches!(
        Receipt::from_bytes(&bytes, &foreign),
        Err(ReceiptFormatError::Binary(ReceiptBinaryError::ForeignChain { .. }))
    ));
    assert!(matches!(
        receipt.verify(DOCUMENT, &foreign),
        Err(ReceiptFault::Proof(ProofFault::ForeignChain { .. }))
    ));
    // Other validators under the same name of the chain: what they signed is another header.
    let stranger = synthetic::receipt(&Shape { validators: 7, ..shape() }).0;
    assert!(refusal(&bytes, &stranger).is_some());
}

#[test]
fn records_without_an_encoding_are_refused() {
    let (anchor, mut receipt, _) = sound();
    for name in [String::new(), "n".repeat(129), "n".repeat(70_000)] {
        receipt.proof.issuer.record.member.name = name;
        let read = Receipt::from_json(receipt.to_json().as_bytes());
        assert!(matches!(read, Err(ReceiptFormatError::Name(_))));
        assert!(matches!(receipt.proof.verify(&anchor), Err(ProofFault::Record(_))));
    }
    let (anchor, mut receipt, _) = sound();
    receipt.proof.issuer.count = 4_097;
    assert_eq!(receipt.proof.verify(&anchor), Err(ProofFault::MemberCount { count: 4_097 }));
    receipt.proof.issuer.record.member.role = Role::Observer;
    receipt.proof.issuer.count = 800;
    assert!(matches!(receipt.proof.verify(&anchor), Err(ProofFault::Registry { .. })));
}

#[test]
fn the_unused_bits_of_a_status_are_no_status() {
    let (_, receipt, _) = sound();
    let mut proof = receipt.proof;
    let at = (proof.index.0 % 256) as usize;
    proof.status_leaf[at / 4] = 0b10 << (2 * (at % 4));
    proof.header.log_size = LogSize(proof.index.0 + 1);
    use sanad_core::hash::{Root, StatusHash};
    use sanad_core::merkle::{TreeHash, root_from_inclusion};
    let (leaf, place) = (StatusHash::leaf(&proof.status_leaf), proof.index.0 / 256);
    proof.status_path.truncate(sanad_core::merkle::inclusion_path_length(place, place + 1));
    let root = root_from_inclusion::<StatusHash>(leaf, place, place + 1, &proof.status_path);
    proof.header.status_root = Root(root.unwrap());
    assert_eq!(proof.verify_status(), Err(ProofFault::StatusBits { index: proof.index }));
}

/// The points of small order, and other encodings of some (Chalkias, Garillot, Nikolaenko 2020, table 1).
fn small_order_points() -> Vec<[u8; 32]> {
    [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ]
    .into_iter()
    .map(|point| hex::decode(point).unwrap().try_into().unwrap())
    .collect()
}
