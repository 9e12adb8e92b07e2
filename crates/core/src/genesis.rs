//! The genesis: what a consortium agrees on before its first block, and all that a verifier must trust.

use std::collections::BTreeMap;

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};
use serde::{Deserialize, Serialize};

use crate::block::{LAYOUT_VERSION, ProtocolVersion, RULES_VERSION};
use crate::codec;
use crate::hash::{self, BlockHash, ChainId, Root, bytes_newtype};
use crate::ids::{Height, MemberId};
use crate::json_form::{self, JsonFormError};
use crate::member::file::check_possession;
use crate::member::{Invitation, Member, MemberError, MemberFileError, MemberState};
use crate::registry::{MEMBERS_MAX, Registry};
use crate::signature::{PublicKey, Signature, SignatureError};
use crate::text::{self, TextError};
use crate::validators::{ValidatorSet, ValidatorSetError};

/// Longest genesis file, in bytes (16 MiB): 4,096 members of 4 KiB each.
pub const GENESIS_BYTES_MAX: usize = 16 << 20;
/// The only version of the genesis format.
pub const GENESIS_VERSION: u8 = 1;
/// Largest block payload that a genesis may allow, in bytes (4 MiB).
pub const BLOCK_BYTES_LIMIT: u32 = 4 << 20;
/// Block payload limit where a genesis is silent, in bytes (1 MiB).
pub const BLOCK_BYTES_DEFAULT: u32 = 1 << 20;
/// Longest time between two blocks that a genesis may allow, in milliseconds (5 minutes).
pub const HEARTBEAT_MS_LIMIT: u32 = 5 * 60 * 1000;
/// Shortest time between two blocks without batches that a genesis may ask for, in milliseconds.
pub const HEARTBEAT_MS_FLOOR: u32 = 100;
/// Time between two blocks without batches where a genesis is silent, in milliseconds (1 minute).
pub const HEARTBEAT_MS_DEFAULT: u32 = 60 * 1000;
/// Longest name of a consortium, in bytes of UTF-8.
pub const CHAIN_NAME_BYTES_MAX: usize = 128;
/// Longest origin of the log, in bytes.
pub const LOG_ORIGIN_BYTES_MAX: usize = 128;
/// What the origin of a test network's log begins with.
pub const TEST_NETWORK_PREFIX: &str = "sanad-test/";

const SIGNATURE_TAG: &[u8] = b"sanad/v1 genesis signature";

bytes_newtype! {
    /// Drawn at random for each chain, so that no two have the same id and no signature fits two of them.
    Nonce, 32
}

/// What every validator must apply alike. Kept in the state tree: see [`crate::state_root`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, bincode::Encode, bincode::Decode)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Most bytes of a block: header and batches.
    pub block_bytes_max: u32,
    /// Longest time between two blocks while nothing is to be entered, in milliseconds: it bounds how old a proved
    /// status can be.
    pub heartbeat_ms: u32,
    /// The protocol version in force.
    pub protocol: ProtocolVersion,
    /// The protocol version that follows, and the height from which it is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_protocol: Option<Activation>,
}

/// A protocol version to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, bincode::Encode, bincode::Decode)]
#[serde(deny_unknown_fields)]
pub struct Activation {
    /// Version of the rules that are then in force.
    pub protocol: ProtocolVersion,
    /// The first height at which it is in force.
    pub height: Height,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            block_bytes_max: BLOCK_BYTES_DEFAULT,
            heartbeat_ms: HEARTBEAT_MS_DEFAULT,
            protocol: ProtocolVersion::CURRENT,
            next_protocol: None,
        }
    }
}

impl Parameters {
    /// Checks that a genesis can begin with these parameters.
    ///
    /// # Errors
    /// [`GenesisError::BlockBytes`], [`GenesisError::Heartbeat`] or [`GenesisError::Protocol`].
    pub fn check(&self) -> Result<(), GenesisError> {
        let Parameters { block_bytes_max, heartbeat_ms, protocol, next_protocol } = *self;
        if !(BLOCK_BYTES_FLOOR..=BLOCK_BYTES_LIMIT).contains(&block_bytes_max) {
            return Err(GenesisError::BlockBytes { actual: block_bytes_max });
        }
        if !(HEARTBEAT_MS_FLOOR..=HEARTBEAT_MS_LIMIT).contains(&heartbeat_ms) {
            return Err(GenesisError::Heartbeat { actual: heartbeat_ms });
        }
        let unknown = [Some(protocol), next_protocol.map(|next| next.protocol)]
            .into_iter()
            .enumerate()
            .find_map(|(place, version)| version.filter(|v| place == 1 || *v != ProtocolVersion::CURRENT));
        match unknown {
            Some(actual) => Err(GenesisError::Protocol { actual }),
            None => Ok(()),
        }
    }
}

