//! A document as a credential: how it is read, and how its finding is put together.

use sanad_core::document::DocumentKind;
use sanad_core::jcs::{self, JsonError};
use sanad_core::member::{IssuerId, KeyPurpose, MemberRecord, MemberRest};
use sanad_core::sd_jwt::SdJwt;
use serde_json::{Map, Value};

use crate::badge::{self, Baked};
use crate::finding::{
    Check, Fault, Finding, Holder, Key, Mismatch, Part, Proof, Signature, Validity, Verdict,
};
use crate::key::PublicKey;
use crate::limits::{CREDENTIAL_BYTES_MAX, VALUES_MAX, values_in_text};
use crate::pointer::shown;
use crate::unread::Unread;
use crate::{contexts, dates, integrity, jwt, meaning, model};

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
/// What looks like one and cannot be read has a finding, too: nothing is good, and [`Part::Form`] says why.
#[must_use]
pub fn check(document: &[u8], circumstances: &Circumstances<'_>) -> Option<Finding> {
    match badge::unbake(document) {
        None => check_plain(document, circumstances),
        Some(Err(why)) => Some(unread(&why)),
        Some(Ok(Baked { form, credential })) => {
            let mut finding =
                check_plain(&credential, circumstances).unwrap_or_else(|| unread(&Unread::OtherBadge));
            finding
                .left_open
                .push(format!("it is {form}; what the picture shows is not covered by any signature"));
            Some(finding)
        }
    }
}

fn check_plain(document: &[u8], circumstances: &Circumstances<'_>) -> Option<Finding> {
    if let Some(rest) = document.strip_prefix(BYTE_ORDER_MARK) {
        return looks_like_credential(rest).then(|| unread(&Unread::ByteOrderMark));
    }
    match DocumentKind::detect(document) {
        DocumentKind::Json => check_json(document, circumstances),
        DocumentKind::SdJwt => jwt::check_sd_jwt(document, circumstances),
        // Of kinds added later, only a JWT is known here.
        DocumentKind::Bytes | _ if document.trim_ascii_start().starts_with(b"[") => check_list(document),
        DocumentKind::Bytes | _ => {
            jwt::check(document, circumstances).or_else(|| check_other_text(document, circumstances))
        }
    }
}

fn check_json(document: &[u8], circumstances: &Circumstances<'_>) -> Option<Finding> {
    let credential = match read_object(document) {
        Ok(credential) => credential,
        Err(why) if why.is_limit() || looks_like_credential(document) => return Some(unread(&why)),
        Err(_) => return None,
    };
    if !is_credential(&credential) {
        return check_other_object(document, &credential, circumstances);
    }
    let proofs = integrity::check(&credential, circumstances);
    let validity = dates::validity(&credential, circumstances.now_ms);
    let own = Own { form: "a W3C credential in JSON", credential: &credential, issuer: issuer(&credential) };
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
    if is_type(object, &["EnvelopedVerifiableCredential"]) {
        return Some(unread(&Unread::Envelope));
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
    looks_like_credential(document).then(|| unread(&Unread::Inside))
}

/// Texts that another reader might take for a credential: in quotes, after odd white space, in UTF-16.
fn check_other_text(document: &[u8], circumstances: &Circumstances<'_>) -> Option<Finding> {
    let document = document.get(..CREDENTIAL_BYTES_MAX).unwrap_or(document);
    if document.starts_with(&[0xff, 0xfe]) || document.starts_with(&[0xfe, 0xff]) {
        let narrow: Vec<u8> = document.iter().copied().filter(|byte| *byte != 0).collect();
        return looks_like_credential(&narrow).then(|| unread(&Unread::Utf16));
    }
    let text = String::from_utf8_lossy(document);
    let start =
        text.trim_start_matches(|character: char| character.is_whitespace() || character.is_control());
    if let Some(quoted) = start.trim_end().strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        return jwt::check(quoted.as_bytes(), circumstances).map(|_| unread(&Unread::Quoted));
    }
    (start.starts_with(['{', '[']) && looks_like_credential(start.as_bytes()))
        .then(|| unread(&Unread::Around))
}

