//! What is proved of headers and members without an entry: final, and a record.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use sanad_core::block::BlockHeader;
use sanad_core::proof::{ProofFault, TrustAnchor, verify_header, verify_member};
use support::{Ledger, id};

fn ledger() -> (Ledger, TrustAnchor) {
    let mut ledger = Ledger::new();
    for block in 0..5 {
        ledger.issue("issuer", block * 100..block * 100 + 7 + block);
    }
    let anchor = TrustAnchor::new(&ledger.genesis).unwrap();
    (ledger, anchor)
}

#[test]
fn members_are_proved_as_of_a_header() {
    let (ledger, anchor) = ledger();
    let header = ledger.headers.last().unwrap();
    let certificate = ledger.certify(header, &[0, 1, 2]);
    assert_eq!(verify_header(&anchor, &[], header, &certificate).as_ref(), Ok(&anchor.validators));
    let member = ledger.state.registry().prove(&id("issuer")).unwrap();
    let record = verify_member(&anchor, &[], header, &certificate, &member).unwrap();
    assert_eq!((record.chain.next_sequence.0, record.chain.entries), (5, 45));
    let mut forged = member.clone();
    forged.record.chain.entries -= 1;
    assert!(matches!(
        verify_member(&anchor, &[], header, &certificate, &forged),
        Err(ProofFault::Registry { .. })
    ));
    let unsigned = BlockHeader { time_ms: header.time_ms + 1, ..header.clone() };
    assert!(matches!(
        verify_member(&anchor, &[], &unsigned, &certificate, &member),
        Err(ProofFault::Certificate { .. })
    ));
    let old = &ledger.headers[1];
    assert!(matches!(member.verify(old), Err(ProofFault::Registry { .. })), "as of another block");
}
