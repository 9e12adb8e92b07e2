//! A document as a credential: what it says of itself, and all that is checked of it.

use sanad_core::document::DocumentKind;
use sanad_core::jcs;
use sanad_core::member::{KeyPurpose, MemberRecord, MemberRest};
use sanad_core::signature::PublicKey;
use serde_json::{Map, Value};

use crate::fault::Unchecked;
use crate::finding::{Finding, Holder, Key, Mismatch, Proof, Signature, Validity, Verdict};
use crate::{contexts, dates, integrity, jwt, key};

/// Longest credential whose proofs are checked, in bytes.
pub const CREDENTIAL_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What a check depends on besides the document.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// The time, in milliseconds since 1970-01-01 UTC.
    pub now_ms: u64,
    /// The proved record of the member that issued the document.
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
        rest.current_key(KeyPurpose::Issuing)
    }

    /// A key, and what shows whose it is.
    pub(crate) fn attribute(&self, public: &PublicKey, issuer: Option<&str>) -> Key {
        let member = self.member.filter(|_| self.issuing_key().as_ref() == Some(public));
        let is_issuer = || issuer.is_some_and(|id| id.strip_prefix("did:key:") == Some(&key::encode(public)));
        let holder = match member {
            Some(member) => Holder::Member { id: member.id.clone(), name: member.name.clone() },
            None if is_issuer() => Holder::Issuer,
            None => Holder::Unproven,
        };
        Key { key: key::encode(public), holder }
    }
}

/// Checks a document's own proofs and dates; `None` if it is not a credential of a known form.
#[must_use]
pub fn check(document: &[u8], circumstances: &Circumstances<'_>) -> Option<Finding> {
    match DocumentKind::detect(document) {
        DocumentKind::Json => check_json(document, circumstances),
        DocumentKind::SdJwt => jwt::check_sd_jwt(document, circumstances),
        // Of kinds added later, only a JWT is known here.
        _ => jwt::check(document, circumstances),
    }
}

fn check_json(document: &[u8], circumstances: &Circumstances<'_>) -> Option<Finding> {
    let credential = read_object(document)?;
    if !is_credential(&credential) {
        return None;
    }
    let proofs = match document.len() {
        0..=CREDENTIAL_BYTES_MAX => integrity::check(&credential, circumstances),
        _ => vec![Proof::unchecked(
            "Data Integrity",
            &Unchecked::TooLarge { what: "bytes", max: CREDENTIAL_BYTES_MAX },
        )],
    };
    let validity = dates::validity(&credential, circumstances.now_ms);
    Some(conclude(&credential, proofs, validity, Vec::new()))
}

/// An unambiguous JSON object: RFC 8785 refuses duplicate keys, deep nesting and unsafe numbers.
pub(crate) fn read_object(text: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice(&jcs::canonicalize(text).ok()?).ok()
}

/// Whether an object is a W3C credential, by its type or first context.
pub(crate) fn is_credential(object: &Map<String, Value>) -> bool {
    let names = |field: &str, known: &[&str]| {
        let found = object.get(field).map(as_list).unwrap_or_default();
        found.iter().any(|entry| entry.as_str().is_some_and(|entry| known.contains(&entry)))
    };
    names("type", &["VerifiableCredential"])
        || (names("@context", &[contexts::CREDENTIALS_V1, contexts::CREDENTIALS_V2])
            && object.contains_key("credentialSubject"))
}

/// Puts a finding together.
pub(crate) fn conclude(
    credential: &Map<String, Value>,
    proofs: Vec<Proof>,
    validity: Validity,
    mismatches: Vec<Mismatch>,
) -> Finding {
    let verdict = [of_proofs(&proofs), of_validity(&validity), of_mismatches(&mismatches)].into_iter().max();
    Finding {
        verdict: verdict.unwrap_or(Verdict::NotChecked),
        issuer: issuer(credential).map(str::to_owned),
        proofs,
        validity,
        mismatches,
        left_open: left_open(credential),
    }
}

fn of_proofs(proofs: &[Proof]) -> Verdict {
    let any = |signature: Signature| proofs.iter().any(|proof| proof.signature == signature);
    if proofs.is_empty() {
        Verdict::Unsigned
    } else if any(Signature::Bad) {
        Verdict::Bad
    } else if !any(Signature::Good) {
        Verdict::NotChecked
    } else if proofs.iter().any(|proof| !proof.uncovered.is_empty()) {
        Verdict::NotCovered
    } else {
        Verdict::Good
    }
}

fn of_validity(validity: &Validity) -> Verdict {
    match validity {
        Validity { unreadable, .. } if !unreadable.is_empty() => Verdict::Inconsistent,
        Validity { expired: true, .. } => Verdict::Expired,
        Validity { not_yet: true, .. } => Verdict::NotYetValid,
        _ => Verdict::Good,
    }
}

fn of_mismatches(mismatches: &[Mismatch]) -> Verdict {
    if mismatches.is_empty() { Verdict::Good } else { Verdict::Inconsistent }
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
    if let Some(status) = credential.get("credentialStatus") {
        let kinds: Vec<&str> =
            as_list(status).iter().filter_map(|entry| entry.get("type").and_then(Value::as_str)).collect();
        open.push(format!("credentialStatus ({}) is kept elsewhere and was not looked up", kinds.join(", ")));
    }
    let inner = credential.iter().filter(|(key, _)| *key != "proof").map(|(_, value)| proofs_in(value)).sum();
    if let 1.. = inner {
        open.push(format!("{inner} proof(s) of credentials inside this one were not checked"));
    }
    open
}

/// How many objects within a value have a proof of their own.
fn proofs_in(value: &Value) -> usize {
    match value {
        Value::Object(members) => {
            usize::from(members.contains_key("proof")) + members.values().map(proofs_in).sum::<usize>()
        }
        Value::Array(elements) => elements.iter().map(proofs_in).sum(),
        _ => 0,
    }
}
