//! An SD-JWT: leaving out disclosures changes neither the digest nor what is signed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sanad_core::document::{self, DocumentKind};
use sanad_core::sd_jwt::SdJwt;
use sanad_fuzz::read;

fuzz_target!(|data: &[u8]| {
    let parsed = read(data, SdJwt::parse);
    assert_eq!(parsed.is_ok(), document::digest(DocumentKind::SdJwt, data).is_ok());
    let Ok(parsed) = parsed else { return };
    let bare = format!("{}~", parsed.issuer_signed());
    let bare = SdJwt::parse(bare.as_bytes()).expect("without disclosures");
    assert_eq!(bare.digest(), parsed.digest());
    assert_eq!(bare.issuer_signed(), parsed.issuer_signed());
});
