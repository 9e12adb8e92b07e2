//! Golden values: one of each format, with its bytes or hash. A test that fails here means a format change:
//! bump the version of the format and say so in `docs/formats/`.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use sanad_core::batch::{BATCH_BYTES_MAX, Batch, NO_BATCH};
use sanad_core::block::{BlockHeader, HEADER_BYTES};
use sanad_core::codec;
use sanad_core::commitment::{ContentHash, Secret, SummaryHash};
use sanad_core::document::{self, DocumentKind};
use sanad_core::event::{Entry, Event};
use sanad_core::genesis::{GENESIS_VERSION, Genesis, Parameters};
use sanad_core::hash::{BatchId, BlockHash, ChainId, Commitment, Root, ValidatorsHash};
use sanad_core::ids::{Height, LogIndex, LogSize, Sequence};
use sanad_core::member::{ChainHead, Member, MemberRecord, Role};
use sanad_core::registry::Registry;
use sanad_core::signature::SecretKey;
use sanad_core::status::{Status, StatusTree};
use sanad_core::validators::{
    CommitCertificate, CommitSignature, Validator, ValidatorSet, VoteKind, vote_message,
};

fn key(byte: u8) -> SecretKey {
    SecretKey::from_seed(&[byte; 32])
}

fn genesis() -> Genesis {
    let member = Member {
        id: "ui.example".parse().unwrap(),
        name: "Universitas Contoh".into(),
        role: Role::Validator,
        issuing_key: Some(key(1).public()),
        consensus_key: Some(key(2).public()),
        network_key: Some(key(3).public()),
        active_from: Height(0),
        active_until: None,
    };
    Genesis {
        version: GENESIS_VERSION,
        name: "Contoh".into(),
        time_ms: 1_700_000_000_000,
        parameters: Parameters::default(),
        members: vec![member],
    }
}

fn batch() -> Batch {
    Batch {
        chain_id: ChainId([1; 32]),
        issuer: "ui.example".parse().unwrap(),
        sequence: Sequence(0),
        previous: NO_BATCH,
        events: vec![
            Event::Issue { commitment: Commitment([9; 32]) },
            Event::Revoke { target: LogIndex(258) },
        ],
    }
}

fn header() -> BlockHeader {
    BlockHeader {
        version: 1,
        chain_id: ChainId([1; 32]),
        height: Height(2),
        time_ms: 3,
        previous: BlockHash([4; 32]),
        batches_root: Root([5; 32]),
        log_size: LogSize(6),
        log_root: Root([7; 32]),
        status_root: Root([8; 32]),
        registry_root: Root([9; 32]),
        validators_hash: ValidatorsHash([10; 32]),
        next_validators_hash: ValidatorsHash([11; 32]),
    }
}

fn validators() -> ValidatorSet {
    let validator = |n: u8| Validator { member: format!("v{n}").parse().unwrap(), key: key(n).public() };
    ValidatorSet::new((1..=4).map(validator).collect()).unwrap()
}

/// What is hashed or stored of each format, in hexadecimal.
fn values() -> Vec<(&'static str, String)> {
    let digest = document::digest(DocumentKind::Json, br#"{"b":2,"a":1}"#).unwrap();
    let content = ContentHash::new(&Secret([7; 32]).content_key(), &digest);
    let issuer = "ui.example".parse().unwrap();
    let commitment =
        Commitment::new(&ChainId([1; 32]), &issuer, DocumentKind::Json, &SummaryHash::NONE, &content);
    let issue = Entry {
        issuer: "ui.example".parse().unwrap(),
        event: Event::Issue { commitment: Commitment([9; 32]) },
    };
    let signed = batch().sign(&key(1));
    let block = header().hash();
    let vote = vote_message(&ChainId([1; 32]), VoteKind::Precommit, Height(2), 1, Some(&block));
    let certificate = CommitCertificate {
        height: Height(2),
        round: 1,
        block,
        signatures: vec![CommitSignature { validator: 3, signature: key(4).sign(&vote) }],
    };
    let record = MemberRecord {
        member: genesis().members[0].clone(),
        chain: ChainHead { next_sequence: Sequence(1), last_batch: BatchId([2; 32]), entries: 3 },
    };
    let revoked = [(LogIndex(300), Status::Revoked), (LogIndex(2), Status::Suspended)];
    let mut status = StatusTree::default();
    let changes = status.change(&revoked.into_iter().collect());
    status.advance(changes);
    let mut registry = Registry::default();
    registry.set(record.clone());
    let hash = |bytes: &[u8]| blake3::hash(bytes).to_hex().to_string();
    vec![
        ("digest", hex::encode(digest)),
        ("commitment", commitment.to_string()),
        ("entry", hex::encode(issue.encode())),
        ("entry leaf", hex::encode(issue.leaf_hash())),
        ("batch id", signed.id().to_string()),
        ("batch", hex::encode(signed.bytes())),
        ("header", hash(&header().encode())),
        ("block hash", block.to_string()),
        ("vote", hex::encode(&vote)),
        ("certificate", hash(&codec::encode(&certificate))),
        ("validator set", validators().hash().to_string()),
        ("genesis", hash(&codec::encode(&genesis()))),
        ("chain id", genesis().chain_id().to_string()),
        ("member record", hash(&codec::encode(&record))),
        ("registry root", registry.root().to_string()),
        ("status root", status.root(LogSize(600)).to_string()),
        ("empty status root", status.root(LogSize(0)).to_string()),
    ]
}

#[test]
fn formats_have_not_changed() {
    let golden = include_str!("testdata/golden.txt");
    let actual: String = values().iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    assert_eq!(actual, golden, "format change: bump the version of the format, see docs/formats/");
    assert_eq!(header().encode().len(), HEADER_BYTES);
    assert_eq!((HEADER_BYTES, BATCH_BYTES_MAX), (281, 135_342), "stated in docs/formats/");
}

#[test]
fn documentation_shows_the_golden_values() {
    let golden = include_str!("testdata/golden.txt");
    let value = |name: &str| {
        let line = golden.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        line.unwrap().to_owned()
    };
    for (page, names) in [
        (include_str!("../../../docs/formats/commitment.md"), &["digest", "commitment"][..]),
        (include_str!("../../../docs/formats/entry.md"), &["entry", "entry leaf"]),
        (include_str!("../../../docs/formats/genesis.md"), &["chain id"]),
    ] {
        for name in names {
            assert!(page.contains(&value(name)), "the page no longer shows the {name}");
        }
    }
    let page = include_str!("../../../docs/formats/genesis.md");
    assert!(page.contains(genesis().to_json().trim()), "the page shows another genesis");
}
