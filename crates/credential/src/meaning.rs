//! Whether the names of a credential mean what they seem to mean: its contexts are all built in.
//!
//! Source: VC Data Integrity 1.0, 2.4.1 and 4.6 (context validation): nobody can rely on what a context says that they
//! do not know.

use serde_json::{Map, Value};

use crate::contexts;
use crate::finding::{Check, Part, Verdict};
use crate::pointer::{At, Places, shown};

/// Checks every `@context` of a document, those of its proofs included.
pub(crate) fn check(credential: &Map<String, Value>) -> Check {
    let mut places = Places::default();
    members(credential, &At::Root, &mut places);
    let unknown: Vec<String> = places.below("").collect();
    let part = Part::Contexts;
    match unknown.as_slice() {
        [] => Check { part, verdict: Verdict::Good, detail: "every context is built in".to_owned() },
        unknown => Check { part, verdict: Verdict::NotChecked, detail: unknown.join("; ") },
    }
}

fn members(object: &Map<String, Value>, at: &At<'_>, places: &mut Places) {
    for (name, inner) in object {
        let at = at.key(name);
        match (name.as_str(), inner) {
            ("@context", Value::Array(entries)) => {
                entries
                    .iter()
                    .enumerate()
                    .for_each(|(index, entry)| context(entry, &at.index(index), places));
            }
            ("@context", entry) => context(entry, &at, places),
            (_, inner) => value(inner, &at, places),
        }
    }
}

fn value(any: &Value, at: &At<'_>, places: &mut Places) {
    match any {
        Value::Object(object) => members(object, at, places),
        Value::Array(entries) => {
            entries.iter().enumerate().for_each(|(index, entry)| value(entry, &at.index(index), places));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn context(entry: &Value, at: &At<'_>, places: &mut Places) {
    match entry {
        Value::String(url) if contexts::of(url).is_some() => {}
        Value::String(url) => {
            places.add(at, &format!("({}) is not a context that this program knows", shown(url)));
        }
        Value::Object(_) => places.add(at, "gives names a meaning of the document's own: not read"),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            places.add(at, "is not a context")
        }
    }
}
