//! The kind of a document and its digest.

use sanad_core::codec;
use sanad_core::document::{DOCUMENT_BYTES_MAX, DocumentError, DocumentKind, digest};
use sanad_core::jcs::JsonError;

#[test]
fn detection_looks_at_the_first_byte_that_is_no_white_space() {
    for (bytes, kind) in [
        (&b"{}"[..], DocumentKind::Json),
        (b" \t\r\n{", DocumentKind::Json),
        (b"", DocumentKind::Bytes),
        (b"  ", DocumentKind::Bytes),
        (b"[]", DocumentKind::Bytes),
        (b"\xef\xbb\xbf{}", DocumentKind::Bytes),
        (b"\x0c{}", DocumentKind::Bytes),
        (b"eyJhbGciOiJFZERTQSJ9.e30.c2ln", DocumentKind::Bytes),
        (b"%PDF-1.7", DocumentKind::Bytes),
        (b"eyJhbGciOiJFZERTQSJ9.e30.c2ln~", DocumentKind::SdJwt),
        (b"\na.b.c~anything", DocumentKind::SdJwt),
        (b"a.b~", DocumentKind::Bytes),
        (b"a.b.c.d~", DocumentKind::Bytes),
        (b"a..c~", DocumentKind::Bytes),
        (b"a.b.c+~", DocumentKind::Bytes),
        (b"a.b. c~", DocumentKind::Bytes),
        (b"~", DocumentKind::Bytes),
    ] {
        assert_eq!(DocumentKind::detect(bytes), kind, "{bytes:?}");
    }
}

#[test]
fn json_is_digested_in_canonical_form() {
    let expected: [u8; 32] = blake3::hash(br#"{"a":1,"b":[true,"x"]}"#).into();
    for text in [r#"{"a":1,"b":[true,"x"]}"#, "{ \"b\": [true, \"\\u0078\"],\n \"a\": 1.0 }\n"] {
        assert_eq!(digest(DocumentKind::Json, text.as_bytes()), Ok(expected));
    }
    let different = digest(DocumentKind::Json, br#"{"a":1,"b":["x",true]}"#);
    assert_ne!(different, Ok(expected));
}

#[test]
fn bytes_are_digested_as_they_are() {
    // The published BLAKE3 digest of the empty input.
    let empty = digest(DocumentKind::Bytes, b"").map(hex::encode);
    let expected = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";
    assert_eq!(empty.as_deref(), Ok(expected));
    let spaced = digest(DocumentKind::Bytes, b"{ }");
    assert_eq!(spaced, Ok(blake3::hash(b"{ }").into()));
    assert_ne!(spaced, digest(DocumentKind::Json, b"{ }"));
}

#[test]
fn refusals() {
    let ambiguous = digest(DocumentKind::Json, br#"{"a":1,"a":2}"#);
    let duplicate = JsonError::DuplicateKey { offset: 10, key: "a".to_owned() };
    assert_eq!(ambiguous, Err(DocumentError::Json(duplicate)));
    let zeros = vec![0; DOCUMENT_BYTES_MAX + 1];
    assert!(digest(DocumentKind::Bytes, &zeros[1..]).is_ok());
    let expected = DocumentError::TooLarge { bytes: DOCUMENT_BYTES_MAX + 1, bytes_max: DOCUMENT_BYTES_MAX };
    assert_eq!(digest(DocumentKind::Bytes, &zeros), Err(expected));
}

#[test]
fn kinds_are_written_in_lowercase() {
    for (kind, text, code) in [
        (DocumentKind::Json, "\"json\"", 0),
        (DocumentKind::Bytes, "\"bytes\"", 1),
        (DocumentKind::SdJwt, "\"sd-jwt\"", 2),
    ] {
        assert_eq!((codec::encode(&kind), codec::decode(&[code], 1)), (vec![code], Ok(kind)));
        assert_eq!(serde_json::to_string(&kind).expect("JSON"), text);
        assert_eq!(serde_json::from_str::<DocumentKind>(text).expect("a kind"), kind);
    }
    assert!(serde_json::from_str::<DocumentKind>("\"Json\"").is_err());
    let unknown = codec::decode::<DocumentKind>(&[3], 1);
    assert_eq!(unknown, Err(codec::CodecError::Invalid { field: "document kind" }));
}
