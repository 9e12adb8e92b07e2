//! Receipts: sound ones hold; each tampered part is named.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use sanad_core::batch::Batch;
use sanad_core::block::HeaderError;
use sanad_core::commitment::{Opening, OpeningError, Secret};
use sanad_core::document::DocumentKind;
use sanad_core::event::Event;
use sanad_core::hash::ChainId;
use sanad_core::ids::{LogIndex, MemberId};
use sanad_core::member::IndexRange;
use sanad_core::proof::{Finality, ProofFault};
use sanad_core::receipt::{Receipt, ReceiptFault};
use sanad_core::status::{CredentialStatus, Status};
use sanad_core::summary::Summary;
use sanad_core::trust::TrustAnchor;
use sanad_core::validators::{CertificateError, CommitCertificate};
use sanad_testkit::{Body, Chain, Ledger, Shape, commitment_of, issue};

const DOCUMENT: &[u8] = br#"{"name":"Lencana Guru Digital","credits":20}"#;
const SECRET: Secret = Secret([42; 32]);
const INDEX: u64 = 301;

fn issued() -> (Ledger, TrustAnchor) {
    let mut ledger = Ledger::new();
    ledger.issue("issuer", 0..300);
    let chain = ledger.genesis.chain_id();
    let event =
        Event::Issue { commitment: commitment_of(&chain, "v1", DocumentKind::Json, &SECRET, DOCUMENT) };
    let batch = ledger.signed("v1", vec![issue(900), event, issue(901)]);
    ledger.commit(vec![batch]);
    let anchor = ledger.anchor();
    (ledger, anchor)
}

fn receipt(ledger: &Ledger) -> Receipt {
    let opening = Opening::Full { secret: SECRET, summary: None };
    Receipt::new(DocumentKind::Json, opening, ledger.prove(INDEX))
}

#[test]
fn sound_receipts_hold_and_round_trip() {
    let (ledger, anchor) = issued();
    let receipt = receipt(&ledger);
    let read = Receipt::from_json(receipt.to_json().as_bytes()).unwrap();
    assert_eq!(read, receipt);
    let proven = read.verify(Some(DOCUMENT), &anchor).unwrap();
    assert_eq!((proven.status, proven.height.0, proven.basis.validators), (CredentialStatus::Active, 2, 4));
    let signers: Vec<&str> = proven.basis.signers.iter().map(MemberId::as_str).collect();
    assert_eq!(signers, ["v0", "v1", "v3"]);
    let respaced = br#"{ "credits": 20, "name": "Lencana Guru Digital" }"#;
    assert!(read.verify(Some(respaced), &anchor).is_ok(), "the same JSON in other words");
}

#[test]
fn old_receipts_keep_saying_what_was_so() {
    let (mut ledger, anchor) = issued();
    let old = receipt(&ledger);
    let revoke = ledger.signed("v1", vec![Event::Revoke { target: LogIndex(INDEX) }]);
    ledger.commit(vec![revoke]);
    let old = old.verify(Some(DOCUMENT), &anchor).unwrap();
    let fresh = receipt(&ledger).verify(Some(DOCUMENT), &anchor).unwrap();
    assert_eq!((old.status, old.height.0), (CredentialStatus::Active, 2));
    assert_eq!((fresh.status, fresh.height.0), (CredentialStatus::Revoked, 3));
}

