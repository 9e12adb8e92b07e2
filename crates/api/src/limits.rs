//! Limits of messages and pages.

use sanad_core::batch::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX};
use sanad_core::genesis::{BLOCK_BYTES_LIMIT, GENESIS_BYTES_MAX};

/// A page of a list: items by default, and the most a caller may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageLimit {
    /// Items if the caller does not name a number.
    pub default: u32,
    /// Most items of one page.
    pub max: u32,
}

/// Pages of `ListBlocks`.
pub const BLOCKS_PAGE: PageLimit = PageLimit { default: 50, max: 500 };
/// Pages of `ListEntries`.
pub const ENTRIES_PAGE: PageLimit = PageLimit { default: 100, max: 1000 };
/// Pages of `ListMembers`. A member may have 67 KB, and some more for its readable fields.
pub const MEMBERS_PAGE: PageLimit = PageLimit { default: 100, max: 200 };
/// Pages of `ListPeers`.
pub const PEERS_PAGE: PageLimit = PageLimit { default: 100, max: 500 };
/// Most headers of one answer over HTTP.
pub const HTTP_HEADERS_MAX: u32 = 100;
/// Most entries of one run of `GetCompleteness`.
pub const ENTRY_RUN_ENTRIES_MAX: usize = BATCH_EVENTS_MAX;
/// Longest encoded entries of one run of `GetCompleteness`, in bytes (448 KiB): as a line of a completeness proof
/// they keep below [`COMPLETENESS_LINE_BYTES_MAX`](sanad_core::proof::COMPLETENESS_LINE_BYTES_MAX).
pub const ENTRY_RUN_BYTES_MAX: usize = 448 << 10;
/// Most entries that [`Ledger::entry_runs`](crate::Ledger::entry_runs) returns at once, in all its runs.
pub const ENTRY_RUNS_ENTRIES_MAX: usize = 4 * ENTRY_RUN_ENTRIES_MAX;
/// Longest chunk of `GetTrustFile`, and longest piece of `GetSnapshot` and `GetSnapshotChunk`, in bytes (1 MiB).
pub const PIECE_BYTES_MAX: usize = 1 << 20;
/// Longest encoded items of one run of `GetGovernance`, in bytes (1 MiB): more than the longest item has.
pub const GOVERNANCE_RUN_BYTES_MAX: usize = 1 << 20;
/// Longest encoded items of governance that are answered over HTTP, where they come all at once, in bytes (4 MiB).
pub const HTTP_GOVERNANCE_BYTES_MAX: usize = 4 << 20;
/// Most credentials of one `GetStatuses`: as many as fit [`READ_REQUEST_BYTES_MAX`].
pub const STATUSES_MAX: usize = 50;
/// Most proofs of one `GetBatchProofs`.
pub const BATCH_PROOFS_MAX: usize = BATCH_EVENTS_MAX;

/// Longest page token, in bytes.
pub const PAGE_TOKEN_BYTES_MAX: usize = 80;
/// Most addresses of one peer.
pub const PEER_ADDRESSES_MAX: usize = 16;
/// Longest address of a peer, in bytes.
pub const PEER_ADDRESS_BYTES_MAX: usize = 256;

/// Most warnings of one diagnosis.
pub const WARNINGS_MAX: usize = 64;
/// Longest part of a warning, in bytes (1 KiB).
pub const WARNING_BYTES_MAX: usize = 1 << 10;

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
