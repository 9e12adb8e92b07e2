//! One consortium, one in-memory ledger, and synthetic proofs of any size, for the tests of every crate.
//!
//! Keys follow from names, so that everything here is the same in each run.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod chain;
mod consortium;
mod ledger;
mod proofs;
mod synthetic;

pub use chain::Chain;
pub use consortium::{
    Consortium, agree, commitment, commitment_of, consensus_key, genesis, governance_key, id, issue,
    issuing_key, member, member_keys, network_key, sign_genesis,
};
pub use ledger::{Ledger, certify, next_batch, next_batch_of};
pub use synthetic::{Body, DOCUMENT, Shape, receipt, synthetic_validators};
