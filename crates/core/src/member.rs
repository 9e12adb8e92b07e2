//! Members of the consortium and their records in the register.

mod error;
pub(crate) mod file;
mod issuer_id;
mod record;
mod rest;
mod state;

use std::collections::BTreeSet;

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::ids::MemberId;
use crate::signature::PublicKey;
use crate::text;

pub use error::MemberError;
pub use file::{
    Invitation, MEMBER_FILE_BYTES_MAX, MEMBER_FILE_FORMAT, MemberFile, MemberFileError, possession_message,
};
pub use issuer_id::{ISSUER_ID_BYTES_MAX, IssuerId, IssuerIdError};
pub use record::{DISPUTED_RANGES_MAX, IndexRange, IssuerIdTerm, MEMBER_RECORD_BYTES_MAX, MemberRecord};
pub use rest::{ChainHead, DailyCount, EventsHead, KEY_TERMS_MAX, KeyPurpose, KeyTerm, MemberRest};
pub use state::{MemberState, RestMismatch};

/// Longest name of a member, in bytes of UTF-8.
pub const MEMBER_NAME_BYTES_MAX: usize = 128;
/// Most issuer ids of a member's record, those that it no longer has included.
pub const ISSUER_IDS_MAX: usize = 32;
/// Most governance keys of a member.
pub const GOVERNANCE_KEYS_MAX: usize = 5;
/// Most network addresses of a member.
pub const ADDRESSES_MAX: usize = 8;
/// Most facts of a member.
pub const FACTS_MAX: usize = 16;
/// Longest text of an address or a fact, in bytes.
pub const MEMBER_TEXT_BYTES_MAX: usize = 255;

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

/// How a member stands with the consortium.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// May issue.
    Active,
    /// Issues nothing and changes nothing about itself until the consortium gives it new governance keys: one of its
    /// governance keys said so.
    Frozen,
    /// Issues nothing until the consortium decides otherwise.
    Suspended,
    /// Has left for good. What it issued can still be checked, and revoked.
    Retired,
}

impl std::fmt::Display for Standing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Active => "active",
            Self::Frozen => "frozen",
            Self::Suspended => "suspended",
            Self::Retired => "retired",
        })
    }
}

/// What an institution says of itself in its member file, and what the genesis states of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// The id. It never changes, and is never given to another member.
    pub id: MemberId,
    /// The institution's name, 1 to 128 bytes.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Keys with which the institution decides about its other keys, 1 to 5, in ascending order.
    pub governance_keys: Vec<PublicKey>,
    /// How many of the governance keys have to sign.
    pub governance_threshold: u8,
    /// Key that signs batches; issuers and validators have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuing_key: Option<PublicKey>,
    /// Key that signs votes; validators have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consensus_key: Option<PublicKey>,
    /// Key of the member's node in the peer-to-peer network; the allow-list of peers is made of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_key: Option<PublicKey>,
    /// The names by which the member's credentials call their issuer, in ascending order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issuer_ids: Vec<IssuerId>,
    /// Where the member's node is reached, as `host:port`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// Facts about the institution, such as its accreditation, sorted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Fact>,
}

/// One fact about a member.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// What it is about, such as `accreditation`.
    pub name: String,
    /// What it says.
    pub value: String,
}

impl Member {
    /// Every key of the member with the field that holds it, in the order in which they sign a member file.
    pub fn keys(&self) -> impl Iterator<Item = (KeyPurpose, PublicKey)> {
        let governance = self.governance_keys.iter().map(|key| (KeyPurpose::Governance, *key));
        let others = [
            (KeyPurpose::Issuing, self.issuing_key),
            (KeyPurpose::Consensus, self.consensus_key),
            (KeyPurpose::Network, self.network_key),
        ];
        governance.chain(others.into_iter().filter_map(|(purpose, key)| Some((purpose, key?))))
    }

