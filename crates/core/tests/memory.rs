//! What a hostile input claims costs no memory: decoders take at most a small multiple of the bytes that are there.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::ops::Range;

use peak_alloc::PeakAlloc;
use sanad_core::batch::SignedBatch;
use sanad_core::block::{Block, HEADER_BYTES};
use sanad_core::codec;
use sanad_core::document::{self, DocumentKind};
use sanad_core::genesis::{GENESIS_BYTES_MAX, Genesis};
use sanad_core::json_form;
use sanad_core::keyfile::{self, KdfParameters};
use sanad_core::member::{MEMBER_RECORD_BYTES_MAX, MemberFile, MemberRecord, MemberState};
use sanad_core::proof::{CompletenessHead, ConsistencyProof, EntryRun, MemberProof};
use sanad_core::receipt::Receipt;
use sanad_core::summary::Summary;
use sanad_core::trust::TrustFile;
use sanad_core::validators::{CERTIFICATE_BYTES_MAX, CommitCertificate, ValidatorSet};
use sanad_testkit::{self as testkit, Chain, Ledger, Shape, id};
use support::layout::{cut, place};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Memory for each byte of input, where the input is binary: a vector of events while it is doubled.
const BINARY_FACTOR_MAX: usize = 16;
/// The same for JSON: an array of numbers of one digit, in the ways that a reader keeps it.
const JSON_FACTOR_MAX: usize = 64;
/// Memory whatever the length, in bytes: lists of a few items, error texts.
const BYTES_MAX: usize = 8 << 10;

/// The most memory that a call takes beyond what was taken before it, in bytes.
fn peak<T>(call: impl FnOnce() -> T) -> usize {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    drop(call());
    MEMORY.peak_usage() - before
}

fn check<T>(what: &str, factor: usize, input: &[u8], decode: impl Fn(&[u8]) -> T) {
    // What is set up once, such as the keys of the hash domains, is no cost of the input.
    drop(decode(input));
    let (taken, limit) = (peak(|| decode(input)), factor * input.len() + BYTES_MAX);
    assert!(taken <= limit, "{what}: {taken} bytes of memory for {} of input", input.len());
}

/// The only test of this binary: others would take memory beside it.
#[test]
fn claims_cost_no_memory() {
    binary_lists();
    binary_receipts();
    json_texts();
    key_files();
    many_values();
}

/// A genesis file may be long; that is no leave for millions of values, each of which costs many times its text.
fn many_values() {
    let text = format!("{{\"signatures\": [{}]}}", "[],".repeat((GENESIS_BYTES_MAX - 100) / 3));
    assert!(text.len() < GENESIS_BYTES_MAX);
    let taken = peak(|| Genesis::from_json(text.as_bytes()));
    assert!(taken < 1 << 20, "{taken} bytes of memory for {} of input", text.len());
}

