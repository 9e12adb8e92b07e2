//! A consortium in this process: blocks and proofs without a network.

use anyhow::{anyhow, ensure};
use sanad_core::block::Block;
use sanad_core::execution::{BlockBuilder, Execution};
use sanad_core::genesis::Genesis;
use sanad_core::member::Role;
use sanad_core::state::State;
use sanad_core::validators::CommitCertificate;
use sanad_storage::Store;
use sanad_testkit::{Consortium, certify, issue, issuing_key, next_batch};

/// The member that issues: one of the validators.
pub(crate) const ISSUER: &str = "univ-00.example";

/// Makes the genesis of `validators` members.
pub(crate) fn genesis(validators: u8) -> Genesis {
    let name = |number| format!("univ-{number:02}.example");
    let members = (0..validators).map(name);
    members.fold(Consortium::new(), |all, name| all.with(&name, Role::Validator)).genesis()
}

/// A block of one batch of `events` issuances by [`ISSUER`].
pub(crate) fn block(state: &State, store: &Store, events: u64) -> anyhow::Result<(Block, Execution)> {
    let first = state.log_size().0;
    let batch = next_batch(state, ISSUER, (first..first + events).map(issue).collect());
    let mut builder = BlockBuilder::new(state, store);
    ensure!(builder.add(batch.sign(&issuing_key(ISSUER)).into()).is_ok(), "the batch was refused");
    builder.finish(0, state.head().time_ms + 1).map_err(|error| anyhow!("{error}"))
}

/// A certificate of a quorum.
pub(crate) fn certificate(state: &State, execution: &Execution) -> CommitCertificate {
    let signers: Vec<usize> = (0..state.validators().quorum()).collect();
    certify(&execution.header, state.validators(), &signers)
}
