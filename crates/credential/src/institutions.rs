//! Institutions that a credential names beside its issuer. Whoever signed the credential chose them: a name is no signature.
//!
//! A credential has one issuer (VC 2.0, 4.7), so partners stand where Open Badges 3.0 has places for them: the `creator` of the
//! achievement, the `source` of the assessment, and the issuers of `endorsement` and `endorsementJwt`, of the credential or of its
//! achievement.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sanad_core::document::DocumentKind;
use sanad_core::member::{ISSUER_ID_BYTES_MAX, IssuerId};
use serde::Serialize;
use serde_json::Value;

use crate::badge;
use crate::credential::{as_list, id_of, is_credential, read_object};
use crate::jwt;
use crate::pointer::shown;
use crate::sd_jwt_vc::badge_of_sd_jwt;

/// An institution that a credential names beside its issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedInstitution {
    /// Its id, if the credential gives one.
    pub id: Option<String>,
    /// The name that the credential gives it, escaped and cut for people.
    pub name: Option<String>,
    /// The places where it stands.
    pub roles: Vec<NamedAs>,
}

/// Where a credential names an institution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NamedAs {
    /// The `creator` of the achievement.
    Creator,
    /// The `source` of the assessment.
    Source,
    /// The issuer of an embedded endorsement, which is not checked here.
    Endorser,
}

/// The institutions that a document names beside its issuer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedInstitutions {
    /// In the order of their places: creator, source, endorsers.
    pub named: Vec<NamedInstitution>,
    /// Whether there are more than [`INSTITUTIONS_MAX`]; the rest is left out.
    pub has_more: bool,
}

/// Reads which institutions a document names beside its issuer; none in what is not read as a credential.
#[must_use]
pub fn named_institutions(document: &[u8]) -> NamedInstitutions {
    let mut found = NamedInstitutions::default();
    let Some(credential) = read(document) else { return found };
    let issuer = id_of(&credential["issuer"]).unwrap_or_default();
    let subjects = || as_list(&credential["credentialSubject"]).iter();
    let achievements = || subjects().map(|subject| &subject["achievement"]);
    for creator in achievements().flat_map(|achievement| as_list(&achievement["creator"])) {
        found.add(creator, NamedAs::Creator, issuer);
    }
    for source in subjects().flat_map(|subject| as_list(&subject["source"])) {
        found.add(source, NamedAs::Source, issuer);
    }
    // An SD-JWT VC has the credential's endorsements beside the claims of the subject.
    for endorsed in std::iter::once(&credential).chain(subjects()).chain(achievements()) {
        for endorsement in as_list(&endorsed["endorsement"]) {
            found.add(endorser(endorsement), NamedAs::Endorser, issuer);
        }
        for jwt in as_list(&endorsed["endorsementJwt"]) {
            let payload = jwt.as_str().and_then(payload_of);
            let profile = payload.as_ref().map_or(jwt, |payload| match endorser(&payload["vc"]) {
                Value::Null => endorser(payload),
                inner => inner,
            });
            found.add(profile, NamedAs::Endorser, issuer);
        }
    }
    found
}

/// The name that a document gives its issuer, which whoever signed it chose; `None` for what is not read as a credential, and for a name
/// that is longer than any member's could be.
#[must_use]
pub fn issuer_name(document: &[u8]) -> Option<String> {
    let credential = read(document)?;
    // An SD-JWT VC has the issuer beside the claims of the subject.
    let is_sd_jwt = DocumentKind::detect(document) == DocumentKind::SdJwt;
    let beside = is_sd_jwt.then(|| &credential["credentialSubject"]["issuer"]);
    let mut profiles = std::iter::once(&credential["issuer"]).chain(beside);
    let name = profiles.find_map(|profile| profile["name"].as_str())?;
    (name.len() <= ISSUER_NAME_BYTES_MAX).then(|| name.to_owned())
}

impl NamedInstitutions {
    /// Adds a profile, or the id of one, unless it is the issuer's.
    fn add(&mut self, profile: &Value, role: NamedAs, issuer: &str) {
        let text = |name: &str| profile.get(name).and_then(Value::as_str);
        let (id, name) = match profile {
            Value::Null => return,
            Value::String(id) => (Some(id.as_str()), None),
            _ => (text("id"), text("name")),
        };
        if id.is_some_and(|id| is_same(id, issuer)) {
            return;
        }
        let id = id.map(|id| if id.len() <= ISSUER_ID_BYTES_MAX { id.to_owned() } else { shown(id) });
        let name = name.map(shown);
        let is_full = self.named.len() == INSTITUTIONS_MAX;
        let known = self.named.iter_mut().find(|known| match (&known.id, &id) {
            (Some(known), Some(id)) => is_same(known, id),
            (None, None) => known.name == name,
            _ => false,
        });
        match known {
            Some(known) if known.roles.contains(&role) => {}
            Some(known) => known.roles.push(role),
            None if is_full => self.has_more = true,
            None => self.named.push(NamedInstitution { id, name, roles: vec![role] }),
        }
    }
}

