//! What the ledger keeps of governance: part 0 of the state.

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};
use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use super::{CLOSED_PROPOSALS_KEPT, EVIDENCE_PER_MEMBER_MAX, OpenProposal, PROPOSALS_MAX};
use crate::codec;
use crate::event::ENTRY_BYTES_MAX;
use crate::evidence::Occasion;
use crate::hash::{GovernanceHash, ProposalId, RejoinNonce, Root};
use crate::ids::{Height, MEMBER_ID_BYTES_MAX, MemberId};
use crate::member::Standing;
use crate::merkle::{self, Hash, TreeHash};
use crate::registry::MEMBERS_MAX;
use crate::signature::PublicKey;
use crate::state_root::Part;

/// Longest encoded item, in bytes: an open proposal that every member approved.
pub const GOVERNANCE_ITEM_BYTES_MAX: usize = 512 + ENTRY_BYTES_MAX + MEMBERS_MAX * (1 + MEMBER_ID_BYTES_MAX);
/// Longest encoded item other than an open proposal, in bytes: evidence is the longest, with 64 occasions.
const OTHER_ITEM_BYTES_MAX: usize = 1024;
/// Most items.
pub const GOVERNANCE_ITEMS_MAX: usize = PROPOSALS_MAX + CLOSED_PROPOSALS_KEPT + 5 * MEMBERS_MAX;
/// Longest encodings of all items together, in bytes.
pub const GOVERNANCE_BYTES_MAX: usize =
    PROPOSALS_MAX * GOVERNANCE_ITEM_BYTES_MAX + (GOVERNANCE_ITEMS_MAX - PROPOSALS_MAX) * OTHER_ITEM_BYTES_MAX;

/// What became of a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The change is in force.
    Executed,
    /// Nobody approves it any more.
    Withdrawn,
    /// It did not find enough approvals in time.
    Expired,
    /// When it was to be executed, the change was no longer possible.
    Void,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Executed => "executed",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
            Self::Void => "void: it was no longer possible",
        })
    }
}

/// A proposal that is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, bincode::Encode, bincode::Decode)]
#[serde(deny_unknown_fields)]
pub struct ClosedProposal {
    /// The height of the block that closed it.
    pub height: Height,
    /// Id under which it was voted on.
    pub id: ProposalId,
    /// What became of it.
    pub outcome: Outcome,
}

/// A consensus key that comes into force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, bincode::Encode, bincode::Decode)]
#[serde(deny_unknown_fields)]
pub struct PendingKey {
    /// Member whose key it will be.
    pub member: MemberId,
    /// Ed25519 public key that will sign votes.
    pub key: PublicKey,
    /// The first height that it decides.
    pub height: Height,
}

/// The member that may revoke what another one issued, once that one is retired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, bincode::Encode, bincode::Decode)]
#[serde(deny_unknown_fields)]
pub struct SuccessorRecord {
    /// The member that has left, or will.
    pub member: MemberId,
    /// Member that may revoke in its place.
    pub successor: MemberId,
}

/// That a member was frozen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FreezeRecord {
    /// Member that was frozen, and may have thawed since.
    pub member: MemberId,
    /// How often.
    pub count: u64,
    /// While it is frozen, how it stood before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Standing>,
}

/// What a member is proved to have signed twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceRecord {
    /// Member whose key signed both statements.
    pub member: MemberId,
    /// The occasions, ascending; at most [`EVIDENCE_PER_MEMBER_MAX`]. The signatures are in the log.
    pub occasions: Vec<Occasion>,
}

/// The last rejoin statement of a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, bincode::Encode, bincode::Decode)]
#[serde(deny_unknown_fields)]
pub struct RejoinRecord {
    /// Member whose governance key signed it.
    pub member: MemberId,
    /// The consensus key that votes again.
    pub key: PublicKey,
    /// What the process drew that votes with it.
    pub nonce: RejoinNonce,
    /// The height of the block that holds the statement: the key signs nothing up to there.
    pub height: Height,
}

/// One leaf of the governance part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "item", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum GovernanceItem {
    /// An open proposal.
    Open(OpenProposal),
    /// A closed one.
    Closed(ClosedProposal),
    /// A consensus key to come.
    PendingKey(PendingKey),
    /// A successor.
    Successor(SuccessorRecord),
    /// A freeze.
    Freeze(FreezeRecord),
    /// Contradictions of a validator.
    Evidence(EvidenceRecord),
    /// A rejoin statement.
    Rejoin(RejoinRecord),
}

