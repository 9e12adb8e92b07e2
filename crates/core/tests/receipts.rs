//! Receipts: sound ones hold; each tampered part is named.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use sanad_core::batch::Batch;
use sanad_core::commitment::Secret;
use sanad_core::document::DocumentKind;
use sanad_core::event::Event;
use sanad_core::hash::ChainId;
use sanad_core::ids::{LogIndex, MemberId};
use sanad_core::proof::{ProofFault, TrustAnchor};
use sanad_core::receipt::{Receipt, ReceiptFault};
use sanad_core::status::Status;
use sanad_core::validators::CertificateError;
use support::{Ledger, commitment_of, issue};

const DOCUMENT: &[u8] = br#"{"name":"Lencana Guru Digital","credits":20}"#;
const SECRET: Secret = Secret([42; 32]);
const INDEX: u64 = 301;

fn issued() -> (Ledger, TrustAnchor) {
    let mut ledger = Ledger::new();
    ledger.issue("issuer", 0..300);
    let chain = TrustAnchor::new(&ledger.genesis).unwrap().chain_id;
    let event =
        Event::Issue { commitment: commitment_of(&chain, "v1", DocumentKind::Json, &SECRET, DOCUMENT) };
    let batch = ledger.signed("v1", vec![issue(900), event, issue(901)]);
    ledger.commit(vec![batch]);
    let anchor = TrustAnchor::new(&ledger.genesis).unwrap();
    (ledger, anchor)
}

fn receipt(ledger: &Ledger) -> Receipt {
    Receipt::new(DocumentKind::Json, SECRET, ledger.prove(INDEX))
}

#[test]
fn sound_receipts_hold_and_round_trip() {
    let (ledger, anchor) = issued();
    let receipt = receipt(&ledger);
    let read = Receipt::from_json(receipt.to_json().as_bytes()).unwrap();
    assert_eq!(read, receipt);
    let proven = read.verify(DOCUMENT, &anchor).unwrap();
    assert_eq!((proven.status, proven.height.0, proven.validators), (Status::Active, 2, 4));
    let signers: Vec<&str> = proven.signers.iter().map(MemberId::as_str).collect();
    assert_eq!(signers, ["v0", "v1", "v3"]);
    let respaced = br#"{ "credits": 20, "name": "Lencana Guru Digital" }"#;
    assert!(read.verify(respaced, &anchor).is_ok(), "the same JSON in other words");
}

#[test]
fn old_receipts_keep_saying_what_was_so() {
    let (mut ledger, anchor) = issued();
    let old = receipt(&ledger);
    let revoke = ledger.signed("v1", vec![Event::Revoke { target: LogIndex(INDEX) }]);
    ledger.commit(vec![revoke]);
    let old = old.verify(DOCUMENT, &anchor).unwrap();
    let fresh = receipt(&ledger).verify(DOCUMENT, &anchor).unwrap();
    assert_eq!((old.status, old.height.0), (Status::Active, 2));
    assert_eq!((fresh.status, fresh.height.0), (Status::Revoked, 3));
}

