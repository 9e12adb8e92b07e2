//! The generated messages of `proto/sanad/v1`.
//!
//! For tests, and for programs that speak to a node without [`crate::Client`]. They carry whatever the other
//! side sent: nothing in them is checked.

#![allow(missing_docs, unreachable_pub, clippy::all, clippy::unwrap_used)]

tonic::include_proto!("sanad.v1");

/// The descriptors of all files, for reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/sanad_descriptors.bin"));
