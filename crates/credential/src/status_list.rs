//! Status lists: a bit for each credential of an issuer, in a credential of its own.
//!
//! Source: W3C Bitstring Status List 1.0.

use std::fmt;
use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::bufread::GzDecoder;
use flate2::{Compression, GzBuilder};
use sanad_core::sd_jwt::{SdJwt, SdJwtError};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::credential::{Circumstances, as_list, check, id_of, read_object};
use crate::finding::{Holder, Part, Signature, Verdict};
use crate::jwt;
use crate::pointer::shown;

/// Entries of a list: the fewest that keep a credential among many (Bitstring Status List 1.0, 3.2).
pub const STATUS_LIST_ENTRIES: u64 = 131_072;
/// Longest list that is read, inflated, in bytes: eight times that many entries.
pub const STATUS_LIST_BYTES_MAX: usize = 128 << 10;
/// Most entries of `credentialStatus` that are looked at.
pub const STATUS_ENTRIES_MAX: usize = 8;

/// What a bit of a list says when it is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StatusPurpose {
    /// The credential is revoked for ever.
    Revocation,
    /// It is not to be relied on for now.
    Suspension,
}

impl StatusPurpose {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Revocation, Self::Suspension];

    /// Its name in a list.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Revocation => "revocation",
            Self::Suspension => "suspension",
        }
    }
}

impl fmt::Display for StatusPurpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An entry of `credentialStatus`: where to look whether a credential is revoked or suspended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusEntry {
    /// What the bit means.
    pub purpose: StatusPurpose,
    /// Which bit.
    pub index: u64,
    /// Address of the list.
    pub list: String,
}

/// The bits of a list.
#[derive(Clone, PartialEq, Eq)]
pub struct StatusList(Vec<u8>);

/// What a list has to be.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedList<'a> {
    /// Its address.
    pub id: &'a str,
    /// Its issuer: that of the credential.
    pub issuer: &'a str,
    /// Its purpose.
    pub purpose: StatusPurpose,
    /// Keys that are known to be the issuer's, as Multikeys, beside those that the circumstances prove.
    pub keys: &'a [String],
}

/// Why nothing follows from a list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatusListFault {
    /// It is no credential.
    #[error("it is not a credential")]
    NotACredential,
    /// Its own signature, dates or form are not good.
    #[error("it is not to be believed: {verdict}: {detail}")]
    Credential {
        /// What was found.
        verdict: Verdict,
        /// Why.
        detail: String,
    },
    /// A good signature, by a key that may be anybody's.
    #[error(
        "it is signed by {key}, which nothing here shows to be the issuer's; ask a node, which proves the issuer's key"
    )]
    Key {
        /// The key.
        key: String,
    },
    /// A list of somebody else.
    #[error("it is a list of {found}, not of {expected}")]
    Issuer {
        /// Its issuer.
        found: String,
        /// The issuer of the credential.
        expected: String,
    },
    /// Another list.
    #[error("it is the list {found}, not {expected}")]
    Id {
        /// Its id.
        found: String,
        /// The address that was asked for.
        expected: String,
    },
    /// Not of the type of status lists.
    #[error("it is not a status list: {0}")]
    NotAList(&'static str),
    /// A list of another purpose.
    #[error("its purpose is {found}, not {expected}")]
    Purpose {
        /// Its purpose.
        found: String,
        /// The one that the credential names.
        expected: StatusPurpose,
    },
    /// The list is not encoded as lists are.
    #[error("its encodedList is not the base64url form (u...) of one GZIP stream")]
    Encoding,
    /// Too few entries.
    #[error("it has {actual} entries; a list has at least {STATUS_LIST_ENTRIES}")]
    TooShort {
        /// How many it has.
        actual: u64,
    },
    /// It inflates to more than is read.
    #[error("it inflates to more than {STATUS_LIST_BYTES_MAX} bytes; it was not read further")]
    TooLong,
    /// It ends before the entry of the credential.
    #[error("it has {entries} entries, and none at {index}")]
    NoEntry {
        /// The entry.
        index: u64,
        /// How many it has.
        entries: u64,
    },
}

