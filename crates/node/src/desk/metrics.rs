//! The node's metrics, written for each scrape from the last look. `configs/` has the alert rules and the dashboard
//! that read them.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;
use sanad_api::{Attendance, CALL_SECONDS_BOUNDS, ChainState, ServerStats};
use sanad_consensus_lite::{LATENCY_BOUNDS, Latencies};

use super::exposition::to_text_format;
use super::histogram::Counted;
use super::reporting::network_name;
use super::{Desk, Look};
use crate::facts::RunningNode;
use crate::ledger::NodeFacts as _;

/// All metrics as text, those of the engine included.
pub(super) fn text(desk: &Desk, node: &RunningNode) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Scrape {
        node: node.clone(),
        stats: desk.stats.clone(),
        look: desk.latest(),
    }));
    let mut openmetrics = String::new();
    if let Err(error) = prometheus_client::encoding::text::encode(&mut openmetrics, &registry) {
        tracing::error!(%error, "the metrics cannot be written");
    }
    openmetrics.push_str(&sanad_consensus_lite::metrics());
    to_text_format(&openmetrics, |_| true)
}

/// What one scrape is written from.
struct Scrape {
    node: RunningNode,
    stats: ServerStats,
    look: Option<std::sync::Arc<Look>>,
}

impl fmt::Debug for Scrape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scrape").finish_non_exhaustive()
    }
}

impl Collector for Scrape {
    fn encode(&self, encoder: DescriptorEncoder) -> fmt::Result {
        let mut out = Out(encoder);
        self.ledger(&mut out)?;
        self.api(&mut out)?;
        let Some(look) = &self.look else { return Ok(()) };
        self.chain(look, &mut out)?;
        self.validators(look, &mut out)?;
        self.peers(look, &mut out)?;
        self.process(look, &mut out)
    }
}

impl Scrape {
    fn ledger(&self, out: &mut Out<'_>) -> fmt::Result {
        let (node, ledger) = (&self.node, &self.node.ledger);
        let labels = [("member", node.member.as_str()), ("version", env!("CARGO_PKG_VERSION"))];
        out.gauges("sanad_build_info", "Version of the program and member that runs it", [(labels, 1.0)])?;
        out.gauge("sanad_height", "Height of the last final block", ledger.height().0 as f64)?;
        out.gauge("sanad_log_entries", "Entries in the log", ledger.log_size().0 as f64)?;
        out.gauge(
            "sanad_head_timestamp_seconds",
            "Time of the last final block",
            ledger.head_time_ms() as f64 / 1e3,
        )?;
        let (batches, bytes) = ledger.pool_size();
        out.gauge("sanad_pool_batches", "Batches that wait for a block", batches as f64)?;
        out.gauge("sanad_pool_bytes", "Bytes of the batches that wait for a block", bytes as f64)?;
        out.gauge(
            "sanad_pool_limit_bytes",
            "Bytes that the pool has room for",
            ledger.pool_bytes_max() as f64,
        )?;
        out.counter(
            "sanad_read_failures",
            "Reads of the ledger for peers and callers that failed",
            ledger.failed_reads() as f64,
        )?;
        let timings = ledger.timings();
        out.histogram(
            "sanad_block_interval_seconds",
            "Time between the times of two blocks",
            &timings.block_interval.counted(),
        )?;
        out.histogram(
            "sanad_storage_append_seconds",
            "Time to make a block durable, its fdatasync included",
            &timings.append.counted(),
        )?;
        out.histogram(
            "sanad_storage_undecided_seconds",
            "Time to keep a proposed block before voting on it, its fdatasync included",
            &timings.keep_undecided.counted(),
        )?;
        let traffic = node.gossip.traffic();
        out.counter("sanad_exchange_sent_batches", "Batches sent to peers", traffic.batches_sent as f64)?;
        out.counter(
            "sanad_exchange_sent_bytes",
            "Bytes of requests sent to peers",
            traffic.bytes_sent as f64,
        )?;
        out.counter(
            "sanad_exchange_received_batches",
            "Batches received from peers",
            traffic.batches_received as f64,
        )
    }

