//! Every decoder gives back what was encoded, refuses all else, and panics at nothing.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::sync::Arc;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use sanad_core::batch::{Batch, SignedBatch};
use sanad_core::block::{Block, BlockHeader, HEADER_BYTES};
use sanad_core::codec::{self, CodecError};
use sanad_core::document::DocumentKind;
use sanad_core::event::{Entry, Event};
use sanad_core::genesis::{GENESIS_BYTES_MAX, GENESIS_VERSION, Genesis, Parameters};
use sanad_core::hash::{BatchId, BlockHash, ChainId, Commitment, Root, ValidatorsHash};
use sanad_core::ids::{Height, LogIndex, LogSize, MemberId, Sequence};
use sanad_core::json_form;
use sanad_core::keyfile::{self, KdfParameters, KeyFileSummary};
use sanad_core::member::{ChainHead, MEMBER_RECORD_BYTES_MAX, Member, MemberRecord, Role};
use sanad_core::proof::{CompletenessHead, ConsistencyProof, IssuerBatch};
use sanad_core::receipt::{RECEIPT_MAGIC, Receipt};
use sanad_core::signature::{SecretKey, Signature};
use sanad_core::validators::{
    CERTIFICATE_BYTES_MAX, CommitCertificate, CommitSignature, VALIDATORS_MAX, Validator, ValidatorSet,
};
use support::Ledger;
use support::log::{completeness, consistency};
use support::synthetic::{self, DOCUMENT, Shape};

fn member_id() -> impl Strategy<Value = MemberId> {
    "[a-z0-9]([a-z0-9.-]{0,30}[a-z0-9])?".prop_map(|id| id.parse().unwrap())
}

fn event() -> impl Strategy<Value = Event> {
    let target = || any::<u64>().prop_map(LogIndex);
    prop_oneof![
        any::<[u8; 32]>().prop_map(|hash| Event::Issue { commitment: Commitment(hash) }),
        target().prop_map(|target| Event::Revoke { target }),
        target().prop_map(|target| Event::Suspend { target }),
        target().prop_map(|target| Event::Reinstate { target }),
    ]
}

fn batch() -> impl Strategy<Value = SignedBatch> {
    let fields = (any::<[u8; 32]>(), member_id(), any::<u64>(), any::<[u8; 32]>(), vec(event(), 1..20));
    fields.prop_map(|(chain, issuer, sequence, previous, events)| {
        let (chain_id, sequence, previous) = (ChainId(chain), Sequence(sequence), BatchId(previous));
        Batch { chain_id, issuer, sequence, previous, events }.sign(&SecretKey::from_seed(&[1; 32]))
    })
}

fn header() -> impl Strategy<Value = BlockHeader> {
    (any::<[[u8; 32]; 8]>(), any::<[u64; 3]>()).prop_map(|(hashes, [height, time_ms, size])| BlockHeader {
        version: 1,
        chain_id: ChainId(hashes[0]),
        height: Height(height),
        time_ms,
        previous: BlockHash(hashes[1]),
        batches_root: Root(hashes[2]),
        log_size: LogSize(size),
        log_root: Root(hashes[3]),
        status_root: Root(hashes[4]),
        registry_root: Root(hashes[5]),
        validators_hash: ValidatorsHash(hashes[6]),
        next_validators_hash: ValidatorsHash(hashes[7]),
    })
}

fn certificate() -> impl Strategy<Value = CommitCertificate> {
    let signature = (any::<u16>(), any::<[u8; 32]>(), any::<[u8; 32]>());
    (any::<u64>(), any::<u32>(), any::<[u8; 32]>(), vec(signature, 0..30)).prop_map(
        |(height, round, block, signatures)| {
            let signature = |(validator, r, s): ([u8; 2], [u8; 32], [u8; 32])| CommitSignature {
                validator: u16::from_be_bytes(validator),
                signature: Signature([r, s].concat().try_into().unwrap()),
            };
            let signatures =
                signatures.into_iter().map(|(place, r, s)| signature((place.to_be_bytes(), r, s))).collect();
            CommitCertificate { height: Height(height), round, block: BlockHash(block), signatures }
        },
    )
}

