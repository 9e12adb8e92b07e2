//! The folder is what C2SP says, and what the page of the format says, recomputed from its files alone.

mod support;

use sanad_core::hash::Root;
use sanad_core::ids::LogSize;
use sanad_core::merkle::{Hash, Rfc6962, TreeHash as _, root_of};
use sanad_export::CheckpointNote;
use support::{Chain, LOG, files, key};

/// The records of the entry bundles, in order.
fn bundles(files: &std::collections::BTreeMap<String, Vec<u8>>, size: u64) -> Vec<Vec<u8>> {
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

#[test]
fn tiles_are_the_hashes_of_the_bundles_and_lead_to_the_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let mut chain = Chain::new("tiles");
    chain.grow_to(14);
    // A whole tile on level 1 too.
    while chain.log.entries.len() < 70_000 {
        let events = chain.issuances(4096);
        let more = chain.issuances(4096);
        chain.grow(vec![(1, events), (2, more)]);
    }
    let written = chain.export(folder.path(), u64::MAX).unwrap();
    let files = files(folder.path());
    let size = chain.log.entries.len() as u64;
    assert_eq!(written.log_size, LogSize(size));

    let entries = bundles(&files, size);
    let expected: Vec<Vec<u8>> = chain.log.entries.iter().map(|entry| entry.encode()).collect();
    assert_eq!(entries, expected);
    let mut level: Vec<Hash> = entries.iter().map(|entry| Rfc6962::leaf(entry)).collect();
    assert_eq!(Root(root_of::<Rfc6962>(&level)), chain.state.log_root());
    let mut tiles = 0;
    for number in 0.. {
        for (place, tile) in level.chunks(256).enumerate() {
            let name = match tile.len() {
                256 => format!("tile/{number}/{place:03}"),
                width => format!("tile/{number}/{place:03}.p/{width}"),
            };
            assert_eq!(files[&name], tile.concat(), "{name}");
            tiles += 1;
        }
        level = level.as_chunks::<256>().0.iter().map(|tile| root_of::<Rfc6962>(tile)).collect();
        if level.is_empty() {
            break;
        }
    }
    let there = files.keys().filter(|name| name.starts_with("tile/") && !name.starts_with("tile/entries/"));
    assert_eq!(there.count(), tiles, "no other tiles");

    let note = String::from_utf8(files["checkpoint"].clone()).unwrap();
    let read = CheckpointNote::verify(&note, LOG, &key(200).public()).unwrap();
    assert_eq!((read.size, read.root), (LogSize(size), chain.state.log_root()));
    assert!(!files.keys().any(|name| name.starts_with("tmp")), "nothing half-written is left");
}
