//! A consistency proof: what is read is written and read again as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sanad_core::proof::ConsistencyProof;
use sanad_fuzz::{anchor, read, sample};
use std::sync::LazyLock;

const SAMPLE: &str = include_str!("../../crates/core/tests/testdata/consistency/sound.json");

fuzz_target!(|data: &[u8]| {
    static ANCHOR: LazyLock<sanad_core::trust::TrustAnchor> =
        LazyLock::new(|| anchor(&sample(SAMPLE)["context"]["genesis"]));
    let Ok(proof) = read(data, ConsistencyProof::from_json) else { return };
    assert_eq!(ConsistencyProof::from_json(proof.to_json().as_bytes()).expect("its own JSON form"), proof);
    if let Ok(proven) = proof.verify(&ANCHOR) {
        assert!(proven.older.size <= proven.newer.size && proven.newer.size <= proof.header.log_size);
        assert_eq!(proof.trimmed(&ANCHOR).verify(&ANCHOR).map(|proven| proven.older), Ok(proven.older));
    }
});