impl StatusList {
    /// A list of [`STATUS_LIST_ENTRIES`] entries, none of them set.
    #[must_use]
    pub fn new() -> Self {
        Self(vec![0; (STATUS_LIST_ENTRIES / 8) as usize])
    }

    /// Sets the bit of an entry. Requires that the list has it.
    pub fn set(&mut self, index: u64) {
        let (byte, bit) = place(index);
        if let Some(byte) = self.0.get_mut(byte) {
            *byte |= bit;
        }
    }

    /// Whether the bit of an entry is set.
    ///
    /// # Errors
    /// [`StatusListFault::NoEntry`].
    pub fn is_set(&self, index: u64) -> Result<bool, StatusListFault> {
        let (byte, bit) = place(index);
        let byte = self.0.get(byte).ok_or(StatusListFault::NoEntry { index, entries: self.entries() })?;
        Ok(byte & bit != 0)
    }

    /// How many entries it has.
    #[must_use]
    pub fn entries(&self) -> u64 {
        8 * self.0.len() as u64
    }

    /// The entries whose bits are set, in order.
    pub fn set_entries(&self) -> impl Iterator<Item = u64> + '_ {
        (0..self.entries()).filter(|index| self.is_set(*index) == Ok(true))
    }

    /// Its `encodedList`: equal lists give equal texts.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut encoder = GzBuilder::new().write(Vec::new(), Compression::best());
        let written = encoder.write_all(&self.0).and_then(|()| encoder.finish());
        let bytes = written.expect("invariant: memory takes what is written");
        format!("u{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads an `encodedList`.
    ///
    /// # Errors
    /// [`StatusListFault`].
    pub fn decode(encoded: &str) -> Result<Self, StatusListFault> {
        let text = encoded.strip_prefix('u').ok_or(StatusListFault::Encoding)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| StatusListFault::Encoding)?;
        let mut decoder = GzDecoder::new(bytes.as_slice());
        let mut bits = Vec::new();
        let read = (&mut decoder).take(STATUS_LIST_BYTES_MAX as u64 + 1).read_to_end(&mut bits);
        if bits.len() > STATUS_LIST_BYTES_MAX {
            return Err(StatusListFault::TooLong);
        }
        // What follows the stream would be read by some and not by others.
        if read.is_err() || !decoder.into_inner().is_empty() {
            return Err(StatusListFault::Encoding);
        }
        let list = Self(bits);
        match list.entries() {
            actual if actual < STATUS_LIST_ENTRIES => Err(StatusListFault::TooShort { actual }),
            _ => Ok(list),
        }
    }

    /// Reads a list credential, in JSON or as a JWT, and checks it: its signature by a key of the issuer, its dates, and that it is the list that was
    /// expected.
    ///
    /// # Errors
    /// [`StatusListFault`].
    pub fn read(
        bytes: &[u8],
        expected: &ExpectedList<'_>,
        circumstances: &Circumstances<'_>,
    ) -> Result<Self, StatusListFault> {
        let credential = credential_of(bytes).ok_or(StatusListFault::NotACredential)?;
        let finding = check(bytes, circumstances).ok_or(StatusListFault::NotACredential)?;
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let issuer = credential.get("issuer").and_then(id_of).unwrap_or_default();
        if issuer != expected.issuer {
            return Err(StatusListFault::Issuer {
                found: shown(issuer),
                expected: expected.issuer.to_owned(),
            });
        }
        if finding.verdict > Verdict::KeyUnproven {
            let check = finding.checks.iter().find(|check| check.verdict == finding.verdict);
            let detail = check.map(|check| check.detail.clone()).unwrap_or_default();
            return Err(StatusListFault::Credential { verdict: finding.verdict, detail });
        }
        let keys = finding.proofs.iter().filter(|proof| proof.signature == Signature::Good);
        let mut keys = keys.filter_map(|proof| proof.key.as_ref());
        let is_known = |key: &crate::Key| key.holder != Holder::Unproven || expected.keys.contains(&key.key);
        if finding.verdict != Verdict::Good && !keys.clone().any(is_known) {
            let key = keys.next().map(|key| key.key.clone()).unwrap_or_default();
            return Err(StatusListFault::Key { key });
        }
        let id = text(credential.get("id")).unwrap_or_default();
        if id != expected.id {
            return Err(StatusListFault::Id { found: shown(&id), expected: expected.id.to_owned() });
        }
        let has_type = |value: Option<&Value>, name: &str| {
            value.map(as_list).unwrap_or_default().iter().any(|entry| entry == name)
        };
        if !has_type(credential.get("type"), LIST_CREDENTIAL) {
            return Err(StatusListFault::NotAList("its type is not BitstringStatusListCredential"));
        }
        let subject = credential.get("credentialSubject").and_then(Value::as_object);
        let subject = subject.filter(|subject| has_type(subject.get("type"), LIST));
        let subject =
            subject.ok_or(StatusListFault::NotAList("its subject is not one BitstringStatusList"))?;
        let purposes = subject.get("statusPurpose").map(as_list).unwrap_or_default();
        if !purposes.iter().any(|purpose| purpose == expected.purpose.as_str()) {
            let found = purposes.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ");
            return Err(StatusListFault::Purpose { found: shown(&found), expected: expected.purpose });
        }
        if subject.get("statusSize").is_some_and(|size| size != 1) {
            return Err(StatusListFault::NotAList("its entries have more bits than one"));
        }
        let encoded = subject.get("encodedList").and_then(Value::as_str);
        Self::decode(encoded.ok_or(StatusListFault::Encoding)?)
    }
}

