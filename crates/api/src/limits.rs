//! How long messages and pages may be.

use sanad_core::batch::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX};
use sanad_core::genesis::{BLOCK_BYTES_LIMIT, GENESIS_BYTES_MAX};

/// A page of a list: what the caller gets without asking, and the most it may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageLimit {
    /// Items where the caller names no number.
    pub default: u32,
    /// Most items of one page.
    pub max: u32,
}

/// Pages of `ListBlocks`.
pub const BLOCKS_PAGE: PageLimit = PageLimit { default: 50, max: 500 };
/// Pages of `ListEntries`.
pub const ENTRIES_PAGE: PageLimit = PageLimit { default: 100, max: 1000 };
/// Pages of `ListMembers`.
pub const MEMBERS_PAGE: PageLimit = PageLimit { default: 100, max: 500 };
/// Pages of `ListPeers`.
pub const PEERS_PAGE: PageLimit = PageLimit { default: 100, max: 500 };
/// Pages of `ListIssuerBatches`.
pub const ISSUER_BATCHES_PAGE: PageLimit = PageLimit { default: 50, max: 500 };
/// A page of `ListIssuerBatches` takes no further batch once those it has are this long, in bytes (1 MiB).
pub const ISSUER_BATCHES_BYTES: usize = 1 << 20;
/// Most proofs of one `GetBatchProofs`.
pub const BATCH_PROOFS_MAX: usize = BATCH_EVENTS_MAX;

/// Longest page token, in bytes.
pub const PAGE_TOKEN_BYTES_MAX: usize = 80;
/// Most addresses told of one peer.
pub const PEER_ADDRESSES_MAX: usize = 16;
/// Longest address of a peer, in bytes.
pub const PEER_ADDRESS_BYTES_MAX: usize = 256;

/// Longest request of a read, in bytes.
pub const READ_REQUEST_BYTES_MAX: usize = 4 << 10;
/// Longest request of a submission, in bytes: the longest batch, and room for the other fields.
pub const SUBMIT_REQUEST_BYTES_MAX: usize = BATCH_BYTES_MAX + (4 << 10);
/// Longest answer that a client reads, in bytes: the longest block or genesis, and room for the certificate and
/// the framing of batches.
pub const ANSWER_BYTES_MAX: usize = larger(BLOCK_BYTES_LIMIT as usize, GENESIS_BYTES_MAX) + (512 << 10);

const fn larger(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}
