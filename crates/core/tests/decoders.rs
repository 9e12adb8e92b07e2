//! Every decoder gives back what was encoded, refuses all else, and panics at nothing.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::Arc;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use sanad_core::batch::{Batch, BatchChain, SignedBatch};
use sanad_core::block::{Block, BlockHeader, HEADER_BYTES, LOG_SIZE_MAX, ProtocolVersion, TIME_MS_MAX};
use sanad_core::codec::{self, CodecError};
use sanad_core::commitment::{OPENING_BYTES_MAX, Opening};
use sanad_core::document::DocumentKind;
use sanad_core::event::{ENTRY_BYTES_MAX, Entry, Event};
use sanad_core::genesis::{GENESIS_BYTES_MAX, GENESIS_VERSION, Genesis, Nonce, Parameters};
use sanad_core::governance::{Admission, Change, Proposal};
use sanad_core::hash::{BatchId, BlockHash, ChainId, Commitment, PastHash, ProposalId, Root, ValidatorsHash};
use sanad_core::ids::{Height, LogIndex, LogSize, MemberId, Sequence};
use sanad_core::json_form;
use sanad_core::keyfile::{self, KdfParameters, KeyFileSummary};
use sanad_core::member::{
    ChainHead, DailyCount, EventsHead, IndexRange, IssuerIdTerm, KeyPurpose, KeyTerm,
    MEMBER_RECORD_BYTES_MAX, Member, MemberFile, MemberRecord, MemberRest, MemberState, Role, Standing,
};
use sanad_core::proof::{CompletenessHead, ConsistencyProof, EntryRun, Finality, MemberProof};
use sanad_core::receipt::{RECEIPT_MAGIC, Receipt};
use sanad_core::signature::{SecretKey, Signature};
use sanad_core::summary::Summary;
use sanad_core::trust::{TRUST_FILE_MAGIC, TrustFile};
use sanad_core::validators::{
    CERTIFICATE_BYTES_MAX, CommitCertificate, CommitSignature, VALIDATORS_MAX, Validator, ValidatorSet,
};
use sanad_testkit::{self as testkit, Body, Chain, DOCUMENT, Ledger, Shape, sign_genesis};

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
        target().prop_map(|target| Event::Confirm { target }),
        any::<[u8; 32]>().prop_map(|id| Event::Approve { proposal: ProposalId(id) }),
        vec(text(), 0..4).prop_map(|addresses| Event::SetAddresses { addresses }),
        (member(), any::<(u64, u64)>()).prop_map(|(member, (expires, effective))| {
            let possession = vec![SecretKey::from_seed(&[2; 32]).sign(b"possession"); 3];
            let change = Change::Admit(Box::new(Admission { member, possession }));
            let (expires, effective) = (Height(expires), Height(effective));
            Event::Propose(Box::new(Proposal { change, expires, effective }))
        }),
        Just(Event::Freeze),
    ]
}

fn batch() -> impl Strategy<Value = SignedBatch> {
    let fields = (any::<[u8; 32]>(), member_id(), any::<u64>(), any::<[u8; 32]>(), vec(event(), 1..20));
    fields.prop_map(|(chain, issuer, sequence, previous, events)| {
        let which = if sequence % 2 == 0 { BatchChain::Issuing } else { BatchChain::Governance };
        let (chain_id, sequence, previous) = (ChainId(chain), Sequence(sequence), BatchId(previous));
        Batch { chain_id, issuer, chain: which, sequence, previous, events }
            .sign(&SecretKey::from_seed(&[1; 32]))
    })
}

fn header() -> impl Strategy<Value = BlockHeader> {
    (any::<[[u8; 32]; 6]>(), 1u64.., 0..=TIME_MS_MAX, 0..=LOG_SIZE_MAX, any::<(u8, u32)>()).prop_map(
        |(hashes, height, time_ms, size, (rules, round))| BlockHeader {
            version: ProtocolVersion { rules, ..ProtocolVersion::CURRENT },
            chain_id: ChainId(hashes[0]),
            height: Height(height),
            round,
            time_ms,
            log_size: LogSize(size),
            log_root: Root(hashes[1]),
            state_root: Root(hashes[2]),
            past: PastHash(hashes[3]),
            validators_hash: ValidatorsHash(hashes[4]),
            next_validators_hash: ValidatorsHash(hashes[5]),
        },
    )
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

fn text() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9 .äß語]{1,30}"
}

