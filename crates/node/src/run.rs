//! A node, from start to stop.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sanad_api::{Limits, ServerConfig, Serving, TlsIdentity, WebOrigins};
use sanad_consensus_lite::{Config as ConsensusConfig, Consensus, Keys, PeerAddress, Timeouts};
use sanad_core::genesis::Genesis;
use sanad_storage::{OpenError, Store};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::descriptors;
use crate::desk::{Admin, Desk, Files};
use crate::error::NodeError;
use crate::facts::RunningNode;
use crate::gossip::Gossip;
use crate::ledger::{Ledger, LedgerApplication, PoolExchange, Service};
use crate::pool::{PoolLimits, Source};
use crate::reload::Reload;
use crate::saved_pool;
use crate::serving::{Told, serve_replaceable};
use crate::setup::{DataDir, Setup, peers, store_options};
use crate::supervisor;

/// Time between looks at the pool's age, the chain and the node itself.
const HOUSEKEEPING: Duration = Duration::from_secs(1);
/// Time after a new head before the node looks again, while it is not ready.
const HEAD_PAUSE: Duration = Duration::from_millis(100);

/// Runs a node until `shutdown` completes or a part of it fails. What was acknowledged is durable in either
/// case; batches that still wait are saved and taken up again at the next start.
///
/// # Errors
/// [`NodeError`].
pub async fn run(
    config: Config,
    reload: Option<Reload>,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), NodeError> {
    let files_max = descriptors::raise_limit();
    let setup = Setup::load(&config)?;
    let directory = DataDir::new(&config);
    let ledger = open(&config, &setup, &directory)?;
    let listener = TcpListener::bind(config.api.listen)
        .await
        .map_err(|source| NodeError::Listen { address: config.api.listen, source })?;
    let admin = match config.admin.listen {
        Some(address) => Some(Admin::bind(address).await?),
        None => None,
    };
    let mut server = server_config(&config)?;
    let connections = consensus_config(&config, &setup, &directory, &peers(&config, &setup.genesis)?)
        .connections_max()
        + Gossip::connections_max(config.peers.len())
        + admin.as_ref().map_or(0, |_| Admin::CONNECTIONS_MAX);
    server.limits.connections = api_connections(files_max, connections, config.api.connections_max)?;
    // What the limit of open files leaves callers, whatever they are allowed later.
    let connections_max = descriptors::api_connections(files_max, connections, usize::MAX).unwrap_or(0);
    let files = Files {
        data_dir: config.data_dir.clone(),
        tls_certificate: config.api.tls_certificate.clone(),
        free_bytes_min: config.storage.free_bytes_min,
        open_files_max: files_max,
    };
    let desk = Arc::new(Desk::new(files, server.stats.clone()));
    let node = start(&config, setup, &directory, &ledger, Arc::clone(&desk)).await?;
    tracing::info!(
        member = %node.member,
        chain_id = %ledger.chain_id(),
        height = %ledger.height(),
        api = ?listener.local_addr().ok(),
        consensus = %node.consensus.listen_address(),
        gossip = %node.gossip.address(),
        admin = ?admin.as_ref().and_then(Admin::address),
        "the node runs"
    );

    let health = watch::Sender::new(Serving::No);
    let settings = watch::Sender::new(server);
    let stop = CancellationToken::new();
    let service = Arc::new(Service::new(Arc::clone(&ledger), node.clone()));
    let told = Told { settings: settings.subscribe(), serving: health.subscribe(), stop: stop.clone() };
    let mut api = tokio::spawn(serve_replaceable(listener, service, told));
    let keeping = tokio::spawn(housekeeping(node.clone(), health.clone()));
    let reloading =
        reload.map(|reload| tokio::spawn(reload.keep(config, node.clone(), settings, connections_max)));
    supervisor::ready();
    let administering = admin.map(|admin| tokio::spawn(admin.serve(desk, node.clone())));

    let failed = tokio::select! {
        () = shutdown => None,
        stopped = node.consensus.stopped() => stopped.err().map(NodeError::ConsensusStopped),
        ended = &mut api => Some(ended.map_or(NodeError::ApiEnded, |ended| match ended {
            Ok(()) => NodeError::ApiEnded,
            Err(error) => NodeError::Api(error),
        })),
    };
    tracing::info!("the node stops");
    node.stopping.store(true, Ordering::Relaxed);
    supervisor::stopping();
    keeping.abort();
    if let Some(reloading) = reloading {
        reloading.abort();
    }
    if let Some(administering) = administering {
        administering.abort();
    }
    health.send_replace(Serving::No);
    stop.cancel();
    // Callers that wait for a batch have until the service's grace is over; consensus goes on meanwhile.
    if !api.is_finished()
        && let Ok(Err(error)) = api.await
    {
        tracing::warn!(%error, "the gRPC service did not end well");
    }
    let stopped = node.consensus.stop().await.map_err(NodeError::ConsensusStopped);
    save_pool(&ledger, &directory.pool());
    let closed = ledger.close();
    match failed {
        Some(error) => Err(error),
        None => stopped.and(closed.map_err(NodeError::Store)),
    }
}

