//! Data Integrity proofs: `eddsa-rdfc-2022`, `eddsa-jcs-2022`, and `Ed25519Signature2020`.
//!
//! Source: W3C Verifiable Credential Data Integrity 1.0, 4; Data Integrity EdDSA Cryptosuites 1.0, 3.

use std::cell::OnceCell;

use sanad_core::jcs;
use sanad_core::signature;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::credential::{Circumstances, as_list, issuer};
use crate::fault::{Obstacle, ProofFault, Unchecked};
use crate::finding::{Key, Proof, Signature};
use crate::{canonical, contexts, coverage, dates, json_ld, key};

/// Most proofs that are looked at.
const PROOFS_MAX: usize = 16;

/// Longest signature as text, in bytes; 64 bytes take at most 89 characters.
const PROOF_VALUE_BYTES_MAX: usize = 100;

/// Checks each proof of a credential by itself, the others left out.
pub(crate) fn check(credential: &Map<String, Value>, circumstances: &Circumstances<'_>) -> Vec<Proof> {
    let mut members = credential.clone();
    let Some(proofs) = members.remove("proof") else { return Vec::new() };
    let unsecured = Unsecured { members, digest: OnceCell::new(), uncovered: OnceCell::new() };
    let checked = as_list(&proofs).iter().take(PROOFS_MAX);
    let mut found: Vec<Proof> = checked.map(|proof| unsecured.check(proof, circumstances)).collect();
    if as_list(&proofs).len() > PROOFS_MAX {
        found.push(Proof::unchecked("others", &Unchecked::TooLarge { what: "proofs", max: PROOFS_MAX }));
    }
    found
}

/// How the bytes that are signed come from the document.
#[derive(Clone, Copy)]
enum Transformation {
    /// The canonical form of its RDF.
    Rdf,
    /// Its canonical JSON.
    Json,
}

/// A credential without its proofs.
struct Unsecured {
    members: Map<String, Value>,
    /// SHA-256 of its canonical RDF; the same for all proofs.
    digest: OnceCell<Result<[u8; 32], Obstacle>>,
    /// Places that the RDF does not cover.
    uncovered: OnceCell<Result<Vec<String>, Obstacle>>,
}

impl Unsecured {
    fn check(&self, proof: &Value, circumstances: &Circumstances<'_>) -> Proof {
        let method = ["cryptosuite", "type"].iter().find_map(|field| proof.get(field)?.as_str());
        let mut found = Proof {
            method: method.unwrap_or("unnamed").to_owned(),
            signature: Signature::Good,
            reason: None,
            key: None,
            uncovered: Vec::new(),
        };
        match self.verify(proof, circumstances, &mut found.key) {
            Ok(uncovered) => found.uncovered = uncovered,
            Err(obstacle) => found.fail(obstacle),
        }
        found
    }

    /// Verifies a proof; returns what it leaves uncovered.
    fn verify(
        &self,
        proof: &Value,
        circumstances: &Circumstances<'_>,
        key_found: &mut Option<Key>,
    ) -> Result<Vec<String>, Obstacle> {
        let proof = proof.as_object().ok_or(ProofFault::Field { field: "value", expected: "an object" })?;
        let transformation = transformation(proof)?;
        check_options(proof, circumstances.now_ms)?;
        let signature = signature_of(proof)?;
        let mut config = proof.clone();
        config.remove("proofValue");
        let key = match key_of(proof) {
            // The member that issued it may have signed it with the key that the ledger knows.
            Err(Obstacle::Unchecked(elsewhere @ Unchecked::KeyElsewhere { .. })) => {
                let key = circumstances.issuing_key().ok_or_else(|| elsewhere.clone())?;
                let (message, uncovered) = self.message(transformation, config)?;
                key.verify(&message, &signature).map_err(|_| elsewhere)?;
                *key_found = Some(circumstances.attribute(&key, issuer(&self.members)));
                return Ok(uncovered);
            }
            found => found?,
        };
        *key_found = Some(circumstances.attribute(&key, issuer(&self.members)));
        let verified = self.message(transformation, config).and_then(|(message, uncovered)| {
            key.verify(&message, &signature)?;
            Ok(uncovered)
        });
        match (transformation, verified) {
            (Transformation::Rdf, Err(Obstacle::Fault(_))) if self.has_moving_context() => {
                Err(Unchecked::MovingContext { url: contexts::OPEN_BADGES_UNVERSIONED.to_owned() }.into())
            }
            (_, verified) => verified,
        }
    }

    /// What is signed, and what of the document is not under it.
    fn message(
        &self,
        transformation: Transformation,
        config: Map<String, Value>,
    ) -> Result<(Vec<u8>, Vec<String>), Obstacle> {
        match transformation {
            Transformation::Rdf => self.rdf_message(config),
            Transformation::Json => self.json_message(&config),
        }
    }