fn member() -> impl Strategy<Value = Member> {
    let role = prop_oneof![Just(Role::Observer), Just(Role::Issuer), Just(Role::Validator)];
    (member_id(), text(), role, vec(text(), 0..3), btree_set("[a-z]{1,9}", 0..3)).prop_map(
        |(id, name, role, addresses, hosts)| Member {
            name,
            addresses,
            issuer_ids: hosts.iter().map(|host| format!("https://{host}/{id}").parse().unwrap()).collect(),
            ..testkit::member(id.as_str(), role)
        },
    )
}

fn genesis() -> impl Strategy<Value = Genesis> {
    let (block_bytes, heartbeat) = ((256u32 << 10)..=(4 << 20), 1_000u32..=300_000);
    (text(), any::<[u8; 32]>(), block_bytes, heartbeat, vec(member(), 0..6)).prop_map(
        |(name, nonce, block_bytes_max, heartbeat_ms, mut members)| {
            members.push(testkit::member("validator", Role::Validator));
            members.sort_by(|a, b| a.id.cmp(&b.id));
            members.dedup_by(|a, b| a.id == b.id);
            let parameters = Parameters { block_bytes_max, heartbeat_ms, ..Parameters::default() };
            let mut genesis = Genesis {
                version: GENESIS_VERSION,
                name,
                nonce: Nonce(nonce),
                log_origin: "example.org/log".into(),
                predecessor: None,
                parameters,
                members,
                signatures: Default::default(),
            };
            sign_genesis(&mut genesis);
            genesis
        },
    )
}

fn rest() -> impl Strategy<Value = MemberRest> {
    let term = (0usize..4, any::<[u8; 32]>(), any::<u64>(), prop::option::of(any::<u64>()));
    let term = term.prop_map(|(purpose, seed, from, until)| KeyTerm {
        purpose: [KeyPurpose::Governance, KeyPurpose::Issuing, KeyPurpose::Consensus, KeyPurpose::Network]
            [purpose],
        key: SecretKey::from_seed(&seed).public(),
        from: LogIndex(from),
        until: until.map(LogIndex),
    });
    (member(), vec(term, 0..5), any::<[u64; 3]>(), any::<[[u8; 32]; 3]>(), any::<[u32; 2]>()).prop_map(
        |(member, keys, numbers, hashes, [day, count])| {
            let head =
                |n: usize| ChainHead { next_sequence: Sequence(numbers[n]), last_batch: BatchId(hashes[n]) };
            MemberRest {
                role: member.role,
                governance_threshold: member.governance_threshold,
                keys,
                issuing: head(0),
                governance: head(1),
                events: EventsHead { count: numbers[2], head: hashes[2] },
                revoked: DailyCount { day, count },
                addresses: member.addresses,
                facts: member.facts,
            }
        },
    )
}

fn state() -> impl Strategy<Value = MemberState> {
    let ranges = vec(any::<[u64; 2]>(), 0..=8);
    let terms = vec(("[a-z]{1,120}", any::<u64>(), prop::option::of(any::<u64>())), 0..4);
    (member_id(), text(), 0usize..4, any::<u64>(), ranges, terms, rest()).prop_map(
        |(id, name, standing, since, ranges, terms, rest)| {
            let record = MemberRecord {
                id,
                name,
                standing: [Standing::Active, Standing::Frozen, Standing::Suspended, Standing::Retired]
                    [standing],
                since: Height(since),
                issuer_ids: terms
                    .into_iter()
                    .map(|(host, from, until)| IssuerIdTerm {
                        id: format!("https://{host}").parse().unwrap(),
                        from: LogIndex(from),
                        until: until.map(LogIndex),
                    })
                    .collect(),
                disputed: ranges
                    .into_iter()
                    .map(|[from, until]| IndexRange { from: LogIndex(from), until: LogIndex(until) })
                    .collect(),
                rest: rest.hash(),
            };
            MemberState::new(record, rest).unwrap()
        },
    )
}

/// A trust file of a chain with changes of its validators, and a receipt with each finality.
fn chain() -> impl Strategy<Value = (TrustFile, Vec<Receipt>)> {
    (1usize..6, vec(1u64..6, 0..6), any::<prop::sample::Index>(), 0usize..=64).prop_map(
        |(validators, steps, at, status_bytes)| {
            let mut chain = Chain::new(validators);
            let shape = Shape { status_bytes, ..Shape::usual(5_000, validators) };
            let body = Body::new(&shape, &chain.genesis.chain_id());
            let height = chain.enter(&body);
            for step in steps {
                chain.extend_to(chain.height() + step);
                chain.announce();
            }
            chain.extend_to(chain.height() + 2);
            let newer = 2 + at.index(chain.height() as usize - 1) as u64;
            let history = Finality::History(Box::new(chain.history_proof(height, newer, 0)));
            let receipts = [chain.certified(height, 0), history]
                .map(|finality| body.receipt(chain.header(height), finality));
            (chain.trust_file(newer), receipts.to_vec())
        },
    )
}

