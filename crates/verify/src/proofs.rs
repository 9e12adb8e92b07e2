//! Findings of other objects than credentials: trust files, consistency and completeness proofs.

mod completeness;
mod consistency;
mod fork;
mod trust_file;

pub use completeness::{Completeness, CompletenessList, ListAsOf, ListedCredential};
pub use consistency::Consistency;
pub use fork::{Fork, ForkKind};
pub use trust_file::{ProvenTrust, TrustFinding};