/// Every count of a list, as large as it can be written, and as large as the limit allows.
fn binary_lists() {
    let mut ledger = Ledger::new();
    ledger.issue("issuer", 0..3);
    let batch = ledger.signed("issuer", (10..60).map(testkit::issue).collect());
    let header = ledger.header(1).clone();
    let block = ledger.build(vec![batch.clone()]).0.encode();
    let certificate = codec::encode(&ledger.certify(&header, &[0, 1, 2]));
    let genesis = codec::encode(&ledger.genesis);
    // The count of members follows version, name, nonce, origin of the log, predecessor and parameters.
    let members = 1
        + (1 + ledger.genesis.name.len())
        + 32
        + (1 + ledger.genesis.log_origin.len())
        + 1
        + (4 + 4 + 2 + 1);
    let state = ledger.state.registry().member(&id("issuer")).unwrap();
    let (record, whole) = (codec::encode(state.record()), codec::encode(state));
    // Names, standing and its height stand before the lists of a record; of the rest, role and threshold.
    let lists_of_record = (1 + 6) + (1 + 17) + 1 + 8;
    let mut chain = Chain::new(4);
    chain.announce();
    chain.extend_to(9);
    let trust = chain.trust_file(9).to_binary();
    let changes = 5 + codec::encode(&chain.genesis).len();
    let remainder = trust.len() - 4 - 32;
    type Decode = fn(&[u8]);
    let trust_file: Decode = |bytes| drop(TrustFile::from_bytes(bytes));
    let certificate_of_change = changes + 4 + HEADER_BYTES + 8 + 4 + 32;
    let lists: [(&str, &[u8], usize, u32, Decode); 12] = [
        ("events of a batch", batch.bytes(), 81, 4_096, |bytes| drop(SignedBatch::decode(bytes))),
        ("batches of a block", &block, HEADER_BYTES, 16_384, |bytes| drop(Block::decode(bytes, 1 << 20))),
        ("events of a block", &block, HEADER_BYTES + 4 + 81, 4_096, |bytes| {
            drop(Block::decode(bytes, 1 << 20));
        }),
        ("signatures", &certificate, 44, 128, |bytes| {
            drop(codec::decode::<CommitCertificate>(bytes, CERTIFICATE_BYTES_MAX));
        }),
        ("validators", &codec::encode(ledger.state.validators()), 12, 128, |bytes| {
            drop(codec::decode::<ValidatorSet>(bytes, CERTIFICATE_BYTES_MAX));
        }),
        ("members", &genesis, members, 4_096, |bytes| {
            drop(codec::decode::<Genesis>(bytes, GENESIS_BYTES_MAX));
        }),
        ("issuer ids of a record", &record, lists_of_record, 32, |bytes| {
            drop(codec::decode::<MemberRecord>(bytes, MEMBER_RECORD_BYTES_MAX));
        }),
        ("disputed ranges of a record", &record, lists_of_record + 4, 8, |bytes| {
            drop(codec::decode::<MemberRecord>(bytes, MEMBER_RECORD_BYTES_MAX));
        }),
        ("keys of a rest", &whole, record.len() + 2, 1_024, |bytes| {
            drop(codec::decode::<MemberState>(bytes, codec::CODEC_BYTES_MAX));
        }),
        ("changes of a trust file", &trust, changes, 16_384, trust_file),
        ("signatures in a trust file", &trust, certificate_of_change, 128, trust_file),
        ("peaks of a trust file", &trust, remainder, 64, trust_file),
    ];
    for (what, sound, at, most, decode) in lists {
        let actual = u32::from_be_bytes(sound[at..at + 4].try_into().unwrap());
        let may_be_empty = what.ends_with("of a record");
        assert!((u32::from(!may_be_empty)..=60).contains(&actual), "{what}: the count stands elsewhere");
        check(what, BINARY_FACTOR_MAX, sound, decode);
        for count in [most, most + 1, u32::MAX] {
            let hostile = [&sound[..at], &count.to_be_bytes(), &sound[at + 4..]].concat();
            for length in [at + 4, hostile.len()] {
                check(what, BINARY_FACTOR_MAX, &hostile[..length], decode);
            }
        }
    }
}

/// Every number of a binary receipt, as large as it can be written.
fn binary_receipts() {
    let shape = Shape { changes: 2, summary_bytes: 100, ..Shape::usual(5_000, 4) };
    let (anchor, receipt) = testkit::receipt(&shape);
    let sound = receipt.to_binary(&anchor).unwrap();
    let decode = |bytes: &[u8]| drop(Receipt::from_binary(bytes, &anchor));
    check("a receipt", BINARY_FACTOR_MAX, &sound, decode);
    let fields = cut(&sound, 4);
    for field in [
        "validator set",
        "changes",
        "change 0 coming",
        "log size",
        "log index",
        "summary count",
        "issuer ids",
        "disputed ranges",
        "member count",
        "member index",
    ] {
        let Range { start, end } = place(&fields, field);
        for number in [&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1][..], &[0xff, 0x1f], &[64]] {
            let hostile = [&sound[..start], number, &sound[end..]].concat();
            check(field, BINARY_FACTOR_MAX, &hostile, decode);
        }
    }
}

