//! What the services need of a node.

use std::future::Future;
use std::ops::Range;
use std::sync::Arc;

use sanad_core::batch::SignedBatch;
use sanad_core::genesis::Genesis;
use sanad_core::hash::{BatchId, ChunkHash, Commitment};
use sanad_core::ids::{Height, LogIndex, LogSize, MemberId};
use sanad_core::member::MemberState;
use sanad_core::proof::{ConsistencyProof, EntryRun, GovernanceProof, MembersProof, StatusProof};
use sanad_core::trust::TrustFile;

use crate::batches::BatchState;
use crate::blocks::{BlockSummary, FinalBlock, FinalHeader};
use crate::diagnosis::Diagnosis;
use crate::entries::LogEntry;
use crate::ledger_error::{LedgerError, Missing};
use crate::node_status::{NodeStatus, Peer};
use crate::proofs::{BatchProofs, HeaderProof, InclusionProof, MemberDetails, ProofForm};

/// A node as its API sees it.
///
/// Methods that return no future may read files: the server runs each on a thread for blocking work, a bounded number
/// at once, and stops waiting at the caller's deadline, while the method itself runs on. They should take
/// milliseconds. Each answers from a single head, usually the last final block; what is not final is never answered.
///
/// Futures are dropped at the caller's deadline and at shutdown; dropping one leaves nothing behind, and in particular
/// does not withdraw a batch.
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

    /// The header of a height, from 1, with proof that it is in the history of the head, or, for
    /// [`ProofForm::Sealed`], in a complete subtree of that history. The head itself comes with its certificate.
    ///
    /// # Errors
    /// [`LedgerError::HeightBeyondHead`], [`LedgerError::NotKept`].
    fn history_proof(&self, height: Height, form: ProofForm) -> Result<HeaderProof, LedgerError>;

    /// A trust file whose anchor is the last final header, or a recent one.
    ///
    /// # Errors
    /// [`LedgerError::NoBlock`] before the first.
    fn trust_file(&self) -> Result<TrustFile, LedgerError>;

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
    /// [`LedgerError::NotFound`] for an issuance, [`LedgerError::IndexBeyondLog`] for an index.
    fn status_proof(&self, credential: &CredentialKey, form: ProofForm) -> Result<StatusProof, LedgerError>;

    /// Proofs of the entries at `range` inside a batch, all as of one block. Positions beyond the batch are left
    /// out; at most [`crate::limits::BATCH_PROOFS_MAX`] are asked for.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] unless the batch is final.
    fn batch_proofs(
        &self,
        batch: &BatchId,
        range: Range<usize>,
        form: ProofForm,
    ) -> Result<BatchProofs, LedgerError>;

    /// Inclusion proof of an entry in the log of `size` entries; without a size, in that of the last block.
    /// Requires `index < size` if there is a size, which the server checks.
    ///
    /// # Errors
    /// [`LedgerError::IndexBeyondLog`], [`LedgerError::SizeBeyondLog`].
    fn inclusion_proof(&self, index: LogIndex, size: Option<LogSize>) -> Result<InclusionProof, LedgerError>;

    /// Proof that the log of `old` entries begins that of `new`; without `new`, that of the last block. Requires
    /// `1 <= old`, and `old <= new` if there is a `new`, which the server checks.
    ///
    /// # Errors
    /// [`LedgerError::SizeBeyondLog`].
    fn consistency_proof(
        &self,
        old: LogSize,
        new: Option<LogSize>,
        form: ProofForm,
    ) -> Result<ConsistencyProof, LedgerError>;

    /// Up to `count` members whose ids come after `after`, sorted by id; fewer only at the end.
    ///
    /// # Errors
    /// The node's own.
    fn members(&self, after: Option<&MemberId>, count: usize) -> Result<Vec<MemberState>, LedgerError>;

    /// A member's record with its proof, and its rest.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`].
    fn member(&self, id: &MemberId, form: ProofForm) -> Result<MemberDetails, LedgerError>;

    /// A member's record with its proof, and its rest, after the block of a height from 1 on.
    ///
    /// # Errors
    /// [`LedgerError::HeightBeyondHead`], [`LedgerError::RegisterNotKept`], [`LedgerError::NotFound`];
    /// [`LedgerError::Unsupported`] where former registers are not kept at all.
    fn member_as_of(
        &self,
        _id: &MemberId,
        _height: Height,
        _form: ProofForm,
    ) -> Result<MemberDetails, LedgerError> {
        Err(LedgerError::Unsupported { what: NO_FORMER_REGISTERS })
    }

    /// Up to `count` members whose ids come after `after`, sorted by id, after the block of a height from 1 on; fewer only at
    /// the end. The proof is that of all members together.
    ///
    /// # Errors
    /// [`LedgerError::HeightBeyondHead`], [`LedgerError::RegisterNotKept`]; [`LedgerError::Unsupported`] where former
    /// registers are not kept at all.
    fn members_as_of(
        &self,
        _height: Height,
        _after: Option<&MemberId>,
        _count: usize,
        _form: ProofForm,
    ) -> Result<MembersProof, LedgerError> {
        Err(LedgerError::Unsupported { what: NO_FORMER_REGISTERS })
    }

    /// What governance holds as of the last block, with its proof.
    ///
    /// # Errors
    /// [`LedgerError::NoBlock`] before the first.
    fn governance(&self, form: ProofForm) -> Result<GovernanceProof, LedgerError>;

    /// The entries that concern a member (those that its [`EventsHead`](sanad_core::member::EventsHead) counts) at log
    /// indices in `range`, in runs and in order. Returns the first of them, up to
    /// [`crate::limits::ENTRY_RUNS_ENTRIES_MAX`] in all, each run within [`crate::limits::ENTRY_RUN_ENTRIES_MAX`] and
    /// [`crate::limits::ENTRY_RUN_BYTES_MAX`]; empty only if there is none in the range.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`], [`LedgerError::SizeBeyondLog`] if the range ends beyond the log,
    /// [`LedgerError::NotKept`].
    fn entry_runs(&self, member: &MemberId, range: Range<LogIndex>) -> Result<Vec<EntryRun>, LedgerError>;

    /// The manifest of the newest snapshot that is offered, encoded.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] if none is.
    fn snapshot(&self) -> Result<Vec<u8>, LedgerError> {
        Err(LedgerError::NotFound(Missing::Snapshot))
    }

    /// A chunk of a snapshot that is offered.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`].
    fn snapshot_chunk(&self, hash: &ChunkHash) -> Result<Vec<u8>, LedgerError> {
        Err(LedgerError::NotFound(Missing::SnapshotChunk(*hash)))
    }

    /// The state of a batch.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`].
    fn batch_state(&self, id: &BatchId) -> Result<BatchState, LedgerError>;

    /// Checks a batch and takes it into the pool; from then on the node passes it on until it is final or refused.
    /// For a batch that is known already, returns its state.
    ///
    /// # Errors
    /// [`LedgerError::Refused`] and the errors of the pool.
    fn submit(&self, batch: Arc<SignedBatch>)
    -> impl Future<Output = Result<BatchState, LedgerError>> + Send;

    /// Waits until a batch is final or refused, if it is not already. Never returns [`BatchState::Pending`].
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] if it is neither pending nor decided.
    fn batch_decided(&self, id: BatchId) -> impl Future<Output = Result<BatchState, LedgerError>> + Send;

    /// Waits until the head is above `height`, if it is not already; returns the head's height.
    ///
    /// # Errors
    /// [`LedgerError::Stopping`].
    fn head_above(&self, height: Height) -> impl Future<Output = Result<Height, LedgerError>> + Send;

    /// The node's state.
    ///
    /// # Errors
    /// The node's own.
    fn node_status(&self) -> impl Future<Output = Result<NodeStatus, LedgerError>> + Send;

    /// Why the chain goes on or stands; `None` where no consensus runs.
    ///
    /// # Errors
    /// The node's own.
    fn diagnosis(&self) -> impl Future<Output = Result<Option<Diagnosis>, LedgerError>> + Send {
        std::future::ready(Ok(None))
    }

    /// The peers the node knows, in any order.
    ///
    /// # Errors
    /// The node's own.
    fn peers(&self) -> impl Future<Output = Result<Vec<Peer>, LedgerError>> + Send;
}

/// Which credential a caller means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialKey {
    /// The one with this commitment by this issuer.
    Issuance {
        /// Member that issued it.
        issuer: MemberId,
        /// Commitment that it issued; at most one entry has it.
        commitment: Commitment,
    },
    /// The entry at this index.
    Index(LogIndex),
}

const NO_FORMER_REGISTERS: &str = "members as of a block of the past are not kept here";
