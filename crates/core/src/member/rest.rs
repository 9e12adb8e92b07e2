//! What stands under the rest hash of a member's record: everything that receipts need not show.

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};
use serde::{Deserialize, Serialize};

use super::{
    ADDRESSES_MAX, FACTS_MAX, Fact, Member, MemberError, Role, check_texts, decode_texts, encode_texts,
};
use crate::batch::NO_BATCH;
use crate::codec;
use crate::hash::{self, BatchId, KeyName, RestHash};
use crate::ids::{LogIndex, MemberId, Sequence};
use crate::merkle::Hash;
use crate::signature::PublicKey;

/// Most keys of a member, former ones included.
pub const KEY_TERMS_MAX: usize = 1024;

/// What a key is for. No key ever serves two purposes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyPurpose {
    /// Decides about the member's other keys.
    Governance,
    /// Signs batches.
    Issuing,
    /// Signs votes.
    Consensus,
    /// Names the member's node in the peer-to-peer network.
    Network,
}

impl KeyPurpose {
    /// The field of a [`Member`] that holds keys for this purpose.
    pub fn field(self) -> &'static str {
        match self {
            Self::Governance => "governance_keys",
            Self::Issuing => "issuing_key",
            Self::Consensus => "consensus_key",
            Self::Network => "network_key",
        }
    }

    pub(crate) fn tag(self) -> u8 {
        match self {
            Self::Governance => 0,
            Self::Issuing => 1,
            Self::Consensus => 2,
            Self::Network => 3,
        }
    }
}

/// A key of a member and the entries for which it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyTerm {
    /// What it is for.
    pub purpose: KeyPurpose,
    /// The key; the hash over the rest names it by [`PublicKey::name`].
    pub key: PublicKey,
    /// Size of the log when it came into force.
    pub from: LogIndex,
    /// Size of the log when it ceased to be in force; `None` while it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<LogIndex>,
}

/// Head of one of a member's chains of batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, bincode::Encode, bincode::Decode)]
#[serde(deny_unknown_fields)]
pub struct ChainHead {
    /// Sequence number of the next batch, which is also the number of batches so far.
    pub next_sequence: Sequence,
    /// The last batch; zeros before the first.
    pub last_batch: BatchId,
}

impl ChainHead {
    /// The head before any batch.
    pub const START: Self = Self { next_sequence: Sequence(0), last_batch: NO_BATCH };
}

/// Entries that concern a member, folded into one hash: the base of completeness proofs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, bincode::Encode, bincode::Decode)]
#[serde(deny_unknown_fields)]
pub struct EventsHead {
    /// How many there are.
    pub count: u64,
    /// The fold: zeros before the first, then see [`EventsHead::push`].
    #[serde(with = "hex::serde")]
    pub head: Hash,
}

impl EventsHead {
    /// The head before any entry.
    pub const START: Self = Self { count: 0, head: [0; 32] };

    /// Folds in the entry at `index`: `head' = BLAKE3-derive_key("sanad/v1 member events", head || log index u64 ||
    /// leaf hash)`, where the leaf hash is that of the log tree.
    pub fn push(&mut self, index: LogIndex, leaf_hash: &Hash) {
        self.head = hash::MEMBER_EVENTS.hash(&[&self.head, &index.0.to_be_bytes(), leaf_hash]);
        self.count += 1;
    }
}

/// How much a member's issuing chain revoked on one day.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, bincode::Encode, bincode::Decode,
)]
#[serde(deny_unknown_fields)]
pub struct DailyCount {
    /// The day: `floor(time in ms of the block before / 86400000)`.
    pub day: u32,
    /// How many entries it revoked.
    pub count: u32,
}

impl DailyCount {
    /// The day (UTC, from 1970-01-01) of a time in milliseconds.
    pub fn day_of(time_ms: u64) -> u32 {
        u32::try_from(time_ms / DAY_MS).unwrap_or(u32::MAX)
    }

    /// When a day begins, in milliseconds since 1970-01-01 UTC.
    pub fn begin_ms(day: u32) -> u64 {
        u64::from(day) * DAY_MS
    }
}

/// What stands under the rest hash of a member's record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberRest {
    /// What the member may do.
    pub role: Role,
    /// How many of its governance keys have to sign.
    pub governance_threshold: u8,
    /// Its keys now and before, in the order in which they came into force.
    pub keys: Vec<KeyTerm>,
    /// Where the chain of batches by its issuing key stands.
    pub issuing: ChainHead,
    /// Where the chain of batches by its governance keys stands.
    pub governance: ChainHead,
    /// The entries that concern it.
    pub events: EventsHead,
    /// How much it revoked on the last day on which it revoked.
    pub revoked: DailyCount,
    /// Where its node is reached, as `host:port`.
    pub addresses: Vec<String>,
    /// Facts about it, sorted by name.
    pub facts: Vec<Fact>,
}