fn open(config: &Config, setup: &Setup, directory: &DataDir) -> Result<Arc<Ledger>, NodeError> {
    let path = directory.ledger();
    let (store, state) =
        Store::open(&path, &setup.genesis, store_options(config)).map_err(|source| match source {
            OpenError::MissingDirectory { path } => NodeError::NotInitialised { path },
            source => NodeError::Open { path, source },
        })?;
    let (genesis, limits) = (setup.genesis.clone(), PoolLimits::from(&config.pool));
    Ok(Arc::new(Ledger::new(genesis, store, state, limits, directory.evidence())?))
}

async fn start(
    config: &Config,
    setup: Setup,
    directory: &DataDir,
    ledger: &Arc<Ledger>,
    desk: Arc<Desk>,
) -> Result<RunningNode, NodeError> {
    let peers = peers(config, &setup.genesis)?;
    let keys = Keys { network: setup.keys.network.clone(), validator: setup.keys.consensus.clone() };
    let application = LedgerApplication::new(Arc::clone(ledger));
    take_saved_pool(ledger, &directory.pool());
    let consensus_config = consensus_config(config, &setup, directory, &peers);
    let consensus = Arc::new(Consensus::start(consensus_config, ledger.chain_id(), keys, application).await?);
    let waker = Arc::clone(&consensus);
    let exchange = Arc::new(PoolExchange::new(Arc::clone(ledger), move || waker.wake()));
    let gossip = Gossip::start(config.gossip.listen, &setup.keys.network, peers.clone(), exchange).await?;
    Ok(RunningNode {
        member: config.member.clone(),
        ledger: Arc::clone(ledger),
        consensus,
        gossip,
        peers: peers.into(),
        consensus_key: setup.keys.consensus.as_ref().map(|key| key.public()),
        heartbeat: heartbeat(&setup.genesis),
        desk,
        stopping: Arc::new(AtomicBool::new(false)),
    })
}

/// Time between blocks while there is nothing to commit.
fn heartbeat(genesis: &Genesis) -> Duration {
    Duration::from_millis(genesis.parameters.heartbeat_ms.into())
}

fn consensus_config(
    config: &Config,
    setup: &Setup,
    directory: &DataDir,
    peers: &[crate::gossip::GossipPeer],
) -> ConsensusConfig {
    let vote = Duration::from_millis(config.consensus.timeout_vote_ms);
    let address = |(peer, gossip): (&crate::config::Peer, &crate::gossip::GossipPeer)| PeerAddress {
        address: peer.consensus.to_string(),
        network_key: gossip.network_key,
    };
    ConsensusConfig {
        moniker: config.member.to_string(),
        peers: config.peers.iter().zip(peers).map(address).collect(),
        heartbeat: heartbeat(&setup.genesis),
        timeouts: Timeouts {
            propose: Duration::from_millis(config.consensus.timeout_propose_ms),
            prevote: vote,
            precommit: vote,
        },
        block_bytes_max: setup.genesis.parameters.block_bytes_max as usize,
        ..ConsensusConfig::new(directory.consensus(), config.consensus.listen)
    }
}

