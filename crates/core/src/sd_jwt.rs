//! SD-JWTs (RFC 9901, Selective Disclosure for JSON Web Tokens) as documents.
//!
//! A document of this kind is `<JWT>~<Disclosure>~…~<Key Binding JWT>`, the last part possibly empty, or one of the two
//! JSON serialisations. Its digest covers the issuer-signed `protected.payload.signature` alone, so one receipt fits
//! every selection of disclosures. Nothing unchecked may come in by way of the disclosures: [`SdJwt::parse`] processes
//! all of them (RFC 9901, 7.1) and refuses the document for any fault.
//!
//! What is not done here: verifying the issuer's signature, and the holder's ([`HolderBinding`]).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::jcs::{self, JSON_DEPTH_MAX, JsonError, LEXEME_CHARS_MAX};

mod selection;

pub use selection::{DisclosedClaim, SelectionError};

/// Longest SD-JWT in any serialisation, in bytes (1 MiB).
pub const SD_JWT_BYTES_MAX: usize = 1 << 20;
/// Most disclosures of one SD-JWT.
pub const SD_JWT_DISCLOSURES_MAX: usize = 1024;
/// Deepest nesting of the processed claims, disclosed ones included; the payload itself is at depth 1.
pub const SD_JWT_DEPTH_MAX: usize = JSON_DEPTH_MAX;

/// A valid SD-JWT with its disclosures processed. The signatures are not verified.
#[derive(Clone, Debug, PartialEq)]
pub struct SdJwt {
    /// The compact form without a key-binding JWT: up to and with the last `~`.
    presentation: String,
    /// Length of the issuer-signed JWT at its front.
    issuer_signed_bytes: usize,
    /// The processed payload: always an object.
    claims: Value,
    /// Digests that no disclosure belongs to.
    undisclosed: usize,
    key_binding_jwt: Option<String>,
}

/// Whether the issuer bound the credential to a holder's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HolderBinding {
    /// Neither a `cnf` claim nor a key-binding JWT: whoever has the credential can present it.
    Unbound,
    /// There is a `cnf` claim or a key-binding JWT. Nothing here knows the verifier's nonce, so findings say *holder not
    /// checked*.
    NotChecked,
}

/// A part of an SD-JWT, for errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SdJwtPart {
    /// The JSON serialisation as a whole.
    Serialisation,
    /// The protected header.
    Header,
    /// The JWT claims set, the second part between dots (RFC 7519).
    Payload,
    /// The issuer's signature.
    Signature,
    /// A disclosure, counted from 0.
    Disclosure(usize),
    /// The key-binding JWT.
    KeyBinding,
}

impl fmt::Display for SdJwtPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Serialisation => f.write_str("JSON serialisation"),
            Self::Header => f.write_str("protected header"),
            Self::Payload => f.write_str("payload"),
            Self::Signature => f.write_str("signature"),
            Self::Disclosure(place) => write!(f, "disclosure {place}"),
            Self::KeyBinding => f.write_str("key-binding JWT"),
        }
    }
}

