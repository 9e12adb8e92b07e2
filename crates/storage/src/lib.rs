//! The durable log of a Sanad node: append-only segment files, and everything that is derived from them.
//!
//! - **The segments are the truth.** A block is one checksummed frame, on disk before it is acknowledged.
//! - **Columns** (blocks, batches, tiles of the log tree and of the history tree, former registers) are fixed-width files, read by position.
//! - **Key indexes** (issuances, batch ids, issuers' sequence numbers) are sorted runs, merged in the background; they
//!   hold hints that are compared with the log.
//! - **The checkpoint** is in sled: parameters, members, status leaves, validator sets, a place in the log.
//!
//! **Invariant:** nothing but the segments has to be durable for a block to be. **Invariant:** readers see whole blocks.
//! **Invariant:** damage to a segment is never repaired by leaving blocks out. **Invariant:** the validators of a height
//! are those that a header announced, never computed from today's members.
//!
//! Layouts: `docs/formats/storage.md`.

mod append;
mod audit;
mod background;
mod blocks;
mod checkpoint;
mod closed;
mod column;
mod columns;
mod compare;
mod copying;
mod directory;
mod entries;
mod error;
mod files;
mod frame;
mod history;
mod index;
mod inspect;
mod member_entries;
mod open;
mod options;
mod read;
mod rebuild;
mod register;
mod repair;
mod replay;
mod restore;
mod segments;
mod shared;
mod snapshot;
mod store;
mod tiles;
mod undecided;
mod unsynced;
mod validators;

pub use audit::{AuditReport, Finding, RunFault, Verdict, audit};
pub use compare::{BlockDifference, Comparison, LogRest, compare};
pub use copying::{CopyError, LogPlace, copy_log, has_place};
pub use directory::STORE_VERSION;
pub use error::{OpenError, Part, StoreError};
pub use index::{INDEX_VALUE_MAX, IndexOptions, KeyIndex};
pub use inspect::Condition;
pub use member_entries::MemberEntries;
pub use options::{
    ENTRIES_BYTES_MAX, ENTRIES_MAX, FRAME_BYTES_MAX, Options, UNDECIDED_BYTES_MAX,
    UNDECIDED_RECORD_BYTES_MAX, UNSYNCED_BYTES_MAX,
};
pub use read::{BatchRecord, BlockSize};
pub use rebuild::{Progress, Step};
pub use register::FormerRegister;
pub use repair::RepairError;
pub use sanad_chain::{Fault, IndexSecret};
pub use shared::StoredHead;
pub use snapshot::{SnapshotError, SnapshotFolder, SnapshotTrust, create_snapshot, restore_snapshot};
pub use store::Store;
pub use tiles::{HistoryTree, LogTree, TileTree};
pub use undecided::UndecidedRecord;
