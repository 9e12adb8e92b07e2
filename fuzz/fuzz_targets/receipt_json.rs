//! A receipt in its JSON form: what is read is written and read again as the same; what holds has a binary form.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sanad_core::receipt::Receipt;
use sanad_fuzz::{ANCHOR, DOCUMENT, read};

fuzz_target!(|data: &[u8]| {
    let Ok(receipt) = read(data, Receipt::from_json) else { return };
    assert_eq!(Receipt::from_json(receipt.to_json().as_bytes()).expect("its own JSON form"), receipt);
    let binary = receipt.to_binary(&ANCHOR);
    assert!(binary.is_err() || receipt.proof.verify(&ANCHOR).is_ok());
    let _ = receipt.verify(Some(DOCUMENT.as_bytes()), &ANCHOR);
    if let Ok(binary) = binary {
        let read = Receipt::from_binary(&binary, &ANCHOR).expect("its own binary form");
        assert_eq!(read, receipt.trimmed(&ANCHOR));
    }
});
