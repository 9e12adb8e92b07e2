//! Data Integrity proofs: `eddsa-rdfc-2022`, `eddsa-jcs-2022`, `ecdsa-rdfc-2019` and `ecdsa-jcs-2019` of P-256, and
//! `Ed25519Signature2020`.
//!
//! Source: W3C Verifiable Credential Data Integrity 1.0, 4; Data Integrity EdDSA Cryptosuites 1.0, 3; Data Integrity
//! ECDSA Cryptosuites 1.0, 3.

use std::cell::OnceCell;

use sanad_core::jcs;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::canonical;
use crate::contexts;
use crate::credential::{Circumstances, as_list, issuer};
use crate::dates;
use crate::fault::{Obstacle, ProofFault, Unchecked};
use crate::finding::{Key, Proof, Signature};
use crate::key::{self, PublicKey};
use crate::limits;
use crate::pointer::Places;
use crate::rdf;

/// Most proofs that are looked at.
pub(crate) const PROOFS_MAX: usize = 8;

/// Most JSON values of one proof.
const PROOF_VALUES_MAX: usize = 500;

/// Longest signature as text, in bytes; 64 bytes take at most 89 characters.
const PROOF_VALUE_BYTES_MAX: usize = 100;

/// Length of a signature of each of the suites, in bytes.
const SIGNATURE_BYTES: usize = 64;

/// Checks each proof of a credential by itself, the others left out.
pub(crate) fn check(credential: &Map<String, Value>, circumstances: &Circumstances<'_>) -> Vec<Proof> {
    let Some(proofs) = credential.get("proof") else { return Vec::new() };
    let mut members = credential.clone();
    members.remove("proof");
    let unsecured = Unsecured::new(members);
    let mut found = Vec::new();
    for (place, proof) in as_list(proofs).iter().enumerate().take(PROOFS_MAX) {
        let pointer = if proofs.is_array() { format!("/proof/{place}") } else { "/proof".to_owned() };
        found.push(unsecured.check(proof, &pointer, circumstances));
    }
    if as_list(proofs).len() > PROOFS_MAX {
        found.push(Proof::unchecked("others", &Unchecked::TooLarge { what: "proofs", max: PROOFS_MAX }));
    }
    found
}

/// How the bytes that are signed come from the document.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transformation {
    /// The canonical form of its RDF.
    Rdf,
    /// Its canonical JSON.
    Json,
}

/// The kind of key that a suite needs.
#[derive(Clone, Copy)]
enum KeyKind {
    Ed25519,
    P256,
}

/// A cryptosuite, or a type of proof that stands for one.
#[derive(Clone, Copy)]
struct Suite {
    name: &'static str,
    transformation: Transformation,
    key: KeyKind,
}

impl Suite {
    fn of(proof: &Map<String, Value>) -> Result<Self, Obstacle> {
        let found = match text(proof, "type", "a text")? {
            // The algorithm of eddsa-rdfc-2022 before it had a name of its own.
            "Ed25519Signature2020" => "Ed25519Signature2020",
            "DataIntegrityProof" => match text(proof, "cryptosuite", "a text")? {
                "Ed25519Signature2020" => {
                    return Err(Unchecked::Cryptosuite { found: "Ed25519Signature2020".to_owned() }.into());
                }
                found => found,
            },
            other => return Err(Unchecked::ProofType { found: other.to_owned() }.into()),
        };
        let suite = SUITES.iter().find(|suite| suite.name == found);
        Ok(*suite.ok_or_else(|| Unchecked::Cryptosuite { found: found.to_owned() })?)
    }

    fn check_key(self, key: &PublicKey) -> Result<(), Obstacle> {
        let method = self.name;
        match (self.key, key) {
            (KeyKind::Ed25519, PublicKey::Ed25519(_)) | (KeyKind::P256, PublicKey::P256(_)) => Ok(()),
            (KeyKind::Ed25519, PublicKey::P256(_) | PublicKey::Rsa { .. }) => {
                Err(ProofFault::KeyKind { expected: "Ed25519", method }.into())
            }
            (KeyKind::P256, PublicKey::Ed25519(_) | PublicKey::Rsa { .. }) => {
                Err(ProofFault::KeyKind { expected: "P-256", method }.into())
            }
        }
    }
}