impl Parameters {
    /// `BLAKE3-derive_key("sanad/v1 parameters", encoding)`.
    pub fn root(&self) -> Root {
        Root(hash::PARAMETERS.hash(&[&codec::encode(self)]))
    }
}

/// A chain that this one continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, bincode::Encode, bincode::Decode)]
#[serde(deny_unknown_fields)]
pub struct Predecessor {
    /// Its id: the hash of its genesis.
    pub chain_id: ChainId,
    /// The height at which it ended.
    pub height: Height,
    /// Hash of the header at that height.
    pub block: BlockHash,
}

/// The genesis of a chain. Public; the file is JSON, the chain id is the hash of its canonical encoding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Genesis {
    /// Format version, 1.
    pub version: u8,
    /// Name of the consortium, 1 to 128 bytes.
    pub name: String,
    /// Drawn at random for this chain.
    pub nonce: Nonce,
    /// Origin of the log's checkpoints (C2SP `tlog-checkpoint`), the same for every exporter: 1 to 128 visible ASCII
    /// characters without `+`.
    pub log_origin: String,
    /// The chain that this one continues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predecessor: Option<Predecessor>,
    /// Parameters from the first block on.
    #[serde(default)]
    pub parameters: Parameters,
    /// The members, sorted by id. All are active from height 1.
    pub members: Vec<Member>,
    /// What the members signed, by member id. Not part of the chain id; nodes check it, verifiers need not.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub signatures: BTreeMap<MemberId, MemberSignatures>,
}

/// What one member signed on the way to a genesis.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberSignatures {
    /// By each of its keys, over its member file: that it holds them.
    pub possession: Vec<Signature>,
    /// By its governance keys, over the chain id: that it agrees to this genesis.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub agreement: BTreeMap<PublicKey, Signature>,
}

/// Why a genesis is not valid.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenesisError {
    /// The file is too long.
    #[error("the genesis has {actual} bytes; at most {GENESIS_BYTES_MAX} are allowed")]
    TooLong {
        /// Length of the file.
        actual: usize,
    },
    /// The file is not the JSON form of a genesis.
    #[error("the genesis file is not in its JSON form")]
    Form(#[from] JsonFormError),
    /// Another version.
    #[error("genesis version {actual}; this program knows version {GENESIS_VERSION}")]
    Version {
        /// The version found.
        actual: u8,
    },
    /// The name is empty or too long.
    #[error("the name has {bytes} bytes; 1 to {CHAIN_NAME_BYTES_MAX} are allowed")]
    Name {
        /// Length of the name.
        bytes: usize,
    },
    /// The name has a character that could mislead a reader.
    #[error("the name of the consortium is not allowed")]
    NameText(#[from] TextError),
    /// The origin of the log is not one.
    #[error(
        "log_origin must have 1 to {LOG_ORIGIN_BYTES_MAX} visible ASCII characters without \"+\", such as a domain and a path"
    )]
    LogOrigin,
    /// The block limit is out of range.
    #[error("block_bytes_max is {actual}; it must be from {BLOCK_BYTES_FLOOR} to {BLOCK_BYTES_LIMIT}")]
    BlockBytes {
        /// The value found.
        actual: u32,
    },
    /// The heartbeat is out of range.
    #[error("heartbeat_ms is {actual}; it must be from {HEARTBEAT_MS_FLOOR} to {HEARTBEAT_MS_LIMIT}")]
    Heartbeat {
        /// The value found.
        actual: u32,
    },
    /// The protocol version is not the one that a chain starts with.
    #[error("protocol version {actual}; this program starts chains with {LAYOUT_VERSION}.{RULES_VERSION}")]
    Protocol {
        /// The version found.
        actual: ProtocolVersion,
    },
    /// Too many members.
    #[error("{count} members; at most {MEMBERS_MAX} are allowed")]
    MemberCount {
        /// How many there are.
        count: usize,
    },
    /// A member stands twice or out of order.
    #[error("the member {id} stands twice or out of order; members are sorted by id")]
    MemberOrder {
        /// Id that comes at or before the one ahead of it.
        id: MemberId,
    },
    /// What is said of a member does not fit together.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// Two members have the same key.
    #[error("{second} has a key of {first}: {key}; every key must be of one member")]
    SharedKey {
        /// The first holder.
        first: MemberId,
        /// The second holder.
        second: MemberId,
        /// Key that both have, for whatever purpose.
        key: PublicKey,
    },
    /// Two members have the same issuer id.
    #[error("{second} has the issuer id {issuer_id}, which {first} has")]
    SharedIssuerId {
        /// The first holder.
        first: MemberId,
        /// The second holder.
        second: MemberId,
        /// Issuer id that both have.
        issuer_id: String,
    },
    /// The validators do not make a set.
    #[error("the validators of the first block do not make a set")]
    Validators(#[from] ValidatorSetError),
}

