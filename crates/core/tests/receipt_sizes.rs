//! How long receipts are: the table of `docs/formats/receipt.md`, made of synthetic receipts of the exact sizes.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::sync::LazyLock;

use sanad_core::commitment::Opening;
use sanad_core::document::{self, DocumentKind};
use sanad_core::hash::ChainId;
use sanad_core::history::SEAL_HEADERS;
use sanad_core::receipt::{RECEIPT_BINARY_BYTES_MAX, RECEIPT_JSON_BYTES_MAX, Receipt};
use sanad_core::trust::TrustAnchor;
use sanad_core::validators::ValidatorSet;
use sanad_testkit::{self as testkit, Body, Chain, DOCUMENT, Shape, synthetic_validators};
use support::page;

/// Most bytes of one QR code: version 40, error correction L, byte mode (ISO/IEC 18004).
const QR_BYTES_MAX: usize = 2_953;
const VALIDATORS: [usize; 6] = [4, 7, 10, 13, 14, 21];
const LARGE: u64 = 100_000_000;
/// What the table is of.
const SHAPE: &str = "\
Binary but for the last row, without validator changes unless stated. 800 members, a name and an issuer id of 40 bytes, one
disputed range, 8 bytes of the status leaf that are not zero, fewer than 2^28 blocks, the entry in the deep part of each tree;
on paper: a summary of 240 bytes.

";

/// Length of the binary form; checks that it is read back, and holds.
fn written(receipt: Receipt, anchor: &TrustAnchor) -> usize {
    let bytes = receipt.to_binary(anchor).unwrap();
    let read = Receipt::from_bytes(&bytes, anchor).unwrap();
    assert_eq!(read, receipt.trimmed(anchor));
    let document = Some(DOCUMENT).filter(|_| read.opening.needs_document());
    assert!(read.verify(document, anchor).is_ok());
    bytes.len()
}

fn binary(shape: &Shape) -> usize {
    let (anchor, receipt) = testkit::receipt(shape);
    written(receipt, &anchor)
}

fn json(shape: &Shape) -> usize {
    let (anchor, receipt) = testkit::receipt(shape);
    receipt.trimmed(&anchor).to_json().len()
}

/// A receipt under a set that so many changes led to, none of which it carries.
fn compact(shape: &Shape, changes: usize) -> usize {
    let (_, mut receipt) = testkit::receipt(shape);
    let set: ValidatorSet = synthetic_validators(shape.validators, changes, if changes == 0 { 1 } else { 2 });
    let header = &mut receipt.proof.header;
    (header.validators_hash, header.next_validators_hash) = (set.hash(), set.hash());
    let signers: Vec<usize> = (0..shape.validators).collect();
    let certificate = testkit::certify(header, &set, &signers);
    receipt.proof.finality = sanad_core::proof::Finality::certificate(certificate, Vec::new());
    written(receipt, &TrustAnchor::from_validators(ChainId([1; 32]), set))
}

fn paper(shape: &Shape) -> usize {
    let (anchor, receipt) = testkit::receipt(&Shape { summary_bytes: 240, ..shape.clone() });
    written(on_paper(receipt), &anchor)
}

fn on_paper(receipt: Receipt) -> Receipt {
    let digest = document::digest(DocumentKind::Json, DOCUMENT).unwrap();
    let opening: Opening = receipt.opening.to_paper(&digest).unwrap();
    Receipt { opening, ..receipt }
}

/// A sealed receipt; as a full one, or on paper with a summary of 240 bytes.
fn sealed(shape: &Shape, is_paper: bool) -> usize {
    /// Of 14 validators, with a place for each shape that is asked for.
    static CHAIN: LazyLock<Chain> = LazyLock::new(|| {
        let mut chain = Chain::new(14);
        chain.extend_to(10);
        chain
    });
    let mut chain = CHAIN.clone();
    let summary_bytes = if is_paper { 240 } else { 0 };
    let body = Body::new(&Shape { summary_bytes, ..shape.clone() }, &chain.genesis.chain_id());
    chain.extend_to(SEAL_HEADERS - 1);
    let height = chain.enter(&body);
    chain.extend_to(SEAL_HEADERS + 1);
    let receipt = body.receipt(chain.header(height), chain.seal(height));
    let anchor = chain.anchor(chain.height());
    // Heights of this chain take 3 bytes: one less than those up to 2^28.
    1 + written(if is_paper { on_paper(receipt) } else { receipt }, &anchor)
}

/// What "Sizes" of the rule texts speaks of; the entry is in the deep part of each tree.
fn large(validators: usize) -> Shape {
    Shape::usual(LARGE, validators)
}

fn row(name: &str, size: impl Fn(usize) -> usize) -> String {
    let cells: String = VALIDATORS.iter().map(|n| format!(" {} |", size(*n))).collect();
    format!("| {name} |{cells}\n")
}

