//! Parts of a page in `docs/` that code writes: each stands between two comments, `<!-- name -->` and
//! `<!-- /name -->`.
#![allow(dead_code, reason = "each test file uses a part")]

use std::path::PathBuf;

/// Set to update what is committed instead of comparing with it.
pub const UPDATE: &str = "SANAD_UPDATE";

pub fn updates() -> bool {
    std::env::var_os(UPDATE).is_some()
}

/// Checks that a part of a page says `content`.
pub fn check_part(page: &str, part: &str, content: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
    let text = std::fs::read_to_string(&path).unwrap();
    let (opening, closing) = (format!("<!-- {part} -->\n"), format!("<!-- /{part} -->"));
    let start = text.find(&opening).expect("the page has the part") + opening.len();
    let end = start + text[start..].find(&closing).unwrap();
    if updates() {
        let updated = [&text[..start], content, &text[end..]].concat();
        std::fs::write(&path, updated).unwrap();
        return;
    }
    assert_eq!(&text[start..end], content, "{page}: the part {part} is stale; run the test with {UPDATE}=1");
}

/// Checks a committed file under `tests/testdata/`.
pub fn check_file(name: &str, content: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/testdata").join(name);
    if updates() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        return std::fs::write(&path, content).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        content, golden,
        "format change: {name} is another one; bump the version of the format, see docs/formats/"
    );
}
