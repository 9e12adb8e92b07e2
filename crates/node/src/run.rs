//! A node, from start to stop.

use std::collections::BTreeSet;
use std::future::Future;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sanad_api::{Limits, ServerConfig, Serving, TlsIdentity, WebOrigins};
use sanad_consensus_lite::{Config as ConsensusConfig, Consensus, Keys, Timeouts};
use sanad_core::signature::SecretKey;
use sanad_core::state::State;
use sanad_storage::{OpenError, Store};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::data_files::{self, Unfit};
use crate::descriptors::{self, Files};
use crate::desk::{Admin, Desk, Watched};
use crate::error::NodeError;
use crate::facts::RunningNode;
use crate::gossip::{Gossip, GossipLimits};
use crate::ledger::{Ledger, LedgerApplication, PoolExchange, Service};
use crate::mending::{mend, mend_to_open};
use crate::own_keys::OwnKeys;
use crate::peers::{self, NodePeer};
use crate::pool::{PoolLimits, Source};
use crate::reload::Reload;
use crate::saved_pool;
use crate::serving::{Told, serve_replaceable};
use crate::settling::{ahead, settle};
use crate::setup::{DataDir, Setup, block_to_repair, open_error, open_store};
use crate::site;
use crate::snapshot::keep_offering;
use crate::supervisor;
use crate::watchdog::{self, Beat};

/// Time between looks at the pool's age, the chain and the node itself.
const HOUSEKEEPING: Duration = Duration::from_secs(1);
/// Time after a new head before the node looks again, while it is not ready.
const HEAD_PAUSE: Duration = Duration::from_millis(100);

/// What a node that runs knows of protocol versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versions {
    /// All that this program knows on its chain.
    All,
    /// Not the version for tests: a node that was not upgraded, in a rehearsal. The same as all but on test networks.
    WithoutTest,
}