/// Texts that make much of little.
fn json_texts() {
    let mut ledger = Ledger::new();
    ledger.issue("issuer", 0..3);
    let anchor = ledger.anchor();
    let receipt = testkit::receipt(&Shape::usual(5_000, 4)).1.to_json();
    let (head, runs) = ledger.completeness("issuer");
    let proof = ledger.consistency(1, 2).trimmed(&anchor).to_json();
    let trust = ledger.trust_file().to_json();
    let member_proof = serde_json::to_string(&ledger.prove_member("issuer")).unwrap();
    let file = {
        let member = testkit::member("issuer", sanad_core::member::Role::Issuer);
        let signatures = testkit::agree(&ledger.genesis, &member).possession;
        MemberFile::new(ledger.genesis.invitation(), member, signatures).to_json()
    };
    let list = |item: &str| format!("[{}{item}]", format!("{item},").repeat(50_000));
    let keys: String = (0..20_000).map(|n| format!("\"{n:x}\":0,")).collect();
    let member = r#"{"id":"a","name":"A","role":"observer","governance_keys":[],"governance_threshold":1}"#;
    let texts = [
        receipt.clone(),
        ledger.genesis.to_json(),
        proof,
        head.to_json(),
        runs[0].to_json(),
        trust.clone(),
        member_proof,
        file,
        runs[0].to_json().replacen("[", &format!("[{}", "\"\",".repeat(50_000)), 1),
        runs[0].to_json().replacen("[", &format!("[{}", "\"00\",".repeat(50_000)), 1),
        head.to_json().replacen("\"keys\":[", &format!("\"keys\":[{},", list("0")), 1),
        trust.replacen("\"seals\": [", &format!("\"seals\": [\"{}\"", "0".repeat(100_000)), 1),
        list("0"),
        list("[]"),
        list("{}"),
        list("\"\""),
        format!("{{{keys}\"x\":0}}"),
        "[".repeat(100_000),
        receipt.replacen("\"log_path\": [", &format!("\"log_path\": [\"{}\",", "0".repeat(100_000)), 1),
        receipt.replacen("\"signatures\": [", &format!("\"signatures\": [{},", list("0")), 1),
        ledger.genesis.to_json().replacen("\"members\": [", &format!("\"members\": [{member},"), 1),
        ledger.genesis.to_json().replacen(
            "\"members\": [",
            &format!("\"members\": [{}", format!("{member},").repeat(9_000)),
            1,
        ),
    ];
    for text in texts.iter().map(String::as_bytes) {
        let what = String::from_utf8_lossy(&text[..text.len().min(40)]);
        check(&format!("receipt {what}"), JSON_FACTOR_MAX, text, Receipt::from_json);
        check(&format!("genesis {what}"), JSON_FACTOR_MAX, text, Genesis::from_json);
        check(&format!("consistency {what}"), JSON_FACTOR_MAX, text, ConsistencyProof::from_json);
        check(&format!("head {what}"), JSON_FACTOR_MAX, text, CompletenessHead::from_json);
        check(&format!("run {what}"), JSON_FACTOR_MAX, text, EntryRun::from_json);
        check(&format!("trust file {what}"), JSON_FACTOR_MAX, text, TrustFile::from_bytes);
        check(&format!("member file {what}"), JSON_FACTOR_MAX, text, MemberFile::from_json);
        check(&format!("member proof {what}"), JSON_FACTOR_MAX, text, json_form::read::<MemberProof>);
        check(&format!("summary {what}"), JSON_FACTOR_MAX, text, json_form::read::<Summary>);
        check(&format!("document {what}"), JSON_FACTOR_MAX, text, |text| {
            document::digest(DocumentKind::Json, text)
        });
    }
    // What is too long is not looked at.
    let endless = vec![b'['; 17 << 20];
    check("an endless receipt", 0, &endless, Receipt::from_json);
    check("an endless genesis", 0, &endless, Genesis::from_json);
    check("an endless proof", 0, &endless, ConsistencyProof::from_json);
    check("an endless line", 0, &endless, EntryRun::from_json);
    check("an endless trust file", 0, &endless, TrustFile::from_bytes);
    check("an endless member file", 0, &endless, MemberFile::from_json);
    check("an endless document", 0, &endless, |text| document::digest(DocumentKind::Json, text));
    check("an endless batch", 0, &endless, SignedBatch::decode);
    check("an endless block", 0, &endless, |bytes| Block::decode(bytes, 1 << 20));
}

/// The memory that a key file asks for is taken within the bounds, or not at all.
fn key_files() {
    let cheap = KdfParameters { memory_kib: 8, iterations: 1, lanes: 1 };
    let sound = keyfile::seal(&[7; 32], b"passphrase", "issuing", cheap, [1; 16], [2; 24]).unwrap();
    let open = |text: &[u8]| drop(keyfile::open(std::str::from_utf8(text).unwrap(), b"passphrase"));
    // Sound ones take the 8 KiB that they ask for, too.
    check("a key file", JSON_FACTOR_MAX, sound.as_bytes(), open);
    for memory in ["1048577", "4294967295", "18446744073709551615"] {
        let hostile = sound.replacen("\"memory_kib\": 8", &format!("\"memory_kib\": {memory}"), 1);
        assert_ne!(hostile, sound);
        check(memory, JSON_FACTOR_MAX, hostile.as_bytes(), open);
    }
}
