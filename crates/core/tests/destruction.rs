//! Records of destruction: one golden value, and every kind of change refused.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use sanad_core::destruction::{DESTRUCTION_BYTES_MAX, Destruction, DestructionError, DestructionRecord};
use sanad_core::hash::{ChainId, Commitment};
use sanad_core::ids::LogIndex;
use sanad_core::signature::SecretKey;

fn key() -> SecretKey {
    SecretKey::from_seed(&[1; 32])
}

fn statement() -> Destruction {
    Destruction {
        chain_id: ChainId([1; 32]),
        issuer: "univ-merapi.example".parse().unwrap(),
        commitment: Commitment([2; 32]),
        log_index: Some(LogIndex(3)),
        destroyed_at_ms: 1_700_000_000_000,
    }
}

// Changing what is pinned here is a change of format: docs/formats/destruction.md.
#[test]
fn golden() {
    let digest = hex::encode(statement().digest().unwrap());
    assert_eq!(digest, "c1d9ad0bc0ce04d4d92217d81540293b46498bc00aecaa9268050a62efa0d816", "format change");
    let record = statement().sign(&key()).unwrap();
    assert_eq!(
        record.signature.to_string(),
        "ed25519:da3b1573f78bb1330f74b589dc108fc45697d2518860207c3b356720fd6d91af91fdfe7ab1c73d66955c5d73a613dd66a614e629d2c590b291e9b151521dda06",
        "format change"
    );
    assert_eq!(DestructionRecord::from_json(record.to_json().as_bytes()).unwrap(), record);
}

#[test]
fn every_change_is_refused() {
    let record = statement().sign(&key()).unwrap();
    let text = record.to_json();
    let other = SecretKey::from_seed(&[2; 32]).public();
    assert!(matches!(record.verify(&other), Err(DestructionError::Key { .. })));
    for position in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[position] = if bytes[position] == b'0' { b'1' } else { b'0' };
        if let Ok(read) = DestructionRecord::from_json(&bytes) {
            assert!(read == record || read.verify(&key().public()).is_err(), "{position}");
        }
    }
    for cut in 0..text.len() - 2 {
        DestructionRecord::from_json(&text.as_bytes()[..cut]).unwrap_err();
    }
    let long = vec![b' '; DESTRUCTION_BYTES_MAX + 1];
    assert!(matches!(DestructionRecord::from_json(&long), Err(DestructionError::TooLong { .. })));
}
