//! A mirror may lie or be damaged: whatever is changed, the answer is refused, with words that name the file.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::path::{Path, PathBuf};

use sanad_core::event::Event;
use sanad_core::ids::{Height, LogIndex, LogSize};
use sanad_core::proof::TrustAnchor;
use sanad_export::{Export, ExportError};
use support::{CHANGE, Chain, files};

const LAST: u64 = 12;

fn chain() -> Chain {
    let mut chain = Chain::new("tampering");
    chain.grow_to(LAST);
    chain
}

/// Asks everything that can be asked.
fn ask(folder: &Path, chain: &Chain) -> Result<(), ExportError> {
    let export = Export::open(folder, &chain.genesis)?;
    let size = export.head().header.log_size;
    for height in 1..=LAST {
        assert_eq!(export.block(Height(height))?.0, chain.blocks[height as usize - 1].0);
    }
    assert_eq!(export.entries(LogIndex(0), usize::MAX)?, chain.log.entries);
    export.inclusion_path(LogIndex(3), LogSize(300))?;
    let anchor = TrustAnchor::new(&chain.genesis).unwrap();
    for index in (0..size.0).step_by(5) {
        let proven = export.status_proof(LogIndex(index))?.verify(&anchor).unwrap();
        assert_eq!(proven.status, chain.state.status().status(LogIndex(index)));
    }
    for (index, entry) in chain.log.entries.iter().enumerate().step_by(7) {
        let Event::Issue { commitment } = &entry.event else { continue };
        // That there is none is never proved: who asks hears that the export does not show it.
        let hidden = || ExportError::Missing { path: folder.join("index") };
        assert_eq!(export.issuance(commitment)?.ok_or_else(hidden)?, LogIndex(index as u64));
    }
    Ok(())
}

/// The path that an error names.
fn blamed(error: &ExportError) -> Option<&PathBuf> {
    match error {
        ExportError::Missing { path }
        | ExportError::TooLong { path, .. }
        | ExportError::Malformed { path, .. }
        | ExportError::Codec { path, .. }
        | ExportError::Root { path, .. }
        | ExportError::Entry { path, .. }
        | ExportError::Header { path, .. }
        | ExportError::Io { path, .. } => Some(path),
        _ => None,
    }
}

#[test]
fn each_file_is_checked_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let chain = chain();
    // Exported in steps, the folder has files that this head does not need.
    chain.export(folder.path(), u64::MAX).unwrap();
    ask(folder.path(), &chain).unwrap();
    let names: Vec<String> = files(folder.path()).into_keys().collect();
    for kind in
        ["tile/0/000", "tile/0/00", "tile/1", "tile/entries", "block", "state", "status", "index", "head"]
    {
        assert!(names.iter().any(|name| name.starts_with(kind)), "{kind}");
    }
    let mut tried = 0;
    for name in &names {
        // Nothing that is answered depends on these: who asks has a genesis, witnesses check the checkpoint.
        if name == "genesis.json" || name == "checkpoint" {
            continue;
        }
        let path = folder.path().join(name);
        let sound = std::fs::read(&path).unwrap();
        let half = sound.len() / 2;
        let mut changes =
            vec![("missing", None), ("empty", Some(Vec::new())), ("cut", Some(sound[..half].to_vec()))];
        changes.push(("one byte short", Some(sound[..sound.len() - 1].to_vec())));
        for place in (0..sound.len()).step_by(sound.len() / 60 + 1).chain([sound.len() - 1]) {
            let mut flipped = sound.clone();
            flipped[place] ^= 1 << (place % 8);
            changes.push(("flipped", Some(flipped)));
        }
        for (change, bytes) in changes {
            match &bytes {
                None => std::fs::remove_file(&path).unwrap(),
                Some(bytes) => std::fs::write(&path, bytes).unwrap(),
            }
            tried += 1;
            let Err(error) = ask(folder.path(), &chain) else {
                // Signatures beyond a quorum are none, and white space in the head says nothing.
                let harmless = name == "head" && bytes.is_some_and(|bytes| bytes.len() >= sound.len() - 1);
                assert!(harmless, "{name}: {change} is not seen");
                continue;
            };
            let said = error.to_string();
            assert!(!said.contains("panicked"));
            if name != "head" && change == "flipped" {
                assert!(blamed(&error).is_some(), "{name}: {change}: {said}");
            }
        }
        std::fs::write(&path, &sound).unwrap();
    }
    assert!(tried > 500, "{tried}");
    ask(folder.path(), &chain).unwrap();
}

