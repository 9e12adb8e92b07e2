//! Receipts that were changed: each way is refused, with the word that belongs to it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod support;

use sanad_core::commitment::{Opening, Secret};
use sanad_core::document::{self, DocumentKind};
use sanad_core::hash::ChainId;
use sanad_core::ids::{Height, LogIndex};
use sanad_core::member::Standing;
use sanad_core::merkle::{Hash, ProofError};
use sanad_core::proof::{Finality, ProofFault, StatusProof, ValidatorChange};
use sanad_core::receipt::{Receipt, ReceiptBinaryError, ReceiptFault, ReceiptFormatError};
use sanad_core::signature::SignatureError;
use sanad_core::trust::TrustAnchor;
use sanad_core::validators::{
    CertificateError, CommitCertificate, CommitSignature, Validator, ValidatorSet, ValidatorSetError,
    VoteKind, vote_message,
};
use sanad_testkit::{self as testkit, Body, Chain, DOCUMENT, Shape, certify, consensus_key, id};
use support::add_order;
use support::layout::{cut, place};

fn shape() -> Shape {
    Shape { changes: 2, ..Shape::usual(5_000, 4) }
}

fn sound() -> (TrustAnchor, Receipt, Vec<u8>) {
    let (anchor, receipt) = testkit::receipt(&shape());
    let bytes = receipt.to_binary(&anchor).unwrap();
    (anchor.clone(), receipt.trimmed(&anchor), bytes)
}

/// Certificate and changes of a proof.
fn certified(proof: &mut StatusProof) -> (&mut CommitCertificate, &mut Vec<ValidatorChange>) {
    match &mut proof.finality {
        Finality::Certificate { certificate, validator_changes } => (certificate, validator_changes),
        other => panic!("{other:?}"),
    }
}

/// Why a receipt in its binary form is refused.
#[derive(Debug)]
enum Word {
    Format(ReceiptBinaryError),
    Fault(ReceiptFault),
}

/// What a receipt is checked with beside its bytes.
struct Sound {
    name: &'static str,
    anchor: TrustAnchor,
    /// Size of the set that the receipt starts from.
    validators: usize,
    receipt: Receipt,
    document: Option<&'static [u8]>,
}

/// A sound receipt of each form.
fn forms() -> Vec<Sound> {
    let (anchor, receipt, _) = sound();
    let mut forms =
        vec![Sound { name: "self-contained", anchor, validators: 4, receipt, document: Some(DOCUMENT) }];
    // A chain with a change before and one after the receipt's header, and a trust file above them.
    let mut chain = Chain::new(4);
    let shape = Shape { status_bytes: 3, summary_bytes: 30, ..Shape::usual(5_000, 4) };
    let body = Body::new(&shape, &chain.genesis.chain_id());
    chain.extend_to(10);
    chain.announce();
    let height = chain.enter(&body);
    chain.extend_to(17);
    chain.announce();
    chain.extend_to(40);
    let receipt = |finality| body.receipt(chain.header(height), finality);
    let history = Finality::History(Box::new(chain.history_proof(height, 30, 30)));
    let sound = |name, receipt: Receipt, document| Sound {
        name,
        anchor: chain.anchor(25),
        validators: 4,
        receipt,
        document,
    };
    let certified = receipt(chain.certified(height, height));
    forms.push(sound("compact", certified.clone(), Some(DOCUMENT)));
    forms.push(sound("history", receipt(history), Some(DOCUMENT)));
    let mut announcing = Chain::new(4);
    let last = announcing.enter_and_announce(&body);
    let last = body.receipt(announcing.header(last), announcing.certified(last, 0));
    forms.push(Sound {
        anchor: announcing.genesis_anchor(),
        ..sound("last of its set", last, Some(DOCUMENT))
    });
    let digest = document::digest(DocumentKind::Json, DOCUMENT).unwrap();
    let opened = |opening| Receipt { opening, ..certified.clone() };
    forms.push(sound("paper", opened(certified.opening.to_paper(&digest).unwrap()), None));
    let closed = opened(certified.opening.to_closed_summary().unwrap());
    forms.push(sound("closed summary", closed, Some(DOCUMENT)));
    let whole = Shape { status_bytes: 64, disputed: 2, ..Shape::usual(5_000, 7) };
    let (anchor, receipt) = testkit::receipt(&whole);
    let receipt = receipt.trimmed(&anchor);
    forms.push(Sound { name: "whole leaf", anchor, validators: 7, receipt, document: Some(DOCUMENT) });
    forms
}

impl Sound {
    fn bytes(&self) -> Vec<u8> {
        self.receipt.to_binary(&self.anchor).unwrap()
    }

