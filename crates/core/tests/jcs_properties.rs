//! The canonicalizer against a naive oracle, on documents and on noise.

use proptest::prelude::*;
use sanad_core::jcs::{JSON_INTEGER_MAX, JsonError, canonicalize};
use serde_json::Value;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn documents_are_as_the_oracle_prints_them(document in document()) {
        let mut expected = String::new();
        oracle(&document, &mut expected);
        for text in [serde_json::to_vec(&document), serde_json::to_vec_pretty(&document)] {
            let canonical = canonicalize(&text.expect("JSON"));
            prop_assert_eq!(canonical.as_deref(), Ok(expected.as_bytes()));
        }
        // Idempotent.
        let again = canonicalize(expected.as_bytes());
        prop_assert_eq!(again.as_deref(), Ok(expected.as_bytes()));
    }

    #[test]
    fn every_double_is_idempotent_or_an_unsafe_integer(bits in any::<u64>()) {
        let number = f64::from_bits(bits);
        prop_assume!(number.is_finite());
        let canonical = canonicalize(format!("{number:e}").as_bytes()).expect("a number");
        let text = std::str::from_utf8(&canonical).expect("UTF-8");
        prop_assert_eq!(text.parse::<f64>(), Ok(number));
        match canonicalize(&canonical) {
            Ok(again) => prop_assert_eq!(again, canonical),
            Err(error) => {
                let unsafe_integer = matches!(error, JsonError::UnsafeInteger { .. });
                prop_assert!(unsafe_integer, "{error}");
                prop_assert!(number.abs() > JSON_INTEGER_MAX as f64 && number.abs() < 1e21);
            }
        }
    }

    #[test]
    fn noise_is_accepted_only_where_serde_json_does(text in r#"([\[\]{}",:0-9.eE+\\u \n-]|true|null|"a":|[a-f😂é]){0,24}"#) {
        if let Ok(canonical) = canonicalize(text.as_bytes()) {
            let value: Value = serde_json::from_str(&text).expect("accepted by serde_json");
            let mut expected = String::new();
            oracle(&value, &mut expected);
            // Numbers may differ in the last place: `serde_json` does not round them exactly.
            if !text.contains(['.', 'e', 'E']) {
                prop_assert_eq!(String::from_utf8_lossy(&canonical), expected);
            }
        }
    }

    #[test]
    fn bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = canonicalize(&bytes);
    }
}

/// RFC 8785 word by word: recursive, keys sorted as vectors of code units, one character at a time.
fn oracle(value: &Value, output: &mut String) {
    match value {
        Value::Array(elements) => {
            output.push('[');
            for (place, element) in elements.iter().enumerate() {
                output.push_str(if place > 0 { "," } else { "" });
                oracle(element, output);
            }
            output.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(key, _)| key.encode_utf16().collect::<Vec<u16>>());
            output.push('{');
            for (place, (key, member)) in members.into_iter().enumerate() {
                output.push_str(if place > 0 { "," } else { "" });
                oracle_string(key, output);
                output.push(':');
                oracle(member, output);
            }
            output.push('}');
        }
        Value::String(text) => oracle_string(text, output),
        Value::Number(number) => {
            let number = number.as_f64().expect("a double");
            output.push_str(ryu_js::Buffer::new().format(number));
        }
        literal => output.push_str(&literal.to_string()),
    }
}

fn oracle_string(text: &str, output: &mut String) {
    output.push('"');
    for character in text.chars() {
        match character {
            '"' => output.push_str("\\\""),
            '\\' => output.push_str("\\\\"),
            '\u{8}' => output.push_str("\\b"),
            '\t' => output.push_str("\\t"),
            '\n' => output.push_str("\\n"),
            '\u{c}' => output.push_str("\\f"),
            '\r' => output.push_str("\\r"),
            '\0'..='\u{1f}' => output.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => output.push(character),
        }
    }
    output.push('"');
}

/// Documents without the numbers whose canonical form is refused (see `canonicalize`).
fn document() -> impl Strategy<Value = Value> {
    let integer_max = JSON_INTEGER_MAX as i64;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-integer_max..=integer_max).prop_map(Value::from),
        any::<f64>()
            .prop_filter("printed as an integer", |number| { number.abs() < 9e15 || number.abs() >= 1e21 })
            .prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map(text(), inner, 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Text where orders differ and escapes matter.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[ab\u{0}-\u{1f}\"\\\\/\u{7f}é\u{e000}\u{fb33}\u{ffff}😂\u{10ffff}]{0,4}",]
}
