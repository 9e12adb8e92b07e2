//! Whether the settings fit together, as far as can be seen without reading files.

use super::{Config, ConfigError};

impl Config {
    /// Checks that the settings fit together.
    ///
    /// # Errors
    /// [`ConfigError`], of what can be seen without reading files.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.api.tls_certificate.is_some() != self.api.tls_key.is_some() {
            return Err(ConfigError::HalfTls);
        }
        if self.api.tls_client_ca.is_some() && self.api.tls_certificate.is_none() {
            return Err(ConfigError::ClientsWithoutTls);
        }
        if self.http.tls && self.api.tls_certificate.is_none() {
            return Err(ConfigError::HttpTlsWithoutCertificate);
        }
        if self.api.proxy_protocol && self.api.trusted_proxies.is_empty() {
            return Err(ConfigError::NoProxies);
        }
        if self.snapshots.every_blocks > 0 && self.snapshots.folder.is_none() {
            return Err(ConfigError::NoSnapshotFolder);
        }
        let Self { api, consensus, gossip, pool, storage, watchdog, .. } = self;
        let ranges = [
            ("api.connections_max", api.connections_max as u64, COUNT),
            ("api.connections_per_address_max", api.connections_per_address_max as u64, COUNT),
            ("api.address_connections_per_second_max", api.address_connections_per_second_max.into(), COUNT),
            ("api.address_connections_burst_max", api.address_connections_burst_max.into(), COUNT),
            ("api.handshake_timeout_ms", api.handshake_timeout_ms, TIME_MS),
            ("api.streams_per_connection_max", api.streams_per_connection_max.into(), COUNT),
            ("api.calls_per_second_max", api.calls_per_second_max.into(), COUNT),
            ("api.calls_burst_max", api.calls_burst_max.into(), COUNT),
            ("api.address_calls_per_second_max", api.address_calls_per_second_max.into(), COUNT),
            ("api.address_calls_burst_max", api.address_calls_burst_max.into(), COUNT),
            ("api.call_timeout_ms", api.call_timeout_ms, (1, api.call_timeout_max_ms)),
            ("api.call_timeout_max_ms", api.call_timeout_max_ms, TIME_MS),
            ("api.shutdown_grace_ms", api.shutdown_grace_ms, GRACE_MS),
            ("api.reads_max", api.reads_max as u64, THREADS),
            ("api.idle_timeout_ms", api.idle_timeout_ms, TIME_MS),
            ("api.subscriptions_per_connection_max", api.subscriptions_per_connection_max as u64, COUNT),
            ("api.calls_max", api.calls_max as u64, COUNT),
            ("api.batch_proofs_max", api.batch_proofs_max as u64, COUNT),
            ("api.subscriptions_max", api.subscriptions_max as u64, COUNT),
            ("api.answer_bytes_max", api.answer_bytes_max as u64, BYTES),
            ("api.stall_timeout_ms", api.stall_timeout_ms, TIME_MS),
            ("api.address_percent_max", api.address_percent_max.into(), PERCENT),
            ("api.network_percent_max", api.network_percent_max.into(), PERCENT),
            ("consensus.timeout_propose_ms", consensus.timeout_propose_ms, ROUND_MS),
            ("consensus.timeout_vote_ms", consensus.timeout_vote_ms, ROUND_MS),
            ("consensus.connections_per_peer_max", consensus.connections_per_peer_max.into(), (2, 64)),
            ("consensus.inbound_connections_max", consensus.inbound_connections_max.into(), (8, 4096)),
            ("gossip.connections_per_peer_max", gossip.connections_per_peer_max.into(), (2, 64)),
            ("gossip.requests_per_peer_max", gossip.requests_per_peer_max as u64, (2, 256)),
            ("gossip.handshakes_max", gossip.handshakes_max as u64, (1, 4096)),
            ("gossip.handshake_timeout_ms", gossip.handshake_timeout_ms, GRACE_MS),
            ("gossip.peer_bytes_per_second_max", gossip.peer_bytes_per_second_max, (1 << 16, 1 << 40)),
            ("pool.issuer_percent_max", pool.issuer_percent_max.into(), PERCENT),
            ("storage.files_reserve", storage.files_reserve as u64, (64, 1 << 20)),
            ("storage.scrub_bytes_per_second", storage.scrub_bytes_per_second, (0, 1 << 30)),
            ("pool.bytes_max", pool.bytes_max as u64, BYTES),
            ("pool.batches_per_issuer_max", pool.batches_per_issuer_max as u64, COUNT),
            ("pool.age_max_ms", pool.age_max_ms, TIME_MS),
            ("storage.segment_bytes", storage.segment_bytes, BYTES),
            ("watchdog.hang_timeout_ms", watchdog.hang_timeout_ms, HANG_MS),
        ];
        let out = ranges.into_iter().find(|(_, actual, (min, max))| !(min..=max).contains(&actual));
        if let Some((field, actual, (min, max))) = out {
            return Err(ConfigError::Range { field, actual, min, max });
        }
        let mut seen = std::collections::BTreeSet::from([&self.member]);
        match self.peers.iter().find(|peer| !seen.insert(&peer.member)) {
            Some(peer) => Err(ConfigError::Peer { member: peer.member.clone() }),
            None => Ok(()),
        }
    }
}

/// Ranges of numbers: least and greatest value.
const COUNT: (u64, u64) = (1, 1 << 20);

/// Up to a week.
const TIME_MS: (u64, u64) = (1, 7 * 24 * 3_600_000);
const BYTES: (u64, u64) = (1, 1 << 40);
const PERCENT: (u64, u64) = (1, 100);
const GRACE_MS: (u64, u64) = (1, 600_000);

/// Of the runtime's 512 for blocking work.
const THREADS: (u64, u64) = (1, 256);
const ROUND_MS: (u64, u64) = (1, 600_000);
const HANG_MS: (u64, u64) = (5_000, 3_600_000);
