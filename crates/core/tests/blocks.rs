//! Blocks: what a validator accepts as following from its state, and what it does not.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use sanad_core::block::{Block, BlockHeader, HEADER_BYTES};
use sanad_core::codec::CodecError;
use sanad_core::execution::{BlockError, apply};
use sanad_core::hash::{BlockHash, Root, ValidatorsHash};
use sanad_core::ids::{Height, LogSize};
use sanad_core::state::State;
use support::{Ledger, issue};

#[test]
fn every_header_field_must_match_the_execution() {
    let mut ledger = Ledger::new();
    ledger.issue("issuer", 0..10);
    let batch = ledger.signed("issuer", vec![issue(20)]);
    let (block, _) = ledger.build(vec![batch]);
    assert!(apply(&ledger.state, &ledger, &block).is_ok());
    type Change = fn(&mut BlockHeader);
    let changes: [(&str, Change); 9] = [
        ("chain_id", |h| h.chain_id.0[0] ^= 1),
        ("height", |h| h.height = Height(9)),
        ("previous", |h| h.previous = BlockHash([0; 32])),
        ("batches_root", |h| h.batches_root = Root([0; 32])),
        ("log_size", |h| h.log_size = LogSize(12)),
        ("log_root", |h| h.log_root.0[31] ^= 1),
        ("status_root", |h| h.status_root.0[31] ^= 1),
        ("registry_root", |h| h.registry_root.0[31] ^= 1),
        ("next_validators_hash", |h| h.next_validators_hash = ValidatorsHash([0; 32])),
    ];
    for (field, change) in changes {
        let mut bad = block.clone();
        change(&mut bad.header);
        match apply(&ledger.state, &ledger, &bad) {
            Err(BlockError::Header { field: found, .. }) => assert_eq!(found, field),
            other => unreachable!("{field}: {other:?}"),
        }
    }
    let mut late = block.clone();
    late.header.time_ms = ledger.state.head().time_ms;
    assert!(matches!(apply(&ledger.state, &ledger, &late), Err(BlockError::Time { .. })));
    let mut dropped = block;
    dropped.batches.clear();
    assert!(matches!(
        apply(&ledger.state, &ledger, &dropped),
        Err(BlockError::Header { field: "batches_root", .. })
    ));
}

#[test]
fn execution_is_the_same_everywhere() {
    let mut one = Ledger::new();
    let mut two = Ledger::new();
    for round in 0..20 {
        let batch = one.signed("issuer", (round * 50..round * 50 + 50).map(issue).collect());
        assert_eq!(one.commit(vec![batch.clone()]), two.commit(vec![batch]));
    }
    assert_eq!(one.state, two.state);
    assert_ne!(one.state, State::genesis(&one.genesis).unwrap());
}

#[test]
fn empty_blocks_move_time_alone() {
    let mut ledger = Ledger::new();
    let first = ledger.commit(vec![]);
    let second = ledger.commit(vec![]);
    assert_eq!(first.log_root, second.log_root);
    assert_eq!(second.previous, first.hash());
    assert_eq!(first.previous.0, ledger.state.chain_id().0);
}

#[test]
fn payloads_are_refused_unless_exact() {
    let mut ledger = Ledger::new();
    ledger.issue("issuer", 0..3);
    let batch = ledger.signed("issuer", vec![issue(7), issue(8)]);
    let bytes = ledger.build(vec![batch]).0.encode();
    assert!(Block::decode(&bytes, 1 << 20).is_ok());
    for cut in 0..bytes.len() {
        assert!(Block::decode(&bytes[..cut], 1 << 20).is_err(), "{cut}");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(Block::decode(&longer, 1 << 20), Err(CodecError::Trailing { excess: 1 }));
    assert_eq!(Block::decode(&bytes, 100), Err(CodecError::TooLong { actual: bytes.len(), limit: 100 }));
    let mut many = bytes.clone();
    many[HEADER_BYTES..HEADER_BYTES + 4].copy_from_slice(&u32::MAX.to_be_bytes());
    assert_eq!(Block::decode(&many, 1 << 20), Err(CodecError::Invalid { field: "batch count" }));
    let mut version = bytes;
    version[0] = 9;
    assert_eq!(Block::decode(&version, 1 << 20), Err(CodecError::Invalid { field: "header version" }));
}
