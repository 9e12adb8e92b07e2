//! No document, however odd, stops the program: it is judged, or it is no credential.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::Path;

use sanad_credential::{Circumstances, Verdict, check};
use serde_json::{Value, json};

/// Where every value of a document is.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| {
            places(value, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), found);
        }),
        Value::Array(elements) => {
            elements.iter().enumerate().for_each(|(n, value)| places(value, &format!("{at}/{n}"), found));
        }
        _ => {}
    }
}

/// What JSON-LD has a use for, in places where it has none.
fn odd_values() -> Vec<Value> {
    let mut odd = vec![
        json!(null),
        json!(true),
        json!(-1.5e300),
        json!([]),
        json!([[[]], null]),
        json!({}),
        json!(""),
        json!("_:b"),
        json!("\u{0}\u{fffd}:\u{202e}"),
        json!("a:b c<>\""),
        json!("//["),
        json!({"@value": {"a": []}}),
        json!({"@value": "x", "@language": "no such language"}),
        json!({"@value": "x", "@type": ["a", 5]}),
        json!({"@list": [{"@list": [{"@set": []}]}]}),
        json!({"@graph": [{"@graph": {}}], "@id": "_:g"}),
        json!({"@reverse": {"name": [{"@id": "urn:x:1"}, 5]}}),
        json!({"@included": [{"@id": 5}], "@nest": {"name": "x"}}),
        json!({"@context": null, "@id": {}, "id": []}),
        json!({"@context": {"name": {"@id": "name", "@container": ["@graph", "@index", "@id"]}}, "name": {"a": {}}}),
        json!({"@context": {"@import": "https://www.w3.org/ns/credentials/v2", "@propagate": false, "@version": 1.1}}),
        json!({"@context": [{"@vocab": "", "@base": "::", "@language": 5}, [[]]]}),
    ];
    let keywords = ["@id", "@type", "@context", "@json", "@vocab", "@none", "@index", "@set", "@unknown"];
    odd.extend(keywords.map(|keyword| json!(keyword)));
    odd.extend(keywords.map(|keyword| json!({keyword: keyword})));
    odd
}

#[test]
fn odd_values_in_every_place() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testdata/w3c");
    let circumstances = Circumstances { now_ms: 1_767_225_600_000, member: None, rest: None };
    for name in ["eddsa-rdfc-2022.json", "eddsa-jcs-2022.json"] {
        let mut document: Value = serde_json::from_slice(&fs::read(folder.join(name)).unwrap()).unwrap();
        // A context of its own, so that odd values come there, too.
        let own = json!({"extra": {"@id": "urn:x:extra", "@type": "@json", "@container": "@set", "@context": {"a": "urn:x:a"}}});
        document["@context"].as_array_mut().unwrap().push(own);
        document["credentialSubject"]["extra"] = json!([{"a": 1}]);
        let mut found = Vec::new();
        places(&document, "", &mut found);
        let mut judged = 0;
        for place in &found {
            for odd in odd_values() {
                let mut changed = document.clone();
                *changed.pointer_mut(place).unwrap() = odd;
                if let Some(finding) = check(changed.to_string().as_bytes(), &circumstances) {
                    assert_ne!(finding.verdict, Verdict::Good, "{place}");
                    judged += 1;
                }
            }
        }
        assert!(judged > 500);
    }
}

#[test]
fn every_prefix_of_a_document() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testdata/w3c");
    let document = fs::read(folder.join("eddsa-rdfc-2022.json")).unwrap();
    let circumstances = Circumstances { now_ms: 1_767_225_600_000, member: None, rest: None };
    let end = document.trim_ascii_end().len();
    for length in 0..end {
        if let Some(finding) = check(&document[..length], &circumstances) {
            assert_eq!(finding.verdict, Verdict::NotChecked);
        }
    }
}
