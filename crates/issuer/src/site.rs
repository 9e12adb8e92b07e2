//! What an issuer publishes on its own web server, for verifiers that know nothing of the ledger.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sanad_core::member::{IssuerId, KeyPurpose, KeyTerm, MemberState};
use sanad_core::signature::PublicKey;
use sanad_credential::multikey;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::files::{self, FileError, Mode};
use crate::folders::SharedFolder;

/// A file of a site.
#[derive(Clone, Debug, PartialEq)]
pub struct SiteFile {
    /// Its path, relative to the root of the web server.
    pub path: PathBuf,
    /// Its content.
    pub content: Value,
}

/// Why there is no site.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SiteError {
    /// The member has no `did:web`.
    #[error("{0} has no did:web in the register; its credentials name its key, and need no site")]
    NoDidWeb(String),
    /// Not a `did:web` whose document has a place.
    #[error("{0} is not a did:web whose parts can be folders")]
    Did(String),
    /// An achievement without an address of its own.
    #[error("the achievement {id} is not at {host}, so that it has no place on its site")]
    Elsewhere {
        /// Its id.
        id: String,
        /// The host of the issuer.
        host: String,
    },
    /// An achievement in the place of other files of a site.
    #[error(
        "the achievement's id {id} is the place of other files of the site (page, boxes, status lists); give it another, such as one below \
         /achievements/"
    )]
    Taken {
        /// The id.
        id: String,
    },
    /// The list of withdrawn keys cannot be read: a key that leaked could be published again.
    #[error(
        "{} is not a list of withdrawn keys; put it back from a copy, so that no key that leaked is published again",
        path.display()
    )]
    Withdrawn {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Issuing keys that are not to be published again, as Multikeys. `docs/formats/withdrawn-keys.md`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WithdrawnKeys {
    keys: BTreeSet<String>,
}

/// The list, as its file has it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WithdrawnFields {
    format: WithdrawnFormat,
    keys: BTreeSet<String>,
}

#[derive(Serialize, Deserialize)]
enum WithdrawnFormat {
    #[serde(rename = "sanad-withdrawn-keys/v1")]
    V1,
}

impl WithdrawnKeys {
    /// Reads the list of a file; of one that is not there, an empty one.
    ///
    /// # Errors
    /// [`SiteError::Withdrawn`], [`SiteError::File`].
    pub fn read(path: &Path) -> Result<Self, SiteError> {
        if path.symlink_metadata().is_err() {
            return Ok(Self::default());
        }
        let text = files::read(path, WITHDRAWN_BYTES_MAX)?;
        let read = serde_json::from_slice(&text);
        let WithdrawnFields { keys, .. } =
            read.map_err(|source| SiteError::Withdrawn { path: path.to_owned(), source })?;
        Ok(Self { keys })
    }

    /// Adds the keys of another list.
    pub fn merge(&mut self, other: Self) {
        self.keys.extend(other.keys);
    }

    /// Adds a key.
    pub fn insert(&mut self, key: &PublicKey) {
        self.keys.insert(multikey(key));
    }

    /// Takes a key out, so that it is published again.
    pub fn remove(&mut self, key: &PublicKey) {
        self.keys.remove(&multikey(key));
    }

    /// Whether a key is in the list.
    pub fn contains(&self, key: &PublicKey) -> bool {
        self.keys.contains(&multikey(key))
    }

    /// The text of its file.
    pub fn content(&self) -> Value {
        let fields = WithdrawnFields { format: WithdrawnFormat::V1, keys: self.keys.clone() };
        serde_json::to_value(fields).expect("invariant: the fields are texts")
    }
}