/// Why a genesis is not signed by all whom it names.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenesisSignatureError {
    /// A member has not signed.
    #[error("{member} has not signed this genesis: {signed} of {needed} governance signature(s)")]
    Missing {
        /// Member with too few signatures.
        member: MemberId,
        /// Signatures there are.
        signed: usize,
        /// Signatures needed.
        needed: u8,
    },
    /// A signature is by a key that the member does not have.
    #[error("{member}: {key} is not one of its governance keys")]
    UnknownKey {
        /// Member that is said to have signed.
        member: MemberId,
        /// Key that is none of its governance keys.
        key: PublicKey,
    },
    /// A signature does not verify.
    #[error("{member} did not sign this genesis")]
    Signature {
        /// Member that is said to have signed.
        member: MemberId,
        /// What the check of its signature found.
        source: SignatureError,
    },
    /// Its keys did not sign its member file.
    #[error("{member} is not shown to hold its keys")]
    Possession {
        /// Member whose file it is.
        member: MemberId,
        /// What is wrong with the signatures of its member file.
        source: Box<MemberFileError>,
    },
    /// Somebody signed who is not a member.
    #[error("{member} signed this genesis and is not a member")]
    NotAMember {
        /// Id that the signature is under.
        member: MemberId,
    },
}

/// Smallest block payload that a genesis may allow, in bytes (256 KiB): room for one whole batch.
pub const BLOCK_BYTES_FLOOR: u32 = 256 << 10;

impl Genesis {
    /// Whether the chain is a test network: one on which an upgrade can be rehearsed. Every member has signed that it is.
    pub fn is_test_network(&self) -> bool {
        self.log_origin.starts_with(TEST_NETWORK_PREFIX)
    }

