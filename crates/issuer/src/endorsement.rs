//! Endorsements: what one institution says of another's achievement, of one award, or of a document that was made elsewhere.
//!
//! Source: Open Badges 3.0, EndorsementCredential; VC Data Model 2.0, 5.3 (related resources); RFC 6920 (`ni` URIs).

use std::path::Path;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use sanad_core::jcs::{self, JsonError};
use sanad_credential::{Signer, badge_of_sd_jwt};
use sanad_roster::{TextFault, check_texts, credential_id};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::signed_file::{CredentialForm, SignedFileError, Written, write_signed};

/// What is endorsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endorsed {
    /// The id of the achievement or of the award; of another document, the address that its digest is.
    pub id: String,
    /// The name of the achievement, or of the file.
    pub name: String,
    /// The issuer of the award, if one names it.
    pub issuer: Option<String>,
    /// Of an award or another document, the digest of the file: an id alone would stand for whatever has it.
    pub digest: Option<String>,
}

/// An endorsement that is not yet signed.
#[derive(Debug)]
pub struct Endorsement {
    credential: Map<String, Value>,
}

/// Why a document cannot be endorsed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EndorsementError {
    /// Not JSON, or with a name twice in one object.
    #[error("it is not JSON that everybody reads alike")]
    Json(#[source] JsonError),
    /// Neither a credential with an achievement nor an achievement.
    #[error("it is neither an Open Badge with an achievement nor an achievement, each with an id and a name")]
    NotEndorsable,
    /// An issuer about itself.
    #[error("{0} is its issuer; an endorsement is by another institution")]
    Own(String),
    /// Nothing is said.
    #[error("the comment is empty; say what the document is endorsed for")]
    NoComment,
    /// Too long.
    #[error("the comment has {bytes} bytes, more than {COMMENT_BYTES_MAX}")]
    Comment {
        /// Its length.
        bytes: usize,
    },
    /// The comment has a character that nobody sees.
    #[error("the comment: {0}")]
    Text(TextFault),
}

impl Endorsed {
    /// The award that a document is, or its achievement; or the achievement that the document is.
    ///
    /// # Errors
    /// [`EndorsementError`].
    pub fn read(document: &[u8], achievement_alone: bool) -> Result<Self, EndorsementError> {
        let json: Value = match badge_of_sd_jwt(document).filter(|_| achievement_alone) {
            Some(badge) => badge,
            None => {
                jcs::canonicalize(document).map_err(EndorsementError::Json)?;
                serde_json::from_slice(document).map_err(|_| EndorsementError::NotEndorsable)?
            }
        };
        let text = |value: &Value| value.as_str().map(str::to_owned).ok_or(EndorsementError::NotEndorsable);
        let issuer = &json["issuer"];
        let issuer = issuer.as_str().or_else(|| issuer["id"].as_str()).map(str::to_owned);
        let achievement = &json["credentialSubject"]["achievement"];
        if issuer.is_none() && is_type(&json, "Achievement") {
            let (id, name) = (text(&json["id"])?, text(&json["name"])?);
            return Ok(Self { id, name, issuer: None, digest: None });
        }
        let name = text(&achievement["name"])?;
        Ok(match achievement_alone {
            true => Self { id: text(&achievement["id"])?, name, issuer, digest: None },
            false => {
                let (id, digest) = (text(&json["id"])?, Some(subresource_digest(document)));
                Self { id, name, issuer, digest }
            }
        })
    }

    /// A document of any kind that was made elsewhere, as a PDF, a JWT or a badge in a picture.
    #[must_use]
    pub fn file(document: &[u8], name: &str) -> Self {
        Self {
            id: format!("ni:///sha-256;{}", BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(document))),
            name: name.to_owned(),
            issuer: None,
            digest: Some(subresource_digest(document)),
        }
    }
}

