//! The server and the client over a real socket, on a ledger in memory.

mod deadlines;
mod errors;
mod health;
mod limits;
mod memory_ledger;
mod network;
mod reads;
mod reflection;
mod shutdown;
mod submission;
mod subscription;
mod tls;
mod web;
