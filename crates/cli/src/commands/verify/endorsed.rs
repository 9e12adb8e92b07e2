//! Endorsements: which of the documents that are verified together another one endorses.

use std::path::{Path, PathBuf};

use sanad_core::trust::TrustAnchor;
use sanad_verify::{Answer, Finding, Language};
use serde::Serialize;

use super::Args;
use super::shown::{Shown, shown};
use crate::institutions::{Award, Endorsement, Relation, obstacle};
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
    /// Why the award does not hold itself, whoever endorses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    award_does_not_hold: Option<String>,
}

/// What a document says that it endorses, and does not endorse now.
#[derive(Serialize)]
pub(super) struct Claimed {
    id: String,
    comment: String,
    reason: String,
    #[serde(skip)]
    outcome: Outcome,
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
    /// A document with the id; whether it is the one that was endorsed is not known, since the digest is of another kind.
    NotCompared { document: String },
    /// None of them; alone where no other document was given.
    Missing {
        #[serde(skip)]
        alone: bool,
    },
    /// It does not name one thing by its id: whatever it endorses is not found.
    Unreadable,
}

/// An award among the documents.
pub(super) struct Given {
    document: String,
    award: Award,
}

/// Whatever the documents show; what cannot be read is named when it is verified itself.
fn all<'a>(
    args: &'a Args,
    documents: &'a [Option<PathBuf>],
    anchor: &'a TrustAnchor,
) -> impl Iterator<Item = Shown> + 'a {
    let read = |path: &'a Path| Some(shown(args, Some(path), anchor).ok()?.shown);
    documents.iter().flatten().filter_map(move |document| read(document)).flatten()
}

/// The awards among documents.
pub(super) fn awards(args: &Args, documents: &[Option<PathBuf>], anchor: &TrustAnchor) -> Vec<Given> {
    let given = |shown: Shown| {
        let award = Award::read(shown.document.as_deref()?);
        Some(Given { document: shown.target, award })
    };
    all(args, documents, anchor).filter_map(given).collect()
}

/// The endorsements among documents.
pub(super) fn endorsements(
    args: &Args,
    documents: &[Option<PathBuf>],
    anchor: &TrustAnchor,
) -> Vec<(Shown, Endorsement)> {
    let endorsement = |shown: Shown| {
        let endorsement = Endorsement::read(shown.document.as_deref()?)?;
        Some((shown, endorsement))
    };
    all(args, documents, anchor).filter_map(endorsement).collect()
}

/// What a document endorses, if it is an endorsement.
pub(super) fn endorses<'a>(document: &[u8], given: impl FnOnce() -> &'a [Given]) -> Option<Endorses> {
    let endorsement = Endorsement::read(document)?;
    let Some(id) = endorsement.id.clone() else {
        let (id, comment) = (String::new(), String::new());
        return Some(Endorses { id, comment, found: Found::Unreadable, award_does_not_hold: None });
    };
    let given = given();
    let first =
        |relation: Relation| given.iter().find(|given| endorsement.relation(&given.award) == Some(relation));
    let document = |given: &Given| given.document.clone();
    let found = if let Some(award) = first(Relation::Award) {
        Found::Award { document: document(award) }
    } else if let Some(award) = first(Relation::Changed) {
        Found::Changed { document: document(award) }
    } else if let Some(award) = first(Relation::NotCompared) {
        Found::NotCompared { document: document(award) }
    } else if let Some(award) = first(Relation::Id) {
        Found::Named { document: document(award) }
    } else if let Some(award) = first(Relation::Achievement) {
        Found::Achievement { document: document(award) }
    } else {
        Found::Missing { alone: given.len() <= 1 }
    };
    Some(Endorses { id, comment: endorsement.comment, found, award_does_not_hold: None })
}

impl Endorses {
    /// What it is by the finding of the document that says so.
    pub(super) fn judged(self, finding: &Finding) -> Result<Self, Claimed> {
        match obstacle(finding) {
            Some((reason, outcome)) if !matches!(self.found, Found::Unreadable) => {
                let outcome = Outcome::of_one([outcome, self.outcome()]);
                let Self { id, comment, .. } = self;
                Err(Claimed { id, comment, reason, outcome })
            }
            _ => Ok(self),
        }
    }

    /// The document that it endorses, if it is here.
    pub(super) fn document(&self) -> Option<&str> {
        match &self.found {
            Found::Award { document } | Found::Achievement { document } | Found::Named { document } => {
                Some(document)
            }
            Found::Changed { .. } | Found::NotCompared { .. } | Found::Missing { .. } | Found::Unreadable => {
                None
            }
        }
    }

    /// Notes what was found of that document.
    pub(super) fn note_award(&mut self, finding: &Finding) {
        self.award_does_not_hold = (finding.answer() != Answer::Yes).then(|| finding.headline());
    }

    pub(super) fn outcome(&self) -> Outcome {
        match self.found {
            Found::Changed { .. } => Outcome::No,
            // It may be meant to speak for one of the others.
            Found::Missing { alone: false } | Found::Unreadable | Found::NotCompared { .. } => Outcome::Error,
            Found::Award { .. }
            | Found::Achievement { .. }
            | Found::Named { .. }
            | Found::Missing { alone: true } => Outcome::Yes,
        }
    }

    pub(super) fn line(&self, language: Language) -> String {
        let line = self.relation(language);
        match (&self.award_does_not_hold, language) {
            (None, _) => line,
            (Some(why), Language::English) => {
                format!("{line}, which does NOT hold itself: {}", printable(why))
            }
            (Some(why), Language::Indonesian) => {
                format!("{line}, yang TIDAK berlaku sendiri: {}", printable(why))
            }
        }
    }

    fn relation(&self, language: Language) -> String {
        let (id, comment) = (printable(&self.id), quotable(&self.comment));
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
            (Found::NotCompared { document }, false) => {
                format!(
                    "NOT checked whether {document}, which has the id {id}, is the file that it endorses: the digest is of no known kind"
                )
            }
            (Found::NotCompared { document }, true) => {
                format!(
                    "TIDAK diperiksa apakah {document}, yang memiliki id {id}, adalah berkas yang didukung: jenis digest-nya tidak dikenal"
                )
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

impl Claimed {
    pub(super) fn outcome(&self) -> Outcome {
        self.outcome
    }

    pub(super) fn line(&self, language: Language) -> String {
        let (id, comment, why) = (printable(&self.id), quotable(&self.comment), printable(&self.reason));
        match language {
            Language::English => {
                format!("says that it endorses {id}, \"{comment}\", and does NOT hold: {why}")
            }
            Language::Indonesian => {
                format!("menyatakan mendukung {id}, \"{comment}\", tetapi TIDAK berlaku: {why}")
            }
        }
    }
}

/// A text that stands between quotes: none of its own ends it.
fn quotable(text: &str) -> String {
    printable(&text.replace('\\', "\\\\").replace('"', "\\\""))
}
