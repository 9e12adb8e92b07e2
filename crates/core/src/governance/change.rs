//! What the validators decide by vote.

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};
use serde::{Deserialize, Serialize};

use crate::block::ProtocolVersion;
use crate::codec;
use crate::ids::{Height, MemberId};
use crate::member::{FACTS_MAX, Fact, GOVERNANCE_KEYS_MAX, IssuerId, MEMBER_NAME_BYTES_MAX, Member, Role};
use crate::signature::{PublicKey, Signature};
use crate::validators::VALIDATORS_MAX;

/// A change that needs more than 2/3 of the validators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Change {
    /// A new member. Its role does not make it one of the validators of a set.
    Admit(Box<Admission>),
    /// A member has another role.
    SetRole {
        /// Member whose role changes.
        member: MemberId,
        /// Its role from then on.
        role: Role,
    },
    /// A member's name or facts are others.
    Amend {
        /// Member whose name, facts or both change.
        member: MemberId,
        /// The name; `None` leaves it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// All facts, sorted by name; `None` leaves them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        facts: Option<Vec<Fact>>,
    },
    /// A member issues nothing for now.
    Suspend {
        /// Member to suspend; neither suspended nor retired.
        member: MemberId,
    },
    /// The suspension of a member is lifted.
    Lift {
        /// Member whose suspension ends.
        member: MemberId,
    },
    /// A member has left for good.
    Retire {
        /// Member that leaves; must not be a validator.
        member: MemberId,
    },
    /// Another member may revoke what a retired one issued.
    NameSuccessor {
        /// The member that has left, or will.
        member: MemberId,
        /// Member that may revoke what the other one issued.
        successor: MemberId,
    },
    /// A member has other governance keys. A frozen member stands as before it was frozen.
    ReplaceGovernanceKeys(Box<NewGovernanceKeys>),
    /// A member uses one more issuer id.
    AddIssuerId {
        /// Member that gets the issuer id.
        member: MemberId,
        /// Issuer id that no member has now.
        issuer_id: IssuerId,
    },
    /// Others decide the blocks.
    SetValidators {
        /// Their ids, in ascending order.
        validators: Vec<MemberId>,
        /// Says by name that they may be fewer than four.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        fewer_than_four: bool,
    },
    /// Other limits.
    SetParameters {
        /// Most bytes of a block.
        block_bytes_max: u32,
        /// Longest time between two blocks, in milliseconds.
        heartbeat_ms: u32,
    },
    /// Another protocol version from a height on.
    ActivateProtocol {
        /// Version of the rules that comes into force.
        protocol: ProtocolVersion,
        /// The first height under it.
        height: Height,
    },
}

/// A member to be, with its member file's signatures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Admission {
    /// The member as it enters the register, under an id that was never given before.
    pub member: Member,
    /// The signatures of its [member file](crate::member::MemberFile), which is bound to this consortium.
    pub possession: Vec<Signature>,
}

/// Governance keys of a member to come into force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewGovernanceKeys {
    /// Member whose governance keys they replace.
    pub member: MemberId,
    /// 1 to 5 keys in ascending order.
    pub keys: Vec<PublicKey>,
    /// How many of them have to sign.
    pub threshold: u8,
    /// One signature by each key, over [`key_possession_message`](super::key_possession_message).
    pub possession: Vec<Signature>,
}

/// What a change is about. Two changes about the same thing do not wait side by side.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A member.
    Member(MemberId),
    /// The set of validators.
    Validators,
    /// Parameters and protocol version.
    Parameters,
}

impl Change {
    /// What the change is about.
    pub fn subject(&self) -> Subject {
        match self {
            Self::Admit(admission) => Subject::Member(admission.member.id.clone()),
            Self::ReplaceGovernanceKeys(new) => Subject::Member(new.member.clone()),
            Self::SetRole { member, .. }
            | Self::Amend { member, .. }
            | Self::Suspend { member }
            | Self::Lift { member }
            | Self::Retire { member }
            | Self::NameSuccessor { member, .. }
            | Self::AddIssuerId { member, .. } => Subject::Member(member.clone()),
            Self::SetValidators { .. } => Subject::Validators,
            Self::SetParameters { .. } | Self::ActivateProtocol { .. } => Subject::Parameters,
        }
    }

    /// The member that the change concerns, if it is about one.
    pub fn member(&self) -> Option<MemberId> {
        match self.subject() {
            Subject::Member(member) => Some(member),
            Subject::Validators | Subject::Parameters => None,
        }
    }

    /// Heights between the block with the completing vote and the first one under the change; 0 for what acts at the
    /// vote itself.
    pub(crate) fn lead(&self) -> u64 {
        match self {
            Self::SetValidators { .. } => super::SET_LEAD_HEIGHTS,
            _ => 0,
        }
    }