/// The issuing keys of a member that were declared compromised: entries of their terms are disputed.
pub fn compromised_keys(member: &MemberState) -> Vec<PublicKey> {
    let disputed = &member.record().disputed;
    let issuing = member.rest().keys.iter().filter(|term| term.purpose == KeyPurpose::Issuing);
    let is_disputed = |term: &&KeyTerm| {
        let ends_before = |index| term.until.is_some_and(|until| until <= index);
        disputed.iter().any(|range| !ends_before(range.from) && term.from < range.until)
    };
    issuing.filter(is_disputed).map(|term| term.key).collect()
}

/// The `did:web` of a member in force, and what its site holds: the DID document with every issuing key that the register
/// has or had, so that old signatures stay checkable, but for the `withdrawn`.
///
/// # Errors
/// [`SiteError`].
pub fn did_document(member: &MemberState, withdrawn: &[PublicKey]) -> Result<SiteFile, SiteError> {
    let did = did_web(member).ok_or_else(|| SiteError::NoDidWeb(member.record().id.to_string()))?;
    let (_, mut path) = place_of(did)?;
    if path.as_os_str().is_empty() {
        path.push(".well-known");
    }
    path.push("did.json");
    let keys = member.rest().keys.iter().filter(|term| term.purpose == KeyPurpose::Issuing);
    let keys: Vec<String> =
        keys.filter(|term| !withdrawn.contains(&term.key)).map(|term| multikey(&term.key)).collect();
    let method = |key: &String| json!({"id": format!("{did}#{key}"), "type": "Multikey", "controller": did, "publicKeyMultibase": key});
    let others = member.record().issuer_ids.iter().filter(|term| term.until.is_none());
    let others: Vec<&str> = others.map(|term| term.id.as_str()).filter(|id| *id != did).collect();
    let content = json!({
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": did,
        "alsoKnownAs": others,
        "verificationMethod": keys.iter().map(method).collect::<Vec<_>>(),
        "assertionMethod": keys.iter().map(|key| format!("{did}#{key}")).collect::<Vec<_>>(),
    });
    Ok(SiteFile { path, content })
}

/// Where a site has the list of withdrawn keys: beside its DID document.
///
/// # Errors
/// [`SiteError`].
pub fn withdrawn_path(member: &MemberState) -> Result<PathBuf, SiteError> {
    Ok(did_document(member, &[])?.path.with_file_name(WITHDRAWN_FILE))
}

/// The first `did:web` of a member in force.
pub fn did_web(member: &MemberState) -> Option<&str> {
    let terms = member.record().issuer_ids.iter().filter(|term| term.until.is_none());
    terms.map(|term| term.id.as_str()).find(|id| id.starts_with(DID_WEB))
}

/// The profile that the credential of a template names, and its achievement at the path of its address.
///
/// # Errors
/// [`SiteError`].
pub fn published(credential: &Value) -> Result<Vec<SiteFile>, SiteError> {
    let issuer = &credential["issuer"];
    let did = issuer.as_str().or_else(|| issuer["id"].as_str()).unwrap_or_default();
    let (host, folder) = place_of(did)?;
    let contexts = &credential["@context"];
    let with_context = |object: &Value| {
        let mut object = object.clone();
        object["@context"] = contexts.clone();
        object
    };
    let mut found = Vec::new();
    if issuer.is_object() {
        found.push(SiteFile { path: folder.join("profile.json"), content: with_context(issuer) });
    }
    let achievement = &credential["credentialSubject"]["achievement"];
    if let Some(id) = achievement["id"].as_str() {
        let path = id.strip_prefix("https://").and_then(|rest| rest.strip_prefix(host.as_str()));
        let path = path.and_then(|path| path.strip_prefix('/')).filter(|path| !path.is_empty());
        let path = path.and_then(|path| folders(path.split('/')));
        let elsewhere = || SiteError::Elsewhere { id: id.to_owned(), host: host.clone() };
        let path = path.ok_or_else(elsewhere)?;
        let is_taken =
            |path: &Path| path.iter().next().is_some_and(|first| TAKEN.iter().any(|taken| first == *taken));
        if is_taken(&path) || path.strip_prefix(&folder).is_ok_and(is_taken) {
            return Err(SiteError::Taken { id: id.to_owned() });
        }
        found.push(SiteFile { path, content: with_context(achievement) });
    }
    Ok(found)
}

