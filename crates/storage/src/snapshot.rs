//! Snapshots in folders: written from a store, and made into one. Format: `docs/formats/snapshot.md`.
//!
//! **Invariant:** a store that was made from a snapshot has the files that any other has: all blocks, and nothing that
//! was not proved by the header that genesis and certificates lead to.

mod create;
mod error;
mod folder;
mod restore;

pub use create::create_snapshot;
pub use error::SnapshotError;
pub use folder::SnapshotFolder;
pub use restore::{SnapshotTrust, restore_snapshot};
