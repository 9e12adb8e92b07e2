//! Writes pictures for the fuzzer to begin with, if `SANAD_SEEDS` names a folder.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use support::{Photo, content};

#[test]
fn pictures() {
    let Some(seeds) = std::env::var_os("SANAD_SEEDS") else { return };
    let folder = std::path::Path::new(&seeds).join("picture");
    std::fs::create_dir_all(&folder).unwrap();
    let content = content(60);
    let photo = Photo { module: 2.0, ..Photo::of(&content) };
    let turned = Photo { degrees: 30.0, inverted: true, ..photo.clone() };
    for (name, bytes) in [
        ("upright.png", photo.png()),
        ("turned.png", turned.png()),
        ("upright.jpg", photo.jpeg(60)),
        ("upright.webp", photo.webp()),
    ] {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
}