impl Endorsement {
    /// What the issuer with an id and a name says of what is endorsed, from a time on; `checked` is what the signature of the
    /// document itself was found to be.
    ///
    /// # Errors
    /// [`EndorsementError`].
    pub fn new(
        endorsed: &Endorsed,
        by: (&str, &str),
        comment: &str,
        checked: &str,
        from: &str,
    ) -> Result<Self, EndorsementError> {
        let (issuer, name) = by;
        if endorsed.issuer.as_deref() == Some(issuer) {
            return Err(EndorsementError::Own(issuer.to_owned()));
        }
        if comment.trim().is_empty() {
            return Err(EndorsementError::NoComment);
        }
        if comment.len() > COMMENT_BYTES_MAX {
            return Err(EndorsementError::Comment { bytes: comment.len() });
        }
        if let Some(fault) = check_texts(json!(comment).to_string().as_bytes()).into_iter().next() {
            return Err(EndorsementError::Text(fault));
        }
        let Value::Object(mut credential) = json!({
            "@context": CONTEXTS,
            "type": ["VerifiableCredential", ENDORSEMENT_TYPE],
            "name": format!("Endorsement: {}", endorsed.name),
            "issuer": { "id": issuer, "type": ["Profile"], "name": name },
            "credentialSubject": {
                "id": endorsed.id,
                "type": ["EndorsementSubject"],
                "endorsementComment": comment,
            },
        }) else {
            unreachable!("invariant: an object in json!() is one")
        };
        if let Some(digest) = &endorsed.digest {
            credential
                .insert("relatedResource".to_owned(), json!([{ "id": endorsed.id, "digestSRI": digest }]));
        }
        // From here on what differs each time it is made.
        let said = [endorsed.id.clone(), endorsed.digest.clone().unwrap_or_default(), comment.to_owned()];
        let id = credential_id(issuer, &credential, &said);
        credential.insert("id".to_owned(), id.into());
        credential.insert(FROM.to_owned(), from.into());
        credential.insert(CHECKED.to_owned(), checked.into());
        Ok(Self { credential })
    }

    /// Signs it into a new file. One that a run before this wrote stays as it is, unless a former key signed it and it has no
    /// receipt.
    ///
    /// # Errors
    /// [`SignedFileError`].
    pub fn write(&self, out: &Path, signer: &Signer, created: &str) -> Result<Written, SignedFileError> {
        write_signed(out, &self.credential, CredentialForm::Json, signer, created, &[FROM, CHECKED])
    }
}

/// Whether JSON says that it is of a type.
#[must_use]
pub fn is_type(json: &Value, name: &str) -> bool {
    let kind = &json["type"];
    kind == name || kind.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == name))
}

/// The digest of a file as VC 2.0 writes it (Subresource Integrity, 3.5).
#[must_use]
pub fn subresource_digest(bytes: &[u8]) -> String {
    format!("sha384-{}", BASE64_STANDARD.encode(Sha384::digest(bytes)))
}

/// The digests of a file that are compared with what others write of it (Subresource Integrity, 3.2: SHA-256, SHA-384, SHA-512).
#[derive(Clone, Debug)]
pub struct SubresourceDigests {
    sha256: [u8; 32],
    sha384: [u8; 48],
    sha512: [u8; 64],
}

impl SubresourceDigests {
    /// Of a file.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            sha256: Sha256::digest(bytes).into(),
            sha384: Sha384::digest(bytes).into(),
            sha512: Sha512::digest(bytes).into(),
        }
    }

    /// Whether a `digestSRI` is of the file. `None` if it has no digest of a known kind: nothing was compared.
    ///
    /// Subresource Integrity, 3.3.4: of several digests those of the strongest kind count.
    #[must_use]
    pub fn fit(&self, digest_sri: &str) -> Option<bool> {
        let known: [(&str, &[u8]); 3] =
            [("sha512-", &self.sha512), ("sha384-", &self.sha384), ("sha256-", &self.sha256)];
        known.into_iter().find_map(|(kind, digest)| {
            let texts = digest_sri.split_ascii_whitespace().filter_map(|text| text.strip_prefix(kind));
            // Options follow a question mark, and none is defined.
            let digests = texts.filter_map(|text| BASE64_STANDARD.decode(text.split('?').next()?).ok());
            let digests: Vec<Vec<u8>> = digests.collect();
            (!digests.is_empty()).then(|| digests.iter().any(|given| given == digest))
        })
    }
}

