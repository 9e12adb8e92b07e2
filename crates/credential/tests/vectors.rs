//! Credentials that others made: the W3C's example, and the Open Badges of `SANAD_VECTORS`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::Path;

use sanad_credential::{Circumstances, Finding, Holder, Signature, Verdict, check};

/// 2026-01-01T00:00:00Z.
const NOW_MS: u64 = 1_767_225_600_000;

fn finding(path: &Path) -> Finding {
    let document = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    check(&document, &Circumstances { now_ms: NOW_MS, member: None }).unwrap()
}

#[test]
fn print_all() {
    for path in std::env::var("FILES").unwrap_or_default().split(' ').filter(|p| !p.is_empty()) {
        println!("{path} {:#?}", finding(Path::new(path)));
    }
}
