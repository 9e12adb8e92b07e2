//! SD-JWT VCs made of Open Badges: what is the learner's own is theirs to show or to withhold.
//!
//! The issuer, the achievement and the dates of validity are seen by every verifier. The id of the credential is not: it
//! follows from the fields of the award, so that whoever sees it could test guesses of them.
//!
//! Source: RFC 9901; SD-JWT-based Verifiable Credentials, 2.2; RFC 7519, 4.1; RFC 7800, 3.2.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sanad_core::sd_jwt::SdJwt;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::credential::{as_list, is_credential, issuer};
use crate::key::{self, PublicKey};
use crate::sign::{SignError, Signer};
use crate::{dates, jwt};

/// Salt of one disclosure: 128 random bits (RFC 9901, 9.3).
pub type Salt = [u8; 16];

/// The type of these SD-JWT VCs, in `vct`: an Open Badge 3.0 as the claims of [`SdJwtClaims`].
pub const SD_JWT_VCT: &str = "urn:sanad:open-badge:1";

/// What an SD-JWT VC says.
#[derive(Clone, Debug, PartialEq)]
pub struct SdJwtClaims {
    /// Seen by every verifier.
    always: Map<String, Value>,
    /// The learner's own, each shown or withheld by itself.
    own: Map<String, Value>,
}

/// Why a credential makes no SD-JWT VC.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SdJwtClaimsError {
    /// No issuer, or no single subject with an achievement.
    #[error("an SD-JWT VC is made of an Open Badge with an issuer and one subject that has an achievement")]
    NotABadge,
    /// A date that is not a moment.
    #[error("{field} is not a date with time")]
    Date {
        /// The member.
        field: &'static str,
    },
    /// A claim that has a meaning of its own in a JWT.
    #[error("the learner's \"{name}\" would be a claim that has another meaning in an SD-JWT VC")]
    Reserved {
        /// Its name.
        name: String,
    },
    /// Two members would be one claim.
    #[error("the claim \"{name}\" would be there twice")]
    Twice {
        /// Its name.
        name: String,
    },
}

impl SdJwtClaims {
    /// The claims of a credential that is an Open Badge.
    ///
    /// Of the subject, each plain identifier becomes a claim of its kind (`name`, `email`, `identifier`; of `ext:birthdate`
    /// it is `birthdate`), and each other member one of its own name. A subject whose id is a `did:key` or `did:jwk` is bound
    /// to that key by `cnf`.
    ///
    /// # Errors
    /// [`SdJwtClaimsError`].
    pub fn of_badge(credential: &Map<String, Value>) -> Result<Self, SdJwtClaimsError> {
        let not_a_badge = SdJwtClaimsError::NotABadge;
        let issuer_id = issuer(credential).ok_or_else(|| not_a_badge.clone())?;
        let subject = credential.get("credentialSubject").and_then(Value::as_object);
        let subject = subject.ok_or_else(|| not_a_badge.clone())?;
        let achievement = subject.get("achievement").filter(|achievement| achievement.is_object());
        let achievement = achievement.ok_or(not_a_badge)?;
        let mut always = Map::new();
        always.insert("iss".to_owned(), issuer_id.into());
        always.insert("vct".to_owned(), SD_JWT_VCT.into());
        always.insert(ACHIEVEMENT.to_owned(), achievement.clone());
        if let Some(profile) = credential.get("issuer").filter(|issuer| issuer.is_object()) {
            always.insert("issuer".to_owned(), profile.clone());
        }
        // Whoever hides where its status stands would hide that it was revoked.
        if let Some(status) = credential.get(STATUS) {
            always.insert(STATUS.to_owned(), status.clone());
        }
        for (claim, field) in [("nbf", "validFrom"), ("exp", "validUntil")] {
            let Some(date) = credential.get(field) else { continue };
            always.insert(claim.to_owned(), seconds(date).ok_or(SdJwtClaimsError::Date { field })?.into());
            always.insert(field.to_owned(), date.clone());
        }
        let mut claims = Self { always, own: Map::new() };
        for (name, value) in subject {
            match (name.as_str(), value) {
                ("type" | ACHIEVEMENT, _) => {}
                ("id", Value::String(id)) => {
                    if let Some(jwk) = holder_key(id) {
                        claims.always.insert("cnf".to_owned(), json!({ "jwk": jwk }));
                    }
                    claims.own.insert("sub".to_owned(), id.clone().into());
                }
                ("identifier", identifiers) => claims.add_identifiers(identifiers)?,
                (name, value) => claims.add(name, value.clone())?,
            }
        }
        for (name, value) in credential {
            match name.as_str() {
                "@context" | "type" | "issuer" | "validFrom" | "validUntil" | "credentialSubject"
                | STATUS => {}
                "id" => drop(claims.own.insert("jti".to_owned(), value.clone())),
                // The learner's name is the claim `name`.
                "name" if achievement.get("name") == Some(value) => {}
                "name" => claims.add("title", value.clone())?,
                name => claims.add(name, value.clone())?,
            }
        }
        Ok(claims)
    }

