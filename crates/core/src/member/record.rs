//! A member's record: what the members tree holds of it, and receipts show.

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::hash::RestHash;
use crate::ids::{Height, LogIndex, MemberId};
use crate::member::{
    ISSUER_ID_BYTES_MAX, ISSUER_IDS_MAX, IssuerId, MEMBER_NAME_BYTES_MAX, MemberError, Standing, check_name,
};

/// Most disputed ranges of a member's record.
pub const DISPUTED_RANGES_MAX: usize = 8;
/// Longest encoded member record, in bytes.
pub const MEMBER_RECORD_BYTES_MAX: usize = (1 + crate::ids::MEMBER_ID_BYTES_MAX)
    + (1 + MEMBER_NAME_BYTES_MAX)
    + (1 + 8)
    + 4
    + ISSUER_IDS_MAX * (1 + ISSUER_ID_BYTES_MAX + 17)
    + 4
    + DISPUTED_RANGES_MAX * 16
    + 32;

/// Log indices from `from` up to, but not including, `until`.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    bincode::Encode,
    bincode::Decode,
)]
#[serde(deny_unknown_fields)]
pub struct IndexRange {
    /// First index.
    pub from: LogIndex,
    /// First index after the range.
    pub until: LogIndex,
}

/// An issuer id of a member and the entries for which it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, bincode::Encode, bincode::Decode)]
#[serde(deny_unknown_fields)]
pub struct IssuerIdTerm {
    /// The name by which credentials call their issuer.
    pub id: IssuerId,
    /// First log index for which it is the member's.
    pub from: LogIndex,
    /// First log index for which it is no longer the member's; `None` while it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<LogIndex>,
}

/// A member as the members tree holds it, and as receipts show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberRecord {
    /// The member's id.
    pub id: MemberId,
    /// The institution's name.
    pub name: String,
    /// How it stands with the consortium.
    pub standing: Standing,
    /// The height since which it stands so.
    pub since: Height,
    /// The names by which its credentials call their issuer, now and before.
    pub issuer_ids: Vec<IssuerIdTerm>,
    /// Entries made while somebody else may have held its issuing key, in ascending order.
    pub disputed: Vec<IndexRange>,
    /// Hash of the rest: [`MemberRest::hash`](super::MemberRest::hash).
    pub rest: RestHash,
}

impl MemberRecord {
    /// Whether an index is in a disputed range.
    pub fn is_disputed(&self, index: LogIndex) -> bool {
        self.disputed.iter().any(|range| range.from <= index && index < range.until)
    }

    /// Whether `id` was the member's issuer id for the entry at `index`.
    pub fn has_issuer_id(&self, id: &IssuerId, index: LogIndex) -> bool {
        let holds = |term: &IssuerIdTerm| term.from <= index && term.until.is_none_or(|until| index < until);
        self.issuer_ids.iter().any(|term| term.id == *id && holds(term))
    }

    /// Checks what every record keeps: a readable name, and lists within their limits.
    ///
    /// # Errors
    /// [`MemberError`].
    pub fn check(&self) -> Result<(), MemberError> {
        check_name(&self.id, &self.name)?;
        for (field, count, limit) in [
            ("issuer_ids", self.issuer_ids.len(), ISSUER_IDS_MAX),
            ("disputed", self.disputed.len(), DISPUTED_RANGES_MAX),
        ] {
            if count > limit {
                return Err(MemberError::Count { id: self.id.clone(), field, count, limit });
            }
        }
        Ok(())
    }
}

impl Encode for MemberRecord {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.id.encode(encoder)?;
        codec::encode_short_text(&self.name, encoder)?;
        self.standing.encode(encoder)?;
        self.since.encode(encoder)?;
        codec::encode_list(&self.issuer_ids, encoder)?;
        codec::encode_list(&self.disputed, encoder)?;
        self.rest.encode(encoder)
    }
}

impl<C> Decode<C> for MemberRecord {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Ok(Self {
            id: MemberId::decode(decoder)?,
            name: codec::decode_short_text(decoder, MEMBER_NAME_BYTES_MAX)?,
            standing: Standing::decode(decoder)?,
            since: Height::decode(decoder)?,
            issuer_ids: codec::decode_list(decoder, ISSUER_IDS_MAX, "issuer id count")?,
            disputed: codec::decode_list(decoder, DISPUTED_RANGES_MAX, "disputed range count")?,
            rest: RestHash::decode(decoder)?,
        })
    }
}

bincode::impl_borrow_decode!(MemberRecord);
