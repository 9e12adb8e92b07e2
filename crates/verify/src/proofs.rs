//! Findings of other objects than credentials: trust files, consistency and completeness proofs.

mod completeness;
mod consistency;
mod evidence;
mod trust_file;

pub use completeness::{Completeness, CompletenessList, ListAsOf, ListedCredential};
pub use consistency::Consistency;
pub use evidence::{EvidenceFinding, EvidenceKind};
pub use trust_file::{ProvenTrust, TrustFinding};
