//! What has no canonical form, and what the error says about it.

#![allow(clippy::panic, reason = "helpers of tests say what they saw")]

use sanad_core::jcs::{JSON_BYTES_MAX, JSON_DEPTH_MAX, JsonError, LEXEME_CHARS_MAX, canonicalize};

fn refusal(text: &str) -> JsonError {
    match canonicalize(text.as_bytes()) {
        Err(error) => error,
        Ok(canonical) => panic!("{text:?} became {:?}", String::from_utf8_lossy(&canonical)),
    }
}

#[test]
fn duplicate_keys_however_they_are_escaped() {
    for (text, offset, key) in [
        (r#"{"a":1,"a":1}"#, 10, "a"),
        (r#"{"a":1,"\u0061":2}"#, 15, "a"),
        (r#"{"\u0061":1,"b":0,"a":2}"#, 21, "a"),
        ("{\"é\":1,\n\"\\u00e9\":2}", 17, "é"),
        (r#"{"😂":1,"\ud83d\ude02":2}"#, 24, "😂"),
        (r#"{"":1,"":2}"#, 8, ""),
        (r#"{"\/":1,"/":2}"#, 11, "/"),
        (r#"[{"x":{"b":[],"c":0,"b":[]}}]"#, 23, "b"),
    ] {
        let key = key.to_owned();
        assert_eq!(refusal(text), JsonError::DuplicateKey { offset, key }, "{text}");
    }
    // The same key in different objects, or another Unicode form of it, is no duplicate.
    assert!(canonicalize(r#"[{"a":{"a":1}},{"a":1,"A":1}]"#.as_bytes()).is_ok());
    assert!(canonicalize("{\"é\":1,\"e\u{301}\":1}".as_bytes()).is_ok());
}

#[test]
fn integers_that_a_double_may_not_hold() {
    for lexeme in [
        "9007199254740992",
        "-9007199254740992",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775809",
        "123456789012345678901234567890",
        "-123456789012345678901234567890",
    ] {
        let lexeme = lexeme.to_owned();
        for (before, after) in [("", ""), ("[0, ", "]"), ("{\"a\":\"12\",\"b\":", "\n}")] {
            let text = format!("{before}{lexeme}{after}");
            let expected = JsonError::UnsafeInteger { offset: before.len(), lexeme: lexeme.clone() };
            assert_eq!(refusal(&text), expected);
        }
    }
    // In a string it is text.
    assert!(canonicalize(br#"["9007199254740992", "\"9007199254740992"]"#).is_ok());
}

#[test]
fn numbers_beyond_the_largest_double() {
    for lexeme in ["1e309", "-1e309", "1.8e308", "1.7976931348623159e308", "1e99999999999999999999"] {
        let expected = JsonError::NumberOverflow { offset: 1, lexeme: lexeme.to_owned() };
        assert_eq!(refusal(&format!("[{lexeme}]")), expected);
    }
}

#[test]
fn lone_surrogates() {
    for (text, offset, lexeme) in [
        (r#""\ud800""#, 1, "\\ud800"),
        (r#""ab\uDC00""#, 3, "\\uDC00"),
        (r#""\ud800\ud800\udc00""#, 1, "\\ud800"),
        (r#""\ud800x\udc00""#, 1, "\\ud800"),
        (r#""\ud83d\ude02\ude02""#, 13, "\\ude02"),
        (r#"{"\udead":1}"#, 2, "\\udead"),
        (r#"["\\\ud800"]"#, 4, "\\ud800"),
    ] {
        let lexeme = lexeme.to_owned();
        assert_eq!(refusal(text), JsonError::LoneSurrogate { offset, lexeme }, "{text}");
    }
    // An escaped backslash before a `u` is no escape of a code unit.
    assert!(canonicalize(br#""\\ud800""#).is_ok());
}

#[test]
fn nesting_too_deep() {
    let depth_max = JSON_DEPTH_MAX;
    let offset = JSON_DEPTH_MAX;
    let arrays = "[".repeat(depth_max + 1) + &"]".repeat(depth_max + 1);
    assert_eq!(refusal(&arrays), JsonError::TooDeep { offset, depth_max });
    // Far beyond any stack, and never closed.
    let endless = "[".repeat(JSON_BYTES_MAX);
    assert_eq!(refusal(&endless), JsonError::TooDeep { offset, depth_max });
    let objects = "{\"a\":".repeat(depth_max + 1);
    let offset = 5 * depth_max;
    assert_eq!(refusal(&objects), JsonError::TooDeep { offset, depth_max });
}

#[test]
fn too_large_is_checked_first() {
    let expected = JsonError::TooLarge { bytes: JSON_BYTES_MAX + 1, bytes_max: JSON_BYTES_MAX };
    assert_eq!(canonicalize(&vec![0xff; JSON_BYTES_MAX + 1]), Err(expected));
}

#[test]
fn encoding() {
    assert_eq!(refusal("\u{feff}{}"), JsonError::ByteOrderMark);
    for (bytes, offset) in [
        (&b"\"\xff\""[..], 1),
        (b"\"ab\xc3\"", 3),
        (b"\"\xed\xa0\x80\"", 1), // a surrogate in UTF-8
        (b"\"\xc0\x80\"", 1),     // overlong
        (b"\xff\xfe{\0}\0", 0),   // UTF-16
    ] {
        assert_eq!(canonicalize(bytes), Err(JsonError::InvalidUtf8 { offset }));
    }
}

#[test]
fn what_ends_too_early() {
    for text in
        ["", "  ", "[", "[1,", "{\"a\"", "{\"a\":", "\"abc", "\"\\", "\"\\u00", "tru", "-", "1e", "1."]
    {
        let offset = text.len();
        assert_eq!(refusal(text), JsonError::Truncated { offset }, "{text:?}");
    }
}

#[test]
fn what_is_not_json() {
    for text in [
        "{} {}",
        "1 2",
        "[1]]",
        "{}x",
        "null\0",
        "[1,]",
        "{\"a\":1,}",
        "{,}",
        "[,1]",
        "{a:1}",
        "{'a':1}",
        "{1:1}",
        "{\"a\" 1}",
        "01",
        "-01",
        "+1",
        ".5",
        "[1.]",
        "[-]",
        "[1e]",
        "[1e+]",
        "0x10",
        "1_000",
        "NaN",
        "[Infinity]",
        "-Infinity",
        "True",
        "undefined",
        "// c\n1",
        "/**/1",
        "\"\t\"",
        "\"\n\"",
        "\"\0\"",
        "\"\\x41\"",
        "\"\\u12g4\"",
        "\"\\'\"",
        "\u{a0}1",
        "[1 2]",
        "1-2",
        "[1.5.5]",
        "[1e5e5]",
        "[\"\"1]",
        "1\"\"",
    ] {
        let error = refusal(text);
        assert!(matches!(error, JsonError::Syntax { offset } if offset <= text.len()), "{text:?}: {error:?}");
    }
    assert_eq!(refusal("[1,\n 2 x]"), JsonError::Syntax { offset: 8 });
}

#[test]
fn errors_stay_small() {
    let digits = "9".repeat(1_000_000);
    let JsonError::UnsafeInteger { lexeme, .. } = refusal(&digits) else {
        panic!("another error");
    };
    assert_eq!(lexeme, format!("{}…", "9".repeat(LEXEME_CHARS_MAX)));
    let key = "é".repeat(1_000_000);
    let JsonError::DuplicateKey { key: named, .. } = refusal(&format!("{{\"{key}\":1,\"{key}\":2}}")) else {
        panic!("another error");
    };
    assert_eq!(named, format!("{}…", "é".repeat(LEXEME_CHARS_MAX)));
}