impl Default for StatusList {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for StatusList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.set_entries().take(DEBUG_ENTRIES_MAX)).finish()
    }
}

/// The id that a list credential gives itself, in JSON or as a JWT. Nothing is checked.
#[must_use]
pub fn status_list_id(bytes: &[u8]) -> Option<String> {
    Some(credential_of(bytes)?.get("id")?.as_str()?.to_owned())
}

/// The credential of a list, believed or not.
fn credential_of(bytes: &[u8]) -> Option<Map<String, Value>> {
    match read_object(bytes) {
        Ok(credential) => Some(credential),
        Err(_) => match jwt::credential_in(bytes)? {
            Value::Object(credential) => Some(credential),
            _ => None,
        },
    }
}

/// What an SD-JWT shows.
fn claims_of(document: &[u8]) -> Result<Map<String, Value>, SdJwtError> {
    Ok(SdJwt::parse(document)?.claims().as_object().cloned().unwrap_or_default())
}

/// The entries of a credential's `credentialStatus` that name a list of a known purpose. Whether they are well-formed is for
/// [`check`] to say.
#[must_use]
pub fn status_entries(document: &[u8]) -> Vec<StatusEntry> {
    let Ok(credential) = read_object(document).or_else(|_| claims_of(document)) else { return Vec::new() };
    let entries = credential.get("credentialStatus").map(as_list).unwrap_or_default();
    entries.iter().take(STATUS_ENTRIES_MAX).filter_map(status_entry).collect()
}

fn status_entry(entry: &Value) -> Option<StatusEntry> {
    let text = |field: &str| entry.get(field).and_then(Value::as_str);
    if text("type") != Some(LIST_ENTRY) {
        return None;
    }
    let purpose =
        StatusPurpose::ALL.into_iter().find(|purpose| text("statusPurpose") == Some(purpose.as_str()))?;
    let list = text("statusListCredential")?.to_owned();
    Some(StatusEntry { purpose, index: text("statusListIndex")?.parse().ok()?, list })
}

/// The Multikeys of the good signatures of a credential.
///
/// If the ledger binds the credential, its issuer vouches for them: they are in what was issued.
#[must_use]
pub fn signing_keys(document: &[u8], circumstances: &Circumstances<'_>) -> Vec<String> {
    let Some(finding) = check(document, circumstances) else { return Vec::new() };
    let is_bad =
        finding.checks.iter().any(|check| check.part == Part::Signature && check.verdict == Verdict::Bad);
    let good = finding.proofs.into_iter().filter(|proof| proof.signature == Signature::Good && !is_bad);
    // Of an RSA key the name says its length alone.
    good.filter_map(|proof| Some(proof.key?.key)).filter(|key| key.starts_with('z')).collect()
}

