//! A member's whole state.

use bincode::de::{Decode, Decoder};
use bincode::error::DecodeError;
use serde::{Deserialize, Serialize};

use crate::hash::RestHash;
use crate::ids::{Height, LogIndex, MemberId};
use crate::member::{IssuerId, IssuerIdTerm, Member, MemberError, MemberRecord, MemberRest, Standing};

/// A member's whole state, as nodes keep it: the record, and what stands under its rest hash.
///
/// **Invariant:** the record names the hash of the rest; decoding checks it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, bincode::Encode)]
#[serde(try_from = "MemberStateForm")]
pub struct MemberState {
    record: MemberRecord,
    rest: MemberRest,
}

/// The fields of a member's state, before they are checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MemberStateForm {
    record: MemberRecord,
    rest: MemberRest,
}

/// A record and a rest that do not belong together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{id}: the record names the rest {expected}; the one given has the hash {actual}")]
pub struct RestMismatch {
    /// Member that the record is of.
    pub id: MemberId,
    /// The record's rest hash.
    pub expected: RestHash,
    /// Hash of the rest given.
    pub actual: RestHash,
}

impl MemberState {
    /// The state of a member of the genesis.
    pub fn genesis(member: &Member) -> Self {
        Self::admitted(member, Height::GENESIS.next(), LogIndex(0))
    }

    /// The state of a member that is active since a height, with keys and issuer ids from a log index on.
    pub(crate) fn admitted(member: &Member, since: Height, from: LogIndex) -> Self {
        let rest = MemberRest::new(member, from);
        let term = |id: &IssuerId| IssuerIdTerm { id: id.clone(), from, until: None };
        let record = MemberRecord {
            id: member.id.clone(),
            name: member.name.clone(),
            standing: Standing::Active,
            since,
            issuer_ids: member.issuer_ids.iter().map(term).collect(),
            disputed: Vec::new(),
            rest: rest.hash(),
        };
        Self { record, rest }
    }

    /// The state of a record and the rest that it names. Requires a rest that passes [`MemberRest::check`].
    ///
    /// # Errors
    /// [`RestMismatch`].
    pub fn new(record: MemberRecord, rest: MemberRest) -> Result<Self, RestMismatch> {
        let (expected, actual) = (record.rest, rest.hash());
        if expected != actual {
            return Err(RestMismatch { id: record.id, expected, actual });
        }
        Ok(Self { record, rest })
    }

    /// The record.
    pub fn record(&self) -> &MemberRecord {
        &self.record
    }

    /// What stands under the record's rest hash.
    pub fn rest(&self) -> &MemberRest {
        &self.rest
    }

    /// Changes the record; the rest stays.
    pub(crate) fn change_record(&mut self, change: impl FnOnce(&mut MemberRecord)) {
        change(&mut self.record);
        self.record.rest = self.rest.hash();
    }

    /// Changes the rest, and with it the hash in the record.
    pub(crate) fn change_rest(&mut self, change: impl FnOnce(&mut MemberRest)) {
        change(&mut self.rest);
        self.record.rest = self.rest.hash();
    }
}

impl TryFrom<MemberStateForm> for MemberState {
    type Error = MemberStateError;
    fn try_from(MemberStateForm { record, rest }: MemberStateForm) -> Result<Self, Self::Error> {
        rest.check(&record.id)?;
        Ok(Self::new(record, rest)?)
    }
}

/// Why fields do not make the state of a member.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
enum MemberStateError {
    Rest(#[from] MemberError),
    Mismatch(#[from] RestMismatch),
}

impl<C> Decode<C> for MemberState {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let (record, rest) = (MemberRecord::decode(decoder)?, MemberRest::decode(decoder)?);
        Self::new(record, rest).map_err(|_| DecodeError::Other("rest hash"))
    }
}

bincode::impl_borrow_decode!(MemberState);