fn member() -> impl Strategy<Value = Member> {
    let role = prop_oneof![Just(Role::Observer), Just(Role::Issuer), Just(Role::Validator)];
    (member_id(), "[^\\x00]{1,30}", role, 0u64..1_000, prop::option::of(1_001u64..2_000)).prop_map(
        |(id, name, role, from, until)| Member {
            name,
            active_from: Height(from),
            active_until: until.map(Height),
            ..support::member(id.as_str(), role)
        },
    )
}

fn genesis() -> impl Strategy<Value = Genesis> {
    let limit = (256u32 << 10)..=(4 << 20);
    (".{1,30}", any::<u32>(), limit, vec(member(), 0..6)).prop_map(
        |(name, time, block_bytes_max, mut members)| {
            members.push(support::member("validator", Role::Validator));
            members.sort_by(|a, b| a.id.cmp(&b.id));
            members.dedup_by(|a, b| a.id == b.id);
            let parameters = Parameters { block_bytes_max };
            Genesis { version: GENESIS_VERSION, name, time_ms: time.into(), parameters, members }
        },
    )
}

/// The headers of a ledger with changes of its validators, and proofs as of its head.
fn proofs() -> impl Strategy<Value = (ConsistencyProof, CompletenessHead, Vec<IssuerBatch>)> {
    let blocks = vec((0usize..3, 1u64..9), 4..8);
    (blocks, any::<[prop::sample::Index; 2]>(), 0usize..3).prop_map(|(blocks, sizes, issuer)| {
        const ISSUERS: [&str; 3] = ["issuer", "v1", "v2"];
        let mut genesis = support::genesis();
        genesis.members.push(Member { active_from: Height(3), ..support::member("v4", Role::Validator) });
        let mut ledger = Ledger::of(genesis);
        let mut first = 0;
        for (by, count) in blocks {
            ledger.issue(ISSUERS[by], first..first + count);
            first += count;
        }
        let mut sizes = sizes.map(|size| 1 + size.index(first as usize) as u64);
        sizes.sort_unstable();
        let (head, batches) = completeness(&ledger, ISSUERS[issuer]);
        (consistency(&ledger, sizes[0], sizes[1]), head, batches)
    })
}

fn shape() -> impl Strategy<Value = Shape> {
    let sizes = (1u64..1 << 40, any::<u64>(), 1usize..24, 1u64..=4096, any::<u64>());
    (sizes, 0usize..4, any::<bool>(), any::<bool>(), 1usize..=128, 0usize..=64).prop_map(
        |(
            (entries, index, validators, members, member),
            changes,
            votes,
            is_json,
            name_bytes,
            status_bytes,
        )| {
            let issuer = if votes { "v002.ac.id" } else { "issuer" };
            Shape {
                entries,
                index: index % entries,
                validators,
                members,
                member: member % members,
                changes,
                issuer: issuer.into(),
                name_bytes,
                status_bytes,
                signatures: validators,
                document: if is_json { DocumentKind::Json } else { DocumentKind::Bytes },
            }
        },
    )
}

/// Cuts, extends and flips an encoding; `decode` must never give the same value for other bytes.
fn check_one_encoding<T: PartialEq, E>(
    bytes: &[u8],
    value: &T,
    at: prop::sample::Index,
    decode: impl Fn(&[u8]) -> Result<T, E>,
) -> Result<(), TestCaseError> {
    prop_assert!(decode(bytes).is_ok_and(|read| read == *value));
    let at = at.index(bytes.len());
    prop_assert!(decode(&bytes[..at]).is_err(), "cut at {at}");
    prop_assert!(decode(&[bytes, &[0]].concat()).is_err(), "extended");
    for bit in 0..8 {
        let mut flipped = bytes.to_vec();
        flipped[at] ^= 1 << bit;
        prop_assert!(!decode(&flipped).is_ok_and(|read| read == *value), "byte {at} has no meaning");
    }
    Ok(())
}

