//! What the fuzz targets share: a chain to trust, and a watch over memory.
#![forbid(unsafe_code)]

use std::fmt::Debug;
use std::sync::LazyLock;

use bincode::{Decode, Encode};
use peak_alloc::PeakAlloc;
use sanad_core::codec;
use sanad_core::genesis::Genesis;
use sanad_core::json_form;
use sanad_core::trust::TrustAnchor;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

#[path = "../../crates/node/src/config/mod.rs"]
pub mod config;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// The chain of the golden receipts.
pub static ANCHOR: LazyLock<TrustAnchor> = LazyLock::new(|| anchor(&sample(ACTIVE)["genesis"]));
/// The document of the golden receipts.
pub static DOCUMENT: LazyLock<String> = LazyLock::new(|| text(&sample(ACTIVE)["document"]));

const ACTIVE: &str = include_str!("../../crates/core/tests/testdata/receipt/active.json");

/// A golden sample.
pub fn sample(text: &str) -> Value {
    serde_json::from_str(text).expect("a committed sample")
}

/// The text of a field of a sample.
pub fn text(field: &Value) -> String {
    field.as_str().expect("a text").to_owned()
}

/// The trust that a genesis of a sample gives.
pub fn anchor(genesis: &Value) -> TrustAnchor {
    let genesis = Genesis::from_json(genesis.to_string().as_bytes()).expect("a committed genesis");
    TrustAnchor::new(&genesis).expect("a checked genesis")
}

/// Reads untrusted bytes; stops the process where more memory is taken than their length warrants.
pub fn read<T>(data: &[u8], read: impl FnOnce(&[u8]) -> T) -> T {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let value = read(data);
    let taken = MEMORY.peak_usage().saturating_sub(before);
    let limit = MEMORY_FACTOR_MAX * data.len() + MEMORY_BYTES_MAX;
    assert!(taken <= limit, "{taken} bytes of memory for an input of {}", data.len());
    value
}

/// Checks that the bytes, if they are the encoding of a value, are the only one; returns the value.
pub fn canonical<T: Decode<()> + Encode>(data: &[u8], limit: usize) -> Option<T> {
    let value = read(data, |data| codec::decode::<T>(data, limit)).ok()?;
    assert_eq!(codec::encode(&value), data);
    Some(value)
}

/// Checks that a value has a JSON form that gives it back. Integers beyond 2^53 - 1 have none.
pub fn has_json_form<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let text = serde_json::to_vec(value).expect("plain fields");
    match json_form::read::<T>(&text) {
        Ok(again) => assert_eq!(again, *value),
        Err(error) => assert!(error.to_string().contains("integer"), "{error}"),
    }
}

/// Memory for each byte of input: JSON of many small values takes the most.
const MEMORY_FACTOR_MAX: usize = 100;
/// Memory whatever the input: what is set up once, and a list's first items.
const MEMORY_BYTES_MAX: usize = 1 << 20;
