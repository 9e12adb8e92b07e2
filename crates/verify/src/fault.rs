//! Why a check fails: which part, and the word that follows, as the tables of `docs/formats/` say.

use std::collections::BTreeMap;
use std::error::Error;

use sanad_core::block::HeaderError;
use sanad_core::proof::{CompletenessFault, ConsistencyFault, ProofFault};
use sanad_core::receipt::{ReceiptBinaryError, ReceiptFormatError};
use sanad_core::summary::Summary;
use sanad_core::trust::TrustFault;
use sanad_core::validators::CertificateError;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::part::Part;
use crate::verdict::Verdict;

/// A check that fails.
#[derive(Clone, Debug)]
pub struct Fault {
    pub(crate) part: Part,
    pub(crate) verdict: Verdict,
    pub(crate) detail: String,
    /// Whether the verifier's own clock is the cause.
    pub(crate) is_clock: bool,
}

impl Fault {
    pub(crate) fn new(part: Part, verdict: Verdict, detail: impl Into<String>) -> Self {
        Self { part, verdict, detail: detail.into(), is_clock: false }
    }

    /// The check.
    #[must_use]
    pub fn part(&self) -> Part {
        self.part
    }

    /// The word that follows.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// The part and the sentence.
    #[must_use]
    pub fn reason(&self) -> String {
        format!("{}: {}", self.part, self.detail)
    }

    /// Bytes that claim to be a receipt and cannot be read as one. Which word a missing set of validators has depends on
    /// whether there is a trust file.
    pub(crate) fn of_unread(error: &ReceiptFormatError, bytes: &[u8], has_trust_file: bool) -> Self {
        let (part, verdict) = match error {
            ReceiptFormatError::Binary(error) => of_binary(error, has_trust_file),
            ReceiptFormatError::TooManyChanges { .. } => (Part::Validators, Verdict::NeedsTrustFile),
            ReceiptFormatError::Form(_) if has_unknown_label(bytes) => {
                (Part::Encoding, Verdict::NeedsNewerVerifier)
            }
            _ => (Part::Encoding, Verdict::Tampered),
        };
        Self::new(part, verdict, explain(error))
    }
}

impl From<&ProofFault> for Fault {
    fn from(fault: &ProofFault) -> Self {
        let (part, verdict) = match fault {
            ProofFault::Header(HeaderError::Layout { .. }) => (Part::Header, Verdict::NeedsNewerVerifier),
            ProofFault::Header(_) => (Part::Header, Verdict::Tampered),
            ProofFault::ForeignChain { .. } => (Part::Chain, Verdict::ForeignChain),
            ProofFault::NeedsTrustFile => (Part::Anchor, Verdict::NeedsTrustFile),
            ProofFault::UnknownValidators { has_trust_file: false, .. } => {
                (Part::Anchor, Verdict::NeedsTrustFile)
            }
            ProofFault::UnknownValidators { has_trust_file: true, .. }
            | ProofFault::NotCovered { .. }
            | ProofFault::Renew { .. }
            | ProofFault::ClockBehind { .. } => (Part::Anchor, Verdict::Renew),
            ProofFault::TooManyChanges { .. } => (Part::Validators, Verdict::NeedsTrustFile),
            ProofFault::ChangeOrder { .. }
            | ProofFault::NextValidators { .. }
            | ProofFault::NextSet { .. } => (Part::Validators, Verdict::Tampered),
            ProofFault::Validators { .. } => (Part::Validators, Verdict::NotProven),
            ProofFault::Certificate { source, .. } => match source {
                CertificateError::Quorum { .. } | CertificateError::UnknownValidator { .. } => {
                    (Part::Certificate, Verdict::NotProven)
                }
                _ => (Part::Certificate, Verdict::Tampered),
            },
            ProofFault::RetiredSigners { .. } => (Part::History, Verdict::NeedsHistoryPath),
            ProofFault::NotTheAnchor { .. } => (Part::History, Verdict::NotProven),
            ProofFault::Past { .. } | ProofFault::History { .. } => (Part::History, Verdict::Tampered),
            ProofFault::Inclusion { .. } => (Part::Inclusion, Verdict::Tampered),
            ProofFault::RecordOwner { .. }
            | ProofFault::Record(_)
            | ProofFault::MemberCount { .. }
            | ProofFault::Registry { .. } => (Part::Issuer, Verdict::Tampered),
            ProofFault::Status { .. } => (Part::Status, Verdict::Tampered),
            ProofFault::StateRoot { .. } => (Part::State, Verdict::Tampered),
            _ => (Part::State, Verdict::NotProven),
        };
        let is_clock = matches!(fault, ProofFault::ClockBehind { .. });
        Self { is_clock, ..Self::new(part, verdict, explain(fault)) }
    }
}

