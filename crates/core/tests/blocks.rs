//! Blocks: what a validator accepts as following from its state, and what it does not.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use sanad_core::block::{
    Block, BlockHeader, HEADER_BYTES, HeaderError, LOG_SIZE_MAX, Past, TIME_MS_MAX, batches_root,
};
use sanad_core::codec::CodecError;
use sanad_core::execution::{BlockError, apply};
use sanad_core::hash::{BlockHash, PastHash, Root, ValidatorsHash};
use sanad_core::ids::{Height, LogSize};
use sanad_core::merkle::{Rfc6962, TreeHash};
use sanad_core::state::State;
use sanad_testkit::{Ledger, issue};

#[test]
fn every_header_field_must_match_the_execution() {
    let mut ledger = Ledger::new();
    ledger.issue("issuer", 0..10);
    let batch = ledger.signed("issuer", vec![issue(20)]);
    let (block, _) = ledger.build(vec![batch]);
    assert!(apply(&ledger.state, &ledger, &block).is_ok());
    type Change = fn(&mut BlockHeader);
    let changes: [(&str, Change); 9] = [
        ("version", |h| h.version.rules = 2),
        ("chain_id", |h| h.chain_id.0[0] ^= 1),
        ("height", |h| h.height = Height(9)),
        ("past", |h| h.past = PastHash([0; 32])),
        ("log_size", |h| h.log_size = LogSize(12)),
        ("log_root", |h| h.log_root.0[31] ^= 1),
        ("state_root", |h| h.state_root.0[31] ^= 1),
        ("validators_hash", |h| h.validators_hash = ValidatorsHash([0; 32])),
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
    for time_ms in [ledger.state.head().time_ms, TIME_MS_MAX + 1] {
        let mut late = block.clone();
        late.header.time_ms = time_ms;
        assert!(matches!(apply(&ledger.state, &ledger, &late), Err(BlockError::Time { .. })));
    }
    // Time and round are the proposer's; the round is part of what is voted for.
    let mut round = block.clone();
    round.header.round = 7;
    assert!(apply(&ledger.state, &ledger, &round).is_ok());
    assert_ne!(round.header.id(), block.header.id());
    let mut dropped = block;
    dropped.batches.clear();
    assert!(matches!(
        apply(&ledger.state, &ledger, &dropped),
        Err(BlockError::Header { field: "log_size", .. })
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
fn each_header_names_its_past() {
    let mut ledger = Ledger::new();
    let first = ledger.commit(vec![]);
    ledger.issue("issuer", 0..3);
    let third = ledger.commit(vec![]);
    assert_eq!(first.log_root, Root(Rfc6962::empty()));
    let mut previous = BlockHash(ledger.state.chain_id().0);
    for (block, past) in ledger.blocks.iter().zip(&ledger.pasts) {
        let history_root = Root(ledger.history_tree(block.header.height.0).root());
        let expected = Past { previous, history_root, batches_root: batches_root(&block.batches) };
        assert_eq!((*past, past.hash()), (expected, block.header.past));
        previous = block.header.hash();
    }
    // An empty block changes neither log nor state.
    let second = ledger.header(2);
    assert_eq!((second.log_root, second.state_root), (third.log_root, third.state_root));
    assert_ne!(first.state_root, third.state_root);
}

#[test]
fn no_block_has_such_a_header() {
    let mut ledger = Ledger::new();
    let header = ledger.issue("issuer", 0..3);
    type Change = fn(&mut BlockHeader);
    let cases: [(Change, HeaderError, &str); 4] = [
        (|h| h.version.layout = 2, HeaderError::Layout { actual: 2 }, "header layout"),
        (|h| h.height = Height::GENESIS, HeaderError::Height, "header height"),
        (|h| h.time_ms = TIME_MS_MAX + 1, HeaderError::Time { actual: TIME_MS_MAX + 1 }, "header time"),
        (
            |h| h.log_size = LogSize(LOG_SIZE_MAX + 1),
            HeaderError::LogSize { actual: LogSize(LOG_SIZE_MAX + 1) },
            "header log size",
        ),
    ];
    for (change, error, field) in cases {
        let mut bad = header.clone();
        change(&mut bad);
        assert_eq!(bad.check(), Err(error));
        assert_eq!(BlockHeader::decode(&bad.encode()), Err(CodecError::Invalid { field }));
    }
    let mut last = header;
    (last.time_ms, last.log_size, last.version.rules) = (TIME_MS_MAX, LogSize(LOG_SIZE_MAX), 255);
    assert_eq!(BlockHeader::decode(&last.encode()), Ok(last));
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
    assert_eq!(Block::decode(&version, 1 << 20), Err(CodecError::Invalid { field: "header layout" }));
}
