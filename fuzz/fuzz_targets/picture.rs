//! A picture of a QR code: whatever it is, it ends in time and within the memory that the script allows.
#![no_main]

use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use sanad_qr::{PictureKind, QR_BYTES_MAX, QrCode, to_png};

fuzz_target!(|data: &[u8]| {
    let started = Instant::now();
    let late = || started.elapsed() > Duration::from_millis(100);
    let Ok(code) = sanad_qr::read(data, &late, &|_| true) else { return };
    assert!(PictureKind::of(data).is_some_and(PictureKind::is_readable));
    // Digits and letters are packed more tightly than bytes are.
    if code.len() <= QR_BYTES_MAX {
        let drawn = to_png(&QrCode::new(&code).expect("it fits")).expect("a PNG");
        assert_eq!(sanad_qr::read(&drawn, &|| false, &|_| true).expect("what is drawn is read"), code);
    }
});
