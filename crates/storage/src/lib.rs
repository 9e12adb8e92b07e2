//! The durable log of a Sanad node: append-only segment files, and everything that is cut from them.
//!
//! - **The segments are the truth.** A block is one checksummed frame, on disk before it is acknowledged.
//! - **Columns** (blocks, batches, tiles of the log tree) are fixed-width files, read by position.
//! - **Key indexes** (commitments, batch ids, issuers' sequence numbers) are sorted runs, merged in the
//!   background; they hold hints that are compared with the log.
//! - **The checkpoint** is in sled: member records, status leaves, a place in the log.
//!
//! **Invariant:** nothing but the segments has to be durable for a block to be. **Invariant:** readers see
//! whole blocks. **Invariant:** damage to a segment is never repaired by leaving blocks out.
//!
//! Layouts: `docs/formats/storage.md`.

mod append;
mod audit;
mod background;
mod chain;
mod checkpoint;
mod closed;
mod column;
mod columns;
mod compare;
mod directory;
mod entries;
mod error;
mod fault;
mod files;
mod frame;
mod index;
mod open;
mod options;
mod read;
mod rebuild;
mod replay;
mod restore;
mod segments;
mod shared;
mod store;
mod tiles;
mod undecided;

pub use audit::{AuditReport, Finding, RunFault, Verdict, audit};
pub use chain::{BlockSource, ChainError, ChainReport, CheckedBlock, check_chain};
pub use compare::{BlockDifference, Comparison, LogRest, compare};
pub use directory::STORE_VERSION;
pub use error::{OpenError, Part, StoreError};
pub use fault::Fault;
pub use index::{INDEX_VALUE_MAX, IndexOptions, IndexSecret, KeyIndex};
pub use options::{ENTRIES_MAX, FRAME_BYTES_MAX, Options, UNDECIDED_BYTES_MAX, UNDECIDED_RECORD_BYTES_MAX};
pub use read::BatchRecord;
pub use rebuild::{Progress, Step};
pub use shared::StoredHead;
pub use store::Store;
pub use tiles::LogTree;
pub use undecided::UndecidedRecord;
