//! Events, and the entries of the log that they become.

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};
use serde::{Deserialize, Serialize};

use crate::batch::BatchChain;
use crate::codec::{self, CodecError};
use crate::evidence::Accusation;
use crate::governance::{Compromise, KeyRotation, Proposal, RejoinStatement};
use crate::hash::{Commitment, ProposalId};
use crate::ids::{LogIndex, MemberId};
use crate::member::{ADDRESSES_MAX, IssuerId, decode_texts, encode_texts};
use crate::merkle::{Hash, Rfc6962, TreeHash};

/// Longest encoded entry, in bytes (16 KiB): the admission of a member with the longest lists.
pub const ENTRY_BYTES_MAX: usize = 16 << 10;

/// One thing that a member says, of a credential, of itself or of the consortium.
///
/// Each tag is assigned once, for ever, to one kind of event by one kind of acting party. Tags 0 to 3 belong to the issuing
/// chain, 4 to 13, 15 and 16 to the governance chain, 14 is a freeze; kinds to come take the next ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Event {
    /// A credential with this commitment exists.
    Issue {
        /// The commitment; it was never issued before.
        commitment: Commitment,
    },
    /// The credential issued at `target` is void for ever.
    Revoke {
        /// Where it was issued.
        target: LogIndex,
    },
    /// The credential issued at `target` is not to be relied on for now.
    Suspend {
        /// Where it was issued.
        target: LogIndex,
    },
    /// The suspension of the credential issued at `target` is lifted.
    Reinstate {
        /// Where it was issued.
        target: LogIndex,
    },
    /// The member replaces one of its issuing, consensus and network keys, or gets its first one.
    RotateKey(Box<KeyRotation>),
    /// The member's node is reached at these addresses.
    SetAddresses {
        /// `host:port`, at most [`ADDRESSES_MAX`].
        addresses: Vec<String>,
    },
    /// The member no longer uses an issuer id.
    DropIssuerId {
        /// One that the member has now.
        issuer_id: IssuerId,
    },
    /// Somebody else may have held one of the member's issuing keys.
    DeclareCompromise(Box<Compromise>),
    /// The member stands by a credential in a disputed range.
    Confirm {
        /// Where it was issued.
        target: LogIndex,
    },
    /// The member's governance keys revoke the credential issued at `target`.
    RevokeByGovernance {
        /// Where it was issued.
        target: LogIndex,
    },
    /// The named successor of a retired member revokes a credential of that member.
    RevokeAsSuccessor {
        /// Where it was issued.
        target: LogIndex,
    },
    /// A validator proposes a change, and approves it.
    Propose(Box<Proposal>),
    /// A validator approves a proposal.
    Approve {
        /// Id of an open proposal that the member does not approve yet.
        proposal: ProposalId,
    },
    /// A validator withdraws its approval.
    Withdraw {
        /// Id of an open proposal that the member approves.
        proposal: ProposalId,
    },
    /// One governance key freezes its member: no issuing and no self-service from the next height on.
    Freeze,
    /// Whoever holds the proof records that a validator contradicted itself.
    RecordEvidence(Box<Accusation>),
    /// The member's validator has lost its memory; the process that signed before is gone for good.
    Rejoin(Box<RejoinStatement>),
}

impl Event {
    /// The tag that the encoding starts with.
    pub fn tag(&self) -> u8 {
        EventKind::from(self) as u8
    }

    /// What the event says, as in its JSON form: `issue`, `rotate-key` and so on.
    pub fn kind(&self) -> &'static str {
        EventKind::from(self).as_str()
    }

    /// The issuance that the event changes; `None` for events that change no issuance.
    pub fn target(&self) -> Option<LogIndex> {
        match self {
            Self::Revoke { target }
            | Self::Suspend { target }
            | Self::Reinstate { target }
            | Self::Confirm { target }
            | Self::RevokeByGovernance { target }
            | Self::RevokeAsSuccessor { target } => Some(*target),
            Self::Issue { .. }
            | Self::RotateKey(_)
            | Self::SetAddresses { .. }
            | Self::DropIssuerId { .. }
            | Self::DeclareCompromise(_)
            | Self::Propose(_)
            | Self::Approve { .. }
            | Self::Withdraw { .. }
            | Self::Freeze
            | Self::RecordEvidence(_)
            | Self::Rejoin(_) => None,
        }
    }

    /// The chain of batches that the event belongs to.
    pub fn chain(&self) -> BatchChain {
        match EventKind::from(self) {
            EventKind::Issue | EventKind::Revoke | EventKind::Suspend | EventKind::Reinstate => {
                BatchChain::Issuing
            }
            EventKind::Freeze => BatchChain::Freeze,
            EventKind::RotateKey
            | EventKind::SetAddresses
            | EventKind::DropIssuerId
            | EventKind::DeclareCompromise
            | EventKind::Confirm
            | EventKind::RevokeByGovernance
            | EventKind::RevokeAsSuccessor
            | EventKind::Propose
            | EventKind::Approve
            | EventKind::Withdraw
            | EventKind::RecordEvidence
            | EventKind::Rejoin => BatchChain::Governance,
        }
    }
}

