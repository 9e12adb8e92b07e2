//! The engine's loop: answers what the engine asks, by what the ledger says.
//!
//! One thread answers, one question at a time. Each kind of question has its file.

mod decided;
mod driver;
mod judge;
#[cfg(feature = "testing")]
mod lies;
mod link;
mod log;
mod network;
mod parts;
mod propose;
mod ready;
mod round;
mod session;
mod sync;
mod thread;
mod waiting;

pub(crate) use network::connections_max;
pub(crate) use thread::{Setup, run};
