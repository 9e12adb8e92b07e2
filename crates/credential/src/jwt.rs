//! Credentials as JWTs: VC-JWT of VC 1.1 and Open Badges 3.0, `vc+jwt` of VC 2.0, and SD-JWTs.
//!
//! Source: RFC 7515, RFC 7518, RFC 8037; VC Data Model 1.1, 6.3.1; Open Badges 3.0, 8.2; Securing VCs using JOSE and
//! COSE; RFC 9901; SD-JWT-based Verifiable Credentials.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sanad_core::sd_jwt::{HolderBinding, SdJwt, SdJwtError};
use serde_json::{Map, Value};

use crate::conclusion::{Own, conclude, unread};
use crate::credential::{
    Circumstances, as_list, id_of, is_credential, issuer, looks_like_credential, read_object,
};
use crate::fault::{Obstacle, ProofFault, Unchecked};
use crate::finding::{Finding, Key, Mismatch, Proof, Signature, Validity};
use crate::key::{self, PublicKey};
use crate::limits::{CREDENTIAL_BYTES_MAX, VALUES_MAX, values};
use crate::pointer::shown;
use crate::sd_jwt_vc::SD_JWT_VCT;
use crate::unread::Unread;
use crate::{dates, disguise, integrity};

/// Most JSON values of a JWT's header.
const HEADER_VALUES_MAX: usize = 1000;

/// Longest header and signature of a JWT, as text, in bytes.
const HEADER_BYTES_MAX: usize = 64 * 1024;
const SIGNATURE_BYTES_MAX: usize = 4096;

/// Checks a JWT; `None` if the document is not a JWT, or nothing in it looks like a credential.
pub(crate) fn check(document: &[u8], circumstances: &Circumstances<'_>) -> Option<Finding> {
    let text = std::str::from_utf8(document).ok()?.trim_ascii();
    match Jwt::read(text)? {
        Err(why) => Some(unread(&why)),
        Ok(jwt) if !is_credential(jwt.credential()) => jwt.other(),
        Ok(jwt) => Some(jwt.check("a W3C credential in a JWT", circumstances)),
    }
}

/// Checks an SD-JWT; `None` if nothing in it looks like a credential.
pub(crate) fn check_sd_jwt(document: &[u8], circumstances: &Circumstances<'_>) -> Option<Finding> {
    match SdJwt::parse(document) {
        Ok(sd_jwt) => check_parsed(&sd_jwt, circumstances),
        Err(error) => Some(unread(&match error {
            SdJwtError::TooLarge { .. } => {
                Unread::TooLarge { what: "bytes of an SD-JWT", max: sanad_core::sd_jwt::SD_JWT_BYTES_MAX }
            }
            error => Unread::SdJwt(error),
        })),
    }
}

/// Checks an SD-JWT that was read.
///
/// The issuer's signature covers what is disclosed, since it covers the digest of every disclosure.
pub(crate) fn check_parsed(sd_jwt: &SdJwt, circumstances: &Circumstances<'_>) -> Option<Finding> {
    let mut jwt = match Jwt::read(sd_jwt.issuer_signed())? {
        Ok(jwt) => jwt,
        Err(why) => return Some(unread(&why)),
    };
    if values(sd_jwt.claims()) > VALUES_MAX {
        return Some(unread(&Unread::TooLarge { what: "JSON values", max: VALUES_MAX }));
    }
    let signed = std::mem::replace(&mut jwt.claims, sd_jwt.claims().as_object()?.clone());
    let is_added = |name: &&String| !signed.contains_key(*name);
    jwt.note_withheld(&signed);
    jwt.withholdable =
        NEVER_WITHHELD.into_iter().find(|name| jwt.claims.keys().filter(is_added).any(|added| added == name));
    // SD-JWT-based Verifiable Credentials, 2.2.2.1: its type is in `vct`.
    let form = match is_credential(jwt.credential()) {
        true => "a W3C credential in an SD-JWT",
        false if jwt.claims.get("vct").is_some_and(Value::is_string) => "an SD-JWT VC",
        false => return Some(jwt.other().unwrap_or_else(|| unread(&Unread::NoType))),
    };
    let mut finding = jwt.check(form, circumstances);
    match sd_jwt.holder_binding() {
        HolderBinding::Unbound => {}
        HolderBinding::NotChecked => finding.left_open.push(HOLDER_NOT_CHECKED.to_owned()),
    }
    if jwt.withheld {
        finding.left_open.push(WITHHELD.to_owned());
    }
    Some(finding)
}

