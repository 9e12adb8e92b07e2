//! A credential's own proof: whether its signature is good, whose key made it, and whether it is in force; and signing one.
//!
//! [`check`] takes a document as it was issued: W3C Verifiable Credentials 1.1 and 2.0 and Open Badges 3.0, in
//! JSON with a Data Integrity proof (`eddsa-rdfc-2022`, `eddsa-jcs-2022`, `ecdsa-rdfc-2019`, `ecdsa-jcs-2019`,
//! `Ed25519Signature2020`) or as a JWT or SD-JWT (`EdDSA`, `ES256`, `RS256`), also baked into a PNG or SVG. What the ledger proves of a document is
//! another question, and not asked here.
//!
//! [`StatusList`] makes and reads lists that say which credentials are revoked or suspended, for verifiers that know nothing of the
//! ledger.
//!
//! [`named_institutions`] reads whom a credential names beside its issuer. [`validity`] reads the dates alone. [`Signer`] signs what [`check`] would find good, as JSON, as a JWT, or as an SD-JWT VC of [`SdJwtClaims`].
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
mod institutions;
mod integrity;
mod jwt;
mod key;
mod limits;
mod meaning;
mod model;
mod pointer;
mod rdf;
mod sd_jwt_vc;
mod sign;
mod status_list;
#[cfg(test)]
mod testdata;
mod unread;

pub use credential::{Circumstances, check, end_may_be_withheld, validity};
pub use fault::{ProofFault, Unchecked};
pub use finding::{Check, Fault, Finding, Holder, Key, Mismatch, Part, Proof, Signature, Validity, Verdict};
pub use institutions::{
    INSTITUTIONS_MAX, NamedAs, NamedInstitution, NamedInstitutions, issuer_name, named_institutions,
};
pub use key::KeyFault;
pub use limits::CREDENTIAL_BYTES_MAX;
pub use sd_jwt_vc::{SD_JWT_VCT, Salt, SdJwtClaims, SdJwtClaimsError, badge_of_sd_jwt};
pub use sign::{Cryptosuite, SignError, Signer, check_unsigned, did_key, multikey};
pub use status_list::{
    ExpectedList, STATUS_ENTRIES_MAX, STATUS_LIST_BYTES_MAX, STATUS_LIST_ENTRIES, StatusEntry, StatusList,
    StatusListFault, StatusPurpose, signing_keys, status_entries, status_list_id,
};
