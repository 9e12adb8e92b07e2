//! Signing a credential that keeps every rule that [`check`] knows: in JSON with one Data Integrity proof, or as a JWT.
//!
//! Source: Data Integrity EdDSA Cryptosuites 1.0, 3.2.1 and 3.3.1; Securing VCs using JOSE and COSE, 3.1.1.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sanad_core::signature::{self, SecretKey};
use serde_json::{Map, Value, json};

use crate::credential::{Circumstances, check, issuer};
use crate::fault::Obstacle;
use crate::finding::{Fault, Part, Verdict};
use crate::integrity::{Transformation, Unsecured};
use crate::key;
use crate::pointer::shown;
use crate::sd_jwt_vc::SdJwtClaimsError;
use crate::{jwt, meaning, model, rdf};

/// How a credential is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cryptosuite {
    /// `eddsa-rdfc-2022`: over the RDF of the credential. Every verifier of Open Badges 3.0 knows it.
    #[default]
    EddsaRdfc2022,
    /// `eddsa-jcs-2022`: over its canonical JSON.
    EddsaJcs2022,
}

impl Cryptosuite {
    /// The name in a proof.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EddsaRdfc2022 => "eddsa-rdfc-2022",
            Self::EddsaJcs2022 => "eddsa-jcs-2022",
        }
    }
}

/// Why a credential is not signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// It has a proof already.
    #[error("it has a proof already")]
    Signed,
    /// It breaks rules of VC 2.0 or Open Badges 3.0.
    #[error("it breaks the rules of its data model: {}", listed(.0))]
    Model(Vec<Fault>),
    /// Verifiers would not know what a name means, or the signature would leave it uncovered.
    #[error("a signature would not cover all of it: {}", .0.join("; "))]
    NotCovered(Vec<String>),
    /// A context that is not built in, or one of the document's own.
    #[error("its contexts: {0}")]
    Contexts(String),
    /// It names another issuer than the key's.
    #[error("its issuer is {}, and the key is that of {expected}", shown(found))]
    Issuer {
        /// What it names.
        found: String,
        /// The issuer of the key.
        expected: String,
    },
    /// It makes no SD-JWT VC.
    #[error(transparent)]
    SdJwt(#[from] SdJwtClaimsError),
    /// Other than one salt for each digest.
    #[error("{actual} salts for {expected} digests")]
    Salts {
        /// Digests.
        expected: usize,
        /// Salts.
        actual: usize,
    },
    /// It cannot be signed as it is.
    #[error("it cannot be signed: {0}")]
    Refused(String),
}

/// An issuer's key, and the names that verifiers know the issuer and the key by.
pub struct Signer {
    key: SecretKey,
    issuer: String,
    suite: Cryptosuite,
}

impl Signer {
    /// The signer of credentials whose issuer is the key itself.
    #[must_use]
    pub fn did_key(key: SecretKey, suite: Cryptosuite) -> Self {
        let issuer = did_key(&key.public());
        Self { key, issuer, suite }
    }

    /// The signer of credentials of an issuer whose DID document lists the key, as `did:web`.
    #[must_use]
    pub fn of_did(key: SecretKey, issuer: String, suite: Cryptosuite) -> Self {
        Self { key, issuer, suite }
    }

    /// The id that credentials have to name as their issuer.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The key that verifiers need.
    #[must_use]
    pub fn public(&self) -> signature::PublicKey {
        self.key.public()
    }

