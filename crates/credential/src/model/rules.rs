//! Rules that hold for objects of many kinds.

use oxrdf::NamedNode;
use serde_json::{Map, Value};

use crate::finding::Fault;
use crate::pointer::At;

/// Whether an object has to have an id.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Id {
    Required,
    Optional,
}

/// Faults found so far, a bounded number.
#[derive(Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    pub(super) fn add(&mut self, at: &At<'_>, text: &str) {
        let fault = |pointer: String, text: &str| Fault { pointer, text: text.to_owned() };
        match self.0.len() {
            0..FAULTS_MAX => self.0.push(fault(at.to_string(), text)),
            FAULTS_MAX => self.0.push(fault(String::new(), "has more faults than are listed")),
            _ => {}
        }
    }

    pub(super) fn into_list(self) -> Vec<Fault> {
        self.0
    }

    /// The objects of a field that has one or a list of at least one; anything else is a fault.
    pub(super) fn objects<'v, 'a>(
        &mut self,
        value: Option<&'v Value>,
        at: &'a At<'a>,
    ) -> Vec<(&'v Map<String, Value>, At<'a>)> {
        let mut objects = Vec::new();
        match value {
            None => {}
            Some(Value::Object(object)) => objects.push((object, at.clone())),
            Some(Value::Array(entries)) => {
                if entries.is_empty() {
                    self.add(at, "is empty");
                }
                for (index, entry) in entries.iter().enumerate() {
                    match entry {
                        Value::Object(object) => objects.push((object, at.index(index))),
                        _ => self.add(&at.index(index), "is not an object"),
                    }
                }
            }
            Some(_) => self.add(at, "is not an object"),
        }
        objects
    }

    /// VC 2.0, 4.4: one URL.
    pub(super) fn id(&mut self, object: &Map<String, Value>, at: &At<'_>, id: Id) {
        match (object.get("id"), id) {
            (None, Id::Optional) => {}
            (None, Id::Required) => self.add(&at.key("id"), "is missing"),
            (Some(Value::String(url)), _) if is_url(url) => {}
            (Some(_), _) => self.add(&at.key("id"), "is not one URL"),
        }
    }

    /// VC 2.0, 4.5: one or more names or URLs.
    pub(super) fn some_type(&mut self, object: &Map<String, Value>, at: &At<'_>) {
        let is_name = |name: &str| !name.is_empty() && (!name.contains([' ', ':']) || is_url(name));
        let at = at.key("type");
        match object.get("type") {
            None => self.add(&at, "is missing"),
            Some(Value::String(name)) if is_name(name) => {}
            Some(Value::Array(names)) if !names.is_empty() => {
                for (index, name) in names.iter().enumerate() {
                    if !name.as_str().is_some_and(is_name) {
                        self.add(&at.index(index), "is not a type");
                    }
                }
            }
            Some(_) => self.add(&at, "is not a type or a list of types"),
        }
    }

    /// One of the types is one of these.
    pub(super) fn type_among(&mut self, object: &Map<String, Value>, at: &At<'_>, expected: &[&str]) {
        if !has_type(object, expected) {
            self.add(&at.key("type"), &format!("is not of type {}", expected.join(" or ")));
        }
    }

    /// A text, or an object of `@value`, `@language` and `@direction` (VC 2.0, 11.1).
    pub(super) fn text(&mut self, value: &Value, at: &At<'_>) {
        match value {
            Value::String(_) => {}
            Value::Object(members) => {
                if !members.get("@value").is_some_and(Value::is_string) {
                    self.add(&at.key("@value"), "is not a text");
                }
                for (name, value) in members {
                    let holds = match name.as_str() {
                        "@value" => true,
                        "@language" => value.as_str().is_some_and(is_language),
                        "@direction" => ["ltr", "rtl"].iter().any(|direction| value == direction),
                        _ => false,
                    };
                    if !holds {
                        self.add(&at.key(name), "does not belong in a text with a language");
                    }
                }
            }
            _ => self.add(at, "is not a text, nor one with a language"),
        }
    }

    /// A text that is not empty.
    pub(super) fn words(&mut self, object: &Map<String, Value>, at: &At<'_>, field: &str) {
        match object.get(field) {
            Some(Value::String(_)) => {}
            None => self.add(&at.key(field), "is missing"),
            Some(_) => self.add(&at.key(field), "is not a text"),
        }
    }
}

/// Whether one of an object's types is one of these.
pub(super) fn has_type(object: &Map<String, Value>, expected: &[&str]) -> bool {
    let is_expected = |name: &Value| name.as_str().is_some_and(|name| expected.contains(&name));
    match object.get("type") {
        Some(Value::Array(names)) => names.iter().any(is_expected),
        Some(name) => is_expected(name),
        None => false,
    }
}

/// A URL: an absolute IRI (RFC 3987).
pub(super) fn is_url(text: &str) -> bool {
    NamedNode::new(text).is_ok() && !text.starts_with("_:")
}

/// Letters and digits between hyphens, at most eight at once (BCP 47).
fn is_language(tag: &str) -> bool {
    tag.split('-')
        .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Most faults that are listed.
const FAULTS_MAX: usize = 20;