#[test]
fn each_tampered_part_is_named() {
    let (ledger, anchor) = issued();
    let fault = |change: fn(&mut Receipt)| {
        let mut tampered = receipt(&ledger);
        change(&mut tampered);
        tampered.verify(DOCUMENT, &anchor).unwrap_err()
    };
    let proof_fault = |change| match fault(change) {
        ReceiptFault::Proof(fault) => fault,
        other => unreachable!("{other:?}"),
    };
    assert!(matches!(fault(|r| r.secret.0[0] ^= 1), ReceiptFault::Commitment { .. }));
    assert!(matches!(fault(|r| r.document = DocumentKind::Bytes), ReceiptFault::Commitment { .. }));
    assert!(matches!(proof_fault(|r| r.proof.index.0 += 1), ProofFault::Inclusion { .. }));
    assert!(matches!(proof_fault(|r| r.proof.index.0 = u64::MAX), ProofFault::Inclusion { .. }));
    assert!(matches!(proof_fault(|r| r.proof.log_path[0][5] ^= 1), ProofFault::Inclusion { .. }));
    assert!(matches!(proof_fault(|r| r.proof.log_path.truncate(1)), ProofFault::Inclusion { .. }));
    assert!(matches!(proof_fault(|r| r.proof.status_leaf[9] ^= 1), ProofFault::Status { .. }));
    assert!(matches!(proof_fault(|r| r.proof.status_path[0][5] ^= 1), ProofFault::Status { .. }));
    assert!(matches!(proof_fault(|r| r.proof.issuer.record.chain.entries += 1), ProofFault::Registry { .. }));
    assert!(matches!(proof_fault(|r| r.proof.issuer.path[0][0] ^= 1), ProofFault::Registry { .. }));
    assert!(matches!(
        proof_fault(|r| r.proof.entry.issuer = "v2".parse().unwrap()),
        ProofFault::Inclusion { .. }
    ));
    assert!(matches!(proof_fault(|r| r.proof.header.time_ms += 1), ProofFault::Certificate { .. }));
    assert!(matches!(proof_fault(|r| r.proof.header.version = 2), ProofFault::HeaderVersion { .. }));
    assert_eq!(proof_fault(|r| r.proof.header.height.0 = 0), ProofFault::HeaderHeight);
    assert!(matches!(
        proof_fault(|r| r.proof.header.chain_id = ChainId([0; 32])),
        ProofFault::ForeignChain { .. }
    ));
    assert!(matches!(
        proof_fault(|r| r.proof.header.validators_hash.0[0] ^= 1),
        ProofFault::Validators { .. }
    ));
    let certificate = |change| match proof_fault(change) {
        ProofFault::Certificate { source, .. } => source,
        other => unreachable!("{other:?}"),
    };
    type E = CertificateError;
    assert!(matches!(certificate(|r| r.proof.certificate.signatures.truncate(2)), E::Quorum { .. }));
    assert!(matches!(certificate(|r| r.proof.certificate.round = 1), E::Unsigned { signatures: 3 }));
    assert!(matches!(
        certificate(|r| r.proof.certificate.signatures[1].signature.0[3] ^= 1),
        E::Signature { .. }
    ));
    assert!(matches!(certificate(|r| r.proof.certificate.height.0 += 1), E::Height { .. }));
    assert!(matches!(certificate(|r| r.proof.certificate.block.0[0] ^= 1), E::Block { .. }));
    assert!(matches!(certificate(|r| r.proof.certificate.signatures.swap(0, 1)), E::Order { .. }));
    assert!(matches!(
        certificate(|r| r.proof.certificate.signatures[2].validator = 7),
        E::UnknownValidator { .. }
    ));
    assert!(matches!(certificate(|r| r.proof.certificate.signatures[2].validator = 2), E::Signature { .. }));
    let twice = |r: &mut Receipt| r.proof.certificate.signatures[2] = r.proof.certificate.signatures[1];
    assert!(matches!(certificate(twice), E::Order { .. }));
}

#[test]
fn documents_must_be_the_one_issued() {
    let (ledger, anchor) = issued();
    let changed = br#"{"name":"Lencana Guru Digital","credits":21}"#;
    assert!(matches!(receipt(&ledger).verify(changed, &anchor), Err(ReceiptFault::Commitment { .. })));
    assert!(matches!(receipt(&ledger).verify(br#"{"a":1,"a":1}"#, &anchor), Err(ReceiptFault::Document(_))));
}

#[test]
fn receipts_of_another_chain_are_foreign() {
    let (ledger, _) = issued();
    let mut other = support::genesis();
    other.name = "Another consortium".into();
    let anchor = TrustAnchor::new(&other).unwrap();
    assert!(matches!(
        receipt(&ledger).verify(DOCUMENT, &anchor),
        Err(ReceiptFault::Proof(ProofFault::ForeignChain { .. }))
    ));
}

#[test]
fn any_flipped_bit_of_the_text_is_refused() {
    let (ledger, anchor) = issued();
    let text = receipt(&ledger).to_json().into_bytes();
    let original = receipt(&ledger);
    for position in 0..text.len() {
        let mut tampered = text.clone();
        tampered[position] ^= 1;
        if let Ok(read) = Receipt::from_json(&tampered)
            && read != original
        {
            assert!(read.verify(DOCUMENT, &anchor).is_err(), "byte {position}");
        }
    }
}

#[test]
fn batches_name_their_chain() {
    let (ledger, _) = issued();
    let batch: Batch = ledger.batch("v1", vec![issue(5)]);
    assert_eq!(batch.chain_id, ledger.genesis.chain_id());
}
