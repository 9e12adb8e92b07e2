//! The state in a snapshot: records in one order, proved by the state root of a header.

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};

use super::{ChunkFault, RECORD_BYTES_MAX, records};
use crate::block::BlockHeader;
use crate::codec::{self, CodecError};
use crate::genesis::Parameters;
use crate::governance::{GOVERNANCE_ITEMS_MAX, Governance, GovernanceItem};
use crate::ids::{LogIndex, MemberId};
use crate::member::MemberState;
use crate::registry::{MEMBERS_MAX, Registry};
use crate::state_root;
use crate::status::{STATUS_LEAF_BYTES, StatusLeaf, StatusTree, leaf_count};

/// One record of the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateRecord {
    /// The parameters in force.
    Parameters(Parameters),
    /// A member.
    Member(Box<MemberState>),
    /// A proposal, or what else governance keeps.
    Governance(Box<GovernanceItem>),
    /// A leaf of the status tree that is not zero, with its place.
    Statuses(u64, StatusLeaf),
    /// An entry by another member that concerns this one. Proved by the fold of the member's events.
    Concern(MemberId, LogIndex),
}

/// The state of a snapshot. What the state root covers was proved by it.
#[derive(Clone, Debug)]
pub struct StateSnapshot {
    /// The parameters in force.
    pub parameters: Parameters,
    /// Every member, sorted by id.
    pub members: Vec<MemberState>,
    /// Proposals, votes and records of governance.
    pub governance: Governance,
    /// The leaves of the status tree that are not zero, by place.
    pub leaves: Vec<(u64, StatusLeaf)>,
    /// Entries that concern another member than the one that signed them, by member and index. **Not** proved by the
    /// state root alone.
    pub concerns: Vec<(MemberId, LogIndex)>,
}

/// Why records are not the state of a header.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateFault {
    /// A chunk does not hold records.
    #[error(transparent)]
    Chunk(#[from] ChunkFault),
    /// A record cannot be read.
    #[error("a record of the state cannot be read")]
    Encoding(#[from] CodecError),
    /// Records are out of order, or one stands twice.
    #[error("the records of the state are not in order")]
    Order,
    /// A record is beyond the log, or there are more of a kind than a state has.
    #[error("the state holds more than a ledger of this size has")]
    Beyond,
    /// There are no parameters.
    #[error("the state has no parameters")]
    NoParameters,
    /// The root over it is not the one in the header.
    #[error("the state does not have the root that the header states")]
    Root,
}

/// Reads the records of a state.
#[derive(Debug)]
pub struct StateReader<'a> {
    header: &'a BlockHeader,
    last: Vec<u8>,
    parameters: Option<Parameters>,
    members: Vec<MemberState>,
    items: Vec<GovernanceItem>,
    leaves: Vec<(u64, StatusLeaf)>,
    concerns: Vec<(MemberId, LogIndex)>,
}

impl<'a> StateReader<'a> {
    /// A reader of the state after the block of a proved header, which bounds what is read.
    pub fn new(header: &'a BlockHeader) -> Self {
        let (members, items, leaves, concerns) = Default::default();
        Self { header, last: Vec::new(), parameters: None, members, items, leaves, concerns }
    }

    /// Reads the next chunk.
    ///
    /// # Errors
    /// [`StateFault`].
    pub fn read(&mut self, chunk: &[u8]) -> Result<(), StateFault> {
        for record in records(chunk)? {
            let record: StateRecord = codec::decode(record, RECORD_BYTES_MAX)?;
            let key = record.key();
            if key <= self.last {
                return Err(StateFault::Order);
            }
            self.last = key;
            self.take(record)?;
        }
        Ok(())
    }

