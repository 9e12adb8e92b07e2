//! Golden values: one of each format, with its bytes or hash. A test that fails here means a format change:
//! bump the version of the format and say so in `docs/formats/`.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use sanad_core::batch::{BATCH_BYTES_MAX, Batch, BatchChain, NO_BATCH};
use sanad_core::block::{BlockHeader, HEADER_BYTES, Past, ProtocolVersion};
use sanad_core::codec;
use sanad_core::commitment::{ContentHash, IssuanceKey, Secret, SummaryHash};
use sanad_core::document::{self, DocumentKind};
use sanad_core::event::{Entry, Event};
use sanad_core::genesis::{Genesis, agreement_message, fingerprint};
use sanad_core::governance::Governance;
use sanad_core::hash::{BatchId, BlockHash, ChainId, Commitment, PastHash, RestHash, Root, ValidatorsHash};
use sanad_core::history::fold_history;
use sanad_core::ids::{Height, LogIndex, LogSize, Sequence};
use sanad_core::member::{
    ChainHead, DailyCount, EventsHead, IndexRange, IssuerIdTerm, KeyPurpose, KeyTerm, Member, MemberRecord,
    MemberRest, MemberState, Role, Standing, possession_message,
};
use sanad_core::registry::Registry;
use sanad_core::signature::SecretKey;
use sanad_core::state_root::{others_root, parts, state_root};
use sanad_core::status::{Status, StatusTree};
use sanad_core::validators::{
    CommitCertificate, CommitSignature, Validator, ValidatorSet, VoteKind, vote_message,
};
use sanad_testkit::Consortium;
use support::page;

fn key(byte: u8) -> SecretKey {
    SecretKey::from_seed(&[byte; 32])
}

fn member() -> Member {
    Member {
        id: "ui.example".parse().unwrap(),
        name: "Universitas Contoh".into(),
        issuer_ids: vec!["https://ui.example".parse().unwrap()],
        addresses: vec!["node.ui.example:26656".into()],
        facts: vec![sanad_core::member::Fact { name: "accreditation".into(), value: "A".into() }],
        ..sanad_testkit::member("ui.example", Role::Validator)
    }
}

fn genesis() -> Genesis {
    Consortium::new().with_member(member()).genesis()
}

fn batch() -> Batch {
    Batch {
        chain_id: ChainId([1; 32]),
        issuer: "ui.example".parse().unwrap(),
        chain: BatchChain::Issuing,
        sequence: Sequence(0),
        previous: NO_BATCH,
        events: vec![
            Event::Issue { commitment: Commitment([9; 32]) },
            Event::Revoke { target: LogIndex(258) },
        ],
    }
}

fn past() -> Past {
    Past {
        previous: BlockHash([4; 32]),
        history_root: fold_history(1, &[], &[[5; 32]]).unwrap(),
        batches_root: Root([6; 32]),
    }
}

fn header() -> BlockHeader {
    BlockHeader {
        version: ProtocolVersion::CURRENT,
        chain_id: ChainId([1; 32]),
        height: Height(2),
        round: 1,
        time_ms: 3,
        log_size: LogSize(6),
        log_root: Root([7; 32]),
        state_root: Root([8; 32]),
        past: PastHash([9; 32]),
        validators_hash: ValidatorsHash([10; 32]),
        next_validators_hash: ValidatorsHash([11; 32]),
    }
}

fn validators() -> ValidatorSet {
    let validator = |n: u8| Validator { member: format!("v{n}").parse().unwrap(), key: key(n).public() };
    ValidatorSet::new(7, Height(300), (1..=4).map(validator).collect()).unwrap()
}

fn rest() -> MemberRest {
    let mut events = EventsHead::START;
    events.push(LogIndex(5), &[1; 32]);
    events.push(LogIndex(700), &[2; 32]);
    let (from, until) = (LogIndex(3), Some(LogIndex(9)));
    MemberRest {
        role: Role::Issuer,
        governance_threshold: 1,
        keys: vec![
            KeyTerm { purpose: KeyPurpose::Governance, key: key(1).public(), from: LogIndex(0), until: None },
            KeyTerm { purpose: KeyPurpose::Issuing, key: key(2).public(), from, until },
        ],
        issuing: ChainHead { next_sequence: Sequence(1), last_batch: BatchId([2; 32]) },
        governance: ChainHead { next_sequence: Sequence(0), last_batch: NO_BATCH },
        events,
        revoked: DailyCount { day: 19_675, count: 4 },
        addresses: member().addresses,
        facts: member().facts,
    }
}