/// The dates of a JWT.
pub(crate) fn validity(document: &[u8], now_ms: u64) -> Option<Validity> {
    let jwt = Jwt::read(std::str::from_utf8(document).ok()?.trim_ascii())?.ok()?;
    is_credential(jwt.credential()).then(|| jwt.validity(now_ms))
}

/// The dates of an SD-JWT.
pub(crate) fn validity_of_sd_jwt(document: &[u8], now_ms: u64) -> Option<Validity> {
    let sd_jwt = SdJwt::parse(document).ok()?;
    let mut jwt = Jwt::read(sd_jwt.issuer_signed())?.ok()?;
    let signed = std::mem::replace(&mut jwt.claims, sd_jwt.claims().as_object()?.clone());
    jwt.note_withheld(&signed);
    let is_known = is_credential(jwt.credential()) || jwt.claims.contains_key("vct");
    is_known.then(|| jwt.validity(now_ms))
}

/// The credential in a JWT, with what the claims alone say of it; nothing is checked.
pub(crate) fn credential_in(document: &[u8]) -> Option<Value> {
    let jwt = Jwt::read(std::str::from_utf8(document).ok()?.trim_ascii())?.ok()?;
    is_credential(jwt.credential()).then(|| jwt.completed().into())
}

/// The credential in an SD-JWT, with what it discloses.
pub(crate) fn credential_in_sd_jwt(document: &[u8]) -> Option<Value> {
    let sd_jwt = SdJwt::parse(document).ok()?;
    let mut jwt = Jwt::read(sd_jwt.issuer_signed())?.ok()?;
    jwt.claims = sd_jwt.claims().as_object()?.clone();
    is_credential(jwt.credential()).then(|| jwt.completed().into())
}

/// Whether the end of an SD-JWT's credential is left to its holder to show, or cannot be told from one that is.
pub(crate) fn end_may_be_withheld(document: &[u8]) -> bool {
    let Ok(sd_jwt) = SdJwt::parse(document) else { return false };
    let Some(Ok(mut jwt)) = Jwt::read(sd_jwt.issuer_signed()) else { return false };
    // As in the presentation that discloses nothing.
    let signed = jwt.claims.clone();
    jwt.note_withheld(&signed);
    let is_known = is_credential(jwt.credential()) || jwt.claims.contains_key("vct");
    is_known && jwt.validity(0).end_withholdable
}

/// Whether an object has digests that nobody shows the claims of: `shown` is the same object with what is disclosed.
fn withholds(signed: &Map<String, Value>, shown: &Map<String, Value>) -> bool {
    let added = shown.keys().filter(|name| !signed.contains_key(*name)).count();
    signed.get("_sd").and_then(Value::as_array).is_some_and(|digests| digests.len() > added)
}

/// A JWT in its compact form, read but not believed.
struct Jwt<'a> {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    /// Header and payload as they are signed.
    signed: &'a str,
    signature: &'a str,
    /// Whether claims of an SD-JWT are withheld, of those beside the dates.
    withheld: bool,
    /// Whether one of them may be the end of its validity.
    end_withheld: bool,
    /// A claim of an SD-JWT that could have been left out, and may not be.
    withholdable: Option<&'static str>,
}