    fn take(&mut self, record: StateRecord) -> Result<(), StateFault> {
        let size = self.header.log_size;
        let possible = match &record {
            StateRecord::Parameters(_) => true,
            StateRecord::Member(_) => self.members.len() < MEMBERS_MAX,
            StateRecord::Governance(_) => self.items.len() < GOVERNANCE_ITEMS_MAX,
            StateRecord::Statuses(place, leaf) => {
                *place < leaf_count(size) && *leaf != [0; STATUS_LEAF_BYTES]
            }
            StateRecord::Concern(member, index) => {
                index.0 < size.0
                    && self.members.binary_search_by(|state| state.record().id.cmp(member)).is_ok()
            }
        };
        if !possible {
            return Err(StateFault::Beyond);
        }
        match record {
            StateRecord::Parameters(parameters) => self.parameters = Some(parameters),
            StateRecord::Member(member) => self.members.push(*member),
            StateRecord::Governance(item) => self.items.push(*item),
            StateRecord::Statuses(place, leaf) => self.leaves.push((place, leaf)),
            StateRecord::Concern(member, index) => self.concerns.push((member, index)),
        }
        Ok(())
    }

    /// The state, once all was read: its root is the one in the header.
    ///
    /// # Errors
    /// [`StateFault`].
    pub fn finish(self) -> Result<StateSnapshot, StateFault> {
        let Self { header, parameters, members, items, leaves, concerns, .. } = self;
        let parameters = parameters.ok_or(StateFault::NoParameters)?;
        let governance = Governance::from_items(items);
        let status = StatusTree::from_leaves(leaves.iter().copied()).root(header.log_size);
        let registry = Registry::new(members.iter().cloned()).root();
        let others = state_root::others_root(&state_root::parts(&governance, &parameters));
        match state_root::state_root(&status, &registry, &others) == header.state_root {
            true => Ok(StateSnapshot { parameters, members, governance, leaves, concerns }),
            false => Err(StateFault::Root),
        }
    }
}

impl StateRecord {
    /// By what records are in order.
    fn key(&self) -> Vec<u8> {
        let tag = self.tag();
        match self {
            Self::Parameters(_) => vec![tag],
            Self::Member(member) => [&[tag], member.record().id.as_str().as_bytes()].concat(),
            Self::Governance(item) => [&[tag][..], &item.key()].concat(),
            Self::Statuses(place, _) => [&[tag][..], &place.to_be_bytes()].concat(),
            Self::Concern(member, LogIndex(index)) => {
                [&[tag], member.as_str().as_bytes(), &[0], &index.to_be_bytes()[..]].concat()
            }
        }
    }

    fn tag(&self) -> u8 {
        match self {
            Self::Parameters(_) => PARAMETERS,
            Self::Member(_) => MEMBER,
            Self::Governance(_) => GOVERNANCE,
            Self::Statuses(..) => STATUSES,
            Self::Concern(..) => CONCERN,
        }
    }
}

impl Encode for StateRecord {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.tag().encode(encoder)?;
        match self {
            Self::Parameters(parameters) => parameters.encode(encoder),
            Self::Member(member) => member.encode(encoder),
            Self::Governance(item) => item.encode(encoder),
            Self::Statuses(place, leaf) => (place, leaf).encode(encoder),
            Self::Concern(member, index) => (member, index).encode(encoder),
        }
    }
}

impl<C> Decode<C> for StateRecord {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Ok(match u8::decode(decoder)? {
            PARAMETERS => Self::Parameters(Parameters::decode(decoder)?),
            MEMBER => Self::Member(Box::new(MemberState::decode(decoder)?)),
            GOVERNANCE => Self::Governance(Box::new(GovernanceItem::decode(decoder)?)),
            STATUSES => Self::Statuses(u64::decode(decoder)?, StatusLeaf::decode(decoder)?),
            CONCERN => Self::Concern(MemberId::decode(decoder)?, LogIndex::decode(decoder)?),
            _ => return Err(DecodeError::Other("state record")),
        })
    }
}

const PARAMETERS: u8 = 0;
const MEMBER: u8 = 1;
const GOVERNANCE: u8 = 2;
const STATUSES: u8 = 3;
const CONCERN: u8 = 4;