pub(crate) fn server_config(config: &Config) -> Result<ServerConfig, NodeError> {
    let read =
        |path: &Path| std::fs::read(path).map_err(|source| NodeError::File { path: path.to_owned(), source });
    let tls = match (&config.api.tls_certificate, &config.api.tls_key) {
        (Some(certificate), Some(key)) => {
            Some(TlsIdentity { certificates_pem: read(certificate)?, key_pem: read(key)? })
        }
        _ => None,
    };
    let defaults = Limits::default();
    let limits = Limits {
        connections: config.api.connections_max,
        connections_per_address: config.api.connections_per_address_max,
        idle_timeout: Duration::from_millis(config.api.idle_timeout_ms),
        subscriptions_per_connection: config.api.subscriptions_per_connection_max,
        calls: config.api.calls_max,
        batch_proofs: config.api.batch_proofs_max,
        subscriptions: config.api.subscriptions_max,
        answer_bytes: config.api.answer_bytes_max,
        stall_timeout: Duration::from_millis(config.api.stall_timeout_ms),
        address_percent: config.api.address_percent_max.into(),
        network_percent: config.api.network_percent_max.into(),
        ..defaults
    };
    let web_origins = match config.api.web_origins.as_slice() {
        [] => WebOrigins::SameOrigin,
        origins if origins.iter().any(|origin| origin == "*") => WebOrigins::Any,
        origins => WebOrigins::These(origins.to_vec()),
    };
    Ok(ServerConfig { tls, limits, web_origins, ..ServerConfig::default() })
}

/// Connections for callers, once the ledger is open: see [`descriptors::api_connections`].
fn api_connections(limit: usize, connections: usize, wanted: usize) -> Result<usize, NodeError> {
    let needed = descriptors::needed(connections, wanted);
    let Some(left) = descriptors::api_connections(limit, connections, wanted) else {
        return Err(NodeError::Descriptors { limit, connections, needed });
    };
    if left < wanted {
        tracing::warn!(
            limit,
            "the limit of open files (ulimit -n) is low: the gRPC service has {left} connections at once, not {wanted} \
             (api.connections_max); a limit of {needed} is enough"
        );
    }
    Ok(left)
}

async fn housekeeping(node: RunningNode, health: watch::Sender<Serving>) {
    let mut reporter = node.desk.reporter();
    let mut heads = node.ledger.heads();
    let mut interval = tokio::time::interval(HOUSEKEEPING);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let late = *health.borrow() != Serving::Yes;
        tokio::select! {
            _ = interval.tick() => {}
            // A chain that goes on again is not called late for a second more; a node that catches up has many heads.
            Ok(()) = heads.changed(), if late => tokio::time::sleep(HEAD_PAUSE).await,
        }
        node.ledger.expire();
        let serving = node.desk.look_and_report(&node, &mut reporter).await;
        health.send_if_modified(|before| std::mem::replace(before, serving) != serving);
    }
}

fn take_saved_pool(ledger: &Ledger, path: &Path) {
    match saved_pool::take(path) {
        Ok(batches) => {
            for batch in batches {
                if let Err(error) = ledger.admit(&batch, Source::Gossiped) {
                    tracing::info!(?batch, %error, "a saved batch is not taken up again");
                }
            }
        }
        Err(error) => tracing::warn!(%error, path = %path.display(), "saved batches cannot be read"),
    }
}

fn save_pool(ledger: &Ledger, path: &Path) {
    let batches = ledger.waiting();
    match saved_pool::save(path, &batches) {
        Ok(()) if batches.is_empty() => {}
        Ok(()) => tracing::info!(batches = batches.len(), "batches that wait are saved for the next start"),
        Err(error) => tracing::error!(%error, path = %path.display(), "batches that wait cannot be saved"),
    }
}