    fn refusal(&self, bytes: &[u8]) -> Option<Word> {
        match Receipt::from_binary(bytes, &self.anchor) {
            Err(error) => Some(Word::Format(error)),
            Ok(receipt) => receipt.verify(self.document, &self.anchor).err().map(Word::Fault),
        }
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
        None => field.strip_prefix("newer ").unwrap_or(field),
    };
    let certificate = certificate_error(word);
    match field {
        "magic" => matches!(word, Word::Format(E::Magic)),
        "version" => matches!(word, Word::Format(E::Version { .. })),
        "chain" => matches!(word, Word::Format(E::ForeignChain { .. })),
        "secret" | "summary key" | "content" | "content key" | "summary hash" => {
            matches!(word, Word::Fault(ReceiptFault::Commitment { .. }))
        }
        "signers" => {
            matches!(word, Word::Format(E::Signers { .. } | E::UnknownValidator { .. }))
        }
        "signatures" => matches!(certificate, Some(CertificateError::Signature { .. })),
        "commitment" | "past" | "log root" | "state root" | "consensus key" | "log path"
        | "status leaf bytes" | "status path" | "rest" | "member path" | "others root" | "round" | "time"
        | "history root" | "previous" | "batches root" => {
            let may_have_no_encoding = ["round", "time", "status leaf bytes"].contains(&field);
            // Of a proof by history: the header is no leaf of the history.
            let not_a_leaf = matches!(word, Word::Fault(ReceiptFault::Proof(ProofFault::History { .. })));
            matches!(certificate, Some(CertificateError::Unsigned { .. }))
                || not_a_leaf
                || may_have_no_encoding && matches!(word, Word::Format(_) | Word::Fault(_))
        }
        // Lengths, places and flags: what follows is read otherwise.
        _ => true,
    }
}

#[test]
fn every_flipped_bit_of_the_bytes_is_refused_with_its_word() {
    for sound in forms() {
        let (form, bytes) = (sound.name, sound.bytes());
        assert!(sound.refusal(&bytes).is_none(), "{form}");
        assert_eq!(Receipt::from_binary(&bytes, &sound.anchor).unwrap(), sound.receipt, "{form}");
        for (field, range) in cut(&bytes, sound.validators) {
            let long = range.len() > 16;
            for at in range {
                for bit in (0..8).filter(|bit| !long || *bit == at % 8) {
                    let mut changed = bytes.clone();
                    changed[at] ^= 1 << bit;
                    let word = sound.refusal(&changed);
                    let word =
                        word.unwrap_or_else(|| panic!("{form}: {field}, byte {at}, bit {bit}: accepted"));
                    assert!(belongs(&field, &word), "{form}: {field}, byte {at}, bit {bit}: {word:?}");
                }
            }
        }
    }
}

#[test]
fn every_byte_of_a_sealed_receipt_counts() {
    let (chain, height, body) = sealed();
    let sound = Sound {
        name: "sealed",
        anchor: chain.anchor(chain.height()),
        validators: 4,
        receipt: body.receipt(chain.header(height), chain.seal(height)),
        document: Some(DOCUMENT),
    };
    let bytes = sound.bytes();
    assert_eq!(Receipt::from_binary(&bytes, &sound.anchor).unwrap(), sound.receipt);
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            assert!(sound.refusal(&changed).is_some(), "byte {at}, bit {bit}");
        }
    }
    cut(&bytes, 4);
}