    /// Checks that role, keys and texts fit together.
    ///
    /// # Errors
    /// [`MemberError`].
    pub fn check(&self) -> Result<(), MemberError> {
        check_name(&self.id, &self.name)?;
        self.check_keys()?;
        self.check_lists()
    }

    fn check_keys(&self) -> Result<(), MemberError> {
        let (id, role) = (|| self.id.clone(), self.role);
        let needed = [
            ("issuing_key", &self.issuing_key, role >= Role::Issuer),
            ("consensus_key", &self.consensus_key, role == Role::Validator),
        ];
        for (key, value, needed) in needed {
            match (value, needed) {
                (None, true) => return Err(MemberError::MissingKey { id: id(), role, key }),
                (Some(_), false) => return Err(MemberError::NeedlessKey { id: id(), role, key }),
                _ => {}
            }
        }
        if role == Role::Validator && self.network_key.is_none() {
            return Err(MemberError::MissingKey { id: id(), role, key: "network_key" });
        }
        let (keys, threshold) = (self.governance_keys.len(), self.governance_threshold);
        if keys == 0 || keys > GOVERNANCE_KEYS_MAX {
            return Err(MemberError::GovernanceKeys { id: id(), count: keys });
        }
        if threshold == 0 || usize::from(threshold) > keys {
            return Err(MemberError::Threshold { id: id(), threshold, keys });
        }
        if !self.governance_keys.is_sorted_by(|a, b| a < b) {
            return Err(MemberError::Order { id: id(), field: "governance_keys" });
        }
        let mut seen = BTreeSet::new();
        for (purpose, key) in self.keys() {
            key.check().map_err(|source| MemberError::Key { id: id(), field: purpose.field(), source })?;
            if !seen.insert(key) {
                return Err(MemberError::SharedKey { id: id(), key });
            }
        }
        Ok(())
    }

    fn check_lists(&self) -> Result<(), MemberError> {
        let id = || self.id.clone();
        let (field, count, limit) = ("issuer_ids", self.issuer_ids.len(), ISSUER_IDS_MAX);
        if count > limit {
            return Err(MemberError::Count { id: id(), field, count, limit });
        }
        check_texts(&self.id, &self.addresses, &self.facts)?;
        for (field, ascends) in [
            ("issuer_ids", self.issuer_ids.is_sorted_by(|a, b| a < b)),
            ("facts", self.facts.is_sorted_by(|a, b| a.name < b.name)),
        ] {
            if !ascends {
                return Err(MemberError::Order { id: id(), field });
            }
        }
        Ok(())
    }
}

/// Checks a member's name: its length, and that it has no character that could mislead a reader.
pub(crate) fn check_name(id: &MemberId, name: &str) -> Result<(), MemberError> {
    if name.is_empty() || name.len() > MEMBER_NAME_BYTES_MAX {
        return Err(MemberError::Name { id: id.clone(), bytes: name.len() });
    }
    text::check_text(name).map_err(|source| MemberError::Text { id: id.clone(), field: "name", source })
}

/// Checks how many addresses and facts there are, and their texts.
pub(crate) fn check_texts(id: &MemberId, addresses: &[String], facts: &[Fact]) -> Result<(), MemberError> {
    for (field, count, limit) in
        [("addresses", addresses.len(), ADDRESSES_MAX), ("facts", facts.len(), FACTS_MAX)]
    {
        if count > limit {
            return Err(MemberError::Count { id: id.clone(), field, count, limit });
        }
    }
    let addresses = addresses.iter().map(|address| ("addresses", address));
    let facts = facts.iter().flat_map(|fact| [("facts", &fact.name), ("facts", &fact.value)]);
    for (field, value) in addresses.chain(facts) {
        let bytes = value.len();
        if bytes == 0 || bytes > MEMBER_TEXT_BYTES_MAX {
            return Err(MemberError::TextLength { id: id.clone(), field, bytes });
        }
        text::check_text(value).map_err(|source| MemberError::Text { id: id.clone(), field, source })?;
    }
    Ok(())
}

