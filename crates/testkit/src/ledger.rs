//! A ledger in memory, driven as a node drives the real one.

use std::collections::HashMap;
use std::convert::Infallible;
use std::ops::Range;
use std::sync::Arc;

use sanad_core::batch::{Batch, BatchChain, NO_BATCH, SignedBatch};
use sanad_core::block::{Block, BlockHeader, Past};
use sanad_core::commitment::IssuanceKey;
use sanad_core::event::{Entry, Event, Origin};
use sanad_core::execution::{AddError, BatchError, BlockBuilder, Execution, LedgerView, apply, chain_head};
use sanad_core::genesis::Genesis;
use sanad_core::ids::{LogIndex, MemberId};
use sanad_core::state::State;
use sanad_core::validators::{CommitCertificate, CommitSignature, ValidatorSet, VoteKind, vote_message};

use crate::{consensus_key, genesis, governance_key, id, issue, issuing_key};

/// Time of the first block, in milliseconds since 1970-01-01 UTC.
pub(crate) const FIRST_BLOCK_MS: u64 = 1_700_000_000_000;

/// A ledger in memory. Its validators' keys follow from their names.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// The genesis.
    pub genesis: Genesis,
    /// No block to come is before this time, in milliseconds since 1970-01-01 UTC: that of the first block.
    pub first_block_ms: u64,
    /// The state after the last block.
    pub state: State,
    /// The log.
    pub entries: Vec<Entry>,
    /// Where each commitment was issued.
    pub issuances: HashMap<IssuanceKey, LogIndex>,
    /// The blocks, from height 1 on.
    pub blocks: Vec<Block>,
    /// What the `past` of each header is the hash of.
    pub pasts: Vec<Past>,
    /// Every batch, and where its entries begin.
    pub batches: Vec<(Arc<SignedBatch>, LogIndex)>,
    /// Entries that concern another member than the one that signed them.
    pub concerns: Vec<(MemberId, LogIndex)>,
}

impl Default for Ledger {
    fn default() -> Self {
        Self::new()
    }
}

impl Ledger {
    /// The ledger of [`genesis`], without a block.
    pub fn new() -> Self {
        Self::of(genesis())
    }

    /// The ledger of a genesis, without a block.
    pub fn of(genesis: Genesis) -> Self {
        genesis.check().unwrap();
        let state = State::genesis(&genesis).unwrap();
        Self {
            genesis,
            first_block_ms: FIRST_BLOCK_MS,
            state,
            entries: Vec::new(),
            issuances: HashMap::new(),
            blocks: Vec::new(),
            pasts: Vec::new(),
            batches: Vec::new(),
            concerns: Vec::new(),
        }
    }

    /// The last header. There must be a block.
    pub fn head(&self) -> &BlockHeader {
        &self.blocks.last().unwrap().header
    }

    /// The header at a height from 1 on.
    pub fn header(&self, height: u64) -> &BlockHeader {
        &self.blocks[height as usize - 1].header
    }

    /// The next batch of an issuer, unsigned.
    pub fn batch(&self, issuer: &str, events: Vec<Event>) -> Batch {
        next_batch(&self.state, issuer, events)
    }

    /// The next batch of an issuer.
    pub fn signed(&self, issuer: &str, events: Vec<Event>) -> SignedBatch {
        self.batch(issuer, events).sign(&issuing_key(issuer))
    }

    /// The next batch of a member's governance chain.
    pub fn governed(&self, member: &str, events: Vec<Event>) -> SignedBatch {
        next_batch_of(&self.state, member, BatchChain::Governance, events).sign(&governance_key(member))
    }

    /// A freeze of a member.
    pub fn freeze(&self, member: &str) -> SignedBatch {
        next_batch_of(&self.state, member, BatchChain::Freeze, vec![Event::Freeze])
            .sign(&governance_key(member))
    }

    /// Why the ledger refuses one batch at its head, if it does.
    ///
    /// # Errors
    /// The refusal.
    pub fn refusal(&self, batch: SignedBatch) -> Result<(), BatchError> {
        match BlockBuilder::new(&self.state, self).add(Arc::new(batch)) {
            Ok(()) => Ok(()),
            Err(AddError::Refused(error)) => Err(error),
            Err(AddError::View(never)) => match never {},
        }
    }

