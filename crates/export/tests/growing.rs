//! Exporting again adds what is new, and comes to the same as exporting at once.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::path::Path;

use sanad_core::audit_report::AuditVerdict;
use sanad_core::event::Event;
use sanad_core::ids::LogIndex;
use sanad_core::signature::SecretKey;
use sanad_core::status::CredentialStatus;
use sanad_export::{CheckpointSigner, Export, ExportError, Exporter, audit};
use sanad_testkit::{commitment, id};
use support::{Chain, files, key, signer};

/// Files that an export made at once has, byte for byte; others are those that the head before still needs, and
/// incomplete bundles of sizes that were signed before.
fn check_same(grown: &Path, at_once: &Path, before: u64, last: u64) {
    let (grown, at_once) = (files(grown), files(at_once));
    // They name what else there is.
    let lists = |name: &str| name == "head" || name == format!("manifest/{last}");
    for (name, bytes) in at_once.iter().filter(|(name, _)| !lists(name)) {
        assert!(grown.get(name) == Some(bytes), "{name}");
    }
    for name in grown.keys().filter(|name| !at_once.contains_key(*name)) {
        let of_before = [
            format!("state/{before}"),
            format!("manifest/{before}"),
            format!("trust/{before}.trust"),
            format!("trust/{before}.trust.json"),
        ];
        let old = name.contains(".p/")
            || name.starts_with("status/")
            || name.starts_with("index/")
            || of_before.contains(name);
        assert!(old, "{name} is too much");
    }
}

fn check_sound(folder: &Path, chain: &Chain) {
    let report = audit(folder, &chain.ledger.genesis, Some(&key().public()), |_| ()).unwrap();
    assert_eq!(report.verdict(), AuditVerdict::Sound, "{:?}", report.findings);
}

#[test]
fn grown_in_steps_it_is_the_same_as_at_once() {
    let (grown, at_once) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut chain = Chain::new("steps");
    chain.grow_to(40);
    // Beyond the shortest whole run of the index, and some more that become one.
    while chain.ledger.entries.len() < 270_000 {
        let (events, more) = (chain.issuances(4096), chain.issuances(4096));
        chain.grow(vec![("v1", events), ("v2", more)]);
    }
    let last = chain.height();
    chain.grow_to(last + 8);
    let steps = [1, 2, 3, 7, 8, 9, 10, 39, last - 20, last - 1, last, last + 1, last + 8];
    let mut before = 0;
    for step in steps {
        let written = chain.export(grown.path(), step).unwrap();
        assert_eq!(written.blocks, step - before);
        assert_eq!(written.block, chain.block_hash(step));
        let export = Export::open(grown.path(), &chain.ledger.genesis).unwrap();
        assert_eq!(export.issuance(&id("v1"), &commitment(0)).unwrap(), Some(LogIndex(0)), "step {step}");
        check_sound(grown.path(), &chain);
        before = step;
    }
    chain.export(at_once.path(), last + 8).unwrap();
    check_same(grown.path(), at_once.path(), last + 1, last + 8);
    check_sound(at_once.path(), &chain);
    let kept = files(at_once.path());
    let again = chain.export(at_once.path(), last + 8).unwrap();
    assert_eq!((again.blocks, again.files), (0, 0), "nothing is new");
    assert_eq!(files(at_once.path()), kept);
}

#[test]
fn a_revocation_changes_one_page_and_the_head_before_is_still_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut chain = Chain::new("revocation");
    let events = chain.issuances(300);
    chain.grow(vec![("v1", events)]);
    chain.export(folder.path(), 1).unwrap();
    let anchor = chain.ledger.anchor();
    let before = Export::open(folder.path(), &chain.ledger.genesis).unwrap();
    for (event, status) in [
        (Event::Suspend { target: LogIndex(7) }, CredentialStatus::Suspended),
        (Event::Revoke { target: LogIndex(7) }, CredentialStatus::Revoked),
    ] {
        chain.grow(vec![("v1", vec![event])]);
        chain.export(folder.path(), u64::MAX).unwrap();
        let now = Export::open(folder.path(), &chain.ledger.genesis).unwrap();
        assert_eq!(now.status_proof(LogIndex(7)).unwrap().verify(&anchor).unwrap().status, status);
        // Who had opened the export before it grew still reads all of it.
        let then = before.status_proof(LogIndex(7)).unwrap();
        assert_eq!(then.verify(&anchor).unwrap().status, CredentialStatus::Active);
        assert_eq!(before.entries(LogIndex(0), 1_000).unwrap().len(), 300);
    }
    let count = |name: &str| std::fs::read_dir(folder.path().join(name)).unwrap().count();
    assert_eq!((count("state"), count("status"), count("trust")), (2, 2, 4));
    check_sound(folder.path(), &chain);
}

