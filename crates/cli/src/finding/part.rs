//! What is checked, as `docs/formats/finding.md` lists it.

use std::fmt;

use serde::Serialize;

/// One thing that is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Part {
    Encoding,
    Header,
    Chain,
    Anchor,
    Validators,
    Certificate,
    History,
    Inclusion,
    Issuer,
    Status,
    State,
    Document,
    Summary,
    IssuerId,
    Age,
    Online,
    Log,
    Entries,
}

impl Part {
    /// What it proves if it holds.
    pub(crate) fn proves(self) -> &'static str {
        match self {
            Self::Encoding => "it can be read to its end",
            Self::Header => "the header is one that a block can have, in a layout that this program knows",
            Self::Chain => "it is of the consortium of this genesis",
            Self::Anchor => "what is trusted reaches the header and is recent enough to vouch for signatures",
            Self::Validators => "these are the validators of the height",
            Self::Certificate => "more than 2/3 of the validators signed the block",
            Self::History => "the header is in the history that the trust file or a newer block vouches for",
            Self::Inclusion => "the issuer entered it in the log, in this block or before",
            Self::Issuer => "the issuer's name and standing as of the block",
            Self::Status => "its status as of the block",
            Self::State => "statuses, records and the other parts are those of the block",
            Self::Document => "this document is the one that was entered",
            Self::Summary => "the summary says nothing that the document does not say",
            Self::IssuerId => "the issuer that the document names is this member",
            Self::Age => "the block is not older than was asked for",
            Self::Online => "the status as of the node's last block",
            Self::Log => "the older log begins the newer one",
            Self::Entries => "these are all entries that concern the member",
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
