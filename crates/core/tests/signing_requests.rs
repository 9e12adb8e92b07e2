//! Signing requests: what a reader takes, and what it refuses.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use sanad_core::batch::BatchChain;
use sanad_core::event::Event;
use sanad_core::governance::{
    SIGNING_REQUEST_BYTES_MAX, SIGNING_REQUEST_FORMAT, SigningRequest, SigningRequestError as E,
};
use sanad_core::hash::{BatchId, ChainId, ProposalId};
use sanad_core::ids::{LogIndex, Sequence};
use sanad_core::signature::SecretKey;
use sanad_testkit::{governance_key, id, issuing_key};

fn three_keys() -> Vec<SecretKey> {
    let mut keys = ["rector", "registrar", "deputy"].map(governance_key).to_vec();
    keys.sort_by_key(SecretKey::public);
    keys
}

fn request() -> SigningRequest {
    SigningRequest {
        format: SIGNING_REQUEST_FORMAT.to_owned(),
        chain_id: ChainId([7; 32]),
        member: id("v1"),
        chain: BatchChain::Governance,
        sequence: Sequence(3),
        previous: BatchId([9; 32]),
        events: vec![Event::Confirm { target: LogIndex(4) }],
        keys: three_keys().iter().map(SecretKey::public).collect(),
        threshold: 2,
        governance: None,
        signatures: Vec::new(),
    }
}

#[test]
fn it_goes_from_signer_to_signer() {
    let mut sent = request();
    assert!(matches!(sent.signed(), Err(E::Missing { signed: 0, threshold: 2 })));
    for key in three_keys().iter().skip(1).rev() {
        sent.sign(key).unwrap();
        sent = SigningRequest::from_json(sent.to_json().as_bytes()).unwrap();
    }
    assert_eq!(sent.missing(), 0);
    let signed = sent.signed().unwrap();
    assert_eq!(signed.verify_governance(&sent.keys, 2), Ok(()));
    assert_eq!(signed.id(), request().batch().id());
    assert!(matches!(sent.sign(&three_keys()[1]), Err(E::SignedTwice { .. })));
    assert!(matches!(sent.sign(&issuing_key("v1")), Err(E::AnotherKey { .. })));
}

#[test]
fn what_does_not_fit_is_refused() {
    let refused = |change: fn(&mut SigningRequest)| {
        let mut request = request();
        request.sign(&three_keys()[0]).unwrap();
        request.sign(&three_keys()[2]).unwrap();
        change(&mut request);
        SigningRequest::from_json(request.to_json().as_bytes()).unwrap_err()
    };
    assert!(matches!(refused(|request| request.format.push('1')), E::Format));
    assert!(matches!(refused(|request| request.events.clear()), E::Events { count: 0, .. }));
    assert!(matches!(refused(|request| request.chain = BatchChain::Freeze), E::Events { .. }));
    assert!(matches!(refused(|request| request.chain = BatchChain::Issuing), E::Events { .. }));
    assert!(matches!(refused(|request| request.keys.reverse()), E::Keys { .. }));
    assert!(matches!(refused(|request| request.threshold = 0), E::Keys { .. }));
    assert!(matches!(refused(|request| request.threshold = 4), E::Keys { .. }));
    assert!(matches!(refused(|request| request.keys.truncate(2)), E::AnotherKey { .. }));
    assert!(matches!(refused(|request| request.signatures.reverse()), E::SignedTwice { .. }));
    // Whatever a signer did not see makes its signature one of something else.
    assert!(matches!(refused(|request| request.sequence = Sequence(4)), E::Signature(_)));
    assert!(matches!(refused(|request| request.member = id("v2")), E::Signature(_)));
    assert!(matches!(
        refused(|request| request.events = vec![Event::Confirm { target: LogIndex(5) }]),
        E::Signature(_)
    ));
    let unseen = |request: &mut SigningRequest| {
        request.events = vec![Event::Approve { proposal: ProposalId([1; 32]) }];
    };
    assert!(matches!(refused(unseen), E::UnknownProposal { .. }));
}

#[test]
fn it_is_read_strictly_and_bounded() {
    let text = request().to_json();
    let longer = format!("{text}{}", " ".repeat(SIGNING_REQUEST_BYTES_MAX));
    assert!(matches!(SigningRequest::from_json(longer.as_bytes()), Err(E::TooLong { .. })));
    for bad in [
        text.replacen("\"threshold\"", "\"note\": 1, \"threshold\"", 1),
        text.replacen("\"threshold\": 2", "\"threshold\": 2, \"threshold\": 2", 1),
        text.replacen("\"threshold\": 2", "\"threshold\": 2, \"governance\": null", 1),
        text[..text.len() - 3].to_owned(),
    ] {
        assert!(matches!(SigningRequest::from_json(bad.as_bytes()), Err(E::Form(_))), "{bad}");
    }
}
