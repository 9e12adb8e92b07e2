//! A consortium in this process: blocks and proofs without a network.

use sanad_core::batch::Batch;
use sanad_core::block::Block;
use sanad_core::event::Event;
use sanad_core::execution::{BlockBuilder, Execution};
use sanad_core::genesis::{GENESIS_VERSION, Genesis, Parameters};
use sanad_core::hash::{BlockHash, Commitment};
use sanad_core::ids::Height;
use sanad_core::member::{Member, Role};
use sanad_core::signature::SecretKey;
use sanad_core::state::State;
use sanad_core::validators::{CommitCertificate, CommitSignature, VoteKind, vote_message};
use sanad_storage::Store;

/// Makes the genesis of `validators` members, each with keys made from its number.
pub(crate) fn genesis(validators: u8) -> anyhow::Result<Genesis> {
    let member = |number: u8| -> anyhow::Result<Member> {
        Ok(Member {
            id: format!("univ-{number:02}.example").parse()?,
            name: format!("University {number}"),
            role: Role::Validator,
            issuing_key: Some(key(number, 1).public()),
            consensus_key: Some(key(number, 2).public()),
            network_key: Some(key(number, 3).public()),
            active_from: Height(0),
            active_until: None,
        })
    };
    let genesis = Genesis {
        version: GENESIS_VERSION,
        name: "Benchmark".into(),
        time_ms: 1,
        parameters: Parameters::default(),
        members: (0..validators).map(member).collect::<anyhow::Result<_>>()?,
    };
    genesis.check()?;
    Ok(genesis)
}

fn key(number: u8, purpose: u8) -> SecretKey {
    let mut seed = [number; 32];
    seed[0] = purpose;
    SecretKey::from_seed(&seed)
}

/// A block of one batch of `events` issuances by the first member.
pub(crate) fn block(state: &State, store: &Store, events: u64) -> anyhow::Result<(Block, Execution)> {
    let issuer = state.validators().validators()[0].member.clone();
    let chain = state.registry().record(&issuer).map(|record| record.chain);
    let chain = chain.ok_or_else(|| anyhow::anyhow!("no record"))?;
    let first = state.log_size().0;
    let commitment = |number: u64| Event::Issue {
        commitment: Commitment(*blake3::hash(&number.to_be_bytes()).as_bytes()),
    };
    let batch = Batch {
        chain_id: state.chain_id(),
        issuer,
        sequence: chain.next_sequence,
        previous: chain.last_batch,
        events: (first..first + events).map(commitment).collect(),
    };
    let mut builder = BlockBuilder::new(state, store);
    if builder.add(batch.sign(&key(0, 1)).into()).is_err() {
        anyhow::bail!("the batch was refused");
    }
    builder.finish(state.head().time_ms + 1).map_err(|error| anyhow::anyhow!("{error}"))
}

/// A certificate of a quorum.
pub(crate) fn certificate(state: &State, height: Height, block: BlockHash) -> CommitCertificate {
    let message = vote_message(&state.chain_id(), VoteKind::Precommit, height, 0, Some(&block));
    let sign = |validator: usize| CommitSignature {
        validator: validator as u16,
        signature: key(validator as u8, 2).sign(&message),
    };
    CommitCertificate {
        height,
        round: 0,
        block,
        signatures: (0..state.validators().quorum()).map(sign).collect(),
    }
}