/// Why a document is not a valid SD-JWT.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SdJwtError {
    /// Longer than [`SD_JWT_BYTES_MAX`]; nothing was read.
    #[error("the SD-JWT has {bytes} bytes, more than {SD_JWT_BYTES_MAX}")]
    TooLarge {
        /// Length, in bytes.
        bytes: usize,
    },
    /// More than [`SD_JWT_DISCLOSURES_MAX`] disclosures; none was read.
    #[error("the SD-JWT has {count} disclosures, more than {SD_JWT_DISCLOSURES_MAX}")]
    TooManyDisclosures {
        /// Number of disclosures.
        count: usize,
    },
    /// Claims nested deeper than [`SD_JWT_DEPTH_MAX`].
    #[error("the claims are nested deeper than {SD_JWT_DEPTH_MAX}")]
    TooDeep,
    /// Neither `a.b.c~…` in ASCII nor a JSON object.
    #[error("not an SD-JWT: neither \"a.b.c~...\" nor a JSON object")]
    Form,
    /// A member of the JSON serialisation is missing, of another type, or excludes another one.
    #[error("the JSON serialisation's member \"{member}\" is missing, malformed or out of place")]
    Member {
        /// Name of the member (RFC 9901, 8).
        member: &'static str,
    },
    /// A member of the JSON serialisation that is not part of it. The digest does not cover it, so anybody may have added it.
    #[error(
        "the JSON serialisation has the member \"{member}\", which the issuer did not sign and anybody may have added; ask for the \
         file as it was issued"
    )]
    StrayMember {
        /// Its name, at most [`LEXEME_CHARS_MAX`] characters of it.
        member: String,
    },
    /// Other than exactly one signature: the digest covers one.
    #[error("the JSON serialisation has {count} signatures instead of one")]
    Signatures {
        /// Number of signatures.
        count: usize,
    },
    /// Not the one base64url encoding of its bytes: padding, another alphabet, or trailing bits.
    #[error("the {part} is not canonical base64url")]
    Base64 {
        /// Part that is not canonical.
        part: SdJwtPart,
    },
    /// Not JSON that every reader takes the same way.
    #[error("the {part} is not unambiguous JSON")]
    Json {
        /// Part that does not parse, or has a member twice.
        part: SdJwtPart,
        /// What is wrong.
        source: JsonError,
    },
    /// JSON of another type than the part has.
    #[error("the {part} has members of the wrong type")]
    Type {
        /// Part whose members have the wrong type.
        part: SdJwtPart,
    },
    /// The algorithm is `none` or not given in the protected header.
    #[error("the issuer's signature has no algorithm")]
    NotSigned,
    /// The protected header lists critical extensions, none of which is known (RFC 7515, 4.1.11).
    #[error("the protected header has critical extensions that are not known")]
    Critical,
    /// `_sd_alg` is not `sha-256`.
    #[error("the disclosures are hashed by an algorithm other than sha-256")]
    HashAlgorithm,
    /// An embedded digest is not a string of 32 bytes in canonical base64url, or `_sd` is not an array of them.
    #[error("an embedded digest is not 32 bytes in canonical base64url")]
    DigestForm,
    /// A digest is embedded twice.
    #[error("the digest {digest} is embedded twice")]
    DigestTwice {
        /// The digest, in base64url.
        digest: String,
    },
    /// A disclosure is there twice.
    #[error("disclosure {place} repeats an earlier one")]
    DisclosureTwice {
        /// Place of the second one, counted from 0.
        place: usize,
    },
    /// No embedded digest refers to a disclosure.
    #[error("no digest refers to disclosure {place}")]
    NotReferenced {
        /// Its place, counted from 0.
        place: usize,
    },
    /// A disclosure of an array element has 2 elements, one of a claim 3.
    #[error("disclosure {place} has {actual} elements instead of {expected}")]
    DisclosureLength {
        /// Its place, counted from 0.
        place: usize,
        /// Elements that its use calls for.
        expected: usize,
        /// Elements found.
        actual: usize,
    },
    /// A name that RFC 9901 reserves stands where it may not: `_sd`, `...`, or a disclosed `_sd_alg`.
    #[error("the name \"{name}\" is reserved")]
    ReservedName {
        /// Name that stands where it may not.
        name: &'static str,
    },
    /// A disclosed claim has the name of one that is there already.
    #[error("disclosure {place} repeats the claim \"{name}\"")]
    ClaimExists {
        /// Place of the disclosure, counted from 0.
        place: usize,
        /// Claim that the object has already.
        name: String,
    },
}

impl SdJwt {
    /// Reads an SD-JWT in any serialisation; JSON white space around it is ignored.
    ///
    /// # Errors
    /// [`SdJwtError`]. The limits on size and count are checked before anything is allocated.
    pub fn parse(bytes: &[u8]) -> Result<Self, SdJwtError> {
        if bytes.len() > SD_JWT_BYTES_MAX {
            return Err(SdJwtError::TooLarge { bytes: bytes.len() });
        }
        let text = std::str::from_utf8(bytes).map_err(|_| SdJwtError::Form)?;
        // RFC 8259 2: the four characters of insignificant white space.
        let text = text.trim_matches([' ', '\t', '\n', '\r']);
        if text.starts_with('{') { Self::read_compact(&compact(text)?) } else { Self::read_compact(text) }
    }

    /// The issuer-signed JWT, `protected.payload.signature`: what the digest covers.
    #[must_use]
    pub fn issuer_signed(&self) -> &str {
        &self.presentation[..self.issuer_signed_bytes]
    }

