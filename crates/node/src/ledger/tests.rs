//! What the node proves at a block that changes the validators.

use std::sync::Arc;
use std::time::Duration;

use sanad_api::CredentialKey;
use sanad_core::batch::{Batch, NO_BATCH};
use sanad_core::event::Event;
use sanad_core::execution::BlockBuilder;
use sanad_core::genesis::{GENESIS_VERSION, Genesis, Parameters};
use sanad_core::hash::Commitment;
use sanad_core::ids::{LogIndex, Sequence};
use sanad_core::member::{Member, Role};
use sanad_core::proof::TrustAnchor;
use sanad_core::signature::SecretKey;
use sanad_core::validators::{CommitSignature, VoteKind, vote_message};
use sanad_storage::Options;

use super::*;

fn key(number: u8, purpose: u8) -> SecretKey {
    SecretKey::from_seed(&[16 * purpose + number; 32])
}

fn member(number: u8) -> Member {
    Member {
        id: format!("v{number}").parse().unwrap(),
        name: format!("University {number}"),
        role: Role::Validator,
        issuing_key: Some(key(number, 1).public()),
        consensus_key: Some(key(number, 2).public()),
        network_key: Some(key(number, 3).public()),
        active_from: Height(0),
        active_until: None,
    }
}

/// `v5` ends with block 2.
fn genesis() -> Genesis {
    let mut members: Vec<Member> = (1..=5).map(member).collect();
    members[4].active_until = Some(Height(3));
    Genesis {
        version: GENESIS_VERSION,
        name: "Test".into(),
        time_ms: 1_000,
        parameters: Parameters::default(),
        members,
    }
}

/// Commits a block with one issuance of `v1`, signed by `v1` to `v4`.
fn commit(ledger: &Ledger) {
    let state = ledger.current().state.clone();
    let chain = state.registry().record(&"v1".parse().unwrap()).unwrap().chain;
    let batch = Batch {
        chain_id: state.chain_id(),
        issuer: "v1".parse().unwrap(),
        sequence: chain.next_sequence,
        previous: if chain.next_sequence == Sequence(0) { NO_BATCH } else { chain.last_batch },
        events: vec![Event::Issue { commitment: Commitment([chain.next_sequence.0 as u8; 32]) }],
    };
    let mut builder = BlockBuilder::new(&state, &ledger.store);
    assert!(builder.add(Arc::new(batch.sign(&key(1, 1)))).is_ok());
    let (block, execution) = builder.finish(0, state.head().time_ms + 1).unwrap();
    let (height, hash) = (execution.header.height, execution.hash);
    let vote = vote_message(&state.chain_id(), VoteKind::Precommit, height, 0, Some(&execution.header.id()));
    let sign = |validator: u16| {
        let key = key(validator as u8 + 1, 2);
        CommitSignature { validator, signature: key.sign(&vote) }
    };
    let signatures = (0..4).map(sign).collect();
    let certificate = CommitCertificate { height, round: 0, block: hash, signatures };
    ledger.commit(&block, &certificate, &execution).unwrap();
}

#[test]
fn proofs_hold_before_at_and_after_a_change_of_the_validators() {
    let folder = tempfile::tempdir().unwrap();
    let (genesis, directory) = (genesis(), folder.path().join("ledger"));
    let anchor = TrustAnchor::new(&genesis).unwrap();
    let (store, state) = Store::create(&directory, &genesis, Options::default()).unwrap();
    let limits =
        PoolLimits { bytes_max: 1 << 20, batches_per_issuer_max: 8, age_max: Duration::from_secs(60) };
    let evidence = folder.path().join("evidence");
    let ledger = Ledger::new(genesis.clone(), store, state, limits, evidence.clone()).unwrap();
    let check = |ledger: &Ledger, validators: usize| {
        let proof = ledger.status_proof(&CredentialKey::Index(LogIndex(0))).unwrap();
        assert_eq!(proof.verify(&anchor).unwrap().validators, validators, "{}", proof.header.height);
    };
    for validators in [5, 5, 4, 4] {
        commit(&ledger);
        check(&ledger, validators);
    }
    ledger.close().unwrap();
    drop(ledger);

    // A node that starts at that very block.
    let directory = folder.path().join("again");
    let (store, state) = Store::create(&directory, &genesis, Options::default()).unwrap();
    let ledger = Ledger::new(genesis.clone(), store, state, limits, evidence.clone()).unwrap();
    commit(&ledger);
    commit(&ledger);
    ledger.close().unwrap();
    drop(ledger);
    let (store, state) = Store::open(&directory, &genesis, Options::default()).unwrap();
    let ledger = Ledger::new(genesis, store, state, limits, evidence).unwrap();
    check(&ledger, 5);
    commit(&ledger);
    check(&ledger, 4);
}
