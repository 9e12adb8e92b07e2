//! An export answers as the ledger would, and everything it answers is proved.

mod support;

use sanad_core::event::Event;
use sanad_core::ids::{Height, LogIndex, LogSize, Sequence};
use sanad_core::merkle::{self, Rfc6962};
use sanad_core::proof::{TrustAnchor, verify_header, verify_member};
use sanad_core::status::Status;
use sanad_export::{Export, ExportError};
use support::{CHANGE, Chain, commitment, id};

#[test]
fn it_answers_as_the_ledger_does() {
    let folder = tempfile::tempdir().unwrap();
    let mut chain = Chain::new("reading");
    chain.grow_to(280);
    chain.export(folder.path(), u64::MAX).unwrap();
    let export = Export::open(folder.path(), &chain.genesis).unwrap();
    let anchor = TrustAnchor::new(&chain.genesis).unwrap();
    let size = chain.log.entries.len() as u64;
    assert!(size > 20_000, "more than one page of status leaves would take 65,536 entries: {size}");

    assert_eq!(export.validator_changes().len(), 1);
    assert_eq!(export.validator_changes()[0].header.height, Height(CHANGE - 1));
    for (block, certificate) in &chain.blocks {
        let height = block.header.height;
        let read = export.block(height).unwrap();
        assert_eq!(read.0.encode(), block.encode(), "block {height} byte for byte");
        assert_eq!(&read.1, certificate);
    }
    assert_eq!(export.entries(LogIndex(0), usize::MAX).unwrap(), chain.log.entries);
    let mut revoked = 0;
    for index in (0..size).step_by(97).chain([0, 255, 256, size - 1]).map(LogIndex) {
        let proof = export.status_proof(index).unwrap();
        let proven = proof.verify(&anchor).unwrap();
        assert_eq!(proven.status, chain.state.status().status(index));
        assert_eq!(proof.entry, chain.log.entries[index.0 as usize]);
    }
    for (index, entry) in chain.log.entries.iter().enumerate().step_by(61) {
        if let Event::Issue { commitment } = entry.event {
            assert_eq!(export.issuance(&commitment).unwrap(), Some(LogIndex(index as u64)));
        }
        if let Some(target) = entry.event.target() {
            let proven = export.status_proof(target).unwrap().verify(&anchor).unwrap();
            assert_eq!(proven.status, Status::Revoked);
            revoked += 1;
        }
    }
    let targets = chain.log.entries.iter().filter_map(|entry| entry.event.target());
    for target in targets {
        let proven = export.status_proof(target).unwrap().verify(&anchor).unwrap();
        assert_eq!(proven.status, Status::Revoked);
        revoked += 1;
    }
    assert!(revoked > 50);
    assert_eq!(export.issuance(&commitment(u64::MAX)).unwrap(), None);

    let head = export.head();
    verify_header(&anchor, export.validator_changes(), &head.header, &head.certificate).unwrap();
    for n in 0..5 {
        let member = export.member(&id(n)).unwrap();
        let record =
            verify_member(&anchor, export.validator_changes(), &head.header, &head.certificate, &member);
        assert_eq!(record.unwrap(), chain.state.registry().record(&id(n)).unwrap());
    }
    let root = export.log_root(LogSize(size)).unwrap();
    assert_eq!(root, head.header.log_root);
    for old in [1, 255, 256, 257, 5_000, size] {
        let path = export.consistency_path(LogSize(old), LogSize(size)).unwrap();
        let old_root = export.log_root(LogSize(old)).unwrap();
        merkle::verify_consistency::<Rfc6962>(old, &old_root.0, size, &root.0, &path).unwrap();
    }
    let path = export.inclusion_path(LogIndex(300), LogSize(1_000)).unwrap();
    let root = export.log_root(LogSize(1_000)).unwrap();
    let leaf = chain.log.entries[300].leaf_hash();
    merkle::verify_inclusion::<Rfc6962>(leaf, 300, 1_000, &path, &root.0).unwrap();
}

#[test]
fn what_is_beyond_the_export_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let mut chain = Chain::new("beyond");
    chain.grow_to(3);
    chain.export(folder.path(), 3).unwrap();
    let export = Export::open(folder.path(), &chain.genesis).unwrap();
    let size = chain.log.entries.len() as u64;
    for height in [Height(0), Height(4), Height(u64::MAX)] {
        assert!(matches!(export.block(height), Err(ExportError::HeightBeyondHead { .. })), "{height}");
    }
    for index in [LogIndex(size), LogIndex(u64::MAX)] {
        assert!(matches!(export.status_proof(index), Err(ExportError::IndexBeyondLog { .. })));
        assert!(matches!(
            export.inclusion_path(index, LogSize(size)),
            Err(ExportError::IndexBeyondLog { .. })
        ));
    }
    let beyond = LogSize(size + 1);
    assert!(matches!(export.log_root(beyond), Err(ExportError::SizeBeyondLog { .. })));
    assert!(matches!(export.consistency_path(beyond, beyond), Err(ExportError::SizeBeyondLog { .. })));
    let missing = export.member(&"nobody".parse().unwrap());
    assert!(matches!(missing, Err(ExportError::NoMember(_))));
}

#[test]
fn a_log_without_entries_is_exported() {
    let folder = tempfile::tempdir().unwrap();
    let mut chain = Chain::new("no entries");
    let empty = chain.export(folder.path(), 0);
    assert!(matches!(empty, Err(ExportError::Empty)), "{empty:?}");
    chain.grow(Vec::new());
    chain.export(folder.path(), 1).unwrap();
    let export = Export::open(folder.path(), &chain.genesis).unwrap();
    assert_eq!(export.head().header.log_size, LogSize(0));
    assert_eq!(export.issuance(&commitment(0)).unwrap(), None);
    assert_eq!(export.block(Height(1)).unwrap().0, chain.blocks[0].0);
    chain.grow_to(6);
    chain.export(folder.path(), 6).unwrap();
    Export::open(folder.path(), &chain.genesis).unwrap().status_proof(LogIndex(0)).unwrap();
}

#[test]
fn batches_are_found_by_id_and_by_issuer() {
    let folder = tempfile::tempdir().unwrap();
    let mut chain = Chain::new("batches");
    chain.grow_to(20);
    chain.export(folder.path(), u64::MAX).unwrap();
    let export = Export::open(folder.path(), &chain.genesis).unwrap();
    let mut first = 0;
    for (block, _) in &chain.blocks {
        for batch in &block.batches {
            let place = export.batch(&batch.id()).unwrap().unwrap();
            assert_eq!((place.height, place.first_index), (block.header.height, LogIndex(first)));
            let own = export.batch_of(&batch.batch().issuer, batch.batch().sequence).unwrap();
            assert_eq!(own, Some(place));
            assert_eq!(export.signed_batch(place).unwrap(), *batch);
            first += u64::from(place.entries);
        }
    }
    assert_eq!(first, chain.log.entries.len() as u64);
    assert_eq!(export.batch_of(&id(4), Sequence(0)).unwrap(), None);
    assert_eq!(export.batch(&sanad_core::hash::BatchId([1; 32])).unwrap(), None);
}
