//! JSON-LD to RDF, and what of a document is lost on the way.
//!
//! A conversion of its own, so that cover holds by construction: a value either gives a statement, or is named. It
//! reads what credentials are made of under the built-in contexts. Names that give the same RDF under another key
//! (`@id`, whole addresses, inline contexts) and `@graph`, `@included`, `@reverse` and the like are not read at all.
//!
//! Source: JSON-LD 1.1 Processing Algorithms and API, 5.1, 5.3 and 8.

mod values;

use std::collections::HashMap;
use std::sync::Arc;

use oxrdf::{BlankNode, GraphName, Literal, NamedNode, Quad, Subject, Term as Object};
use serde_json::{Map, Value};

use crate::context::{Coercion, Container, Context, Contexts, Scope, Term};
use crate::contexts;
use crate::fault::{Obstacle, ProofFault, Unchecked};
use crate::pointer::{At, Places};

/// Most RDF statements of a document.
pub(crate) const QUADS_MAX: usize = 20_000;

/// A document as RDF.
pub(crate) struct Rdf {
    pub(crate) quads: Vec<Quad>,
    /// Places that give no statement, or another one than their text says: a signature over the RDF does not cover them.
    pub(crate) uncovered: Places,
}

/// Converts a document.
///
/// # Errors
/// [`Unchecked`] for what is not read; [`ProofFault::JsonLd`] for what no JSON-LD processor accepts.
pub(crate) fn convert(document: &Map<String, Value>) -> Result<Rdf, Obstacle> {
    let root_id = document.get("id").and_then(Value::as_str);
    let mut conversion = Conversion {
        contexts: Contexts::default(),
        rdf: Rdf { quads: Vec::new(), uncovered: Places::default() },
        blank_nodes: 0,
        labels: HashMap::new(),
        root_id,
    };
    conversion.node(document, Arc::default(), &GraphName::DefaultGraph, &At::Root)?;
    Ok(conversion.rdf)
}

struct Conversion<'a> {
    contexts: Contexts,
    rdf: Rdf,
    blank_nodes: usize,
    /// The blank nodes that the document gives labels to.
    labels: HashMap<String, BlankNode>,
    root_id: Option<&'a str>,
}

