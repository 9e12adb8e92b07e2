//! Trust files and what they give to trust: rules 11 to 13 of the formats, and what must not pass under them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod anchors;
mod files;
mod histories;
mod many_changes;

use std::sync::LazyLock;

use sanad_core::block::BlockHeader;
use sanad_core::hash::Root;
use sanad_core::proof::{Finality, ProofFault, ProvenHeader};
use sanad_core::trust::TrustAnchor;
use sanad_testkit::{Chain, certify};

/// A chain of 4 validators whose set changes after heights 10, 20, ..., 60, with 80 headers. Each set shares 3 of its
/// validators with the next, and none with the fourth after it.
fn chain() -> &'static Chain {
    static CHAIN: LazyLock<Chain> = LazyLock::new(|| {
        let mut chain = Chain::new(4);
        for change in 1..=6 {
            chain.extend_to(10 * change - 1);
            chain.announce();
        }
        chain.extend_to(80);
        chain
    });
    &CHAIN
}

/// A header of one's own at a height, signed by validators of the set of that height.
fn forged(chain: &Chain, height: u64, signers: &[usize]) -> (BlockHeader, Finality) {
    let mut header = chain.header(height).clone();
    header.state_root = Root([0xee; 32]);
    let certificate = certify(&header, chain.set_at(height), signers);
    (header, Finality::certificate(certificate, Vec::new()))
}

fn verify(anchor: &TrustAnchor, height: u64, finality: &Finality) -> Result<ProvenHeader, ProofFault> {
    anchor.verify_header(chain().header(height), finality)
}

fn history(height: u64, newer: u64) -> Finality {
    Finality::History(Box::new(chain().history_proof(height, newer, newer)))
}

fn compact(height: u64) -> Finality {
    chain().certified(height, height)
}

/// What the trust file at a height gives to trust so many milliseconds after its header.
fn later(height: u64, age_ms: u64) -> TrustAnchor {
    chain().trust_file(height).verify(chain().header(height).time_ms + age_ms).unwrap()
}
