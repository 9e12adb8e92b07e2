//! Blocks as a node serves them.

use sanad_core::block::{Block, BlockHeader};
use sanad_core::validators::CommitCertificate;

/// A header with the certificate that makes it final.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinalHeader {
    /// The header.
    pub header: BlockHeader,
    /// Its certificate.
    pub certificate: CommitCertificate,
}

/// A block with the certificate that makes it final.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinalBlock {
    /// The block.
    pub block: Block,
    /// Its certificate.
    pub certificate: CommitCertificate,
}

/// What a block holds, without holding it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockSummary {
    /// The header.
    pub header: BlockHeader,
    /// Number of its batches, at most [`sanad_core::block::BLOCK_BATCHES_MAX`].
    pub batches: u32,
    /// Number of its entries.
    pub entries: u64,
    /// Length of its payload (header and batches), in bytes.
    pub bytes: u64,
}
