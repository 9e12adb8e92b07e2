//! Presentations: which disclosures of an SD-JWT are shown (RFC 9901, 7.2).

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{ELEMENT, SD, SD_ALG, SdJwt, SdJwtError, SdJwtPart, base64, json, object};

/// A disclosure of an SD-JWT, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisclosedClaim {
    /// The names on the way to the claim, joined by full stops; of an array element its place, counted from 0.
    pub path: String,
    /// The place of the disclosure that this one stands in.
    parent: Option<usize>,
}

/// Why nothing is selected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SelectionError {
    /// No claim has this name.
    #[error("there is no claim \"{name}\" to show; there is {}", .known.join(", "))]
    NoClaim {
        /// Claim that was asked for.
        name: String,
        /// The claims that can be shown or withheld.
        known: Vec<String>,
    },
    /// The document is not a valid SD-JWT.
    #[error(transparent)]
    SdJwt(#[from] SdJwtError),
}

impl SdJwt {
    /// What is disclosed, in the order of the document.
    ///
    /// # Errors
    /// None for an SD-JWT that [`SdJwt::parse`] returned.
    pub fn disclosures(&self) -> Result<Vec<DisclosedClaim>, SdJwtError> {
        let mut walk = Walk { by_digest: BTreeMap::new(), found: BTreeMap::new() };
        for (place, text) in self.disclosure_texts().enumerate() {
            let part = SdJwtPart::Disclosure(place);
            let elements = json(&base64(text, part)?, part)?;
            let digest = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()));
            walk.by_digest.insert(digest, (place, elements));
        }
        walk.value(&self.payload()?, "", None);
        Ok(walk.found.into_values().collect())
    }

    /// The names of the claims that every presentation shows.
    ///
    /// # Errors
    /// None for an SD-JWT that [`SdJwt::parse`] returned.
    pub fn always_shown(&self) -> Result<Vec<String>, SdJwtError> {
        let payload = self.payload()?;
        let names = payload.as_object().into_iter().flat_map(|claims| claims.keys());
        Ok(names.filter(|name| ![SD, SD_ALG].contains(&name.as_str())).cloned().collect())
    }

    /// The presentation, without a key-binding JWT, that discloses the claims with these paths, all within them, and what
    /// they stand in. Names of claims that are always shown change nothing.
    ///
    /// # Errors
    /// [`SelectionError::NoClaim`].
    pub fn select(&self, paths: &[impl AsRef<str>]) -> Result<String, SelectionError> {
        let disclosures = self.disclosures()?;
        let always = self.always_shown()?;
        let mut shown = BTreeSet::new();
        for path in paths.iter().map(AsRef::as_ref) {
            let is_within = |claim: &DisclosedClaim| {
                claim.path.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            let before = shown.len();
            for (place, _) in disclosures.iter().enumerate().filter(|(_, claim)| is_within(claim)) {
                let mut next = Some(place);
                while let Some(place) = next {
                    shown.insert(place);
                    next = disclosures[place].parent;
                }
            }
            if shown.len() == before
                && !always.iter().any(|name| name == path)
                && !disclosures.iter().any(is_within)
            {
                let known = disclosures.iter().map(|claim| claim.path.clone()).collect();
                return Err(SelectionError::NoClaim { name: path.to_owned(), known });
            }
        }
        let mut presentation = format!("{}~", self.issuer_signed());
        for (_, text) in self.disclosure_texts().enumerate().filter(|(place, _)| shown.contains(place)) {
            presentation.extend([text, "~"]);
        }
        Ok(presentation)
    }

    fn payload(&self) -> Result<Value, SdJwtError> {
        let payload = self.issuer_signed().split('.').nth(1).unwrap_or_default();
        Ok(Value::Object(object(payload, SdJwtPart::Payload)?))
    }

    fn disclosure_texts(&self) -> impl Iterator<Item = &str> {
        let texts = self.presentation[self.issuer_signed_bytes..].split('~');
        texts.filter(|text| !text.is_empty())
    }
}

/// Finds where each disclosure stands. An SD-JWT that was parsed has each of them once, and bounded nesting.
struct Walk {
    by_digest: BTreeMap<String, (usize, Value)>,
    found: BTreeMap<usize, DisclosedClaim>,
}