fn check_list(document: &[u8]) -> Option<Finding> {
    looks_like_credential(document).then(|| unread(&Unread::List))
}

/// Whether a text has what every credential has, to be found without reading it.
pub(crate) fn looks_like_credential(text: &[u8]) -> bool {
    let signs: [&[u8]; 3] =
        [b"VerifiableCredential", b"www.w3.org/ns/credentials/v2", b"www.w3.org/2018/credentials/v1"];
    signs.iter().any(|sign| text.windows(sign.len()).any(|window| window == *sign))
}

/// An unambiguous JSON object within the limits: RFC 8785 refuses duplicate keys, deep nesting and unsafe numbers.
pub(crate) fn read_object(text: &[u8]) -> Result<Map<String, Value>, Unread> {
    if text.len() > CREDENTIAL_BYTES_MAX {
        return Err(Unread::TooLarge { what: "bytes", max: CREDENTIAL_BYTES_MAX });
    }
    if values_in_text(text) > VALUES_MAX {
        return Err(Unread::TooLarge { what: "JSON values", max: VALUES_MAX });
    }
    let canonical = jcs::canonicalize(text).map_err(|error| match error {
        JsonError::TooDeep { depth_max, .. } => Unread::TooLarge { what: "levels of JSON", max: depth_max },
        error => Unread::Json(error),
    })?;
    serde_json::from_slice(&canonical).map_err(|_| Unread::NoObject)
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

/// A credential and how it came.
pub(crate) struct Own<'a> {
    pub(crate) form: &'static str,
    pub(crate) credential: &'a Map<String, Value>,
    pub(crate) issuer: Option<&'a str>,
}

/// Puts a finding together. Only the first `counted` proofs can make it good: proofs within a JWT are not over the JWT.
pub(crate) fn conclude(
    own: &Own<'_>,
    counted: usize,
    proofs: Vec<Proof>,
    validity: Validity,
    mismatches: Vec<Mismatch>,
) -> Finding {
    let Own { form, credential, issuer } = own;
    let faults = model::faults(credential);
    let mut checks = vec![hold(Part::Form, (*form).to_owned())];
    checks.push(meaning::check(credential));
    checks.extend(of_model(&faults));
    checks.extend(of_proofs(&proofs, counted));
    checks.push(of_validity(&validity));
    checks.push(of_mismatches(&mismatches));
    Finding {
        verdict: Verdict::of(&checks),
        checks,
        issuer: issuer.map(shown),
        proofs,
        validity,
        mismatches,
        faults,
        left_open: left_open(credential),
    }
}

/// The finding of a document that looks like a credential and is not read as one.
pub(crate) fn unread(why: &Unread) -> Finding {
    let detail = format!("{why}: not read as a credential; its own dates and signature were not looked at");
    let checks = vec![Check { part: Part::Form, verdict: Verdict::NotChecked, detail: detail.clone() }];
    Finding {
        verdict: Verdict::of(&checks),
        checks,
        issuer: None,
        proofs: Vec::new(),
        validity: Validity::default(),
        mismatches: Vec::new(),
        faults: Vec::new(),
        left_open: vec![detail],
    }
}

fn hold(part: Part, detail: String) -> Check {
    Check { part, verdict: Verdict::Good, detail }
}

fn of_model(faults: &[Fault]) -> Vec<Check> {
    if faults.is_empty() {
        return vec![hold(Part::Model, "it keeps the rules of its data model that are checked".to_owned())];
    }
    let check =
        |fault: &Fault| Check { part: Part::Model, verdict: Verdict::Malformed, detail: fault.to_string() };
    faults.iter().map(check).collect()
}

