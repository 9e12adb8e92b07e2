//! Blocks and their headers.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::batch::SignedBatch;
use crate::codec::{self, CodecError};
use crate::hash::{self, BatchesTree, BlockHash, ChainId, Root, ValidatorsHash};
use crate::ids::{Height, LogSize};
use crate::merkle::{TreeHash, root_of};

/// The only version of the header format.
pub const HEADER_VERSION: u8 = 1;
/// Length of an encoded header, in bytes; all its fields have a fixed width.
pub const HEADER_BYTES: usize = 1 + 32 + 8 + 4 + 8 + 32 + 32 + 8 + 32 * 5;
/// Most batches of one block.
pub const BLOCK_BATCHES_MAX: usize = 16_384;

/// What validators sign: one block, and the whole ledger after it. Roots are those *after* the block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, bincode::Encode, bincode::Decode)]
#[serde(deny_unknown_fields)]
pub struct BlockHeader {
    /// Format version, 1.
    pub version: u8,
    /// The chain.
    pub chain_id: ChainId,
    /// Height of the block, from 1.
    pub height: Height,
    /// The round of first proposal. The block keeps it when it is proposed again in a later round.
    pub round: u32,
    /// Proposer's time, in milliseconds since 1970-01-01 UTC; later than that of the block before.
    pub time_ms: u64,
    /// Hash of the block before; at height 1 the chain id.
    pub previous: BlockHash,
    /// Root over the block's batches (id and signature of each), in order.
    pub batches_root: Root,
    /// Entries in the log.
    pub log_size: LogSize,
    /// Root of the log tree (RFC 6962, SHA-256).
    pub log_root: Root,
    /// Root of the status tree.
    pub status_root: Root,
    /// Root of the registry tree.
    pub registry_root: Root,
    /// The validators who decide this block.
    pub validators_hash: ValidatorsHash,
    /// The validators who decide the next one.
    pub next_validators_hash: ValidatorsHash,
}

impl BlockHeader {
    /// `BLAKE3-derive_key("sanad/v1 block header", encoding)`.
    pub fn hash(&self) -> BlockHash {
        BlockHash(hash::BLOCK.hash(&[&self.encode()]))
    }

    /// What votes name: the hash and the round of first proposal.
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
        header.check_version()
    }

    /// Name of the first field in which two headers differ.
    pub fn first_difference(&self, other: &Self) -> Option<&'static str> {
        let fields = [
            ("version", self.version == other.version),
            ("chain_id", self.chain_id == other.chain_id),
            ("height", self.height == other.height),
            ("round", self.round == other.round),
            ("time_ms", self.time_ms == other.time_ms),
            ("previous", self.previous == other.previous),
            ("batches_root", self.batches_root == other.batches_root),
            ("log_size", self.log_size == other.log_size),
            ("log_root", self.log_root == other.log_root),
            ("status_root", self.status_root == other.status_root),
            ("registry_root", self.registry_root == other.registry_root),
            ("validators_hash", self.validators_hash == other.validators_hash),
            ("next_validators_hash", self.next_validators_hash == other.next_validators_hash),
        ];
        fields.into_iter().find(|(_, same)| !same).map(|(field, _)| field)
    }

    /// Name and value of each field, in the order of the format.
    pub fn fields(&self) -> [(&'static str, String); 13] {
        [
            ("version", self.version.to_string()),
            ("chain_id", self.chain_id.to_string()),
            ("height", self.height.to_string()),
            ("round", self.round.to_string()),
            ("time_ms", self.time_ms.to_string()),
            ("previous", self.previous.to_string()),
            ("batches_root", self.batches_root.to_string()),
            ("log_size", self.log_size.to_string()),
            ("log_root", self.log_root.to_string()),
            ("status_root", self.status_root.to_string()),
            ("registry_root", self.registry_root.to_string()),
            ("validators_hash", self.validators_hash.to_string()),
            ("next_validators_hash", self.next_validators_hash.to_string()),
        ]
    }

    fn check_version(self) -> Result<Self, CodecError> {
        match self.version {
            HEADER_VERSION => Ok(self),
            _ => Err(CodecError::Invalid { field: "header version" }),
        }
    }
}

/// What validators vote for: a block and the round in which it was first proposed.
///
/// The header contains the round too. Naming it beside the hash lets a node that does not have the block
/// yet tell a first proposal from a later one.
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

impl fmt::Display for BlockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (round {})", self.hash, self.round)
    }
}

/// A header and the batches that it enters into the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The header.
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
        let header = header.check_version()?;
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

/// Root of the tree over a block's batches.
pub fn batches_root(batches: &[Arc<SignedBatch>]) -> Root {
    let leaves: Vec<_> = batches.iter().map(|batch| BatchesTree::leaf(&batch.tree_leaf())).collect();
    Root(root_of::<BatchesTree>(&leaves))
}