/// Runs a node until `shutdown` completes or a part of it fails. What was acknowledged is durable in either
/// case; batches that still wait are saved and taken up again at the next start.
///
/// # Errors
/// [`NodeError`].
pub async fn run(
    config: Config,
    reload: Option<Reload>,
    versions: Versions,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), NodeError> {
    let files_max = descriptors::raise_limit();
    let setup = Setup::load(&config)?;
    let directory = DataDir::new(&config);
    let mut shutdown = Box::pin(shutdown);
    let mut ledger = tokio::select! {
        opened = open(&config, &setup, &directory) => opened?.ledger,
        () = &mut shutdown => return Ok(()),
    };
    if versions == Versions::WithoutTest {
        ledger = ledger.without_test_version();
    }
    let ledger = Arc::new(ledger);
    if setup.genesis.is_test_network() {
        tracing::warn!(origin = %setup.genesis.log_origin, "this chain is a test network, as its genesis says");
    }
    let listener = TcpListener::bind(config.api.listen)
        .await
        .map_err(|source| NodeError::Listen { address: config.api.listen, source })?;
    let http = match config.http.listen {
        Some(address) => Some(
            TcpListener::bind(address).await.map_err(|source| NodeError::HttpListen { address, source })?,
        ),
        None => None,
    };
    let admin = match config.admin.listen {
        Some(address) => Some(Admin::bind(address).await?),
        None => None,
    };
    let mut server = server_config(&config)?;
    let peers = peers::peers(ledger.state().registry(), &config.peers, &config.member);
    let connections = consensus_config(&config, &directory, &peers).connections_max()
        + GossipLimits::from(&config.gossip).connections_max(peers.len())
        + admin.as_ref().map_or(0, |_| Admin::CONNECTIONS_MAX);
    let files = Files { limit: files_max, connections, reserve: config.storage.files_reserve };
    server.limits.connections = api_connections(&files, config.api.connections_max)?;
    // What the limit of open files leaves callers, whatever they are allowed later.
    let connections_max = files.api_connections(usize::MAX).unwrap_or(0);
    let watched = Watched {
        data_dir: config.data_dir.clone(),
        tls_certificate: config.api.tls_certificate.clone(),
        tls_client_ca: config.api.tls_client_ca.clone(),
        free_bytes_min: config.storage.free_bytes_min,
        open_files_max: files_max,
    };
    let desk = Arc::new(Desk::new(watched, server.stats.clone()));
    let Started { node, known_peers, own_keys } =
        start(&config, setup, &directory, &ledger, Arc::clone(&desk), peers).await?;
    tracing::info!(
        member = %node.member,
        chain_id = %ledger.chain_id(),
        height = %ledger.height(),
        api = ?listener.local_addr().ok(),
        consensus = %node.consensus.listen_address(),
        gossip = %node.gossip.address(),
        http = ?http.as_ref().and_then(|http| http.local_addr().ok()),
        admin = ?admin.as_ref().and_then(Admin::address),
        "the node runs"
    );

    let health = watch::Sender::new(Serving::No);
    let settings = watch::Sender::new(server);
    let stop = CancellationToken::new();
    let offered = config.snapshots.folder.as_deref();
    let service = Arc::new(Service::new(Arc::clone(&ledger), node.clone()).offering(offered));
    let told = Told { settings: settings.subscribe(), serving: health.subscribe(), stop: stop.clone() };
    let mut api = tokio::spawn(serve_replaceable(listener, http, service, told));
    let beat = Beat::default();
    let keeping = tokio::spawn(housekeeping(node.clone(), health.clone(), beat.clone()));
    let mending = mend(Arc::clone(&ledger), node.gossip.clone(), config.storage.scrub_bytes_per_second);
    let mending = tokio::spawn(mending);
    let settling = tokio::spawn(settle(node.clone()));
    let offering = tokio::spawn(keep_offering(node.clone(), config.clone()));
    let configured_peers = watch::Sender::new(config.peers.clone());
    let following = peers::follow(node.clone(), configured_peers.subscribe(), known_peers, own_keys);
    let following = tokio::spawn(following);
    let hang_timeout = Duration::from_millis(config.watchdog.hang_timeout_ms);
    watchdog::watch(node.clone(), beat, node.gossip.beat(), hang_timeout).map_err(NodeError::Watchdog)?;
    let reloading = reload.map(|reload| {
        tokio::spawn(reload.keep(config, node.clone(), settings, configured_peers, connections_max))
    });
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
    mending.abort();
    settling.abort();
    offering.abort();
    following.abort();
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

/// A ledger, and how many damaged blocks were put right for it to open.
pub(crate) struct Opened {
    pub(crate) ledger: Ledger,
    pub(crate) repaired: u64,
}

/// Opens the ledger. Damaged blocks that this needs are fetched from peers first.
pub(crate) async fn open(config: &Config, setup: &Setup, directory: &DataDir) -> Result<Opened, NodeError> {
    let mut unfit = data_files::unfit(directory).into_iter();
    if let Some(Unfit { path, fault }) = unfit.find(Unfit::stops) {
        return Err(NodeError::UnfitFile { path, fault: fault.to_string() });
    }
    let (mut tried, mut repaired) = (BTreeSet::new(), 0);
    loop {
        let error = match open_store(config, &setup.genesis) {
            Ok(opened) => {
                return Ok(Opened { ledger: ledger(config, setup, directory, opened)?, repaired });
            }
            Err(error) => error,
        };
        match block_to_repair(&error) {
            // The same block again: its copy did not last.
            Some(height) if tried.insert(height) => {
                tracing::error!(%error, "a block that the node needs to start is damaged on this disk; it is fetched again from peers");
                supervisor::starting(&format!("fetching the damaged block {height} from peers"));
                repaired += mend_to_open(config, setup, directory, height, error).await?;
            }
            _ => return Err(not_opened(directory, error)),
        }
    }
}

fn not_opened(directory: &DataDir, source: OpenError) -> NodeError {
    match source {
        OpenError::MissingDirectory { path } => NodeError::NotInitialised { path },
        source => open_error(&directory.ledger(), source),
    }
}

/// The ledger on a store that was opened.
pub(crate) fn ledger(
    config: &Config,
    setup: &Setup,
    directory: &DataDir,
    (store, state): (Store, State),
) -> Result<Ledger, NodeError> {
    let (genesis, limits) = (setup.genesis.clone(), PoolLimits::from(&config.pool));
    let ledger = Ledger::new(genesis, store, state, limits, directory.evidence())?;
    Ok(ledger.with_snapshots_every(config.snapshots.every_blocks))
}

/// A node that runs, and what follows the register for it.
struct Started {
    node: RunningNode,
    known_peers: watch::Sender<Arc<[NodePeer]>>,
    own_keys: OwnKeys,
}

async fn start(
    config: &Config,
    setup: Setup,
    directory: &DataDir,
    ledger: &Arc<Ledger>,
    desk: Arc<Desk>,
    peers: Vec<NodePeer>,
) -> Result<Started, NodeError> {
    let configured = &setup.keys;
    let mut own_keys = OwnKeys::new(
        config.keys.clone(),
        configured.network.public(),
        configured.consensus.as_ref().map(SecretKey::public),
    );
    // A key of the configuration may have been replaced since it was written.
    let found = own_keys.find(&ledger.state(), &config.member);
    let keys = Keys {
        network: found.network.unwrap_or_else(|| configured.network.clone()),
        validators: configured.consensus.clone().into_iter().chain(found.validators).collect(),
    };
    let rejoin = Arc::new(watch::Sender::new(None));
    let application =
        LedgerApplication::new(Arc::clone(ledger)).with_rejoining(config.member.clone(), rejoin.subscribe());
    take_saved_pool(ledger, &directory.pool());
    // Before consensus, which is told how far the others are.
    let started = Arc::new(OnceLock::<Arc<Consensus>>::new());
    let (waker, voucher) = (Arc::clone(&started), Arc::clone(&started));
    let wake = move || {
        if let Some(consensus) = waker.get() {
            consensus.wake();
        }
    };
    let vouches = move || voucher.get().is_some_and(|consensus| consensus.vouches());
    let exchange = Arc::new(PoolExchange::new(Arc::clone(ledger), wake, vouches));
    let limits = GossipLimits::from(&config.gossip);
    let exchanging = peers.iter().map(NodePeer::exchanging).collect();
    let gossip = Gossip::start(config.gossip.listen, &keys.network, exchanging, limits, exchange).await?;
    let mut consensus_config = consensus_config(config, directory, &peers);
    if !keys.validators.is_empty() {
        consensus_config.abstain_through = ahead(&gossip, ledger, &config.member).await;
    }
    let consensus = Arc::new(Consensus::start(consensus_config, ledger.chain_id(), keys, application).await?);
    let _ = started.set(Arc::clone(&consensus));
    let known_peers = watch::Sender::new(peers.into());
    let node = RunningNode {
        member: config.member.clone(),
        ledger: Arc::clone(ledger),
        consensus,
        gossip,
        peers: known_peers.subscribe(),
        missing_keys: own_keys.missing(),
        rejoin,
        desk,
        stopping: Arc::new(AtomicBool::new(false)),
    };
    Ok(Started { node, known_peers, own_keys })
}

fn consensus_config(config: &Config, directory: &DataDir, peers: &[NodePeer]) -> ConsensusConfig {
    let vote = Duration::from_millis(config.consensus.timeout_vote_ms);
    ConsensusConfig {
        moniker: config.member.to_string(),
        peers: peers.iter().map(NodePeer::voting).collect(),
        timeouts: Timeouts {
            propose: Duration::from_millis(config.consensus.timeout_propose_ms),
            prevote: vote,
            precommit: vote,
        },
        inbound_connections: config.consensus.inbound_connections_max as usize,
        connections_per_peer: config.consensus.connections_per_peer_max as usize,
        ..ConsensusConfig::new(directory.consensus(), config.consensus.listen)
    }
}

pub(crate) fn server_config(config: &Config) -> Result<ServerConfig, NodeError> {
    let read =
        |path: &Path| std::fs::read(path).map_err(|source| NodeError::File { path: path.to_owned(), source });
    let tls = match (&config.api.tls_certificate, &config.api.tls_key) {
        (Some(certificate), Some(key)) => {
            let client_authorities_pem = config.api.tls_client_ca.as_deref().map(read).transpose()?;
            Some(TlsIdentity {
                certificates_pem: read(certificate)?,
                key_pem: read(key)?,
                client_authorities_pem,
            })
        }
        _ => None,
    };
    let http_tls = tls.clone().filter(|_| config.http.tls);
    let http_tls = http_tls.map(|identity| TlsIdentity { client_authorities_pem: None, ..identity });
    let api = &config.api;
    let limits = Limits {
        connections: api.connections_max,
        connections_per_address: api.connections_per_address_max,
        address_connections_per_second: api.address_connections_per_second_max,
        address_connections_burst: api.address_connections_burst_max,
        handshake_timeout: Duration::from_millis(api.handshake_timeout_ms),
        idle_timeout: Duration::from_millis(api.idle_timeout_ms),
        streams_per_connection: api.streams_per_connection_max,
        calls_per_second: api.calls_per_second_max,
        calls_burst: api.calls_burst_max,
        address_calls_per_second: api.address_calls_per_second_max,
        address_calls_burst: api.address_calls_burst_max,
        calls: api.calls_max,
        answer_bytes: api.answer_bytes_max,
        reads: api.reads_max,
        batch_proofs: api.batch_proofs_max,
        subscriptions: api.subscriptions_max,
        subscriptions_per_connection: api.subscriptions_per_connection_max,
        address_percent: api.address_percent_max.into(),
        network_percent: api.network_percent_max.into(),
        call_timeout: Duration::from_millis(api.call_timeout_ms),
        call_timeout_max: Duration::from_millis(api.call_timeout_max_ms),
        stall_timeout: Duration::from_millis(api.stall_timeout_ms),
        shutdown_grace: Duration::from_millis(api.shutdown_grace_ms),
    };
    let web_origins = match api.web_origins.as_slice() {
        [] => WebOrigins::SameOrigin,
        origins if origins.iter().any(|origin| origin == "*") => WebOrigins::Any,
        origins => WebOrigins::These(origins.to_vec()),
    };
    let (trusted_proxies, proxy_protocol) = (api.trusted_proxies.clone(), api.proxy_protocol);
    let site = site::files();
    Ok(ServerConfig {
        tls,
        http_tls,
        limits,
        web_origins,
        trusted_proxies,
        proxy_protocol,
        site,
        ..ServerConfig::default()
    })
}

/// Connections for callers, once the ledger is open: see [`Files::api_connections`].
fn api_connections(files: &Files, wanted: usize) -> Result<usize, NodeError> {
    let (limit, needed) = (files.limit, files.needed(wanted));
    let Some(left) = files.api_connections(wanted) else {
        return Err(NodeError::Descriptors { limit, connections: files.connections, needed });
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

async fn housekeeping(node: RunningNode, health: watch::Sender<Serving>, beat: Beat) {
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
        beat.beat();
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
