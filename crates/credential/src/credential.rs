//! A document as a credential: how it is read, and how its finding is put together.

use sanad_core::document::DocumentKind;
use sanad_core::jcs::{self, JsonError};
use sanad_core::member::{IssuerId, KeyPurpose, MemberRecord, MemberRest};
use sanad_core::sd_jwt::SdJwt;
use serde_json::{Map, Value};

use crate::badge::{self, Baked};
use crate::conclusion::{Own, conclude, unread};
use crate::finding::{Finding, Holder, Key, Validity};
use crate::key::PublicKey;
use crate::limits::{CREDENTIAL_BYTES_MAX, VALUES_MAX, values_in_text};
use crate::unread::Unread;
use crate::{contexts, dates, disguise, integrity, jwt};

/// What a check depends on besides the document.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// The time, in milliseconds since 1970-01-01 UTC.
    pub now_ms: u64,
    /// The proved record of the member that issued the document. The issuer that the document names has to be this member.
    pub member: Option<&'a MemberRecord>,
    /// The rest that this record names, with the member's keys. Without it no key counts as the member's; a rest with
    /// another hash than the record names is ignored.
    pub rest: Option<&'a MemberRest>,
}

impl Circumstances<'_> {
    /// The issuer's issuing key in force, if its record proves it.
    pub(crate) fn issuing_key(&self) -> Option<PublicKey> {
        let member = self.member?;
        let rest = self.rest.filter(|rest| rest.hash() == member.rest)?;
        rest.current_key(KeyPurpose::Issuing).map(PublicKey::Ed25519)
    }

    /// A key, and what shows whose it is. `method` is the address that a Data Integrity proof names it by.
    pub(crate) fn attribute(&self, public: &PublicKey, issuer: Option<&str>, method: Option<&str>) -> Key {
        Key { key: public.name(), holder: self.holder(public, issuer, method).unwrap_or(Holder::Unproven) }
    }

    fn holder(&self, public: &PublicKey, issuer: Option<&str>, method: Option<&str>) -> Option<Holder> {
        let issuer = issuer?;
        let is_registered = self.issuing_key().as_ref() == Some(public);
        if let Some(member) = self.member {
            let id = IssuerId::normalise(issuer).ok();
            let is_listed =
                |id: &IssuerId| member.issuer_ids.iter().any(|term| term.id == *id && term.until.is_none());
            // Of another member, or of none: no key of anybody else's stands for this one.
            let is_its_key = is_registered && public.is_id(issuer);
            if !is_its_key && !id.as_ref().is_some_and(is_listed) {
                return None;
            }
            // A site that is not the issuer's may list any key; verifiers would ask that site.
            let is_own = |did: &str| {
                did == issuer || public.is_id(did) || IssuerId::normalise(did).is_ok_and(|id| is_listed(&id))
            };
            if !method.and_then(|method| method.split('#').next()).is_none_or(is_own) {
                return None;
            }
            if is_registered {
                return Some(Holder::Member { id: member.id.clone(), name: member.name.clone() });
            }
        }
        let is_method = |method: &str| method.split('#').next() == Some(issuer);
        (public.is_id(issuer) && method.is_none_or(is_method)).then_some(Holder::Issuer)
    }
}

/// Checks a document's own proofs, dates and form; `None` if nothing in it looks like a credential.
///
/// What looks like one and cannot be read has a finding, too: nothing is good, and [`Part::Form`](crate::Part::Form) says why.
#[must_use]
pub fn check(document: &[u8], circumstances: &Circumstances<'_>) -> Option<Finding> {
    match badge::unbake(document) {
        None => check_plain(document, circumstances),
        Some(Err(why)) => Some(unread(&why)),
        Some(Ok(Baked { form, credential, bytes_after })) => {
            let mut finding =
                check_plain(&credential, circumstances).unwrap_or_else(|| unread(&Unread::OtherBadge));
            finding
                .left_open
                .push(format!("it is {form}; what the picture shows is not covered by any signature"));
            if bytes_after > 0 {
                finding.left_open.push(format!(
                    "{bytes_after} bytes follow the end of the picture; they were not looked at"
                ));
            }
            Some(finding)
        }
    }
}

