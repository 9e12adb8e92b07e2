//! What a verifier says about a micro-credential: one word, what it rests on, and every check with its result.
//!
//! [`Verifier`] checks a receipt and its document, or the proof of a status, against [`Trust`]: a genesis or a trust
//! file. It answers with a [`Finding`], whose verdict is computed from the list of its checks and from nothing else: a
//! check that is missing, fails or is not known to this library never reads as good. `docs/formats/finding.md` is the
//! public form of a finding.
//!
//! Nothing here does I/O or reads a clock. Files, proofs fetched from a node and the time are arguments.
//!
//! ```
//! use sanad_core::genesis::Genesis;
//! use sanad_verify::{Answer, Trust, Verifier};
//!
//! /// Whether a credential can be relied on, and why.
//! fn check(genesis: &[u8], receipt: &[u8], document: &[u8], now_ms: u64) -> Result<bool, Box<dyn std::error::Error>> {
//!     let trust = Trust::from_genesis(Genesis::from_json(genesis)?)?;
//!     let finding = Verifier::new(&trust, now_ms).receipt("diploma.json", receipt, Some(document))?;
//!     for check in finding.checks() {
//!         println!("{} {}: {}", if check.holds { "ok" } else { "NO" }, check.part, check.detail);
//!     }
//!     println!("{}", finding.headline());
//!     Ok(finding.answer() == Answer::Yes)
//! }
//! # assert!(check(b"{}", b"", b"", 0).is_err());
//! ```
//!
//! A status asked of a node is checked in the same way, and never makes a finding better than the files in hand: see
//! [`Finding::refresh`].

mod claims;
mod document;
mod fault;
mod finding;
mod fresh;
mod look_alikes;
mod open;
mod part;
mod proofs;
mod time;
mod trust;
mod verdict;
mod verifier;
mod wording;

pub use fault::{Fault, explain};
pub use finding::{AsOf, Asked, Basis, Check, Finding, Form, Issuer};
pub use fresh::ANSWER_AGE_MAX;
pub use look_alikes::{LOOK_ALIKES, looks_like};
pub use open::Open;
pub use part::Part;
pub use proofs::{
    Completeness, CompletenessList, Consistency, EvidenceFinding, EvidenceKind, ListAsOf, ListedCredential,
    ProvenTrust, TrustFinding,
};
pub use time::{CLOCK_TOLERANCE_SECONDS, age_seconds, format_age, format_ms, format_seconds};
pub use trust::{Trust, TrustError};
pub use verdict::{Answer, Verdict};
pub use verifier::{NotAReceipt, Verifier};
pub use wording::{
    Language, Line, Mark, UnknownLanguage, credential_headline, credential_issuer, credential_lines, totals,
};
