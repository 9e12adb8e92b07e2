//! Windows of blocks, prepared and executed one after the other.
//!
//! What needs no state (checksums, decoding, leaf hashes, and signatures against the keys known so far) is done for
//! one window on all cores while the window before it is executed. Execution checks every rule again, and repeats a
//! signature check only if a key has changed since.

use std::collections::HashMap;

use sanad_core::block::Block;
use sanad_core::commitment::IssuanceKey;
use sanad_core::event::Event;
use sanad_core::execution::{self, BatchError, EventError, Execution, LedgerView};
use sanad_core::genesis::Genesis;
use sanad_core::hash::Commitment;
use sanad_core::ids::{Height, LogIndex, MemberId};
use sanad_core::state::State;
use sanad_core::validators::{CommitCertificate, ValidatorSet, ValidatorSetError};

use crate::fault::Fault;
use crate::prepare::{Known, Prepared, prepare};
use crate::secret::IndexSecret;
use crate::seen::Seen;

/// A source of blocks in the order of their heights, from 1 on.
pub trait BlockSource: Send {
    /// A block as it was read.
    type Raw: Send + Sync;
    /// Why a block cannot be read.
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

    /// Decodes a block, and checks it as far as the source can. Called on any thread.
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
    /// Block that was checked.
    pub block: Block,
    /// Precommits of a quorum, checked.
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
    /// The source's, or the callback's.
    #[error(transparent)]
    Source(E),
    /// The genesis has no validator set.
    #[error("the genesis has no validator set")]
    Genesis(#[from] ValidatorSetError),
    /// The operating system has no randomness.
    #[error("the operating system has no randomness")]
    Randomness(#[source] std::io::Error),
}

/// Checks every block of a source: that it follows from the genesis by the rules, and that more than 2/3 of the
/// validators signed it. Calls `each` with the sound blocks in order, some at a time, and the state after them.
///
/// Holds 9 bytes of memory for each entry of the log: the rules are checked without any index of the source's.
///
/// # Errors
/// [`ChainError`]. A block that is not sound is reported in [`ChainReport::fault`].
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

/// A chain that is being checked, for callers that need more of it than [`check_chain`] reports.
pub struct Chain {
    /// The ledger after the last sound block.
    pub state: State,
    /// The log up to there.
    pub seen: Seen,
}

impl Chain {
    /// A chain of which no block was checked. `secret` is that of the keys in [`Seen`].
    ///
    /// # Errors
    /// [`ValidatorSetError`] if the genesis was not checked.
    pub fn new(genesis: &Genesis, secret: IndexSecret) -> Result<Self, ValidatorSetError> {
        Ok(Self { state: State::genesis(genesis)?, seen: Seen::new(secret) })
    }

    /// Checks all blocks of a source as [`check_chain`] does. Returns the first that is not sound.
    ///
    /// # Errors
    /// The source's, or the callback's.
    pub fn run<S: BlockSource>(
        &mut self,
        source: &mut S,
        mut each: impl FnMut(&State, &[CheckedBlock<S::Raw>]) -> Result<(), S::Error> + Send,
    ) -> Result<Option<(Height, Fault)>, S::Error> {
        let ended = self.run_to_end(source, &mut each);
        // Whatever ends the chain, a block before may repeat an issuance.
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
        let mut ready = prepare(source.window()?, S::decode, &Known::at(&self.state));
        while !ready.is_empty() {
            let known = Known::at(&self.state);
            let read = || source.window().map(|raw| prepare(raw, S::decode, &known));
            let (next, executed) = rayon::join(read, || self.execute::<S>(ready, each));
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

    /// Checks that a block is the next one, without moving on. `certified_by` are the validators for whom its
    /// certificate was found good already.
    ///
    /// # Errors
    /// [`Fault`]. That a commitment was issued before is not noticed here: see [`Self::run`].
    pub fn check(
        &self,
        block: &Block,
        certificate: &CommitCertificate,
        certified_by: Option<&ValidatorSet>,
    ) -> Result<Execution, Fault> {
        let Ok(checked) = check_block(&self.state, &self.seen, block, certificate, certified_by);
        checked
    }

    /// The first block that repeats an issuance. Execution leaves this to the end, where one sort finds them all.
    fn first_duplicate<S: BlockSource>(&self, source: &mut S) -> Result<Option<(Height, Fault)>, S::Error> {
        let mut first: HashMap<IssuanceKey, LogIndex> = HashMap::new();
        for index in self.seen.twins() {
            let height = self.seen.height_of(index);
            let raw = source.again(height)?;
            let Ok((block, _)) = S::decode(&raw) else { continue };
            let Some(issuance) = issuance_at(&block, index, self.seen.size_before(height)) else { continue };
            let Issuance { batch, event, issuer, commitment } = issuance;
            if let Some(at) = first.insert(IssuanceKey::new(issuer, &commitment), index) {
                let source = EventError::AlreadyIssued { commitment, at };
                let source = Box::new(BatchError::Event { position: event, source });
                return Ok(Some((height, Fault::Batch { position: batch, source })));
            }
        }
        Ok(None)
    }
}

/// Checks that a block is the next one: that it follows from the state, and that a quorum signed it. `certified_by` are
/// the validators for whom its certificate was found good already.
///
/// # Errors
/// The view's.
pub fn check_block<V: LedgerView>(
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
    let (header, validators) = (&execution.header, state.validators());
    let certified = match certified_by == Some(validators) {
        true => Ok(()),
        false => certificate.verify(&state.chain_id(), header.height, &header.id(), validators),
    };
    Ok(certified.map(|()| execution).map_err(Fault::Certificate))
}

/// An issuance in a block.
struct Issuance<'a> {
    /// Place of its batch in the block.
    batch: usize,
    /// Place of its event in the batch.
    event: usize,
    issuer: &'a MemberId,
    commitment: Commitment,
}

/// The issuance at an index of a block whose first entry is at `first_index`.
fn issuance_at(block: &Block, index: LogIndex, first_index: u64) -> Option<Issuance<'_>> {
    let mut event = index.0.checked_sub(first_index)? as usize;
    for (batch, signed) in block.batches.iter().enumerate() {
        let stated = signed.batch();
        match stated.events.get(event) {
            Some(Event::Issue { commitment }) => {
                return Some(Issuance { batch, event, issuer: &stated.issuer, commitment: *commitment });
            }
            Some(_) => return None,
            None => event -= stated.events.len(),
        }
    }
    None
}