    /// The protocol versions whose rules this program knows on this chain.
    pub fn known_versions(&self) -> &'static [ProtocolVersion] {
        match self.is_test_network() {
            true => ProtocolVersion::KNOWN_ON_TEST_NETWORKS,
            false => ProtocolVersion::KNOWN,
        }
    }

    /// Reads and checks a genesis file. Signatures are checked by [`Self::check_signatures`].
    ///
    /// # Errors
    /// [`GenesisError`], the first thing that does not fit.
    pub fn from_json(text: &[u8]) -> Result<Self, GenesisError> {
        if text.len() > GENESIS_BYTES_MAX {
            return Err(GenesisError::TooLong { actual: text.len() });
        }
        let genesis: Self = json_form::read(text)?;
        genesis.check()?;
        Ok(genesis)
    }

    /// The genesis as a JSON file for people to read and compare.
    pub fn to_json(&self) -> String {
        let mut text =
            serde_json::to_string_pretty(self).expect("invariant: a genesis has only plain fields");
        text.push('\n');
        text
    }

    /// Checks that everything fits together.
    ///
    /// # Errors
    /// [`GenesisError`].
    pub fn check(&self) -> Result<(), GenesisError> {
        if self.version != GENESIS_VERSION {
            return Err(GenesisError::Version { actual: self.version });
        }
        if self.name.is_empty() || self.name.len() > CHAIN_NAME_BYTES_MAX {
            return Err(GenesisError::Name { bytes: self.name.len() });
        }
        text::check_text(&self.name)?;
        // C2SP tlog-checkpoint: a non-empty line without plus signs or spaces.
        let origin = self.log_origin.as_bytes();
        let visible = origin.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'+');
        if origin.is_empty() || origin.len() > LOG_ORIGIN_BYTES_MAX || !visible {
            return Err(GenesisError::LogOrigin);
        }
        self.parameters.check()?;
        self.check_members()?;
        self.validators()?;
        Ok(())
    }

    fn check_members(&self) -> Result<(), GenesisError> {
        if self.members.len() > MEMBERS_MAX {
            return Err(GenesisError::MemberCount { count: self.members.len() });
        }
        if let Some(pair) = self.members.windows(2).find(|pair| pair[0].id >= pair[1].id) {
            return Err(GenesisError::MemberOrder { id: pair[1].id.clone() });
        }
        self.members.iter().try_for_each(Member::check)?;
        let (mut keys, mut issuer_ids) = (BTreeMap::new(), BTreeMap::new());
        for member in &self.members {
            let second = || member.id.clone();
            for (_, key) in member.keys() {
                if let Some(first) = keys.insert(key, &member.id) {
                    return Err(GenesisError::SharedKey { first: first.clone(), second: second(), key });
                }
            }
            for id in &member.issuer_ids {
                if let Some(first) = issuer_ids.insert(id, &member.id) {
                    let issuer_id = id.to_string();
                    let first = first.clone();
                    return Err(GenesisError::SharedIssuerId { first, second: second(), issuer_id });
                }
            }
        }
        Ok(())
    }

    /// Checks that every member showed that it holds its keys, and agreed to this genesis.
    ///
    /// # Errors
    /// [`GenesisSignatureError`].
    pub fn check_signatures(&self) -> Result<(), GenesisSignatureError> {
        for member in &self.members {
            self.check_member_signatures(member)?;
        }
        let known = |id: &&MemberId| !self.members.iter().any(|member| member.id == **id);
        match self.signatures.keys().find(known) {
            Some(id) => Err(GenesisSignatureError::NotAMember { member: id.clone() }),
            None => Ok(()),
        }
    }

    /// Checks what one member signed.
    fn check_member_signatures(&self, member: &Member) -> Result<(), GenesisSignatureError> {
        let id = || member.id.clone();
        let needed = member.governance_threshold;
        let Some(MemberSignatures { possession, agreement }) = self.signatures.get(&member.id) else {
            return Err(GenesisSignatureError::Missing { member: id(), signed: 0, needed });
        };
        check_possession(&self.invitation(), member, possession)
            .map_err(|source| GenesisSignatureError::Possession { member: id(), source: Box::new(source) })?;
        let message = agreement_message(&self.chain_id());
        for (key, signature) in agreement {
            if !member.governance_keys.contains(key) {
                return Err(GenesisSignatureError::UnknownKey { member: id(), key: *key });
            }
            key.verify(&message, signature)
                .map_err(|source| GenesisSignatureError::Signature { member: id(), source })?;
        }
        let signed = agreement.len();
        if signed < usize::from(needed) {
            return Err(GenesisSignatureError::Missing { member: id(), signed, needed });
        }
        Ok(())
    }

    /// The invitation that the members' files answer.
    pub fn invitation(&self) -> Invitation {
        Invitation { name: self.name.clone(), nonce: self.nonce }
    }

    /// Name of the chain: `BLAKE3-derive_key("sanad/v1 genesis", encoding)`. Signatures are not part of it.
    pub fn chain_id(&self) -> ChainId {
        ChainId(hash::GENESIS.hash(&[&codec::encode(self)]))
    }

    /// The registry before the first block.
    pub fn registry(&self) -> Registry {
        Registry::new(self.members.iter().map(MemberState::genesis))
    }

    /// The validators who decide the first block.
    ///
    /// # Errors
    /// [`ValidatorSetError`].
    pub fn validators(&self) -> Result<ValidatorSet, ValidatorSetError> {
        ValidatorSet::genesis(self.registry().validators())
    }
}

/// What a member's governance keys sign to agree to a genesis: `"sanad/v1 genesis signature" || chain id`.
pub fn agreement_message(chain_id: &ChainId) -> Vec<u8> {
    [SIGNATURE_TAG, &chain_id.0].concat()
}

/// A chain id as people read it aloud: ten groups of five decimal digits, from the first 20 bytes.
///
/// Each group is two bytes, big-endian, in decimal. To find another genesis with the same digits takes some 2^160
/// tries; whoever makes both needs some 2^80.
pub fn fingerprint(chain_id: &ChainId) -> String {
    let groups =
        chain_id.0[..20].chunks(2).map(|pair| format!("{:05}", u16::from_be_bytes([pair[0], pair[1]])));
    groups.collect::<Vec<_>>().join(" ")
}

impl Encode for Genesis {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.version.encode(encoder)?;
        codec::encode_short_text(&self.name, encoder)?;
        self.nonce.encode(encoder)?;
        codec::encode_short_text(&self.log_origin, encoder)?;
        self.predecessor.encode(encoder)?;
        self.parameters.encode(encoder)?;
        codec::encode_list(&self.members, encoder)
    }
}

impl<C> Decode<C> for Genesis {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Ok(Self {
            version: u8::decode(decoder)?,
            name: codec::decode_short_text(decoder, CHAIN_NAME_BYTES_MAX)?,
            nonce: Nonce::decode(decoder)?,
            log_origin: codec::decode_short_text(decoder, LOG_ORIGIN_BYTES_MAX)?,
            predecessor: Option::decode(decoder)?,
            parameters: Parameters::decode(decoder)?,
            members: codec::decode_list(decoder, MEMBERS_MAX, "member count")?,
            signatures: BTreeMap::new(),
        })
    }
}