/// When a document is in force, by its own dates alone, at a time in milliseconds since 1970; `None` if nothing in it is
/// read as a credential. Nothing else is checked.
#[must_use]
pub fn validity(document: &[u8], now_ms: u64) -> Option<Validity> {
    let baked = badge::unbake(document).transpose().ok()?;
    let document = baked.as_ref().map_or(document, |baked| &baked.credential);
    match DocumentKind::detect(document) {
        DocumentKind::Json => {
            let credential = read_object(document).ok().filter(is_credential)?;
            Some(dates::validity(&credential, now_ms))
        }
        DocumentKind::SdJwt => jwt::validity_of_sd_jwt(document, now_ms),
        DocumentKind::Bytes | _ => jwt::validity(document, now_ms),
    }
}

/// Whether whoever presents a document decides if the end of its validity is seen: an SD-JWT with disclosures whose end is
/// not among what is always shown. Verifiers will say of such presentations that the end was not checked.
pub fn end_may_be_withheld(document: &[u8]) -> bool {
    DocumentKind::detect(document) == DocumentKind::SdJwt && jwt::end_may_be_withheld(document)
}

fn check_plain(document: &[u8], circumstances: &Circumstances<'_>) -> Option<Finding> {
    if let Some(rest) = document.strip_prefix(BYTE_ORDER_MARK) {
        return holds_credential(rest).then(|| unread(&Unread::ByteOrderMark));
    }
    match DocumentKind::detect(document) {
        DocumentKind::Json => check_json(document, circumstances),
        DocumentKind::SdJwt => jwt::check_sd_jwt(document, circumstances),
        // Of kinds added later, only a JWT is known here.
        DocumentKind::Bytes | _ if document.trim_ascii_start().starts_with(b"[") => check_list(document),
        DocumentKind::Bytes | _ => jwt::check(document, circumstances).or_else(|| check_other_text(document)),
    }
}

fn check_json(document: &[u8], circumstances: &Circumstances<'_>) -> Option<Finding> {
    let canonical = match canonical_form(document) {
        Ok(canonical) => canonical,
        Err(why) if why.is_limit() || holds_credential(document) => return Some(unread(&why)),
        Err(_) => return None,
    };
    let credential = match object_of(&canonical) {
        Ok(credential) => credential,
        Err(why) => return holds_credential(&canonical).then(|| unread(&why)),
    };
    if !is_credential(&credential) {
        return check_other_object(document, &credential, circumstances);
    }
    let proofs = integrity::check(&credential, circumstances);
    let validity = dates::validity(&credential, circumstances.now_ms);
    let own = Own {
        form: "a W3C credential in JSON",
        credential: &credential,
        issuer: issuer(&credential),
        claims: None,
        now_ms: circumstances.now_ms,
    };
    Some(conclude(&own, proofs.len(), proofs, validity, Vec::new()))
}

/// Objects around credentials.
fn check_other_object(
    document: &[u8],
    object: &Map<String, Value>,
    circumstances: &Circumstances<'_>,
) -> Option<Finding> {
    if is_type(object, &["VerifiablePresentation", "EnvelopedVerifiablePresentation"]) {
        return Some(unread(&Unread::Presentation));
    }
    if is_type(object, &["Assertion"])
        && object.get("@context").map(as_list).unwrap_or_default().iter().any(|one| *one == OPEN_BADGES_2)
    {
        return Some(unread(&Unread::OpenBadges2));
    }
    if is_type(object, &["EnvelopedVerifiableCredential"]) {
        return Some(check_envelope(object, circumstances));
    }
    // RFC 7515 7.2: the JSON serialisation of a JWS, or of an SD-JWT.
    if object.contains_key("payload")
        && (object.contains_key("signature") || object.contains_key("signatures"))
    {
        return match SdJwt::parse(document) {
            Ok(sd_jwt) => jwt::check_parsed(&sd_jwt, circumstances),
            Err(_) => Some(unread(&Unread::Serialisation)),
        };
    }
    // Names may be written with escapes: what was read counts, too.
    let plain = Value::Object(object.clone()).to_string();
    (holds_credential(document) || holds_credential(plain.as_bytes())).then(|| unread(&Unread::Inside))
}

