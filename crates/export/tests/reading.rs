//! An export answers as the ledger would, and everything it answers is proved.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use sanad_core::batch::BatchChain;
use sanad_core::event::Event;
use sanad_core::ids::{Height, LogIndex, LogSize, Sequence};
use sanad_core::merkle::{self, Rfc6962};
use sanad_core::proof::{CompletenessVerifier, Finality};
use sanad_core::status::{CredentialStatus, Status};
use sanad_core::trust::TrustFile;
use sanad_export::{Export, ExportError};
use sanad_testkit::{commitment, id};
use support::{Chain, files, key};

fn exported(name: &str, height: u64) -> (Chain, tempfile::TempDir, Export) {
    let folder = tempfile::tempdir().unwrap();
    let mut chain = Chain::new(name);
    chain.grow_to(height);
    chain.export(folder.path(), u64::MAX).unwrap();
    let export = Export::open(folder.path(), &chain.ledger.genesis).unwrap();
    (chain, folder, export)
}

#[test]
fn it_answers_as_the_ledger_does() {
    let (chain, _folder, export) = exported("reading", 280);
    let (ledger, anchor) = (&chain.ledger, chain.ledger.anchor());
    let size = ledger.entries.len() as u64;
    assert!(size > 20_000, "{size}");
    for height in 1..=280 {
        let (block, certificate) = chain.block(height);
        let read = export.block(Height(height)).unwrap();
        assert_eq!(read.0.encode(), block.encode(), "block {height} byte for byte");
        assert_eq!(read.1, certificate);
        let header = export.header(Height(height)).unwrap();
        assert_eq!((&header.header, header.past), (&block.header, ledger.pasts[height as usize - 1]));
    }
    assert_eq!(export.entries(LogIndex(0), usize::MAX).unwrap(), ledger.entries);
    for index in (0..size).step_by(97).chain([0, 255, 256, size - 1]).map(LogIndex) {
        let proof = export.status_proof(index).unwrap();
        assert_eq!(proof.others_root, ledger.state.others_root());
        proof.verify(&anchor).unwrap();
        assert_eq!(proof.entry, ledger.entries[index.0 as usize]);
    }
    for (index, entry) in ledger.entries.iter().enumerate().step_by(61) {
        if let Event::Issue { commitment } = entry.event {
            let found = export.issuance(&entry.issuer, &commitment).unwrap();
            assert_eq!(found, Some(LogIndex(index as u64)));
            assert_eq!(export.issuance(&id("observer"), &commitment).unwrap(), None, "another's");
        }
    }
    let mut revoked = 0;
    for target in ledger.entries.iter().filter_map(|entry| entry.event.target()) {
        let proven = export.status_proof(target).unwrap().verify(&anchor).unwrap();
        assert_eq!(proven.status, CredentialStatus::Revoked);
        assert_eq!(ledger.state.status().status(target), Status::Revoked);
        revoked += 1;
    }
    assert!(revoked > 50);
    assert_eq!(export.issuance(&id("v1"), &commitment(u64::MAX)).unwrap(), None);

    anchor.verify_header(&export.head().header, &export.finality()).unwrap();
    for member in ["v0", "v3", "issuer", "observer"] {
        let proof = export.member_proof(&id(member)).unwrap();
        proof.verify(&anchor).unwrap();
        assert_eq!(proof.member.record, *ledger.state.registry().member(&id(member)).unwrap().record());
    }
    for (older, newer) in [(1, size), (255, 256), (257, 5_000), (size, size)] {
        export.consistency_proof(LogSize(older), LogSize(newer)).unwrap().verify(&anchor).unwrap();
    }
    let path = export.inclusion_path(LogIndex(300), LogSize(1_000)).unwrap();
    let root = export.log_root(LogSize(1_000)).unwrap();
    let leaf = ledger.entries[300].leaf_hash();
    merkle::verify_inclusion::<Rfc6962>(leaf, 300, 1_000, &path, &root.0).unwrap();
    export.verify_signatures(&key().public()).unwrap();
    let stranger = sanad_core::signature::SecretKey::from_seed(&[3; 32]).public();
    assert!(matches!(export.verify_signatures(&stranger), Err(ExportError::Note { .. })));
}

#[test]
fn lists_of_an_issuer_are_complete() {
    let (chain, _folder, export) = exported("completeness", 20);
    for member in ["v1", "v2", "issuer", "observer"] {
        let (head, runs) = export.completeness(&id(member)).unwrap();
        assert_eq!(head, {
            let (mut expected, _) = chain.ledger.completeness(member);
            expected.proof.finality = export.finality();
            expected
        });
        let mut verifier = CompletenessVerifier::new(head, &chain.ledger.anchor()).unwrap();
        let runs: Vec<_> = runs.collect::<Result<_, _>>().unwrap();
        runs.iter().for_each(|run| drop(verifier.add(run).unwrap()));
        let complete = verifier.finish().unwrap();
        let own = chain.ledger.entries.iter().filter(|entry| entry.issuer == id(member)).count();
        assert_eq!(complete.entries, own as u64);
        assert_eq!(runs, chain.ledger.completeness(member).1);
    }
    assert!(matches!(export.completeness(&id("nobody")), Err(ExportError::NoMember(_))));
}