/// The byte and the bit of an entry; the first one is the leftmost bit.
fn place(index: u64) -> (usize, u8) {
    (usize::try_from(index / 8).unwrap_or(usize::MAX), 0x80 >> (index % 8))
}

const LIST_CREDENTIAL: &str = "BitstringStatusListCredential";
const LIST: &str = "BitstringStatusList";
const LIST_ENTRY: &str = "BitstringStatusListEntry";
const DEBUG_ENTRIES_MAX: usize = 20;

#[cfg(test)]
mod tests {
    use sanad_testkit::issuing_key;
    use serde_json::{Map, json};

    use super::*;
    use crate::{Cryptosuite, Signer};

    const DID: &str = "did:web:univ-merapi.example";
    const URL: &str = "https://univ-merapi.example/status/revocation-0.json";
    const NOW: Circumstances<'static> = Circumstances { now_ms: 1_800_000_000_000, member: None, rest: None };

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzBuilder::new().write(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn encoded(bytes: &[u8]) -> String {
        format!("u{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    fn credential(list: &str) -> Value {
        json!({
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "id": URL,
            "type": ["VerifiableCredential", LIST_CREDENTIAL],
            "issuer": DID,
            "validFrom": "2026-11-20T00:00:00Z",
            "validUntil": "2027-11-20T00:00:00Z",
            "credentialSubject": {"id": format!("{URL}#list"), "type": LIST, "statusPurpose": "revocation", "encodedList": list},
        })
    }

    fn signed(name: &str, credential: Value) -> Vec<u8> {
        let issuer = credential["issuer"].as_str().unwrap().to_owned();
        let signer = Signer::of_did(issuing_key(name), issuer, Cryptosuite::EddsaRdfc2022);
        let Value::Object(credential) = credential else { panic!("not an object") };
        signer.sign(credential, "2026-11-20T00:00:00Z").unwrap()
    }

    fn read(bytes: &[u8]) -> Result<StatusList, StatusListFault> {
        let keys = [crate::multikey(&issuing_key("merapi").public())];
        let expected = ExpectedList { id: URL, issuer: DID, purpose: StatusPurpose::Revocation, keys: &keys };
        StatusList::read(bytes, &expected, &NOW)
    }

    #[test]
    fn the_first_entry_is_the_leftmost_bit_and_equal_lists_are_equal_texts() {
        let mut list = StatusList::new();
        [0, 9, 131_071].into_iter().for_each(|index| list.set(index));
        assert_eq!((list.0[0], list.0[1], list.0[16_383]), (0x80, 0x40, 0x01));
        assert_eq!(list.set_entries().collect::<Vec<_>>(), [0, 9, 131_071]);
        let again = StatusList::decode(&list.encode()).unwrap();
        assert_eq!((again.encode(), &again), (list.encode(), &list));
        let entries = STATUS_LIST_ENTRIES;
        assert_eq!(list.is_set(entries), Err(StatusListFault::NoEntry { index: entries, entries }));
        assert_eq!(list.is_set(u64::MAX), Err(StatusListFault::NoEntry { index: u64::MAX, entries }));
        // The sample of Bitstring Status List 1.0, 4.
        let sample = "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA";
        assert_eq!(StatusList::decode(sample), Ok(StatusList::new()));
    }

    #[test]
    fn hostile_lists_are_refused_within_bounds() {
        let whole = vec![0; 16_384];
        let (bomb, long) = (gzip(&vec![0; 64 << 20]), gzip(&vec![0; STATUS_LIST_BYTES_MAX]));
        assert_eq!(StatusList::decode(&encoded(&bomb)), Err(StatusListFault::TooLong));
        assert!(StatusList::decode(&encoded(&long)).is_ok());
        let short = gzip(&whole[1..]);
        assert_eq!(StatusList::decode(&encoded(&short)), Err(StatusListFault::TooShort { actual: 131_064 }));
        let good = gzip(&whole);
        let cut = &good[..good.len() - 1];
        let trailing = [&good[..], b"x"].concat();
        let twice = [&good[..], &good[..]].concat();
        let mut damaged = good.clone();
        damaged[good.len() - 5] ^= 1;
        for bytes in [cut, &trailing, &twice, &damaged, b"", &whole] {
            assert_eq!(StatusList::decode(&encoded(bytes)), Err(StatusListFault::Encoding));
        }
        let text = encoded(&good);
        for text in [&text[1..], &format!("z{}", &text[1..]), &format!("{text}=="), ""] {
            assert_eq!(StatusList::decode(text), Err(StatusListFault::Encoding), "{text}");
        }
    }

    #[test]
    fn a_list_counts_only_if_it_is_the_issuers_own_and_the_one_that_was_named() {
        let mut list = StatusList::new();
        list.set(7);
        let good = credential(&list.encode());
        assert_eq!(read(&signed("merapi", good.clone())), Ok(list.clone()));
        let refused = |key: &str, change: &dyn Fn(&mut Value)| {
            let mut changed = good.clone();
            change(&mut changed);
            read(&signed(key, changed)).unwrap_err().to_string()
        };
        for (change, expected) in [
            (
                &(|list: &mut Value| list["issuer"] = json!("did:web:univ-bromo.example"))
                    as &dyn Fn(&mut Value),
                "a list of did:web:univ-bromo.example",
            ),
            (
                &|list| list["id"] = json!("https://univ-merapi.example/status/revocation-1.json"),
                "revocation-1.json, not",
            ),
            (&|list| list["type"] = json!(["VerifiableCredential"]), "its type is not"),
            (&|list| list["credentialSubject"] = json!([list["credentialSubject"]]), "its subject is not"),
            (
                &|list| list["credentialSubject"]["statusPurpose"] = json!("suspension"),
                "its purpose is suspension",
            ),
            (&|list| list["credentialSubject"]["encodedList"] = json!("uAAAA"), "encodedList"),
            (&|list| list["validUntil"] = json!("2026-11-21T00:00:00Z"), "expired"),
        ] {
            let said = refused("merapi", change);
            assert!(said.contains(expected), "{said}");
        }
        let foreign = refused("bromo", &|_| {});
        assert!(foreign.contains("nothing here shows to be the issuer's"), "{foreign}");
        let text = String::from_utf8(signed("merapi", good.clone())).unwrap();
        let tampered = text.replace(&list.encode(), &StatusList::new().encode());
        assert!(read(tampered.as_bytes()).unwrap_err().to_string().contains("signature wrong"));
        assert!(read(good.to_string().as_bytes()).unwrap_err().to_string().contains("not signed"));
        for bytes in [&b"{}"[..], b"", b"[]", b"\xff"] {
            assert!(read(bytes).is_err());
        }
    }

    #[test]
    fn entries_of_credentials_are_read_whatever_stands_beside_them() {
        let entry = |purpose: &str, index: &str| json!({"type": LIST_ENTRY, "statusPurpose": purpose, "statusListIndex": index, "statusListCredential": URL});
        let found = |status: Value| {
            let mut credential = Map::new();
            credential.insert("credentialStatus".to_owned(), status);
            status_entries(Value::Object(credential).to_string().as_bytes())
        };
        let seven = StatusEntry { purpose: StatusPurpose::Revocation, index: 7, list: URL.to_owned() };
        assert_eq!(found(entry("revocation", "7")), std::slice::from_ref(&seven));
        let others = [entry("message", "1"), json!(5), entry("revocation", "-1"), json!({"type": "Other"})];
        assert_eq!(
            found(json!([others[0], others[1], entry("revocation", "7"), others[2], others[3]])),
            [seven]
        );
        assert!(status_entries(b"no json").is_empty());
    }
}
