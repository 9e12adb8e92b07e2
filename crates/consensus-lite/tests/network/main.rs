//! Whole networks in one process: real engines, real sockets, real files, and a ledger in memory.

mod blocks;
mod catching_up;
mod cluster;
mod faults;
mod guard;
mod ledger;
mod starting;