/// VC Data Model 2.0, 4.13.2: a `data:` URL with a JWT or an SD-JWT, and nothing beside it.
fn check_envelope(envelope: &Map<String, Value>, circumstances: &Circumstances<'_>) -> Finding {
    let is_alone = envelope.keys().all(|name| ["@context", "id", "type"].contains(&name.as_str()));
    let id = envelope.get("id").and_then(Value::as_str).filter(|_| is_alone);
    let prefixes = ["data:application/vc+jwt,", "data:application/vc+sd-jwt,"];
    let inner = id.and_then(|id| prefixes.iter().find_map(|prefix| id.strip_prefix(prefix)));
    let Some(mut finding) = inner.and_then(|inner| check_plain(inner.as_bytes(), circumstances)) else {
        return unread(&Unread::Envelope);
    };
    finding.left_open.push("it is in an envelope, which no signature covers".to_owned());
    finding
}

/// What a `data:` URL holds (RFC 2397).
fn after_comma(url: &str) -> &str {
    url.split_once(',').map_or(url, |(_, data)| data)
}

/// Texts that another reader might take for a credential: in quotes, after odd white space, in UTF-16.
fn check_other_text(document: &[u8]) -> Option<Finding> {
    let document = document.get(..CREDENTIAL_BYTES_MAX).unwrap_or(document);
    if let Some(inflated) = disguise::inflated(document) {
        return holds_credential(&inflated).then(|| unread(&Unread::Compressed));
    }
    // With a byte order mark, or known by the half of each character that is empty.
    let wide = match document {
        [0xff, 0xfe, rest @ ..] | [0xfe, 0xff, rest @ ..] => Some(rest),
        [first, second, ..] => ((*first == 0) != (*second == 0)).then_some(document),
        _ => None,
    };
    if let Some(wide) = wide {
        let narrow: Vec<u8> = wide.iter().copied().filter(|byte| *byte != 0).collect();
        return holds_credential(&narrow).then(|| unread(&Unread::Utf16));
    }
    let text = String::from_utf8_lossy(document);
    let start =
        text.trim_start_matches(|character: char| character.is_whitespace() || character.is_control());
    let start = start.trim_start_matches('\u{feff}');
    if start.starts_with('"') {
        let text: Option<String> = serde_json::from_str(start.trim_end()).ok();
        let text = text.unwrap_or_else(|| start.to_owned());
        return holds_credential(text.as_bytes()).then(|| unread(&Unread::Quoted));
    }
    if start.starts_with(['{', '[']) {
        return holds_credential(start.as_bytes()).then(|| unread(&Unread::Around));
    }
    let Ok(text) = std::str::from_utf8(document) else {
        // CBOR has texts as they are. Pages, archives and pictures may mention what they do not hold.
        let is_other = [b"%PDF", b"PK\x03\x04", b"\x89PNG"].iter().any(|magic| document.starts_with(*magic));
        return (!is_other && looks_like_credential(document)).then(|| unread(&Unread::Binary));
    };
    if let Some(why) = disguise::disguised(text) {
        return Some(unread(&why));
    }
    // A page, or JSON after a comment.
    if text.contains('{') && looks_like_credential(document) {
        return Some(unread(&Unread::Around));
    }
    if disguise::decoded_otherwise(text).is_some_and(|inner| holds_credential(&inner)) {
        return Some(unread(&Unread::Encoded));
    }
    let inner = disguise::decode_leniently(text.trim().strip_prefix("data:").map_or(text, after_comma))?;
    holds_credential(&inner).then(|| unread(&Unread::Base64))
}