/// A chain whose first subtree of history is complete, and a receipt's body at a height in it.
fn sealed() -> (Chain, u64, Body) {
    let mut chain = Chain::new(4);
    let body = Body::new(&Shape { status_bytes: 3, ..Shape::usual(5_000, 4) }, &chain.genesis.chain_id());
    chain.extend_to(1_000);
    let height = chain.enter(&body);
    chain.extend_to(sanad_core::history::SEAL_HEADERS + 1);
    (chain, height, body)
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
        ("member count", "member count"),
        ("validator set", "validator set"),
        ("issuer id 0 until", "issuer id until"),
        ("disputed ranges", "disputed ranges"),
    ] {
        assert_eq!(refused(field, &longer), invalid(name), "{field}");
    }
    for bits in [0b1000_0000, 0b0011_0000, 0b0000_0011] {
        assert_eq!(refused("flags", &|bytes, range| bytes[range.start] |= bits), invalid("flags"));
    }
    for bit in [0b0001_0000, 0b1000_0000] {
        assert_eq!(refused("record flags", &|b, range| b[range.start] |= bit), invalid("record flags"));
    }
    let zero = |bytes: &mut Vec<u8>, range: std::ops::Range<usize>| bytes[range.start] = 0;
    assert_eq!(refused("status leaf bytes", &zero), invalid("status leaf"));
    assert_eq!(refused("status leaf form", &|b, range| b[range.start] = 2), invalid("status leaf"));
    // Few bytes that are not zero, and the leaf written whole.
    let whole = refused("status leaf form", &|bytes, range| {
        let end = place(&fields, "status leaf bytes").end;
        bytes.splice(range.start..end, [[1].as_slice(), &[0; 64]].concat());
    });
    assert_eq!(whole, invalid("status leaf"));
    // A list that is said to be there, and is empty.
    assert_eq!(refused("issuer ids", &zero), invalid("issuer ids"));
    assert_eq!(refused("disputed ranges", &zero), invalid("disputed ranges"));
    assert_eq!(refused("disputed ranges", &|b, range| b[range.start] = 9), invalid("disputed ranges"));
    let spelling = |bytes: &mut Vec<u8>, range: std::ops::Range<usize>| bytes[range.start + 1] = b'H';
    assert_eq!(refused("issuer id 0", &spelling), invalid("issuer id"));
    assert_eq!(refused("name", &zero), invalid("member name"));
    let upper = |bytes: &mut Vec<u8>, range: std::ops::Range<usize>| bytes[range.start + 1] = b'V';
    assert_eq!(refused("member id", &upper), invalid("member id"));
    // The next hash is given though the validators stay.
    let given = refused("log index", &|bytes, range| {
        bytes[13] |= 1 << 6;
        bytes.splice(range.start..range.start, validators_after_changes().hash().0);
    });
    assert_eq!(given, invalid("next validators hash"));
    let unknown = refused("validator set", &|bytes, range| bytes[range.start] = 1);
    assert_eq!(unknown, ReceiptBinaryError::UnknownSet { number: 1 });
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
    receipt.proof.finality.validator_changes()[1].next.clone()
}

#[test]
fn changes_that_were_not_checked_are_not_written() {
    // Carried below the anchor, where the trust file knows better: they are ignored, and have no binary form.
    let forms = forms();
    let Sound { anchor, receipt, document, .. } = &forms[1];
    let (_, other, _) = sound();
    let foreign = other.proof.finality.validator_changes()[0].clone();
    let mut forged = foreign.clone();
    forged.header.chain_id = receipt.proof.header.chain_id;
    forged.header.height = Height(5);
    forged.certificate.signatures.clear();
    for changes in [vec![foreign.clone()], vec![forged.clone()], vec![forged; 3]] {
        let mut carrying = receipt.clone();
        *certified(&mut carrying.proof).1 = changes;
        assert!(carrying.verify(*document, anchor).is_ok());
        assert!(matches!(carrying.to_binary(anchor), Err(ReceiptFault::Proof(_))));
        assert!(carrying.trimmed(anchor).verify(*document, anchor).is_ok());
    }
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
    /// The error of the path; `None` if the root is another.
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
                ProofFault::Inclusion { source: ProofError::RootMismatch { .. }, .. } => None,
                ProofFault::Inclusion { source, .. } => Some(source),
                other => panic!("{other}"),
            },
            other_index: |proof| proof.index.0 ^= 1,
            beyond: |proof| proof.index.0 = proof.header.log_size.0,
            other_size: |proof| proof.header.log_size.0 *= 2,
            change_leaf: |proof| proof.entry.issuer = id("v000.ac.id"),
        },
        Tree {
            path: |proof| &mut proof.status_path,
            verify: |proof| proof.verify_state().map(drop),
            error: |fault| match fault {
                ProofFault::StateRoot { .. } => None,
                ProofFault::Status { source, .. } => Some(source),
                other => panic!("{other}"),
            },
            other_index: |proof| proof.index.0 ^= 256,
            beyond: |proof| proof.index.0 = proof.header.log_size.0.next_multiple_of(256),
            other_size: |proof| proof.header.log_size.0 *= 2,
            change_leaf: |proof| proof.status_leaf[63] ^= 0b100,
        },
        Tree {
            path: |proof| &mut proof.issuer.path,
            verify: |proof| proof.verify_state().map(drop),
            error: |fault| match fault {
                ProofFault::StateRoot { .. } => None,
                ProofFault::Registry { source, .. } => Some(source),
                other => panic!("{other}"),
            },
            other_index: |proof| proof.issuer.index ^= 1,
            beyond: |proof| proof.issuer.index = proof.issuer.count,
            other_size: |proof| proof.issuer.count *= 2,
            change_leaf: |proof| proof.issuer.record.rest.0[0] ^= 1,
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
            error(&verify(&proof).unwrap_err()).copied()
        };
        let length = path(&mut receipt.proof.clone()).len();
        let wrong_length = |actual| Some(ProofError::PathLength { expected: length, actual });
        let wrong_root = |error: Option<ProofError>| error.is_none();
        assert_eq!(refused(&|proof| path(proof).truncate(length - 1)), wrong_length(length - 1));
        assert_eq!(refused(&|proof| drop(path(proof).drain(..1))), wrong_length(length - 1));
        assert_eq!(refused(&|proof| path(proof).clear()), wrong_length(0));
        assert_eq!(refused(&|proof| path(proof).push([0; 32])), wrong_length(length + 1));
        assert_eq!(refused(&|proof| path(proof).insert(0, [0; 32])), wrong_length(length + 1));
        let endless = Some(ProofError::PathBeyondMax { max: 64, actual: 65 });
        assert_eq!(refused(&|proof| path(proof).resize(65, [0; 32])), endless);
        for at in 0..length {
            assert!(at == 0 || wrong_root(refused(&|proof| path(proof).swap(0, at))), "swapped {at}");
            for bit in 0..256 {
                assert!(wrong_root(refused(&|proof| path(proof)[at][bit / 8] ^= 1 << (bit % 8))), "{at}");
            }
        }
        assert!(wrong_root(refused(&other_index)));
        assert!(wrong_root(refused(&change_leaf)));
        assert!(matches!(refused(&beyond), Some(ProofError::IndexBeyondSize { .. })));
        assert!(matches!(refused(&other_size), Some(ProofError::PathLength { .. })));
    }
}

