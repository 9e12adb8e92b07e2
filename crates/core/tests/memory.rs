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
use sanad_core::keyfile::{self, KdfParameters};
use sanad_core::proof::{CompletenessHead, ConsistencyProof, IssuerBatch, TrustAnchor};
use sanad_core::receipt::Receipt;
use sanad_core::validators::{CERTIFICATE_BYTES_MAX, CommitCertificate, ValidatorSet};
use support::Ledger;
use support::layout::{cut, place};
use support::log::{completeness, consistency};
use support::synthetic::{self, Shape};

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
}

/// Every count of a list, as large as it can be written, and as large as the limit allows.
fn binary_lists() {
    let mut ledger = Ledger::new();
    ledger.issue("issuer", 0..3);
    let batch = ledger.signed("issuer", (10..60).map(support::issue).collect());
    let header = ledger.headers[0].clone();
    let block = ledger.build(vec![batch.clone()]).0.encode();
    let certificate = codec::encode(&ledger.certify(&header, &[0, 1, 2]));
    let genesis = codec::encode(&ledger.genesis);
    // The count of members follows version, name, time and limits.
    let members = 1 + (1 + ledger.genesis.name.len()) + 8 + 4;
    type Decode = fn(&[u8]);
    let lists: [(&str, &[u8], usize, u32, Decode); 6] = [
        ("events of a batch", batch.bytes(), 80, 4_096, |bytes| drop(SignedBatch::decode(bytes))),
        ("batches of a block", &block, HEADER_BYTES, 16_384, |bytes| drop(Block::decode(bytes, 1 << 20))),
        ("events of a block", &block, HEADER_BYTES + 4 + 80, 4_096, |bytes| {
            drop(Block::decode(bytes, 1 << 20));
        }),
        ("signatures", &certificate, 44, 128, |bytes| {
            drop(codec::decode::<CommitCertificate>(bytes, CERTIFICATE_BYTES_MAX));
        }),
        ("validators", &codec::encode(ledger.state.validators()), 0, 128, |bytes| {
            drop(codec::decode::<ValidatorSet>(bytes, CERTIFICATE_BYTES_MAX));
        }),
        ("members", &genesis, members, 4_096, |bytes| {
            drop(codec::decode::<Genesis>(bytes, GENESIS_BYTES_MAX));
        }),
    ];
    for (what, sound, at, most, decode) in lists {
        let actual = u32::from_be_bytes(sound[at..at + 4].try_into().unwrap());
        assert!((1..=60).contains(&actual), "{what}: the count stands elsewhere");
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
    let (anchor, receipt) = synthetic::receipt(&Shape { changes: 2, ..Shape::usual(5_000, 4) });
    let sound = receipt.to_binary(&anchor).unwrap();
    let decode = |bytes: &[u8]| drop(Receipt::from_binary(bytes, &anchor));
    check("a receipt", BINARY_FACTOR_MAX, &sound, decode);
    let fields = cut(&sound, 4);
    for field in ["changes", "change 0 coming", "log size", "log index", "registry count", "registry index"] {
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
    let anchor = TrustAnchor::new(&ledger.genesis).unwrap();
    let receipt = synthetic::receipt(&Shape::usual(5_000, 4)).1.to_json();
    let (head, batches) = completeness(&ledger, "issuer");
    let proof = consistency(&ledger, 1, 2).trimmed(&anchor).to_json();
    let list = |item: &str| format!("[{}{item}]", format!("{item},").repeat(50_000));
    let keys: String = (0..20_000).map(|n| format!("\"{n:x}\":0,")).collect();
    let member = "{\"id\":\"a\",\"name\":\"A\",\"role\":\"observer\",\"active_from\":0}";
    let texts = [
        receipt.clone(),
        ledger.genesis.to_json(),
        proof,
        head.to_json(),
        batches[0].to_json(),
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
        check(&format!("batch {what}"), JSON_FACTOR_MAX, text, IssuerBatch::from_json);
        check(&format!("document {what}"), JSON_FACTOR_MAX, text, |text| {
            document::digest(DocumentKind::Json, text)
        });
    }
    // What is too long is not looked at.
    let endless = vec![b'['; 17 << 20];
    check("an endless receipt", 0, &endless, Receipt::from_json);
    check("an endless genesis", 0, &endless, Genesis::from_json);
    check("an endless proof", 0, &endless, ConsistencyProof::from_json);
    check("an endless line", 0, &endless, IssuerBatch::from_json);
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