#[test]
fn history_and_trust_files_come_from_the_export_alone() {
    let (chain, folder, export) = exported("history", 300);
    let (ledger, anchor) = (&chain.ledger, chain.ledger.anchor());
    assert_eq!(export.trust_file().anchor, ledger.trust_file().anchor);
    for height in [1, 2, 255, 256, 257, 299] {
        let proof = export.history_proof(Height(height)).unwrap();
        assert_eq!(proof, ledger.prove_history(height));
        let older = ledger.header(height);
        anchor.verify_header(older, &Finality::History(Box::new(proof))).unwrap();
        assert_eq!(export.seal(Height(height)).unwrap(), None, "no subtree of 2^16 is whole");
    }
    for height in [0, 300, 301] {
        let refused = export.history_proof(Height(height));
        assert!(matches!(refused, Err(ExportError::HeightBeyondHead { .. })), "{height}");
    }
    let files = files(folder.path());
    let now_ms = ledger.head().time_ms;
    let binary = TrustFile::from_bytes(&files["trust/300.trust"]).unwrap();
    let json = TrustFile::from_bytes(&files["trust/300.trust.json"]).unwrap();
    assert_eq!(json, ledger.trust_file());
    assert_eq!(json.to_binary(), files["trust/300.trust"]);
    for file in [binary, json] {
        let trusted = file.verify(now_ms).unwrap();
        // An old receipt needs nothing but the trust file and a place in its history.
        trusted
            .verify_header(
                ledger.header(7),
                &Finality::History(export.history_proof(Height(7)).unwrap().into()),
            )
            .unwrap();
    }
}

#[test]
fn beyond_the_export() {
    let (chain, _folder, export) = exported("beyond", 3);
    let size = chain.ledger.entries.len() as u64;
    for height in [Height(0), Height(4), Height(u64::MAX)] {
        assert!(matches!(export.block(height), Err(ExportError::HeightBeyondHead { .. })), "{height}");
    }
    for index in [LogIndex(size), LogIndex(u64::MAX)] {
        assert!(matches!(export.status_proof(index), Err(ExportError::IndexBeyondLog { .. })));
        let path = export.inclusion_path(index, LogSize(size));
        assert!(matches!(path, Err(ExportError::IndexBeyondLog { .. })));
    }
    let beyond = LogSize(size + 1);
    assert!(matches!(export.log_root(beyond), Err(ExportError::SizeBeyondLog { .. })));
    assert!(matches!(export.consistency_path(beyond, beyond), Err(ExportError::SizeBeyondLog { .. })));
    assert!(matches!(export.member(&id("nobody")), Err(ExportError::NoMember(_))));
}

#[test]
fn a_log_without_entries_is_exported() {
    let folder = tempfile::tempdir().unwrap();
    let mut chain = Chain::new("no entries");
    let empty = chain.export(folder.path(), 0);
    assert!(matches!(empty, Err(ExportError::Empty)), "{empty:?}");
    chain.grow(Vec::new());
    chain.export(folder.path(), 1).unwrap();
    let export = Export::open(folder.path(), &chain.ledger.genesis).unwrap();
    assert_eq!(export.head().header.log_size, LogSize(0));
    assert_eq!(export.issuance(&id("v1"), &commitment(0)).unwrap(), None);
    assert_eq!(export.block(Height(1)).unwrap(), chain.block(1));
    chain.grow_to(6);
    chain.export(folder.path(), 6).unwrap();
    Export::open(folder.path(), &chain.ledger.genesis).unwrap().status_proof(LogIndex(0)).unwrap();
}

#[test]
fn batches_are_found_by_id_and_by_issuer() {
    let (chain, _folder, export) = exported("batches", 20);
    for (batch, first_index) in &chain.ledger.batches {
        let place = export.batch(&batch.id()).unwrap().unwrap();
        assert_eq!(place.first_index, *first_index);
        let stated = batch.batch();
        let own = export.batch_of(&stated.issuer, stated.chain, stated.sequence).unwrap();
        assert_eq!(own, Some(place));
        assert_eq!(export.signed_batch(place).unwrap(), *batch);
    }
    let of = |member: &str, chain| export.batch_of(&id(member), chain, Sequence(0)).unwrap();
    assert_eq!(of("observer", BatchChain::Issuing), None);
    assert_eq!(of("v1", BatchChain::Governance), None);
    assert_eq!(export.batch(&sanad_core::hash::BatchId([1; 32])).unwrap(), None);
}