    /// The names of the claims that are the learner's to show, in the order of their salts.
    pub fn own(&self) -> impl ExactSizeIterator<Item = &str> {
        self.own.keys().map(String::as_str)
    }

    /// How many digests the SD-JWT VC has: those of the learner's claims, and decoys up to a multiple of 16, so that nobody can count
    /// what is withheld (RFC 9901, 4.2.5).
    #[must_use]
    pub fn digests(&self) -> usize {
        self.own.len().next_multiple_of(DIGESTS_MULTIPLE).max(DIGESTS_MULTIPLE)
    }

    /// All claims, as a verifier sees them that is shown everything.
    #[must_use]
    pub fn whole(&self) -> Value {
        let claims = self.always.iter().chain(&self.own);
        Value::Object(claims.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// Whether an SD-JWT that discloses everything has these claims, whenever it was signed, but for those `left_out`.
    #[must_use]
    pub fn are_said_by(&self, document: &[u8], left_out: &[&str]) -> bool {
        let Ok(sd_jwt) = SdJwt::parse(document) else { return false };
        let without = |mut claims: Value, names: &[&str]| {
            let object = claims.as_object_mut();
            object.into_iter().for_each(|claims| names.iter().for_each(|name| drop(claims.remove(*name))));
            claims
        };
        let said = without(sd_jwt.claims().clone(), &[ISSUED_AT]);
        without(said, left_out) == without(self.whole(), left_out)
    }

    /// Each plain identifier by its kind, if no other has that kind; the rest together.
    fn add_identifiers(&mut self, identifiers: &Value) -> Result<(), SdJwtClaimsError> {
        let kind_of = |identifier: &Value| {
            let plain = identifier.get("hashed") == Some(&Value::Bool(false));
            let kind = identifier.get("identityType").and_then(Value::as_str).filter(|_| plain)?;
            identifier.get("identityHash")?.as_str()?;
            Some(match kind {
                "emailAddress" => "email".to_owned(),
                kind => kind.strip_prefix("ext:").unwrap_or(kind).to_owned(),
            })
        };
        let identifiers = as_list(identifiers);
        let kinds: Vec<Option<String>> = identifiers.iter().map(kind_of).collect();
        let mut rest = Vec::new();
        for (identifier, kind) in identifiers.iter().zip(&kinds) {
            match kind {
                Some(name) if kinds.iter().filter(|other| *other == kind).count() == 1 => {
                    self.add(name, identifier["identityHash"].clone())?;
                }
                _ => rest.push(identifier.clone()),
            }
        }
        if rest.is_empty() { Ok(()) } else { self.add("identifiers", rest.into()) }
    }

    fn add(&mut self, name: &str, value: Value) -> Result<(), SdJwtClaimsError> {
        if RESERVED.contains(&name) || self.always.contains_key(name) {
            return Err(SdJwtClaimsError::Reserved { name: name.to_owned() });
        }
        match self.own.insert(name.to_owned(), value) {
            None => Ok(()),
            Some(_) => Err(SdJwtClaimsError::Twice { name: name.to_owned() }),
        }
    }
}

impl Signer {
    /// Signs claims as an SD-JWT VC that discloses everything; `created` is the time of the signature, and there is a fresh
    /// random salt for each of [`SdJwtClaims::digests`], that of a claim or of a decoy. The key has to be Ed25519, as issuing keys are.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign_sd_jwt(
        &self,
        claims: &SdJwtClaims,
        created: &str,
        salts: &[Salt],
    ) -> Result<Vec<u8>, SignError> {
        let found = claims.always.get("iss").and_then(Value::as_str).unwrap_or_default();
        if found != self.issuer() {
            return Err(SignError::Issuer { found: found.to_owned(), expected: self.issuer().to_owned() });
        }
        let (expected, actual) = (claims.digests(), salts.len());
        if expected != actual {
            return Err(SignError::Salts { expected, actual });
        }
        let encode = |text: String| BASE64_URL_SAFE_NO_PAD.encode(text);
        let disclosures: Vec<String> = claims
            .own
            .iter()
            .zip(salts)
            .map(|((name, value), salt)| {
                encode(json!([BASE64_URL_SAFE_NO_PAD.encode(salt), name, value]).to_string())
            })
            .collect();
        let digest = |text: &String| BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()));
        let mut digests: Vec<String> = disclosures.iter().map(digest).collect();
        // Of a random number, as RFC 9901, 4.2.5 has it: nothing tells it from the others.
        digests.extend(
            salts[claims.own.len()..].iter().map(|salt| digest(&BASE64_URL_SAFE_NO_PAD.encode(salt))),
        );
        // RFC 9901 9.7: their order must not tell which claim is which.
        digests.sort_unstable();
        let issued_at = seconds(&created.into()).ok_or(SdJwtClaimsError::Date { field: ISSUED_AT })?;
        let mut payload = claims.always.clone();
        payload.insert(ISSUED_AT.to_owned(), issued_at.into());
        payload.insert("_sd".to_owned(), json!(digests));
        payload.insert("_sd_alg".to_owned(), "sha-256".into());
        let header = json!({ "alg": "EdDSA", "kid": self.method(), "typ": jwt::SD_JWT_VC_TYPE });
        let signed = format!("{}.{}", encode(header.to_string()), encode(Value::Object(payload).to_string()));
        let signature = BASE64_URL_SAFE_NO_PAD.encode(self.signature(signed.as_bytes()));
        let mut text = format!("{signed}.{signature}~");
        disclosures.iter().for_each(|disclosure| text.extend([disclosure, "~"]));
        let text = text.into_bytes();
        self.check_signed(&text)?;
        match claims.are_said_by(&text, &[]) {
            true => Ok(text),
            false => Err(SignError::Refused("readers would take it for something else".to_owned())),
        }
    }
}

