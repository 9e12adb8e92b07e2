//! How long receipts are: the table of `docs/formats/receipt.md`, made of synthetic receipts of the exact sizes.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use sanad_core::receipt::{RECEIPT_BINARY_BYTES_MAX, RECEIPT_JSON_BYTES_MAX, Receipt};
use support::page;
use support::synthetic::{self, DOCUMENT, Shape};

/// Most bytes of one QR code: version 40, error correction L, byte mode (ISO/IEC 18004).
const QR_BYTES_MAX: usize = 2_953;
const VALIDATORS: [usize; 6] = [4, 7, 10, 13, 14, 21];

fn binary(shape: &Shape) -> usize {
    let (anchor, receipt) = synthetic::receipt(shape);
    let bytes = receipt.to_binary(&anchor).unwrap();
    let read = Receipt::from_bytes(&bytes, &anchor).unwrap();
    assert_eq!(read, receipt.trimmed(&anchor));
    assert!(read.verify(DOCUMENT, &anchor).is_ok());
    bytes.len()
}

fn json(shape: &Shape) -> usize {
    let (anchor, receipt) = synthetic::receipt(shape);
    receipt.trimmed(&anchor).to_json().len()
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
    let large = |n| Shape::usual(100_000_000, n);
    table +=
        &row("10^8, issuer is a validator", |n| binary(&Shape { issuer: "v001.ac.id".into(), ..large(n) }));
    table += &row("10^8, longest id, name and leaf", |n| binary(&longest(n)));
    table += &row("10^8, 1 validator change", |n| binary(&Shape { changes: 1, ..large(n) }));
    table += &row("10^8, 2 validator changes", |n| binary(&Shape { changes: 2, ..large(n) }));
    table += &row("10^8, as JSON", |n| json(&large(n)));
    table
}

fn longest(validators: usize) -> Shape {
    let issuer = "i".repeat(32);
    Shape { issuer, name_bytes: 128, status_bytes: 64, ..Shape::usual(100_000_000, validators) }
}

#[test]
fn the_page_shows_the_sizes() {
    page::check_part("formats/receipt.md", "sizes", &table());
}

#[test]
fn one_code_holds_a_receipt_of_a_large_ledger() {
    assert!(binary(&Shape::usual(100_000_000, 14)) <= QR_BYTES_MAX);
    assert!(binary(&longest(14)) <= QR_BYTES_MAX, "whatever its id, name and status leaf");
}

#[test]
fn the_longest_receipt_fits_the_limits() {
    let (entries, index) = (u64::MAX / 512, 0);
    let shape = Shape { entries, index, members: 4096, changes: 64, ..longest(128) };
    let bytes = binary(&shape);
    assert!(bytes <= RECEIPT_BINARY_BYTES_MAX, "{bytes}");
    // The longest one of all does not fit in JSON, where a set is written out: no consortium is like that.
    assert!(json(&Shape { changes: 8, ..shape }) <= RECEIPT_JSON_BYTES_MAX);
}