    /// Plain BLAKE3 of [`SdJwt::issuer_signed`]: the document's digest, whatever is disclosed.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        blake3::hash(self.issuer_signed().as_bytes()).into()
    }

    /// The issuer-signed JWT and the disclosures, each followed by `~`: what the `sd_hash` of a key-binding JWT covers
    /// (RFC 9901, 4.3.1).
    #[must_use]
    pub fn presentation(&self) -> &str {
        &self.presentation
    }

    /// The processed payload, an object: disclosed claims in their places, digests removed.
    #[must_use]
    pub fn claims(&self) -> &Value {
        &self.claims
    }

    /// How many digests stand for claims that are withheld, or for nothing: which of the two, nobody can tell. Digests within what is
    /// withheld do not count.
    #[must_use]
    pub fn undisclosed(&self) -> usize {
        self.undisclosed
    }

    /// The claim `cnf`, which names the holder's key, if it is disclosed.
    #[must_use]
    pub fn confirmation(&self) -> Option<&Value> {
        self.claims.get("cnf")
    }

    /// The key-binding JWT, if there is one. Only its form was checked.
    #[must_use]
    pub fn key_binding_jwt(&self) -> Option<&str> {
        self.key_binding_jwt.as_deref()
    }

    /// What is to be said of the holder.
    #[must_use]
    pub fn holder_binding(&self) -> HolderBinding {
        if self.confirmation().is_some() || self.key_binding_jwt.is_some() {
            HolderBinding::NotChecked
        } else {
            HolderBinding::Unbound
        }
    }

    // RFC 9901 4: <Issuer-signed JWT>~<Disclosure 1>~...~<Disclosure N>~<KB-JWT, or nothing>
    fn read_compact(text: &str) -> Result<Self, SdJwtError> {
        let (front, key_binding) = text.rsplit_once('~').ok_or(SdJwtError::Form)?;
        let count = front.bytes().filter(|byte| *byte == b'~').count();
        if count > SD_JWT_DISCLOSURES_MAX {
            return Err(SdJwtError::TooManyDisclosures { count });
        }
        let mut parts = front.split('~');
        let issuer_signed = parts.next().unwrap_or_default();
        let [header, payload, signature] = jwt_parts(issuer_signed).ok_or(SdJwtError::Form)?;
        check_header(&object(header, SdJwtPart::Header)?)?;
        let payload = object(payload, SdJwtPart::Payload)?;
        base64(signature, SdJwtPart::Signature)?;
        let (claims, undisclosed) = Disclosures::read(parts)?.process(payload)?;
        let key_binding_jwt = match key_binding {
            "" => None,
            text => {
                let part = SdJwtPart::KeyBinding;
                let parts = jwt_parts(text).ok_or(SdJwtError::Base64 { part })?;
                parts.into_iter().try_for_each(|text| base64(text, part).map(|_| ()))?;
                Some(text.to_owned())
            }
        };
        Ok(Self {
            presentation: text[..=front.len()].to_owned(),
            issuer_signed_bytes: issuer_signed.len(),
            claims: Value::Object(claims),
            undisclosed,
            key_binding_jwt,
        })
    }
}

/// Brings a JSON serialisation (RFC 9901, 8) to the compact form. RFC 7515, 7.2 has unknown members ignored; here they are
/// refused: the digest does not cover them, and people read them all the same.
fn compact(text: &str) -> Result<String, SdJwtError> {
    let whole = json(text.as_bytes(), SdJwtPart::Serialisation)?;
    let (signature, members) = match whole.get("signatures") {
        None => (&whole, &["payload", "protected", "signature", "header"][..]),
        Some(Value::Array(signatures)) => {
            // RFC 7515 7.2.2: the members of the flattened form are not in the general one.
            if let Some(member) =
                ["protected", "signature", "header"].iter().find(|name| whole.get(**name).is_some())
            {
                return Err(SdJwtError::Member { member });
            }
            only(&whole, &["payload", "signatures"])?;
            match signatures.as_slice() {
                [signature] => (signature, &["protected", "signature", "header"][..]),
                _ => return Err(SdJwtError::Signatures { count: signatures.len() }),
            }
        }
        Some(_) => return Err(SdJwtError::Member { member: "signatures" }),
    };
    only(signature, members)?;
    let text = |object: &Value, member: &'static str| match object.get(member) {
        // A part that could break out of its place in the compact form.
        Some(Value::String(text)) if !text.contains(['~', '.']) => Ok(text.clone()),
        _ => Err(SdJwtError::Member { member }),
    };
    let mut compact =
        [text(signature, "protected")?, text(&whole, "payload")?, text(signature, "signature")?].join(".");
    compact.push('~');
    let header = match signature.get("header") {
        None => return Ok(compact),
        Some(Value::Object(header)) => header,
        Some(_) => return Err(SdJwtError::Member { member: "header" }),
    };
    only(&signature["header"], &["disclosures", "kb_jwt"])?;
    let disclosures = match header.get("disclosures") {
        None => &[][..],
        Some(Value::Array(disclosures)) => disclosures,
        Some(_) => return Err(SdJwtError::Member { member: "disclosures" }),
    };
    for disclosure in disclosures {
        match disclosure {
            Value::String(text) if !text.contains('~') => compact.extend([text, "~"]),
            _ => return Err(SdJwtError::Member { member: "disclosures" }),
        }
    }
    match header.get("kb_jwt") {
        None => Ok(compact),
        Some(Value::String(text)) if !text.is_empty() && !text.contains('~') => Ok(compact + text),
        Some(_) => Err(SdJwtError::Member { member: "kb_jwt" }),
    }
}

