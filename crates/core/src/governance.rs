//! Governance: what members change about themselves and, by vote, about each other.
//!
//! Here are the changes, the proposals and what the ledger keeps of them; the rules by which a block executes them are
//! in [`crate::execution`].

mod change;
mod error;
mod item;
mod own;
mod proposal;
mod request;
mod rules;
mod summary;

pub use change::{Admission, Change, NewGovernanceKeys, Subject};
pub use error::GovernanceError;
pub use item::{
    ClosedProposal, EvidenceRecord, FreezeRecord, GOVERNANCE_BYTES_MAX, GOVERNANCE_ITEM_BYTES_MAX,
    GOVERNANCE_ITEMS_MAX, Governance, GovernanceItem, Outcome, PendingKey, RejoinRecord, SuccessorRecord,
};
pub use own::{
    Compromise, KeyRotation, NewKey, RejoinStatement, governance_keys_hash, key_possession_message,
};
pub use proposal::{OpenProposal, Proposal};
pub use request::{SIGNING_REQUEST_BYTES_MAX, SIGNING_REQUEST_FORMAT, SigningRequest, SigningRequestError};

/// Fewest validators of a set, unless a proposal says by name that there may be fewer: four bear one fault.
pub const VALIDATORS_MIN: usize = 4;
/// Heights between the block that decides on consensus keys or validators and the first one that they decide.
pub const SET_LEAD_HEIGHTS: u64 = 2;
/// Heights between the block that activates a protocol version and the first one under it, at least.
pub const PROTOCOL_LEAD_HEIGHTS: u64 = 100;
/// Heights that a proposal may look ahead, for its expiry, its execution and the activation of a protocol version (2^25,
/// more than a year of seconds).
pub const PROPOSAL_HEIGHTS_MAX: u64 = 1 << 25;
/// Most open proposals of one proposer.
pub const PROPOSALS_PER_MEMBER_MAX: usize = 8;
/// Most open proposals.
pub const PROPOSALS_MAX: usize = 1024;
/// Closed proposals whose outcome the state keeps; older ones are in the log alone.
pub const CLOSED_PROPOSALS_KEPT: usize = 64;
/// Most contradictions that the ledger records against one member: a faulty validator can make one at every height, and one
/// proves as much as a thousand.
pub const EVIDENCE_PER_MEMBER_MAX: usize = 64;