#[test]
fn each_tampered_part_is_named() {
    let (ledger, anchor) = issued();
    let fault = |change: fn(&mut Receipt)| {
        let mut tampered = receipt(&ledger);
        change(&mut tampered);
        tampered.verify(Some(DOCUMENT), &anchor).unwrap_err()
    };
    let proof_fault = |change| match fault(change) {
        ReceiptFault::Proof(fault) => fault,
        other => unreachable!("{other:?}"),
    };
    let secret = |r: &mut Receipt| match &mut r.opening {
        Opening::Full { secret, .. } => secret.0[0] ^= 1,
        other => unreachable!("{other:?}"),
    };
    assert!(matches!(fault(secret), ReceiptFault::Commitment { .. }));
    assert!(matches!(fault(|r| r.document = DocumentKind::Bytes), ReceiptFault::Commitment { .. }));
    assert!(matches!(proof_fault(|r| r.proof.index.0 += 1), ProofFault::Inclusion { .. }));
    assert!(matches!(proof_fault(|r| r.proof.index.0 = u64::MAX), ProofFault::Inclusion { .. }));
    assert!(matches!(proof_fault(|r| r.proof.log_path[0][5] ^= 1), ProofFault::Inclusion { .. }));
    assert!(matches!(proof_fault(|r| r.proof.log_path.truncate(1)), ProofFault::Inclusion { .. }));
    assert!(matches!(proof_fault(|r| r.proof.status_path.truncate(0)), ProofFault::Status { .. }));
    assert!(matches!(proof_fault(|r| r.proof.issuer.path.truncate(0)), ProofFault::Registry { .. }));
    let state: [fn(&mut Receipt); 7] = [
        |r| r.proof.status_leaf[9] ^= 1,
        |r| r.proof.status_path[0][5] ^= 1,
        |r| r.proof.issuer.record.rest.0[0] ^= 1,
        |r| r.proof.issuer.record.disputed.push(IndexRange { from: LogIndex(0), until: LogIndex(1) }),
        |r| r.proof.issuer.path[0][0] ^= 1,
        |r| r.proof.issuer.count += 1,
        |r| r.proof.others_root.0[0] ^= 1,
    ];
    for change in state {
        assert!(matches!(proof_fault(change), ProofFault::StateRoot { .. }));
    }
    assert!(matches!(
        proof_fault(|r| r.proof.entry.issuer = "v2".parse().unwrap()),
        ProofFault::Inclusion { .. }
    ));
    assert!(matches!(proof_fault(|r| r.proof.header.time_ms += 1), ProofFault::Certificate { .. }));
    assert!(matches!(proof_fault(|r| r.proof.header.version.rules = 2), ProofFault::Certificate { .. }));
    assert!(matches!(proof_fault(|r| r.proof.header.round = 2), ProofFault::Certificate { .. }));
    let header = |change| match proof_fault(change) {
        ProofFault::Header(error) => error,
        other => unreachable!("{other:?}"),
    };
    assert_eq!(header(|r| r.proof.header.version.layout = 2), HeaderError::Layout { actual: 2 });
    assert_eq!(header(|r| r.proof.header.height.0 = 0), HeaderError::Height);
    assert!(matches!(
        proof_fault(|r| r.proof.header.chain_id = ChainId([0; 32])),
        ProofFault::ForeignChain { .. }
    ));
    assert!(matches!(
        proof_fault(|r| r.proof.header.validators_hash.0[0] ^= 1),
        ProofFault::UnknownValidators { has_trust_file: false, .. }
    ));
    let certificate = |change: &dyn Fn(&mut CommitCertificate)| {
        let mut tampered = receipt(&ledger);
        match &mut tampered.proof.finality {
            Finality::Certificate { certificate, .. } => change(certificate),
            other => unreachable!("{other:?}"),
        }
        match tampered.verify(Some(DOCUMENT), &anchor) {
            Err(ReceiptFault::Proof(ProofFault::Certificate { source, .. })) => source,
            other => unreachable!("{other:?}"),
        }
    };
    type E = CertificateError;
    assert!(matches!(certificate(&|c| c.signatures.truncate(2)), E::Quorum { .. }));
    assert!(matches!(certificate(&|c| c.signatures.clear()), E::Quorum { .. }));
    assert!(matches!(certificate(&|c| c.round = 1), E::Unsigned { signatures: 3 }));
    assert!(matches!(certificate(&|c| c.signatures[1].signature.0[3] ^= 1), E::Signature { .. }));
    assert!(matches!(certificate(&|c| c.height.0 += 1), E::Height { .. }));
    assert!(matches!(certificate(&|c| c.block.0[0] ^= 1), E::Block { .. }));
    assert!(matches!(certificate(&|c| c.signatures.swap(0, 1)), E::Order { .. }));
    assert!(matches!(certificate(&|c| c.signatures[2].validator = 7), E::UnknownValidator { .. }));
    assert!(matches!(certificate(&|c| c.signatures[2].validator = 2), E::Signature { .. }));
    assert!(matches!(certificate(&|c| c.signatures[2] = c.signatures[1]), E::Order { .. }));
}

