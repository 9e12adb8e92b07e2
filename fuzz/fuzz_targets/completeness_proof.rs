//! The lines of a completeness proof: each is written and read again as the same. After a sound head, only the
//! issuer's own entries are let in.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sanad_core::proof::{CompletenessHead, CompletenessVerifier, EntryRun};
use sanad_fuzz::{anchor, read, sample, text};
use std::sync::LazyLock;

const SAMPLE: &str = include_str!("../../crates/core/tests/testdata/completeness/sound.json");

static SOUND: LazyLock<CompletenessVerifier> = LazyLock::new(|| {
    let sample = sample(SAMPLE);
    let lines = text(&sample["text"]);
    let head = CompletenessHead::from_json(lines.lines().next().expect("a head").as_bytes());
    CompletenessVerifier::new(head.expect("a sound head"), &anchor(&sample["context"]["genesis"]))
        .expect("a sound head")
});

fuzz_target!(|data: &[u8]| {
    let mut verifier = SOUND.clone();
    for line in data.split(|byte| *byte == b'\n') {
        if let Ok(head) = read(line, CompletenessHead::from_json) {
            assert_eq!(CompletenessHead::from_json(head.to_json().as_bytes()).expect("its own line"), head);
            let _ = CompletenessVerifier::new(head, &sanad_fuzz::ANCHOR);
        }
        if let Ok(run) = read(line, EntryRun::from_json) {
            assert_eq!(EntryRun::from_json(run.to_json().as_bytes()).expect("its own line"), run);
            let before = verifier.remaining();
            match verifier.add(&run) {
                Ok(entries) => assert_eq!(verifier.remaining(), before - entries.len() as u64),
                // What was refused ends the proof.
                Err(_) => return,
            }
        }
    }
    let remaining = verifier.remaining();
    assert!(verifier.finish().is_err() || remaining == 0);
});