impl Conversion<'_> {
    /// Converts a node; `None` if its id has no place in RDF.
    fn node(
        &mut self,
        members: &Map<String, Value>,
        mut context: Arc<Context>,
        graph: &GraphName,
        at: &At<'_>,
    ) -> Result<Option<Subject>, Obstacle> {
        if let Some(local) = members.get("@context") {
            context = self.embedded(context, local, &at.key("@context"))?;
        }
        let outer = Arc::clone(&context);
        let mut types: Vec<&str> = members.get("type").map(texts).unwrap_or_default();
        types.sort_unstable();
        for name in types {
            if let Some(scoped) = outer.term(name).and_then(|term| term.scoped) {
                context = self.contexts.apply(&context, scoped, Scope::Type)?;
            }
        }
        let subject = match members.get("id") {
            Some(id) if means(&context, "id", "@id") => self.id(id, &context, &at.key("id"))?,
            _ => Some(self.blank_node().into()),
        };
        let says_something = members.keys().any(|name| !["id", "type", "@context"].contains(&name.as_str()));
        let is_root = self.root_id.is_some() && members.get("id").and_then(Value::as_str) == self.root_id;
        if !at.is_root() && is_root && says_something {
            self.lost(&at.key("id"), "says more about the credential itself, in a place that is not read");
        }
        for (name, value) in members {
            let at = at.key(name);
            if at.is_first_level() {
                self.check_name(name, &context, &at);
            }
            match name.as_str() {
                "@context" => {}
                "id" if means(&context, "id", "@id") => {}
                "type" if means(&context, "type", "@type") => {
                    self.types(value, &outer, &context, subject.as_ref(), graph, &at)?;
                }
                name => self.property(name, value, &context, subject.as_ref(), graph, &at)?,
            }
        }
        Ok(subject)
    }

    /// A `@context` in a document: addresses of built-in ones.
    fn embedded(
        &mut self,
        mut context: Arc<Context>,
        local: &Value,
        at: &At<'_>,
    ) -> Result<Arc<Context>, Obstacle> {
        for (place, entry) in list(local).iter().enumerate() {
            let Some(url) = entry.as_str() else {
                let at = if local.is_array() { at.index(place).to_string() } else { at.to_string() };
                return Err(Unchecked::Structure { at, what: "a context of the document's own" }.into());
            };
            let known = contexts::of(url).ok_or_else(|| Unchecked::Context { url: url.to_owned() })?;
            context = self.contexts.apply(&context, known, Scope::Embedded)?;
        }
        Ok(context)
    }

    /// The names that are read from the JSON have to mean what they seem to mean.
    fn check_name(&mut self, name: &str, context: &Context, at: &At<'_>) {
        let meaning =
            context.term(name).map(|term| term.iri.clone()).or_else(|| context.below_vocabulary(name));
        for (known, iri) in READ_NAMES {
            if name == known && meaning.as_ref().is_some_and(|meaning| meaning != iri) {
                self.lost(at, "has another meaning than its name");
            } else if name != known && meaning.as_deref() == Some(iri) {
                self.lost(at, "has the meaning of another name");
            }
        }
    }

    fn id(&mut self, id: &Value, context: &Context, at: &At<'_>) -> Result<Option<Subject>, Obstacle> {
        let Value::String(id) = id else {
            return Err(malformed(at, "an id is not a text"));
        };
        // 5.2.2, step 2: as if there were none.
        if is_keyword_like(id) && !KEYWORDS.contains(&id.as_str()) {
            self.lost(at, "looks like a keyword of JSON-LD");
            return Ok(Some(self.blank_node().into()));
        }
        Ok(match self.address(id, context, at) {
            Some(Object::NamedNode(node)) => Some(node.into()),
            Some(Object::BlankNode(node)) => Some(node.into()),
            Some(Object::Literal(_)) | None => None,
        })
    }

    /// What a text stands for that is an address.
    fn address(&mut self, text: &str, context: &Context, at: &At<'_>) -> Option<Object> {
        if let Some(label) = text.strip_prefix("_:") {
            self.lost(at, "is a label that no signature covers");
            return Some(self.labelled(label).into());
        }
        let expanded = context.expand(text);
        if expanded != text {
            self.lost(at, "is an abbreviation; the signature covers what it stands for");
        }
        self.named(expanded, at).map(Into::into)
    }

    fn named(&mut self, iri: String, at: &At<'_>) -> Option<NamedNode> {
        let node = NamedNode::new(iri).ok();
        if node.is_none() {
            self.lost(at, "is not a whole address");
        }
        node
    }

    fn types(
        &mut self,
        value: &Value,
        outer: &Context,
        context: &Context,
        subject: Option<&Subject>,
        graph: &GraphName,
        at: &At<'_>,
    ) -> Result<(), Obstacle> {
        if list(value).is_empty() {
            self.lost(at, "is empty");
        }
        for (place, entry) in list(value).iter().enumerate() {
            let at = if value.is_array() { at.index(place) } else { at.clone() };
            let Value::String(name) = entry else { return Err(malformed(&at, "a type is not a text")) };
            let node = self.vocabulary_term(name, outer, &at);
            if let Some(Object::NamedNode(node)) = &node
                && node.as_str() == name
                && (outer.has_name_for(name) || context.has_name_for(name))
            {
                self.lost(&at, "is the address of a type that has a name");
            }
            if let (Some(subject), Some(node)) = (subject, node) {
                self.push(subject.clone(), NamedNode::new_unchecked(RDF_TYPE), node, graph)?;
            }
        }
        Ok(())
    }

    /// A type, or a text under a term of `@type: @vocab`.
    fn vocabulary_term(&mut self, name: &str, context: &Context, at: &At<'_>) -> Option<Object> {
        if is_keyword_like(name) {
            self.lost(at, "looks like a keyword of JSON-LD");
            return None;
        }
        if let Some(term) = context.term(name) {
            return self.named(term.iri.clone(), at).map(Into::into);
        }
        if !name.contains(':') {
            return match context.below_vocabulary(name) {
                Some(iri) => self.named(iri, at).map(Into::into),
                None => {
                    self.lost(at, UNDEFINED);
                    None
                }
            };
        }
        self.address(name, context, at)
    }

    fn property(
        &mut self,
        name: &str,
        value: &Value,
        context: &Arc<Context>,
        subject: Option<&Subject>,
        graph: &GraphName,
        at: &At<'_>,
    ) -> Result<(), Obstacle> {
        if KEYWORDS.contains(&name) {
            return Err(not_read(at, "a keyword of JSON-LD"));
        }
        if is_keyword_like(name) {
            self.lost(at, "looks like a keyword of JSON-LD");
            return Ok(());
        }
        let term = match context.term(name) {
            Some(term) => Arc::clone(term),
            None if name.contains(':') => return Err(not_read(at, "an address in place of a name")),
            None => match context.below_vocabulary(name) {
                Some(iri) => Arc::new(Term::plain(iri)),
                None => {
                    self.lost(at, UNDEFINED);
                    return Ok(());
                }
            },
        };
        if term.iri.starts_with('@') {
            return Err(not_read(at, "another name for a keyword of JSON-LD"));
        }
        let Some(predicate) = self.named(term.iri.clone(), at) else { return Ok(()) };
        let place = Place { context, term: &term, graph };
        let objects = match term.container {
            Container::Set => self.set(value, place, at)?,
            Container::List if value.is_null() => self.set(value, place, at)?,
            Container::List => vec![self.list(value, place, at)?],
            Container::Graph => self.graphs(value, place, at)?,
        };
        for object in objects {
            if let Some(subject) = subject {
                self.push(subject.clone(), predicate.clone(), object, graph)?;
            }
        }
        Ok(())
    }

    /// Each of the values; lists in lists are as if they were one.
    fn set(&mut self, value: &Value, place: Place<'_>, at: &At<'_>) -> Result<Vec<Object>, Obstacle> {
        let Value::Array(entries) = value else {
            return Ok(self.object(value, place, at)?.into_iter().collect());
        };
        if place.term.coercion == Coercion::Json {
            return Ok(self.object(value, place, at)?.into_iter().collect());
        }
        if entries.is_empty() {
            self.lost(at, "is empty");
        }
        let mut objects = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            objects.extend(self.set(entry, place, &at.index(index))?);
        }
        Ok(objects)
    }

    fn list(&mut self, value: &Value, place: Place<'_>, at: &At<'_>) -> Result<Object, Obstacle> {
        let mut objects = Vec::new();
        for (index, entry) in list(value).iter().enumerate() {
            let at = if value.is_array() { at.index(index) } else { at.clone() };
            if entry.is_array() {
                return Err(not_read(&at, "a list in a list"));
            }
            objects.extend(self.object(entry, place, &at)?);
        }
        let mut rest: Object = NamedNode::new_unchecked(RDF_NIL).into();
        for object in objects.into_iter().rev() {
            let cell = self.blank_node();
            self.push(cell.clone().into(), NamedNode::new_unchecked(RDF_FIRST), object, place.graph)?;
            self.push(cell.clone().into(), NamedNode::new_unchecked(RDF_REST), rest, place.graph)?;
            rest = cell.into();
        }
        Ok(rest)
    }

    /// Each of the values as a graph of its own.
    fn graphs(&mut self, value: &Value, place: Place<'_>, at: &At<'_>) -> Result<Vec<Object>, Obstacle> {
        if list(value).is_empty() {
            self.lost(at, "is empty");
        }
        let mut graphs = Vec::new();
        for (index, entry) in list(value).iter().enumerate() {
            let at = if value.is_array() { at.index(index) } else { at.clone() };
            if !entry.is_object() {
                return Err(not_read(&at, "a graph that is not an object"));
            }
            let graph = self.blank_node();
            self.object(entry, Place { graph: &graph.clone().into(), ..place }, &at)?;
            graphs.push(graph.into());
        }
        Ok(graphs)
    }

    /// One value under a term; `None` if it has no place in RDF.
    fn object(&mut self, value: &Value, place: Place<'_>, at: &At<'_>) -> Result<Option<Object>, Obstacle> {
        let Place { context, term, graph } = place;
        if term.coercion == Coercion::Json {
            return values::json(value, at).map(Some);
        }
        match value {
            Value::Null => {
                self.lost(at, "is null");
                Ok(None)
            }
            Value::Array(_) => Err(not_read(at, "a list in a place of one value")),
            Value::Object(members) if members.contains_key("@value") => {
                self.value_object(members, context, at)
            }
            Value::Object(members) => {
                let reference =
                    members.len() == 1 && members.contains_key("id") && means(context, "id", "@id");
                let base = match &context.previous {
                    Some(previous) if !reference => previous,
                    _ => context,
                };
                let inner = self.scoped(base, term)?;
                Ok(self.node(members, inner, graph, at)?.map(Into::into))
            }
            Value::String(text) => match &term.coercion {
                Coercion::Id => Ok(self.address(text, context, at)),
                Coercion::Vocabulary => {
                    let inner = self.scoped(context, term)?;
                    Ok(self.vocabulary_term(text, &inner, at))
                }
                Coercion::Datatype(datatype) => Ok(self.literal(text.clone(), datatype.clone(), at)),
                Coercion::Text | Coercion::Json => {
                    Ok(Some(Literal::new_simple_literal(text.as_str()).into()))
                }
            },
            Value::Bool(_) | Value::Number(_) => {
                let datatype = match &term.coercion {
                    Coercion::Datatype(datatype) => Some(datatype.clone()),
                    Coercion::Text | Coercion::Id | Coercion::Vocabulary | Coercion::Json => None,
                };
                Ok(self.scalar(value, datatype, at))
            }
        }
    }

    fn scoped(&mut self, context: &Arc<Context>, term: &Term) -> Result<Arc<Context>, Obstacle> {
        match term.scoped {
            Some(scoped) => self.contexts.apply(context, scoped, Scope::Property),
            None => Ok(Arc::clone(context)),
        }
    }

    fn push(
        &mut self,
        subject: Subject,
        predicate: NamedNode,
        object: Object,
        graph: &GraphName,
    ) -> Result<(), Obstacle> {
        if self.rdf.quads.len() == QUADS_MAX {
            return Err(Unchecked::TooLarge { what: "RDF statements", max: QUADS_MAX }.into());
        }
        self.rdf.quads.push(Quad::new(subject, predicate, object, graph.clone()));
        Ok(())
    }

    fn blank_node(&mut self) -> BlankNode {
        self.blank_nodes += 1;
        BlankNode::new_unchecked(format!("n{}", self.blank_nodes))
    }

    fn labelled(&mut self, label: &str) -> BlankNode {
        if let Some(node) = self.labels.get(label) {
            return node.clone();
        }
        let node = self.blank_node();
        self.labels.insert(label.to_owned(), node.clone());
        node
    }

    fn lost(&mut self, at: &At<'_>, why: &str) {
        self.rdf.uncovered.add(at, why);
    }
}