fn record() -> MemberRecord {
    MemberRecord {
        id: "ui.example".parse().unwrap(),
        name: "Universitas Contoh".into(),
        standing: Standing::Suspended,
        since: Height(77),
        issuer_ids: vec![IssuerIdTerm {
            id: "https://ui.example".parse().unwrap(),
            from: LogIndex(0),
            until: Some(LogIndex(90)),
        }],
        disputed: vec![IndexRange { from: LogIndex(10), until: LogIndex(20) }],
        rest: rest().hash(),
    }
}

/// What is hashed or stored of each format, in hexadecimal.
fn values() -> Vec<(&'static str, String)> {
    let digest = document::digest(DocumentKind::Json, br#"{"b":2,"a":1}"#).unwrap();
    let content = ContentHash::new(&Secret([7; 32]).content_key(), &digest);
    let issuer = "ui.example".parse().unwrap();
    let commitment =
        Commitment::new(&ChainId([1; 32]), &issuer, DocumentKind::Json, &SummaryHash::NONE, &content);
    let issue = Entry { issuer: issuer.clone(), event: Event::Issue { commitment: Commitment([9; 32]) } };
    let signed = batch().sign(&key(1));
    let block = header().id();
    let vote = vote_message(&ChainId([1; 32]), VoteKind::Precommit, Height(2), 1, Some(&block));
    let nil = vote_message(&ChainId([1; 32]), VoteKind::Prevote, Height(2), 1, None);
    let certificate = CommitCertificate {
        height: Height(2),
        round: 1,
        block: block.hash,
        signatures: vec![CommitSignature { validator: 3, signature: key(4).sign(&vote) }],
    };
    let changed = [(2, Status::Suspended), (3, Status::Confirmed), (300, Status::Revoked)];
    let mut status = StatusTree::default();
    let changes = status.change(&changed.map(|(index, status)| (LogIndex(index), status)).into());
    status.advance(changes);
    let state = MemberState::new(record(), rest()).unwrap();
    let registry = Registry::new([state.clone()]);
    let parts = parts(&Governance::default(), &genesis().parameters);
    let (status_root, members_root) = (status.root(LogSize(600)), registry.root());
    let hash = |bytes: &[u8]| blake3::hash(bytes).to_hex().to_string();
    vec![
        ("digest", hex::encode(digest)),
        ("commitment", commitment.to_string()),
        ("issuance key", IssuanceKey::new(&issuer, &commitment).to_string()),
        ("entry", hex::encode(issue.encode())),
        ("entry leaf", hex::encode(issue.leaf_hash())),
        ("batch id", signed.id().to_string()),
        ("batch", hex::encode(signed.bytes())),
        ("batch leaf", hex::encode(signed.tree_leaf())),
        ("header", hex::encode(header().encode())),
        ("block hash", block.hash.to_string()),
        ("past", past().hash().to_string()),
        ("vote", hex::encode(&vote)),
        ("vote for nil", hex::encode(&nil)),
        ("certificate", hash(&codec::encode(&certificate))),
        ("key name", key(1).public().name().to_string()),
        ("validator set", hex::encode(codec::encode(&validators()))),
        ("validators hash", validators().hash().to_string()),
        ("genesis", hash(&codec::encode(&genesis()))),
        ("chain id", genesis().chain_id().to_string()),
        ("fingerprint", fingerprint(&genesis().chain_id())),
        ("possession message", hex::encode(possession_message(&genesis().invitation(), &member()))),
        ("agreement message", hex::encode(agreement_message(&genesis().chain_id()))),
        ("member record", hex::encode(codec::encode(&record()))),
        ("member rest", hex::encode(codec::encode(&rest()))),
        ("rest hash", rest().hash().to_string()),
        ("member events", hex::encode(rest().events.head)),
        ("member state", hash(&codec::encode(&state))),
        ("members root", members_root.to_string()),
        ("status root", status_root.to_string()),
        ("empty status root", status.root(LogSize(0)).to_string()),
        ("parameters", genesis().parameters.root().to_string()),
        ("others root", others_root(&parts).to_string()),
        ("state root", state_root(&status_root, &members_root, &others_root(&parts)).to_string()),
        (
            "history root",
            fold_history(3 << 16 | 5, &[[1; 32], [2; 32], [3; 32]], &[[4; 32], [5; 32]]).unwrap().to_string(),
        ),
    ]
}

#[test]
fn formats_have_not_changed() {
    let actual: String = values().iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    page::check_file("golden.txt", &actual);
    assert_eq!(header().encode().len(), HEADER_BYTES);
    assert_eq!((HEADER_BYTES, BATCH_BYTES_MAX), (222, 135_344), "stated in docs/formats/");
    assert_eq!(values().iter().find(|(name, _)| *name == "vote").unwrap().1.len(), 2 * 95);
}

#[test]
fn rests_are_hashed_with_names_of_keys() {
    // As docs/formats/member.md says, written out.
    let encoded = codec::encode(&rest());
    let mut hashed = encoded[..2 + 4].to_vec();
    let mut read = 2 + 4;
    for term in &rest().keys {
        let length = 1 + 33 + 8 + if term.until.is_some() { 9 } else { 1 };
        hashed.push(encoded[read]);
        let name = blake3::derive_key("sanad/v1 key", &[&[0], &term.key.0[..]].concat());
        hashed.extend_from_slice(&name);
        hashed.extend_from_slice(&encoded[read + 34..read + length]);
        read += length;
    }
    hashed.extend_from_slice(&encoded[read..]);
    assert_eq!(rest().hash(), RestHash(blake3::derive_key("sanad/v1 member rest", &hashed)));
}

#[test]
fn roots_are_those_of_the_page() {
    // The rule texts, written out with blake3 alone.
    let derive = |context: &str, parts: &[&[u8]]| blake3::derive_key(context, &parts.concat());
    let registry = Registry::new([MemberState::new(record(), rest()).unwrap()]);
    let leaf = derive("sanad/v1 member leaf", &[&codec::encode(&record())]);
    let members = derive("sanad/v1 members", &[&1u64.to_be_bytes(), &leaf]);
    assert_eq!(registry.root(), Root(members));
    let parameters = genesis().parameters;
    let root = derive("sanad/v1 parameters", &[&codec::encode(&parameters)]);
    let mut level: Vec<[u8; 32]> = (0u8..8)
        .map(|number| {
            let (count, root) = if number == 1 { (1u64, root) } else { (0, [0; 32]) };
            derive("sanad/v1 part", &[&[number], &count.to_be_bytes(), &root])
        })
        .collect();
    while level.len() > 1 {
        level = level.chunks(2).map(|pair| derive("sanad/v1 parts node", &[&pair[0], &pair[1]])).collect();
    }
    assert_eq!(others_root(&parts(&Governance::default(), &parameters)), Root(level[0]));
    let node = |left: &[u8; 32], right: &[u8; 32]| derive("sanad/v1 state node", &[left, right]);
    let state = node(&node(&[1; 32], &[2; 32]), &[3; 32]);
    assert_eq!(state_root(&Root([1; 32]), &Root([2; 32]), &Root([3; 32])), Root(state));
    let Past { previous, history_root, batches_root } = past();
    let hash = derive("sanad/v1 past", &[&previous.0, &history_root.0, &batches_root.0]);
    assert_eq!(past().hash(), PastHash(hash));
    let hash = derive("sanad/v1 block header", &[&header().encode()]);
    assert_eq!(header().hash(), BlockHash(hash));
    let none = derive("sanad/v1 batches", &[&0u64.to_be_bytes(), &derive("sanad/v1 batches node", &[])]);
    assert_eq!(sanad_core::block::batches_root(&[]), Root(none));
}
