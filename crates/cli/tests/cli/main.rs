//! The program as people and scripts run it: a real process, its output and its exit codes.
//!
//! Where a node is needed, the API's own server answers from a ledger in memory. Whole networks of real nodes are
//! tested in the workspace's `tests/`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod asking;
mod certificates;
mod changes;
mod codes;
mod credentials;
mod distance;
mod documents;
mod empties;
mod exporting;
mod first_block;
mod genesis;
mod issuing;
mod keys;
mod localnet;
mod log_proofs;
#[path = "../../../api/tests/api/memory_ledger.rs"]
mod memory_ledger;
mod node;
mod output;
mod pages;
mod paper;
mod places;
mod program;
mod queries;
mod receipts;
mod registers;
mod renewing;
mod resuming;
mod samples;
mod sd_jwt;
mod sources;
mod together;
mod trusting;
mod turns;
mod urls;
mod verifying;
#[path = "../../../export/tests/support/server.rs"]
mod web_server;
