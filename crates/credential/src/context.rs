//! Active contexts of JSON-LD 1.1, for the contexts that are built in and for nothing else.
//!
//! Source: JSON-LD 1.1 Processing Algorithms and API, 4.1 and 4.2. The built-in contexts use `@id`, `@type`, `@context`,
//! `@protected`, `@vocab`, `@version` and the containers `@set`, `@list` and `@graph`. A test looks for anything else.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::fault::{Obstacle, ProofFault, Unchecked};

/// Most active contexts of one conversion. Each holds a table of all its terms.
pub(crate) const CONTEXTS_MAX: usize = 256;

/// What a term means.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Term {
    /// An address, `@id` or `@type`.
    pub(crate) iri: String,
    pub(crate) coercion: Coercion,
    pub(crate) container: Container,
    /// Whether addresses can be abbreviated with it, as `xsd:date`.
    prefix: bool,
    protected: bool,
    /// The context that holds within its values, or within nodes of this type.
    pub(crate) scoped: Option<&'static Value>,
}

impl Term {
    /// A name below `@vocab`, which says nothing of its values.
    pub(crate) fn plain(iri: String) -> Self {
        let (coercion, container) = (Coercion::Text, Container::Set);
        Self { iri, coercion, container, prefix: false, protected: false, scoped: None }
    }
}

/// How a text that stands under a term is read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Coercion {
    Text,
    Id,
    Vocabulary,
    Json,
    Datatype(String),
}

/// How the values under a term are kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Container {
    Set,
    List,
    Graph,
}

/// An active context.
#[derive(Debug, Default)]
pub(crate) struct Context {
    number: usize,
    terms: HashMap<&'static str, Arc<Term>>,
    vocabulary: Option<&'static str>,
    /// What holds again in the nodes below: a context of a type is not passed on.
    pub(crate) previous: Option<Arc<Context>>,
}

impl Context {
    pub(crate) fn term(&self, name: &str) -> Option<&Arc<Term>> {
        self.terms.get(name)
    }

    /// The address of a name that no term has: below `@vocab`, if there is one.
    pub(crate) fn below_vocabulary(&self, name: &str) -> Option<String> {
        self.vocabulary.map(|vocabulary| format!("{vocabulary}{name}"))
    }

    /// Whether a term stands for this address.
    pub(crate) fn has_name_for(&self, iri: &str) -> bool {
        self.terms.values().any(|term| term.iri == iri)
    }

    /// An address with its prefix written out, if it has one (5.2.2, step 6).
    pub(crate) fn expand(&self, text: &str) -> String {
        match text.split_once(':') {
            Some((prefix, rest)) if prefix != "_" && !rest.starts_with("//") => match self.term(prefix) {
                Some(term) if term.prefix => format!("{}{rest}", term.iri),
                _ => text.to_owned(),
            },
            _ => text.to_owned(),
        }
    }
}

/// Whether a context is passed on to the nodes below, and may redefine what is protected.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Scope {
    /// Of a document's `@context`.
    Embedded,
    /// Of a property: passed on, and may redefine.
    Property,
    /// Of a type: not passed on.
    Type,
}

/// Where a context comes from: the number of its base, the address of its text in memory, and how it applies.
type Origin = (usize, usize, Scope);

/// The active contexts of one conversion; each is made once.
#[derive(Default)]
pub(crate) struct Contexts {
    made: usize,
    known: HashMap<Origin, Arc<Context>>,
}

impl Contexts {
    /// Applies a local context (4.1.2).
    ///
    /// # Errors
    /// [`Unchecked::TooLarge`], [`Unchecked::Structure`]; [`ProofFault::JsonLd`] if it redefines a protected term.
    pub(crate) fn apply(
        &mut self,
        base: &Arc<Context>,
        local: &'static Value,
        scope: Scope,
    ) -> Result<Arc<Context>, Obstacle> {
        let origin = (base.number, std::ptr::from_ref(local).addr(), scope);
        if let Some(context) = self.known.get(&origin) {
            return Ok(Arc::clone(context));
        }
        if self.made == CONTEXTS_MAX {
            return Err(Unchecked::TooLarge { what: "JSON-LD contexts", max: CONTEXTS_MAX }.into());
        }
        let Value::Object(local) = local else {
            return Err(
                Unchecked::Structure { at: String::new(), what: "a context that is not an object" }.into()
            );
        };
        self.made += 1;
        let context = Arc::new(Local { base, local, scope }.context(self.made)?);
        self.known.insert(origin, Arc::clone(&context));
        Ok(context)
    }
}

