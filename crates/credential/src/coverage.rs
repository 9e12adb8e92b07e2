//! Which parts of a JSON-LD document a signature over its RDF does not cover.
//!
//! What no context gives a meaning has no place in the RDF form, and can be changed, added or removed under a good
//! signature. To find it, every value is replaced by a mark of its own, and the marks are looked for in the RDF.

use serde_json::{Map, Value};

use crate::fault::Obstacle;
use crate::json_ld;

/// Most places that are named.
const PLACES_MAX: usize = 20;

/// Where relative addresses and types without a meaning end up: no document has addresses below it.
const BASE: &str = "https://relative.invalid/";

/// The places of a document whose values are not in its RDF form, as `credentialSubject.results[2].name`.
pub(crate) fn uncovered(document: &Map<String, Value>) -> Result<Vec<String>, Obstacle> {
    let mut marking = Marking::default();
    let marked = marking.members(document, "");
    let quads = json_ld::to_quads(&marked, Some(BASE))?;
    let mut seen = vec![false; marking.places.len()];
    let mut types = Vec::new();
    for quad in &quads {
        let text = quad.to_string();
        marks(&text).for_each(|place| {
            if let Some(seen) = seen.get_mut(place) {
                *seen = true;
            }
        });
        if let Some((_, undefined)) = text.split_once(TYPE_BELOW_BASE) {
            types.push(format!("type {}", undefined.split('>').next().unwrap_or_default()));
        }
    }
    types.sort();
    types.dedup();
    let missing = marking.places.into_iter().zip(seen).filter(|(_, seen)| !seen).map(|(place, _)| place);
    let mut places: Vec<String> = missing.chain(types).take(PLACES_MAX + 1).collect();
    if places.len() > PLACES_MAX {
        places[PLACES_MAX] = "and more".to_owned();
    }
    Ok(places)
}

/// A statement that gives a type which no context defines.
const TYPE_BELOW_BASE: &str = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://relative.invalid/";

/// The marks that were given out: mark `n` stands at place `n`.
#[derive(Default)]
struct Marking {
    places: Vec<String>,
}

impl Marking {
    fn value(&mut self, value: &Value, place: &str) -> Value {
        match value {
            Value::Object(members) => self.members(members, place),
            Value::Array(elements) => {
                let marked =
                    elements.iter().enumerate().map(|(n, value)| self.value(value, &format!("{place}[{n}]")));
                marked.collect()
            }
            // JSON-LD gives null no meaning anywhere: it is as if it were not there.
            Value::Null => Value::Null,
            _ => {
                self.places.push(place.to_owned());
                Value::String(mark(self.places.len() - 1))
            }
        }
    }

    fn members(&mut self, members: &Map<String, Value>, place: &str) -> Value {
        let marked = members.iter().map(|(key, value)| {
            let inner = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
            let value = match key.as_str() {
                // Types choose contexts, so they stay; a type without a meaning shows below the base.
                "type" | "@type" => value.clone(),
                "@context" => {
                    // The keys of index maps, which only a context of the document's own can bring in.
                    if value.to_string().contains("\"@index\"") {
                        self.places.push(inner);
                    }
                    value.clone()
                }
                // Has no place in RDF.
                "@index" | "@direction" => {
                    self.places.push(inner);
                    value.clone()
                }
                _ => self.value(value, &inner),
            };
            (key.clone(), value)
        });
        Value::Object(marked.collect())
    }
}

/// Eight letters, so that a mark is a language tag, too (BCP 47).
fn mark(place: usize) -> String {
    let mut digits = [b'a'; MARK_DIGITS];
    let mut rest = place;
    for digit in digits.iter_mut().rev() {
        *digit += (rest % 26) as u8;
        rest /= 26;
    }
    format!("{MARK_START}{}", String::from_utf8_lossy(&digits))
}

/// The places whose marks are in a text.
fn marks(text: &str) -> impl Iterator<Item = usize> {
    text.match_indices(MARK_START).filter_map(|(start, _)| {
        let digits = text.as_bytes().get(start + MARK_START.len()..)?.get(..MARK_DIGITS)?;
        digits.iter().try_fold(0, |place, digit| match digit {
            b'a'..=b'z' => Some(place * 26 + usize::from(digit - b'a')),
            _ => None,
        })
    })
}

const MARK_START: &str = "qz";
const MARK_DIGITS: usize = 6;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::contexts::CREDENTIALS_V2;

    fn of(document: &Value) -> Vec<String> {
        uncovered(document.as_object().unwrap()).unwrap()
    }

    #[test]
    fn marks_are_found_again() {
        for place in [0, 25, 26, 701, 12_345_678] {
            let text = format!("<urn:{}> \"{}\"", mark(place), mark(3));
            assert_eq!(marks(&text).collect::<Vec<_>>(), [place, 3]);
        }
    }

    #[test]
    fn what_no_context_defines_is_named() {
        let document = json!({
            "@context": CREDENTIALS_V2,
            "id": "urn:x:1",
            "type": ["VerifiableCredential", "Invented"],
            "name": {"@value": "Ijazah", "@language": "id"},
            "issuer": {"id": "urn:x:2", "gpa": 4.0},
            "credentialSubject": {"id": "urn:x:3", "name": "A", "nothing": null, "more": [{"deep": true}, "x"]},
        });
        let expected =
            ["credentialSubject.more[0].deep", "credentialSubject.more[1]", "issuer.gpa", "type Invented"];
        assert_eq!(of(&document), expected);
    }

    #[test]
    fn own_contexts_can_hide_nothing() {
        for own in [json!({"gpa": null}), json!({"gpa": "@index"}), json!({"gpa": "_:b"})] {
            let document = json!({"@context": [CREDENTIALS_V2, own], "id": "urn:x:1", "gpa": "4.0"});
            assert!(of(&document).contains(&"gpa".to_owned()), "{document}");
        }
        let own = json!({"marks": {"@id": "urn:x:marks", "@container": "@index"}});
        let document = json!({"@context": [CREDENTIALS_V2, own], "id": "urn:x:1", "marks": {"4.0": "good"}});
        assert_eq!(of(&document), ["@context"]);
        let document =
            json!({"@context": [CREDENTIALS_V2, {"gpa": "urn:x:gpa"}], "id": "urn:x:1", "gpa": "4.0"});
        assert!(of(&document).is_empty());
    }

    #[test]
    fn the_list_is_bounded() {
        let members: Map<String, Value> = (0..50).map(|n| (format!("k{n}"), json!(1))).collect();
        let places = uncovered(&members).unwrap();
        assert_eq!((places.len(), places[PLACES_MAX].as_str()), (PLACES_MAX + 1, "and more"));
    }
}