    /// Signs a credential; `created` is the time of the signature, as `2026-11-20T08:00:00Z`.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign(&self, mut credential: Map<String, Value>, created: &str) -> Result<Vec<u8>, SignError> {
        check_unsigned(&credential, &self.issuer)?;
        let mut proof = self.options(created, &credential);
        let transformation = match self.suite {
            Cryptosuite::EddsaRdfc2022 => Transformation::Rdf,
            Cryptosuite::EddsaJcs2022 => Transformation::Json,
        };
        let message = Unsecured::new(credential.clone()).message(transformation, proof.clone(), "/proof");
        let (message, uncovered) = message.map_err(refused)?;
        if !uncovered.is_empty() {
            return Err(SignError::NotCovered(uncovered));
        }
        let signature = bs58::encode(self.key.sign(&message).0).into_string();
        proof.insert("proofValue".to_owned(), format!("z{signature}").into());
        credential.insert("proof".to_owned(), Value::Object(proof));
        let text = format!("{:#}\n", Value::Object(credential)).into_bytes();
        self.check_signed(&text)?;
        Ok(text)
    }

    /// Signs a credential as a JWT whose payload is the credential, with `iss` beside it (VC-JOSE-COSE, 3.1.1).
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign_jwt(&self, mut credential: Map<String, Value>) -> Result<Vec<u8>, SignError> {
        check_unsigned(&credential, &self.issuer)?;
        // RFC 7519 4.1.1, for readers who look for the issuer of any JWT.
        credential.insert("iss".to_owned(), self.issuer.clone().into());
        let header = json!({ "alg": "EdDSA", "cty": "vc", "kid": self.method(), "typ": jwt::VC_JWT_TYPE });
        let encode = |text: String| BASE64_URL_SAFE_NO_PAD.encode(text);
        let signed =
            format!("{}.{}", encode(header.to_string()), encode(Value::Object(credential).to_string()));
        let signature = BASE64_URL_SAFE_NO_PAD.encode(self.signature(signed.as_bytes()));
        let text = format!("{signed}.{signature}").into_bytes();
        self.check_signed(&text)?;
        Ok(text)
    }

    /// The verification method: the issuer's id with the key in its fragment.
    pub(crate) fn method(&self) -> String {
        format!("{}#{}", self.issuer, multikey(&self.key.public()))
    }

    pub(crate) fn signature(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).0
    }

    fn options(&self, created: &str, credential: &Map<String, Value>) -> Map<String, Value> {
        let mut proof = Map::new();
        // eddsa-jcs-2022, 3.3.1: the proof counts with the contexts of the document.
        if let (Cryptosuite::EddsaJcs2022, Some(context)) = (self.suite, credential.get("@context")) {
            proof.insert("@context".to_owned(), context.clone());
        }
        for (name, value) in [
            ("type", "DataIntegrityProof"),
            ("cryptosuite", self.suite.as_str()),
            ("created", created),
            ("verificationMethod", &self.method()),
            ("proofPurpose", "assertionMethod"),
        ] {
            proof.insert(name.to_owned(), json!(value));
        }
        proof
    }

    /// What this program would not accept never leaves it. Dates are the issuer's affair, and whose key it is shows in the
    /// register.
    pub(crate) fn check_signed(&self, text: &[u8]) -> Result<(), SignError> {
        let circumstances = Circumstances { now_ms: 0, member: None, rest: None };
        let finding = check(text, &circumstances);
        let finding = finding.ok_or_else(|| SignError::Refused("it is not a credential".to_owned()))?;
        let is_bad = |part| !matches!(part, Part::Key | Part::Validity);
        match finding.checks.iter().find(|check| check.verdict != Verdict::Good && is_bad(check.part)) {
            None => Ok(()),
            Some(check) => Err(SignError::Refused(check.detail.clone())),
        }
    }
}

/// Refuses what would not be signed for an issuer; everything but the signature itself is tried.
///
/// # Errors
/// [`SignError`].
pub fn check_unsigned(credential: &Map<String, Value>, expected: &str) -> Result<(), SignError> {
    if credential.contains_key("proof") {
        return Err(SignError::Signed);
    }
    let found = issuer(credential).unwrap_or_default();
    if found != expected {
        return Err(SignError::Issuer { found: found.to_owned(), expected: expected.to_owned() });
    }
    let faults = model::faults(credential);
    if !faults.is_empty() {
        return Err(SignError::Model(faults));
    }
    let contexts = meaning::check(credential);
    if contexts.verdict != Verdict::Good {
        return Err(SignError::Contexts(contexts.detail));
    }
    // Whatever the suite: a name that no context defines says nothing to a verifier of RDF.
    let uncovered: Vec<String> = rdf::convert(credential).map_err(refused)?.uncovered.below("").collect();
    if uncovered.is_empty() { Ok(()) } else { Err(SignError::NotCovered(uncovered)) }
}

fn refused(obstacle: Obstacle) -> SignError {
    match obstacle {
        Obstacle::Fault(fault) => SignError::Refused(fault.to_string()),
        Obstacle::Unchecked(why) => SignError::Refused(why.to_string()),
    }
}

/// The Multikey of an Ed25519 key.
#[must_use]
pub fn multikey(key: &signature::PublicKey) -> String {
    key::encode(key)
}

/// The `did:key` of an Ed25519 key.
#[must_use]
pub fn did_key(key: &signature::PublicKey) -> String {
    format!("did:key:{}", multikey(key))
}

