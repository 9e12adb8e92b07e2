//! Names that a document's own contexts define: they redefine nothing that is protected and stand for URLs, and every
//! type is one of the names that are defined.
//!
//! Source: VC Data Model 2.0, 4.5 and 5.2.1; JSON-LD 1.1, 4.1.11 (protected terms).

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::rules::{Faults, is_url};
use crate::contexts;
use crate::credential::as_list;
use crate::pointer::At;

/// Adds what the contexts of a credential get wrong, and those of its types that they do not define.
pub(super) fn faults(credential: &Map<String, Value>, faults: &mut Faults) {
    let root = At::Root;
    let at = root.key("@context");
    let mut names = Names::default();
    let entries = credential.get("@context").map(as_list).unwrap_or_default();
    // Without the context of a data model, which is a fault by itself, no name can be judged.
    names.is_open =
        !entries.iter().any(|entry| entry == contexts::CREDENTIALS_V1 || entry == contexts::CREDENTIALS_V2);
    for (index, entry) in entries.iter().enumerate() {
        match entry {
            Value::String(url) => match contexts::of(url).and_then(Value::as_object) {
                Some(context) => names.add(context),
                None => names.is_open = true,
            },
            Value::Object(context) => names.add_own(context, &at.index(index), faults),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {}
        }
    }
    names.check_types(credential, &root, faults);
    for field in TYPED {
        let at = root.key(field);
        let entries = credential.get(field);
        match entries {
            Some(Value::Array(entries)) => {
                for (index, entry) in entries.iter().enumerate() {
                    names.check_inner(entry, &at.index(index), faults);
                }
            }
            Some(entry) => names.check_inner(entry, &at, faults),
            None => {}
        }
    }
}

/// Fields whose values have types of their own (VC 2.0, 4.5). Proofs are looked at with their signatures.
const TYPED: [&str; 5] = ["credentialStatus", "credentialSchema", "refreshService", "termsOfUse", "evidence"];

/// The names that are defined so far.
#[derive(Default)]
struct Names<'a> {
    terms: HashMap<&'a str, Definition<'a>>,
    /// Names that hold within some values only.
    inner: HashSet<&'a str>,
    /// A name without a definition stands for something below this.
    has_vocabulary: bool,
    has_inner_vocabulary: bool,
    /// A context that is not known may define anything.
    is_open: bool,
}

#[derive(Clone, Copy)]
struct Definition<'a> {
    value: &'a Value,
    is_protected: bool,
}

impl Definition<'_> {
    /// What the name stands for, as it is written.
    fn iri(&self) -> Option<&str> {
        self.value.as_str().or_else(|| self.value.get("@id")?.as_str())
    }

    fn is_same(&self, other: &Value) -> bool {
        let short = |value: &Value| match value {
            Value::Object(members) if members.len() == 1 => members.get("@id").cloned(),
            _ => None,
        };
        let (own, other) = (
            short(self.value).unwrap_or_else(|| self.value.clone()),
            short(other).unwrap_or_else(|| other.clone()),
        );
        own == other
    }
}

impl<'a> Names<'a> {
    fn add(&mut self, context: &'a Map<String, Value>) {
        match context.get("@vocab") {
            Some(Value::Null) => self.has_vocabulary = false,
            Some(_) => self.has_vocabulary = true,
            None => {}
        }
        let all_protected = context.get("@protected") == Some(&Value::Bool(true));
        for (name, value) in context.iter().filter(|(name, _)| !name.starts_with('@')) {
            let own = value.get("@protected").and_then(Value::as_bool);
            let was_protected = self.terms.get(name.as_str()).is_some_and(|old| old.is_protected);
            let is_protected = was_protected || own.unwrap_or(all_protected);
            self.terms.insert(name, Definition { value, is_protected });
            if let Some(scoped) = value.get("@context") {
                self.add_inner(scoped);
            }
        }
    }

    /// The names of a context of a term, and of those in it; the nesting of JSON is bounded.
    fn add_inner(&mut self, scoped: &'a Value) {
        let contexts = as_list(scoped).iter().filter_map(Value::as_object);
        for (name, value) in contexts.flatten() {
            self.inner.insert(name);
            self.has_inner_vocabulary |= name == "@vocab";
            if let Some(scoped) = value.get("@context") {
                self.add_inner(scoped);
            }
        }
    }

    /// A context of the document's own.
    fn add_own(&mut self, context: &'a Map<String, Value>, at: &At<'_>, faults: &mut Faults) {
        for (name, value) in context.iter().filter(|(name, _)| !name.starts_with('@')) {
            if self.terms.get(name.as_str()).is_some_and(|old| old.is_protected && !old.is_same(value)) {
                faults.add(&at.key(name), "redefines a name that a context before it protects");
            }
        }
        self.add(context);
        for (name, value) in context.iter().filter(|(name, value)| !name.starts_with('@') && !value.is_null())
        {
            let iri = Definition { value, is_protected: false }.iri().unwrap_or(name).to_owned();
            if !self.is_address(&iri, name) {
                faults.add(&at.key(name), "does not stand for a URL");
            }
        }
    }

    /// Whether what a definition names is a keyword, a URL, or an abbreviation or a name of one.
    fn is_address(&self, iri: &str, name: &str) -> bool {
        match iri.split_once(':') {
            _ if iri.starts_with('@') || self.is_open => true,
            None => self.has_vocabulary || (iri != name && self.terms.contains_key(iri)),
            Some((prefix, rest)) => match self.terms.get(prefix).and_then(Definition::iri) {
                Some(start) if prefix != name && !rest.starts_with("//") => is_url(&format!("{start}{rest}")),
                Some(_) | None => is_url(iri),
            },
        }
    }

    fn check_inner(&self, value: &Value, at: &At<'_>, faults: &mut Faults) {
        // A context in it may define anything.
        if let Some(object) = value.as_object().filter(|object| !object.contains_key("@context"))
            && !self.has_inner_vocabulary
        {
            self.check_types(object, at, faults);
        }
    }

    fn check_types(&self, object: &Map<String, Value>, at: &At<'_>, faults: &mut Faults) {
        if self.is_open || self.has_vocabulary {
            return;
        }
        let at_root = at.is_root();
        let at = at.key("type");
        let check = |entry: &Value, at: &At<'_>, faults: &mut Faults| {
            let Some(name) = entry.as_str().filter(|name| !name.is_empty() && !name.contains([' ', ':']))
            else {
                return;
            };
            let is_term = self.terms.get(name).is_some_and(|term| !term.value.is_null());
            let is_inner = !at_root && self.inner.contains(name);
            if !is_term && !is_inner {
                faults.add(at, "is not a name that its contexts define");
            }
        };
        match object.get("type") {
            Some(Value::Array(entries)) => {
                entries.iter().enumerate().for_each(|(index, entry)| check(entry, &at.index(index), faults));
            }
            Some(entry) => check(entry, &at, faults),
            None => {}
        }
    }
}