/// The governance part. Cheap to clone: a clone shares all that neither has changed since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Governance {
    items: OrdMap<Vec<u8>, (GovernanceItem, Hash)>,
}

impl Default for Governance {
    fn default() -> Self {
        Self { items: OrdMap::new() }
    }
}

impl GovernanceItem {
    /// Where the item stands among the others: its tag, then what it is found by.
    pub fn key(&self) -> Vec<u8> {
        match self {
            Self::Open(open) => [&[OPEN], &open.id.0[..]].concat(),
            Self::Closed(closed) => [&[CLOSED], &closed.height.0.to_be_bytes()[..], &closed.id.0].concat(),
            Self::PendingKey(pending) => member_key(PENDING_KEY, &pending.member),
            Self::Successor(record) => member_key(SUCCESSOR, &record.member),
            Self::Freeze(record) => member_key(FREEZE, &record.member),
            Self::Evidence(record) => member_key(EVIDENCE, &record.member),
            Self::Rejoin(record) => member_key(REJOIN, &record.member),
        }
    }

    /// Hash of the item as a leaf of the governance tree.
    pub fn leaf_hash(&self) -> Hash {
        GovernanceHash::leaf(&codec::encode(self))
    }
}

fn member_key(tag: u8, member: &MemberId) -> Vec<u8> {
    [&[tag], member.as_str().as_bytes()].concat()
}

impl Governance {
    /// The part with the given items.
    pub fn from_items(items: impl IntoIterator<Item = GovernanceItem>) -> Self {
        let mut governance = Self::default();
        items.into_iter().for_each(|item| governance.set(item));
        governance
    }

    /// The items, in ascending order of [`GovernanceItem::key`].
    pub fn items(&self) -> impl ExactSizeIterator<Item = &GovernanceItem> {
        self.items.values().map(|(item, _)| item)
    }

    /// Count of the items, and the root of the tree over them; unused without items.
    pub fn part(&self) -> Part {
        if self.items.is_empty() {
            return Part::UNUSED;
        }
        let leaves: Vec<Hash> = self.items.values().map(|(_, leaf)| *leaf).collect();
        Part { count: leaves.len() as u64, root: Root(merkle::root_of::<GovernanceHash>(&leaves)) }
    }

    /// The open proposals, in ascending order of their ids.
    pub fn open(&self) -> impl Iterator<Item = &OpenProposal> {
        self.of(OPEN).filter_map(|item| match item {
            GovernanceItem::Open(open) => Some(open),
            _ => None,
        })
    }

    /// An open proposal.
    pub fn proposal(&self, id: &ProposalId) -> Option<&OpenProposal> {
        match &self.items.get(&[&[OPEN], &id.0[..]].concat())?.0 {
            GovernanceItem::Open(open) => Some(open),
            _ => None,
        }
    }

    /// The last closed proposals, the oldest first.
    pub fn closed(&self) -> impl Iterator<Item = &ClosedProposal> {
        self.of(CLOSED).filter_map(|item| match item {
            GovernanceItem::Closed(closed) => Some(closed),
            _ => None,
        })
    }

    /// The consensus keys to come, by member.
    pub fn pending_keys(&self) -> impl Iterator<Item = &PendingKey> {
        self.of(PENDING_KEY).filter_map(|item| match item {
            GovernanceItem::PendingKey(pending) => Some(pending),
            _ => None,
        })
    }

    /// The successor of a member.
    pub fn successor(&self, member: &MemberId) -> Option<&MemberId> {
        match &self.items.get(&member_key(SUCCESSOR, member))?.0 {
            GovernanceItem::Successor(record) => Some(&record.successor),
            _ => None,
        }
    }

    /// The freezes of a member.
    pub fn freezes(&self, member: &MemberId) -> Option<&FreezeRecord> {
        match &self.items.get(&member_key(FREEZE, member))?.0 {
            GovernanceItem::Freeze(record) => Some(record),
            _ => None,
        }
    }

    /// What a member is proved to have signed twice, ascending.
    pub fn evidence(&self, member: &MemberId) -> &[Occasion] {
        match self.items.get(&member_key(EVIDENCE, member)) {
            Some((GovernanceItem::Evidence(record), _)) => &record.occasions,
            _ => &[],
        }
    }

