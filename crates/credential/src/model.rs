//! What a credential has to have, and may not have, whoever signed it.
//!
//! Source: Verifiable Credentials Data Model 2.0, 4 and 5; 1.1, 4 and 5; for Open Badges see [`open_badges`].

mod names;
mod open_badges;
mod related;
mod rules;

use serde_json::{Map, Value};

use crate::contexts::{CREDENTIALS_V1, CREDENTIALS_V2};
use crate::dates;
use crate::finding::Fault;
use crate::pointer::At;
use rules::{Faults, Id};

/// Which data model a credential follows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    V1,
    V2,
}

/// The rules that a credential breaks.
pub(crate) fn faults(credential: &Map<String, Value>) -> Vec<Fault> {
    let mut faults = Faults::default();
    // SD-JWT VC (draft-ietf-oauth-sd-jwt-vc), 2.2.2: `vct` names the type; its claims are no W3C credential.
    if credential.get("vct").is_some_and(Value::is_string) && !credential.contains_key("@context") {
        return Vec::new();
    }
    let version = contexts(credential, &mut faults);
    types(credential, &mut faults);
    let root = At::Root;
    faults.id(credential, &root, Id::Optional);
    issuer(credential, version, &mut faults);
    subjects(credential, &mut faults);
    match version {
        Version::V1 => dates_v1(credential, &mut faults),
        Version::V2 => dates_v2(credential, &mut faults),
    }
    for (field, id) in parts(version) {
        let at = root.key(field);
        for (object, at) in faults.objects(credential.get(field), &at) {
            faults.id(object, &at, id);
            faults.some_type(object, &at);
        }
    }
    if version == Version::V2 {
        texts(credential, &root, &mut faults);
        related::faults(credential, &mut faults);
    }
    statuses(credential, &mut faults);
    open_badges::faults(credential, version == Version::V1, &mut faults);
    faults.into_list()
}