/// Whether an object has no other members than these.
fn only(object: &Value, members: &[&str]) -> Result<(), SdJwtError> {
    let mut names = object.as_object().into_iter().flat_map(Map::keys);
    match names.find(|name| !members.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(SdJwtError::StrayMember { member: name.chars().take(LEXEME_CHARS_MAX).collect() }),
    }
}

fn check_header(header: &Map<String, Value>) -> Result<(), SdJwtError> {
    match header.get("alg") {
        // RFC 9901 7.1, step 2.1; other spellings of it have fooled verifiers.
        Some(Value::String(algorithm)) if !algorithm.eq_ignore_ascii_case("none") => {}
        _ => return Err(SdJwtError::NotSigned),
    }
    if header.contains_key("crit") { Err(SdJwtError::Critical) } else { Ok(()) }
}

/// One disclosure that no digest has referred to yet.
struct Disclosure {
    place: usize,
    /// Salt, then the name for a claim, then the value.
    elements: Vec<Value>,
}

/// The state of RFC 9901, 7.1, step 3.
struct Disclosures {
    by_digest: BTreeMap<[u8; 32], Disclosure>,
    /// Every digest met so far, those of nothing that is disclosed included.
    embedded: BTreeSet<[u8; 32]>,
}

impl Disclosures {
    fn read<'a>(texts: impl Iterator<Item = &'a str>) -> Result<Self, SdJwtError> {
        let mut by_digest = BTreeMap::new();
        for (place, text) in texts.enumerate() {
            let part = SdJwtPart::Disclosure(place);
            let Value::Array(elements) = json(&base64(text, part)?, part)? else {
                return Err(SdJwtError::Type { part });
            };
            // RFC 9901 4.2.3: over the encoded form, so that layout does not matter.
            let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
            if by_digest.insert(digest, Disclosure { place, elements }).is_some() {
                return Err(SdJwtError::DisclosureTwice { place });
            }
        }
        Ok(Self { by_digest, embedded: BTreeSet::new() })
    }

    /// The processed claims, and the number of digests that no disclosure belongs to.
    fn process(mut self, mut payload: Map<String, Value>) -> Result<(Map<String, Value>, usize), SdJwtError> {
        let given = self.by_digest.len();
        // RFC 9901 4.1.1: sha-256 if the claim is missing. It stands at the top level only.
        match payload.remove(SD_ALG) {
            None => {}
            Some(Value::String(algorithm)) if algorithm == "sha-256" => {}
            Some(_) => return Err(SdJwtError::HashAlgorithm),
        }
        let claims = self.object(payload, 1)?;
        // Step 5: the first in the order of the document.
        match self.by_digest.values().map(|disclosure| disclosure.place).min() {
            // Each disclosure was referred to, and once.
            None => Ok((claims, self.embedded.len() - given)),
            Some(place) => Err(SdJwtError::NotReferenced { place }),
        }
    }

    fn value(&mut self, value: Value, depth: usize) -> Result<Value, SdJwtError> {
        match value {
            Value::Object(object) => Ok(Value::Object(self.object(object, depth)?)),
            Value::Array(elements) => Ok(Value::Array(self.array(elements, depth)?)),
            plain => Ok(plain),
        }
    }

    fn object(
        &mut self,
        mut object: Map<String, Value>,
        depth: usize,
    ) -> Result<Map<String, Value>, SdJwtError> {
        if depth > SD_JWT_DEPTH_MAX {
            return Err(SdJwtError::TooDeep);
        }
        if object.contains_key(ELEMENT) {
            return Err(SdJwtError::ReservedName { name: ELEMENT });
        }
        let digests = match object.remove(SD) {
            None => Vec::new(),
            Some(Value::Array(digests)) => digests,
            Some(_) => return Err(SdJwtError::DigestForm),
        };
        let mut claims = Map::new();
        for (name, value) in object {
            claims.insert(name, self.value(value, depth + 1)?);
        }
        for digest in digests {
            let Some(Disclosure { place, elements }) = self.referenced(&digest)? else { continue };
            let actual = elements.len();
            let Ok([salt, name, value]) = <[Value; 3]>::try_from(elements) else {
                return Err(SdJwtError::DisclosureLength { place, expected: 3, actual });
            };
            let (Value::String(_), Value::String(name)) = (salt, name) else {
                return Err(SdJwtError::Type { part: SdJwtPart::Disclosure(place) });
            };
            if let Some(name) = [SD, ELEMENT, SD_ALG].into_iter().find(|reserved| *reserved == name) {
                return Err(SdJwtError::ReservedName { name });
            }
            if claims.contains_key(&name) {
                return Err(SdJwtError::ClaimExists { place, name });
            }
            claims.insert(name, self.value(value, depth + 1)?);
        }
        Ok(claims)
    }

    fn array(&mut self, elements: Vec<Value>, depth: usize) -> Result<Vec<Value>, SdJwtError> {
        if depth > SD_JWT_DEPTH_MAX {
            return Err(SdJwtError::TooDeep);
        }
        let mut disclosed = Vec::new();
        for element in elements {
            // RFC 9901 4.2.4.2: {"...": "<digest>"} and nothing beside it.
            let digest = match &element {
                Value::Object(object) if object.len() == 1 => object.get(ELEMENT),
                _ => None,
            };
            let Some(digest) = digest else {
                disclosed.push(self.value(element, depth + 1)?);
                continue;
            };
            let Some(Disclosure { place, elements }) = self.referenced(digest)? else { continue };
            let actual = elements.len();
            let Ok([salt, value]) = <[Value; 2]>::try_from(elements) else {
                return Err(SdJwtError::DisclosureLength { place, expected: 2, actual });
            };
            if !salt.is_string() {
                return Err(SdJwtError::Type { part: SdJwtPart::Disclosure(place) });
            }
            disclosed.push(self.value(value, depth + 1)?);
        }
        Ok(disclosed)
    }

    /// The disclosure that an embedded digest refers to; none if it is not disclosed, or a decoy.
    fn referenced(&mut self, digest: &Value) -> Result<Option<Disclosure>, SdJwtError> {
        let text = digest.as_str().ok_or(SdJwtError::DigestForm)?;
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| SdJwtError::DigestForm)?;
        let digest: [u8; 32] = bytes.try_into().map_err(|_| SdJwtError::DigestForm)?;
        // Step 4: more than once in the payload or in disclosures.
        if !self.embedded.insert(digest) {
            return Err(SdJwtError::DigestTwice { digest: text.to_owned() });
        }
        Ok(self.by_digest.remove(&digest))
    }
}