const SUITES: [Suite; 6] = {
    use KeyKind::{Ed25519, P256};
    use Transformation::{Json, Rdf};
    [
        Suite { name: "eddsa-rdfc-2022", transformation: Rdf, key: Ed25519 },
        // What drafts called eddsa-rdfc-2022.
        Suite { name: "eddsa-2022", transformation: Rdf, key: Ed25519 },
        Suite { name: "Ed25519Signature2020", transformation: Rdf, key: Ed25519 },
        Suite { name: "eddsa-jcs-2022", transformation: Json, key: Ed25519 },
        Suite { name: "ecdsa-rdfc-2019", transformation: Rdf, key: P256 },
        Suite { name: "ecdsa-jcs-2019", transformation: Json, key: P256 },
    ]
};

/// A digest of the document as RDF, and what it does not cover.
type RdfDigest = ([u8; 32], Places);

/// A credential without its proofs.
pub(crate) struct Unsecured {
    members: Map<String, Value>,
    /// Of its canonical RDF; the same for all proofs.
    rdf: OnceCell<Result<RdfDigest, Obstacle>>,
    /// SHA-256 of its canonical JSON with all of its contexts.
    json: OnceCell<Result<[u8; 32], Obstacle>>,
}

impl Unsecured {
    pub(crate) fn new(members: Map<String, Value>) -> Self {
        Self { members, rdf: OnceCell::new(), json: OnceCell::new() }
    }

    fn check(&self, proof: &Value, pointer: &str, circumstances: &Circumstances<'_>) -> Proof {
        let method = ["cryptosuite", "type"].iter().find_map(|field| proof.get(field)?.as_str());
        let mut found = Proof::new(method.unwrap_or("unnamed"));
        match self.verify(proof, pointer, circumstances, &mut found.key) {
            Ok(uncovered) => (found.signature, found.uncovered) = (Signature::Good, uncovered),
            Err(obstacle) => found.fail(obstacle),
        }
        found
    }

    /// Verifies a proof; returns what it leaves uncovered.
    fn verify(
        &self,
        proof: &Value,
        pointer: &str,
        circumstances: &Circumstances<'_>,
        found: &mut Option<Key>,
    ) -> Result<Vec<String>, Obstacle> {
        if limits::values(proof) > PROOF_VALUES_MAX {
            return Err(Unchecked::TooLarge { what: "values of a proof", max: PROOF_VALUES_MAX }.into());
        }
        let proof = proof.as_object().ok_or(ProofFault::Field { field: "value", expected: "an object" })?;
        let suite = Suite::of(proof)?;
        check_options(proof, circumstances.now_ms)?;
        let signature = signature_of(proof)?;
        let issuer = issuer(&self.members);
        let mut config = proof.clone();
        config.remove("proofValue");
        let method = proof.get("verificationMethod").and_then(Value::as_str);
        let key = match key_of(proof) {
            // The member that issued it may have signed it with the key that the ledger knows.
            Err(Obstacle::Unchecked(elsewhere @ Unchecked::KeyElsewhere { .. })) => {
                let key = circumstances.issuing_key().ok_or_else(|| elsewhere.clone())?;
                suite.check_key(&key).map_err(|_| elsewhere.clone())?;
                let (message, uncovered) = self.message(suite.transformation, config, pointer)?;
                key.verify(&message, &signature).map_err(|_| elsewhere)?;
                *found = Some(circumstances.attribute(&key, issuer, method));
                return Ok(uncovered);
            }
            key => key?,
        };
        suite.check_key(&key)?;
        *found = Some(circumstances.attribute(&key, issuer, method));
        let verified =
            self.message(suite.transformation, config, pointer).and_then(|(message, uncovered)| {
                key.verify(&message, &signature)?;
                Ok(uncovered)
            });
        match (suite.transformation, verified) {
            (Transformation::Rdf, Err(Obstacle::Fault(_))) if self.has_moving_context() => {
                Err(Unchecked::MovingContext { url: contexts::OPEN_BADGES_UNVERSIONED.to_owned() }.into())
            }
            (Transformation::Rdf | Transformation::Json, verified) => verified,
        }
    }

    /// What is signed, and what of the document is not under it.
    pub(crate) fn message(
        &self,
        transformation: Transformation,
        config: Map<String, Value>,
        pointer: &str,
    ) -> Result<(Vec<u8>, Vec<String>), Obstacle> {
        match transformation {
            Transformation::Rdf => self.rdf_message(config, pointer),
            Transformation::Json => self.json_message(&config),
        }
    }

    fn rdf_message(
        &self,
        mut config: Map<String, Value>,
        pointer: &str,
    ) -> Result<(Vec<u8>, Vec<String>), Obstacle> {
        let own_context = config.remove("@context");
        if let Some(context) = self.members.get("@context") {
            config.insert("@context".to_owned(), context.clone());
        }
        let (document, places) = self.rdf.get_or_init(|| rdf_digest(&self.members)).clone()?;
        let (options, option_places) = rdf_digest(&config)?;
        let mut uncovered: Vec<String> = places.below("").collect();
        uncovered.extend(option_places.below(pointer));
        // The document's own contexts count for the proof, whatever the proof says.
        if own_context.is_some() && own_context.as_ref() != self.members.get("@context") {
            uncovered.push(format!("{pointer}/@context is another one than the document has"));
        }
        Ok(([options, document].concat(), uncovered))
    }

