//! What is checked, as `docs/formats/finding.md` lists it.

use std::fmt;

use serde::Serialize;

use crate::wording::Language;

/// One thing that is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The bytes.
    Encoding,
    /// Form of the header.
    Header,
    /// The chain id.
    Chain,
    /// What the verifier trusts.
    Anchor,
    /// The validator set of the height.
    Validators,
    /// The commit certificate.
    Certificate,
    /// The history path.
    History,
    /// The inclusion proof in the log.
    Inclusion,
    /// The issuer's record.
    Issuer,
    /// Whether the entry is active, suspended, disputed or revoked.
    Status,
    /// The state root.
    State,
    /// The document and the secret.
    Document,
    /// The issuer's summary.
    Summary,
    /// The issuer that the document names.
    IssuerId,
    /// The age of the block.
    Age,
    /// The answer of a node or an export.
    Online,
    /// Consistency of two logs.
    Log,
    /// Completeness of a member's entries.
    Entries,
}

impl Part {
    /// What it proves if it holds.
    #[must_use]
    pub fn proves(self) -> String {
        Language::English.text(self.key(), &[])
    }

    /// The key of that sentence in the message catalogue.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Encoding => "proves-encoding",
            Self::Header => "proves-header",
            Self::Chain => "proves-chain",
            Self::Anchor => "proves-anchor",
            Self::Validators => "proves-validators",
            Self::Certificate => "proves-certificate",
            Self::History => "proves-history",
            Self::Inclusion => "proves-inclusion",
            Self::Issuer => "proves-issuer",
            Self::Status => "proves-status",
            Self::State => "proves-state",
            Self::Document => "proves-document",
            Self::Summary => "proves-summary",
            Self::IssuerId => "proves-issuer-id",
            Self::Age => "proves-age",
            Self::Online => "proves-online",
            Self::Log => "proves-log",
            Self::Entries => "proves-entries",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Encoding => "encoding",
            Self::Header => "header",
            Self::Chain => "chain",
            Self::Anchor => "anchor",
            Self::Validators => "validators",
            Self::Certificate => "certificate",
            Self::History => "history",
            Self::Inclusion => "inclusion",
            Self::Issuer => "issuer",
            Self::Status => "status",
            Self::State => "state",
            Self::Document => "document",
            Self::Summary => "summary",
            Self::IssuerId => "issuer-id",
            Self::Age => "age",
            Self::Online => "online",
            Self::Log => "log",
            Self::Entries => "entries",
        })
    }
}
