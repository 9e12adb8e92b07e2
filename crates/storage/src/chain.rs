//! Checking a chain of blocks from the genesis on, wherever they come from, on all cores.
//!
//! Blocks come in windows. What needs no state (checksums, decoding, leaf hashes, and signatures against the
//! keys known so far) is done for one window on all cores while the window before it is executed. Execution
//! checks every rule again, and repeats a signature check only where a key has changed since.

pub(crate) mod prepare;
mod seen;

use std::collections::HashMap;

use sanad_core::block::Block;
use sanad_core::event::Event;
use sanad_core::execution::{self, BatchError, EventError, Execution, LedgerView};
use sanad_core::genesis::Genesis;
use sanad_core::hash::Commitment;
use sanad_core::ids::{Height, LogIndex};
use sanad_core::state::State;
use sanad_core::validators::{CommitCertificate, ValidatorSet, ValidatorSetError};

use prepare::{Known, Prepared};
pub(crate) use seen::Seen;

use crate::fault::Fault;
use crate::index::IndexSecret;

/// Where blocks come from, in the order of their heights, from 1 on.
pub trait BlockSource: Send {
    /// A block as it was read.
    type Raw: Send + Sync;
    /// Why a block cannot be had.
    type Error: Send;

    /// Reads some more blocks, a few MiB of them; none at the end. Blocks before an error are given first.
    ///
    /// # Errors
    /// The source's.
    fn window(&mut self) -> Result<Vec<Self::Raw>, Self::Error>;

    /// Reads a block that was given before.
    ///
    /// # Errors
    /// The source's.
    fn again(&mut self, height: Height) -> Result<Self::Raw, Self::Error>;

    /// Decodes a block, checking all that the source knows of it. Called on any thread.
    ///
    /// # Errors
    /// How damage shows.
    fn decode(raw: &Self::Raw) -> Result<(Block, CommitCertificate), Fault>;
}

/// A block that follows from the ones before it and that a quorum signed.
#[derive(Debug)]
pub struct CheckedBlock<R> {
    /// As it was read.
    pub raw: R,
    /// The block.
    pub block: Block,
    /// What makes it final.
    pub certificate: CommitCertificate,
    /// What it does to the ledger.
    pub execution: Execution,
}

/// How far a chain is sound.
#[derive(Clone, Debug, PartialEq)]
pub struct ChainReport {
    /// The ledger after the last sound block.
    pub state: State,
    /// Batches up to there.
    pub batches: u64,
    /// The first block that is not sound.
    pub fault: Option<(Height, Fault)>,
}

/// Why a chain cannot be checked to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError<E> {
    /// The source's, or that of who is told of the blocks.
    #[error(transparent)]
    Source(E),
    /// The genesis makes no state.
    #[error("the genesis: {0}")]
    Genesis(#[from] ValidatorSetError),
    /// The operating system gives no randomness.
    #[error("no randomness: {0}")]
    Randomness(std::io::Error),
}

/// Checks every block of a source: that it follows from the genesis by the rules, and that more than 2/3 of
/// the validators signed it. Tells `each` of the blocks in order, some at a time, with the state after them.
///
/// Holds 9 bytes of memory for each entry of the log: the rules are checked without any index of the
/// source's.
///
/// # Errors
/// [`ChainError`]; a block that is not sound is no error but in the report.
pub fn check_chain<S: BlockSource>(
    genesis: &Genesis,
    source: &mut S,
    each: impl FnMut(&State, &[CheckedBlock<S::Raw>]) -> Result<(), S::Error> + Send,
) -> Result<ChainReport, ChainError<S::Error>> {
    let secret = IndexSecret::random().map_err(ChainError::Randomness)?;
    let mut chain = Chain::new(genesis, secret)?;
    let fault = chain.run(source, each).map_err(ChainError::Source)?;
    Ok(ChainReport { batches: chain.seen.batches(), state: chain.state, fault })
}

/// A chain that is being checked.
pub(crate) struct Chain {
    pub(crate) state: State,
    pub(crate) seen: Seen,
}

impl Chain {
    pub(crate) fn new(genesis: &Genesis, secret: IndexSecret) -> Result<Self, ValidatorSetError> {
        Ok(Self { state: State::genesis(genesis)?, seen: Seen::new(secret) })
    }

    /// Checks all blocks of a source. Returns the first that is not sound.
    pub(crate) fn run<S: BlockSource>(
        &mut self,
        source: &mut S,
        mut each: impl FnMut(&State, &[CheckedBlock<S::Raw>]) -> Result<(), S::Error> + Send,
    ) -> Result<Option<(Height, Fault)>, S::Error> {
        let ended = self.run_to_end(source, &mut each);
        // Whatever ends the chain, a block before may issue again what another one did.
        match self.first_duplicate(source)? {
            Some(duplicate) => Ok(Some(duplicate)),
            None => ended,
        }
    }