    /// The next block, of batches that must be good; one second after the last.
    pub fn build(&self, batches: Vec<SignedBatch>) -> (Block, Execution) {
        let mut builder = BlockBuilder::new(&self.state, self);
        for batch in batches {
            assert!(builder.add(Arc::new(batch)).is_ok());
        }
        builder.finish(0, (self.state.head().time_ms + 1_000).max(self.first_block_ms)).unwrap()
    }

    /// Commits a block, as a validator that executes it anew; returns its header.
    pub fn commit(&mut self, batches: Vec<SignedBatch>) -> BlockHeader {
        let (block, _) = self.build(batches);
        let limit = self.genesis.parameters.block_bytes_max as usize;
        self.enter(Block::decode(&block.encode(), limit).unwrap()).header
    }

    /// Executes a block that must follow, and enters it.
    pub fn enter(&mut self, block: Block) -> Execution {
        let execution = apply(&self.state, self, &block).unwrap();
        self.issuances.extend(execution.issuances.iter().copied());
        for batch in &block.batches {
            let issuer = &batch.batch().issuer;
            self.batches.push((Arc::clone(batch), LogIndex(self.entries.len() as u64)));
            let entry = |event: &Event| Entry { issuer: issuer.clone(), event: event.clone() };
            self.entries.extend(batch.batch().events.iter().map(entry));
        }
        self.concerns.extend(execution.concerns.iter().cloned());
        self.state.advance(&execution);
        self.pasts.push(execution.past);
        self.blocks.push(block);
        execution
    }

    /// Commits a block with one batch of issuances.
    pub fn issue(&mut self, issuer: &str, numbers: Range<u64>) -> BlockHeader {
        let batch = self.signed(issuer, numbers.map(issue).collect());
        self.commit(vec![batch])
    }

    /// A certificate for a header, by the given validators.
    pub fn certify(&self, header: &BlockHeader, signers: &[usize]) -> CommitCertificate {
        certify(header, self.state.validators(), signers)
    }
}

/// The next batch of an issuer on top of a state, unsigned.
pub fn next_batch(state: &State, issuer: &str, events: Vec<Event>) -> Batch {
    next_batch_of(state, issuer, BatchChain::Issuing, events)
}

/// The next batch of one of a member's chains on top of a state, unsigned.
pub fn next_batch_of(state: &State, issuer: &str, chain: BatchChain, events: Vec<Event>) -> Batch {
    let issuer = id(issuer);
    let head = state.registry().member(&issuer).map(|member| chain_head(member, state.governance(), chain));
    Batch {
        chain_id: state.chain_id(),
        issuer,
        chain,
        sequence: head.map_or_else(Default::default, |head| head.next_sequence),
        previous: head.map_or(NO_BATCH, |head| head.last_batch),
        events,
    }
}

/// A certificate of round 0 for a header, by the given validators, whose keys follow from their names.
pub fn certify(header: &BlockHeader, set: &ValidatorSet, signers: &[usize]) -> CommitCertificate {
    let block = header.id();
    let message = vote_message(&header.chain_id, VoteKind::Precommit, header.height, 0, Some(&block));
    let sign = |place: &usize| {
        let name = &set.validators()[*place].member;
        CommitSignature { validator: *place as u16, signature: consensus_key(name.as_str()).sign(&message) }
    };
    CommitCertificate {
        height: header.height,
        round: 0,
        block: block.hash,
        signatures: signers.iter().map(sign).collect(),
    }
}

impl LedgerView for Ledger {
    type Error = Infallible;

    fn issuance(&self, key: &IssuanceKey) -> Result<Option<LogIndex>, Infallible> {
        Ok(self.issuances.get(key).copied())
    }

    fn origin(&self, index: LogIndex) -> Result<Origin, Infallible> {
        Ok(self.entries[index.0 as usize].clone().into())
    }
}