/// Writes files of a site, in place of those that are there.
///
/// # Errors
/// [`SiteError::File`].
pub fn write_site(root: &Path, files: &[SiteFile]) -> Result<(), SiteError> {
    for SiteFile { path, content } in files {
        let path = root.join(path);
        let folder = files::parent(&path);
        std::fs::create_dir_all(folder).map_err(FileError::system(folder, "made"))?;
        let _at_work = SharedFolder::enter(folder)?;
        files::replace(&path, format!("{content:#}\n").as_bytes(), Mode::Public)?;
    }
    Ok(())
}

/// The host of a `did:web`, and the folder of its document on that host (did:web Method, 2.4 and 3.2).
pub(crate) fn place_of(did: &str) -> Result<(String, PathBuf), SiteError> {
    let refused = || SiteError::Did(did.to_owned());
    let did = IssuerId::normalise(did).map_err(|_| refused())?;
    let mut parts = did.as_str().strip_prefix(DID_WEB).ok_or_else(refused)?.split(':');
    let host = parts.next().filter(|host| !host.is_empty()).ok_or_else(refused)?;
    // A port is written %3A8443.
    let host = host.replace("%3A", ":").replace("%3a", ":");
    Ok((host, folders(parts).ok_or_else(refused)?))
}

/// A relative path of parts that mean nothing to a file system.
fn folders<'a>(parts: impl Iterator<Item = &'a str>) -> Option<PathBuf> {
    let is_plain = |part: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
        !part.is_empty() && !part.starts_with('.') && part.bytes().all(plain)
    };
    parts.map(|part| is_plain(part).then_some(part)).collect()
}

const DID_WEB: &str = "did:web:";
/// What else lies at the top of a site, or of the folder that a `did:web` names: the page and its worker, boxes, status lists,
/// the DID document, the profile and the list of withdrawn keys.
const TAKEN: [&str; 8] =
    ["v", "v.sw.js", "boxes", "status", ".well-known", "did.json", "profile.json", WITHDRAWN_FILE];