impl From<&TrustFault> for Fault {
    fn from(fault: &TrustFault) -> Self {
        let (part, verdict) = match fault {
            TrustFault::Header(fault) => return fault.into(),
            TrustFault::ChangeOrder { .. } | TrustFault::NotTheAnchor { .. } => {
                (Part::Validators, Verdict::Tampered)
            }
            TrustFault::Seals => (Part::History, Verdict::Tampered),
            _ => (Part::Validators, Verdict::NotProven),
        };
        Self::new(part, verdict, explain(fault))
    }
}

impl From<&ConsistencyFault> for Fault {
    fn from(fault: &ConsistencyFault) -> Self {
        match fault {
            ConsistencyFault::Header(fault) => fault.into(),
            _ => Self::new(Part::Log, Verdict::Tampered, explain(fault)),
        }
    }
}

impl From<&CompletenessFault> for Fault {
    fn from(fault: &CompletenessFault) -> Self {
        let (part, verdict) = match fault {
            CompletenessFault::Head(fault) => return fault.into(),
            CompletenessFault::RestForm(_) | CompletenessFault::Rest { .. } => {
                (Part::Issuer, Verdict::Tampered)
            }
            CompletenessFault::Empty => (Part::Encoding, Verdict::Tampered),
            // A list that ends early lacks something; one that is too long has something put in.
            CompletenessFault::Count { expected, actual } if actual < expected => {
                (Part::Entries, Verdict::NotProven)
            }
            _ => (Part::Entries, Verdict::Tampered),
        };
        Self::new(part, verdict, explain(fault))
    }
}

fn of_binary(error: &ReceiptBinaryError, has_trust_file: bool) -> (Part, Verdict) {
    match error {
        ReceiptBinaryError::Version { .. } => (Part::Encoding, Verdict::NeedsNewerVerifier),
        ReceiptBinaryError::Summary(error) if error.needs_newer_verifier() => {
            (Part::Encoding, Verdict::NeedsNewerVerifier)
        }
        ReceiptBinaryError::ForeignChain { .. } => (Part::Chain, Verdict::ForeignChain),
        ReceiptBinaryError::UnknownSet { .. } | ReceiptBinaryError::NotCovered { .. } => {
            (Part::Anchor, if has_trust_file { Verdict::Renew } else { Verdict::NeedsTrustFile })
        }
        ReceiptBinaryError::TooManyChanges { .. } => (Part::Validators, Verdict::NeedsTrustFile),
        ReceiptBinaryError::NextValidators { .. } => (Part::Validators, Verdict::Tampered),
        ReceiptBinaryError::Signers { .. } | ReceiptBinaryError::UnknownValidator { .. } => {
            (Part::Certificate, Verdict::NotProven)
        }
        _ => (Part::Encoding, Verdict::Tampered),
    }
}

/// Whether the JSON form of a receipt has a summary with a label that this program does not know, whatever its text.
fn has_unknown_label(bytes: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Outer {
        opening: Inner,
    }
    #[derive(Deserialize)]
    struct Inner {
        summary: BTreeMap<String, IgnoredAny>,
    }
    let Ok(Outer { opening }) = serde_json::from_slice(bytes) else { return false };
    let names = opening.summary.into_keys().map(|name| (name, String::new())).collect();
    matches!(Summary::from_names(names), Err(error) if error.needs_newer_verifier())
}

/// An error and its causes in one line.
#[must_use]
pub fn explain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
