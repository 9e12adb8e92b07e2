//! A credential's own proof: whether its signature is good, whose key made it, and whether it is in force.
//!
//! [`check`] takes a document as it was issued: W3C Verifiable Credentials 1.1 and 2.0 and Open Badges 3.0, in
//! JSON with a Data Integrity proof (`eddsa-rdfc-2022`, `eddsa-jcs-2022`, `Ed25519Signature2020`) or as a JWT
//! or SD-JWT (`EdDSA`; `RS256` with the key in its header). What the ledger proves of a document is another question,
//! and not asked here.
//!
//! Nothing here does I/O or reads a clock: the time is an argument, and JSON-LD contexts are those built in.

mod canonical;
mod contexts;
mod coverage;
mod credential;
mod dates;
mod fault;
mod finding;
mod integrity;
mod json_ld;
mod jwt;
mod key;

pub use credential::{CREDENTIAL_BYTES_MAX, Circumstances, check};
pub use fault::{ProofFault, Unchecked};
pub use finding::{Finding, Holder, Key, Mismatch, Proof, Signature, Validity, Verdict};
pub use key::KeyFault;
