//! What a reader might take for proved and is not.

use std::fmt;

use sanad_core::document::DocumentKind;
use sanad_core::ids::{Height, MemberId};
use serde::{Serialize, Serializer};

use crate::part::Part;
use crate::wording::Language;

/// One thing that a finding leaves open.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Open {
    /// What a check that failed or was not made would have proved.
    Unproved(Part),
    /// All of the document but its summary: a paper receipt was checked without it.
    DocumentNotSeen,
    /// That a document of this kind says what its summary says.
    SummaryNotCompared(DocumentKind),
    /// That a document says what its summary says: no rule tells how a summary follows from such a document.
    SummaryWithoutRule,
    /// Who the document says issued it: it names nobody.
    IssuerNotNamed(MemberId),
    /// Who the document says issued it: documents of this kind are not searched.
    IssuerNotSearched(MemberId),
    /// That it is of a member whose name looks like one that it has for its issuer.
    LooksLike {
        /// The name that the document, or the register, has for the issuer.
        claimed: String,
        /// The other member's name in the genesis.
        name: String,
        /// That member.
        member: MemberId,
    },
    /// That the person who shows it is its holder.
    HolderNotChecked,
    /// The document's own dates and signature: it is not the document that was entered.
    CredentialNotChecked,
    /// The status after the block.
    StatusAfter {
        /// The block.
        height: Height,
        /// Its time, as RFC 3339 in UTC.
        time: String,
    },
    /// The status after an answer: it could not be asked for.
    StatusNotAnswered {
        /// Where it was asked.
        source: String,
    },
    /// That the content is true, and who shows it.
    Truth,
}

impl Open {
    /// The sentence in a language.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        match self {
            Self::Unproved(part) => language.text(part.key(), &[]),
            Self::DocumentNotSeen => language.text("open-document-not-seen", &[]),
            Self::SummaryNotCompared(kind) => {
                language.text("open-summary-not-compared", &[("kind", &kind.to_string())])
            }
            Self::SummaryWithoutRule => language.text("open-summary-without-rule", &[]),
            Self::IssuerNotNamed(member) => {
                language.text("open-issuer-not-named", &[("member", member.as_str())])
            }
            Self::IssuerNotSearched(member) => {
                language.text("open-issuer-not-searched", &[("member", member.as_str())])
            }
            Self::LooksLike { claimed, name, member } => {
                let arguments = [("claimed", claimed.as_str()), ("name", name), ("member", member.as_str())];
                language.text("open-looks-like", &arguments)
            }
            Self::HolderNotChecked => language.text("open-holder-not-checked", &[]),
            Self::CredentialNotChecked => language.text("open-credential-not-checked", &[]),
            Self::StatusAfter { height, time } => {
                language.text("open-status-after", &[("height", &height.to_string()), ("time", time)])
            }
            Self::StatusNotAnswered { source } => {
                language.text("open-status-not-answered", &[("source", source)])
            }
            Self::Truth => language.text("open-truth", &[]),
        }
    }
}

impl fmt::Display for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Language::English))
    }
}

impl Serialize for Open {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
