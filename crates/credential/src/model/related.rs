//! Resources that a credential relies on, each with an id of its own and a digest.
//!
//! Source: VC Data Model 2.0, 5.3; Subresource Integrity, 3.5; Controlled Identifiers 1.0, 2.5.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use super::rules::{Faults, Id};
use crate::pointer::At;

/// Adds what is wrong with the related resources. None is fetched.
pub(super) fn faults(credential: &Map<String, Value>, faults: &mut Faults) {
    let root = At::Root;
    let at = root.key("relatedResource");
    let mut seen = Vec::new();
    for (resource, at) in faults.objects(credential.get("relatedResource"), &at) {
        faults.id(resource, &at, Id::Required);
        let id = resource.get("id");
        if id.is_some() && seen.contains(&id) {
            faults.add(&at.key("id"), "is that of another resource");
        }
        if seen.len() < RELATED_COMPARED {
            seen.push(id);
        }
        let mut digests = 0;
        for (field, is_digest) in DIGESTS {
            let Some(value) = resource.get(field) else { continue };
            digests += 1;
            if !value.as_str().is_some_and(is_digest) {
                faults.add(&at.key(field), "is not a digest");
            }
        }
        if digests == 0 {
            faults.add(&at, "has no digest");
        }
    }
}

/// How a digest is recognised.
type IsDigest = fn(&str) -> bool;

const DIGESTS: [(&str, IsDigest); 2] = [("digestSRI", is_subresource), ("digestMultibase", is_multibase)];

/// `sha384-` and base64, once or several times.
fn is_subresource(text: &str) -> bool {
    let is_digest = |digest: &str| {
        let Some((algorithm, digest)) = digest.split_once('-') else { return false };
        let digest = digest.split('?').next().and_then(|digest| BASE64_STANDARD.decode(digest).ok());
        let length = match algorithm {
            "sha256" => 32,
            "sha384" => 48,
            "sha512" => 64,
            _ => return false,
        };
        digest.is_some_and(|digest| digest.len() == length)
    };
    let mut digests = text.split_ascii_whitespace().peekable();
    digests.peek().is_some() && digests.all(is_digest)
}

/// The code of a hash and its value, in base64url or base58. The W3C's own examples leave out the length between them.
fn is_multibase(text: &str) -> bool {
    let bytes = match text.split_at_checked(1).filter(|_| text.len() <= MULTIBASE_BYTES_MAX) {
        Some(("u", text)) => BASE64_URL_SAFE_NO_PAD.decode(text).ok(),
        Some(("z", text)) => bs58::decode(text).into_vec().ok(),
        _ => None,
    };
    bytes.is_some_and(|bytes| match bytes.as_slice() {
        [0x12, hash @ ..] => hash.len() >= 32,
        [0x20, hash @ ..] => hash.len() >= 48,
        [0x13, hash @ ..] => hash.len() >= 64,
        _ => false,
    })
}

/// How many related resources are compared with the others.
const RELATED_COMPARED: usize = 100;

/// Longest digest as text, in bytes.
const MULTIBASE_BYTES_MAX: usize = 200;
