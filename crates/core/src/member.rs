//! Members of the consortium and their records in the registry.

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::hash::BatchId;
use crate::ids::{Height, MemberId, Sequence};
use crate::signature::{PublicKey, SignatureError};

/// Longest name of a member, in bytes of UTF-8.
pub const MEMBER_NAME_BYTES_MAX: usize = 128;
/// Longest encoded member record, in bytes.
pub const MEMBER_RECORD_BYTES_MAX: usize =
    (1 + crate::ids::MEMBER_ID_BYTES_MAX) + (1 + MEMBER_NAME_BYTES_MAX) + 1 + 3 * 33 + 8 + 9 + 8 + 32 + 8;

/// What a member may do. Each role may do all that the one below it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Runs a node that follows the chain.
    Observer,
    /// Also signs batches.
    Issuer,
    /// Also votes on blocks.
    Validator,
}

/// The facts of a member that its institution publishes and genesis states.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// The id.
    pub id: MemberId,
    /// The institution's name, 1 to 128 bytes.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Key that signs batches; issuers and validators have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuing_key: Option<PublicKey>,
    /// Key that signs votes; validators have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consensus_key: Option<PublicKey>,
    /// Key of the member's node in the peer-to-peer network; the allow-list of peers is made of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_key: Option<PublicKey>,
    /// First height at which the member is active; 0 is from the beginning.
    pub active_from: Height,
    /// First height at which it is active no more; none while there is no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_until: Option<Height>,
}

/// Why a member's facts do not fit together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MemberError {
    /// The name is empty or too long.
    #[error("{id}: the name has {bytes} bytes; 1 to {MEMBER_NAME_BYTES_MAX} are allowed")]
    Name {
        /// The member.
        id: MemberId,
        /// Length of the name.
        bytes: usize,
    },
    /// A key that the role needs is missing.
    #[error("{id}: a member with the role {role:?} needs {key}")]
    MissingKey {
        /// The member.
        id: MemberId,
        /// Its role.
        role: Role,
        /// The field that is missing.
        key: &'static str,
    },
    /// A key that the role has no use for.
    #[error("{id}: a member with the role {role:?} has no use for {key}")]
    NeedlessKey {
        /// The member.
        id: MemberId,
        /// Its role.
        role: Role,
        /// The field that is too much.
        key: &'static str,
    },
    /// A key is no usable Ed25519 key.
    #[error("{id}: {field}: {source}")]
    Key {
        /// The member.
        id: MemberId,
        /// The field.
        field: &'static str,
        /// Why.
        source: SignatureError,
    },
    /// It ends before it begins.
    #[error("{id}: active from height {from} until height {until}, which is never")]
    Heights {
        /// The member.
        id: MemberId,
        /// First active height.
        from: Height,
        /// First height no more active.
        until: Height,
    },
}

impl Member {
    /// Whether the member is active at a height.
    pub fn is_active(&self, height: Height) -> bool {
        self.active_from <= height && self.active_until.is_none_or(|until| height < until)
    }

    /// Checks the length of the name: a longer one has no encoding.
    pub(crate) fn check_name(&self) -> Result<(), MemberError> {
        match self.name.len() {
            1..=MEMBER_NAME_BYTES_MAX => Ok(()),
            bytes => Err(MemberError::Name { id: self.id.clone(), bytes }),
        }
    }

    /// Checks that role, keys, name and heights fit together.
    ///
    /// # Errors
    /// [`MemberError`].
    pub fn check(&self) -> Result<(), MemberError> {
        self.check_name()?;
        let needed = [
            ("issuing_key", &self.issuing_key, self.role >= Role::Issuer),
            ("consensus_key", &self.consensus_key, self.role == Role::Validator),
        ];
        for (key, value, needed) in needed {
            let (id, role) = (self.id.clone(), self.role);
            match (value, needed) {
                (None, true) => return Err(MemberError::MissingKey { id, role, key }),
                (Some(_), false) => return Err(MemberError::NeedlessKey { id, role, key }),
                _ => {}
            }
        }
        if self.role == Role::Validator && self.network_key.is_none() {
            return Err(MemberError::MissingKey { id: self.id.clone(), role: self.role, key: "network_key" });
        }
        for (field, key) in [
            ("issuing_key", &self.issuing_key),
            ("consensus_key", &self.consensus_key),
            ("network_key", &self.network_key),
        ] {
            if let Some(key) = key {
                key.check().map_err(|source| MemberError::Key { id: self.id.clone(), field, source })?;
            }
        }
        match self.active_until {
            Some(until) if until <= self.active_from => {
                Err(MemberError::Heights { id: self.id.clone(), from: self.active_from, until })
            }
            _ => Ok(()),
        }
    }
}

/// Head of a member's own chain of batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, bincode::Encode, bincode::Decode)]
#[serde(deny_unknown_fields)]
pub struct ChainHead {
    /// Sequence number of its next batch, which is also the number of its batches so far.
    pub next_sequence: Sequence,
    /// Its last batch; zeros before the first.
    pub last_batch: BatchId,
    /// Entries of all its batches so far.
    pub entries: u64,
}

impl ChainHead {
    /// The head before any batch.
    pub const START: Self =
        Self { next_sequence: Sequence(0), last_batch: crate::batch::NO_BATCH, entries: 0 };
}

/// A member as the registry tree holds it: its facts and the head of its chain of batches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, bincode::Encode, bincode::Decode)]
#[serde(deny_unknown_fields)]
pub struct MemberRecord {
    /// The facts.
    pub member: Member,
    /// The head of its chain.
    pub chain: ChainHead,
}

impl Encode for Member {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.id.encode(encoder)?;
        codec::encode_short_text(&self.name, encoder)?;
        let role: u8 = match self.role {
            Role::Observer => 0,
            Role::Issuer => 1,
            Role::Validator => 2,
        };
        role.encode(encoder)?;
        self.issuing_key.encode(encoder)?;
        self.consensus_key.encode(encoder)?;
        self.network_key.encode(encoder)?;
        self.active_from.encode(encoder)?;
        self.active_until.encode(encoder)
    }
}

impl<C> Decode<C> for Member {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Ok(Self {
            id: MemberId::decode(decoder)?,
            name: codec::decode_short_text(decoder, MEMBER_NAME_BYTES_MAX)?,
            role: match u8::decode(decoder)? {
                0 => Role::Observer,
                1 => Role::Issuer,
                2 => Role::Validator,
                _ => return Err(DecodeError::Other("role")),
            },
            issuing_key: Option::decode(decoder)?,
            consensus_key: Option::decode(decoder)?,
            network_key: Option::decode(decoder)?,
            active_from: Height::decode(decoder)?,
            active_until: Option::decode(decoder)?,
        })
    }
}

bincode::impl_borrow_decode!(Member);
