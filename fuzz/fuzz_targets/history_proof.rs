//! The proof that a header is in the history of a signed one: what is read is written and read again as the same, and
//! the golden header is proved by a signed header alone.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sanad_core::block::BlockHeader;
use sanad_core::history::HistoryProof;
use sanad_core::json_form;
use sanad_core::proof::Finality;
use sanad_core::trust::TrustAnchor;
use sanad_fuzz::{anchor, has_json_form, read, sample};
use std::sync::LazyLock;

const SAMPLE: &str = include_str!("../../crates/core/tests/testdata/history/sound.json");

static SOUND: LazyLock<(TrustAnchor, BlockHeader)> = LazyLock::new(|| {
    let context = &sample(SAMPLE)["context"];
    let older = json_form::read(context["header"].to_string().as_bytes()).expect("a committed header");
    (anchor(&context["genesis"]), older)
});

fuzz_target!(|data: &[u8]| {
    let Ok(proof) = read(data, json_form::read::<HistoryProof>) else { return };
    has_json_form(&proof);
    let (anchor, older) = &*SOUND;
    let newer = proof.header.height;
    if anchor.verify_header(older, &Finality::History(Box::new(proof))).is_ok() {
        assert!(newer > older.height);
    }
});
