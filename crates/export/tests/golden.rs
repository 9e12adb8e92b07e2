//! The bytes of a small export. A change here is a format change: it needs a new version and a new page.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "../../core/tests/support/page.rs"]
mod page;
mod support;

use sanad_core::event::Event;
use sanad_core::ids::LogIndex;
use support::{Chain, files, signer};

#[test]
fn a_small_export_has_these_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let mut chain = Chain::new("Contoh");
    let events = chain.issuances(2);
    chain.grow(vec![("issuer", events)]);
    chain.grow(vec![("issuer", vec![Event::Revoke { target: LogIndex(1) }])]);
    chain.export(folder.path(), 2).unwrap();
    let files = files(folder.path());
    let mut table = String::from("| file | bytes | BLAKE3 |\n| --- | --- | --- |\n");
    for (name, bytes) in &files {
        table += &format!("| `{name}` | {} | `{}` |\n", bytes.len(), blake3::hash(bytes).to_hex());
    }
    page::check_file("export.md", &table);
    page::check_part("formats/export.md", "files", &table);
    let text = |name: &str| String::from_utf8(files[name].clone()).unwrap();
    for (part, name) in [("checkpoint", "checkpoint"), ("head", "head"), ("manifest", "manifest/2")] {
        page::check_part("formats/export.md", part, &format!("```\n{}```\n", text(name)));
    }
    let key = format!("`{}`\n", signer(&chain.ledger.genesis).verifier_key());
    page::check_part("formats/export.md", "key", &key);
    for (part, name) in
        [("entries", "tile/entries/000.p/3"), ("block", "block/000.p/2"), ("state", "state/2")]
    {
        page::check_part("formats/export.md", part, &format!("`{}`\n", hex::encode(&files[name])));
    }
}