fn jwt_parts(text: &str) -> Option<[&str; 3]> {
    let mut parts = text.split('.');
    let three = [parts.next()?, parts.next()?, parts.next()?];
    (parts.next().is_none() && three.iter().all(|part| !part.is_empty())).then_some(three)
}

/// Decodes canonical base64url (RFC 7515, 2): the engine refuses padding and trailing bits.
fn base64(text: &str, part: SdJwtPart) -> Result<Vec<u8>, SdJwtError> {
    BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| SdJwtError::Base64 { part })
}

/// Reads JSON as strictly as JSON documents are.
fn json(text: &[u8], part: SdJwtPart) -> Result<Value, SdJwtError> {
    jcs::canonicalize(text).map_err(|source| SdJwtError::Json { part, source })?;
    serde_json::from_slice(text).map_err(|_| SdJwtError::Type { part })
}

fn object(text: &str, part: SdJwtPart) -> Result<Map<String, Value>, SdJwtError> {
    match json(&base64(text, part)?, part)? {
        Value::Object(object) => Ok(object),
        _ => Err(SdJwtError::Type { part }),
    }
}

/// Names that RFC 9901, 4.1 reserves.
const SD: &str = "_sd";
const SD_ALG: &str = "_sd_alg";
const ELEMENT: &str = "...";