/// Where a value stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    context: &'a Arc<Context>,
    term: &'a Term,
    graph: &'a GraphName,
}

/// Whether a name means a keyword.
fn means(context: &Context, name: &str, keyword: &str) -> bool {
    context.term(name).is_some_and(|term| term.iri == keyword)
}

fn texts(value: &Value) -> Vec<&str> {
    list(value).iter().filter_map(Value::as_str).collect()
}

fn list(value: &Value) -> &[Value] {
    match value {
        Value::Array(entries) => entries,
        one => std::slice::from_ref(one),
    }
}

/// `@` and letters (JSON-LD 1.1, 1.7).
fn is_keyword_like(name: &str) -> bool {
    name.strip_prefix('@')
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

fn malformed(at: &At<'_>, what: &str) -> Obstacle {
    ProofFault::JsonLd { detail: format!("{at}: {what}") }.into()
}

fn not_read(at: &At<'_>, what: &'static str) -> Obstacle {
    Unchecked::Structure { at: at.to_string(), what }.into()
}

pub(crate) const UNDEFINED: &str = "has a name that no context defines";

/// The names whose values are read from the JSON, of the credential and of its proofs, and what they mean.
const READ_NAMES: [(&str, &str); 16] = [
    ("id", "@id"),
    ("type", "@type"),
    ("issuer", "https://www.w3.org/2018/credentials#issuer"),
    ("credentialSubject", "https://www.w3.org/2018/credentials#credentialSubject"),
    ("credentialStatus", "https://www.w3.org/2018/credentials#credentialStatus"),
    ("validFrom", "https://www.w3.org/2018/credentials#validFrom"),
    ("validUntil", "https://www.w3.org/2018/credentials#validUntil"),
    ("issuanceDate", "https://www.w3.org/2018/credentials#issuanceDate"),
    ("expirationDate", "https://www.w3.org/2018/credentials#expirationDate"),
    ("proof", "https://w3id.org/security#proof"),
    ("proofPurpose", "https://w3id.org/security#proofPurpose"),
    ("verificationMethod", "https://w3id.org/security#verificationMethod"),
    ("cryptosuite", "https://w3id.org/security#cryptosuite"),
    ("created", "http://purl.org/dc/terms/created"),
    ("expires", "https://w3id.org/security#expiration"),
    ("previousProof", "https://w3id.org/security#previousProof"),
];

/// JSON-LD 1.1, 1.7.
const KEYWORDS: [&str; 22] = [
    "@base",
    "@container",
    "@direction",
    "@graph",
    "@id",
    "@import",
    "@included",
    "@index",
    "@json",
    "@language",
    "@list",
    "@nest",
    "@none",
    "@prefix",
    "@propagate",
    "@protected",
    "@reverse",
    "@set",
    "@type",
    "@value",
    "@version",
    "@vocab",
];

const RDF_TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
const RDF_FIRST: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#first";
const RDF_REST: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#rest";
const RDF_NIL: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#nil";

#[cfg(test)]
pub(crate) mod tests;
