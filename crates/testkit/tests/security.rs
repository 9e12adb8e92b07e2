//! `SECURITY.md` names a test for what it says: each must exist.

use std::path::Path;

/// Texts in backquotes that name a file, and perhaps a function of it.
fn named(page: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    let quoted = page.split('`').skip(1).step_by(2);
    quoted.filter_map(|text| match text.split_once("::") {
        Some((file, function)) => Some((file, Some(function))),
        None => text.contains('/').then_some((text, None)),
    })
}

#[test]
fn every_test_that_the_page_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = std::fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let mut tests = 0;
    for (file, function) in named(&page) {
        let path = root.join(file);
        let Some(function) = function else {
            assert!(path.exists() || file == "n / 3", "SECURITY.md names {file}, which does not exist");
            continue;
        };
        let source = std::fs::read_to_string(&path);
        let source = source.unwrap_or_else(|error| panic!("SECURITY.md names {file}: {error}"));
        let begun = source.find(&format!("fn {function}("));
        let begun =
            begun.unwrap_or_else(|| panic!("SECURITY.md names {function}, which {file} does not have"));
        let before = &source[..begun];
        let attributes = &before[before.rfind("\n\n").unwrap_or(0)..];
        assert!(attributes.contains("test"), "{file}::{function} is not a test");
        tests += 1;
    }
    assert!(tests > 40, "only {tests} tests are named");
    // A line without a test would be a claim.
    for line in page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---")) {
        assert!(line.contains("::") || line.ends_with("shown by |"), "no test is named: {line}");
    }
}
