//! JSON-LD to RDF, with built-in contexts only.

use std::sync::{Arc, Mutex, PoisonError};

use oxjsonld::{JsonLdParser, JsonLdRemoteDocument};
use oxrdf::Quad;
use serde_json::Value;

use crate::contexts;
use crate::fault::{Obstacle, ProofFault, Unchecked};

/// Most RDF statements of a document.
pub(crate) const QUADS_MAX: usize = 20_000;

/// Most places of a document that give contexts, each of which is worked through anew.
pub(crate) const CONTEXTS_MAX: usize = 64;

/// Most JSON objects of a document. Each takes some 100 µs, whether anything comes of it or not.
pub(crate) const OBJECTS_MAX: usize = 10_000;

/// The RDF statements of a document. Relative addresses are resolved against `base`; without it they are dropped.
///
/// # Errors
/// [`Unchecked::Context`], [`Unchecked::TooLarge`]; [`ProofFault::JsonLd`] for what no processor accepts.
pub(crate) fn to_quads(document: &Value, base: Option<&str>) -> Result<Vec<Quad>, Obstacle> {
    if count_contexts(document) > CONTEXTS_MAX {
        return Err(Unchecked::TooLarge { what: "places with a @context", max: CONTEXTS_MAX }.into());
    }
    if count_objects(document) > OBJECTS_MAX {
        return Err(Unchecked::TooLarge { what: "JSON objects", max: OBJECTS_MAX }.into());
    }
    let text = document.to_string();
    let mut parser = JsonLdParser::new();
    if let Some(base) = base {
        parser = parser.with_base_iri(base).map_err(|error| malformed(&error))?;
    }
    let unknown: Arc<Mutex<Option<String>>> = Arc::default();
    let seen = Arc::clone(&unknown);
    let quads =
        parser.for_slice(&text).with_load_document_callback(move |url, _| match contexts::text(url) {
            Some(text) => Ok(JsonLdRemoteDocument { document: text.into(), document_url: url.to_owned() }),
            None => {
                *seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(url.to_owned());
                Err("not built in".into())
            }
        });
    let mut found = Vec::new();
    for quad in quads {
        if found.len() == QUADS_MAX {
            return Err(Unchecked::TooLarge { what: "RDF statements", max: QUADS_MAX }.into());
        }
        match quad {
            Ok(quad) => found.push(quad),
            Err(error) => {
                let unknown = unknown.lock().unwrap_or_else(PoisonError::into_inner).take();
                return Err(match unknown {
                    Some(url) => Unchecked::Context { url }.into(),
                    None => malformed(&error),
                });
            }
        }
    }
    Ok(found)
}

fn malformed(error: &dyn std::error::Error) -> Obstacle {
    ProofFault::JsonLd { detail: error.to_string() }.into()
}

fn count_objects(value: &Value) -> usize {
    match value {
        Value::Object(members) => 1 + members.values().map(count_objects).sum::<usize>(),
        Value::Array(elements) => elements.iter().map(count_objects).sum(),
        _ => 0,
    }
}

/// How many objects of a document have a `@context` of their own; each entry of a list counts.
///
/// The recursion is bounded: documents come through RFC 8785, which bounds nesting.
fn count_contexts(value: &Value) -> usize {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| match (key.as_str(), value) {
                ("@context", Value::Array(entries)) => {
                    entries.len() + entries.iter().map(count_contexts).sum::<usize>()
                }
                ("@context", value) => 1 + count_contexts(value),
                (_, value) => count_contexts(value),
            })
            .sum(),
        Value::Array(elements) => elements.iter().map(count_contexts).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn contexts_are_never_fetched() {
        for document in [
            json!({"@context": "https://example.org/mine", "id": "urn:x:1"}),
            json!({"@context": [{"a": {"@id": "urn:x:a", "@context": "https://example.org/mine"}}], "a": {}}),
            json!({"@context": {"@import": "https://example.org/mine"}, "a": "b"}),
        ] {
            let found = to_quads(&document, None);
            let url = "https://example.org/mine".to_owned();
            assert_eq!(found, Err(Unchecked::Context { url }.into()), "{document}");
        }
    }

    #[test]
    fn protected_terms_stay() {
        let document =
            json!({"@context": [contexts::CREDENTIALS_V2, {"name": "urn:x:other"}], "id": "urn:x:1"});
        assert!(matches!(to_quads(&document, None), Err(Obstacle::Fault(ProofFault::JsonLd { .. }))));
    }

    #[test]
    fn sizes_are_bounded() {
        let many: Vec<Value> = (0..=QUADS_MAX).map(|n| json!(format!("urn:x:{n}"))).collect();
        let document = json!({"@context": {"a": {"@id": "urn:x:a", "@type": "@id"}}, "a": many});
        assert!(matches!(to_quads(&document, None), Err(Obstacle::Unchecked(Unchecked::TooLarge { .. }))));
        let document = json!({"a": vec![json!({}); OBJECTS_MAX + 1]});
        assert!(matches!(to_quads(&document, None), Err(Obstacle::Unchecked(Unchecked::TooLarge { .. }))));
        let many = vec![json!({"@context": contexts::CREDENTIALS_V2}); CONTEXTS_MAX + 1];
        let document = json!({"@context": {"a": "urn:x:a"}, "a": many});
        assert!(matches!(to_quads(&document, None), Err(Obstacle::Unchecked(Unchecked::TooLarge { .. }))));
    }
}