impl Walk {
    fn value(&mut self, value: &Value, path: &str, parent: Option<usize>) {
        match value {
            Value::Object(claims) => {
                for (name, value) in claims {
                    if name == SD {
                        value
                            .as_array()
                            .into_iter()
                            .flatten()
                            .for_each(|digest| self.claim(digest, path, parent));
                    } else {
                        self.value(value, &below(path, name), parent);
                    }
                }
            }
            Value::Array(elements) => {
                for (place, element) in elements.iter().enumerate() {
                    let path = below(path, &place.to_string());
                    match element.get(ELEMENT) {
                        Some(digest) => self.disclosure(digest, parent, |_| path.clone()),
                        None => self.value(element, &path, parent),
                    }
                }
            }
            _ => {}
        }
    }

    fn claim(&mut self, digest: &Value, path: &str, parent: Option<usize>) {
        self.disclosure(digest, parent, |elements| below(path, elements[1].as_str().unwrap_or_default()));
    }

    fn disclosure(&mut self, digest: &Value, parent: Option<usize>, path: impl FnOnce(&Value) -> String) {
        let Some((place, elements)) = digest.as_str().and_then(|digest| self.by_digest.remove(digest)) else {
            return;
        };
        let path = path(&elements);
        if let Some(value) = elements.as_array().and_then(|elements| elements.last()) {
            self.value(value, &path, Some(place));
        }
        self.found.insert(place, DisclosedClaim { path, parent });
    }
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn disclosure(elements: Value) -> (String, String) {
        let text = BASE64_URL_SAFE_NO_PAD.encode(elements.to_string());
        let digest = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()));
        (text, digest)
    }

    /// RFC 9901, 6: claims in claims, and elements of arrays.
    fn nested() -> SdJwt {
        let (street, street_digest) = disclosure(json!(["s1", "street", "Jl. Kaliurang"]));
        let (address, address_digest) =
            disclosure(json!(["s2", "address", {"_sd": [street_digest], "country": "ID"}]));
        let (name, name_digest) = disclosure(json!(["s3", "name", "Siti"]));
        let (language, language_digest) = disclosure(json!(["s4", "jv"]));
        let payload = json!({"vct": "x", "_sd_alg": "sha-256", "_sd": [address_digest, name_digest],
            "languages": ["id", {"...": language_digest}]});
        let encode = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}.c2ln", encode(json!({"alg": "EdDSA"})), encode(payload));
        SdJwt::parse(format!("{signed}~{street}~{address}~{name}~{language}~").as_bytes()).unwrap()
    }

    #[test]
    fn what_is_selected_is_shown_and_nothing_else() {
        let whole = nested();
        let paths: Vec<String> = whole.disclosures().unwrap().into_iter().map(|claim| claim.path).collect();
        assert_eq!(paths, ["address.street", "address", "name", "languages.1"]);
        assert_eq!(whole.always_shown().unwrap(), ["languages", "vct"]);
        let shown = |paths: &[&str]| {
            let text = whole.select(paths).unwrap();
            let selected = SdJwt::parse(text.as_bytes()).unwrap();
            assert_eq!(selected.digest(), whole.digest());
            selected.claims().clone()
        };
        let nothing = json!({"vct": "x", "languages": ["id"]});
        assert_eq!(shown(&[]), nothing);
        assert_eq!(shown(&["vct"]), nothing);
        assert_eq!(shown(&["name"]), json!({"vct": "x", "languages": ["id"], "name": "Siti"}));
        let address = json!({"country": "ID", "street": "Jl. Kaliurang"});
        for paths in [["address"], ["address.street"]] {
            assert_eq!(shown(&paths), json!({"vct": "x", "languages": ["id"], "address": address}));
        }
        assert_eq!(shown(&["languages"]), json!({"vct": "x", "languages": ["id", "jv"]}));
        assert_eq!(&shown(&["name", "address", "languages", "name"]), whole.claims());
    }

    #[test]
    fn what_is_not_there_cannot_be_shown() {
        let whole = nested();
        for name in ["nam", "names", "address.", "", "_sd", "street"] {
            let error = whole.select(&[name]).unwrap_err();
            assert!(
                matches!(error, SelectionError::NoClaim { ref known, .. } if known.len() == 4),
                "{name}: {error}"
            );
        }
    }
}
