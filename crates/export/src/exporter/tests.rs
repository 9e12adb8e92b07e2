//! Changes of validators. No rule makes one yet, so the headers that announce them are made here.

use sanad_core::execution::BlockBuilder;
use sanad_core::proof::{Finality, VALIDATOR_CHANGES_MAX};
use sanad_core::signature::SecretKey;
use sanad_core::trust::TrustAnchor;
use sanad_core::validators::{Validator, ValidatorSet};
use sanad_testkit::{certify, consensus_key, genesis, id};

use super::*;

fn exporter(folder: &Path, genesis: &Genesis) -> Exporter {
    let signer = CheckpointSigner::new(genesis, SecretKey::from_seed(&[200; 32])).unwrap();
    Exporter::open(folder, genesis, signer).unwrap()
}

/// The set that follows: in turn one of five members is left out.
fn successor(set: &ValidatorSet, first_height: Height) -> ValidatorSet {
    let left_out = format!("v{}", (set.number() + 1) % 5);
    let names = (0..5).map(|n| format!("v{n}")).filter(|name| *name != left_out);
    let validator = |name: String| Validator { member: id(&name), key: consensus_key(&name).public() };
    set.successor(first_height, names.map(validator).collect()).unwrap()
}

/// Adds blocks without batches up to a height; after each of `changes` another set decides.
fn grow(exporter: &mut Exporter, last: u64, changes: impl Fn(u64) -> bool) {
    while exporter.next_height().0 <= last {
        let height = exporter.next_height();
        let time_ms = exporter.state.head().time_ms + 1_000;
        let (mut block, mut execution) =
            BlockBuilder::new(&exporter.state, &View(exporter)).finish(0, time_ms).unwrap();
        if changes(height.0) {
            execution.next_validators = successor(exporter.state.validators(), height.next());
            block.header.next_validators_hash = execution.next_validators.hash();
            execution.header = block.header.clone();
            execution.hash = block.header.hash();
        }
        let certificate = certify(&block.header, exporter.state.validators(), &[0, 1, 2]);
        exporter.write(block, certificate, execution).unwrap();
    }
}

#[test]
fn every_set_is_proved_by_the_export() {
    let (folder, genesis) = (tempfile::tempdir().unwrap(), genesis());
    let anchor = TrustAnchor::new(&genesis).unwrap();
    let changes = |height| [7, 8, 20, 30].contains(&height);
    // Exported when the last header announces a change, and then on.
    for (last, expected) in [(5, 0), (8, 2), (9, 2), (30, 4), (40, 4)] {
        let mut exporter = exporter(folder.path(), &genesis);
        grow(&mut exporter, last, changes);
        exporter.finish().unwrap();
        let export = Export::open(folder.path(), &genesis).unwrap();
        assert_eq!(export.validator_changes().len(), expected);
        assert_eq!(export.next_validators().number(), expected as u32);
        anchor.verify_header(&export.head().header, &export.finality()).unwrap();
        export.member_proof(&id("v1")).unwrap().verify(&anchor).unwrap();
        let trusted = export.trust_file().verify(export.head().header.time_ms).unwrap();
        for height in 1..last {
            let header = export.header(Height(height)).unwrap().header;
            let proof = Finality::History(Box::new(export.history_proof(Height(height)).unwrap()));
            anchor.verify_header(&header, &proof).unwrap();
            trusted.verify_header(&header, &proof).unwrap();
        }
    }
}

#[test]
fn more_changes_than_a_proof_carries_need_the_trust_file() {
    let (folder, genesis) = (tempfile::tempdir().unwrap(), genesis());
    let last = VALIDATOR_CHANGES_MAX as u64 + 2;
    let mut exporter = exporter(folder.path(), &genesis);
    grow(&mut exporter, last, |_| true);
    exporter.finish().unwrap();
    let export = Export::open(folder.path(), &genesis).unwrap();
    assert_eq!(export.validator_changes().len() as u64, last);
    let (head, finality) = (export.head(), export.finality());
    assert_eq!(finality.validator_changes(), []);
    assert!(TrustAnchor::new(&genesis).unwrap().verify_header(&head.header, &finality).is_err());
    export.trust_file().verify(head.header.time_ms).unwrap().verify_header(&head.header, &finality).unwrap();
}
