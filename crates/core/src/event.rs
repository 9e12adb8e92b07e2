//! Events, and the entries of the log that they become.

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};
use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError};
use crate::hash::Commitment;
use crate::ids::{LogIndex, MemberId};
use crate::merkle::{Hash, Rfc6962, TreeHash};

/// Longest encoded entry, in bytes: tag, issuer, commitment.
pub const ENTRY_BYTES_MAX: usize = 1 + 1 + crate::ids::MEMBER_ID_BYTES_MAX + 32;

/// One thing that an issuer says about a credential.
///
/// Tags 0 to 3 are taken; kinds to come take the next ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
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
}

impl Event {
    /// The tag that the encoding starts with.
    pub fn tag(&self) -> u8 {
        match self {
            Self::Issue { .. } => 0,
            Self::Revoke { .. } => 1,
            Self::Suspend { .. } => 2,
            Self::Reinstate { .. } => 3,
        }
    }

    /// What the event says, in a word: `issue`, `revoke`, `suspend` or `reinstate`.
    pub fn kind(&self) -> &'static str {
        EventKind::from(self).as_str()
    }

    /// The issuance that the event changes; none for an issuance itself.
    pub fn target(&self) -> Option<LogIndex> {
        match self {
            Self::Issue { .. } => None,
            Self::Revoke { target } | Self::Suspend { target } | Self::Reinstate { target } => Some(*target),
        }
    }
}

/// An event without what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// [`Event::Issue`].
    Issue,
    /// [`Event::Revoke`].
    Revoke,
    /// [`Event::Suspend`].
    Suspend,
    /// [`Event::Reinstate`].
    Reinstate,
}

impl EventKind {
    /// The kind in a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::Revoke => "revoke",
            Self::Suspend => "suspend",
            Self::Reinstate => "reinstate",
        }
    }
}

impl From<&Event> for EventKind {
    fn from(event: &Event) -> Self {
        match event {
            Event::Issue { .. } => Self::Issue,
            Event::Revoke { .. } => Self::Revoke,
            Event::Suspend { .. } => Self::Suspend,
            Event::Reinstate { .. } => Self::Reinstate,
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
    /// The event.
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
    let mut leaf = Vec::with_capacity(ENTRY_BYTES_MAX);
    let hash = |event: &Event| {
        leaf.clear();
        leaf.push(event.tag());
        codec::encode_into(issuer, &mut leaf);
        match event {
            Event::Issue { commitment } => leaf.extend_from_slice(&commitment.0),
            Event::Revoke { target } | Event::Suspend { target } | Event::Reinstate { target } => {
                leaf.extend_from_slice(&target.0.to_be_bytes());
            }
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
    match event {
        Event::Issue { commitment } => commitment.encode(encoder),
        Event::Revoke { target } | Event::Suspend { target } | Event::Reinstate { target } => {
            target.encode(encoder)
        }
    }
}

fn decode_body<C, D: Decoder<Context = C>>(tag: u8, decoder: &mut D) -> Result<Event, DecodeError> {
    match tag {
        0 => Ok(Event::Issue { commitment: Commitment::decode(decoder)? }),
        1 => Ok(Event::Revoke { target: LogIndex::decode(decoder)? }),
        2 => Ok(Event::Suspend { target: LogIndex::decode(decoder)? }),
        3 => Ok(Event::Reinstate { target: LogIndex::decode(decoder)? }),
        _ => Err(DecodeError::Other("event tag")),
    }
}

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
            leaf_hashes(&issuer, &[issue.event, revoke.event]),
            [issue.leaf_hash(), revoke.leaf_hash()]
        );
    }

    #[test]
    fn unknown_tags_are_refused() {
        assert_eq!(codec::decode::<Event>(&[4; 33], 64), Err(CodecError::Invalid { field: "event tag" }));
    }
}