macro_rules! kinds {
    ($($kind:ident $tag:literal $name:literal,)*) => {
        /// An event without what it is about. The number is the tag.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum EventKind {
            $(#[doc = concat!("`", $name, "`: [`Event::", stringify!($kind), "`].")] $kind = $tag,)*
        }

        impl EventKind {
            /// The kind as the JSON form has it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

kinds! {
    Issue 0 "issue",
    Revoke 1 "revoke",
    Suspend 2 "suspend",
    Reinstate 3 "reinstate",
    RotateKey 4 "rotate-key",
    SetAddresses 5 "set-addresses",
    DropIssuerId 6 "drop-issuer-id",
    DeclareCompromise 7 "declare-compromise",
    Confirm 8 "confirm",
    RevokeByGovernance 9 "revoke-by-governance",
    RevokeAsSuccessor 10 "revoke-as-successor",
    Propose 11 "propose",
    Approve 12 "approve",
    Withdraw 13 "withdraw",
    Freeze 14 "freeze",
    RecordEvidence 15 "record-evidence",
    Rejoin 16 "rejoin",
}

impl From<&Event> for EventKind {
    fn from(event: &Event) -> Self {
        match event {
            Event::Issue { .. } => Self::Issue,
            Event::Revoke { .. } => Self::Revoke,
            Event::Suspend { .. } => Self::Suspend,
            Event::Reinstate { .. } => Self::Reinstate,
            Event::RotateKey(_) => Self::RotateKey,
            Event::SetAddresses { .. } => Self::SetAddresses,
            Event::DropIssuerId { .. } => Self::DropIssuerId,
            Event::DeclareCompromise(_) => Self::DeclareCompromise,
            Event::Confirm { .. } => Self::Confirm,
            Event::RevokeByGovernance { .. } => Self::RevokeByGovernance,
            Event::RevokeAsSuccessor { .. } => Self::RevokeAsSuccessor,
            Event::Propose(_) => Self::Propose,
            Event::Approve { .. } => Self::Approve,
            Event::Withdraw { .. } => Self::Withdraw,
            Event::Freeze => Self::Freeze,
            Event::RecordEvidence(_) => Self::RecordEvidence,
            Event::Rejoin(_) => Self::Rejoin,
        }
    }
}

impl Encode for Event {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        encode_parts(self, None, encoder)
    }
}

impl<C> Decode<C> for Event {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let tag = u8::decode(decoder)?;
        decode_body(tag, decoder)
    }
}

/// One entry of the log: an event, and the member that said it. Its encoding is the leaf of the log tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The member whose signed batch holds the event.
    pub issuer: MemberId,
    /// What the member said.
    pub event: Event,
}

/// Of an entry what the rules ask for: who said it, and what kind of thing it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The member whose signed batch holds the event.
    pub issuer: MemberId,
    /// What the event does.
    pub kind: EventKind,
}

impl From<Entry> for Origin {
    fn from(Entry { issuer, event }: Entry) -> Self {
        Self { issuer, kind: EventKind::from(&event) }
    }
}

impl Entry {
    /// The bytes of the leaf: tag, issuer (`u8` length and text), then commitment or target.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads the bytes of a leaf.
    ///
    /// # Errors
    /// [`CodecError`] for anything but the one encoding of an entry.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        codec::decode(bytes, ENTRY_BYTES_MAX)
    }

    /// Hash of the leaf in the log tree: SHA-256 of `0x00 || encoding` (RFC 6962 2.1).
    pub fn leaf_hash(&self) -> Hash {
        Rfc6962::leaf(&self.encode())
    }
}

impl Encode for Entry {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        encode_parts(&self.event, Some(&self.issuer), encoder)
    }
}

impl<C> Decode<C> for Entry {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let tag = u8::decode(decoder)?;
        let issuer = MemberId::decode(decoder)?;
        Ok(Self { issuer, event: decode_body(tag, decoder)? })
    }
}

/// Leaf hashes of a batch's entries, in order. Reuses one buffer: no allocation an event.
pub(crate) fn leaf_hashes(issuer: &MemberId, events: &[Event]) -> Vec<Hash> {
    let issuer = codec::encode(issuer);
    let mut leaf = Vec::with_capacity(ISSUE_ENTRY_BYTES_MAX);
    let hash = |event: &Event| {
        leaf.clear();
        leaf.push(event.tag());
        leaf.extend_from_slice(&issuer);
        match event {
            Event::Issue { commitment } => leaf.extend_from_slice(&commitment.0),
            other => codec::encode_into(&Body(other), &mut leaf),
        }
        Rfc6962::leaf(&leaf)
    };
    events.iter().map(hash).collect()
}

