//! The proof of a member's record: only the samples' own record is proved.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sanad_core::json_form;
use sanad_core::proof::MemberProof;
use sanad_core::trust::TrustAnchor;
use sanad_fuzz::{anchor, has_json_form, read, sample, text};
use std::sync::LazyLock;

const SAMPLE: &str = include_str!("../../crates/core/tests/testdata/member-proof/sound.json");

static SOUND: LazyLock<MemberProof> = LazyLock::new(|| {
    let sample = sample(SAMPLE);
    json_form::read(text(&sample["text"]).as_bytes()).expect("a sound proof")
});
static ANCHOR: LazyLock<TrustAnchor> = LazyLock::new(|| anchor(&sample(SAMPLE)["context"]["genesis"]));

fuzz_target!(|data: &[u8]| {
    let Ok(proof) = read(data, json_form::read::<MemberProof>) else { return };
    has_json_form(&proof);
    if proof.verify(&ANCHOR).is_ok() {
        assert_eq!(proof.member, SOUND.member);
    }
});