    /// The last rejoin statement of a member.
    pub fn rejoin(&self, member: &MemberId) -> Option<&RejoinRecord> {
        match &self.items.get(&member_key(REJOIN, member))?.0 {
            GovernanceItem::Rejoin(record) => Some(record),
            _ => None,
        }
    }

    /// Whether something is to happen at a height at or before `height`.
    pub fn is_due(&self, height: Height) -> bool {
        self.open().any(|open| open.due().is_some_and(|due| due <= height))
            || self.pending_keys().any(|pending| pending.height <= height)
    }

    fn of(&self, tag: u8) -> impl Iterator<Item = &GovernanceItem> {
        self.items.range(vec![tag]..vec![tag + 1]).map(|(_, (item, _))| item)
    }

    pub(crate) fn set(&mut self, item: GovernanceItem) {
        let leaf = item.leaf_hash();
        self.items.insert(item.key(), (item, leaf));
    }

    pub(crate) fn remove_pending_key(&mut self, member: &MemberId) {
        self.items.remove(&member_key(PENDING_KEY, member));
    }

    /// Closes a proposal, and forgets the oldest of those closed before.
    pub(crate) fn close(&mut self, id: &ProposalId, height: Height, outcome: Outcome) {
        self.items.remove(&[&[OPEN], &id.0[..]].concat());
        self.set(GovernanceItem::Closed(ClosedProposal { height, id: *id, outcome }));
        let kept: Vec<Vec<u8>> = self.closed().map(|closed| GovernanceItem::Closed(*closed).key()).collect();
        for key in &kept[..kept.len().saturating_sub(CLOSED_PROPOSALS_KEPT)] {
            self.items.remove(key);
        }
    }
}

impl Encode for Outcome {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        (*self as u8).encode(encoder)
    }
}

impl<C> Decode<C> for Outcome {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        match u8::decode(decoder)? {
            0 => Ok(Self::Executed),
            1 => Ok(Self::Withdrawn),
            2 => Ok(Self::Expired),
            3 => Ok(Self::Void),
            _ => Err(DecodeError::Other("outcome")),
        }
    }
}

bincode::impl_borrow_decode!(Outcome);

impl Encode for GovernanceItem {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        match self {
            Self::Open(open) => (OPEN, open).encode(encoder),
            Self::Closed(closed) => (CLOSED, closed).encode(encoder),
            Self::PendingKey(pending) => (PENDING_KEY, pending).encode(encoder),
            Self::Successor(record) => (SUCCESSOR, record).encode(encoder),
            Self::Freeze(FreezeRecord { member, count, before }) => {
                (FREEZE, member, count, before).encode(encoder)
            }
            Self::Evidence(EvidenceRecord { member, occasions }) => {
                (EVIDENCE, member).encode(encoder)?;
                codec::encode_list(occasions, encoder)
            }
            Self::Rejoin(record) => (REJOIN, record).encode(encoder),
        }
    }
}

impl<C> Decode<C> for GovernanceItem {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Ok(match u8::decode(decoder)? {
            OPEN => Self::Open(OpenProposal::decode(decoder)?),
            CLOSED => Self::Closed(ClosedProposal::decode(decoder)?),
            PENDING_KEY => Self::PendingKey(PendingKey::decode(decoder)?),
            SUCCESSOR => Self::Successor(SuccessorRecord::decode(decoder)?),
            FREEZE => Self::Freeze(FreezeRecord {
                member: MemberId::decode(decoder)?,
                count: u64::decode(decoder)?,
                before: Option::decode(decoder)?,
            }),
            EVIDENCE => {
                let member = MemberId::decode(decoder)?;
                let occasions: Vec<Occasion> =
                    codec::decode_list(decoder, EVIDENCE_PER_MEMBER_MAX, "evidence count")?;
                if occasions.is_empty() || !occasions.is_sorted_by(|a, b| a < b) {
                    return Err(DecodeError::Other("evidence order"));
                }
                Self::Evidence(EvidenceRecord { member, occasions })
            }
            REJOIN => Self::Rejoin(RejoinRecord::decode(decoder)?),
            _ => return Err(DecodeError::Other("governance item")),
        })
    }
}

const OPEN: u8 = 0;
const CLOSED: u8 = 1;
const PENDING_KEY: u8 = 2;
const SUCCESSOR: u8 = 3;
const FREEZE: u8 = 4;
const EVIDENCE: u8 = 5;
const REJOIN: u8 = 6;