impl Encode for Member {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.id.encode(encoder)?;
        codec::encode_short_text(&self.name, encoder)?;
        self.role.encode(encoder)?;
        codec::encode_list(&self.governance_keys, encoder)?;
        self.governance_threshold.encode(encoder)?;
        self.issuing_key.encode(encoder)?;
        self.consensus_key.encode(encoder)?;
        self.network_key.encode(encoder)?;
        codec::encode_list(&self.issuer_ids, encoder)?;
        encode_texts(&self.addresses, encoder)?;
        codec::encode_list(&self.facts, encoder)
    }
}

impl<C> Decode<C> for Member {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Ok(Self {
            id: MemberId::decode(decoder)?,
            name: codec::decode_short_text(decoder, MEMBER_NAME_BYTES_MAX)?,
            role: Role::decode(decoder)?,
            governance_keys: codec::decode_list(decoder, GOVERNANCE_KEYS_MAX, "governance key count")?,
            governance_threshold: u8::decode(decoder)?,
            issuing_key: Option::decode(decoder)?,
            consensus_key: Option::decode(decoder)?,
            network_key: Option::decode(decoder)?,
            issuer_ids: codec::decode_list(decoder, ISSUER_IDS_MAX, "issuer id count")?,
            addresses: decode_texts(decoder, ADDRESSES_MAX, "address count")?,
            facts: codec::decode_list(decoder, FACTS_MAX, "fact count")?,
        })
    }
}

bincode::impl_borrow_decode!(Member);

impl Encode for Standing {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        let tag: u8 = match self {
            Self::Active => 0,
            Self::Frozen => 1,
            Self::Suspended => 2,
            Self::Retired => 3,
        };
        tag.encode(encoder)
    }
}

impl<C> Decode<C> for Standing {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        match u8::decode(decoder)? {
            0 => Ok(Self::Active),
            1 => Ok(Self::Frozen),
            2 => Ok(Self::Suspended),
            3 => Ok(Self::Retired),
            _ => Err(DecodeError::Other("standing")),
        }
    }
}

bincode::impl_borrow_decode!(Standing);

impl Encode for Role {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        let tag: u8 = match self {
            Self::Observer => 0,
            Self::Issuer => 1,
            Self::Validator => 2,
        };
        tag.encode(encoder)
    }
}

impl<C> Decode<C> for Role {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        match u8::decode(decoder)? {
            0 => Ok(Self::Observer),
            1 => Ok(Self::Issuer),
            2 => Ok(Self::Validator),
            _ => Err(DecodeError::Other("role")),
        }
    }
}

impl Encode for Fact {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        codec::encode_short_text(&self.name, encoder)?;
        codec::encode_short_text(&self.value, encoder)
    }
}

impl<C> Decode<C> for Fact {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Ok(Self {
            name: codec::decode_short_text(decoder, MEMBER_TEXT_BYTES_MAX)?,
            value: codec::decode_short_text(decoder, MEMBER_TEXT_BYTES_MAX)?,
        })
    }
}

pub(crate) fn encode_texts<E: Encoder>(texts: &[String], encoder: &mut E) -> Result<(), EncodeError> {
    u32::try_from(texts.len()).map_err(|_| EncodeError::Other("list too long"))?.encode(encoder)?;
    texts.iter().try_for_each(|text| codec::encode_short_text(text, encoder))
}

pub(crate) fn decode_texts<D: Decoder>(
    decoder: &mut D,
    count_max: usize,
    field: &'static str,
) -> Result<Vec<String>, DecodeError> {
    let count = u32::decode(decoder)? as usize;
    if count > count_max {
        return Err(DecodeError::Other(field));
    }
    (0..count).map(|_| codec::decode_short_text(decoder, MEMBER_TEXT_BYTES_MAX)).collect()
}
