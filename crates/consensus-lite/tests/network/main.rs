//! Whole networks in one process: real engines, real sockets, real files, and a ledger in memory.

// Helpers of tests are no `#[test]` functions, to which clippy.toml grants this.
#![allow(clippy::unwrap_used)]

mod blocks;
mod byzantine;
mod catching_up;
mod changes;
mod cluster;
mod crashes;
mod faults;
mod guard;
mod late_rounds;
mod ledger;
mod pace;
mod starting;
mod time;