/// A local context on its way to become part of the active one.
struct Local<'a> {
    base: &'a Arc<Context>,
    local: &'static Map<String, Value>,
    scope: Scope,
}

impl Local<'_> {
    fn context(&self, number: usize) -> Result<Context, Obstacle> {
        let Self { base, local, scope } = self;
        let mut terms = base.terms.clone();
        for (name, value) in local.iter().filter(|(name, _)| !name.starts_with('@')) {
            let Some(mut term) = self.define(name, value) else { continue };
            if let Some(old) = base.terms.get(name.as_str()).filter(|old| old.protected) {
                let was_protected = std::mem::replace(&mut term.protected, true);
                if *scope != Scope::Property && term != **old {
                    let detail = format!("a context redefines the protected term {name}");
                    return Err(ProofFault::JsonLd { detail }.into());
                }
                term.protected = was_protected || *scope != Scope::Property;
            }
            terms.insert(name, Arc::new(term));
        }
        let previous = match (scope, &base.previous) {
            (Scope::Type, None) => Some(Arc::clone(base)),
            (_, previous) => previous.clone(),
        };
        let vocabulary = local.get("@vocab").and_then(Value::as_str).or(base.vocabulary);
        Ok(Context { number, terms, vocabulary, previous })
    }

    /// 4.2.2. `None` for a term without an address.
    fn define(&self, name: &str, value: &'static Value) -> Option<Term> {
        let protected = self.local.get("@protected") == Some(&Value::Bool(true));
        let members = match value {
            Value::String(iri) => {
                let iri = self.expand(iri)?;
                let prefix = iri.ends_with([':', '/', '?', '#', '[', ']', '@']);
                let (coercion, container) = (Coercion::Text, Container::Set);
                return Some(Term { iri, coercion, container, prefix, protected, scoped: None });
            }
            other => other.as_object()?,
        };
        let text = |key: &str| members.get(key).and_then(Value::as_str);
        let coercion = match text("@type") {
            None => Coercion::Text,
            Some("@id") => Coercion::Id,
            Some("@vocab") => Coercion::Vocabulary,
            Some("@json") => Coercion::Json,
            Some(datatype) => Coercion::Datatype(self.expand(datatype)?),
        };
        let container = match text("@container") {
            Some("@list") => Container::List,
            Some("@graph") => Container::Graph,
            _ => Container::Set,
        };
        let iri = self.expand(text("@id").unwrap_or(name))?;
        Some(Term { iri, coercion, container, prefix: false, protected, scoped: members.get("@context") })
    }

    /// An address in a definition: a keyword, another term, with a prefix, whole, or below `@vocab`.
    fn expand(&self, text: &str) -> Option<String> {
        if text.starts_with('@') {
            return Some(text.to_owned());
        }
        if let Some(value) = self.local.get(text) {
            let iri = value.as_str().or_else(|| value.get("@id")?.as_str());
            // Of a definition without an address of its own.
            return iri.filter(|iri| *iri != text).and_then(|iri| self.expand(iri));
        }
        if let Some(term) = self.base.term(text) {
            return Some(term.iri.clone());
        }
        match text.split_once(':') {
            Some((prefix, rest)) if !rest.starts_with("//") => match self.local.get(prefix) {
                Some(Value::String(iri)) => Some(format!("{}{rest}", self.expand(iri)?)),
                _ => Some(self.base.expand(text)),
            },
            Some(_) => Some(text.to_owned()),
            None => {
                let own = self.local.get("@vocab").and_then(Value::as_str);
                own.or(self.base.vocabulary).map(|vocabulary| format!("{vocabulary}{text}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contexts;

    #[test]
    fn the_built_in_contexts_use_nothing_else() {
        fn look(context: &Value) {
            for (name, value) in context.as_object().unwrap() {
                match name.as_str() {
                    "@protected" => assert_eq!(*value, true),
                    "@version" => assert_eq!(*value, 1.1),
                    "@vocab" => assert!(value.as_str().unwrap().contains("://")),
                    name => assert!(!name.starts_with('@'), "{name}"),
                }
                let Value::Object(members) = value else { continue };
                for (key, value) in members {
                    match key.as_str() {
                        "@id" | "@type" => assert!(value.is_string()),
                        "@container" => {
                            assert!(["@set", "@list", "@graph"].contains(&value.as_str().unwrap()))
                        }
                        // `null` is of presentations, and not read.
                        "@context" if value.is_null() => {}
                        "@context" => look(value),
                        other => panic!("{name}: {other}"),
                    }
                }
            }
        }
        contexts::all().for_each(look);
    }
}
