//! A C2SP tlog-proof: what reads has one text, and nothing that was not signed is verified.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sanad_core::signature::PublicKey;
use sanad_export::{CheckpointNote, TlogProof};
use sanad_fuzz::read;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // Nobody has the key.
    let key = PublicKey([7; 32]);
    if let Ok(note) = read(data, |_| CheckpointNote::read_unverified(text)) {
        assert!(CheckpointNote::verify(text, &note.origin, &key).is_err());
    }
    let Ok(proof) = read(data, |_| TlogProof::parse(text)) else { return };
    assert_eq!(proof.to_text(), text);
    let entry = proof.entry().unwrap_or_default().to_vec();
    assert!(proof.verify(&entry, "example.org/sanad", &key).is_err());
});