fn change(path: &Path, place: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[place] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

#[track_caller]
fn refused(change: impl Fn(&Path), expected: impl Fn(&ExportError) -> bool) {
    let folder = tempfile::tempdir().unwrap();
    let chain = chain();
    chain.export(folder.path(), u64::MAX).unwrap();
    change(folder.path());
    let error = ask(folder.path(), &chain).expect_err("it was changed");
    assert!(expected(&error), "{error}");
}

#[test]
fn each_kind_has_its_own_words() {
    let tile = |folder: &Path| change(&folder.join("tile/0/000"), 40);
    refused(
        tile,
        |error| matches!(error, ExportError::Root { tree: "log", path, .. } if path.ends_with("tile/0/000")),
    );
    let entry = |folder: &Path| change(&folder.join("tile/entries/000"), 30);
    refused(entry, |error| matches!(error, ExportError::Entry { index: LogIndex(0), .. }));
    let record = |folder: &Path| change(&folder.join(format!("state/{LAST}")), 20);
    refused(record, |error| matches!(error, ExportError::Root { tree: "registry", .. }));
    let page = |folder: &Path| {
        let path = folder.join("status").read_dir().unwrap().next().unwrap().unwrap().path();
        change(&path, 70);
    };
    refused(page, |error| matches!(error, ExportError::Root { tree: "status", .. }));
    let index = |folder: &Path| {
        let path = folder.join("index").read_dir().unwrap().next().unwrap().unwrap().path();
        change(&path, 10);
    };
    refused(
        index,
        |error| matches!(error, ExportError::Malformed { path, .. } if path.parent().unwrap().ends_with("index")),
    );
    // The first header: behind a length of 4 bytes, its time at 41.
    let header = |folder: &Path| change(&folder.join(format!("block/000.p/{LAST}")), 4 + 48);
    refused(header, |error| matches!(error, ExportError::Header { .. }));
    let swapped = |folder: &Path| {
        let path = folder.join("head");
        let head = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, head.replace("\"log_size\":", "\"log_size\":1")).unwrap();
    };
    refused(swapped, |error| matches!(error, ExportError::Malformed { what, .. } if what.contains("head")));
    let long = |folder: &Path| std::fs::write(folder.join("head"), [b' '; 5_000]).unwrap();
    refused(long, |error| matches!(error, ExportError::TooLong { limit: 1024, .. }));
    let huge = |folder: &Path| {
        let path = folder.join(format!("block/000.p/{LAST}"));
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[..4].copy_from_slice(&u32::MAX.to_be_bytes());
        std::fs::write(path, bytes).unwrap();
    };
    refused(huge, |error| matches!(error, ExportError::TooLong { actual: 0xffff_ffff, .. }));
}

#[test]
fn another_chain_and_another_state_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let chain = chain();
    chain.export(folder.path(), LAST - 1).unwrap();
    let foreign = Export::open(folder.path(), &Chain::new("foreign").genesis);
    assert!(matches!(foreign, Err(ExportError::ForeignChain { .. })), "{foreign:?}");
    let nothing = Export::open(&folder.path().join("tile"), &chain.genesis);
    assert!(matches!(nothing, Err(ExportError::NoExport { .. })), "{nothing:?}");

    // The state of an earlier block in the place of a later one.
    chain.export(folder.path(), LAST).unwrap();
    let state = |height: u64| folder.path().join(format!("state/{height}"));
    std::fs::copy(state(LAST - 1), state(LAST)).unwrap();
    let stale = Export::open(folder.path(), &chain.genesis);
    assert!(matches!(stale, Err(ExportError::Root { .. })), "{stale:?}");
}

#[test]
fn headers_of_validators_that_the_genesis_does_not_lead_to_are_refused() {
    // The same members, but other keys vote from the change on.
    let mut forged = Chain::new("forged");
    forged.grow_to(CHANGE + 1);
    let folder = tempfile::tempdir().unwrap();
    forged.export(folder.path(), u64::MAX).unwrap();
    let mut genesis = forged.genesis.clone();
    genesis.members[4].consensus_key = Some(support::key(180).public());
    let refused = Export::open(folder.path(), &genesis);
    assert!(matches!(refused, Err(ExportError::ForeignChain { .. })), "{refused:?}");
    // Even where the head claims that chain.
    let path = folder.path().join("head");
    let head = std::fs::read_to_string(&path).unwrap();
    let (own, other) = (forged.genesis.chain_id().to_string(), genesis.chain_id().to_string());
    std::fs::write(&path, head.replace(&own, &other)).unwrap();
    let refused = Export::open(folder.path(), &genesis);
    assert!(matches!(refused, Err(ExportError::Header { .. })), "{refused:?}");
}

#[test]
fn a_hidden_issuance_is_not_found_and_a_wrong_one_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let chain = chain();
    chain.export(folder.path(), u64::MAX).unwrap();
    let size = chain.log.entries.len();
    let path = folder.path().join(format!("index/0-{size}"));
    let sound = std::fs::read(&path).unwrap();
    let export = Export::open(folder.path(), &chain.genesis).unwrap();
    let first = support::commitment(0);
    assert_eq!(export.issuance(&first).unwrap(), Some(LogIndex(0)));
    // An index whose one page has one record, with a good checksum, for another entry.
    let mut page = vec![0; 4096];
    page[1] = 1;
    page[2..10].copy_from_slice(&first.0[..8]);
    page[15] = 1;
    let checksum = blake3::hash(&page[..4080]);
    page[4080..].copy_from_slice(&checksum.as_bytes()[..16]);
    std::fs::write(&path, &page).unwrap();
    assert_eq!(export.issuance(&first).unwrap(), None, "entry 1 is another");
    std::fs::write(&path, sound).unwrap();
    assert_eq!(export.issuance(&first).unwrap(), Some(LogIndex(0)));
}