    /// eddsa-jcs-2022, 3.3.2: the document counts with the contexts that the proof has.
    fn json_message(&self, config: &Map<String, Value>) -> Result<(Vec<u8>, Vec<String>), Obstacle> {
        let mut uncovered = Vec::new();
        if let Some(context) = config.get("@context") {
            let (of_proof, of_document) = (as_list(context), self.contexts());
            if !of_document.starts_with(of_proof) {
                return Err(ProofFault::ContextPrefix.into());
            }
            uncovered.extend(
                (of_proof.len()..of_document.len())
                    .map(|place| format!("/@context/{place} is not among the contexts of the proof")),
            );
        }
        let document = match config.get("@context") {
            Some(context) if Some(context) != self.members.get("@context") => {
                let mut members = self.members.clone();
                members.insert("@context".to_owned(), context.clone());
                json_digest(members)?
            }
            Some(_) | None => self.json.get_or_init(|| json_digest(self.members.clone())).clone()?,
        };
        Ok(([json_digest(config.clone())?, document].concat(), uncovered))
    }

    fn contexts(&self) -> &[Value] {
        self.members.get("@context").map(as_list).unwrap_or_default()
    }

    fn has_moving_context(&self) -> bool {
        self.contexts().iter().any(|context| context == contexts::OPEN_BADGES_UNVERSIONED)
    }
}

/// What the proof says of itself: purpose, dates, and that it stands alone.
fn check_options(proof: &Map<String, Value>, now_ms: u64) -> Result<(), Obstacle> {
    if proof.contains_key("previousProof") {
        return Err(Unchecked::Chain.into());
    }
    if text(proof, "proofPurpose", "a text")? != "assertionMethod" {
        return Err(ProofFault::Field { field: "proofPurpose", expected: "assertionMethod" }.into());
    }
    for field in ["created", "expires"].into_iter().filter(|field| proof.contains_key(*field)) {
        let at = text(proof, field, "a date and time")?;
        let fault = ProofFault::Field { field, expected: "a date and time" };
        let time = dates::milliseconds(at).ok_or(fault)?;
        if field == "expires" && time + dates::CLOCK_TOLERANCE_MS < i128::from(now_ms) {
            return Err(ProofFault::Expired { at: at.to_owned() }.into());
        }
    }
    Ok(())
}

fn signature_of(proof: &Map<String, Value>) -> Result<Vec<u8>, Obstacle> {
    let expected = "\"z\" and 64 bytes in base58btc";
    let value = text(proof, "proofValue", expected)?;
    let bytes =
        key::decode_base58(value, PROOF_VALUE_BYTES_MAX).filter(|bytes| bytes.len() == SIGNATURE_BYTES);
    Ok(bytes.ok_or(ProofFault::Field { field: "proofValue", expected })?)
}

/// The key that a proof names: by an address, or as an object with the key in it.
fn key_of(proof: &Map<String, Value>) -> Result<PublicKey, Obstacle> {
    let expected = "the address of a key";
    match proof.get("verificationMethod") {
        Some(Value::Object(method)) => {
            let multikey = text(method, "publicKeyMultibase", "a Multikey")?;
            key::decode(multikey)?
                .ok_or_else(|| Unchecked::KeyKind { method: "of the proof".to_owned() }.into())
        }
        _ => key::of_method(text(proof, "verificationMethod", expected)?),
    }
}

fn text<'a>(
    proof: &'a Map<String, Value>,
    field: &'static str,
    expected: &'static str,
) -> Result<&'a str, ProofFault> {
    proof.get(field).and_then(Value::as_str).ok_or(ProofFault::Field { field, expected })
}

fn rdf_digest(members: &Map<String, Value>) -> Result<RdfDigest, Obstacle> {
    let rdf = rdf::convert(members)?;
    Ok((Sha256::digest(canonical::canonical_form(&rdf.quads)?).into(), rdf.uncovered))
}

fn json_digest(members: Map<String, Value>) -> Result<[u8; 32], Obstacle> {
    let text = Value::Object(members).to_string();
    Ok(Sha256::digest(jcs::canonicalize(text.as_bytes()).map_err(Unchecked::Json)?).into())
}

#[cfg(test)]
mod tests;