#[test]
fn every_file_of_the_head_before_stays_until_the_next_export() {
    let folder = tempfile::tempdir().unwrap();
    let mut chain = Chain::new("before");
    chain.grow_to(24);
    for (before, height) in [(3, 10), (10, 11), (11, 24)] {
        chain.export(folder.path(), before).unwrap();
        // A mirror that copied the head now may take its time.
        let opened = Export::open(folder.path(), &chain.ledger.genesis).unwrap();
        chain.export(folder.path(), height).unwrap();
        let files = files(folder.path());
        let edges = files.keys().filter(|name| name.contains(&format!("block/000.p/{before}")));
        assert_eq!(edges.count(), 1);
        for part in ["state/{}", "manifest/{}", "trust/{}.trust", "trust/{}.trust.json"] {
            assert!(files.contains_key(&part.replace("{}", &before.to_string())), "{part}");
        }
        let size = opened.head().header.log_size.0;
        assert_eq!(opened.entries(LogIndex(0), usize::MAX).unwrap().len() as u64, size);
        opened.status_proof(LogIndex(size - 1)).unwrap();
    }
}

#[test]
fn what_does_not_continue_where_the_export_ends_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut chain = Chain::new("one");
    chain.grow_to(4);
    chain.export(folder.path(), 3).unwrap();
    let genesis = &chain.ledger.genesis;

    let two = Chain::new("two").ledger.genesis;
    let foreign = Exporter::open(folder.path(), &two, signer(&two));
    assert!(matches!(foreign, Err(ExportError::ForeignChain { .. })), "{foreign:?}");
    let other = CheckpointSigner::new(genesis, SecretKey::from_seed(&[9; 32])).unwrap();
    let other = Exporter::open(folder.path(), genesis, other);
    assert!(matches!(other, Err(ExportError::OtherKey { .. })), "{other:?}");

    let mut fork = Chain::new("one");
    fork.grow_to(2);
    let events = fork.issuances(1);
    fork.grow(vec![("v3", events)]);
    fork.grow(Vec::new());
    let mut exporter = Exporter::open(folder.path(), genesis, signer(genesis)).unwrap();
    let second = Exporter::open(folder.path(), genesis, signer(genesis));
    assert!(matches!(second, Err(ExportError::Locked { .. })));
    let forked = exporter.check_source(fork.ledger.header(3).height, fork.block_hash(3));
    assert!(matches!(forked, Err(ExportError::Forked { .. })), "{forked:?}");
    let ahead = exporter.check_source(chain.ledger.header(2).height, chain.block_hash(2));
    assert!(matches!(ahead, Err(ExportError::Ahead { .. })), "{ahead:?}");
    exporter.check_source(chain.ledger.header(3).height, chain.block_hash(3)).unwrap();
    let (block, certificate) = fork.block(4);
    assert!(matches!(exporter.add(&block, &certificate), Err(ExportError::Block { .. })));
    let (block, certificate) = chain.block(4);
    let mut few = certificate.clone();
    few.signatures.pop();
    assert!(matches!(exporter.add(&block, &few), Err(ExportError::Block { .. })));
    let (former, _) = chain.block(3);
    assert!(matches!(exporter.add(&former, &certificate), Err(ExportError::NotNext { .. })));
    exporter.add(&block, &certificate).unwrap();
    drop(exporter);

    let occupied = tempfile::tempdir().unwrap();
    std::fs::write(occupied.path().join("diary.txt"), "mine").unwrap();
    let refused = Exporter::open(occupied.path(), genesis, signer(genesis));
    assert!(matches!(refused, Err(ExportError::Occupied { .. })), "{refused:?}");
    assert_eq!(files(occupied.path()).len(), 1);
}