/// Who is meant to read a signature, and with what.
#[derive(Clone, Copy)]
enum Algorithm {
    Ed25519,
    Es256,
    Rs256,
}

impl<'a> Jwt<'a> {
    /// Reads a JWT; `None` if the text is not one, an error if it is one that cannot be read.
    fn read(text: &'a str) -> Option<Result<Self, Unread>> {
        let parts: Vec<&str> = text.splitn(PARTS_OF_JWE + 1, '.').collect();
        let is_base64 =
            |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_=".contains(&byte));
        if parts.iter().any(|part| !is_base64(part)) {
            return None;
        }
        let limit = |what, max| Some(Err(Unread::TooLarge { what, max }));
        match parts.as_slice() {
            // Nearly all headers start so; one with white space in front does not, and is read if it is short.
            _ if !text.starts_with("ey") && text.len() > CREDENTIAL_BYTES_MAX => None,
            [header, ..] if !header.starts_with("ey") && header.len() > HEADER_BYTES_MAX => None,
            // RFC 7516: header, key, nonce, text, tag.
            [header, _, _, _, _] if header.starts_with("ey") => Some(Err(Unread::Encrypted)),
            _ if text.len() > CREDENTIAL_BYTES_MAX => limit("bytes", CREDENTIAL_BYTES_MAX),
            [header, ..] if header.len() > HEADER_BYTES_MAX => limit("bytes of a header", HEADER_BYTES_MAX),
            [header, payload, signature] => {
                Self::read_parts(header, payload, signature, &text[..header.len() + 1 + payload.len()])
            }
            _ => None,
        }
    }

