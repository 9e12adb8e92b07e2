//! The Sanad node: wires ledger, consensus, exchange of batches and gRPC service into one daemon.

pub mod config;
pub mod gossip;
pub mod keys;
pub mod pool;
