//! Blocks as a node serves them.

use sanad_core::block::{Block, BlockHeader};
use sanad_core::validators::CommitCertificate;

/// A header with the certificate that makes it final.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinalHeader {
    /// Header, as the node sent it: not verified.
    pub header: BlockHeader,
    /// Precommits of more than 2/3 of the validators of its height.
    pub certificate: CommitCertificate,
}

/// A block with the certificate that makes it final.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinalBlock {
    /// Block, as the node sent it: not verified.
    pub block: Block,
    /// Precommits of more than 2/3 of the validators of its height.
    pub certificate: CommitCertificate,
}

/// What a block holds, without holding it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockSummary {
    /// Header, as the node sent it: not verified.
    pub header: BlockHeader,
    /// Number of its batches, at most [`sanad_core::block::BLOCK_BATCHES_MAX`].
    pub batches: u32,
    /// Number of its entries.
    pub entries: u64,
    /// Length of its payload (header and batches), in bytes.
    pub bytes: u64,
}
