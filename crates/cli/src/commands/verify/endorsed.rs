//! Endorsements: which of the documents that are verified together another one endorses.

use std::path::PathBuf;

use sanad_credential::badge_of_sd_jwt;
use sanad_issuer::{ENDORSEMENT_TYPE, is_type, subresource_digest};
use sanad_verify::Language;
use serde::Serialize;
use serde_json::Value;

use super::Args;
use super::shown::shown;
use crate::output::Outcome;
use crate::view::printable;

/// What an endorsement is about.
#[derive(Serialize)]
pub(super) struct Endorses {
    /// The id that it names.
    id: String,
    comment: String,
    #[serde(flatten)]
    found: Found,
}

/// Where that is among the documents.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case", tag = "endorsed")]
enum Found {
    /// A document, to the byte.
    Award { document: String },
    /// The achievement of a document: its id alone.
    Achievement { document: String },
    /// A document by its id alone, as other programs endorse.
    Named { document: String },
    /// A document with the id, which is not the one that was endorsed.
    Changed { document: String },
    /// None of them; alone where no other document was given.
    Missing {
        #[serde(skip)]
        alone: bool,
    },
    /// It does not name one thing by its id: whatever it endorses is not found.
    Unreadable,
}

/// An award among the documents.
pub(super) struct Award {
    document: String,
    id: Option<String>,
    achievement: Option<String>,
    digest: String,
}

/// The awards among documents; what cannot be read is named when it is verified itself.
pub(super) fn awards(args: &Args, documents: &[Option<PathBuf>]) -> Vec<Award> {
    let shown = documents
        .iter()
        .flatten()
        .filter_map(|document| shown(args, Some(document.as_path())).ok())
        .flatten();
    let award = |bytes: &[u8], document: String| {
        let json: Value =
            serde_json::from_slice(bytes).ok().or_else(|| badge_of_sd_jwt(bytes)).unwrap_or_default();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let achievement = text(&json["credentialSubject"]["achievement"]["id"]);
        Award { document, id: text(&json["id"]), achievement, digest: subresource_digest(bytes) }
    };
    shown.filter_map(|shown| Some(award(shown.document.as_deref()?, shown.target))).collect()
}

/// What a document endorses, if it is an endorsement.
pub(super) fn endorses<'a>(document: &[u8], awards: impl FnOnce() -> &'a [Award]) -> Option<Endorses> {
    let json: Value = serde_json::from_slice(document).ok().filter(|json| is_type(json, ENDORSEMENT_TYPE))?;
    let subject = match &json["credentialSubject"] {
        Value::Array(subjects) if subjects.len() == 1 => &subjects[0],
        subject => subject,
    };
    let Some(id) = subject["id"].as_str() else {
        let (id, comment) = (String::new(), String::new());
        return Some(Endorses { id, comment, found: Found::Unreadable });
    };
    let comment = subject["endorsementComment"].as_str().unwrap_or_default().to_owned();
    let related =
        json["relatedResource"].as_array().into_iter().flatten().find(|resource| resource["id"] == id);
    let digest = related.and_then(|resource| resource["digestSRI"].as_str());
    let awards = awards();
    let by_id = || awards.iter().find(|award| award.id.as_deref() == Some(id));
    let by_achievement = || awards.iter().find(|award| award.achievement.as_deref() == Some(id));
    let same = |digest: &str| awards.iter().find(|award| award.digest == digest);
    let document = |award: &Award| award.document.clone();
    let found = if let Some(award) = digest.and_then(same) {
        Found::Award { document: document(award) }
    } else if let Some(award) = by_id() {
        match digest {
            Some(_) => Found::Changed { document: document(award) },
            None => Found::Named { document: document(award) },
        }
    } else if let Some(award) = by_achievement() {
        Found::Achievement { document: document(award) }
    } else {
        Found::Missing { alone: awards.len() <= 1 }
    };
    Some(Endorses { id: id.to_owned(), comment, found })
}

impl Endorses {
    pub(super) fn outcome(&self) -> Outcome {
        match self.found {
            Found::Changed { .. } => Outcome::No,
            // It may be meant to speak for one of the others.
            Found::Missing { alone: false } | Found::Unreadable => Outcome::Error,
            Found::Award { .. }
            | Found::Achievement { .. }
            | Found::Named { .. }
            | Found::Missing { alone: true } => Outcome::Yes,
        }
    }

    pub(super) fn line(&self, language: Language) -> String {
        let (id, comment) = (printable(&self.id), printable(&self.comment));
        let indonesian = language == Language::Indonesian;
        match (&self.found, indonesian) {
            (Found::Award { document }, false) => format!("endorses {document}: \"{comment}\""),
            (Found::Award { document }, true) => format!("mendukung {document}: \"{comment}\""),
            (Found::Achievement { document }, false) => {
                format!(
                    "endorses the achievement that {document} names, whoever is awarded it: \"{comment}\""
                )
            }
            (Found::Achievement { document }, true) => {
                format!("mendukung capaian yang disebut {document}, siapa pun penerimanya: \"{comment}\"")
            }
            (Found::Named { document }, false) => {
                format!("endorses whatever has the id {id}, as {document}: \"{comment}\"")
            }
            (Found::Named { document }, true) => {
                format!("mendukung apa pun yang memiliki id {id}, seperti {document}: \"{comment}\"")
            }
            (Found::Changed { document }, false) => {
                format!(
                    "does NOT endorse {document}, which has the id {id} but is not the file that was endorsed"
                )
            }
            (Found::Changed { document }, true) => {
                format!("TIDAK mendukung {document}, yang memiliki id {id} tetapi bukan berkas yang didukung")
            }
            (Found::Unreadable, false) => "endorses nothing that is named by one id: not checked".to_owned(),
            (Found::Unreadable, true) => {
                "tidak mendukung sesuatu yang disebut dengan satu id: tidak diperiksa".to_owned()
            }
            (Found::Missing { .. }, false) => {
                format!("endorses {id}, which is not among the documents: give the award, too")
            }
            (Found::Missing { .. }, true) => {
                format!("mendukung {id}, yang tidak ada di antara dokumen: berikan kredensialnya juga")
            }
        }
    }
}