fn encode_parts<E: Encoder>(
    event: &Event,
    issuer: Option<&MemberId>,
    encoder: &mut E,
) -> Result<(), EncodeError> {
    event.tag().encode(encoder)?;
    if let Some(issuer) = issuer {
        issuer.encode(encoder)?;
    }
    Body(event).encode(encoder)
}

/// What follows the tag.
struct Body<'a>(&'a Event);

impl Encode for Body<'_> {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        match self.0 {
            Event::Issue { commitment } => commitment.encode(encoder),
            Event::Revoke { target }
            | Event::Suspend { target }
            | Event::Reinstate { target }
            | Event::Confirm { target }
            | Event::RevokeByGovernance { target }
            | Event::RevokeAsSuccessor { target } => target.encode(encoder),
            Event::RotateKey(rotation) => rotation.encode(encoder),
            Event::SetAddresses { addresses } => encode_texts(addresses, encoder),
            Event::DropIssuerId { issuer_id } => issuer_id.encode(encoder),
            Event::DeclareCompromise(compromise) => compromise.encode(encoder),
            Event::Propose(proposal) => proposal.encode(encoder),
            Event::Approve { proposal } | Event::Withdraw { proposal } => proposal.encode(encoder),
            Event::Freeze => Ok(()),
            Event::RecordEvidence(accusation) => accusation.encode(encoder),
            Event::Rejoin(statement) => statement.encode(encoder),
        }
    }
}

fn decode_body<C, D: Decoder<Context = C>>(tag: u8, decoder: &mut D) -> Result<Event, DecodeError> {
    Ok(match tag {
        0 => Event::Issue { commitment: Commitment::decode(decoder)? },
        1 => Event::Revoke { target: LogIndex::decode(decoder)? },
        2 => Event::Suspend { target: LogIndex::decode(decoder)? },
        3 => Event::Reinstate { target: LogIndex::decode(decoder)? },
        4 => Event::RotateKey(Box::new(KeyRotation::decode(decoder)?)),
        5 => Event::SetAddresses { addresses: decode_texts(decoder, ADDRESSES_MAX, "address count")? },
        6 => Event::DropIssuerId { issuer_id: IssuerId::decode(decoder)? },
        7 => Event::DeclareCompromise(Box::new(Compromise::decode(decoder)?)),
        8 => Event::Confirm { target: LogIndex::decode(decoder)? },
        9 => Event::RevokeByGovernance { target: LogIndex::decode(decoder)? },
        10 => Event::RevokeAsSuccessor { target: LogIndex::decode(decoder)? },
        11 => Event::Propose(Box::new(Proposal::decode(decoder)?)),
        12 => Event::Approve { proposal: ProposalId::decode(decoder)? },
        13 => Event::Withdraw { proposal: ProposalId::decode(decoder)? },
        14 => Event::Freeze,
        15 => Event::RecordEvidence(Box::new(Accusation::decode(decoder)?)),
        16 => Event::Rejoin(Box::new(RejoinStatement::decode(decoder)?)),
        _ => return Err(DecodeError::Other("event tag")),
    })
}

/// Longest encoded issuance.
const ISSUE_ENTRY_BYTES_MAX: usize = 1 + 1 + crate::ids::MEMBER_ID_BYTES_MAX + 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout() {
        let issuer: MemberId = "ui.ac.id".parse().unwrap();
        let issue = Entry { issuer: issuer.clone(), event: Event::Issue { commitment: Commitment([9; 32]) } };
        let mut expected = vec![0, 8];
        expected.extend_from_slice(b"ui.ac.id");
        expected.extend_from_slice(&[9; 32]);
        assert_eq!(issue.encode(), expected);
        let revoke = Entry { issuer: issuer.clone(), event: Event::Revoke { target: LogIndex(258) } };
        assert_eq!(revoke.encode()[10..], [0, 0, 0, 0, 0, 0, 1, 2]);
        for entry in [&issue, &revoke] {
            assert_eq!(Entry::decode(&entry.encode()).as_ref(), Ok(entry));
        }
        assert_eq!(
            leaf_hashes(&issuer, &[issue.event.clone(), revoke.event.clone()]),
            [issue.leaf_hash(), revoke.leaf_hash()]
        );
    }

    #[test]
    fn unknown_tags_are_refused() {
        assert_eq!(codec::decode::<Event>(&[17; 33], 64), Err(CodecError::Invalid { field: "event tag" }));
    }
}
