//! A clone of the state is a snapshot: it stays as it is, and costs next to nothing however large the ledger is.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeMap;

use peak_alloc::PeakAlloc;
use sanad_core::ids::{LogIndex, LogSize};
use sanad_core::status::{STATUS_LEAF_ENTRIES, Status, StatusTree};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Leaves that hold a revocation, as in a log of 25 million entries.
const LEAVES: u64 = 100_000;
/// Most memory that a block with one revocation takes beside a snapshot, in bytes: the nodes of the maps on the
/// way to 36 entries.
const BLOCK_BYTES_MAX: usize = 512 << 10;

/// The only test of this binary: others would take memory beside it.
#[test]
fn a_block_beside_a_snapshot_copies_what_it_changes_alone() {
    let mut leaf = [0; 64];
    leaf[0] = 0b11;
    let before = MEMORY.current_usage();
    let mut tree = StatusTree::from_leaves((0..LEAVES).map(|place| (place, leaf)));
    let whole = MEMORY.current_usage() - before;
    assert!(whole > 8 * BLOCK_BYTES_MAX, "{whole} bytes are too few to tell a copy from a share");

    let size = LogSize(LEAVES * STATUS_LEAF_ENTRIES);
    let (root, target) = (tree.root(size), LogIndex(size.0 / 2 + 1));
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let snapshot = tree.clone();
    let changes = tree.change(&BTreeMap::from([(target, Status::Revoked)]));
    tree.advance(changes);
    let taken = MEMORY.peak_usage() - before;
    assert!(taken <= BLOCK_BYTES_MAX, "{taken} bytes for one revocation");

    assert_eq!((snapshot.root(size), snapshot.status(target)), (root, Status::Active));
    assert_eq!(tree.status(target), Status::Revoked);
    assert_ne!(tree.root(size), root);
}