/// Signature, key and cover are those of one proof, the best one; any bad proof counts.
fn of_proofs(proofs: &[Proof], counted: usize) -> [Check; 3] {
    let check = |part, verdict, detail: &str| Check { part, verdict, detail: detail.to_owned() };
    let not_looked_at = "no good signature to look at";
    let unchecked = |signature: Check| {
        let key = check(Part::Key, Verdict::NotChecked, not_looked_at);
        let cover = check(Part::Cover, Verdict::NotChecked, not_looked_at);
        [signature, key, cover]
    };
    if let Some(bad) = proofs.iter().find(|proof| proof.signature == Signature::Bad) {
        let reason = bad.reason.as_deref().unwrap_or_default();
        return unchecked(check(Part::Signature, Verdict::Bad, &format!("{}: {reason}", bad.method)));
    }
    let holder = |proof: &Proof| match proof.key.as_ref().map(|key| &key.holder) {
        Some(Holder::Member { .. } | Holder::Issuer) => true,
        Some(Holder::Unproven) | None => false,
    };
    let good = proofs.iter().take(counted).filter(|proof| proof.signature == Signature::Good);
    let Some(best) = good.max_by_key(|proof| (holder(proof), proof.uncovered.is_empty())) else {
        return unchecked(match proofs.first() {
            None => check(Part::Signature, Verdict::Unsigned, "there is no proof in the document"),
            Some(proof) => {
                let reason = proof.reason.as_deref().unwrap_or_default();
                check(Part::Signature, Verdict::NotChecked, &format!("{}: {reason}", proof.method))
            }
        });
    };
    let name = best.key.as_ref().map(Key::to_string).unwrap_or_default();
    let key = match holder(best) {
        true => Verdict::Good,
        false => Verdict::KeyUnproven,
    };
    let (cover, detail) = match best.uncovered.as_slice() {
        [] => (Verdict::Good, "it covers all of the document".to_owned()),
        places => (Verdict::NotCovered, format!("not covered: {}", places.join("; "))),
    };
    [
        check(Part::Signature, Verdict::Good, &best.method),
        check(Part::Key, key, &format!("it holds by the key {name}")),
        check(Part::Cover, cover, &detail),
    ]
}

fn of_validity(validity: &Validity) -> Check {
    let verdict = match validity {
        Validity { unreadable, .. } if !unreadable.is_empty() => Verdict::Inconsistent,
        Validity { expired: true, .. } => Verdict::Expired,
        Validity { not_yet: true, .. } => Verdict::NotYetValid,
        Validity { expired: false, not_yet: false, .. } => Verdict::Good,
    };
    Check { part: Part::Validity, verdict, detail: validity.to_string() }
}

fn of_mismatches(mismatches: &[Mismatch]) -> Check {
    match mismatches {
        [] => hold(Part::Claims, "no claim contradicts the credential".to_owned()),
        [first, ..] => {
            Check { part: Part::Claims, verdict: Verdict::Inconsistent, detail: first.to_string() }
        }
    }
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

/// What the document points to that only a network could show.
fn left_open(credential: &Map<String, Value>) -> Vec<String> {
    let mut open = Vec::new();
    for (field, what) in LEFT_OPEN {
        let Some(value) = credential.get(field) else { continue };
        let kinds: Vec<&str> = as_list(value)
            .iter()
            .filter_map(|entry| entry.get("type").and_then(Value::as_str))
            .take(KINDS_SHOWN)
            .collect();
        open.push(format!("{field} ({}) {what}", shown(&kinds.join(", "))));
    }
    let inner = credential.iter().filter(|(key, _)| *key != "proof").map(|(_, value)| proofs_in(value)).sum();
    if let 1.. = inner {
        open.push(format!("{inner} proof(s) of credentials inside this one were not checked"));
    }
    open
}

/// Fields that lead elsewhere.
const LEFT_OPEN: [(&str, &str); 5] = [
    // Of SD-JWT VCs.
    ("status", "is kept elsewhere and was not looked up"),
    ("credentialStatus", "is kept elsewhere and was not looked up"),
    ("credentialSchema", "was not looked at"),
    ("relatedResource", "was not fetched"),
    ("refreshService", "was not asked"),
];

/// How many types of such a field are shown.
const KINDS_SHOWN: usize = 5;

/// How many proofs there are within a value: objects with one, and endorsements as JWTs.
fn proofs_in(value: &Value) -> usize {
    match value {
        Value::Object(members) => {
            let jwts = members.get("endorsementJwt").map_or(0, |jwts| as_list(jwts).len());
            usize::from(members.contains_key("proof")) + jwts + members.values().map(proofs_in).sum::<usize>()
        }
        Value::Array(elements) => elements.iter().map(proofs_in).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
