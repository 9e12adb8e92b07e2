//! A signing request: what is read is written and read again as the same, and its batch is what the signatures are over.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sanad_core::governance::SigningRequest;
use sanad_fuzz::read;

fuzz_target!(|data: &[u8]| {
    let Ok(request) = read(data, SigningRequest::from_json) else { return };
    assert_eq!(SigningRequest::from_json(request.to_json().as_bytes()).expect("its own JSON form"), request);
    if let Ok(signed) = request.signed() {
        assert_eq!(signed.verify_governance(&request.keys, request.threshold), Ok(()));
    }
});
