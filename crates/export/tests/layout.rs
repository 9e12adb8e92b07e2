//! The folder is what C2SP says, and what the page of the format says, recomputed from its files alone.

mod support;

use std::collections::BTreeMap;
use std::process::Command;

use sanad_core::hash::{HistoryHash, Root};
use sanad_core::ids::LogSize;
use sanad_core::merkle::{Hash, Rfc6962, TreeHash, root_of};
use sanad_export::CheckpointNote;
use support::{Chain, files, key};

/// The records of the entry bundles, in order.
fn bundles(files: &BTreeMap<String, Vec<u8>>, size: u64) -> Vec<Vec<u8>> {
    let mut entries = Vec::new();
    for place in 0..size.div_ceil(256) {
        let width = (size - place * 256).min(256);
        let name = if width == 256 { format!("{place:03}") } else { format!("{place:03}.p/{width}") };
        let mut rest = &files[&format!("tile/entries/{name}")][..];
        for _ in 0..width {
            let length = u16::from_be_bytes([rest[0], rest[1]]) as usize;
            entries.push(rest[2..2 + length].to_vec());
            rest = &rest[2 + length..];
        }
        assert_eq!(rest, [] as [u8; 0]);
    }
    entries
}

/// Checks that the tiles of a tree are those of its leaf hashes, and that there are no others.
fn check_tiles<H: TreeHash>(files: &BTreeMap<String, Vec<u8>>, folder: &str, mut level: Vec<Hash>) {
    let mut tiles = 0;
    for number in 0.. {
        for (place, tile) in level.chunks(256).enumerate() {
            let name = match tile.len() {
                256 => format!("{folder}/{number}/{place:03}"),
                width => format!("{folder}/{number}/{place:03}.p/{width}"),
            };
            assert_eq!(files[&name], tile.concat(), "{name}");
            tiles += 1;
        }
        level = level.as_chunks::<256>().0.iter().map(|tile| root_of::<H>(tile)).collect();
        if level.is_empty() {
            break;
        }
    }
    let own = |name: &&String| name.starts_with(&format!("{folder}/")) && !name.contains("/entries/");
    assert_eq!(files.keys().filter(own).count(), tiles, "no other tiles in {folder}");
}

#[test]
fn tiles_are_the_hashes_of_the_bundles_and_lead_to_the_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let mut chain = Chain::new("tiles");
    chain.grow_to(270);
    // A whole tile on level 1 too.
    while chain.ledger.entries.len() < 70_000 {
        let events = chain.issuances(4096);
        let more = chain.issuances(4096);
        chain.grow(vec![("v1", events), ("v2", more)]);
    }
    let written = chain.export(folder.path(), u64::MAX).unwrap();
    let files = files(folder.path());
    let (ledger, size) = (&chain.ledger, chain.ledger.entries.len() as u64);
    assert_eq!(written.log_size, LogSize(size));

    let entries = bundles(&files, size);
    let expected: Vec<Vec<u8>> = ledger.entries.iter().map(|entry| entry.encode()).collect();
    assert_eq!(entries, expected);
    let leaves: Vec<Hash> = entries.iter().map(|entry| Rfc6962::leaf(entry)).collect();
    assert_eq!(Root(root_of::<Rfc6962>(&leaves)), ledger.state.log_root());
    check_tiles::<Rfc6962>(&files, "tile", leaves);
    let headers = ledger.history_tree(chain.height()).leaf_hashes().to_vec();
    check_tiles::<HistoryHash>(&files, "history", headers);

    let note = String::from_utf8(files["checkpoint"].clone()).unwrap();
    let read = CheckpointNote::verify(&note, &ledger.genesis.log_origin, &key().public()).unwrap();
    assert_eq!((read.size, read.root), (LogSize(size), ledger.state.log_root()));
    assert!(!files.keys().any(|name| name.starts_with("tmp")), "nothing half-written is left");
}

#[test]
fn sha256sum_checks_the_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let mut chain = Chain::new("sums");
    chain.grow_to(9);
    chain.export(folder.path(), 5).unwrap();
    chain.export(folder.path(), 9).unwrap();
    let check = |quiet: &str| {
        let mut command = Command::new("sha256sum");
        command
            .args(["--check", "--strict", quiet, "manifest/9"])
            .current_dir(folder.path())
            .output()
            .unwrap()
    };
    let checked = check("--quiet");
    assert!(checked.status.success(), "{checked:?}");
    let files = files(folder.path());
    let manifest = String::from_utf8(files["manifest/9"].clone()).unwrap();
    let listed: Vec<&str> = manifest.lines().map(|line| line.split_once("  ").unwrap().1).collect();
    for name in files.keys().filter(|name| !["head", "checkpoint", "manifest/9"].contains(&name.as_str())) {
        assert!(listed.contains(&name.as_str()), "{name} is in the manifest");
    }
    assert_eq!(listed.len() + 3, files.len());
    let head: serde_json::Value =
        serde_json::from_slice(files["head"].split(|byte| *byte == b'\n').next().unwrap()).unwrap();
    let sum = Command::new("sha256sum").arg(folder.path().join("manifest/9")).output().unwrap();
    assert!(String::from_utf8(sum.stdout).unwrap().starts_with(head["manifest"].as_str().unwrap()));

    // What the page of the format tells mirrors to do.
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/formats/export.md"))
        .unwrap();
    let start = page.find("cd EXPORT\n").unwrap();
    let script = page[start..].split("```").next().unwrap().replace("cd EXPORT", "set -e");
    let run = || {
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).current_dir(folder.path()).output().unwrap().status.success()
    };
    assert!(run());
    std::fs::write(folder.path().join("state/9"), "x").unwrap();
    assert!(!check("--status").status.success());
    assert!(!run());
}
