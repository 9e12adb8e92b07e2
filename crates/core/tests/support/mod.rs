//! What only the tests of this crate need; consortium, ledger and synthetic receipts are in `sanad-testkit`.
#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

pub mod layout;
pub mod page;

use sanad_core::proof::{
    Complete, CompletenessFault, CompletenessHead, CompletenessVerifier, EntryRun, Finality,
};
use sanad_core::trust::TrustAnchor;
use sanad_core::validators::CommitSignature;

/// What a head and its lines prove.
pub fn verify_complete(
    head: &CompletenessHead,
    runs: &[EntryRun],
    anchor: &TrustAnchor,
) -> Result<Complete, CompletenessFault> {
    let mut verifier = CompletenessVerifier::new(head.clone(), anchor)?;
    for run in runs {
        verifier.add(run)?;
    }
    verifier.finish()
}

/// The signatures that make a header final.
pub fn signatures(finality: &mut Finality) -> &mut Vec<CommitSignature> {
    match finality {
        Finality::Certificate { certificate, .. } => &mut certificate.signatures,
        Finality::History(proof) => &mut proof.certificate.signatures,
        Finality::Sealed { .. } => unreachable!("a sealed proof has no signatures"),
    }
}

/// Adds the group order to `S` of a signature: another text of the same number modulo the order.
pub fn add_order(scalar: &mut [u8]) {
    let mut carry = 0;
    for (byte, order) in scalar.iter_mut().zip(ORDER) {
        carry += u16::from(*byte) + u16::from(order);
        *byte = carry as u8;
        carry >>= 8;
    }
}

/// The group order of Ed25519, little-endian: `S` of a signature is below it (RFC 8032 5.1.7).
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];
