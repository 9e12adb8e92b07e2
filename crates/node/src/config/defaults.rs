//! What holds where a file says nothing.

use super::{Log, LogFormat, Pool, Storage, Watchdog};

impl Default for Pool {
    fn default() -> Self {
        Self {
            bytes_max: 32 << 20,
            issuer_percent_max: 100,
            batches_per_issuer_max: 256,
            age_max_ms: 600_000,
        }
    }
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            segment_bytes: 256 << 20,
            files_reserve: 256,
            scrub_bytes_per_second: 1 << 20,
            free_bytes_min: 512 << 20,
        }
    }
}

impl Default for Watchdog {
    fn default() -> Self {
        Self { hang_timeout_ms: 60_000 }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: LOG_FILTER.into() }
    }
}

/// The consensus engine tells of every vote at `info`, and of every peer that cannot be reached, and every message that it does not take, at `error`.
const LOG_FILTER: &str = "info,arc_malachitebft=error,arc_malachitebft_engine::network=off,arc_malachitebft_network=off,libp2p_swarm=warn";

pub(super) fn connections_max() -> usize {
    1024
}

pub(super) fn connections_per_address_max() -> usize {
    64
}

pub(super) fn address_connections_per_second_max() -> u32 {
    40
}

pub(super) fn address_connections_burst_max() -> u32 {
    400
}

pub(super) fn idle_timeout_ms() -> u64 {
    120_000
}

pub(super) fn handshake_timeout_ms() -> u64 {
    10_000
}

pub(super) fn streams_per_connection_max() -> u32 {
    64
}

pub(super) fn calls_per_second_max() -> u32 {
    200
}

pub(super) fn calls_burst_max() -> u32 {
    400
}

pub(super) fn address_calls_per_second_max() -> u32 {
    4_000
}

pub(super) fn address_calls_burst_max() -> u32 {
    8_000
}

pub(super) fn call_timeout_ms() -> u64 {
    30_000
}

pub(super) fn call_timeout_max_ms() -> u64 {
    300_000
}

pub(super) fn shutdown_grace_ms() -> u64 {
    10_000
}

pub(super) fn reads_max() -> usize {
    32
}

pub(super) fn connections_per_peer_max() -> u32 {
    4
}

pub(super) fn requests_per_peer_max() -> usize {
    8
}

pub(super) fn handshakes_max() -> usize {
    16
}

pub(super) fn gossip_handshake_timeout_ms() -> u64 {
    5_000
}

pub(super) fn peer_bytes_per_second_max() -> u64 {
    16 << 20
}

pub(super) fn subscriptions_per_connection_max() -> usize {
    8
}

pub(super) fn calls_max() -> usize {
    1024
}

pub(super) fn batch_proofs_max() -> usize {
    8
}

pub(super) fn subscriptions_max() -> usize {
    64
}

pub(super) fn answer_bytes_max() -> usize {
    256 << 20
}

pub(super) fn stall_timeout_ms() -> u64 {
    30_000
}

pub(super) fn address_percent_max() -> u8 {
    25
}

pub(super) fn network_percent_max() -> u8 {
    50
}

pub(super) fn timeout_propose_ms() -> u64 {
    1_000
}

pub(super) fn timeout_vote_ms() -> u64 {
    500
}

pub(super) fn consensus_connections_per_peer_max() -> u32 {
    20
}

pub(super) fn inbound_connections_max() -> u32 {
    64
}