    fn run_to_end<S: BlockSource>(
        &mut self,
        source: &mut S,
        each: &mut (impl FnMut(&State, &[CheckedBlock<S::Raw>]) -> Result<(), S::Error> + Send),
    ) -> Result<Option<(Height, Fault)>, S::Error> {
        let mut ready = prepare::blocks(source.window()?, S::decode, &Known::at(&self.state));
        while !ready.is_empty() {
            let known = Known::at(&self.state);
            let prepare = || source.window().map(|raw| prepare::blocks(raw, S::decode, &known));
            let (next, executed) = rayon::join(prepare, || self.execute::<S>(ready, each));
            if let Some(fault) = executed? {
                return Ok(Some(fault));
            }
            ready = next?;
        }
        Ok(None)
    }

    /// Executes a window up to the first block that is not sound.
    fn execute<S: BlockSource>(
        &mut self,
        window: Vec<Prepared<S::Raw>>,
        each: &mut impl FnMut(&State, &[CheckedBlock<S::Raw>]) -> Result<(), S::Error>,
    ) -> Result<Option<(Height, Fault)>, S::Error> {
        let mut checked = Vec::with_capacity(window.len());
        let mut fault = None;
        for prepared in window {
            let height = self.state.head().height.next();
            match self.follow(prepared) {
                Ok(block) => checked.push(block),
                Err(found) => {
                    fault = Some((height, found));
                    break;
                }
            }
        }
        self.seen.insert_keys(&checked);
        each(&self.state, &checked)?;
        Ok(fault)
    }

    /// Executes the next block and moves on.
    fn follow<R>(&mut self, prepared: Prepared<R>) -> Result<CheckedBlock<R>, Fault> {
        let Prepared { raw, decoded } = prepared;
        let decoded = decoded?;
        let (block, certificate) = (decoded.block, decoded.certificate);
        let execution = self.check(&block, &certificate, decoded.certified_by.as_ref())?;
        self.state.advance(&execution);
        self.seen.insert(&block, &execution);
        Ok(CheckedBlock { raw, block, certificate, execution })
    }

    /// Checks that a block is the next one.
    pub(crate) fn check(
        &self,
        block: &Block,
        certificate: &CommitCertificate,
        certified_by: Option<&ValidatorSet>,
    ) -> Result<Execution, Fault> {
        let Ok(checked) = check(&self.state, &self.seen, block, certificate, certified_by);
        checked
    }

    /// The first block that issues a commitment again, which execution leaves to the end: then one sort finds
    /// them all.
    fn first_duplicate<S: BlockSource>(&self, source: &mut S) -> Result<Option<(Height, Fault)>, S::Error> {
        let mut first: HashMap<u64, Vec<(Commitment, LogIndex)>> = HashMap::new();
        for (index, key) in self.seen.twins() {
            let height = self.seen.height_of(index);
            let raw = source.again(height)?;
            let Ok((block, _)) = S::decode(&raw) else { continue };
            let Some((position, event, commitment)) =
                issuance_at(&block, index, self.seen.size_before(height))
            else {
                continue;
            };
            let twins = first.entry(key).or_default();
            if let Some((_, at)) = twins.iter().find(|(other, _)| *other == commitment) {
                let source = EventError::AlreadyIssued { commitment, at: *at };
                let source = Box::new(BatchError::Event { position: event, source });
                return Ok(Some((height, Fault::Batch { position, source })));
            }
            twins.push((commitment, index));
        }
        Ok(None)
    }
}

/// Checks that a block is the next one: that it follows from the state, and that a quorum signed it.
/// `certified_by` are the validators for whom its certificate was found good already.
///
/// # Errors
/// The view's.
pub(crate) fn check<V: LedgerView>(
    state: &State,
    view: &V,
    block: &Block,
    certificate: &CommitCertificate,
    certified_by: Option<&ValidatorSet>,
) -> Result<Result<Execution, Fault>, V::Error> {
    let execution = match execution::apply(state, view, block) {
        Ok(execution) => execution,
        Err(error) => return Fault::of(error).map(Err),
    };
    let (height, validators) = (execution.header.height, state.validators());
    let certified = match certified_by == Some(validators) {
        true => Ok(()),
        false => certificate.verify(&state.chain_id(), height, &execution.header.id(), validators),
    };
    Ok(certified.map(|()| execution).map_err(Fault::Certificate))
}

/// The place of the batch, that of the event in it, and the commitment at an index of a block.
fn issuance_at(block: &Block, index: LogIndex, first_index: u64) -> Option<(usize, usize, Commitment)> {
    let mut place = index.0.checked_sub(first_index)? as usize;
    for (position, batch) in block.batches.iter().enumerate() {
        let events = &batch.batch().events;
        match events.get(place) {
            Some(Event::Issue { commitment }) => return Some((position, place, *commitment)),
            Some(_) => return None,
            None => place -= events.len(),
        }
    }
    None
}