    fn read_parts(
        header: &str,
        payload: &str,
        signature: &'a str,
        signed: &'a str,
    ) -> Option<Result<Self, Unread>> {
        let header = read_object(&BASE64_URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
        if !header.contains_key("alg") {
            return None;
        }
        if header.values().map(values).sum::<usize>() > HEADER_VALUES_MAX {
            return Some(Err(Unread::TooLarge { what: "values of a header", max: HEADER_VALUES_MAX }));
        }
        let payload = BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?;
        match read_object(&payload) {
            Ok(claims) => Some(Ok(Self {
                header,
                claims,
                signed,
                signature,
                withheld: false,
                end_withheld: false,
                withholdable: None,
            })),
            Err(why) if why.is_limit() || looks_like_credential(&payload) => Some(Err(why)),
            Err(_) => None,
        }
    }

    /// Compares the claims with those of them that are signed as they stand, which every presentation shows.
    fn note_withheld(&mut self, signed: &Map<String, Value>) {
        self.withheld = withholds(signed, &self.claims);
        // VC 1.1 has its dates in a claim, which can have digests of its own, or be disclosed as a whole.
        let inside = match (self.claims.get("vc"), signed.get("vc")) {
            (Some(Value::Object(shown)), Some(Value::Object(signed))) => withholds(signed, shown),
            (Some(_), None) => true,
            (_, _) => false,
        };
        self.withheld |= inside;
        // `exp` is always shown (SD-JWT VC, 2.2.2.3), but not all types end by it alone. Ours shows both of its dates, as can be
        // seen from the first.
        let shows_dates = !is_credential(self.credential())
            && signed.get("vct").is_some_and(|kind| kind == SD_JWT_VCT)
            && ["nbf", "validFrom"].iter().all(|name| signed.contains_key(*name));
        self.end_withheld = self.withheld && !shows_dates;
    }

    /// A JWT whose payload is not a credential, but may hold some.
    fn other(&self) -> Option<Finding> {
        let text = Value::Object(self.claims.clone()).to_string();
        (looks_like_credential(text.as_bytes()) || disguise::disguised(&text).is_some())
            .then(|| unread(&Unread::Inside))
    }

    fn check(&self, form: &'static str, circumstances: &Circumstances<'_>) -> Finding {
        let algorithm = self.header.get("alg").and_then(Value::as_str);
        let mut proof = Proof::new(&format!("JWT {}", algorithm.unwrap_or("without an algorithm")));
        match self.verify(circumstances, &mut proof.key) {
            Ok(()) => proof.signature = Signature::Good,
            Err(obstacle) => proof.fail(obstacle),
        }
        let credential = self.credential();
        let mut proofs = vec![proof];
        proofs.extend(integrity::check(credential, circumstances));
        let validity = self.validity(circumstances.now_ms);
        let completed = self.completed();
        let own = Own {
            form,
            credential: &completed,
            issuer: self.issuer(),
            claims: Some(&self.claims),
            now_ms: circumstances.now_ms,
        };
        // VC-JOSE-COSE, 3.1.3: there, `exp` is the end of the signature.
        let has_own_dates = self.kind().is_some_and(|kind| WHOLE_TYPES.contains(&&*kind));
        conclude(&own, 1, proofs, validity, mismatches(&self.claims, credential, !has_own_dates))
    }

    /// The credential with what the claims alone say of it (VC 1.1, 6.3.1).
    fn completed(&self) -> Map<String, Value> {
        let mut credential = self.credential().clone();
        if !self.claims.contains_key("vc") {
            return credential;
        }
        for (claim, field) in [("iss", "issuer"), ("jti", "id")] {
            if let Some(value) = self.claims.get(claim) {
                credential.entry(field).or_insert_with(|| value.clone());
            }
        }
        for (claim, field) in [("nbf", "issuanceDate"), ("exp", "expirationDate")] {
            let date = self.claims.get(claim).and_then(dates::numeric_date);
            let is_v2 = ["validFrom", "validUntil"].iter().any(|field| credential.contains_key(*field));
            if let Some((_, text)) = date.filter(|_| !is_v2) {
                credential.entry(field).or_insert(Value::String(text));
            }
        }
        let subject = credential.get_mut("credentialSubject").and_then(Value::as_object_mut);
        if let (Some(subject), Some(id)) = (subject, self.claims.get("sub")) {
            subject.entry("id").or_insert_with(|| id.clone());
        }
        credential
    }

    /// VC 1.1 has the credential in a claim; in VC 2.0 and Open Badges 3.0 it is the payload.
    fn credential(&self) -> &Map<String, Value> {
        self.claims.get("vc").and_then(Value::as_object).unwrap_or(&self.claims)
    }

    fn validity(&self, now_ms: u64) -> Validity {
        let mut validity = dates::validity(self.credential(), now_ms);
        dates::add_claims(&mut validity, &self.claims, now_ms);
        validity.end_withholdable = self.end_withheld && validity.until.is_none();
        validity
    }

    fn issuer(&self) -> Option<&str> {
        issuer(self.credential()).or_else(|| self.claims.get("iss")?.as_str())
    }

    fn verify(&self, circumstances: &Circumstances<'_>, found: &mut Option<Key>) -> Result<(), Obstacle> {
        if let Some(names) = self.header.get("crit") {
            return Err(ProofFault::Critical { names: names.to_string() }.into());
        }
        self.check_type()?;
        let expected = "the name of an algorithm";
        let algorithm = self.header.get("alg").and_then(Value::as_str);
        let algorithm = match algorithm.ok_or(ProofFault::Jwt { part: "algorithm", expected })? {
            // RFC 8037; RFC 9864 names the curve.
            "EdDSA" | "Ed25519" => Algorithm::Ed25519,
            "ES256" => Algorithm::Es256,
            "RS256" => Algorithm::Rs256,
            none if none.eq_ignore_ascii_case("none") => return Err(ProofFault::Unsecured.into()),
            other => return Err(Unchecked::Algorithm { found: other.to_owned() }.into()),
        };
        let signature = self.signature_bytes(algorithm)?;
        let message = self.signed.as_bytes();
        match self.key() {
            // The member that issued it may have signed it with the key that the ledger knows.
            Err(Obstacle::Unchecked(elsewhere @ Unchecked::KeyElsewhere { .. })) => {
                let key = circumstances.issuing_key().ok_or_else(|| elsewhere.clone())?;
                check_key(algorithm, &key).map_err(|_| elsewhere.clone())?;
                key.verify(message, &signature).map_err(|_| elsewhere)?;
                *found = Some(circumstances.attribute(&key, self.issuer(), None));
                Ok(())
            }
            key => {
                let key = key?;
                check_key(algorithm, &key)?;
                *found = Some(circumstances.attribute(&key, self.issuer(), None));
                Ok(key.verify(message, &signature)?)
            }
        }
    }

    /// RFC 8725 3.11: a JWT for another purpose is not a credential. VC-JOSE-COSE, 3.1.1 and 3.2.1.
    fn check_type(&self) -> Result<(), Obstacle> {
        if self.header.get("typ").is_some_and(|kind| !kind.is_string()) {
            return Err(ProofFault::Jwt { part: "typ", expected: "a type of credentials" }.into());
        }
        // RFC 7519 5.3: a claim that the header repeats is the same there.
        let repeated =
            ["iss", "sub", "aud"].into_iter().filter_map(|name| Some((name, self.header.get(name)?)));
        for (part, value) in repeated {
            if self.claims.get(part) != Some(value) {
                return Err(
                    ProofFault::Jwt { part, expected: "the same in the header and the claims" }.into()
                );
            }
        }
        let kind = self.kind();
        // SD-JWT VC, 2.2.1 and 2.2.2.3.
        let is_vct =
            self.claims.get("vct").is_some_and(Value::is_string) && !is_credential(self.credential());
        if is_vct && self.withholdable.is_some() {
            let expected = "one that always shows its issuer, type, dates, holder and status";
            return Err(ProofFault::Jwt { part: "payload", expected }.into());
        }
        let known = if is_vct { &VCT_TYPES[..] } else { &TYPES };
        let Some(kind) = kind.as_deref() else {
            let found = "(none)".to_owned();
            return if known == VCT_TYPES { Err(Unchecked::JwtType { found }.into()) } else { Ok(()) };
        };
        if !known.contains(&kind) {
            return Err(Unchecked::JwtType { found: kind.to_owned() }.into());
        }
        let is_wrapped = ["vc", "vp"].iter().any(|claim| self.claims.contains_key(*claim));
        if WHOLE_TYPES.contains(&kind) && is_wrapped {
            let expected = "the credential itself, as its typ has it";
            return Err(ProofFault::Jwt { part: "payload", expected }.into());
        }
        Ok(())
    }

    /// What `typ` says, in lower case and without `application/`.
    fn kind(&self) -> Option<String> {
        let kind = self.header.get("typ")?.as_str()?.to_ascii_lowercase();
        Some(kind.strip_prefix("application/").map_or(kind.clone(), str::to_owned))
    }

    /// The key that the header names or carries, else the issuer where it is a key.
    fn key(&self) -> Result<PublicKey, Obstacle> {
        let kid = self.header.get("kid").and_then(Value::as_str);
        match kid.map(key::of_method) {
            None | Some(Err(Obstacle::Unchecked(Unchecked::KeyElsewhere { .. }))) => {}
            Some(found) => return found,
        }
        if let Some(jwk) = self.header.get("jwk") {
            return key::of_jwk(jwk);
        }
        let is_key = |issuer: &&str| issuer.starts_with("did:key:") || issuer.starts_with("did:jwk:");
        match self.issuer().filter(is_key) {
            Some(issuer) => key::of_method(issuer),
            None => Err(Unchecked::KeyElsewhere { method: shown(kid.unwrap_or("(none named)")) }.into()),
        }
    }

    fn signature_bytes(&self, algorithm: Algorithm) -> Result<Vec<u8>, ProofFault> {
        let text = Some(self.signature).filter(|text| text.len() <= SIGNATURE_BYTES_MAX);
        let bytes = text.and_then(|text| BASE64_URL_SAFE_NO_PAD.decode(text).ok());
        let (expected, bytes) = match algorithm {
            Algorithm::Ed25519 | Algorithm::Es256 => {
                ("64 bytes in base64url without padding", bytes.filter(|bytes| bytes.len() == 64))
            }
            Algorithm::Rs256 => ("base64url without padding", bytes),
        };
        bytes.ok_or(ProofFault::Jwt { part: "signature", expected })
    }
}

fn check_key(algorithm: Algorithm, key: &PublicKey) -> Result<(), ProofFault> {
    let (holds, expected, method) = match algorithm {
        Algorithm::Ed25519 => (matches!(key, PublicKey::Ed25519(_)), "Ed25519", "EdDSA"),
        Algorithm::Es256 => (matches!(key, PublicKey::P256(_)), "P-256", "ES256"),
        Algorithm::Rs256 => (matches!(key, PublicKey::Rsa { .. }), "RSA", "RS256"),
    };
    if holds { Ok(()) } else { Err(ProofFault::KeyKind { expected, method }) }
}

/// How many parts a JWE has (RFC 7516).
const PARTS_OF_JWE: usize = 5;

/// What `typ` may say, without `application/`.
const TYPES: [&str; 9] = [
    "jwt",
    "vc+jwt",
    "vc-ld+jwt",
    "vc+ld+jwt",
    "vc+ld+json+jwt",
    "vc+sd-jwt",
    "dc+sd-jwt",
    "vc-ld+sd-jwt",
    "vc+ld+json+sd-jwt",
];

/// What it says of an SD-JWT VC.
const VCT_TYPES: [&str; 2] = [SD_JWT_VC_TYPE, "vc+sd-jwt"];

/// The `typ` of an SD-JWT VC (2.2.1).
pub(crate) const SD_JWT_VC_TYPE: &str = "dc+sd-jwt";

/// The `typ` of a credential of VC 2.0 (VC-JOSE-COSE, 3.1.1).
pub(crate) const VC_JWT_TYPE: &str = "vc+jwt";

/// Claims that an SD-JWT VC may not leave to the holder to show (2.2.2.3).
const NEVER_WITHHELD: [&str; 6] = ["iss", "nbf", "exp", "cnf", "vct", "status"];

/// Those whose payload is the credential itself.
const WHOLE_TYPES: [&str; 2] = [VC_JWT_TYPE, "vc+sd-jwt"];

const WITHHELD: &str = "some digests have no disclosure, as decoys or what is withheld: that may say more, also of dates and status";

const HOLDER_NOT_CHECKED: &str = "holder not checked: only a verifier that chose a nonce can tell whether the holder presents the credential";

/// Claims that say something else than the credential; those that only one of the two has are no contradiction.
///
/// `with_dates`: whether `nbf` and `exp` have to be the dates of the credential.
fn mismatches(
    claims: &Map<String, Value>,
    credential: &Map<String, Value>,
    with_dates: bool,
) -> Vec<Mismatch> {
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
            found.push(Mismatch { claim, claimed: shown(&claimed), credential: shown(told) });
        }
    }
    for (claim, fields) in [("nbf", ["validFrom", "issuanceDate"]), ("exp", ["validUntil", "expirationDate"])]
    {
        let Some(claimed) = claims.get(claim).filter(|_| with_dates) else { continue };
        for told in fields.iter().filter_map(|field| credential.get(*field)?.as_str()) {
            let seconds = dates::milliseconds(told).map(|told| told.div_euclid(1000));
            let same =
                seconds.is_some() && claimed.as_f64().map(|claimed| claimed.floor() as i128) == seconds;
            if !same {
                let claimed = shown(&claimed.to_string());
                found.push(Mismatch { claim, claimed, credential: shown(told) });
            }
        }
    }
    found
}
