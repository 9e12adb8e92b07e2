//! The issuer that a document names.

use sanad_core::document::{DocumentKind, named_issuer};

#[test]
fn json_names_a_text_or_the_id_of_an_object() {
    for (document, expected) in [
        (r#"{"issuer": "https://merapi.example"}"#, Some("https://merapi.example")),
        (r#"{"issuer": {"id": "did:web:merapi.example", "name": "Merapi"}}"#, Some("did:web:merapi.example")),
        (r#"{"issuer": {"name": "Merapi"}}"#, None),
        (r#"{"issuer": ["https://merapi.example"]}"#, None),
        (r#"{"iss": "https://merapi.example"}"#, None),
        (r#"{"credential": {"issuer": "https://merapi.example"}}"#, None),
        (r#"["issuer"]"#, None),
        ("{", None),
    ] {
        assert_eq!(named_issuer(DocumentKind::Json, document.as_bytes()).as_deref(), expected, "{document}");
    }
}

#[test]
fn an_sd_jwt_names_iss_before_issuer_and_bytes_name_none() {
    // {"alg":"EdDSA"}, and payloads with `iss` and `issuer`, `issuer` alone, neither.
    for (payload, expected) in [
        (
            "eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZSIsImlzc3VlciI6Imh0dHBzOi8vYi5leGFtcGxlIn0",
            Some("https://a.example"),
        ),
        ("eyJpc3N1ZXIiOiJodHRwczovL2IuZXhhbXBsZSJ9", Some("https://b.example")),
        ("eyJzdWIiOiJ4In0", None),
    ] {
        let document = format!("eyJhbGciOiJFZERTQSJ9.{payload}.AAAA~");
        assert_eq!(named_issuer(DocumentKind::SdJwt, document.as_bytes()).as_deref(), expected, "{payload}");
        assert_eq!(named_issuer(DocumentKind::Bytes, document.as_bytes()), None);
    }
}
