//! What consensus asks of the ledger.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sanad_core::block::{BlockId, ProtocolVersion};
use sanad_core::evidence::Equivocation;
use sanad_core::ids::Height;
use sanad_core::signature::PublicKey;
use sanad_core::validators::{CommitCertificate, ValidatorSet};

use crate::timeliness::Receipt;

/// The ledger, as consensus sees it.
///
/// Called from one thread, which does nothing else: methods may block on a disk. The validator answers to
/// its peers only as fast as these methods do, so [`Self::propose`] and [`Self::validate`] should take a
/// small part of the propose timeout.
pub trait Application: Send + 'static {
    /// The height to decide next, and its validators.
    fn next(&self) -> NextHeight;

    /// Executes and builds a block to propose: exactly at the slot's height, round and time, and no longer than
    /// it says. Called once for each round that is this node's turn, unless a block is locked.
    ///
    /// # Errors
    /// The ledger cannot go on; consensus stops.
    fn propose(&mut self, slot: &Slot) -> Result<ProposedBlock, ApplicationError>;

    /// Executes a payload on top of the head. `Ok` only for a block that follows every rule of the ledger. The
    /// clock is none of its business: consensus compares the time.
    ///
    /// # Errors
    /// [`InvalidPayload::Invalid`] leads to a vote for nil, [`InvalidPayload::Fatal`] stops consensus.
    fn validate(&mut self, height: Height, payload: &Bytes) -> Result<ValidBlock, InvalidPayload>;

    /// Makes a decided block the head, and durable. The certificate was verified. The payload was validated,
    /// though possibly by an earlier process.
    ///
    /// # Errors
    /// The ledger cannot go on; consensus stops.
    fn commit(
        &mut self,
        certificate: &CommitCertificate,
        payload: Bytes,
        durable: Durable,
    ) -> Result<NextHeight, ApplicationError>;

    /// What waits until all committed blocks are durable. It is called from another thread, before this node signs anything
    /// above a block that was committed as [`Durable::Soon`].
    fn barrier(&self) -> Barrier;

    /// Keeps a block that is voted on, with its [`Receipt`]. Once for each block, of which a round
    /// can have a few if its proposer contradicts itself; all of a height have at most 60 MiB, of which a quorum found
    /// 8 MiB valid. They may be forgotten once the height is decided.
    ///
    /// # Errors
    /// The ledger cannot go on; consensus stops.
    fn keep_undecided(&mut self, undecided: &Undecided, durable: Durable) -> Result<(), ApplicationError>;

    /// What [`Self::keep_undecided`] kept for a height.
    ///
    /// # Errors
    /// The ledger cannot go on; consensus stops.
    fn undecided(&self, height: Height) -> Result<Vec<Undecided>, ApplicationError>;

    /// A decided block, to bring others up to date. `None` for heights beyond the head or before
    /// [`Self::history_start`].
    ///
    /// # Errors
    /// The block cannot be read. If a peer asked for it, the peer is told that it is not available here and
    /// consensus goes on; consensus does not start without the block at the head.
    fn decided(&self, height: Height) -> Result<Option<DecidedBlock>, ApplicationError>;

    /// The first height of which [`Self::decided`] has the block: 1, or later for a ledger that began from a
    /// snapshot.
    fn history_start(&self) -> Height {
        Height::GENESIS.next()
    }

    /// The time of the block before the first one that a key could vote on, in milliseconds since 1970-01-01 UTC; 0 for a
    /// key of the genesis. `None` if it is not known that the key ever was in a set.
    ///
    /// # Errors
    /// The ledger cannot go on; consensus stops.
    fn in_force_ms(&self, key: &PublicKey) -> Result<Option<u64>, ApplicationError>;

    /// Whether [`Self::propose`] would now build a block that is worth deciding. Must be false when there is
    /// nothing to commit: blocks are made back to back for as long as it is true.
    fn has_work(&self) -> bool;

    /// Takes note of validators that contradicted themselves. Each is given once for as long as the process
    /// lives.
    fn evidence(&mut self, evidence: &[Equivocation]);
}

/// See [`Application::barrier`]. After an error the ledger cannot go on.
pub type Barrier = Arc<dyn Fn() -> Result<(), ApplicationError> + Send + Sync>;

/// When something that is written is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durable {
    /// On return: it survives a loss of power.
    Now,
    /// Soon. On return it survives the end of the process. Only for heights that others have decided.
    Soon,
}

/// The height to decide next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextHeight {
    /// The height.
    pub height: Height,
    /// The validators that decide it.
    pub validators: ValidatorSet,
    /// The protocol version of the height, if this program does not know it. Then nothing is proposed, voted on or taken
    /// from others from this height on, until another program takes over.
    pub unknown_version: Option<ProtocolVersion>,
    /// Whether the block before says, in the name of this node's member, that the process which votes with its key is gone
    /// for good, and does not mean this process's own return: it is not to sign any more.
    pub disowned: bool,
    /// The earliest time its block may have, in milliseconds since 1970-01-01 UTC: later than that of the block
    /// before.
    pub time_ms_min: u64,
    /// Longest payload of a block of this height, in bytes; at most
    /// [`BLOCK_BYTES_LIMIT`](crate::BLOCK_BYTES_LIMIT). The same on all nodes: one with less refuses what the others decide.
    pub block_bytes_max: usize,
    /// Longest time between the block before and this one, when there is nothing to commit. Bounds how old an answer about
    /// a status can be; each block costs every node some storage for ever.
    pub heartbeat: Duration,
}

/// What a block to propose must be like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Its height.
    pub height: Height,
    /// The round of first proposal.
    pub round: u32,
    /// Its time, in milliseconds since 1970-01-01 UTC.
    pub time_ms: u64,
    /// Longest payload, in bytes. Halves with each round, so that all blocks of a height fit in memory.
    pub payload_bytes_max: usize,
}

/// A block that the ledger proposes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposedBlock {
    /// Hash and round of its header.
    pub block: BlockId,
    /// All that another node needs to execute it.
    pub payload: Bytes,
}

/// A block that follows the rules of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValidBlock {
    /// Hash and round of its header.
    pub block: BlockId,
    /// Its time, in milliseconds since 1970-01-01 UTC.
    pub time_ms: u64,
}

/// A block that is voted on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecided {
    /// Its height.
    pub height: Height,
    /// Hash and round of its header.
    pub block: BlockId,
    /// How it came to this node. Must survive a restart: the engine derives its votes anew from the same
    /// answers, or stops.
    pub receipt: Receipt,
    /// The block.
    pub payload: Bytes,
}

/// A block of the chain, with what proves it final.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecidedBlock {
    /// Hash and round of its header.
    pub block: BlockId,
    /// The votes that decided it.
    pub certificate: CommitCertificate,
    /// The validators of its height, which the certificate counts by their place.
    pub validators: ValidatorSet,
    /// The block.
    pub payload: Bytes,
}

/// The ledger cannot go on, because its storage failed for example.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ApplicationError(Box<dyn Error + Send + Sync>);

impl ApplicationError {
    /// Wraps the ledger's own error.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(error.into())
    }
}

/// Why [`Application::validate`] refuses a payload.
#[derive(Debug, thiserror::Error)]
pub enum InvalidPayload {
    /// The payload breaks a rule.
    #[error("{0}")]
    Invalid(#[source] Box<dyn Error + Send + Sync>),
    /// The payload could not be judged, and consensus must stop.
    #[error("{0}")]
    Fatal(#[source] ApplicationError),
}