/// The list of withdrawn keys, beside a DID document and in the issuer's folder.
pub const WITHDRAWN_FILE: &str = "withdrawn-keys.json";
/// Longest list of withdrawn keys, in bytes.
const WITHDRAWN_BYTES_MAX: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use sanad_core::ids::LogIndex;
    use sanad_core::member::IndexRange;

    use super::*;

    #[test]
    fn the_document_has_every_key_and_its_place() {
        let genesis = sanad_testkit::genesis();
        let mut member = genesis.members[0].clone();
        member.issuer_ids =
            ["did:web:ui.example:akademik".parse().unwrap(), "https://ui.example".parse().unwrap()].into();
        let state = MemberState::genesis(&member);
        let found = did_document(&state, &[]).unwrap();
        assert_eq!(found.path, Path::new("akademik/did.json"));
        let key = multikey(&member.issuing_key.unwrap());
        let method = format!("did:web:ui.example:akademik#{key}");
        assert_eq!(found.content["assertionMethod"], json!([method]));
        assert_eq!(found.content["alsoKnownAs"], json!(["https://ui.example"]));
        let none = did_document(&state, &[member.issuing_key.unwrap()]).unwrap();
        assert_eq!(none.content["verificationMethod"], json!([]));
        member.issuer_ids = ["did:web:ui.example".parse().unwrap()].into();
        let found = did_document(&MemberState::genesis(&member), &[]).unwrap();
        assert_eq!(found.path, Path::new(".well-known/did.json"));
        member.issuer_ids.clear();
        assert!(matches!(did_document(&MemberState::genesis(&member), &[]), Err(SiteError::NoDidWeb(_))));
    }

    #[test]
    fn withdrawn_keys_are_kept_and_a_damaged_list_is_not_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(WITHDRAWN_FILE);
        let member = &sanad_testkit::genesis().members[0];
        let key = member.issuing_key.unwrap();
        let mut withdrawn = WithdrawnKeys::read(&path).unwrap();
        assert!(!withdrawn.contains(&key));
        withdrawn.insert(&key);
        std::fs::write(&path, withdrawn.content().to_string()).unwrap();
        let mut read = WithdrawnKeys::read(&path).unwrap();
        assert_eq!(read, withdrawn);
        assert_eq!(read.content(), json!({"format": "sanad-withdrawn-keys/v1", "keys": [multikey(&key)]}));
        read.remove(&key);
        assert_eq!(read, WithdrawnKeys::default());
        for text in ["", "{}", r#"{"format": "sanad-withdrawn-keys/v2", "keys": []}"#] {
            std::fs::write(&path, text).unwrap();
            assert!(matches!(WithdrawnKeys::read(&path), Err(SiteError::Withdrawn { .. })), "{text}");
        }
    }

    #[test]
    fn a_key_is_compromised_if_entries_of_its_term_are_disputed() {
        let genesis = sanad_testkit::genesis();
        let state = MemberState::genesis(&genesis.members[0]);
        let (mut record, mut rest) = (state.record().clone(), state.rest().clone());
        let place = rest.keys.iter().position(|term| term.purpose == KeyPurpose::Issuing).unwrap();
        let (former, now) = (rest.keys[place].key, genesis.members[1].keys().next().unwrap().1);
        rest.keys[place].until = Some(LogIndex(10));
        let term = KeyTerm { purpose: KeyPurpose::Issuing, key: now, from: LogIndex(10), until: None };
        rest.keys.insert(place + 1, term);
        record.rest = rest.hash();
        let mut compromised = |from, until| {
            record.disputed = vec![IndexRange { from: LogIndex(from), until: LogIndex(until) }];
            compromised_keys(&MemberState::new(record.clone(), rest.clone()).unwrap())
        };
        assert_eq!(compromised(5, 10), [former]);
        assert_eq!(compromised(10, 20), [now]);
        assert_eq!(compromised(9, 11), [former, now]);
        assert_eq!(compromised_keys(&state), []);
    }

    #[test]
    fn achievements_are_where_their_addresses_lead_and_nowhere_else() {
        let credential = |id: &str| {
            json!({"@context": ["x"], "issuer": {"id": "did:web:ui.example", "name": "UI"},
                "credentialSubject": {"achievement": {"id": id, "name": "Data"}}})
        };
        let found = published(&credential("https://ui.example/achievements/data")).unwrap();
        let paths: Vec<&Path> = found.iter().map(|file| file.path.as_path()).collect();
        assert_eq!(paths, [Path::new("profile.json"), Path::new("achievements/data")]);
        assert_eq!(
            found[1].content,
            json!({"@context": ["x"], "id": "https://ui.example/achievements/data", "name": "Data"})
        );
        for id in [
            "https://ui.example/../x",
            "https://ui.example/a/.hidden",
            "https://ui.example.evil.example/a",
            "https://ui.example//etc",
            "https://ui.example/",
            "https://other.example/a",
            "https://ui.example/a?b",
            "urn:uuid:1",
        ] {
            assert!(matches!(published(&credential(id)), Err(SiteError::Elsewhere { .. })), "{id}");
        }
        for path in ["v/index.html", "boxes/x", "status/revocation-0.json", "v.sw.js", "profile.json"] {
            for (did, folder) in [("did:web:ui.example", ""), ("did:web:ui.example:akademik", "akademik/")] {
                let mut credential = credential(&format!("https://ui.example/{folder}{path}"));
                credential["issuer"]["id"] = json!(did);
                assert!(matches!(published(&credential), Err(SiteError::Taken { .. })), "{did} {path}");
            }
        }
    }
}
