//! Blocks and their headers.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::batch::SignedBatch;
use crate::codec::{self, CodecError};
use crate::hash::{self, BatchesTree, BlockHash, ChainId, PastHash, Root, ValidatorsHash};
use crate::ids::{Height, LogSize};
use crate::merkle::{TreeHash, root_of};

/// The layout that this program reads: it fixes headers, votes, validator sets, the top of the state tree, the
/// history tree, member records and the known entries.
pub const LAYOUT_VERSION: u8 = 1;
/// The rules that this program executes. Readers of proofs do not depend on them.
pub const RULES_VERSION: u8 = 1;
/// Length of an encoded header, in bytes; all its fields have a fixed width.
pub const HEADER_BYTES: usize = 2 + 32 + 8 + 4 + 8 + 8 + 32 * 5;
/// Most batches of one block.
pub const BLOCK_BATCHES_MAX: usize = 16_384;
/// Latest time of a block, in milliseconds since 1970-01-01 UTC: 9999-12-31T23:59:59.999Z.
pub const TIME_MS_MAX: u64 = 253_402_300_799_999;
/// Most entries of a log.
pub const LOG_SIZE_MAX: u64 = 1 << 40;

/// The protocol version in force at a height.
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
pub struct ProtocolVersion {
    /// How things are laid out. Readers refuse a layout that they do not know.
    pub layout: u8,
    /// How blocks are executed. Readers ignore it; nodes stop voting before rules that they do not know.
    pub rules: u8,
}

impl ProtocolVersion {
    /// The version of this program.
    pub const CURRENT: Self = Self { layout: LAYOUT_VERSION, rules: RULES_VERSION };
    /// The version after it, to rehearse an upgrade with: its rules are those of [`Self::CURRENT`]. Known on test networks
    /// alone, see [`Genesis::is_test_network`](crate::genesis::Genesis::is_test_network).
    pub const TEST: Self = Self { layout: LAYOUT_VERSION, rules: RULES_VERSION + 1 };
    /// The versions whose rules this program knows.
    pub const KNOWN: &'static [Self] = &[Self::CURRENT];
    /// Those that it knows on test networks.
    pub const KNOWN_ON_TEST_NETWORKS: &'static [Self] = &[Self::CURRENT, Self::TEST];
}

impl std::fmt::Display for ProtocolVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.layout, self.rules)
    }
}

/// What validators sign: one block, and the whole ledger after it. Roots are those *after* the block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, bincode::Encode, bincode::Decode)]
#[serde(deny_unknown_fields)]
pub struct BlockHeader {
    /// Protocol version in force.
    pub version: ProtocolVersion,
    /// Id of the chain: the hash of its genesis.
    pub chain_id: ChainId,
    /// Height of the block, from 1.
    pub height: Height,
    /// The round in which the block was first proposed.
    pub round: u32,
    /// Proposer's time, in milliseconds since 1970-01-01 UTC; later than that of the block before.
    pub time_ms: u64,
    /// Entries in the log.
    pub log_size: LogSize,
    /// Root of the log tree (RFC 6962, SHA-256).
    pub log_root: Root,
    /// Root over statuses, members and the other parts of the state: see [`crate::state_root`].
    pub state_root: Root,
    /// Hash over the block before, the history and the batches: see [`Past`].
    pub past: PastHash,
    /// The validators who decide this block.
    pub validators_hash: ValidatorsHash,
    /// The validators who decide the next one.
    pub next_validators_hash: ValidatorsHash,
}

/// What validators vote for: a block and the round in which it was first proposed.
///
/// The header contains the round too. Naming it beside the hash lets a node that does not have the block yet tell a
/// first proposal from a later one.
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
pub struct BlockId {
    /// Hash of the header.
    pub hash: BlockHash,
    /// The header's round.
    pub round: u32,
}

impl std::fmt::Display for BlockId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (round {})", self.hash, self.round)
    }
}

/// What [`BlockHeader::past`] is the hash of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, bincode::Encode, bincode::Decode)]
#[serde(deny_unknown_fields)]
pub struct Past {
    /// Hash of the block before; at height 1 the chain id.
    pub previous: BlockHash,
    /// Root of the history tree: the hashes of all headers before this one, in order of height.
    pub history_root: Root,
    /// Root over the block's batches: see [`batches_root`].
    pub batches_root: Root,
}

impl Past {
    /// `BLAKE3-derive_key("sanad/v1 past", previous || history root || batches root)`.
    pub fn hash(&self) -> PastHash {
        PastHash(hash::PAST.hash(&[&self.previous.0, &self.history_root.0, &self.batches_root.0]))
    }
}

/// A field of a header that no block can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// A layout that this program does not know.
    #[error("layout version {actual}; this program knows {LAYOUT_VERSION}: a newer verifier is needed")]
    Layout {
        /// The layout found.
        actual: u8,
    },
    /// Height 0, which no block has.
    #[error("a header of height 0; the first block has height 1")]
    Height,
    /// A time after the year 9999.
    #[error("time {actual}; at most {TIME_MS_MAX} is allowed")]
    Time {
        /// The time found, in milliseconds.
        actual: u64,
    },
    /// A log larger than any can be.
    #[error("a log of {actual} entries; at most {LOG_SIZE_MAX} are allowed")]
    LogSize {
        /// The size found.
        actual: LogSize,
    },
}

