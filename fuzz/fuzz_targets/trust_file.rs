//! A trust file in either form: what is read is written and read again as the same. The binary form can hold integers
//! that JSON cannot; no file with one is verified.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sanad_core::trust::TrustFile;
use sanad_fuzz::{has_json_form, read};

fuzz_target!(|data: &[u8]| {
    let Ok(file) = read(data, TrustFile::from_bytes) else { return };
    has_json_form(&file);
    let binary = TrustFile::from_bytes(&file.to_binary()).expect("its own binary form");
    let time_ms = file.anchor.header.time_ms;
    let anchor = file.verify(time_ms);
    assert_eq!(binary.verify(time_ms), anchor);
    if let Ok(anchor) = anchor {
        assert_eq!(TrustFile::from_bytes(file.to_json().as_bytes()).expect("its own JSON form"), file);
        assert_eq!(anchor.header(), Some(&file.anchor.header));
    }
});