impl MemberRest {
    /// The rest of a new member, with keys from a log index on.
    pub(super) fn new(member: &Member, from: LogIndex) -> Self {
        let term = |(purpose, key)| KeyTerm { purpose, key, from, until: None };
        Self {
            role: member.role,
            governance_threshold: member.governance_threshold,
            keys: member.keys().map(term).collect(),
            issuing: ChainHead::START,
            governance: ChainHead::START,
            events: EventsHead::START,
            revoked: DailyCount::default(),
            addresses: member.addresses.clone(),
            facts: member.facts.clone(),
        }
    }

    /// Checks the limits of every list and text: what is beyond them has no encoding.
    ///
    /// # Errors
    /// [`MemberError`], with `id` as the member that it is about.
    pub fn check(&self, id: &MemberId) -> Result<(), MemberError> {
        let (count, limit) = (self.keys.len(), KEY_TERMS_MAX);
        if count > limit {
            return Err(MemberError::Count { id: id.clone(), field: "keys", count, limit });
        }
        check_texts(id, &self.addresses, &self.facts)
    }

    /// The keys in force for a purpose.
    pub fn current_keys(&self, purpose: KeyPurpose) -> impl Iterator<Item = PublicKey> {
        let current = move |term: &&KeyTerm| term.purpose == purpose && term.until.is_none();
        self.keys.iter().filter(current).map(|term| term.key)
    }

    /// The key in force for a purpose that has one key at a time.
    pub fn current_key(&self, purpose: KeyPurpose) -> Option<PublicKey> {
        self.current_keys(purpose).next()
    }

    /// `BLAKE3-derive_key("sanad/v1 member rest", …)` over the encoding with each key given by its name.
    pub fn hash(&self) -> RestHash {
        let mut bytes = Vec::with_capacity(512);
        self.encode_with(&mut bytes, |key| key.name());
        RestHash(hash::MEMBER_REST.hash(&[&bytes]))
    }

    /// Appends the hashed form.
    fn encode_with(&self, bytes: &mut Vec<u8>, name: impl Fn(&PublicKey) -> KeyName) {
        codec::encode_into(&self.role, bytes);
        bytes.push(self.governance_threshold);
        codec::encode_into(&(self.keys.len() as u32), bytes);
        for KeyTerm { purpose, key, from, until } in &self.keys {
            codec::encode_into(&(*purpose, name(key), *from, *until), bytes);
        }
        codec::encode_into(&Tail(self), bytes);
    }
}

/// What follows the keys.
struct Tail<'a>(&'a MemberRest);

impl Encode for Tail<'_> {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        let MemberRest { issuing, governance, events, revoked, addresses, facts, .. } = self.0;
        (issuing, governance, events, revoked).encode(encoder)?;
        encode_texts(addresses, encoder)?;
        codec::encode_list(facts, encoder)
    }
}

impl Encode for KeyPurpose {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.tag().encode(encoder)
    }
}

impl<C> Decode<C> for KeyPurpose {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        match u8::decode(decoder)? {
            0 => Ok(Self::Governance),
            1 => Ok(Self::Issuing),
            2 => Ok(Self::Consensus),
            3 => Ok(Self::Network),
            _ => Err(DecodeError::Other("key purpose")),
        }
    }
}

bincode::impl_borrow_decode!(KeyPurpose);

impl Encode for KeyTerm {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        (self.purpose, self.key, self.from, self.until).encode(encoder)
    }
}

impl<C> Decode<C> for KeyTerm {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let purpose = KeyPurpose::decode(decoder)?;
        let (key, from, until) = Decode::decode(decoder)?;
        Ok(Self { purpose, key, from, until })
    }
}

// As stored: with whole keys, which execution needs.
impl Encode for MemberRest {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.role.encode(encoder)?;
        self.governance_threshold.encode(encoder)?;
        codec::encode_list(&self.keys, encoder)?;
        Tail(self).encode(encoder)
    }
}

impl<C> Decode<C> for MemberRest {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Ok(Self {
            role: Role::decode(decoder)?,
            governance_threshold: u8::decode(decoder)?,
            keys: codec::decode_list(decoder, KEY_TERMS_MAX, "key count")?,
            issuing: ChainHead::decode(decoder)?,
            governance: ChainHead::decode(decoder)?,
            events: EventsHead::decode(decoder)?,
            revoked: DailyCount::decode(decoder)?,
            addresses: decode_texts(decoder, ADDRESSES_MAX, "address count")?,
            facts: codec::decode_list(decoder, FACTS_MAX, "fact count")?,
        })
    }
}

bincode::impl_borrow_decode!(MemberRest);

const DAY_MS: u64 = 86_400_000;
