//! A credential's own proof: whether its signature is good, whose key made it, and whether it is in force.
//!
//! [`check`] takes a document as it was issued: W3C Verifiable Credentials 1.1 and 2.0 and Open Badges 3.0, in
//! JSON with a Data Integrity proof (`eddsa-rdfc-2022`, `eddsa-jcs-2022`, `ecdsa-rdfc-2019`, `ecdsa-jcs-2019`,
//! `Ed25519Signature2020`) or as a JWT or SD-JWT (`EdDSA`, `ES256`, `RS256`), also baked into a PNG or SVG. What the ledger proves of a document is
//! another question, and not asked here.
//!
//! [`validity`] reads the dates alone.
//!
//! Nothing here does I/O or reads a clock: the time is an argument, and JSON-LD contexts are those built in.

mod badge;
mod canonical;
mod conclusion;
mod context;
mod contexts;
mod credential;
mod dates;
mod disguise;
mod fault;
mod finding;
mod integrity;
mod jwt;
mod key;
mod limits;
mod meaning;
mod model;
mod pointer;
mod rdf;
#[cfg(test)]
mod testdata;
mod unread;

pub use credential::{Circumstances, check, validity};
pub use fault::{ProofFault, Unchecked};
pub use finding::{Check, Fault, Finding, Holder, Key, Mismatch, Part, Proof, Signature, Validity, Verdict};
pub use key::KeyFault;
pub use limits::CREDENTIAL_BYTES_MAX;
