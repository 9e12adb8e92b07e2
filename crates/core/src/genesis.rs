//! The genesis: what a consortium agrees on before its first block, and all that a verifier must trust.

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::hash::{self, ChainId};
use crate::ids::MemberId;
use crate::json_form::{self, JsonFormError};
use crate::member::{Member, MemberError};
use crate::registry::{MEMBERS_MAX, Registry};
use crate::validators::ValidatorSetError;

/// Longest genesis file, in bytes (4 MiB).
pub const GENESIS_BYTES_MAX: usize = 4 << 20;
/// The only version of the genesis format.
pub const GENESIS_VERSION: u8 = 1;
/// Largest block payload that a genesis may allow, in bytes (4 MiB).
pub const BLOCK_BYTES_LIMIT: u32 = 4 << 20;
/// Block payload limit where a genesis is silent, in bytes (1 MiB).
pub const BLOCK_BYTES_DEFAULT: u32 = 1 << 20;
/// Longest name of a consortium, in bytes of UTF-8.
pub const CHAIN_NAME_BYTES_MAX: usize = 128;

/// Limits that every validator must apply alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, bincode::Encode, bincode::Decode)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Most bytes of a block: header and batches.
    pub block_bytes_max: u32,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { block_bytes_max: BLOCK_BYTES_DEFAULT }
    }
}

/// The genesis of a chain. Public; the file is JSON, the chain id is the hash of its canonical encoding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Genesis {
    /// Format version, 1.
    pub version: u8,
    /// Name of the consortium, 1 to 128 bytes.
    pub name: String,
    /// When it was made, in milliseconds since 1970-01-01 UTC. Every block is later.
    pub time_ms: u64,
    /// Limits.
    #[serde(default)]
    pub parameters: Parameters,
    /// The members, sorted by id.
    pub members: Vec<Member>,
}

/// Why a genesis is no genesis.
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
    #[error("the genesis file: {0}")]
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
    /// The block limit is out of range.
    #[error("block_bytes_max is {actual}; it must be from {BLOCK_BYTES_FLOOR} to {BLOCK_BYTES_LIMIT}")]
    BlockBytes {
        /// The value found.
        actual: u32,
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
        /// The member.
        id: MemberId,
    },
    /// A member's facts do not fit together.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// The validators make no set.
    #[error("the validators of the first block: {0}")]
    Validators(#[from] ValidatorSetError),
}

/// A block must have room for one whole batch.
const BLOCK_BYTES_FLOOR: u32 = 256 << 10;

impl Genesis {
    /// Reads and checks a genesis file.
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
        let actual = self.parameters.block_bytes_max;
        if !(BLOCK_BYTES_FLOOR..=BLOCK_BYTES_LIMIT).contains(&actual) {
            return Err(GenesisError::BlockBytes { actual });
        }
        if self.members.len() > MEMBERS_MAX {
            return Err(GenesisError::MemberCount { count: self.members.len() });
        }
        if let Some(pair) = self.members.windows(2).find(|pair| pair[0].id >= pair[1].id) {
            return Err(GenesisError::MemberOrder { id: pair[1].id.clone() });
        }
        self.members.iter().try_for_each(Member::check)?;
        self.registry().validators(crate::ids::Height(1))?;
        Ok(())
    }

    /// Name of the chain: `BLAKE3-derive_key("sanad/v1 genesis", encoding)`.
    pub fn chain_id(&self) -> ChainId {
        ChainId(hash::GENESIS.hash(&[&codec::encode(self)]))
    }

    /// The registry before the first block.
    pub fn registry(&self) -> Registry {
        Registry::new(self.members.iter().cloned())
    }
}

impl Encode for Genesis {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.version.encode(encoder)?;
        codec::encode_short_text(&self.name, encoder)?;
        self.time_ms.encode(encoder)?;
        self.parameters.encode(encoder)?;
        codec::encode_list(&self.members, encoder)
    }
}

impl<C> Decode<C> for Genesis {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Ok(Self {
            version: u8::decode(decoder)?,
            name: codec::decode_short_text(decoder, CHAIN_NAME_BYTES_MAX)?,
            time_ms: u64::decode(decoder)?,
            parameters: Parameters::decode(decoder)?,
            members: codec::decode_list(decoder, MEMBERS_MAX, "member count")?,
        })
    }
}
