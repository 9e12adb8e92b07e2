//! What is baked into a picture is read as if it stood alone.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sanad_credential::{Circumstances, Verdict, check};
use sanad_fuzz::read;

fuzz_target!(|data: &[u8]| {
    let circumstances = Circumstances { now_ms: 1_767_225_600_000, member: None, rest: None };
    let alone = check(data, &circumstances);
    let baked = read(&png(data), |picture| check(picture, &circumstances));
    if let (Some(alone), Some(baked)) = (alone, baked) {
        if is_picture(data) {
            // A picture in a picture is not read.
            assert_ne!(baked.verdict, Verdict::Good);
        } else {
            assert_eq!(alone.verdict, baked.verdict);
        }
    }
    let svg = [SVG, data, b"</o:credential></svg>"].concat();
    read(&svg, |picture| check(picture, &circumstances));
});

fn is_picture(data: &[u8]) -> bool {
    let text = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data);
    data.starts_with(b"\x89PNG") || text.trim_ascii_start().starts_with(b"<")
}

fn png(text: &[u8]) -> Vec<u8> {
    let checked = [b"iTXtopenbadgecredential\0\0\0\0\0", text].concat();
    let length = u32::try_from(checked.len() - 4).expect("a short input").to_be_bytes();
    let checksum = crc32fast::hash(&checked).to_be_bytes();
    [&b"\x89PNG\r\n\x1a\n"[..], &length, &checked, &checksum].concat()
}

const SVG: &[u8] = b"<svg xmlns:o=\"https://purl.imsglobal.org/ob/v3p0\"><o:credential>";
