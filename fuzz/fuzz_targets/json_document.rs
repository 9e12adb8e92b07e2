//! A JSON document: its canonical form is JSON of the same meaning, and a fixed point.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sanad_core::document::{self, DocumentKind};
use sanad_core::jcs::{JsonError, canonicalize};
use sanad_fuzz::read;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let form = read(data, canonicalize);
    let digest = document::digest(DocumentKind::Json, data);
    assert_eq!(form.is_ok(), digest.is_ok());
    let Ok(form) = form else { return };
    let [before, after] = [data, &form].map(|text| serde_json::from_slice::<Value>(text).expect("JSON"));
    assert!(is_like(&before, &after), "{before} became {after}");
    match canonicalize(&form) {
        Ok(again) => assert_eq!(again, form),
        // A double beyond 2^53 is printed as an integer, see `canonicalize`.
        Err(JsonError::UnsafeInteger { .. }) => {}
        Err(error) => panic!("the canonical form is refused: {error}"),
    }
});

/// Whether two texts were of one value. Numbers are compared up to the last digit of `serde_json`'s reading.
fn is_like(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            let [one, other] = [one, other].map(|number| number.as_f64().expect("a finite double"));
            (one - other).abs() <= one.abs() * 4.0 * f64::EPSILON
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_like(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let same = |(key, one)| other.get(key).is_some_and(|other| is_like(one, other));
            one.len() == other.len() && one.iter().all(same)
        }
        _ => one == other,
    }
}
