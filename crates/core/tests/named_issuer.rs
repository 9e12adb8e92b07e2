//! The issuer that a document names.

use sanad_core::document::{DocumentKind, NamedIssuer, named_issuer};

fn name(name: &str) -> NamedIssuer {
    NamedIssuer::Name(name.to_owned())
}

#[test]
fn json_names_a_text_or_the_id_of_an_object() {
    for (document, expected) in [
        (r#"{"issuer": "https://merapi.example"}"#, name("https://merapi.example")),
        (r#"{"issuer": {"id": "did:web:merapi.example", "name": "Merapi"}}"#, name("did:web:merapi.example")),
        (r#"{"issuer": {"name": "Merapi"}}"#, NamedIssuer::Unreadable),
        (r#"{"issuer": {"@id": "did:web:merapi.example"}}"#, NamedIssuer::Unreadable),
        (r#"{"issuer": null}"#, NamedIssuer::Unreadable),
        (r#"{"issuer": ["https://merapi.example"]}"#, NamedIssuer::Unreadable),
        (r#"{"iss": "https://merapi.example"}"#, NamedIssuer::None),
        (r#"{"credential": {"issuer": "https://merapi.example"}}"#, NamedIssuer::None),
        (r#"["issuer"]"#, NamedIssuer::None),
        ("{", NamedIssuer::None),
    ] {
        assert_eq!(named_issuer(DocumentKind::Json, document.as_bytes()), expected, "{document}");
    }
}

#[test]
fn an_sd_jwt_names_iss_before_issuer_and_bytes_name_none() {
    // {"alg":"EdDSA"}, and payloads with `iss` and `issuer`, `issuer` alone, neither.
    for (payload, expected) in [
        (
            "eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZSIsImlzc3VlciI6Imh0dHBzOi8vYi5leGFtcGxlIn0",
            name("https://a.example"),
        ),
        ("eyJpc3N1ZXIiOiJodHRwczovL2IuZXhhbXBsZSJ9", name("https://b.example")),
        ("eyJzdWIiOiJ4In0", NamedIssuer::None),
    ] {
        let document = format!("eyJhbGciOiJFZERTQSJ9.{payload}.AAAA~");
        assert_eq!(named_issuer(DocumentKind::SdJwt, document.as_bytes()), expected, "{payload}");
        assert_eq!(named_issuer(DocumentKind::Bytes, document.as_bytes()), NamedIssuer::None);
    }
}
