//! What the canonical form looks like: numbers, strings, keys, limits that are just met.

#![allow(clippy::panic, reason = "helpers of tests say what they saw")]

use sanad_core::jcs::{JSON_BYTES_MAX, JSON_DEPTH_MAX, canonicalize};

fn canonical(text: &str) -> String {
    let bytes = canonicalize(text.as_bytes()).unwrap_or_else(|error| panic!("{text:?}: {error}"));
    String::from_utf8(bytes).expect("UTF-8")
}

/// RFC 8785 appendix B: IEEE 754 bits and their ECMAScript form.
const APPENDIX_B: [(u64, &str); 24] = [
    (0x0000_0000_0000_0000, "0"),
    (0x8000_0000_0000_0000, "0"),
    (0x0000_0000_0000_0001, "5e-324"),
    (0x8000_0000_0000_0001, "-5e-324"),
    (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
    (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
    (0x4340_0000_0000_0000, "9007199254740992"),
    (0xc340_0000_0000_0000, "-9007199254740992"),
    (0x4430_0000_0000_0000, "295147905179352830000"),
    (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
    (0x44b5_2d02_c7e1_4af6, "1e+23"),
    (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
    (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
    (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
    (0x444b_1ae4_d6e2_ef50, "1e+21"),
    (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
    (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
    (0x41b3_de43_5555_5553, "333333333.3333332"),
    (0x41b3_de43_5555_5554, "333333333.33333325"),
    (0x41b3_de43_5555_5555, "333333333.3333333"),
    (0x41b3_de43_5555_5556, "333333333.3333334"),
    (0x41b3_de43_5555_5557, "333333333.33333343"),
    (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
    (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
];

#[test]
fn numbers_of_appendix_b() {
    for (bits, expected) in APPENDIX_B {
        // Written with an exponent, in which form no integer is refused.
        let text = format!("{:e}", f64::from_bits(bits));
        assert_eq!(canonical(&text), expected, "{bits:016x}");
    }
}

#[test]
fn numbers_are_those_of_the_nearest_double() {
    for (text, expected) in [
        ("-0", "0"),
        ("-0.0", "0"),
        ("-0e5", "0"),
        ("0e999", "0"),
        ("1e-400", "0"),
        ("1.0", "1"),
        ("10e-1", "1"),
        ("4.50", "4.5"),
        ("2e-3", "0.002"),
        ("1E30", "1e+30"),
        ("1e20", "100000000000000000000"),
        ("1e21", "1e+21"),
        ("1e-7", "1e-7"),
        ("9007199254740991", "9007199254740991"),
        ("-9007199254740991", "-9007199254740991"),
        ("9007199254740993.0", "9007199254740992"),
        // Halfway cases and long literals, where a reader without correct rounding goes wrong.
        ("0.1000000000000000055511151231257827021181583404541015625", "0.1"),
        ("8.5e-322", "8.5e-322"),
        ("2.2250738585072011e-308", "2.225073858507201e-308"),
        ("1.7976931348623158e308", "1.7976931348623157e+308"),
        ("123456789012345678901234567890.5", "1.2345678901234568e+29"),
        ("122.416294033786585", "122.41629403378658"),
    ] {
        assert_eq!(canonical(text), expected, "{text}");
    }
}

#[test]
fn many_numbers_keep_their_places() {
    let text = r#"{"b": [1, -2.5, "3", {"d": 4e0, "c": 5}], "1": 6, "a": "7 -8 \" 9", "e": -0}"#;
    let expected = r#"{"1":6,"a":"7 -8 \" 9","b":[1,-2.5,"3",{"c":5,"d":4}],"e":0}"#;
    assert_eq!(canonical(text), expected);
}

#[test]
fn strings_have_the_shortest_escapes() {
    let text = r#""\u0000\u0008\u0009\u000A\u000b\u000C\u000d\u001F\u0022\u005C\/\u007f\u20AC\ud83d\ude02é""#;
    let expected = "\"\\u0000\\b\\t\\n\\u000b\\f\\r\\u001f\\\"\\\\/\u{7f}€😂é\"";
    assert_eq!(canonical(text), expected);
    // No Unicode normalization: RFC 8785 3.1.
    assert_eq!(canonical("\"A\\u030a\""), "\"A\u{30a}\"");
}

#[test]
fn keys_are_ordered_by_utf16_code_units() {
    // U+1F602 is d83d de02 in UTF-16, so it comes before U+FB33, unlike in UTF-8.
    let text = r#"{"\ufb33":1,"\ud83d\ude02":2,"aa":3,"a":4,"":5,"\u20ac":6,"A":7,"10":8,"9":9}"#;
    let expected = "{\"\":5,\"10\":8,\"9\":9,\"A\":7,\"a\":4,\"aa\":3,\"€\":6,\"😂\":2,\"\u{fb33}\":1}";
    assert_eq!(canonical(text), expected);
}

#[test]
fn white_space_goes_and_any_value_may_be_at_the_top() {
    let cases = [
        (" \t\r\n null \n", "null"),
        ("true", "true"),
        ("false", "false"),
        ("\"\"", "\"\""),
        ("[ ]", "[]"),
        ("{ }", "{}"),
        ("[ 1 , [ ] , { \"a\" : null } ]", "[1,[],{\"a\":null}]"),
    ];
    for (text, expected) in cases {
        assert_eq!(canonical(text), expected);
    }
}

#[test]
fn limits_are_inclusive() {
    let nested = "[".repeat(JSON_DEPTH_MAX) + &"]".repeat(JSON_DEPTH_MAX);
    assert_eq!(canonical(&nested), nested);
    // Brackets in strings are no nesting, and closed ones do not add up.
    let flat = format!("[\"{}\"{}]", "[{".repeat(100), ",[{}]".repeat(100));
    assert_eq!(canonical(&flat), flat);
    let long = format!("\"{}\"", "x".repeat(JSON_BYTES_MAX - 2));
    assert_eq!(canonical(&long), long);
}
