//! Credentials in forms that are not read: each of them is said, none is passed over in silence.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::Write as _;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use sanad_credential::{Circumstances, Finding, Part, Verdict, check};
use sanad_testkit::issuing_key;
use serde_json::{Value, json};

/// 2026-01-01T00:00:00Z.
const NOW_MS: u64 = 1_767_225_600_000;

fn find(document: &str) -> Option<Finding> {
    check(document.as_bytes(), &Circumstances { now_ms: NOW_MS, member: None, rest: None })
}

fn payload() -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "issuer": "https://example.org/issuer",
        // Long enough to need padding, and with letters that the two alphabets write differently.
        "credentialSubject": {"id": "urn:uuid:2", "name": "Siti???>>>~~~"},
    })
}

fn token(header: &str, payload: &Value) -> String {
    let signed = format!(
        "{}.{}",
        BASE64_URL_SAFE_NO_PAD.encode(header),
        BASE64_URL_SAFE_NO_PAD.encode(payload.to_string())
    );
    let signature = issuing_key("ui.ac.id").sign(signed.as_bytes());
    format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature.0))
}

/// RFC 2045: 76 characters a line.
fn in_lines(text: &str) -> String {
    let lines = text.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line) + "\r\n");
    lines.collect()
}

const HEADER: &str = r#"{"alg":"EdDSA"}"#;