/// Whether two ids are one institution's, as the register compares them.
fn is_same(one: &str, other: &str) -> bool {
    one == other
        || IssuerId::normalise(one)
            .is_ok_and(|one| IssuerId::normalise(other).is_ok_and(|other| one == other))
}

/// Whoever signed an endorsement, by what it says.
fn endorser(endorsement: &Value) -> &Value {
    match (&endorsement["issuer"], &endorsement["iss"]) {
        (Value::Null, issuer) => issuer,
        (issuer, _) => issuer,
    }
}

/// The claims of a JWT; nothing is checked.
fn payload_of(jwt: &str) -> Option<Value> {
    let payload = jwt.split('.').nth(1)?;
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

fn read(document: &[u8]) -> Option<Value> {
    let baked = badge::unbake(document).transpose().ok()?;
    let document = baked.as_ref().map_or(document, |baked| &baked.credential);
    match DocumentKind::detect(document) {
        DocumentKind::Json => read_object(document).ok().filter(is_credential).map(Value::Object),
        DocumentKind::SdJwt => badge_of_sd_jwt(document).or_else(|| jwt::credential_in_sd_jwt(document)),
        DocumentKind::Bytes | _ => jwt::credential_in(document),
    }
}

/// Most institutions that are read from one document.
pub const INSTITUTIONS_MAX: usize = 32;
/// Longest name of an issuer that is compared, in bytes: four times that of a member, since marks do not count.
const ISSUER_NAME_BYTES_MAX: usize = 512;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn award() -> Value {
        json!({
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "issuer": {"id": "did:web:a.example", "name": "A"},
            "credentialSubject": {
                "source": {"id": "did:web:c.example", "name": "C"},
                "achievement": {
                    "creator": {"id": "did:web:b.example", "name": "B"},
                    "endorsement": [{"issuer": {"id": "did:web:B.example", "name": "other"}}, {"issuer": "did:web:d.example"}],
                },
            },
        })
    }

    fn named(award: &Value) -> Vec<NamedInstitution> {
        named_institutions(award.to_string().as_bytes()).named
    }

    fn institution(id: &str, name: Option<&str>, roles: &[NamedAs]) -> NamedInstitution {
        NamedInstitution { id: Some(id.to_owned()), name: name.map(str::to_owned), roles: roles.to_vec() }
    }

    #[test]
    fn each_place_is_read_and_an_institution_counts_once() {
        let mut award = award();
        let payload = BASE64_URL_SAFE_NO_PAD.encode(r#"{"vc": {"issuer": {"id": "did:web:e.example"}}}"#);
        award["endorsementJwt"] = json!([format!("e30.{payload}.x"), "not a JWT"]);
        let expected = [
            institution("did:web:b.example", Some("B"), &[NamedAs::Creator, NamedAs::Endorser]),
            institution("did:web:c.example", Some("C"), &[NamedAs::Source]),
            institution("did:web:e.example", None, &[NamedAs::Endorser]),
            institution("not a JWT", None, &[NamedAs::Endorser]),
            institution("did:web:d.example", None, &[NamedAs::Endorser]),
        ];
        assert_eq!(named(&award), expected);
    }

    #[test]
    fn the_issuer_is_no_partner_of_its_own_and_others_are_no_credentials() {
        let mut award = award();
        award["issuer"] = json!("https://b.example");
        assert!(named(&award).iter().any(|named| named.id.as_deref() == Some("did:web:b.example")));
        award["issuer"] = json!("did:web:B.EXAMPLE");
        assert_eq!(named(&award)[0].id.as_deref(), Some("did:web:c.example"));
        for other in [&b"{}"[..], b"[]", b"text", br#"{"credentialSubject": {"source": {"id": "x"}}}"#] {
            assert_eq!(named_institutions(other), NamedInstitutions::default());
        }
    }

    #[test]
    fn what_a_stranger_writes_is_bounded() {
        let mut award = award();
        let many: Vec<Value> = (0..1000).map(|number| json!({"issuer": format!("urn:{number}")})).collect();
        award["endorsement"] = json!(many);
        award["credentialSubject"]["source"] =
            json!({"id": "x".repeat(100_000), "name": "\u{202e}y".repeat(9999)});
        let found = named_institutions(award.to_string().as_bytes());
        assert!(found.has_more && found.named.len() == INSTITUTIONS_MAX);
        let source = &found.named[1];
        assert!(source.id.as_ref().is_some_and(|id| id.len() < 1000), "{source:?}");
        let name = source.name.as_ref().unwrap();
        assert!(!name.contains('\u{202e}') && name.len() < 5000, "{name}");
        award["credentialSubject"]["achievement"]["creator"] = json!({"name": "B"});
        assert_eq!(
            named(&award)[0],
            NamedInstitution { id: None, name: Some("B".to_owned()), roles: vec![NamedAs::Creator] }
        );
    }
}
