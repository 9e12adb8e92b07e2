//! An evidence file: what is read is written and read again as the same, and proves a fork of the anchor's chain or nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sanad_core::proof::Evidence;
use sanad_fuzz::{anchor, read, sample};
use std::sync::LazyLock;

const SAMPLE: &str = include_str!("../../crates/core/tests/testdata/evidence/sound-revocation.json");

fuzz_target!(|data: &[u8]| {
    static ANCHOR: LazyLock<sanad_core::trust::TrustAnchor> =
        LazyLock::new(|| anchor(&sample(SAMPLE)["context"]["genesis"]));
    let Ok(proof) = read(data, Evidence::from_json) else { return };
    assert_eq!(Evidence::from_json(proof.to_json().as_bytes()).expect("its own JSON form"), proof);
    if let Ok(proven) = proof.verify(&ANCHOR) {
        assert!(proven.chain_id == ANCHOR.chain_id && proven.height <= proven.newer);
    }
});
