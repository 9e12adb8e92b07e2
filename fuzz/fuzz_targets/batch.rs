//! A signed batch: one encoding, and an id that comes from it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sanad_core::batch::SignedBatch;
use sanad_core::codec;
use sanad_fuzz::{ANCHOR, read};

fuzz_target!(|data: &[u8]| {
    let Ok(signed) = read(data, SignedBatch::decode) else { return };
    let encoded = [codec::encode(signed.batch()), codec::encode(signed.signatures())].concat();
    assert_eq!(encoded, data);
    assert_eq!(signed.bytes(), data);
    assert_eq!(signed.id(), signed.batch().id());
    for validator in ANCHOR.validators.validators() {
        assert!(signed.verify(&validator.key).is_err(), "a forged signature");
    }
});