/// The Open Badge that an SD-JWT VC of [`SdJwtClaims`] stands for, with as much as it discloses: for what is read from badges,
/// as a summary. `None` for any other document.
#[must_use]
pub fn badge_of_sd_jwt(document: &[u8]) -> Option<Value> {
    let sd_jwt = SdJwt::parse(document).ok()?;
    let claims = sd_jwt.claims().as_object()?;
    if is_credential(claims) || !claims.contains_key("vct") || !claims.get(ACHIEVEMENT)?.is_object() {
        return None;
    }
    let identifiers: Vec<Value> = claims
        .iter()
        .filter_map(|(name, value)| Some((name, value.as_str()?)))
        .flat_map(|(name, text)| {
            [name.clone(), format!("ext:{name}")]
                .map(|kind| json!({ "identityType": kind, "hashed": false, "identityHash": text }))
        })
        .collect();
    let mut subject = claims.clone();
    subject.insert("identifier".to_owned(), identifiers.into());
    let mut badge = Map::new();
    for (member, claim) in [
        ("id", "jti"),
        ("issuer", "iss"),
        ("validFrom", "validFrom"),
        ("validUntil", "validUntil"),
        ("awardedDate", "awardedDate"),
        (STATUS, STATUS),
    ] {
        if let Some(value) = claims.get(claim) {
            badge.insert(member.to_owned(), value.clone());
        }
    }
    badge.insert("type".to_owned(), json!(["VerifiableCredential", "OpenBadgeCredential"]));
    badge.insert("credentialSubject".to_owned(), subject.into());
    Some(badge.into())
}

/// A moment in seconds since 1970 (RFC 7519, 2: NumericDate).
fn seconds(date: &Value) -> Option<i64> {
    let milliseconds = dates::milliseconds(date.as_str()?)?;
    i64::try_from(milliseconds.div_euclid(1000)).ok()
}

/// The JWK of a holder whose id is a key.
fn holder_key(id: &str) -> Option<Value> {
    if !id.starts_with("did:key:") && !id.starts_with("did:jwk:") {
        return None;
    }
    match key::of_method(id).ok()? {
        PublicKey::Ed25519(key) => {
            Some(json!({ "kty": "OKP", "crv": "Ed25519", "x": BASE64_URL_SAFE_NO_PAD.encode(key.0) }))
        }
        key => key.jwk_of_p256(),
    }
}

/// Digests come in such numbers. A badge has fewer claims of the learner's own, as a rule, so that all have as many.
const DIGESTS_MULTIPLE: usize = 16;
const ACHIEVEMENT: &str = "achievement";
const ISSUED_AT: &str = "iat";
/// Where it names its place in W3C status lists. `status` is that of Token Status Lists.
const STATUS: &str = "credentialStatus";

/// Names with a meaning in JWTs and SD-JWT VCs, or one that would make readers take the claims for another document.
const RESERVED: [&str; 22] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "cnf",
    "vct",
    "vct#integrity",
    "status",
    "vc",
    "vp",
    "type",
    "issuer",
    "@context",
    "credentialSubject",
    STATUS,
    "proof",
    "_sd",
    "_sd_alg",
    "...",
];

#[cfg(test)]
mod tests;
