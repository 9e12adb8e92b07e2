//! A receipt in its binary form: a sound one has no other bytes than these.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sanad_core::receipt::Receipt;
use sanad_fuzz::{ANCHOR, DOCUMENT, has_json_form, read};

fuzz_target!(|data: &[u8]| {
    let Ok(receipt) = read(data, |data| Receipt::from_binary(data, &ANCHOR)) else { return };
    has_json_form(&receipt);
    let _ = receipt.verify(Some(DOCUMENT.as_bytes()), &ANCHOR);
    if let Ok(binary) = receipt.to_binary(&ANCHOR) {
        assert_eq!(binary, data);
    }
});