/// The type of an endorsement.
pub const ENDORSEMENT_TYPE: &str = "EndorsementCredential";
/// What follows the name of a document in that of its endorsement, before `.json`.
pub const ENDORSEMENT_EXTENSION: &str = "endorsement";
/// Longest comment, in bytes.
pub const COMMENT_BYTES_MAX: usize = 4 << 10;
const CONTEXTS: [&str; 2] =
    ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"];
const FROM: &str = "validFrom";
/// Where an endorsement says what was checked.
const CHECKED: &str = "description";

#[cfg(test)]
mod tests {
    use super::*;

    fn award() -> Value {
        json!({"id": "urn:uuid:1", "issuer": {"id": "did:web:a.example"},
            "credentialSubject": {"achievement": {"id": "https://a.example/1", "name": "Data"}}})
    }

    #[test]
    fn an_award_is_bound_and_an_achievement_is_named() {
        let bytes = award().to_string().into_bytes();
        let endorsed = Endorsed::read(&bytes, false).unwrap();
        assert_eq!((endorsed.id.as_str(), endorsed.digest), ("urn:uuid:1", Some(subresource_digest(&bytes))));
        let endorsed = Endorsed::read(&bytes, true).unwrap();
        assert_eq!((endorsed.id.as_str(), &endorsed.digest), ("https://a.example/1", &None));
        let alone = br#"{"id": "https://a.example/1", "type": ["Achievement"], "name": "Data"}"#;
        assert_eq!(Endorsed::read(alone, false).unwrap(), Endorsed { issuer: None, ..endorsed });
        for other in [&b"{}"[..], b"[]", br#"{"id": "x", "issuer": "y"}"#] {
            assert!(matches!(Endorsed::read(other, false), Err(EndorsementError::NotEndorsable)));
        }
        assert!(matches!(Endorsed::read(b"{\"a\": 1, \"a\": 2}", false), Err(EndorsementError::Json(_))));
    }

    #[test]
    fn digests_of_three_kinds_are_compared() {
        let digests = SubresourceDigests::of(b"abc");
        assert_eq!(digests.fit(&subresource_digest(b"abc")), Some(true));
        // NIST's examples for "abc".
        let sha256 = "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
        let sha512 =
            "sha512-3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw==";
        for text in [sha256.to_owned(), sha512.to_owned(), format!(" {sha256}?x {sha512}")] {
            assert_eq!(digests.fit(&text), Some(true), "{text}");
            assert_eq!(SubresourceDigests::of(b"abd").fit(&text), Some(false), "{text}");
        }
        let weak = format!("{sha256} sha384-{}", "A".repeat(64));
        assert_eq!(digests.fit(&weak), Some(false), "the strongest counts");
        for text in ["", "md5-kAFQmDzST7DWlj99KOF/cg==", "sha256-", "sha256", "sha384-!"] {
            assert!(!digests.fit(text).unwrap_or_default(), "{text}");
        }
        assert_eq!(digests.fit("md5-kAFQmDzST7DWlj99KOF/cg=="), None);
    }

    #[test]
    fn nobody_endorses_itself_or_says_what_nobody_sees() {
        let endorsed = Endorsed::read(award().to_string().as_bytes(), false).unwrap();
        let new = |issuer: &str, comment: &str| {
            Endorsement::new(&endorsed, (issuer, "B"), comment, "Good.", "2026-11-27T00:00:00Z")
                .map(|made| made.credential)
        };
        assert!(matches!(new("did:web:a.example", "x"), Err(EndorsementError::Own(_))));
        assert!(matches!(new("did:web:b.example", "x\u{200b}"), Err(EndorsementError::Text(_))));
        assert!(matches!(new("did:web:b.example", &"x".repeat(5000)), Err(EndorsementError::Comment { .. })));
        for empty in ["", " \t"] {
            assert!(matches!(new("did:web:b.example", empty), Err(EndorsementError::NoComment)));
        }
        let made = new("did:web:b.example", "Diakui.").unwrap();
        sanad_credential::check_unsigned(&made, "did:web:b.example").unwrap();
        assert_eq!(made, new("did:web:b.example", "Diakui.").unwrap());
        assert_ne!(made["id"], new("did:web:b.example", "Lain.").unwrap()["id"]);
    }
}
