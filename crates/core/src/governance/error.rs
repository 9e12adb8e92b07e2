//! Why the ledger refuses an event of governance.

use super::{
    EVIDENCE_PER_MEMBER_MAX, PROPOSAL_HEIGHTS_MAX, PROPOSALS_MAX, PROPOSALS_PER_MEMBER_MAX, VALIDATORS_MIN,
};
use crate::block::ProtocolVersion;
use crate::evidence::{EquivocationError, Occasion};
use crate::genesis::{BLOCK_BYTES_FLOOR, BLOCK_BYTES_LIMIT, HEARTBEAT_MS_FLOOR, HEARTBEAT_MS_LIMIT};
use crate::hash::ProposalId;
use crate::ids::{Height, LogIndex, MemberId};
use crate::member::{
    DISPUTED_RANGES_MAX, ISSUER_IDS_MAX, IssuerId, KEY_TERMS_MAX, KeyPurpose, MemberError, Role, Standing,
};
use crate::registry::MEMBERS_MAX;
use crate::signature::{PublicKey, SignatureError};
use crate::validators::VALIDATORS_MAX;

/// Why the ledger refuses an event of governance.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GovernanceError {
    /// The member stands so that it may not do this.
    #[error("{member} is {standing}: it cannot do this")]
    Standing {
        /// Member that signed the batch.
        member: MemberId,
        /// How it stands.
        standing: Standing,
    },
    /// The member does not stand as the change requires.
    #[error("{member} is {standing} already, or never was what is to end")]
    NotChanged {
        /// Member that the change is about.
        member: MemberId,
        /// How it stands.
        standing: Standing,
    },
    /// Voting is for those who decide the blocks.
    #[error("{member} is not one of the validators")]
    NotAValidator {
        /// Member that proposes or votes.
        member: MemberId,
    },
    /// No such member.
    #[error("{member} is not a member")]
    UnknownMember {
        /// Id that the register does not have.
        member: MemberId,
    },
    /// The id is that of a member, now or before.
    #[error("{member} is a member, or was one: ids are not given again")]
    AlreadyAMember {
        /// Id that the register has.
        member: MemberId,
    },
    /// No room for another member.
    #[error("a consortium has at most {MEMBERS_MAX} members")]
    TooManyMembers,
    /// No open proposal has this id.
    #[error("no open proposal has the id {proposal}")]
    UnknownProposal {
        /// Id that is voted on.
        proposal: ProposalId,
    },
    /// The proposal can no longer be approved.
    #[error("the proposal expired at height {expires}")]
    Expired {
        /// The last height at which it could be approved.
        expires: Height,
    },
    /// The member approves the proposal already.
    #[error("{member} approves this proposal already")]
    AlreadyApproved {
        /// Member that votes.
        member: MemberId,
    },
    /// The member does not approve the proposal.
    #[error("{member} does not approve this proposal")]
    NotApproved {
        /// Member that withdraws.
        member: MemberId,
    },
    /// Another proposal about the same thing has passed and waits for its height.
    #[error("proposal {pending} about the same thing has passed; it is in force from height {due} on")]
    PendingChange {
        /// Id of the proposal that waits for its height.
        pending: ProposalId,
        /// The first height under it.
        due: Height,
    },
    /// A height that is over, or too close.
    #[error("{field} is {actual}; it must be {earliest} or later")]
    Past {
        /// Field of the proposal: `expires`, `effective` or `height`.
        field: &'static str,
        /// The first height allowed.
        earliest: Height,
        /// The height found.
        actual: Height,
    },
    /// A height too far ahead.
    #[error("{field} is {actual}, more than {PROPOSAL_HEIGHTS_MAX} heights ahead")]
    Future {
        /// Field of the proposal: `expires`, `effective` or `height`.
        field: &'static str,
        /// The height found.
        actual: Height,
    },
    /// Too many open proposals.
    #[error(
        "{count} proposals are open; at most {PROPOSALS_PER_MEMBER_MAX} of one proposer and {PROPOSALS_MAX} in all are allowed"
    )]
    TooManyProposals {
        /// How many there are.
        count: usize,
    },
    /// The change leaves everything as it is.
    #[error("the change leaves everything as it is")]
    NoChange,
    /// What is said of a member does not fit together.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// A key is or was that of a member, or is about to be.
    #[error("the key {key} is or was one of {holder}: no key serves twice")]
    KeyReuse {
        /// Key that is to come into force.
        key: PublicKey,
        /// Member that has or had it; may be the same one.
        holder: MemberId,
    },
    /// A frozen member thaws with new keys alone.
    #[error("the key {key} was in force when {member} was frozen; it thaws with new keys alone")]
    FrozenKey {
        /// Member that is frozen.
        member: MemberId,
        /// Key that is offered for it.
        key: PublicKey,
    },
    /// The new key did not sign for this member and purpose.
    #[error("the new {} does not show that {member} holds it", purpose.field())]
    Possession {
        /// Member that is to have the key.
        member: MemberId,
        /// What the key is for.
        purpose: KeyPurpose,
        /// What the check of the signature by the new key found.
        source: SignatureError,
    },
    /// Not one signature by each new key.
    #[error("{actual} signatures by {expected} new keys")]
    PossessionCount {
        /// How many keys there are.
        expected: usize,
        /// How many signatures.
        actual: usize,
    },
    /// Governance keys are replaced by vote.
    #[error("governance keys are replaced by a vote of the validators")]
    VoteNeeded,
    /// A key for this purpose changes already.
    #[error("another {} of {member} is about to come into force", purpose.field())]
    PendingKey {
        /// Member whose key changes at a height to come.
        member: MemberId,
        /// What the key is for.
        purpose: KeyPurpose,
    },
    /// The member has had as many keys as a record can hold.
    #[error("{member} has had as many keys as the register can hold, {KEY_TERMS_MAX}")]
    TooManyKeys {
        /// Member whose record is full.
        member: MemberId,
    },
    /// A key that was never an issuing key of the member.
    #[error("{key} never was an issuing key of {member}")]
    NotItsKey {
        /// Member that declares a compromise.
        member: MemberId,
        /// Key that is declared.
        key: PublicKey,
    },
    /// A compromise outside the time of the key, or in the future.
    #[error("log index {actual} is not between {from}, where the key came into force, and {until}")]
    CompromiseRange {
        /// First index of the key.
        from: LogIndex,
        /// The end of its time, or of the log.
        until: LogIndex,
        /// The index declared.
        actual: LogIndex,
    },
    /// A former key is not replaced.
    #[error("{key} is not in force: nothing takes its place")]
    NeedlessReplacement {
        /// Key that is declared, and no longer in force.
        key: PublicKey,
    },
    /// The credential is not disputed, so nothing is to be confirmed.
    #[error("log index {target} is not in a disputed range (a record has up to {DISPUTED_RANGES_MAX})")]
    NotDisputed {
        /// Log index that was to be confirmed.
        target: LogIndex,
    },
    /// The member is not the successor of a retired member.
    #[error("{member} is not the named successor of {issuer}, or {issuer} is not retired")]
    NotSuccessor {
        /// Member that revokes.
        member: MemberId,
        /// Who issued.
        issuer: MemberId,
    },
    /// An issuer id is that of a member already.
    #[error("the issuer id {} is that of {holder}", issuer_id.as_str())]
    IssuerIdInUse {
        /// Issuer id that is asked for.
        issuer_id: IssuerId,
        /// Member that has it now.
        holder: MemberId,
    },
    /// The member does not have the issuer id.
    #[error("{member} does not have the issuer id {}", issuer_id.as_str())]
    NotItsIssuerId {
        /// Member that gives it up.
        member: MemberId,
        /// Issuer id that it names.
        issuer_id: IssuerId,
    },
    /// A record can hold no more issuer ids.
    #[error("{member} has had {ISSUER_IDS_MAX} issuer ids, as many as a record can hold")]
    TooManyIssuerIds {
        /// Member whose record is full.
        member: MemberId,
    },
    /// The role needs a key that the member does not have.
    #[error("{member} has no {} yet, which the role {role:?} needs", purpose.field())]
    KeyMissing {
        /// Member that is to have the role.
        member: MemberId,
        /// Role that is proposed.
        role: Role,
        /// What the key is for.
        purpose: KeyPurpose,
    },
    /// The member decides blocks, now or from a height to come on.
    #[error("{member} is one of the validators, or about to be; change them first")]
    StillAValidator {
        /// Member that the change is about.
        member: MemberId,
    },
    /// Fewer validators than bear a fault.
    #[error("{count} validators; fewer than {VALIDATORS_MIN} must be asked for by name")]
    TooFewValidators {
        /// How many there are.
        count: usize,
    },
    /// None, or too many.
    #[error("{count} validators; a set has 1 to {VALIDATORS_MAX}")]
    ValidatorCount {
        /// How many there are.
        count: usize,
    },
    /// Enough validators, and yet fewer are asked for.
    #[error("{count} validators are not fewer than {VALIDATORS_MIN}")]
    NeedlessForce {
        /// How many there are.
        count: usize,
    },
    /// Validators stand twice or out of order.
    #[error("{member} stands twice or out of order")]
    ValidatorOrder {
        /// Id that comes at or before the one ahead of it.
        member: MemberId,
    },
    /// A member that cannot be a validator.
    #[error("{member} cannot be a validator: it is {standing}, with the role {role:?}, and has {}", if *key { "a consensus key" } else { "no consensus key" })]
    NotEligible {
        /// Member that is proposed as a validator.
        member: MemberId,
        /// How it stands.
        standing: Standing,
        /// Role that it has now.
        role: Role,
        /// Whether it has a consensus key.
        key: bool,
    },
    /// Too few of the validators could vote when they take over.
    #[error("{able} of {count} validators are active; {quorum} are needed to decide a block")]
    NoQuorum {
        /// How many could vote.
        able: usize,
        /// How many there are.
        count: usize,
        /// How many are needed.
        quorum: usize,
    },
    /// A block limit out of range.
    #[error("block_bytes_max is {actual}; it must be from {BLOCK_BYTES_FLOOR} to {BLOCK_BYTES_LIMIT}")]
    BlockBytes {
        /// The value found.
        actual: u32,
    },
    /// A heartbeat out of range.
    #[error("heartbeat_ms is {actual}; it must be from {HEARTBEAT_MS_FLOOR} to {HEARTBEAT_MS_LIMIT}")]
    Heartbeat {
        /// The value found.
        actual: u32,
    },
    /// Not a later protocol version.
    #[error("protocol version {actual} does not come after {current}, or another one is announced")]
    Protocol {
        /// The version in force.
        current: ProtocolVersion,
        /// The version found.
        actual: ProtocolVersion,
    },
    /// A freeze names other governance keys than those in force.
    #[error("the freeze is for other governance keys than those of {member}")]
    OtherKeys {
        /// Member to be frozen.
        member: MemberId,
    },
    /// A successor that cannot be one.
    #[error("{member} cannot be its own successor")]
    OwnSuccessor {
        /// Member that is named as both.
        member: MemberId,
    },
    /// What is recorded as a contradiction is none.
    #[error("this is no evidence against {member}")]
    NoEvidence {
        /// Member that is accused.
        member: MemberId,
        /// Why the two statements prove nothing.
        source: EquivocationError,
    },
    /// The key that signed never was a consensus key of the member.
    #[error("{key} never was a consensus key of {member}")]
    NotItsConsensusKey {
        /// Member that is accused.
        member: MemberId,
        /// Key that signed the two statements.
        key: PublicKey,
    },
    /// The contradiction is of a height that has no block.
    #[error("height {actual} is none of 1 to {latest}, the height of this block")]
    EvidenceHeight {
        /// The block's height.
        latest: Height,
        /// The height found.
        actual: Height,
    },
    /// The contradiction is on record.
    #[error("{member} has a record of {occasion} already")]
    EvidenceRecorded {
        /// Member that is accused.
        member: MemberId,
        /// Which statements.
        occasion: Occasion,
    },
    /// Enough is on record.
    #[error("{EVIDENCE_PER_MEMBER_MAX} contradictions of {member} are on record; no more are taken")]
    EnoughEvidence {
        /// Member that is accused.
        member: MemberId,
    },
    /// A key that is not the member's consensus key in force.
    #[error("{key} is not the consensus key of {member} in force")]
    NotItsVotingKey {
        /// Member that rejoins.
        member: MemberId,
        /// Key that the statement names.
        key: PublicKey,
    },
    /// A nonce that was used before.
    #[error("the nonce is that of the last rejoin statement of {member}")]
    NonceUsed {
        /// Member that rejoins.
        member: MemberId,
    },
}