impl BlockHeader {
    /// `BLAKE3-derive_key("sanad/v1 block header", encoding)`.
    pub fn hash(&self) -> BlockHash {
        BlockHash(hash::BLOCK.hash(&[&self.encode()]))
    }

    /// The block as validators vote for it.
    pub fn id(&self) -> BlockId {
        BlockId { hash: self.hash(), round: self.round }
    }

    /// The [`HEADER_BYTES`] bytes that are hashed.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads an encoded header.
    ///
    /// # Errors
    /// [`CodecError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let header: Self = codec::decode(bytes, HEADER_BYTES)?;
        header.checked()
    }

    /// Checks layout, height, time and log size against what any header can have.
    ///
    /// # Errors
    /// [`HeaderError`], the first that is out of range.
    pub fn check(&self) -> Result<(), HeaderError> {
        if self.version.layout != LAYOUT_VERSION {
            return Err(HeaderError::Layout { actual: self.version.layout });
        }
        if self.height == Height::GENESIS {
            return Err(HeaderError::Height);
        }
        if self.time_ms > TIME_MS_MAX {
            return Err(HeaderError::Time { actual: self.time_ms });
        }
        if self.log_size.0 > LOG_SIZE_MAX {
            return Err(HeaderError::LogSize { actual: self.log_size });
        }
        Ok(())
    }

    /// Name of the first field in which two headers differ.
    pub fn first_difference(&self, other: &Self) -> Option<&'static str> {
        let (mine, others) = (self.fields(), other.fields());
        mine.into_iter().zip(others).find(|(mine, other)| mine != other).map(|((field, _), _)| field)
    }

    /// Name and value of each field, in the order of the format.
    pub fn fields(&self) -> [(&'static str, String); 11] {
        [
            ("version", self.version.to_string()),
            ("chain_id", self.chain_id.to_string()),
            ("height", self.height.to_string()),
            ("round", self.round.to_string()),
            ("time_ms", self.time_ms.to_string()),
            ("log_size", self.log_size.to_string()),
            ("log_root", self.log_root.to_string()),
            ("state_root", self.state_root.to_string()),
            ("past", self.past.to_string()),
            ("validators_hash", self.validators_hash.to_string()),
            ("next_validators_hash", self.next_validators_hash.to_string()),
        ]
    }

    fn checked(self) -> Result<Self, CodecError> {
        match self.check() {
            Ok(()) => Ok(self),
            Err(error) => Err(CodecError::Invalid {
                field: match error {
                    HeaderError::Layout { .. } => "header layout",
                    HeaderError::Height => "header height",
                    HeaderError::Time { .. } => "header time",
                    HeaderError::LogSize { .. } => "header log size",
                },
            }),
        }
    }
}

/// A header and the batches that it enters into the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Header, whose `past` covers the batches in their order.
    pub header: BlockHeader,
    /// The batches, in the order of their entries.
    pub batches: Vec<Arc<SignedBatch>>,
}

impl Block {
    /// Payload of a block: header, `u32` count, signed batches.
    pub fn encode(&self) -> Vec<u8> {
        let batches: usize = self.batches.iter().map(|batch| batch.bytes().len()).sum();
        let mut bytes = Vec::with_capacity(HEADER_BYTES + 4 + batches);
        codec::encode_into(&self.header, &mut bytes);
        codec::encode_into(&(self.batches.len() as u32), &mut bytes);
        self.batches.iter().for_each(|batch| bytes.extend_from_slice(batch.bytes()));
        bytes
    }

    /// Reads a payload of at most `limit` bytes. Checks form alone, no rule of the ledger.
    ///
    /// # Errors
    /// [`CodecError`].
    pub fn decode(bytes: &[u8], limit: usize) -> Result<Self, CodecError> {
        if bytes.len() > limit {
            return Err(CodecError::TooLong { actual: bytes.len(), limit });
        }
        let (header, mut read) = codec::decode_prefix::<BlockHeader>(bytes, limit)?;
        let header = header.checked()?;
        let (count, width) = codec::decode_prefix::<u32>(&bytes[read..], limit)?;
        read += width;
        if count as usize > BLOCK_BATCHES_MAX {
            return Err(CodecError::Invalid { field: "batch count" });
        }
        let mut batches = Vec::new();
        for _ in 0..count {
            let (batch, width) = SignedBatch::decode_prefix(&bytes[read..])?;
            read += width;
            batches.push(Arc::new(batch));
        }
        match bytes.len() - read {
            0 => Ok(Self { header, batches }),
            excess => Err(CodecError::Trailing { excess }),
        }
    }
}

/// Root over a block's batches: `BLAKE3-derive_key("sanad/v1 batches", count u64 || root)` with the root of the tree
/// over id and signature of each.
pub fn batches_root(batches: &[Arc<SignedBatch>]) -> Root {
    let leaves: Vec<_> = batches.iter().map(|batch| BatchesTree::leaf(&batch.tree_leaf())).collect();
    hash::counted_root(&hash::BATCHES, leaves.len() as u64, &root_of::<BatchesTree>(&leaves))
}