    fn api(&self, out: &mut Out<'_>) -> fmt::Result {
        let calls = self.stats.calls();
        let by_code = calls.iter().flat_map(|call| {
            call.codes
                .iter()
                .map(|(code, count)| ([("method", &*call.method), ("code", *code)], *count as f64))
        });
        out.counters("sanad_api_calls", "Calls that ended, by method and gRPC status code", by_code)?;
        let mut encoder = out.0.encode_descriptor(
            "sanad_api_call_seconds",
            "Time from a call to the end of its answer",
            None,
            MetricType::Histogram,
        )?;
        for call in &calls {
            let bounds = CALL_SECONDS_BOUNDS.into_iter().chain([f64::MAX]);
            let counted = Counted { buckets: bounds.zip(call.seconds).collect(), sum: call.seconds_sum };
            encode_histogram(encoder.encode_family(&[("method", &*call.method)])?, &counted)?;
        }
        let limits = self.stats.limits_hit();
        let limits = limits.iter().map(|(limit, count)| ([("limit", *limit)], *count as f64));
        out.counters("sanad_limits_hit", "Times that a limit of the gRPC service was hit", limits)
    }

    fn chain(&self, look: &Look, out: &mut Out<'_>) -> fmt::Result {
        let (diagnosis, counters) = (&look.diagnosis, &look.consensus.counters);
        let states = ChainState::ALL
            .map(|state| ([("state", state.as_str())], f64::from(u8::from(state == diagnosis.state))));
        out.gauges("sanad_chain_state", "What the chain does: 1 for the state that holds", states)?;
        let ready = diagnosis.state == ChainState::Advancing;
        out.gauge("sanad_ready", "Whether the last block is recent", f64::from(u8::from(ready)))?;
        out.gauge("sanad_fit", "Whether the node does what it is for", f64::from(u8::from(diagnosis.fit)))?;
        let age = diagnosis.head_age.map_or(f64::INFINITY, |age| age.as_secs_f64());
        out.gauge("sanad_head_age_seconds", "Age of the last final block, clock skew taken out", age)?;
        let heartbeat = diagnosis.heartbeat.as_secs_f64();
        out.gauge("sanad_heartbeat_seconds", "Longest time between blocks of a healthy chain", heartbeat)?;
        let chain_height = diagnosis.chain_height.0.max(self.node.ledger.height().0);
        out.gauge("sanad_chain_height", "Height that the chain has decided at least", chain_height as f64)?;
        let round = diagnosis.round.unwrap_or(0);
        out.gauge("sanad_round", "Round of the height under way", f64::from(round))?;
        out.counter(
            "sanad_rounds_failed",
            "Rounds that ended without a block",
            counters.rounds_failed as f64,
        )?;
        out.counter("sanad_blocks", "Blocks decided", counters.decided as f64)?;
        out.counter("sanad_blocks_synced", "Blocks fetched from peers", counters.synced as f64)?;
        out.counter("sanad_invalid_proposals", "Proposed blocks found invalid", counters.invalid as f64)?;
        out.counter(
            "sanad_untimely_proposals",
            "Proposed blocks whose time did not agree with this node's clock",
            counters.untimely as f64,
        )?;
        out.counter(
            "sanad_dropped_messages",
            "Messages of peers that were dropped",
            counters.dropped as f64,
        )?;
        out.counter("sanad_evidence", "Contradictions of validators", counters.evidence as f64)?;
        if let Some(skew) = diagnosis.clock_skew_ms {
            let help = "How far this node's clock is ahead of the others'";
            out.gauge("sanad_clock_skew_seconds", help, skew as f64 / 1e3)?;
        }
        out.histogram(
            "sanad_signing_guard_seconds",
            "Time to put a signature on record in the signing guard",
            &counted(&look.consensus.guard_latencies),
        )?;
        out.histogram(
            "sanad_consensus_log_sync_seconds",
            "Time to make the consensus log durable before a message leaves",
            &counted(&look.consensus.log_latencies),
        )
    }

    fn validators(&self, look: &Look, out: &mut Out<'_>) -> fmt::Result {
        let diagnosis = &look.diagnosis;
        out.gauge("sanad_validators", "Validators of the next block", diagnosis.validators.len() as f64)?;
        out.gauge("sanad_validators_voting", "Validators that vote", diagnosis.power_present() as f64)?;
        out.gauge(
            "sanad_validators_needed",
            "Validators that must vote for a block",
            f64::from(diagnosis.power_needed),
        )?;
        let of = |value: fn(&sanad_api::ValidatorDiagnosis) -> Option<f64>| {
            let validators = diagnosis.validators.iter();
            validators.filter_map(move |v| value(v).map(|value| ([("member", v.member.as_str())], value)))
        };
        out.gauges(
            "sanad_validator_voting",
            "Whether the validator votes, as far as signatures show",
            of(|validator| Some(f64::from(u8::from(validator.attendance == Attendance::Voting)))),
        )?;
        out.gauges(
            "sanad_validator_last_signed_height",
            "Highest height at which the validator was heard to sign",
            of(|validator| Some(validator.last_height.0 as f64)),
        )?;
        out.gauges(
            "sanad_validator_silence_seconds",
            "Time since the validator was heard to sign",
            of(|validator| validator.silence.map(|silence| silence.as_secs_f64())),
        )?;
        out.gauges(
            "sanad_validator_clock_offset_seconds",
            "How far the validator's last proposal was dated after this node's clock",
            of(|validator| validator.clock_offset_ms.map(|offset| offset as f64 / 1e3)),
        )?;
        let votes = f64::from(u8::from(self.node.is_validator()));
        out.gauge("sanad_own_validator", "Whether this node is a validator of the next block", votes)?;
        let signed = look.consensus.last_signed.map_or(0, |last| last.height.0);
        out.gauge("sanad_own_last_signed_height", "Highest height that this node's key signed", signed as f64)
    }