    fn tag(&self) -> u8 {
        match self {
            Self::Admit(_) => 0,
            Self::SetRole { .. } => 1,
            Self::Amend { .. } => 2,
            Self::Suspend { .. } => 3,
            Self::Lift { .. } => 4,
            Self::Retire { .. } => 5,
            Self::NameSuccessor { .. } => 6,
            Self::ReplaceGovernanceKeys(_) => 7,
            Self::AddIssuerId { .. } => 8,
            Self::SetValidators { .. } => 9,
            Self::SetParameters { .. } => 10,
            Self::ActivateProtocol { .. } => 11,
        }
    }
}

impl Encode for Change {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.tag().encode(encoder)?;
        match self {
            Self::Admit(admission) => {
                admission.member.encode(encoder)?;
                codec::encode_list(&admission.possession, encoder)
            }
            Self::SetRole { member, role } => (member, role).encode(encoder),
            Self::Amend { member, name, facts } => {
                member.encode(encoder)?;
                u8::from(name.is_some()).encode(encoder)?;
                if let Some(name) = name {
                    codec::encode_short_text(name, encoder)?;
                }
                u8::from(facts.is_some()).encode(encoder)?;
                facts.as_ref().map_or(Ok(()), |facts| codec::encode_list(facts, encoder))
            }
            Self::Suspend { member } | Self::Lift { member } | Self::Retire { member } => {
                member.encode(encoder)
            }
            Self::NameSuccessor { member, successor } => (member, successor).encode(encoder),
            Self::ReplaceGovernanceKeys(new) => {
                new.member.encode(encoder)?;
                codec::encode_list(&new.keys, encoder)?;
                new.threshold.encode(encoder)?;
                codec::encode_list(&new.possession, encoder)
            }
            Self::AddIssuerId { member, issuer_id } => (member, issuer_id).encode(encoder),
            Self::SetValidators { validators, fewer_than_four } => {
                codec::encode_list(validators, encoder)?;
                u8::from(*fewer_than_four).encode(encoder)
            }
            Self::SetParameters { block_bytes_max, heartbeat_ms } => {
                (block_bytes_max, heartbeat_ms).encode(encoder)
            }
            Self::ActivateProtocol { protocol, height } => (protocol, height).encode(encoder),
        }
    }
}

impl<C> Decode<C> for Change {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Ok(match u8::decode(decoder)? {
            0 => Self::Admit(Box::new(Admission {
                member: Member::decode(decoder)?,
                possession: codec::decode_list(decoder, MEMBER_KEYS_MAX, "possession count")?,
            })),
            1 => Self::SetRole { member: MemberId::decode(decoder)?, role: Role::decode(decoder)? },
            2 => Self::Amend {
                member: MemberId::decode(decoder)?,
                name: decode_flag(decoder, "name")?
                    .then(|| codec::decode_short_text(decoder, MEMBER_NAME_BYTES_MAX))
                    .transpose()?,
                facts: decode_flag(decoder, "facts")?
                    .then(|| codec::decode_list(decoder, FACTS_MAX, "fact count"))
                    .transpose()?,
            },
            3 => Self::Suspend { member: MemberId::decode(decoder)? },
            4 => Self::Lift { member: MemberId::decode(decoder)? },
            5 => Self::Retire { member: MemberId::decode(decoder)? },
            6 => Self::NameSuccessor {
                member: MemberId::decode(decoder)?,
                successor: MemberId::decode(decoder)?,
            },
            7 => Self::ReplaceGovernanceKeys(Box::new(NewGovernanceKeys {
                member: MemberId::decode(decoder)?,
                keys: codec::decode_list(decoder, GOVERNANCE_KEYS_MAX, "governance key count")?,
                threshold: u8::decode(decoder)?,
                possession: codec::decode_list(decoder, GOVERNANCE_KEYS_MAX, "possession count")?,
            })),
            8 => Self::AddIssuerId {
                member: MemberId::decode(decoder)?,
                issuer_id: IssuerId::decode(decoder)?,
            },
            9 => Self::SetValidators {
                validators: codec::decode_list(decoder, VALIDATORS_MAX, "validator count")?,
                fewer_than_four: decode_flag(decoder, "fewer than four")?,
            },
            10 => Self::SetParameters {
                block_bytes_max: u32::decode(decoder)?,
                heartbeat_ms: u32::decode(decoder)?,
            },
            11 => Self::ActivateProtocol {
                protocol: ProtocolVersion::decode(decoder)?,
                height: Height::decode(decoder)?,
            },
            _ => return Err(DecodeError::Other("change tag")),
        })
    }
}

bincode::impl_borrow_decode!(Change);

fn decode_flag<D: Decoder>(decoder: &mut D, field: &'static str) -> Result<bool, DecodeError> {
    match u8::decode(decoder)? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(DecodeError::Other(field)),
    }
}

/// Most keys of a member file: governance keys, and one for each other purpose.
const MEMBER_KEYS_MAX: usize = GOVERNANCE_KEYS_MAX + 3;
