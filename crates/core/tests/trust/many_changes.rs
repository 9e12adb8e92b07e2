//! Chains whose validators changed often.

use sanad_core::proof::{ProofFault, VALIDATOR_CHANGES_MAX};
use sanad_core::receipt::{Receipt, ReceiptBinaryError, ReceiptFault, ReceiptFormatError};
use sanad_testkit::{Body, Chain, DOCUMENT, Shape};

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
