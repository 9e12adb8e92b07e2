//! Validator changes that a trust file makes needless are ignored by readers, but the binary form writes them out: it
//! must not trust them.

#![allow(clippy::unwrap_used, reason = "a test")]

use sanad_core::commitment::{Opening, Secret};
use sanad_core::document::DocumentKind;
use sanad_core::event::Event;
use sanad_core::ids::Height;
use sanad_core::proof::{Finality, ProofFault, ValidatorChange};
use sanad_core::receipt::{Receipt, ReceiptFault};
use sanad_core::trust::TrustAnchor;
use sanad_core::validators::{CommitCertificate, ValidatorSet};
use sanad_testkit::{DOCUMENT, Ledger, commitment_of};

/// A receipt as of height 2, the trust file of height 3, and a change at height 1 that nobody signed.
fn ledger() -> (TrustAnchor, Receipt, ValidatorChange) {
    let mut ledger = Ledger::new();
    let secret = Secret([42; 32]);
    let chain = ledger.state.chain_id();
    let commitment = commitment_of(&chain, "issuer", DocumentKind::Json, &secret, DOCUMENT);
    let batch = ledger.signed("issuer", vec![Event::Issue { commitment }]);
    ledger.commit(vec![]);
    ledger.commit(vec![batch]);
    let receipt = Receipt::new(DocumentKind::Json, Opening::Full { secret, summary: None }, ledger.prove(0));
    let validators = ledger.state.validators().validators()[..1].to_vec();
    let header = ledger.header(1).clone();
    let certificate =
        CommitCertificate { height: Height(1), round: 0, block: header.hash(), signatures: vec![] };
    let next = ValidatorSet::new(1, Height(2), validators).unwrap();
    ledger.commit(vec![]);
    let anchor = ledger.trust_file().verify(ledger.head().time_ms).unwrap();
    (anchor, receipt, ValidatorChange { header, certificate, next })
}

#[test]
fn carried_changes_are_checked_before_they_are_written() {
    let (anchor, mut receipt, change) = ledger();
    receipt.verify(Some(DOCUMENT), &anchor).unwrap();
    let bytes = receipt.to_binary(&anchor).unwrap();
    assert_eq!(Receipt::from_binary(&bytes, &anchor).unwrap(), receipt.clone().trimmed(&anchor));

    let Finality::Certificate { validator_changes, .. } = &mut receipt.proof.finality else { unreachable!() };
    validator_changes.push(change);
    assert!(receipt.verify(Some(DOCUMENT), &anchor).is_ok(), "a reader ignores the change");
    let refused = receipt.to_binary(&anchor).unwrap_err();
    assert!(matches!(refused, ReceiptFault::Proof(ProofFault::Certificate { .. })), "{refused:?}");
}
