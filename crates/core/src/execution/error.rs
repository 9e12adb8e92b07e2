//! Why batches, events and blocks are refused.

use crate::batch::{BatchChain, GovernanceSignatureError};
use crate::block::{BlockHeader, ProtocolVersion};
use crate::governance::GovernanceError;
use crate::hash::{BatchId, ChainId, Commitment};
use crate::ids::{LogIndex, LogSize, MemberId, Sequence};
use crate::member::{Role, Standing};
use crate::signature::SignatureError;
use crate::status::Status;

/// Why the ledger refuses a batch. The whole batch is refused; nothing of it is entered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// Meant for another chain.
    #[error("the batch is for chain {actual}; this chain is {expected}")]
    ForeignChain {
        /// Id of the chain that executes.
        expected: ChainId,
        /// The batch's.
        actual: ChainId,
    },
    /// No such member.
    #[error("{issuer} is not a member")]
    UnknownIssuer {
        /// The id in the batch.
        issuer: MemberId,
    },
    /// The member may not issue now.
    #[error("{issuer} is {standing}: it cannot issue")]
    InactiveIssuer {
        /// Member that the batch names.
        issuer: MemberId,
        /// How it stands.
        standing: Standing,
    },
    /// The signatures are not those of the member's governance keys.
    #[error("the batch is not signed by the governance keys of {issuer}")]
    GovernanceSignature {
        /// Member that the batch names.
        issuer: MemberId,
        /// The signature that fails, or how many are missing.
        source: GovernanceSignatureError,
    },
    /// A freeze has one event.
    #[error("a freeze of {issuer} with {events} events; it has one")]
    FreezeEvents {
        /// Member to be frozen.
        issuer: MemberId,
        /// How many there are.
        events: usize,
    },
    /// The log can hold no more.
    #[error("the log would have {size} entries, more than it can hold")]
    LogFull {
        /// Its size with the batch.
        size: LogSize,
    },
    /// The member's role does not issue.
    #[error("{issuer} is a member with the role {role:?}, which does not issue")]
    WrongRole {
        /// Member that the batch names.
        issuer: MemberId,
        /// Its role, below [`Role::Issuer`].
        role: Role,
    },
    /// The signature is not the issuer's.
    #[error("the batch is not signed by the issuing key of {issuer}")]
    Signature {
        /// Member that the batch names.
        issuer: MemberId,
        /// What the check of the signature by its issuing key found.
        source: SignatureError,
    },
    /// The sequence number was used already: a replay, or a fork of the issuer's chain.
    #[error("{issuer} has used sequence number {actual} already; its next is {expected}")]
    SequenceUsed {
        /// Member that the batch names.
        issuer: MemberId,
        /// Its next sequence number.
        expected: Sequence,
        /// The batch's.
        actual: Sequence,
    },
    /// Batches before this one are missing.
    #[error("{issuer} skips sequence numbers: {actual} comes, {expected} is next")]
    SequenceGap {
        /// Member that the batch names.
        issuer: MemberId,
        /// Its next sequence number.
        expected: Sequence,
        /// The batch's.
        actual: Sequence,
    },
    /// The batch names another batch before it than the one there is.
    #[error("{issuer} forks its chain: the batch before is {expected}, not {actual}")]
    Fork {
        /// Member that the batch names.
        issuer: MemberId,
        /// Its last batch.
        expected: BatchId,
        /// The one named.
        actual: BatchId,
    },
    /// An event breaks a rule.
    #[error("event {position} breaks a rule")]
    Event {
        /// Its place in the batch, from 0.
        position: usize,
        /// The rule.
        source: EventError,
    },
    /// The block has no room left; the batch fits a later one.
    #[error("{bytes} bytes do not fit the {room} bytes left in the block")]
    BlockFull {
        /// Length of the batch.
        bytes: usize,
        /// Room left.
        room: usize,
    },
}

/// Why the ledger refuses an event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// The commitment was issued before.
    #[error("the commitment {commitment} was issued already, at log index {at}")]
    AlreadyIssued {
        /// Commitment that the batch issues.
        commitment: Commitment,
        /// Log index at which the same issuer issued it.
        at: LogIndex,
    },
    /// The commitment stands twice in the block or batch.
    #[error("the commitment {commitment} stands twice")]
    DuplicateCommitment {
        /// Commitment that comes twice.
        commitment: Commitment,
    },
    /// The target is no entry yet.
    #[error("log index {target} is still to come; the log has {size} entries")]
    UnknownTarget {
        /// Log index that the event names.
        target: LogIndex,
        /// Entries before this batch.
        size: LogSize,
    },
    /// The target issues nothing.
    #[error("log index {target} is no issuance but \"{kind}\"")]
    NotAnIssuance {
        /// Log index that the event names.
        target: LogIndex,
        /// What it is.
        kind: &'static str,
    },
    /// The target was issued by another member.
    #[error("log index {target} was issued by {issuer}, who alone may change it")]
    AnotherIssuer {
        /// Log index that the event names.
        target: LogIndex,
        /// Who issued it.
        issuer: MemberId,
    },
    /// The issuing chain has revoked as much as it may today.
    #[error("the issuing key revokes at most {limit} credentials a day (UTC)")]
    RevocationLimit {
        /// How many.
        limit: u32,
    },
    /// The event belongs to another chain of batches.
    #[error("\"{kind}\" does not belong to the {} chain", chain.as_str())]
    WrongChain {
        /// The event's kind.
        kind: &'static str,
        /// The batch's chain.
        chain: BatchChain,
    },
    /// A rule of governance.
    #[error(transparent)]
    Governance(Box<GovernanceError>),
    /// The status does not allow the change.
    #[error("log index {target} is {status}: it cannot {change}")]
    Status {
        /// Log index of the issuance.
        target: LogIndex,
        /// Status of the issuance before the event.
        status: Status,
        /// The event's kind.
        change: &'static str,
    },
}

impl From<GovernanceError> for EventError {
    fn from(error: GovernanceError) -> Self {
        Self::Governance(Box::new(error))
    }
}

/// A batch was not added.
#[derive(Debug)]
pub enum AddError<E> {
    /// The ledger refuses it.
    Refused(BatchError),
    /// A lookup failed: nothing is said of the batch.
    View(E),
}

/// Why a block does not follow from the state.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlockError<E> {
    /// A batch is refused.
    #[error("batch {position} is refused")]
    Batch {
        /// Its place in the block.
        position: usize,
        /// The first rule that it breaks.
        source: BatchError,
    },
    /// The time does not move on, or is after the year 9999.
    #[error(
        "the block's time {actual} ms is not between {previous} ms, that of the block before, and the year 10000"
    )]
    Time {
        /// Time of the block before.
        previous: u64,
        /// The block's.
        actual: u64,
    },
    /// The header is not the one that execution gives.
    #[error("the header's {field} does not match its execution")]
    Header {
        /// First field that differs.
        field: &'static str,
        /// The header that execution gives.
        expected: Box<BlockHeader>,
        /// The block's.
        actual: Box<BlockHeader>,
    },
    /// The rules in force are not those of this program.
    #[error("protocol version {actual} is in force; this program executes {}", ProtocolVersion::CURRENT)]
    Protocol {
        /// The version in force.
        actual: ProtocolVersion,
    },
    /// A lookup failed: nothing is said of the block.
    #[error("a lookup failed")]
    View(E),
}