/// Fields whose values are objects with a type, and what of their ids. VC 2.0: 4.10, 4.11, 5.4 to 5.6, 5.10; 1.1: 4.9, 5.
fn parts(version: Version) -> [(&'static str, Id); 8] {
    let of_v1 = |id| if version == Version::V1 { id } else { Id::Optional };
    [
        ("credentialStatus", of_v1(Id::Required)),
        ("credentialSchema", Id::Required),
        ("refreshService", of_v1(Id::Required)),
        ("termsOfUse", Id::Optional),
        ("evidence", Id::Optional),
        ("renderMethod", Id::Optional),
        ("confidenceMethod", Id::Optional),
        ("proof", Id::Optional),
    ]
}

/// 4.3: a list that starts with the context of the data model.
fn contexts(credential: &Map<String, Value>, faults: &mut Faults) -> Version {
    let root = At::Root;
    let at = root.key("@context");
    let entries = match credential.get("@context") {
        None => {
            faults.add(&at, "is missing");
            return Version::V2;
        }
        Some(Value::Array(entries)) => entries.as_slice(),
        Some(other) => {
            faults.add(&at, "is not a list");
            std::slice::from_ref(other)
        }
    };
    for (index, entry) in entries.iter().enumerate() {
        match entry {
            Value::String(url) if rules::is_url(url) => {}
            Value::Object(_) => {}
            _ => faults.add(&at.index(index), "is neither a URL nor an object"),
        }
    }
    match entries.first().and_then(Value::as_str) {
        Some(CREDENTIALS_V2) => Version::V2,
        Some(CREDENTIALS_V1) => Version::V1,
        _ => {
            faults.add(&at.index(0), &format!("is neither {CREDENTIALS_V2} nor {CREDENTIALS_V1}"));
            if entries.iter().any(|entry| entry == CREDENTIALS_V1) { Version::V1 } else { Version::V2 }
        }
    }
}

/// 4.5: names or URLs, one of them `VerifiableCredential`.
fn types(credential: &Map<String, Value>, faults: &mut Faults) {
    let root = At::Root;
    faults.some_type(credential, &root);
    faults.type_among(credential, &root, &["VerifiableCredential"]);
    names::faults(credential, faults);
}

/// 4.7: one URL, or an object with one as its id.
fn issuer(credential: &Map<String, Value>, version: Version, faults: &mut Faults) {
    let root = At::Root;
    let at = root.key("issuer");
    match credential.get("issuer") {
        None => faults.add(&at, "is missing"),
        Some(Value::String(url)) if rules::is_url(url) => {}
        Some(Value::Object(issuer)) => {
            faults.id(issuer, &at, Id::Required);
            if version == Version::V2 {
                texts(issuer, &at, faults);
            }
        }
        Some(_) => faults.add(&at, "is neither one URL nor an object with one as its id"),
    }
}

/// 4.8: objects that say something.
fn subjects(credential: &Map<String, Value>, faults: &mut Faults) {
    let root = At::Root;
    let at = root.key("credentialSubject");
    let Some(value) = credential.get("credentialSubject") else { return faults.add(&at, "is missing") };
    for (subject, at) in faults.objects(Some(value), &at) {
        if subject.is_empty() {
            faults.add(&at, "says nothing");
        }
        faults.id(subject, &at, Id::Optional);
    }
}

/// 4.9: `xsd:dateTimeStamp`s, in order.
fn dates_v2(credential: &Map<String, Value>, faults: &mut Faults) {
    let root = At::Root;
    for field in ["validFrom", "validUntil"] {
        if let Some(value) = credential.get(field)
            && !value.as_str().is_some_and(dates::is_stamp)
        {
            faults.add(&root.key(field), "is not a date and time with an offset (xsd:dateTimeStamp)");
        }
    }
    in_order(credential, "validFrom", "validUntil", faults);
}

/// VC 1.1, 4.5 and 4.6.
fn dates_v1(credential: &Map<String, Value>, faults: &mut Faults) {
    let root = At::Root;
    if !credential.contains_key("issuanceDate") {
        faults.add(&root.key("issuanceDate"), "is missing");
    }
    for field in ["issuanceDate", "expirationDate"] {
        if let Some(value) = credential.get(field)
            && value.as_str().and_then(dates::milliseconds).is_none()
        {
            faults.add(&root.key(field), "is not a date and time (xsd:dateTime)");
        }
    }
    in_order(credential, "issuanceDate", "expirationDate", faults);
}

fn in_order(credential: &Map<String, Value>, from: &str, until: &str, faults: &mut Faults) {
    let time = |field: &str| credential.get(field)?.as_str().and_then(dates::milliseconds);
    if let (Some(from_ms), Some(until_ms)) = (time(from), time(until))
        && from_ms > until_ms
    {
        faults.add(&At::Root.key(until), &format!("is before {from}"));
    }
}

/// 4.6 and 11.1: texts, or texts with language and direction.
fn texts(object: &Map<String, Value>, at: &At<'_>, faults: &mut Faults) {
    for field in ["name", "description"] {
        let at = at.key(field);
        match object.get(field) {
            None => {}
            Some(Value::Array(entries)) => {
                entries.iter().enumerate().for_each(|(index, entry)| faults.text(entry, &at.index(index)));
            }
            Some(entry) => faults.text(entry, &at),
        }
    }
}

/// Bitstring Status List 1.0, 2.1.
fn statuses(credential: &Map<String, Value>, faults: &mut Faults) {
    let root = At::Root;
    let at = root.key("credentialStatus");
    for (status, at) in faults.objects(credential.get("credentialStatus"), &at) {
        if status.get("type").and_then(Value::as_str) != Some("BitstringStatusListEntry") {
            continue;
        }
        let text = |field: &str| status.get(field).and_then(Value::as_str);
        if text("statusPurpose").is_none_or(str::is_empty) {
            faults.add(&at.key("statusPurpose"), "is not a text");
        }
        let is_index = |index: &str| !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit());
        if !text("statusListIndex").is_some_and(is_index) {
            faults.add(&at.key("statusListIndex"), "is not an index, as a text of digits");
        }
        if !text("statusListCredential").is_some_and(rules::is_url) {
            faults.add(&at.key("statusListCredential"), "is not a URL");
        }
    }
}

#[cfg(test)]
mod tests;
