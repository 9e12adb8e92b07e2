//! Checks a chain of blocks from the genesis on, wherever they come from, on all cores.
//!
//! A [`BlockSource`] gives the blocks: the segments of a store, the files of an export. [`check_chain`] checks them
//! without any index of the source's. [`Chain`] does the same for callers that keep what was learned on the way, and
//! [`prepare()`] and [`check_block`] are its two halves, for a store that executes blocks against its own indexes.
//!
//! Beside `core` because it uses threads and draws a secret from the operating system; it reads no file and no clock.

mod check;
mod fault;
mod prepare;
mod secret;
mod seen;

pub use check::{BlockSource, Chain, ChainError, ChainReport, CheckedBlock, check_block, check_chain};
pub use fault::Fault;
pub use prepare::{Decoded, Known, Prepared, prepare};
pub use secret::IndexSecret;
pub use seen::Seen;