/// The same for a text: cut, it is none; with another field, neither.
fn check_one_text<T: PartialEq, E>(
    text: &str,
    value: &T,
    at: prop::sample::Index,
    read: impl Fn(&[u8]) -> Result<T, E>,
) -> Result<(), TestCaseError> {
    prop_assert!(read(text.as_bytes()).is_ok_and(|read| read == *value));
    prop_assert!(read(&text.as_bytes()[..at.index(text.trim_end().len())]).is_err());
    let (extended, doubled) = (text.replacen('{', "{\"unknown\":0,", 1), text.repeat(2));
    prop_assert!(read(extended.as_bytes()).is_err(), "extended");
    prop_assert!(read(doubled.as_bytes()).is_err(), "doubled");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn entries(issuer in member_id(), event in event(), at: prop::sample::Index) {
        let entry = Entry { issuer, event };
        check_one_encoding(&entry.encode(), &entry, at, Entry::decode)?;
    }

    #[test]
    fn batches(batch in batch(), at: prop::sample::Index) {
        check_one_encoding(batch.bytes(), &batch, at, SignedBatch::decode)?;
    }

    #[test]
    fn headers(header in header(), at: prop::sample::Index) {
        prop_assert_eq!(header.encode().len(), HEADER_BYTES);
        check_one_encoding(&header.encode(), &header, at, BlockHeader::decode)?;
        let json = serde_json::to_vec(&header).unwrap();
        prop_assert_eq!(serde_json::from_slice::<BlockHeader>(&json).unwrap(), header);
    }

    #[test]
    fn blocks(header in header(), batches in vec(batch(), 0..4), at: prop::sample::Index) {
        let block = Block { header, batches: batches.into_iter().map(Arc::new).collect() };
        let bytes = block.encode();
        check_one_encoding(&bytes, &block, at, |bytes| Block::decode(bytes, 1 << 20))?;
        let (actual, limit) = (bytes.len(), bytes.len() - 1);
        prop_assert_eq!(Block::decode(&bytes, limit), Err(CodecError::TooLong { actual, limit }));
    }

    #[test]
    fn certificates(certificate in certificate(), at: prop::sample::Index) {
        let bytes = codec::encode(&certificate);
        let decode = |bytes: &[u8]| codec::decode::<CommitCertificate>(bytes, CERTIFICATE_BYTES_MAX);
        check_one_encoding(&bytes, &certificate, at, decode)?;
        let json = serde_json::to_vec(&certificate).unwrap();
        prop_assert_eq!(serde_json::from_slice::<CommitCertificate>(&json).unwrap(), certificate);
    }

    #[test]
    fn records(member in member(), numbers: [u64; 2], last: [u8; 32], at: prop::sample::Index) {
        let [sequence, entries] = numbers;
        let chain = ChainHead { next_sequence: Sequence(sequence), last_batch: BatchId(last), entries };
        let record = MemberRecord { member, chain };
        let bytes = codec::encode(&record);
        prop_assert!(bytes.len() <= MEMBER_RECORD_BYTES_MAX);
        let decode = |bytes: &[u8]| codec::decode::<MemberRecord>(bytes, MEMBER_RECORD_BYTES_MAX);
        check_one_encoding(&bytes, &record, at, decode)?;
    }

    #[test]
    fn geneses(genesis in genesis(), at: prop::sample::Index) {
        prop_assert_eq!(genesis.check().map_err(|error| error.to_string()), Ok(()));
        prop_assert_eq!(&Genesis::from_json(genesis.to_json().as_bytes()).unwrap(), &genesis);
        let bytes = codec::encode(&genesis);
        check_one_encoding(&bytes, &genesis, at, |bytes| codec::decode(bytes, GENESIS_BYTES_MAX))?;
    }

    #[test]
    fn events(event in event(), at: prop::sample::Index) {
        check_one_encoding(&codec::encode(&event), &event, at, |bytes| codec::decode(bytes, 64))?;
    }

    #[test]
    fn validator_sets(seeds in btree_set(any::<u16>(), 1..=VALIDATORS_MAX), at: prop::sample::Index) {
        let validator = |seed: &u16| {
            let member: MemberId = format!("v{seed:05}").parse().unwrap();
            Validator { key: support::consensus_key(member.as_str()).public(), member }
        };
        let set = ValidatorSet::new(seeds.iter().map(validator).collect()).unwrap();
        let bytes = codec::encode(&set);
        check_one_encoding(&bytes, &set, at, |bytes| codec::decode(bytes, 1 << 20))?;
        let json = serde_json::to_vec(&set).unwrap();
        prop_assert_eq!(json_form::read::<ValidatorSet>(&json).unwrap(), set);
    }

    #[test]
    fn members(member in member()) {
        let json = serde_json::to_vec(&member).unwrap();
        prop_assert_eq!(json_form::read::<Member>(&json).unwrap(), member);
    }

    #[test]
    fn log_proofs((consistency, head, batches) in proofs(), at: prop::sample::Index) {
        let text = consistency.to_json();
        check_one_text(&text, &consistency, at, ConsistencyProof::from_json)?;
        check_one_text(&head.to_json(), &head, at, CompletenessHead::from_json)?;
        for batch in batches {
            check_one_text(&batch.to_json(), &batch, at, IssuerBatch::from_json)?;
        }
    }

    #[test]
    fn key_files(secret: [u8; 32], passphrase in vec(any::<u8>(), 1..99), purpose in "[a-z0-9-]{1,32}", at: prop::sample::Index) {
        let cheap = KdfParameters { memory_kib: 8, iterations: 1, lanes: 1 };
        let text = keyfile::seal(&secret, &passphrase, &purpose, cheap, [1; 16], [2; 24]).unwrap();
        let key = keyfile::open(&text, &passphrase).unwrap();
        prop_assert_eq!((*key.secret, &key.purpose), (secret, &purpose));
        prop_assert_eq!(key.public, SecretKey::from_seed(&secret).public().0);
        let shown = KeyFileSummary { purpose, public: key.public };
        check_one_text(&text, &shown, at, |text| keyfile::peek(std::str::from_utf8(text).unwrap()))?;
    }

    #[test]
    fn receipts(shape in shape(), at: prop::sample::Index) {
        let (anchor, receipt) = synthetic::receipt(&shape);
        let bytes = receipt.to_binary(&anchor).unwrap();
        let receipt = receipt.trimmed(&anchor);
        check_one_encoding(&bytes, &receipt, at, |bytes| Receipt::from_binary(bytes, &anchor))?;
        let json = receipt.to_json();
        for read in [Receipt::from_bytes(&bytes, &anchor), Receipt::from_bytes(json.as_bytes(), &anchor)] {
            let read = read.unwrap();
            prop_assert_eq!(&read, &receipt);
            prop_assert!(read.verify(DOCUMENT, &anchor).is_ok());
        }
        prop_assert_eq!(receipt.to_binary(&anchor).unwrap(), bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_bytes_panic(bytes in vec(any::<u8>(), 0..2_000), ones in 0usize..400) {
        let (anchor, _) = synthetic::receipt(&Shape::usual(1_000, 4));
        let started = |rest: &[u8]| [&RECEIPT_MAGIC[..], &[1], &anchor.chain_id.0[..8], rest].concat();
        let zeros = [&bytes[..ones.min(bytes.len())], &vec![0; 2_000]].concat();
        for bytes in [bytes.clone(), started(&bytes), started(&zeros)] {
            if let Ok(read) = Receipt::from_bytes(&bytes, &anchor) {
                prop_assert!(read.verify(DOCUMENT, &anchor).is_err());
            }
        }
        let _ = Block::decode(&bytes, 1 << 20);
        let _ = SignedBatch::decode(&bytes);
        let _ = Genesis::from_json(&bytes);
        let _ = codec::decode::<Genesis>(&bytes, GENESIS_BYTES_MAX);
        let _ = codec::decode::<CommitCertificate>(&bytes, CERTIFICATE_BYTES_MAX);
    }
}