#[test]
fn changed_certificates_are_refused() {
    let (anchor, receipt, _) = sound();
    let set = validators_after_changes();
    let header = receipt.proof.header.clone();
    let refused = |change: &dyn Fn(&mut Vec<CommitSignature>)| {
        let mut changed = receipt.clone();
        change(&mut certified(&mut changed.proof).0.signatures);
        match changed.verify(Some(DOCUMENT), &anchor) {
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
    let block = header.id();
    let other_round = sanad_core::block::BlockId { round: 1, ..block };
    let unsigned = E::Unsigned { signatures: 3 };
    let (chain, height) = (header.chain_id, header.height);
    for message in [
        vote_message(&ChainId([9; 32]), VoteKind::Precommit, height, 0, Some(&block)),
        vote_message(&chain, VoteKind::Prevote, height, 0, Some(&block)),
        vote_message(&chain, VoteKind::Precommit, height.next(), 0, Some(&block)),
        vote_message(&chain, VoteKind::Precommit, height, 1, Some(&block)),
        vote_message(&chain, VoteKind::Precommit, height, 0, Some(&other_round)),
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
    certified(&mut other.proof).0.height = Height(1);
    let actual = Height(1);
    let expected = E::Height { expected: height, actual };
    assert!(matches!(
        other.verify(Some(DOCUMENT), &anchor),
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
        ValidatorSet::new(2, validators_after_changes().first_height(), (0..4).map(forger).collect()).unwrap()
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
        *certified(proof).0 = certify(&proof.header, &forgers, &[0, 1, 2]);
    };
    assert!(matches!(refused(&own), ProofFault::Validators { .. }));
    // The same behind a change that leads to oneself, which no true validator signed.
    let forged_change = refused(&|proof| {
        own(proof);
        let ValidatorChange { header, certificate, next } = &mut certified(proof).1[1];
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
        certified(proof).1[1].next = forgers.clone();
    });
    assert!(matches!(exchanged, ProofFault::NextValidators { .. }));
    // The former validators go on after they were relieved.
    let relieved = refused(&|proof| {
        let former = certified(proof).1[0].next.clone();
        certified(proof).1.pop();
        proof.header.validators_hash = former.hash();
        proof.header.next_validators_hash = former.hash();
        *certified(proof).0 = certify(&proof.header, &former, &[0, 1, 2]);
        proof.header.height = certified(proof).1[0].header.height;
    });
    assert!(matches!(relieved, ProofFault::ChangeOrder { .. }));
    assert!(matches!(refused(&|p| certified(p).1.clear()), ProofFault::UnknownValidators { .. }));
    assert!(matches!(refused(&|p| drop(certified(p).1.remove(0))), ProofFault::Validators { .. }));
    assert!(matches!(refused(&|p| certified(p).1.swap(0, 1)), ProofFault::Validators { .. }));
    let repeated = refused(&|p| {
        let changes = certified(p).1;
        changes.insert(1, changes[0].clone());
    });
    assert!(matches!(repeated, ProofFault::ChangeOrder { .. }));
    let many = refused(&|p| {
        let changes = certified(p).1;
        changes.resize(65, changes[1].clone());
    });
    assert_eq!(many, ProofFault::TooManyChanges { count: 65 });
    // Sets that are numbered, or begin, otherwise than they must.
    for (number, first) in [(2, 0), (1, 1), (3, 0)] {
        let renumbered = refused(&|proof| {
            let ValidatorChange { header, certificate, next } = &mut certified(proof).1[0];
            let former = Validator { member: id("v000.ac.id"), key: consensus_key("v000.ac.id").public() };
            let set = [&[former], &next.validators()[..3]].concat();
            let first = Height(header.height.0 + 1 + first);
            *next = ValidatorSet::new(number, first, set).unwrap();
            header.next_validators_hash = next.hash();
            *certificate = certify(header, &testkit::synthetic_validators(4, 0, 1), &[0, 1, 2]);
        });
        assert!(matches!(renumbered, ProofFault::NextSet { .. }), "{renumbered}");
    }
    let foreign = refused(&|p| certified(p).1[0].header.chain_id.0[0] ^= 1);
    assert!(matches!(foreign, ProofFault::ForeignChain { .. }));
}

#[test]
fn parts_of_other_receipts_are_refused() {
    let (anchor, receipt, _) = sound();
    // Of the same header: the leaf and path of another place, the record of another member.
    let (_, other) =
        testkit::receipt(&Shape { index: 4_000, issuer: "v002.ac.id".into(), status_bytes: 3, ..shape() });
    let refused = |change: &dyn Fn(&mut StatusProof)| {
        let mut proof = receipt.proof.clone();
        change(&mut proof);
        proof.verify(&anchor).unwrap_err()
    };
    let status = refused(&|proof| {
        (proof.status_leaf, proof.status_path) = (other.proof.status_leaf, other.proof.status_path.clone());
    });
    assert!(matches!(status, ProofFault::StateRoot { .. }));
    let record = refused(&|proof| proof.issuer = other.proof.issuer.clone());
    assert!(matches!(record, ProofFault::RecordOwner { .. }));
    let mut salted = receipt.clone();
    salted.opening = Opening::Full { secret: Secret([43; 32]), summary: None };
    assert!(matches!(salted.verify(Some(DOCUMENT), &anchor), Err(ReceiptFault::Commitment { .. })));
    salted = Receipt { document: DocumentKind::Bytes, ..receipt.clone() };
    assert!(matches!(salted.verify(Some(DOCUMENT), &anchor), Err(ReceiptFault::Commitment { .. })));
    let foreign = TrustAnchor::from_validators(ChainId([2; 32]), anchor.validators.clone());
    let bytes = receipt.to_binary(&anchor).unwrap();
    assert!(matches!(
        Receipt::from_bytes(&bytes, &foreign),
        Err(ReceiptFormatError::Binary(ReceiptBinaryError::ForeignChain { .. }))
    ));
    assert!(matches!(
        receipt.verify(Some(DOCUMENT), &foreign),
        Err(ReceiptFault::Proof(ProofFault::ForeignChain { .. }))
    ));
    // Other validators under the same name of the chain: what they signed is another header.
    let stranger = testkit::receipt(&Shape { validators: 7, ..shape() }).0;
    assert!(Receipt::from_binary(&bytes, &stranger).is_err());
}

#[test]
fn records_without_an_encoding_are_refused() {
    let (anchor, mut receipt, _) = sound();
    for name in [String::new(), "n".repeat(129), "n".repeat(70_000)] {
        receipt.proof.issuer.record.name = name;
        let read = Receipt::from_json(receipt.to_json().as_bytes());
        assert!(matches!(read, Err(ReceiptFormatError::Name(_))));
        assert!(matches!(receipt.proof.verify(&anchor), Err(ProofFault::Record(_))));
    }
    let (anchor, mut receipt, _) = sound();
    receipt.proof.issuer.count = 4_097;
    assert_eq!(receipt.proof.verify(&anchor), Err(ProofFault::MemberCount { count: 4_097 }));
    receipt.proof.issuer.record.standing = Standing::Retired;
    receipt.proof.issuer.count = 800;
    assert!(matches!(receipt.proof.verify(&anchor), Err(ProofFault::StateRoot { .. })));
    let ids = &mut receipt.proof.issuer.record.issuer_ids;
    ids.resize(33, ids[0].clone());
    assert!(matches!(receipt.proof.verify(&anchor), Err(ProofFault::Record(_))));
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
