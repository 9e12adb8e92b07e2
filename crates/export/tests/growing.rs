//! Exporting again adds what is new, and comes to the same as exporting at once.

mod support;

use sanad_core::ids::LogIndex;
use sanad_core::proof::TrustAnchor;
use sanad_core::status::Status;
use sanad_export::{CheckpointSigner, Export, ExportError, Exporter};
use support::{Chain, commitment, files, key, signer};

/// Files that an export made at once has, byte for byte; others are those that the heads before still need, and
/// partial bundles of sizes that were signed before.
fn check_same(grown: &std::path::Path, at_once: &std::path::Path, before: u64) {
    let (grown, at_once) = (files(grown), files(at_once));
    for (name, bytes) in &at_once {
        assert!(grown.get(name) == Some(bytes), "{name}");
    }
    for name in grown.keys().filter(|name| !at_once.contains_key(*name)) {
        let old = name.contains(".p/")
            || name.starts_with("status/")
            || name.starts_with("index/")
            || *name == format!("state/{before}");
        assert!(old, "{name} is too much");
    }
}

#[test]
fn grown_in_steps_it_is_the_same_as_at_once() {
    let (grown, at_once) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut chain = Chain::new("steps");
    chain.grow_to(40);
    // Beyond the shortest whole run of the index.
    while chain.log.entries.len() < 67_000 {
        let events = chain.issuances(4096);
        chain.grow(vec![(1, events)]);
    }
    let last = chain.state.head().height.0;
    chain.grow_to(last + 8);
    let steps = [1, 2, 3, 7, 8, 9, 10, 39, last - 1, last, last + 1, last + 8];
    let mut before = 0;
    for step in steps {
        let written = chain.export(grown.path(), step).unwrap();
        assert_eq!(written.blocks, step - before);
        assert_eq!(written.block, chain.block_hash(step));
        let export = Export::open(grown.path(), &chain.genesis).unwrap();
        assert_eq!(export.issuance(&commitment(0)).unwrap(), Some(LogIndex(0)), "step {step}");
        before = step;
    }
    chain.export(at_once.path(), last + 8).unwrap();
    check_same(grown.path(), at_once.path(), last + 1);
    let again = chain.export(at_once.path(), last + 8).unwrap();
    assert_eq!((again.blocks, again.files), (0, 0), "nothing is new");
    assert_eq!(files(at_once.path()).len(), {
        let fresh = tempfile::tempdir().unwrap();
        chain.export(fresh.path(), last + 8).unwrap();
        files(fresh.path()).len()
    });
}

#[test]
fn a_revocation_changes_one_page_and_the_head_before_is_still_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut chain = Chain::new("revocation");
    let events = chain.issuances(300);
    chain.grow(vec![(1, events)]);
    chain.export(folder.path(), 1).unwrap();
    let anchor = TrustAnchor::new(&chain.genesis).unwrap();
    let before = Export::open(folder.path(), &chain.genesis).unwrap();
    for (event, status) in [
        (sanad_core::event::Event::Suspend { target: LogIndex(7) }, Status::Suspended),
        (sanad_core::event::Event::Revoke { target: LogIndex(7) }, Status::Revoked),
    ] {
        chain.grow(vec![(1, vec![event])]);
        chain.export(folder.path(), u64::MAX).unwrap();
        let now = Export::open(folder.path(), &chain.genesis).unwrap();
        assert_eq!(now.status_proof(LogIndex(7)).unwrap().verify(&anchor).unwrap().status, status);
        // Who had opened the export before it grew still reads all of it.
        let then = before.status_proof(LogIndex(7)).unwrap();
        assert_eq!(then.verify(&anchor).unwrap().status, Status::Active);
        assert_eq!(before.entries(LogIndex(0), 1_000).unwrap().len(), 300);
    }
    assert_eq!(std::fs::read_dir(folder.path().join("state")).unwrap().count(), 2);
    assert_eq!(std::fs::read_dir(folder.path().join("status")).unwrap().count(), 2);
}

#[test]
fn what_does_not_go_on_where_the_export_ends_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut chain = Chain::new("one");
    chain.grow_to(4);
    chain.export(folder.path(), 3).unwrap();

    let foreign = Exporter::open(folder.path(), &Chain::new("two").genesis, signer());
    assert!(matches!(foreign, Err(ExportError::ForeignChain { .. })), "{foreign:?}");
    let other = CheckpointSigner::new("example.org/other", key(200)).unwrap();
    let other = Exporter::open(folder.path(), &chain.genesis, other);
    assert!(matches!(other, Err(ExportError::OtherLog { .. })), "{other:?}");

    let mut fork = Chain::new("one");
    fork.grow_to(2);
    let events = fork.issuances(1);
    fork.grow(vec![(3, events)]);
    fork.grow(Vec::new());
    let mut exporter = Exporter::open(folder.path(), &chain.genesis, signer()).unwrap();
    assert!(matches!(
        Exporter::open(folder.path(), &chain.genesis, signer()),
        Err(ExportError::Locked { .. })
    ));
    let forked = exporter.check_source(fork.blocks[2].0.header.height, fork.block_hash(3));
    assert!(matches!(forked, Err(ExportError::Forked { .. })), "{forked:?}");
    let ahead = exporter.check_source(chain.blocks[1].0.header.height, chain.block_hash(2));
    assert!(matches!(ahead, Err(ExportError::Ahead { .. })), "{ahead:?}");
    exporter.check_source(chain.blocks[2].0.header.height, chain.block_hash(3)).unwrap();
    let (block, certificate) = &fork.blocks[3];
    assert!(matches!(exporter.add(block, certificate), Err(ExportError::Forked { .. })));
    let (block, certificate) = &chain.blocks[3];
    let mut few = certificate.clone();
    few.signatures.pop();
    assert!(matches!(exporter.add(block, &few), Err(ExportError::Certificate { .. })));
    assert!(matches!(exporter.add(&chain.blocks[2].0, certificate), Err(ExportError::NotNext { .. })));
    exporter.add(block, certificate).unwrap();
    drop(exporter);

    let occupied = tempfile::tempdir().unwrap();
    std::fs::write(occupied.path().join("diary.txt"), "mine").unwrap();
    let refused = Exporter::open(occupied.path(), &chain.genesis, signer());
    assert!(matches!(refused, Err(ExportError::Occupied { .. })), "{refused:?}");
    assert_eq!(files(occupied.path()).len(), 1);
}
