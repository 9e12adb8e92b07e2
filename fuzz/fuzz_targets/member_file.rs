//! A member file: what is accepted is signed by each of its keys, and is written and read again as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sanad_core::member::MemberFile;
use sanad_fuzz::read;

fuzz_target!(|data: &[u8]| {
    let Ok(file) = read(data, MemberFile::from_json) else { return };
    assert_eq!(MemberFile::from_json(file.to_json().as_bytes()).expect("its own JSON form"), file);
    assert_eq!(file.signatures.len(), file.member.keys().count());
});
