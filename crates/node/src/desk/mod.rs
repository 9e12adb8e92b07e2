//! The operator's desk: what the node finds when it looks at itself and the chain, once a second, and where that is
//! told: the log, the gRPC service, and the admin listener with metrics and health.
//!
//! Looking costs a question to the engine's network and some reads of `/proc`; whoever asks gets the last look, so that
//! asking often costs nothing.

mod diagnosis;
mod exposition;
mod histogram;
mod listener;
mod metrics;
mod reporting;
mod system;
#[cfg(test)]
mod tests;
mod warnings;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sanad_api::{ChainState, Diagnosis, Peer, ServerStats, Serving};
use sanad_consensus_lite::{ConsensusStatus, Phase};
use sanad_core::ids::Height;

use crate::facts::RunningNode;
use crate::ledger::{Ledger, NodeFacts as _};
use crate::supervisor;
pub(crate) use histogram::Histogram;
pub(crate) use listener::Admin;
pub(crate) use reporting::Reporter;
use system::System;
pub(crate) use system::{certificate_ends, certificates_end, disk};
pub(crate) use warnings::{CERTIFICATE_DAYS_MIN, CLIENT_CA_DAYS_MIN};

/// What the node found when it looked last.
#[derive(Debug)]
pub(crate) struct Look {
    pub(crate) diagnosis: Diagnosis,
    consensus: ConsensusStatus,
    peers: Vec<Peer>,
    system: System,
    at: Instant,
}

/// Where the looks are kept.
#[derive(Debug)]
pub(crate) struct Desk {
    started: Instant,
    files: Mutex<Watched>,
    stats: ServerStats,
    latest: Mutex<Option<Arc<Look>>>,
}

/// What there is to look at on the disk.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    /// The data directory.
    pub(crate) data_dir: PathBuf,
    /// The certificate of the gRPC service.
    pub(crate) tls_certificate: Option<PathBuf>,
    /// The authorities that vouch for its callers.
    pub(crate) tls_client_ca: Option<PathBuf>,
    /// Bytes free on the disk below which no batches are taken.
    pub(crate) free_bytes_min: u64,
    /// Limit of open files.
    pub(crate) open_files_max: usize,
}

impl Desk {
    pub(crate) fn new(files: Watched, stats: ServerStats) -> Self {
        Self { started: Instant::now(), files: Mutex::new(files), stats, latest: Mutex::new(None) }
    }

    /// The last look; `None` before the first.
    pub(crate) fn latest(&self) -> Option<Arc<Look>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn files(&self) -> Watched {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on looks at these files.
    pub(crate) fn watch(&self, change: impl FnOnce(&mut Watched)) {
        change(&mut self.files.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Looks, and keeps what was found.
    async fn look(&self, node: &RunningNode) -> Arc<Look> {
        let consensus = node.consensus.status().await;
        let peers = node.peers().await;
        let files = self.files();
        let free_bytes_min = files.free_bytes_min;
        // A disk or a file system over a network may take its time.
        let system = tokio::task::spawn_blocking(move || System::read(&files)).await.unwrap_or_default();
        let missing_keys = node.missing_keys.borrow().clone();
        let state = node.ledger.state();
        let diagnosis = diagnosis::diagnose(&diagnosis::Facts {
            consensus: &consensus,
            own: node.consensus.validator_key(),
            peers: &peers,
            head: node.ledger.head(),
            since_commit: node.ledger.timings().since_commit(),
            now_ms: now_ms(),
            uptime: self.started.elapsed(),
            heartbeat: Duration::from_millis(state.parameters().heartbeat_ms.into()),
            failed_reads: node.ledger.failed_reads(),
            pool_bytes: node.ledger.pool_size().1,
            pool_bytes_max: node.ledger.pool_bytes_max(),
            free_bytes_min,
            system: &system,
            parameters: state.parameters(),
            known_versions: node.ledger.known_versions(),
            missing_keys: &missing_keys,
        });
        node.ledger.set_disk_low(system.disk_bytes > 0 && system.disk_free_bytes < free_bytes_min);
        let look = Arc::new(Look { diagnosis, consensus, peers, system, at: Instant::now() });
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&look));
        look
    }

    /// Looks, says to the log what has changed, and returns what the node can be sent.
    pub(crate) async fn look_and_report(&self, node: &RunningNode, reporter: &mut Reporter) -> Serving {
        let look = self.look(node).await;
        reporter.report(&look.diagnosis, &look.peers);
        if look.consensus.phase != Phase::Stopped {
            let (state, height) = (look.diagnosis.state.as_str(), node.ledger.height());
            supervisor::alive(&format!("{state}, block {height}"));
        }
        look.serving(&node.ledger)
    }

    /// Says what the looks of this desk find.
    pub(crate) fn reporter(&self) -> Reporter {
        Reporter::new(self.started)
    }
}

impl Look {
    /// What the node can be sent.
    fn serving(&self, ledger: &Ledger) -> Serving {
        match self.diagnosis.state {
            _ if ledger.height() == Height::GENESIS => Serving::No,
            ChainState::Advancing => Serving::Yes,
            ChainState::Starting | ChainState::CatchingUp | ChainState::Stalled | ChainState::Isolated => {
                Serving::Reads
            }
        }
    }
}

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