/// Proofs as of the head of a ledger.
fn proofs() -> impl Strategy<Value = (ConsistencyProof, MemberProof, CompletenessHead, Vec<EntryRun>)> {
    let blocks = vec((0usize..3, 1u64..9), 4..8);
    (blocks, any::<[prop::sample::Index; 2]>(), 0usize..3).prop_map(|(blocks, sizes, issuer)| {
        const ISSUERS: [&str; 3] = ["issuer", "v1", "v2"];
        let mut ledger = Ledger::new();
        let mut first = 0;
        for (by, count) in blocks {
            ledger.issue(ISSUERS[by], first..first + count);
            first += count;
        }
        let mut sizes = sizes.map(|size| 1 + size.index(first as usize) as u64);
        sizes.sort_unstable();
        let (head, runs) = ledger.completeness(ISSUERS[issuer]);
        (ledger.consistency(sizes[0], sizes[1]), head.proof.clone(), head, runs)
    })
}

fn shape() -> impl Strategy<Value = Shape> {
    let sizes = (1u64..=LOG_SIZE_MAX, any::<u64>(), 1usize..24, 1u64..=4096, any::<u64>());
    let lists = (0usize..4, 1usize..=128, 0usize..=64, 0usize..4, 0usize..=8);
    let summary = prop_oneof![Just(0usize), 4usize..=240];
    (sizes, lists, summary, 0usize..3).prop_map(
        |(
            (entries, index, validators, members, member),
            (changes, name_bytes, status_bytes, issuer_ids, disputed),
            summary_bytes,
            kind,
        )| Shape {
            entries,
            index: index % entries,
            validators,
            members,
            member: member % members,
            changes,
            issuer: "issuer".into(),
            name_bytes,
            issuer_ids,
            issuer_id_bytes: 9 + name_bytes % 120,
            disputed,
            status_bytes,
            summary_bytes,
            signatures: validators,
            document: [DocumentKind::Json, DocumentKind::Bytes, DocumentKind::Json][kind],
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
    fn member_states(state in state(), at: prop::sample::Index) {
        let record = state.record().clone();
        let bytes = codec::encode(&record);
        prop_assert!(bytes.len() <= MEMBER_RECORD_BYTES_MAX);
        let decode = |bytes: &[u8]| codec::decode::<MemberRecord>(bytes, MEMBER_RECORD_BYTES_MAX);
        check_one_encoding(&bytes, &record, at, decode)?;
        let decode = |bytes: &[u8]| codec::decode::<MemberState>(bytes, codec::CODEC_BYTES_MAX);
        check_one_encoding(&codec::encode(&state), &state, at, decode)?;
        let rest = state.rest().clone();
        prop_assert_eq!(rest.check(&record.id), Ok(()));
        let decode = |bytes: &[u8]| codec::decode::<MemberRest>(bytes, codec::CODEC_BYTES_MAX);
        check_one_encoding(&codec::encode(&rest), &rest, at, decode)?;
        let json = serde_json::to_vec(&state).unwrap();
        prop_assert_eq!(serde_json::from_slice::<MemberState>(&json).unwrap(), state);
    }

    #[test]
    fn geneses(genesis in genesis(), at: prop::sample::Index) {
        prop_assert_eq!(genesis.check().map_err(|error| error.to_string()), Ok(()));
        prop_assert_eq!(genesis.check_signatures().map_err(|error| error.to_string()), Ok(()));
        prop_assert_eq!(&Genesis::from_json(genesis.to_json().as_bytes()).unwrap(), &genesis);
        let bytes = codec::encode(&genesis);
        let genesis = Genesis { signatures: Default::default(), ..genesis };
        check_one_encoding(&bytes, &genesis, at, |bytes| codec::decode(bytes, GENESIS_BYTES_MAX))?;
    }

    #[test]
    fn events(event in event(), at: prop::sample::Index) {
        check_one_encoding(&codec::encode(&event), &event, at, |bytes| codec::decode(bytes, ENTRY_BYTES_MAX))?;
    }

    #[test]
    fn validator_sets(seeds in btree_set(any::<u16>(), 1..=VALIDATORS_MAX), at: prop::sample::Index) {
        let validator = |seed: &u16| {
            let member: MemberId = format!("v{seed:05}").parse().unwrap();
            Validator { key: testkit::consensus_key(member.as_str()).public(), member }
        };
        let (number, first) = if *seeds.first().unwrap() % 2 == 0 { (0, 1) } else { (u32::MAX, (1 << 53) - 1) };
        let set = ValidatorSet::new(number, Height(first), seeds.iter().map(validator).collect()).unwrap();
        let bytes = codec::encode(&set);
        check_one_encoding(&bytes, &set, at, |bytes| codec::decode(bytes, 1 << 20))?;
        let json = serde_json::to_vec(&set).unwrap();
        prop_assert_eq!(json_form::read::<ValidatorSet>(&json).unwrap(), set);
    }

    #[test]
    fn members(member in member(), nonce: [u8; 32], at: prop::sample::Index) {
        let json = serde_json::to_vec(&member).unwrap();
        prop_assert_eq!(&json_form::read::<Member>(&json).unwrap(), &member);
        let genesis = Genesis { nonce: Nonce(nonce), ..testkit::genesis() };
        let signatures = testkit::agree(&genesis, &member).possession;
        let file = MemberFile::new(genesis.invitation(), member, signatures);
        check_one_text(&file.to_json(), &file, at, MemberFile::from_json)?;
    }

    #[test]
    fn log_proofs((consistency, member, head, runs) in proofs(), at: prop::sample::Index) {
        check_one_text(&consistency.to_json(), &consistency, at, ConsistencyProof::from_json)?;
        let text = serde_json::to_string(&member).unwrap();
        check_one_text(&text, &member, at, json_form::read::<MemberProof>)?;
        check_one_text(&head.to_json(), &head, at, CompletenessHead::from_json)?;
        for run in runs {
            check_one_text(&run.to_json(), &run, at, EntryRun::from_json)?;
        }
    }

    #[test]
    fn trust_files((file, receipts) in chain(), at: prop::sample::Index) {
        check_one_text(&file.to_json(), &file, at, TrustFile::from_bytes)?;
        let unsigned = TrustFile { genesis: Genesis { signatures: Default::default(), ..file.genesis.clone() }, ..file.clone() };
        check_one_encoding(&file.to_binary(), &unsigned, at, TrustFile::from_bytes)?;
        let anchor = file.verify(file.anchor.header.time_ms).unwrap();
        prop_assert_eq!(&unsigned.verify(file.anchor.header.time_ms).unwrap(), &anchor);
        let genesis = sanad_core::trust::TrustAnchor::new(&file.genesis).unwrap();
        for receipt in receipts {
            let written = receipt.to_binary(&genesis).unwrap();
            // Read with the genesis or with the trust file, it is the same receipt.
            for anchor in [&genesis, &anchor] {
                let read = Receipt::from_binary(&written, anchor).unwrap();
                prop_assert_eq!(&read, &receipt);
            }
            check_one_encoding(&written, &receipt, at, |bytes| Receipt::from_binary(bytes, &anchor))?;
            check_one_text(&receipt.to_json(), &receipt, at, Receipt::from_json)?;
        }
    }

    #[test]
    fn openings(shape in shape(), at: prop::sample::Index) {
        let (_, receipt) = testkit::receipt(&Shape { changes: 0, validators: 1, signatures: 1, ..shape });
        let digest = [7; 32];
        let opening = receipt.opening;
        let all = [Some(opening.clone()), opening.to_paper(&digest), opening.to_closed_summary()];
        for opening in all.into_iter().flatten() {
            let bytes = codec::encode(&opening);
            prop_assert!(bytes.len() <= OPENING_BYTES_MAX);
            check_one_encoding(&bytes, &opening, at, |bytes| codec::decode::<Opening>(bytes, OPENING_BYTES_MAX))?;
            if let Some(summary) = opening.summary() {
                check_one_encoding(&summary.encode(), summary, at, Summary::decode)?;
            }
            let text = serde_json::to_string(&opening).unwrap();
            check_one_text(&text, &opening, at, json_form::read::<Opening>)?;
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
        let (anchor, receipt) = testkit::receipt(&shape);
        let bytes = receipt.to_binary(&anchor).unwrap();
        let receipt = receipt.trimmed(&anchor);
        check_one_encoding(&bytes, &receipt, at, |bytes| Receipt::from_binary(bytes, &anchor))?;
        let json = receipt.to_json();
        for read in [Receipt::from_bytes(&bytes, &anchor), Receipt::from_bytes(json.as_bytes(), &anchor)] {
            let read = read.unwrap();
            prop_assert_eq!(&read, &receipt);
            prop_assert!(read.verify(Some(DOCUMENT), &anchor).is_ok());
        }
        prop_assert_eq!(receipt.to_binary(&anchor).unwrap(), bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_bytes_panic(bytes in vec(any::<u8>(), 0..2_000), flags in any::<u8>(), ones in 0usize..400) {
        let (anchor, _) = testkit::receipt(&Shape::usual(1_000, 4));
        let started =
            |rest: &[u8]| [&RECEIPT_MAGIC[..], &[1], &anchor.chain_id.0[..8], &[flags & 0x7e], rest].concat();
        let zeros = [&bytes[..ones.min(bytes.len())], &vec![0; 2_000]].concat();
        for bytes in [bytes.clone(), started(&bytes), started(&zeros)] {
            if let Ok(read) = Receipt::from_bytes(&bytes, &anchor) {
                prop_assert!(read.verify(Some(DOCUMENT), &anchor).is_err());
                prop_assert!(read.to_binary(&anchor).is_err());
                let _ = read.trimmed(&anchor);
            }
        }
        for bytes in [&bytes[..], &[&TRUST_FILE_MAGIC[..], &[1], &bytes].concat()] {
            prop_assert!(TrustFile::from_bytes(bytes).is_err());
        }
        let _ = Block::decode(&bytes, 1 << 20);
        let _ = SignedBatch::decode(&bytes);
        let _ = Genesis::from_json(&bytes);
        let _ = MemberFile::from_json(&bytes);
        let _ = Summary::decode(&bytes);
        let _ = codec::decode::<Genesis>(&bytes, GENESIS_BYTES_MAX);
        let _ = codec::decode::<CommitCertificate>(&bytes, CERTIFICATE_BYTES_MAX);
        let _ = codec::decode::<MemberState>(&bytes, codec::CODEC_BYTES_MAX);
        let _ = codec::decode::<Opening>(&bytes, 2_000);
    }

    /// Sound trust files and receipts with bytes changed: read and verified without a panic, and never accepted with
    /// other facts.
    #[test]
    fn no_changed_bytes_panic(changes in vec((any::<prop::sample::Index>(), 1u8..), 1..6)) {
        static SOUND: std::sync::LazyLock<(Chain, Vec<u8>, Vec<Vec<u8>>)> = std::sync::LazyLock::new(|| {
            let mut chain = Chain::new(4);
            let body = Body::new(&Shape::usual(5_000, 4), &chain.genesis.chain_id());
            let height = chain.enter(&body);
            chain.announce();
            chain.extend_to(9);
            let history = Finality::History(Box::new(chain.history_proof(height, 7, 0)));
            let genesis = chain.genesis_anchor();
            let receipts = [chain.certified(height, 0), history]
                .map(|finality| body.receipt(chain.header(height), finality).to_binary(&genesis).unwrap());
            let file = chain.trust_file(8).to_binary();
            (chain, file, receipts.to_vec())
        });
        let (chain, file, receipts) = &*SOUND;
        let change = |sound: &[u8]| {
            let mut bytes = sound.to_vec();
            changes.iter().for_each(|(at, by)| bytes[at.index(sound.len())] ^= by);
            bytes
        };
        let (anchor, genesis) = (chain.anchor(8), chain.genesis_anchor());
        let changed = change(file);
        if changed != *file && let Ok(read) = TrustFile::from_bytes(&changed) {
            // Another genesis is another chain; whoever holds the chain id sees it.
            prop_assert!(read.verify(0).is_err());
        }
        for sound in receipts {
            let changed = change(sound);
            for anchor in [&anchor, &genesis] {
                if changed == *sound {
                    continue;
                }
                let Ok(read) = Receipt::from_binary(&changed, anchor) else { continue };
                if let Ok(facts) = read.verify(Some(DOCUMENT), anchor) {
                    // What was changed is a carried change of validators, which the trust file knows better.
                    let sound = Receipt::from_binary(sound, anchor).unwrap();
                    prop_assert_eq!(Ok(facts), sound.verify(Some(DOCUMENT), anchor));
                    prop_assert!(anchor.header().is_some());
                    let carried = read.proof.finality.validator_changes();
                    prop_assert!(carried != sound.proof.finality.validator_changes());
                    prop_assert!(read.to_binary(anchor).is_err());
                }
                let _ = read.trimmed(anchor);
            }
        }
    }
}
