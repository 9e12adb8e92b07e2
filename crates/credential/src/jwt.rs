//! Credentials as JWTs: VC-JWT of VC 1.1 and Open Badges 3.0, `vc+jwt` of VC 2.0, and SD-JWTs.
//!
//! Source: RFC 7515, RFC 8037; VC Data Model 1.1, 6.3.1; Open Badges 3.0, 8.2; Securing VCs using JOSE and COSE.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use sanad_core::sd_jwt::{HolderBinding, SdJwt};
use sanad_core::signature::{self, PublicKey};
use serde_json::{Map, Value};

use crate::credential::{
    CREDENTIAL_BYTES_MAX, Circumstances, as_list, conclude, id_of, is_credential, issuer, read_object,
};
use crate::fault::{Obstacle, ProofFault, Unchecked};
use crate::finding::{Finding, Holder, Key, Mismatch, Proof, Signature};
use crate::{dates, integrity, key};

/// Checks a JWT; `None` if the document is not a JWT, or its payload not a credential.
pub(crate) fn check(document: &[u8], circumstances: &Circumstances<'_>) -> Option<Finding> {
    let jwt = Jwt::read(std::str::from_utf8(document).ok()?.trim_ascii())?;
    is_credential(jwt.credential()).then(|| jwt.check(circumstances))
}

/// Checks an SD-JWT; `None` if the document is not a valid one, or does not hold a credential.
///
/// The issuer's signature covers what is disclosed, since it covers the digest of every disclosure.
pub(crate) fn check_sd_jwt(document: &[u8], circumstances: &Circumstances<'_>) -> Option<Finding> {
    let sd_jwt = SdJwt::parse(document).ok()?;
    let mut jwt = Jwt::read(sd_jwt.issuer_signed())?;
    jwt.claims = sd_jwt.claims().as_object()?.clone();
    // SD-JWT-based Verifiable Credentials, 3.2.2.1: its type is in `vct`.
    if !is_credential(jwt.credential()) && !jwt.claims.get("vct").is_some_and(Value::is_string) {
        return None;
    }
    let mut finding = jwt.check(circumstances);
    match sd_jwt.holder_binding() {
        HolderBinding::Unbound => {}
        HolderBinding::NotChecked => finding.left_open.push(HOLDER_NOT_CHECKED.to_owned()),
    }
    Some(finding)
}

/// A JWT in its compact form, read but not believed.
struct Jwt<'a> {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    /// Header and payload as they are signed.
    signed: &'a str,
    signature: &'a str,
}

