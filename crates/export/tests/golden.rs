//! The bytes of a small export. A change here is a format change: it needs a new version and a new page.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "../../core/tests/support/page.rs"]
mod page;
mod support;

use sanad_core::event::Event;
use sanad_core::ids::LogIndex;
use support::{Chain, LOG, files, signer};

#[test]
fn a_small_export_has_these_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let mut chain = Chain::new("Contoh");
    let events = chain.issuances(2);
    chain.grow(vec![(1, events)]);
    chain.grow(vec![(1, vec![Event::Revoke { target: LogIndex(1) }])]);
    chain.export(folder.path(), 2).unwrap();
    let files = files(folder.path());
    let mut table = String::from("| file | bytes | BLAKE3 |\n| --- | --- | --- |\n");
    for (name, bytes) in &files {
        table += &format!("| `{name}` | {} | `{}` |\n", bytes.len(), blake3::hash(bytes).to_hex());
    }
    page::check_file("export.md", &table);
    page::check_part("formats/export.md", "files", &table);
    let text = |name: &str| String::from_utf8(files[name].clone()).unwrap();
    let shown = format!("```\n{}```\n", text("checkpoint"));
    page::check_part("formats/export.md", "checkpoint", &shown);
    let key = format!("`{}`\n", signer().verifier_key());
    page::check_part("formats/export.md", "key", &key);
    assert!(key.contains(LOG));
    page::check_part("formats/export.md", "head", &format!("```json\n{}```\n", text("head")));
    let entries = hex::encode(&files["tile/entries/000.p/3"]);
    page::check_part("formats/export.md", "entries", &format!("`{entries}`\n"));
}
