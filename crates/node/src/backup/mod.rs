//! `sanad-node backup`: a copy of a node's ledger and of what is needed to run it elsewhere.
//!
//! The program that owns the data directory reads it: a backup costs the gRPC service nothing, needs no password, and works
//! while the node runs, hangs or is stopped. Segments are append-only and are the truth, so they alone are copied, and each
//! run adds what is new. What is derived from them is made again by `restore`, which executes every block anyway.
//!
//! **Invariant:** a backup never holds a signing guard or a consensus log, and a restored node signs nothing until the
//! rules of the guard allow it: what a backup knows of a key's signatures is old by definition.

mod create;
mod error;
mod folder;
mod manifest;
mod restore;
mod verify;

pub use create::{Created, Secrets, create};
pub use error::BackupError;
pub use manifest::{BACKUP_VERSION, BackupFile, Manifest};
pub use restore::{Restored, restore};
pub use verify::{Verified, verify};