impl<'a> Jwt<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.').filter(|_| text.len() <= CREDENTIAL_BYTES_MAX)?;
        let (header, payload) = signed.split_once('.')?;
        let object = |part: &str| read_object(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?);
        let jwt = Self { header: object(header)?, claims: object(payload)?, signed, signature };
        jwt.header.contains_key("alg").then_some(jwt)
    }

    fn check(&self, circumstances: &Circumstances<'_>) -> Finding {
        let algorithm = self.header.get("alg").and_then(Value::as_str);
        let mut proof = Proof {
            method: format!("JWT {}", algorithm.unwrap_or("without an algorithm")),
            signature: Signature::Good,
            reason: None,
            key: None,
            uncovered: Vec::new(),
        };
        if let Err(obstacle) = self.verify(circumstances, &mut proof.key) {
            proof.fail(obstacle);
        }
        let credential = self.credential();
        let mut proofs = vec![proof];
        proofs.extend(integrity::check(credential, circumstances));
        let mut validity = dates::validity(credential, circumstances.now_ms);
        dates::add_claims(&mut validity, &self.claims, circumstances.now_ms);
        let mut finding = conclude(credential, proofs, validity, mismatches(&self.claims, credential));
        finding.issuer = self.issuer().map(str::to_owned);
        finding
    }

    /// VC 1.1 has the credential in a claim; in VC 2.0 and Open Badges 3.0 it is the payload.
    fn credential(&self) -> &Map<String, Value> {
        self.claims.get("vc").and_then(Value::as_object).unwrap_or(&self.claims)
    }

    fn issuer(&self) -> Option<&str> {
        issuer(self.credential()).or_else(|| self.claims.get("iss")?.as_str())
    }

    fn verify(&self, circumstances: &Circumstances<'_>, found: &mut Option<Key>) -> Result<(), Obstacle> {
        if let Some(names) = self.header.get("crit") {
            return Err(ProofFault::Critical { names: names.to_string() }.into());
        }
        let expected = "the name of an algorithm";
        let algorithm = self.header.get("alg").and_then(Value::as_str);
        match algorithm.ok_or(ProofFault::Jwt { part: "algorithm", expected })? {
            // RFC 8037; RFC 9864 names the curve.
            "EdDSA" | "Ed25519" => self.verify_ed25519(circumstances, found),
            "RS256" => self.verify_rs256(found),
            none if none.eq_ignore_ascii_case("none") => Err(ProofFault::Unsecured.into()),
            other => Err(Unchecked::Algorithm { found: other.to_owned() }.into()),
        }
    }

    fn verify_ed25519(
        &self,
        circumstances: &Circumstances<'_>,
        found: &mut Option<Key>,
    ) -> Result<(), Obstacle> {
        let expected = "64 bytes in base64url without padding";
        let bytes = self.signature_bytes().and_then(|bytes| bytes.try_into().ok());
        let signature = signature::Signature(bytes.ok_or(ProofFault::Jwt { part: "signature", expected })?);
        match self.ed25519_key() {
            Err(Obstacle::Unchecked(elsewhere @ Unchecked::KeyElsewhere { .. })) => {
                let key = circumstances.issuing_key().ok_or_else(|| elsewhere.clone())?;
                key.verify(self.signed.as_bytes(), &signature).map_err(|_| elsewhere)?;
                *found = Some(circumstances.attribute(&key, self.issuer()));
            }
            key => {
                let key = key?;
                *found = Some(circumstances.attribute(&key, self.issuer()));
                key.verify(self.signed.as_bytes(), &signature)?;
            }
        }
        Ok(())
    }

    /// The key that the header names or carries, else the issuer where it is a key.
    fn ed25519_key(&self) -> Result<PublicKey, Obstacle> {
        let kid = self.header.get("kid").and_then(Value::as_str);
        match kid.map(key::of_method) {
            None | Some(Err(Obstacle::Unchecked(Unchecked::KeyElsewhere { .. }))) => {}
            Some(found) => return found,
        }
        if let Some(jwk) = self.header.get("jwk") {
            return jwk_ed25519(jwk);
        }
        let issuer = self.issuer().filter(|issuer| issuer.starts_with("did:key:"));
        match issuer {
            Some(issuer) => key::of_method(issuer),
            None => Err(self.key_elsewhere().into()),
        }
    }

    /// RFC 7518 3.3, with the key of the header: Open Badges 3.0, 8.2.1.
    fn verify_rs256(&self, found: &mut Option<Key>) -> Result<(), Obstacle> {
        let jwk = self.header.get("jwk").ok_or_else(|| self.key_elsewhere())?;
        let part =
            |name: &str| jwk.get(name)?.as_str().and_then(|text| BASE64_URL_SAFE_NO_PAD.decode(text).ok());
        let malformed = ProofFault::Jwt { part: "key", expected: "an RSA key of 2048 to 8192 bits" };
        let (n, e) = part("n").zip(part("e")).ok_or_else(|| malformed.clone())?;
        if jwk.get("kty").and_then(Value::as_str) != Some("RSA") || !RSA_BYTES.contains(&n.len()) {
            return Err(malformed.into());
        }
        *found = Some(Key { key: format!("RSA of {} bits", n.len() * 8), holder: Holder::Unproven });
        let expected = "base64url without padding";
        let signature = self.signature_bytes().ok_or(ProofFault::Jwt { part: "signature", expected })?;
        let verified = RsaPublicKeyComponents { n, e }.verify(
            &RSA_PKCS1_2048_8192_SHA256,
            self.signed.as_bytes(),
            &signature,
        );
        verified.map_err(|_| ProofFault::RsaSignature.into())
    }

    fn signature_bytes(&self) -> Option<Vec<u8>> {
        BASE64_URL_SAFE_NO_PAD.decode(self.signature).ok()
    }

    fn key_elsewhere(&self) -> Unchecked {
        let kid = self.header.get("kid").and_then(Value::as_str);
        Unchecked::KeyElsewhere { method: kid.unwrap_or("(none named)").to_owned() }
    }
}

const HOLDER_NOT_CHECKED: &str = "holder not checked: only a verifier that chose a nonce can tell whether the holder presents the credential";

/// Lengths of an RSA modulus, in bytes.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

/// RFC 8037 2.
fn jwk_ed25519(jwk: &Value) -> Result<PublicKey, Obstacle> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let bytes = text("x").and_then(|x| BASE64_URL_SAFE_NO_PAD.decode(x).ok()?.try_into().ok());
    match (text("kty"), text("crv"), bytes) {
        (Some("OKP"), Some("Ed25519"), Some(bytes)) => Ok(PublicKey(bytes)),
        _ => Err(ProofFault::Jwt { part: "key", expected: "a JWK of Ed25519" }.into()),
    }
}

/// Claims that say something else than the credential; those that only one of the two has are no contradiction.
fn mismatches(claims: &Map<String, Value>, credential: &Map<String, Value>) -> Vec<Mismatch> {
    let mut found = Vec::new();
    let subject = credential.get("credentialSubject").map(as_list).unwrap_or_default();
    let one_subject = match subject {
        [one] => one.get("id").and_then(Value::as_str),
        _ => None,
    };
    for (claim, told) in
        [("iss", issuer(credential)), ("jti", credential.get("id").and_then(id_of)), ("sub", one_subject)]
    {
        if let (Some(claimed), Some(told)) = (claims.get(claim), told)
            && claimed.as_str() != Some(told)
        {
            let claimed = claimed.as_str().map_or_else(|| claimed.to_string(), str::to_owned);
            found.push(Mismatch { claim, claimed, credential: told.to_owned() });
        }
    }
    for (claim, fields) in [("nbf", ["validFrom", "issuanceDate"]), ("exp", ["validUntil", "expirationDate"])]
    {
        let Some(claimed) = claims.get(claim) else { continue };
        for told in fields.iter().filter_map(|field| credential.get(*field)?.as_str()) {
            let seconds = dates::milliseconds(told).map(|told| told.div_euclid(1000));
            let same = seconds.is_some() && claimed.as_f64().map(|claimed| claimed.floor() as i64) == seconds;
            if !same {
                found.push(Mismatch { claim, claimed: claimed.to_string(), credential: told.to_owned() });
            }
        }
    }
    found
}
