//! The samples of `docs/formats/codes.md`, which were computed by another program.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use sanad_certificate::{Code, Contents, LinkKey, open, seal, to_digits};
use sanad_core::commitment::Secret;
use sha2::{Digest as _, Sha256};

const PAGE: &str = include_str!("../../../docs/formats/codes.md");

fn sample(name: &str) -> &str {
    let start = format!("| {name}");
    let (_, samples) = PAGE.split_once("## Samples").unwrap();
    let line = samples.lines().find(|line| line.starts_with(&start)).unwrap();
    line.rsplit('`').nth(1).unwrap()
}

fn bytes(name: &str) -> Vec<u8> {
    hex::decode(sample(name)).unwrap()
}

#[test]
fn the_page_tells_the_same() {
    let digest: [u8; 32] = bytes("digest").try_into().unwrap();
    let key = LinkKey::of_credential(&Secret(bytes("secret").try_into().unwrap()), &digest);
    assert_eq!(key.link(&"https://sertifikat.univ-merapi.example".parse().unwrap()), sample("link"));
    assert_eq!(Code::read(sample("link").as_bytes()), Ok(Code::Link(key.clone())));
    assert_eq!(key.box_id().to_string(), sample("id"));
    let contents = Contents {
        name: "ijazah.json".to_owned(),
        document: b"{}".to_vec(),
        receipt: b"\xf5snd\x01".to_vec(),
        endorsements: Vec::new(),
    };
    let sealed = seal(&key, &contents).unwrap();
    assert_eq!(hex::encode(&sealed[5..17]), sample("nonce"));
    assert_eq!(hex::encode(Sha256::digest(&sealed)), sample("box, "));
    assert_eq!(open(&key, &sealed), Ok(contents));
    assert_eq!(to_digits(&bytes("bytes")), sample("their digits"));
    assert_eq!(Code::read(sample("their digits").as_bytes()), Ok(Code::Receipt(bytes("bytes"))));
}
