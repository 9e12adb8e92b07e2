//! What an SD-JWT says: the claims that every presentation shows, and what its holder chose to show.

use sanad_core::sd_jwt::SdJwt;
use serde::Serialize;
use serde_json::{Map, Value};

/// The claims of an SD-JWT that is the one that was entered. All of them are the issuer's words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Claims {
    /// Seen by every verifier.
    pub always: Map<String, Value>,
    /// Shown by the holder.
    pub disclosed: Vec<Disclosed>,
}

/// A claim that the holder chose to show.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Disclosed {
    /// Its place, as a JSON pointer (RFC 6901).
    pub claim: String,
    /// What stands there.
    pub value: Value,
}

impl Claims {
    /// The claims of a document; `None` if it is not an SD-JWT.
    pub(crate) fn of(document: &[u8]) -> Option<Self> {
        let shown = SdJwt::parse(document).ok()?;
        // The same without its disclosures is what every presentation shows.
        let bare = SdJwt::parse(format!("{}~", shown.issuer_signed()).as_bytes()).ok()?;
        let mut disclosed = Vec::new();
        add_disclosed(bare.claims(), shown.claims(), "", &mut disclosed);
        Some(Self { always: bare.claims().as_object()?.clone(), disclosed })
    }
}

/// Adds what is shown beyond `always`: members by their names, a list that has more elements as a whole.
fn add_disclosed(always: &Value, shown: &Value, at: &str, found: &mut Vec<Disclosed>) {
    match (always, shown) {
        (Value::Object(always), Value::Object(shown)) => {
            for (name, value) in shown {
                let claim = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                match always.get(name) {
                    Some(before) => add_disclosed(before, value, &claim, found),
                    None => found.push(Disclosed { claim, value: value.clone() }),
                }
            }
        }
        (Value::Array(always), Value::Array(elements)) if always.len() == elements.len() => {
            for (index, (before, value)) in always.iter().zip(elements).enumerate() {
                add_disclosed(before, value, &format!("{at}/{index}"), found);
            }
        }
        (Value::Array(_), Value::Array(_)) => {
            found.push(Disclosed { claim: at.to_owned(), value: shown.clone() });
        }
        (_, _) => {}
    }
}

/// Claims that say how to read the others, or are said elsewhere: the issuer, dates, the holder's key.
pub(crate) const REGISTERED: [&str; 8] = ["iss", "vct", "iat", "nbf", "exp", "cnf", "status", "@context"];

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    use serde_json::json;
    use sha2::{Digest as _, Sha256};

    use super::*;

    fn encoded(value: &Value) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
    }

    #[test]
    fn what_is_disclosed_is_told_from_what_is_always_shown() {
        let name = encoded(&json!(["salt", "na/me", "Siti"]));
        let skill = encoded(&json!(["salt", "SQL"]));
        let digest = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(text));
        let payload = json!({
            "vct": "badge", "title": { "name": "Data", "_sd": [digest(&name)] }, "skills": ["R", { "...": digest(&skill) }],
        });
        let signed =
            format!("{}.{}.{}", encoded(&json!({"alg": "EdDSA"})), encoded(&payload), encoded(&json!("x")));
        let of = |disclosures: &[&str]| {
            let shown: String = disclosures.iter().map(|text| format!("{text}~")).collect();
            Claims::of(format!("{signed}~{shown}").as_bytes()).unwrap()
        };
        let always = json!({ "vct": "badge", "title": { "name": "Data" }, "skills": ["R"] });
        assert_eq!(of(&[]), Claims { always: always.as_object().unwrap().clone(), disclosed: Vec::new() });
        let disclosed = of(&[&name, &skill]).disclosed;
        let expected = [("/skills", json!(["R", "SQL"])), ("/title/na~1me", json!("Siti"))];
        let expected = expected.map(|(claim, value)| Disclosed { claim: claim.to_owned(), value });
        assert_eq!(disclosed, expected);
        assert_eq!(Claims::of(b"{}"), None);
    }
}