    fn peers(&self, look: &Look, out: &mut Out<'_>) -> fmt::Result {
        let peers = look.peers.iter().filter_map(|peer| {
            let labels = [("member", peer.member.as_ref()?.as_str()), ("network", network_name(peer.kind))];
            Some((labels, f64::from(u8::from(peer.connected))))
        });
        out.gauges("sanad_peer_connected", "Whether the member's node is connected", peers)
    }

    fn process(&self, look: &Look, out: &mut Out<'_>) -> fmt::Result {
        let system = &look.system;
        out.gauge(
            "sanad_disk_free_bytes",
            "Bytes free on the disk of the data directory",
            system.disk_free_bytes as f64,
        )?;
        out.gauge(
            "sanad_disk_size_bytes",
            "Size of the disk of the data directory",
            system.disk_bytes as f64,
        )?;
        if let Some(ends) = system.certificate_ends {
            let help = "When the certificate of the gRPC service ends";
            out.gauge("sanad_tls_certificate_expiry_timestamp_seconds", help, ends as f64)?;
        }
        if let Some(ends) = system.client_ca_ends {
            let help = "When the first of the authorities that vouch for callers ends";
            out.gauge("sanad_tls_client_ca_expiry_timestamp_seconds", help, ends as f64)?;
        }
        let warnings = look.diagnosis.warnings.iter().map(|warning| ([("code", warning.code.as_str())], 1.0));
        // Several may have one code.
        let warnings: std::collections::BTreeMap<_, _> = warnings.collect();
        out.gauges("sanad_warning", "1 for each thing that the operator should see to", warnings)?;
        out.gauge("process_open_fds", "Number of open file descriptors", system.open_files as f64)?;
        out.gauge(
            "process_max_fds",
            "Maximum number of open file descriptors",
            system.open_files_max as f64,
        )?;
        out.gauge("process_resident_memory_bytes", "Resident memory size", system.resident_bytes as f64)?;
        out.counter("process_cpu_seconds", "User and system processor time", system.cpu_seconds)
    }
}

/// Writes families.
struct Out<'a>(DescriptorEncoder<'a>);

impl Out<'_> {
    fn gauge(&mut self, name: &str, help: &str, value: f64) -> fmt::Result {
        self.0.encode_descriptor(name, help, None, MetricType::Gauge)?.encode_gauge(&value)
    }

    fn gauges<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (L, f64)>,
    ) -> fmt::Result {
        let mut encoder = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        values
            .into_iter()
            .try_for_each(|(labels, value)| encoder.encode_family(&labels)?.encode_gauge(&value))
    }

    fn counter(&mut self, name: &str, help: &str, value: f64) -> fmt::Result {
        let mut encoder = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        encoder.encode_counter::<NoLabelSet, _, f64>(&value, None)
    }

    fn counters<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (L, f64)>,
    ) -> fmt::Result {
        let mut encoder = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        values.into_iter().try_for_each(|(labels, value)| {
            encoder.encode_family(&labels)?.encode_counter::<NoLabelSet, _, f64>(&value, None)
        })
    }

    fn histogram(&mut self, name: &str, help: &str, counted: &Counted) -> fmt::Result {
        encode_histogram(self.0.encode_descriptor(name, help, None, MetricType::Histogram)?, counted)
    }
}

fn encode_histogram(mut encoder: MetricEncoder<'_>, counted: &Counted) -> fmt::Result {
    encoder.encode_histogram::<NoLabelSet>(counted.sum, counted.count(), &counted.buckets, None)
}

fn counted(latencies: &Latencies) -> Counted {
    let bounds = LATENCY_BOUNDS.iter().map(std::time::Duration::as_secs_f64).chain([f64::MAX]);
    Counted { buckets: bounds.zip(latencies.counts).collect(), sum: latencies.sum.as_secs_f64() }
}