fn check_list(document: &[u8]) -> Option<Finding> {
    let plain = serde_json::from_slice::<Value>(document).map(|list| list.to_string()).unwrap_or_default();
    (holds_credential(document) || holds_credential(plain.as_bytes())).then(|| unread(&Unread::List))
}

/// Whether a text looks like a credential, or a JWT in it does.
fn holds_credential(text: &[u8]) -> bool {
    looks_like_credential(text)
        || std::str::from_utf8(text).is_ok_and(|text| disguise::disguised(text).is_some())
}

/// Whether a text has what every credential has, to be found without reading it.
pub(crate) fn looks_like_credential(text: &[u8]) -> bool {
    let signs: [&[u8]; 3] =
        [b"VerifiableCredential", b"www.w3.org/ns/credentials/v2", b"www.w3.org/2018/credentials/v1"];
    signs.iter().any(|sign| text.windows(sign.len()).any(|window| window == *sign))
}

/// An unambiguous JSON object within the limits: RFC 8785 refuses duplicate keys, deep nesting and unsafe numbers.
pub(crate) fn read_object(text: &[u8]) -> Result<Map<String, Value>, Unread> {
    object_of(&canonical_form(text)?)
}

/// The form that the ledger binds. Limits are those of this form: whoever holds a document may add white space and escapes to it, which must
/// not keep anybody from reading its dates.
fn canonical_form(text: &[u8]) -> Result<Vec<u8>, Unread> {
    jcs::canonicalize(text).map_err(|error| match error {
        JsonError::TooDeep { depth_max, .. } => Unread::TooLarge { what: "levels of JSON", max: depth_max },
        JsonError::TooLarge { bytes_max, .. } => Unread::TooLarge { what: "bytes", max: bytes_max },
        error => Unread::Json(error),
    })
}

fn object_of(canonical: &[u8]) -> Result<Map<String, Value>, Unread> {
    if canonical.len() > CREDENTIAL_BYTES_MAX {
        return Err(Unread::TooLarge { what: "bytes", max: CREDENTIAL_BYTES_MAX });
    }
    if values_in_text(canonical) > VALUES_MAX {
        return Err(Unread::TooLarge { what: "JSON values", max: VALUES_MAX });
    }
    serde_json::from_slice(canonical).map_err(|_| Unread::NoObject)
}

/// Whether an object is a W3C credential, by its type or first context.
pub(crate) fn is_credential(object: &Map<String, Value>) -> bool {
    let contexts = object.get("@context").map(as_list).unwrap_or_default();
    let is_known = contexts
        .iter()
        .any(|context| context == contexts::CREDENTIALS_V1 || context == contexts::CREDENTIALS_V2);
    is_type(object, &["VerifiableCredential"]) || (is_known && object.contains_key("credentialSubject"))
}

fn is_type(object: &Map<String, Value>, known: &[&str]) -> bool {
    let types = object.get("type").map(as_list).unwrap_or_default();
    types.iter().any(|entry| entry.as_str().is_some_and(|entry| known.contains(&entry)))
}

/// The id of the issuer: the field itself, or of the object in it.
pub(crate) fn issuer(credential: &Map<String, Value>) -> Option<&str> {
    id_of(credential.get("issuer")?)
}

/// A text, or the `id` of an object.
pub(crate) fn id_of(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| value.get("id")?.as_str())
}

/// The entries of a list, or the one value that stands for a list of one.
pub(crate) fn as_list(value: &Value) -> &[Value] {
    match value {
        Value::Array(entries) => entries,
        one => std::slice::from_ref(one),
    }
}

/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The context of Open Badges 2.0.
const OPEN_BADGES_2: &str = "https://w3id.org/openbadges/v2";