    fn rdf_message(&self, mut config: Map<String, Value>) -> Result<(Vec<u8>, Vec<String>), Obstacle> {
        config.remove("@context");
        if let Some(context) = self.members.get("@context") {
            config.insert("@context".to_owned(), context.clone());
        }
        let document = self.digest.get_or_init(|| rdf_digest(&self.members)).clone()?;
        let message = [rdf_digest(&config)?, document].concat();
        let mut uncovered = self.uncovered.get_or_init(|| coverage::uncovered(&self.members)).clone()?;
        uncovered.extend(coverage::uncovered(&config)?.into_iter().map(|place| format!("proof.{place}")));
        Ok((message, uncovered))
    }

    /// eddsa-jcs-2022, 3.3.2: the document counts with the contexts that the proof has.
    fn json_message(&self, config: &Map<String, Value>) -> Result<(Vec<u8>, Vec<String>), Obstacle> {
        let mut members = self.members.clone();
        let mut uncovered = Vec::new();
        if let Some(context) = config.get("@context") {
            let (of_proof, of_document) = (as_list(context), self.contexts());
            if !of_document.starts_with(of_proof) {
                return Err(ProofFault::ContextPrefix.into());
            }
            uncovered.extend((of_proof.len()..of_document.len()).map(|n| format!("@context[{n}]")));
            members.insert("@context".to_owned(), context.clone());
        }
        Ok(([json_digest(config)?, json_digest(&members)?].concat(), uncovered))
    }

    fn contexts(&self) -> &[Value] {
        self.members.get("@context").map(as_list).unwrap_or_default()
    }

    fn has_moving_context(&self) -> bool {
        self.contexts().iter().any(|context| context == contexts::OPEN_BADGES_UNVERSIONED)
    }
}

impl Proof {
    /// A proof that nothing is said of.
    pub(crate) fn unchecked(method: &str, why: &Unchecked) -> Self {
        let signature = Signature::NotChecked;
        Self {
            method: method.to_owned(),
            signature,
            reason: Some(why.to_string()),
            key: None,
            uncovered: Vec::new(),
        }
    }

    /// Notes why it is not good.
    pub(crate) fn fail(&mut self, obstacle: Obstacle) {
        (self.signature, self.reason) = match obstacle {
            Obstacle::Fault(fault) => (Signature::Bad, Some(fault.to_string())),
            Obstacle::Unchecked(why) => (Signature::NotChecked, Some(why.to_string())),
        };
    }
}

fn transformation(proof: &Map<String, Value>) -> Result<Transformation, Obstacle> {
    match text(proof, "type", "a text")? {
        // The algorithm of eddsa-rdfc-2022 before it had a name of its own.
        "Ed25519Signature2020" => Ok(Transformation::Rdf),
        "DataIntegrityProof" => match text(proof, "cryptosuite", "a text")? {
            // eddsa-2022 is what drafts called eddsa-rdfc-2022.
            "eddsa-rdfc-2022" | "eddsa-2022" => Ok(Transformation::Rdf),
            "eddsa-jcs-2022" => Ok(Transformation::Json),
            other => Err(Unchecked::Cryptosuite { found: other.to_owned() }.into()),
        },
        other => Err(Unchecked::ProofType { found: other.to_owned() }.into()),
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
        if field == "expires" && time < i64::try_from(now_ms).unwrap_or(i64::MAX) {
            return Err(ProofFault::Expired { at: at.to_owned() }.into());
        }
    }
    Ok(())
}

fn signature_of(proof: &Map<String, Value>) -> Result<signature::Signature, Obstacle> {
    let expected = "\"z\" and 64 bytes in base58btc";
    let value = text(proof, "proofValue", expected)?;
    let bytes = key::decode_base58(value, PROOF_VALUE_BYTES_MAX).and_then(|bytes| bytes.try_into().ok());
    Ok(signature::Signature(bytes.ok_or(ProofFault::Field { field: "proofValue", expected })?))
}

/// The key that a proof names: by an address, or as an object with the key in it.
fn key_of(proof: &Map<String, Value>) -> Result<signature::PublicKey, Obstacle> {
    let expected = "the address of a key";
    match proof.get("verificationMethod") {
        Some(Value::Object(method)) => {
            let multikey = text(method, "publicKeyMultibase", "a Multikey")?;
            key::decode(multikey)?.ok_or_else(|| Unchecked::KeyKind { method: multikey.to_owned() }.into())
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

fn rdf_digest(members: &Map<String, Value>) -> Result<[u8; 32], Obstacle> {
    let quads = json_ld::to_quads(&Value::Object(members.clone()), None)?;
    Ok(Sha256::digest(canonical::canonical_form(&quads)?).into())
}

fn json_digest(members: &Map<String, Value>) -> Result<[u8; 32], Obstacle> {
    let text = Value::Object(members.clone()).to_string();
    Ok(Sha256::digest(jcs::canonicalize(text.as_bytes()).map_err(Unchecked::Json)?).into())
}

#[cfg(test)]
mod tests;