#[test]
fn said_and_never_good() {
    let plain = token(HEADER, &payload());
    // Of a length that needs padding.
    let mut text = payload().to_string();
    while text.len() % 3 != 1 {
        text.push(' ');
    }
    let of = |engine: &dyn Fn(&[u8]) -> String| {
        let parts = [HEADER.as_bytes(), text.as_bytes(), &issuing_key("ui.ac.id").sign(b"").0[..]];
        parts.map(engine).join(".")
    };
    let broken =
        plain.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect::<Vec<_>>();
    let cases = [
        ("a BOM", format!("\u{feff}{plain}"), "byte order mark"),
        ("duplicate keys in the header", token(r#"{"alg":"EdDSA","alg":"none"}"#, &payload()), "header"),
        ("a header that is no object", token("[]", &payload()), "header"),
        ("no algorithm", token("{}", &payload()), "algorithm"),
        ("padding", of(&|part| BASE64_URL_SAFE.encode(part)), "base64url without padding"),
        ("the other alphabet", of(&|part| BASE64_STANDARD.encode(part)), "base64url without padding"),
        ("line breaks", broken.join("\n"), "line breaks"),
        ("folded lines", broken.join("\r\n "), "line breaks"),
        ("four parts", format!("{plain}.QQ"), "three parts"),
        ("a prefix", format!("Bearer {plain}"), "other text"),
        ("a data URL", format!("data:application/vc+jwt,{plain}"), "other text"),
        ("quotation marks", format!("\"{plain}\""), "quotation marks"),
        ("a JSON string", Value::String(text.clone()).to_string(), "quotation marks"),
        (
            "an escaped JSON string",
            Value::String(text.clone()).to_string().replace("Verifiable", "\\u0056erifiable"),
            "quotation marks",
        ),
        ("a field", json!({"credential": plain}).to_string(), "only mentions"),
        ("a text in a field", json!({"credential": text}).to_string(), "only mentions"),
        (
            "a field with escapes",
            format!(r#"{{"vc":{{"type":"{}"}}}}"#, "\\u0056erifiableCredential"),
            "only mentions",
        ),
        ("a list of JWTs", json!([plain]).to_string(), "a list"),
        ("a JWT in a claim", token(HEADER, &json!({"vc": plain})), "only mentions"),
        ("a text in a claim", token(HEADER, &json!({"vc": text})), "only mentions"),
        ("a list in a claim", token(HEADER, &json!({"vc": [payload()]})), "only mentions"),
        ("base64 of a JWT", BASE64_STANDARD.encode(&plain), "in base64"),
        ("base64 of JSON", BASE64_URL_SAFE_NO_PAD.encode(&text), "in base64"),
        ("base64 in lines", in_lines(&BASE64_STANDARD.encode(&text)), "in base64"),
        (
            "a data URL",
            format!("data:application/json;base64,{}", BASE64_STANDARD.encode(&text)),
            "in base64",
        ),
        ("hexadecimal digits in lines", in_lines(&hex::encode(&text)), "hexadecimal"),
        (
            "percent-encoding",
            text.replace('{', "%7B").replace('"', "%22").replace('/', "%2f"),
            "percent-encoded",
        ),
        ("UTF-16 without a mark", text.chars().flat_map(|letter| ['\0', letter]).collect(), "in UTF-16"),
        ("a space that nobody sees", format!("{}\u{200b}{}", &plain[..40], &plain[40..]), "line breaks"),
        ("full stops of another script", plain.replace('.', "\u{ff0e}"), "line breaks"),
        ("an address", format!("https://wallet.example/#vc={plain}"), "JWT"),
        (
            "Open Badges 2.0",
            json!({"@context": "https://w3id.org/openbadges/v2", "type": "Assertion", "expires": "2021-01-01T00:00:00Z"}).to_string(),
            "Open Badges 2.0",
        ),
        (
            "Open Badges 2.0 with lists",
            json!({"@context": ["https://w3id.org/openbadges/v2"], "type": ["Assertion"]}).to_string(),
            "Open Badges 2.0",
        ),
        ("a comment before", format!("/* */{text}"), "characters around"),
        ("a page", format!("<script type=\"application/ld+json\">{text}</script>"), "characters around"),
        (
            "an SD-JWT VC among words",
            format!("see {}", token(HEADER, &json!({"vct": "https://example.org/t"}))),
            "other text",
        ),
    ];
    for (name, document, expected) in cases {
        let finding = find(&document).unwrap_or_else(|| panic!("{name}: nothing is said"));
        let form = finding.checks.iter().find(|check| check.part == Part::Form).unwrap();
        assert_eq!((finding.verdict, form.verdict), (Verdict::NotChecked, Verdict::NotChecked), "{name}");
        assert!(form.detail.contains(expected), "{name}: {}", form.detail);
    }
}

#[test]
fn bytes_that_hold_a_credential_are_not_passed_over() {
    let text = payload().to_string();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(text.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(text.as_bytes()).unwrap();
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(&vec![b' '; 64 << 20]).unwrap();
    // A map of one: "type", a list of one text (RFC 8949).
    let cbor = [&[0xa1, 0x64][..], b"type", &[0x81, 0x74], b"VerifiableCredential"].concat();
    // A JWT, with the byte order mark.
    let jwt = token(HEADER, &payload());
    let wide = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        std::iter::once(0xfeff).chain(jwt.encode_utf16()).flat_map(bytes).collect()
    };
    let circumstances = Circumstances { now_ms: NOW_MS, member: None, rest: None };
    for (document, expected) in [
        (&gzip, "compressed"),
        (&gzip[..gzip.len() - 9].to_vec(), "compressed"),
        (&zlib.finish().unwrap(), "compressed"),
        (&cbor, "CBOR"),
        (&wide(u16::to_le_bytes), "UTF-16"),
        (&wide(u16::to_be_bytes), "UTF-16"),
    ] {
        let finding = check(document, &circumstances).unwrap();
        assert_eq!(finding.verdict, Verdict::NotChecked);
        assert!(finding.checks[0].detail.contains(expected), "{:?}", finding.checks);
    }
    assert!(check(&bomb.finish().unwrap(), &circumstances).is_none());
    assert!(check(b"%PDF-1.7 \xe2 VerifiableCredential", &circumstances).is_none());
}

#[test]
fn the_whole_type_with_a_claim_is_bad() {
    let finding = find(&token(r#"{"alg":"EdDSA","typ":"vc+jwt"}"#, &json!({"vc": payload()}))).unwrap();
    assert!(finding.verdict.is_against(), "{:?}", finding.verdict);
}

#[test]
fn other_texts_are_no_credentials() {
    for document in [
        "www.example.org",
        "1.2.3.4.5",
        "see https://example.org/a.b.c?d=e.f",
        &token(HEADER, &json!({"sub": "somebody"})),
        "{\"a\": \"b.c.d\"}",
        "\"a text\"",
        "{\"type\": \"Assertion\", \"@context\": \"https://example.org/tests\"}",
    ] {
        assert!(find(document).is_none(), "{document}");
    }
}

/// VC Data Model 2.0, 4.13.2.
#[test]
fn envelopes_are_opened() {
    let mut envelope = json!({
        "@context": "https://www.w3.org/ns/credentials/v2",
        "id": format!("data:application/vc+jwt,{}", token(HEADER, &payload())),
        "type": "EnvelopedVerifiableCredential",
    });
    let finding = find(&envelope.to_string()).unwrap();
    assert_eq!(finding.issuer.as_deref(), Some("https://example.org/issuer"));
    assert!(finding.faults.is_empty() && finding.left_open.iter().any(|open| open.contains("envelope")));
    envelope["name"] = json!("what the envelope says is under no signature");
    assert_eq!(find(&envelope.to_string()).unwrap().issuer, None);
}

#[test]
fn times_still_to_come_are_said() {
    let open = |document: &str| find(document).unwrap().left_open.join("\n");
    let claims = |iat: u64| {
        let mut claims = payload();
        claims["iat"] = json!(iat);
        token(HEADER, &claims)
    };
    // Two minutes are tolerated.
    assert!(!open(&claims(NOW_MS / 1000 + 120)).contains("still to come"));
    assert!(
        open(&claims(NOW_MS / 1000 + 121)).contains("iat is 2026-01-01T00:02:01Z, which is still to come")
    );
    let mut document = payload();
    document["proof"] = json!({"type": "DataIntegrityProof", "created": "2030-01-01T00:00:00Z"});
    assert!(open(&document.to_string()).contains("created is 2030-01-01T00:00:00Z, which is still to come"));
    document["validFrom"] = json!("2030-01-01T00:00:00Z");
    assert!(find(&document.to_string()).unwrap().validity.not_yet);
}
