//! Literals: texts, numbers, and what stands in a value object.

use oxrdf::{Literal, NamedNode, Term as Object};
use sanad_core::jcs;
use serde_json::{Map, Value};

use super::{Conversion, malformed, not_read};
use crate::context::Context;
use crate::fault::{Obstacle, Unchecked};
use crate::pointer::At;

impl Conversion<'_> {
    /// `{"@value": …}` with `@type` or `@language`.
    pub(super) fn value_object(
        &mut self,
        members: &Map<String, Value>,
        context: &Context,
        at: &At<'_>,
    ) -> Result<Option<Object>, Obstacle> {
        for name in members.keys() {
            match name.as_str() {
                "@value" | "@language" | "@type" => {}
                "@direction" | "@index" => self.lost(&at.key(name), "has no place in RDF"),
                _ => return Err(malformed(&at.key(name), "does not belong beside a @value")),
            }
        }
        let value = &members["@value"];
        let text = |name: &str| match members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(not_read(&at.key(name), "not a text")),
        };
        match (value, text("@type")?, text("@language")?) {
            (_, Some(_), Some(_)) => Err(malformed(at, "a value has both a type and a language")),
            (Value::Null, ..) => {
                self.lost(at, "is null");
                Ok(None)
            }
            (Value::Array(_) | Value::Object(_), ..) => {
                Err(not_read(at, "a value that is not one text or number"))
            }
            (Value::String(text), None, Some(language)) => {
                match Literal::new_language_tagged_literal(text.as_str(), language.to_ascii_lowercase()) {
                    Ok(literal) => Ok(Some(literal.into())),
                    Err(_) => {
                        self.lost(at, "is in no language that has a tag");
                        Ok(None)
                    }
                }
            }
            (_, None, Some(_)) => Err(malformed(at, "a value with a language is not a text")),
            (_, Some("@json"), None) => Err(not_read(at, "a value that is JSON")),
            (value, datatype, None) => {
                let datatype = match datatype {
                    None => None,
                    Some(name) => match self.vocabulary_term(name, context, &at.key("@type")) {
                        Some(Object::NamedNode(node)) => Some(node.into_string()),
                        Some(Object::BlankNode(_) | Object::Literal(_)) | None => {
                            return Err(malformed(&at.key("@type"), "a type of a value is not an address"));
                        }
                    },
                };
                match (value, datatype) {
                    (Value::String(text), Some(datatype)) => Ok(self.literal(text.clone(), datatype, at)),
                    (Value::String(text), None) => {
                        Ok(Some(Literal::new_simple_literal(text.as_str()).into()))
                    }
                    (scalar, datatype) => Ok(self.scalar(scalar, datatype, at)),
                }
            }
        }
    }

    pub(super) fn literal(&mut self, text: String, datatype: String, at: &At<'_>) -> Option<Object> {
        let datatype = self.named(datatype, at)?;
        Some(Literal::new_typed_literal(text, datatype).into())
    }

    /// A number or a truth value (8.2.2, steps 8 to 12).
    pub(super) fn scalar(&mut self, value: &Value, datatype: Option<String>, at: &At<'_>) -> Option<Object> {
        let (text, own) = match value {
            Value::Bool(value) => (value.to_string(), XSD_BOOLEAN),
            value => {
                let number = value.as_f64()?;
                if number.fract() == 0.0 && number.abs() < 1e21 && datatype.as_deref() != Some(XSD_DOUBLE) {
                    // RFC 8785 and JSON-LD know no negative zero.
                    (if number == 0.0 { "0".to_owned() } else { format!("{number:.0}") }, XSD_INTEGER)
                } else {
                    (double(number), XSD_DOUBLE)
                }
            }
        };
        self.literal(text, datatype.unwrap_or_else(|| own.to_owned()), at)
    }
}

/// A literal of `rdf:JSON` (JSON-LD 1.1 API, 8.2.2, step 4).
pub(super) fn json(value: &Value, at: &At<'_>) -> Result<Object, Obstacle> {
    let text = jcs::canonicalize(value.to_string().as_bytes()).map_err(Unchecked::Json)?;
    let text = String::from_utf8(text).map_err(|_| not_read(at, "JSON that is not UTF-8"))?;
    Ok(Literal::new_typed_literal(text, NamedNode::new_unchecked(RDF_JSON)).into())
}

/// The canonical form of an `xsd:double`, with 15 digits after the point at the most.
fn double(number: f64) -> String {
    let text = format!("{number:.15E}");
    let (digits, exponent) = text.split_once('E').unwrap_or((&text, "0"));
    let digits = digits.trim_end_matches('0');
    let digits = if digits.ends_with('.') { format!("{digits}0") } else { digits.to_owned() };
    format!("{digits}E{exponent}")
}

const RDF_JSON: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON";
const XSD_BOOLEAN: &str = "http://www.w3.org/2001/XMLSchema#boolean";
const XSD_INTEGER: &str = "http://www.w3.org/2001/XMLSchema#integer";
const XSD_DOUBLE: &str = "http://www.w3.org/2001/XMLSchema#double";