fn table() -> String {
    let head: String = VALIDATORS.iter().map(|n| format!(" {n} |")).collect();
    let mut table =
        format!("| entries \\ validators |{head}\n| --- |{}\n", " --- |".repeat(VALIDATORS.len()));
    for exponent in 3..=8 {
        let entries = 10_u64.pow(exponent);
        table += &row(&format!("10^{exponent}"), |n| binary(&Shape::usual(entries, n)));
    }
    table += &row("10^8, fullest status leaf", |n| binary(&Shape { status_bytes: 64, ..large(n) }));
    table += &row("10^8, and longest id", |n| binary(&longest_id(n)));
    table += &row("10^8, and longest name", |n| binary(&Shape { name_bytes: 128, ..longest_id(n) }));
    table += &row("10^8, self-contained, 1 change", |n| binary(&Shape { changes: 1, ..large(n) }));
    table += &row("10^8, self-contained, 2 changes", |n| binary(&Shape { changes: 2, ..large(n) }));
    table += &row("10^8, self-contained, 10 changes", |n| binary(&Shape { changes: 10, ..large(n) }));
    table += &row("10^8, compact, after 10 changes", |n| compact(&large(n), 10));
    table += &row("10^8, compact, after 200 changes", |n| compact(&large(n), 200));
    table += &row("10^7, on paper", |n| paper(&Shape::usual(10_000_000, n)));
    table += &row("10^8, on paper", |n| paper(&large(n)));
    table += &row("10^8, as JSON", |n| json(&large(n)));
    table
}

fn longest_id(validators: usize) -> Shape {
    Shape { issuer: "i".repeat(32), status_bytes: 64, ..large(validators) }
}

/// The figures of "Sizes" in the rule texts, for 14 validators, and what was measured.
fn figures() -> Vec<(&'static str, usize, usize)> {
    let second = Shape { issuer_ids: 2, ..longest_id(14) };
    vec![
        ("compact", 2_800, compact(&large(14), 0)),
        ("fullest status leaf", 2_848, compact(&Shape { status_bytes: 64, ..large(14) }, 0)),
        ("and longest member id", 2_870, compact(&longest_id(14), 0)),
        ("and a second issuer id", 2_923, compact(&second, 0)),
        ("or a name of 128 bytes", 2_958, compact(&Shape { name_bytes: 128, ..longest_id(14) }, 0)),
        ("sealed", 2_669, sealed(&large(14), false)),
    ]
}

#[test]
fn the_page_shows_the_sizes() {
    let mut page = SHAPE.to_owned() + &table();
    page += "\nSealed, 14 validators:\n\n| entries | document | on paper |\n| --- | --- | --- |\n";
    for exponent in [7, 8] {
        let shape = Shape::usual(10_u64.pow(exponent), 14);
        page += &format!("| 10^{exponent} | {} | {} |\n", sealed(&shape, false), sealed(&shape, true));
    }
    page::check_part("formats/receipt.md", "sizes", &page);
}

#[test]
fn the_figures_of_the_rules_are_met() {
    for (what, stated, measured) in figures() {
        println!("{what:24} {stated} {measured}");
    }
    for (what, stated, measured) in figures() {
        assert!(measured <= stated, "{what}: {measured} bytes, {stated} stated");
    }
}

#[test]
fn one_code_holds_a_compact_receipt_of_a_large_ledger() {
    for changes in [0, 1, 10, 200] {
        assert!(compact(&large(14), changes) <= QR_BYTES_MAX, "after {changes} changes");
        assert!(compact(&longest_id(14), changes) <= QR_BYTES_MAX, "after {changes} changes");
    }
    assert!(sealed(&Shape { name_bytes: 128, ..longest_id(14) }, false) <= QR_BYTES_MAX);
}

#[test]
fn one_code_holds_a_paper_receipt() {
    let entries = 10_000_000;
    assert!(
        paper(&Shape { issuer: "i".repeat(32), status_bytes: 64, ..Shape::usual(entries, 14) })
            <= QR_BYTES_MAX
    );
    assert!(sealed(&large(14), true) <= QR_BYTES_MAX);
}

#[test]
fn the_longest_receipt_fits_the_limits() {
    let entries = sanad_core::block::LOG_SIZE_MAX;
    let shape = Shape {
        entries,
        index: 0,
        members: 4096,
        changes: 64,
        issuer_ids: 32,
        issuer_id_bytes: 128,
        disputed: 8,
        name_bytes: 128,
        ..longest_id(128)
    };
    let bytes = binary(&shape);
    assert!(bytes <= RECEIPT_BINARY_BYTES_MAX, "{bytes}");
    // The longest of all does not fit in JSON, where each set is written out: no consortium is like that.
    assert!(json(&Shape { changes: 8, ..shape }) <= RECEIPT_JSON_BYTES_MAX);
}
