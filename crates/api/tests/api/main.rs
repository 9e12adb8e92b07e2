//! The server and the client over a real socket, on a ledger in memory.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests say what they saw")]

mod completeness;
mod deadlines;
mod errors;
mod health;
mod http;
mod lies;
mod limits;
mod memory_ledger;
mod network;
mod plain;
mod proxy_protocol;
mod reads;
mod reflection;
mod sharing;
mod shutdown;
mod submission;
mod subscription;
mod tls;
mod web;