#[test]
fn documents_must_be_the_one_issued() {
    let (ledger, anchor) = issued();
    let changed = br#"{"name":"Lencana Guru Digital","credits":21}"#;
    assert!(matches!(receipt(&ledger).verify(Some(changed), &anchor), Err(ReceiptFault::Commitment { .. })));
    assert!(matches!(
        receipt(&ledger).verify(Some(br#"{"a":1,"a":1}"#), &anchor),
        Err(ReceiptFault::Document(_))
    ));
}

#[test]
fn receipts_of_another_chain_are_foreign() {
    let (ledger, _) = issued();
    let mut other = sanad_testkit::genesis();
    other.name = "Another consortium".into();
    let anchor = TrustAnchor::new(&other).unwrap();
    assert!(matches!(
        receipt(&ledger).verify(Some(DOCUMENT), &anchor),
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
            assert!(read.verify(Some(DOCUMENT), &anchor).is_err(), "byte {position}");
        }
    }
}

#[test]
fn batches_name_their_chain() {
    let (ledger, _) = issued();
    let batch: Batch = ledger.batch("v1", vec![issue(5)]);
    assert_eq!(batch.chain_id, ledger.genesis.chain_id());
}

#[test]
fn a_commitment_that_another_member_copies_opens_to_nothing() {
    let (mut ledger, anchor) = issued();
    let Event::Issue { commitment } = ledger.entries[INDEX as usize].event else { unreachable!() };
    let copy = ledger.signed("v2", vec![Event::Issue { commitment }]);
    ledger.commit(vec![copy]);
    let index = ledger.entries.len() as u64 - 1;
    assert_eq!(ledger.entries[index as usize].issuer.as_str(), "v2", "both are entered");
    assert!(receipt(&ledger).verify(Some(DOCUMENT), &anchor).is_ok());
    // The thief's entry is proved, and opens to nothing, whatever it is opened with.
    let opening = Opening::Full { secret: SECRET, summary: None };
    let stolen = Receipt::new(DocumentKind::Json, opening, ledger.prove(index));
    assert!(stolen.proof.verify(&anchor).is_ok());
    assert!(matches!(stolen.verify(Some(DOCUMENT), &anchor), Err(ReceiptFault::Commitment { .. })));
}

/// A ledger whose entry [`INDEX`] is by `v1`, with a summary; and the full opening.
fn summarised() -> (Ledger, Opening, Receipt) {
    let mut ledger = Ledger::new();
    ledger.issue("issuer", 0..INDEX);
    let summary: Summary = serde_json::from_str(r#"{"holder":"Siti","title":"Lencana"}"#).unwrap();
    let opening = Opening::Full { secret: SECRET, summary: Some(summary) };
    let digest = sanad_core::document::digest(DocumentKind::Json, DOCUMENT).unwrap();
    let (chain, issuer) = (ledger.genesis.chain_id(), "v1".parse().unwrap());
    let commitment = opening.commitment(&chain, &issuer, DocumentKind::Json, Some(&digest)).unwrap();
    let batch = ledger.signed("v1", vec![Event::Issue { commitment }]);
    ledger.commit(vec![batch]);
    let receipt = Receipt::new(DocumentKind::Json, opening.clone(), ledger.prove(INDEX));
    (ledger, opening, receipt)
}

#[test]
fn paper_proves_its_summary_and_no_document() {
    let (ledger, full, receipt) = summarised();
    let anchor = ledger.anchor();
    let digest = sanad_core::document::digest(DocumentKind::Json, DOCUMENT).unwrap();
    let with = |opening: Opening| Receipt { opening, ..receipt.clone() };
    let paper = full.to_paper(&digest).unwrap();
    for receipt in [receipt.clone(), with(full.to_closed_summary().unwrap())] {
        assert!(receipt.verify(Some(DOCUMENT), &anchor).is_ok());
        let missing = receipt.verify(None, &anchor);
        assert_eq!(missing, Err(ReceiptFault::Opening(OpeningError::DocumentNeeded)));
    }
    assert!(with(paper.clone()).verify(None, &anchor).is_ok());
    let not_proved = with(paper.clone()).verify(Some(DOCUMENT), &anchor);
    assert_eq!(not_proved, Err(ReceiptFault::Opening(OpeningError::DocumentNotProved)));
    let Opening::Paper { summary_key, summary, content } = paper else { unreachable!() };
    let other: Summary = serde_json::from_str(r#"{"holder":"Budi","title":"Lencana"}"#).unwrap();
    let mut other_content = content;
    other_content.0[0] ^= 1;
    for forged in [
        Opening::Paper { summary_key: summary_key.clone(), summary: other.clone(), content },
        Opening::Paper { summary_key, summary, content: other_content },
    ] {
        assert!(matches!(with(forged).verify(None, &anchor), Err(ReceiptFault::Commitment { .. })));
    }
    // A full opening with another summary, or without one.
    for summary in [None, Some(other)] {
        let forged = with(Opening::Full { secret: SECRET, summary });
        assert!(matches!(forged.verify(Some(DOCUMENT), &anchor), Err(ReceiptFault::Commitment { .. })));
    }
}

#[test]
fn a_summary_that_contradicts_its_document_is_found() {
    let document: &[u8] = concat!(
        r#"{"type":["VerifiableCredential","OpenBadgeCredential"],"#,
        r#""credentialSubject":{"name":"Siti","achievement":{"name":"Lencana"}}}"#,
    )
    .as_bytes();
    let verdict = |summary: &str| {
        let mut ledger = Ledger::new();
        let opening = Opening::Full { secret: SECRET, summary: Some(serde_json::from_str(summary).unwrap()) };
        let digest = sanad_core::document::digest(DocumentKind::Json, document).unwrap();
        let (chain, issuer) = (ledger.genesis.chain_id(), "v1".parse().unwrap());
        let commitment = opening.commitment(&chain, &issuer, DocumentKind::Json, Some(&digest)).unwrap();
        let batch = ledger.signed("v1", vec![Event::Issue { commitment }]);
        ledger.commit(vec![batch]);
        let receipt = Receipt::new(DocumentKind::Json, opening, ledger.prove(0));
        receipt.verify(Some(document), &ledger.anchor())
    };
    assert!(verdict(r#"{"holder":"Siti","title":"Lencana"}"#).is_ok());
    assert!(matches!(verdict(r#"{"holder":"Budi","title":"Lencana"}"#), Err(ReceiptFault::Summary(_))));
    assert!(matches!(verdict(r#"{"title":"Lencana","credits":"20"}"#), Err(ReceiptFault::Summary(_))));
}

/// Where the entry stands that is read below.
const ENTRY: u64 = 1_002;

/// What a reader is told of an entry, as of status bits and disputed ranges.
fn read(status: u8, disputed: &[(u64, u64)]) -> CredentialStatus {
    let mut chain = Chain::new(4);
    let shape = Shape { index: ENTRY, disputed: 0, status_bytes: 0, ..Shape::usual(5_000, 4) };
    let body = Body::new(&shape, &chain.genesis.chain_id()).with_state(|leaf, record| {
        leaf[(ENTRY % 256) as usize / 4] = status << (2 * (ENTRY % 4));
        let range =
            |(from, until): &(u64, u64)| IndexRange { from: LogIndex(*from), until: LogIndex(*until) };
        record.disputed = disputed.iter().map(range).collect();
    });
    let height = chain.enter(&body);
    let receipt = body.receipt(chain.header(height), chain.certified(height, 0));
    receipt.verify(Some(sanad_testkit::DOCUMENT), &chain.genesis_anchor()).unwrap().status
}

#[test]
fn a_reader_is_told_one_of_five_statuses() {
    use CredentialStatus as S;
    let (inside, outside) = ([(3, 9), (ENTRY, ENTRY + 1)], [(3, 9), (990, ENTRY), (ENTRY + 1, 5_000)]);
    for (bits, status, disputed) in [
        (0b00, S::Active, S::Disputed),
        (0b01, S::Suspended, S::Suspended),
        (0b10, S::Confirmed, S::Confirmed),
        (0b11, S::Revoked, S::Revoked),
    ] {
        assert_eq!(read(bits, &[]), status);
        assert_eq!(read(bits, &outside), status, "a range ends before its end");
        assert_eq!(read(bits, &inside), disputed);
        assert_eq!(Status::from_bits(bits).to_string(), status.to_string());
    }
    // Graver ones come later, and the two good ones first.
    assert!([S::Active, S::Confirmed, S::Suspended, S::Disputed, S::Revoked].is_sorted());
    let good = |status: &S| status.is_good();
    assert_eq!(
        [S::Active, S::Confirmed, S::Suspended, S::Disputed, S::Revoked].iter().filter(|s| good(s)).count(),
        2
    );
}

#[test]
fn what_an_event_makes_of_a_status() {
    use Status as S;
    let target = LogIndex(1);
    let table = [
        (Event::Suspend { target }, [Some(S::Suspended), None, Some(S::Suspended), None]),
        (Event::Reinstate { target }, [None, Some(S::Active), None, None]),
        (Event::Revoke { target }, [Some(S::Revoked), Some(S::Revoked), Some(S::Revoked), None]),
        (issue(1), [None; 4]),
    ];
    for (event, after) in table {
        for (bits, expected) in (0u8..).zip(after) {
            assert_eq!(Status::from_bits(bits).after(&event), expected, "{event:?} of {bits:02b}");
        }
    }
}
