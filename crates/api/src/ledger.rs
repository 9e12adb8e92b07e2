//! What the services need of a node.

use std::future::Future;
use std::ops::Range;
use std::sync::Arc;

use sanad_core::batch::SignedBatch;
use sanad_core::genesis::Genesis;
use sanad_core::hash::{BatchId, Commitment};
use sanad_core::ids::{Height, LogIndex, LogSize, MemberId, Sequence};
use sanad_core::member::MemberRecord;
use sanad_core::proof::{ConsistencyProof, StatusProof};

use crate::batches::BatchState;
use crate::blocks::{BlockSummary, FinalBlock, FinalHeader};
use crate::entries::LogEntry;
use crate::ledger_error::LedgerError;
use crate::node_status::{NodeStatus, Peer};
use crate::proofs::{BatchProofs, InclusionProof, IssuerBatches, MemberProof};

/// A node as its API sees it.
///
/// Methods without a future may read files: the server runs each on a thread for blocking work, a bounded number
/// at once, and stops waiting at the caller's deadline, while the method itself runs on. They should take
/// milliseconds. Each answers from one head of its own choosing, usually the last final block, and never from
/// two; nothing that is not final is ever answered.
///
/// Futures are dropped at the caller's deadline and at shutdown; dropping one leaves nothing behind, and above
/// all withdraws no batch.
pub trait Ledger: Send + Sync + 'static {
    /// The genesis. Never changes, and costs nothing.
    fn genesis(&self) -> &Genesis;

    /// The last final header.
    ///
    /// # Errors
    /// [`LedgerError::NoBlock`] before the first.
    fn head(&self) -> Result<FinalHeader, LedgerError>;

    /// The header of a height, from 1.
    ///
    /// # Errors
    /// [`LedgerError::HeightBeyondHead`], [`LedgerError::NotKept`].
    fn header(&self, height: Height) -> Result<FinalHeader, LedgerError>;

    /// The block of a height, from 1.
    ///
    /// # Errors
    /// [`LedgerError::HeightBeyondHead`], [`LedgerError::NotKept`].
    fn block(&self, height: Height) -> Result<FinalBlock, LedgerError>;

    /// Up to `count` blocks from `first` on, in order; fewer, or none, only at the head.
    ///
    /// # Errors
    /// [`LedgerError::NotKept`].
    fn block_summaries(&self, first: Height, count: usize) -> Result<Vec<BlockSummary>, LedgerError>;

    /// The entry at an index.
    ///
    /// # Errors
    /// [`LedgerError::IndexBeyondLog`], [`LedgerError::NotKept`].
    fn entry(&self, index: LogIndex) -> Result<LogEntry, LedgerError>;

    /// Up to `count` entries from `first` on, in order; fewer, or none, only at the end of the log.
    ///
    /// # Errors
    /// [`LedgerError::NotKept`].
    fn entries(&self, first: LogIndex, count: usize) -> Result<Vec<LogEntry>, LedgerError>;

    /// The status of an entry with its proof, as of the last final block.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] for a commitment, [`LedgerError::IndexBeyondLog`] for an index.
    fn status_proof(&self, credential: &CredentialKey) -> Result<StatusProof, LedgerError>;

    /// Proofs of the entries at `range` inside a batch, all as of one block. Positions beyond the batch are left
    /// out; at most [`crate::limits::BATCH_PROOFS_MAX`] are asked for.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] unless the batch is final.
    fn batch_proofs(&self, batch: &BatchId, range: Range<usize>) -> Result<BatchProofs, LedgerError>;

    /// Inclusion proof of an entry in the log of `size` entries; without a size, in that of the last block.
    /// Requires `index < size` where there is a size; the server sees to it.
    ///
    /// # Errors
    /// [`LedgerError::IndexBeyondLog`], [`LedgerError::SizeBeyondLog`].
    fn inclusion_proof(&self, index: LogIndex, size: Option<LogSize>) -> Result<InclusionProof, LedgerError>;

    /// Proof that the log of `old` entries begins that of `new`; without `new`, that of the last block. Requires
    /// `1 <= old`, and `old <= new` where there is a `new`; the server sees to it.
    ///
    /// # Errors
    /// [`LedgerError::SizeBeyondLog`].
    fn consistency_proof(&self, old: LogSize, new: Option<LogSize>) -> Result<ConsistencyProof, LedgerError>;

    /// Up to `count` batches of an issuer from `first` on, each with the path of its place in the log of `size`
    /// entries; without a size, in that of the last block. Only batches that end within the size. Fewer than there
    /// are once they have [`crate::limits::ISSUER_BATCHES_BYTES`].
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] for a member, [`LedgerError::SizeBeyondLog`].
    fn issuer_batches(
        &self,
        issuer: &MemberId,
        first: Sequence,
        size: Option<LogSize>,
        count: usize,
    ) -> Result<IssuerBatches, LedgerError>;

    /// Up to `count` members' records whose ids come after `after`, sorted by id; fewer only at the end.
    ///
    /// # Errors
    /// The node's own.
    fn members(&self, after: Option<&MemberId>, count: usize) -> Result<Vec<MemberRecord>, LedgerError>;

    /// A member's record with its proof.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`].
    fn member(&self, id: &MemberId) -> Result<MemberProof, LedgerError>;

    /// What became of a batch.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`].
    fn batch_state(&self, id: &BatchId) -> Result<BatchState, LedgerError>;

    /// Checks a batch and takes it into the pool; from then on the node passes it on until it is final or
    /// refused. A batch that is known already is no error: its state is the answer.
    ///
    /// # Errors
    /// [`LedgerError::Refused`] and all that speak of the pool.
    fn submit(&self, batch: Arc<SignedBatch>)
    -> impl Future<Output = Result<BatchState, LedgerError>> + Send;

    /// Waits until a batch is final or refused; at once where it is. Never answers [`BatchState::Pending`].
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] where it is neither pending nor decided.
    fn batch_decided(&self, id: BatchId) -> impl Future<Output = Result<BatchState, LedgerError>> + Send;

    /// Waits until the head is above `height`, and answers with the head's height; at once where it is.
    ///
    /// # Errors
    /// [`LedgerError::Stopping`].
    fn head_above(&self, height: Height) -> impl Future<Output = Result<Height, LedgerError>> + Send;

    /// How the node is.
    ///
    /// # Errors
    /// The node's own.
    fn node_status(&self) -> impl Future<Output = Result<NodeStatus, LedgerError>> + Send;

    /// The peers the node knows, in any order.
    ///
    /// # Errors
    /// The node's own.
    fn peers(&self) -> impl Future<Output = Result<Vec<Peer>, LedgerError>> + Send;
}

/// Which credential a caller means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialKey {
    /// The one with this commitment.
    Commitment(Commitment),
    /// The entry at this place.
    Index(LogIndex),
}