fn listed(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use sanad_testkit::issuing_key;

    use super::*;

    const CREATED: &str = "2026-11-20T08:00:00Z";

    fn badge(issuer: &str) -> Value {
        json!({
            "@context": [
                "https://www.w3.org/ns/credentials/v2",
                "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
            ],
            "id": "urn:uuid:7b1d8f6e-0a5c-8b53-8e0d-3d7c1a2b9f10",
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "issuer": {"id": issuer, "type": ["Profile"], "name": "Universitas Merapi"},
            "validFrom": "2026-11-20T00:00:00+07:00",
            "name": "Analisis Data Dasar",
            "credentialSubject": {
                "type": ["AchievementSubject"],
                "identifier": [{"type": "IdentityObject", "identityType": "name", "hashed": false,
                    "identityHash": "Siti Nur'aini"}],
                "creditsEarned": 3.5,
                "achievement": {"id": "https://univ-merapi.example/achievements/add", "type": ["Achievement"],
                    "name": "Analisis Data Dasar", "description": "Kursus daring.",
                    "criteria": {"narrative": "Lulus ujian akhir."}},
                "result": [{"type": ["Result"], "value": "A"}],
            },
        })
    }

    fn signer(suite: Cryptosuite) -> Signer {
        Signer::did_key(issuing_key("merapi"), suite)
    }

    fn object(value: Value) -> Map<String, Value> {
        let Value::Object(object) = value else { panic!("not an object") };
        object
    }

    fn verdict(text: &[u8]) -> Verdict {
        let circumstances = Circumstances { now_ms: 1_800_000_000_000, member: None, rest: None };
        check(text, &circumstances).unwrap().verdict
    }

    #[test]
    fn both_suites_verify_and_a_changed_value_does_not() {
        for suite in [Cryptosuite::EddsaRdfc2022, Cryptosuite::EddsaJcs2022] {
            let signer = signer(suite);
            let text = signer.sign(object(badge(signer.issuer())), CREATED).unwrap();
            assert_eq!(verdict(&text), Verdict::Good);
            let mut changed: Value = serde_json::from_slice(&text).unwrap();
            assert_eq!(changed["proof"]["cryptosuite"], suite.as_str());
            changed["credentialSubject"]["creditsEarned"] = json!(35);
            assert_eq!(verdict(changed.to_string().as_bytes()), Verdict::Bad);
        }
    }

    #[test]
    fn a_key_of_a_did_document_is_named_by_its_multikey() {
        let did = "did:web:univ-merapi.example";
        let signer = Signer::of_did(issuing_key("merapi"), did.to_owned(), Cryptosuite::default());
        let text = signer.sign(object(badge(did)), CREATED).unwrap();
        assert_eq!(verdict(&text), Verdict::KeyUnproven);
        let signed: Value = serde_json::from_slice(&text).unwrap();
        let method = format!("{did}#{}", multikey(&issuing_key("merapi").public()));
        assert_eq!(signed["proof"]["verificationMethod"], method);
    }

    #[test]
    fn what_no_verifier_should_accept_is_not_signed() {
        let refused = |change: &dyn Fn(&mut Value)| {
            let signer = signer(Cryptosuite::EddsaJcs2022);
            let mut badge = badge(signer.issuer());
            change(&mut badge);
            signer.sign(object(badge), CREATED).unwrap_err().to_string()
        };
        for (change, expected) in [
            (
                &(|badge: &mut Value| badge["validFrom"] = json!("20-11-2026")) as &dyn Fn(&mut Value),
                "/validFrom",
            ),
            (&|badge| badge["validFrom"] = json!("2026-02-31T00:00:00Z"), "/validFrom"),
            (&|badge| badge["validUntil"] = json!("2020-01-01T00:00:00Z"), "is before validFrom"),
            (&|badge| badge["holder"] = json!("Siti"), "/holder"),
            (&|badge| badge["credentialSubject"]["grade"] = json!("A"), "/credentialSubject/grade"),
            (&|badge| badge["credentialSubject"]["creditsEarned"] = json!("3"), "creditsEarned"),
            (&|badge| drop(badge["credentialSubject"]["achievement"]["criteria"].take()), "criteria"),
            (&|badge| badge["@context"].as_array_mut().unwrap().push(json!({})), "@context/2"),
            (
                &|badge| badge["@context"].as_array_mut().unwrap().push(json!("https://x.example/c")),
                "@context/2",
            ),
            (&|badge| badge["issuer"]["id"] = json!("did:web:univ-bromo.example"), "its issuer is"),
            (&|badge| badge["proof"] = json!({}), "proof already"),
        ] {
            let said = refused(change);
            assert!(said.contains(expected), "{said}");
        }
    }
}
