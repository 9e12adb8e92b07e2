//! Looks for damaged blocks, and puts them right from the copies of peers.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sanad_core::ids::{Height, MemberId};
use sanad_storage::{OpenError, Store};
use tokio::time::timeout;

use crate::config::Config;
use crate::error::NodeError;
use crate::gossip::{Gossip, GossipLimits, Wanted};
use crate::ledger::{Ledger, PoolExchange};
use crate::peers::{NodePeer, peers};
use crate::run::{ledger, open};
use crate::setup::{DataDir, Setup, open_error, store_options};

/// Mends for as long as the node runs. Reads `bytes_per_second` of old blocks to find damage before anyone asks for it.
pub(crate) async fn mend(ledger: Arc<Ledger>, gossip: Gossip, bytes_per_second: u64) {
    let mut tick = tokio::time::interval(TICK);
    let (mut next, mut again) = (Height(1), Instant::now());
    loop {
        tick.tick().await;
        let looking = Arc::clone(&ledger);
        let looked = tokio::task::spawn_blocking(move || looking.look_for_damage(next, bytes_per_second));
        // An error means that the node stops.
        next = looked.await.unwrap_or(next);
        if again <= Instant::now() && !ledger.damaged_blocks().is_empty() {
            mend_once(&ledger, &gossip).await;
            again = Instant::now() + RETRY;
        }
    }
}

/// Tries every damaged block once with every peer that is connected, lowest first.
async fn mend_once(ledger: &Arc<Ledger>, gossip: &Gossip) {
    for height in ledger.damaged_blocks() {
        let peers = gossip.connected();
        let mut mended = false;
        for peer in &peers {
            if ask(ledger, gossip, peer, height).await {
                tracing::warn!(%height, %peer, "a damaged block is put right from a peer's copy; check the disk");
                mended = true;
                break;
            }
        }
        if !mended {
            tracing::error!(%height, peers = peers.len(), "no peer has a copy that fits a damaged block; it is tried again");
        }
    }
}

async fn ask(ledger: &Arc<Ledger>, gossip: &Gossip, peer: &MemberId, height: Height) -> bool {
    let asked = timeout(ANSWER_TIMEOUT, gossip.ask(peer, Wanted::Block(height))).await;
    let Ok(Ok(Some(copy))) = asked else { return false };
    let ledger = Arc::clone(ledger);
    let repaired = tokio::task::spawn_blocking(move || ledger.repair(height, &copy)).await;
    match repaired {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::warn!(%height, %peer, %error, cause, "a peer's copy does not replace a damaged block");
            false
        }
        Err(_) => false,
    }
}

/// What a repair of a stopped node came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repaired {
    /// Blocks that were read.
    pub blocks: u64,
    /// Damaged blocks that were put right.
    pub repaired: u64,
    /// Heights of those that no peer's copy could replace.
    pub left: Vec<Height>,
}

/// Reads every block of a stopped node, and puts damaged ones right from peers' copies. Returns when all are, or no peer
/// has helped for a while. What is derived from the log is rebuilt first, where that is damaged.
///
/// # Errors
/// [`NodeError`]: the ledger cannot be opened, or the exchange with peers does not start.
pub async fn repair(config: &Config) -> Result<Repaired, NodeError> {
    let setup = Setup::load(config)?;
    let directory = DataDir::new(config);
    let mut opened = open(config, &setup, &directory).await?;
    let mut ledger = look(Arc::new(opened.ledger), Height(1)).await?;
    if ledger.rebuild_is_wanted() {
        ledger.close()?;
        drop(ledger);
        let before = opened.repaired;
        opened = open(config, &setup, &directory).await?;
        opened.repaired += before;
        ledger = look(Arc::new(opened.ledger), Height(1)).await?;
    }
    fetch(config, &setup, &ledger).await?;
    let report = Repaired {
        blocks: ledger.height().0,
        repaired: opened.repaired + ledger.repaired_blocks(),
        left: ledger.damaged_blocks(),
    };
    ledger.close()?;
    Ok(report)
}

/// Puts right what keeps a ledger from being opened: the damaged block of a height, and those after it. Returns how many. `error` is
/// what the opening failed with.
pub(crate) async fn mend_to_open(
    config: &Config,
    setup: &Setup,
    directory: &DataDir,
    height: Height,
    error: OpenError,
) -> Result<u64, NodeError> {
    let path = directory.ledger();
    let Ok(opened) = Store::open_to_repair(&path, &setup.genesis, store_options(config)) else {
        return Err(open_error(&path, error));
    };
    let ledger = look(Arc::new(ledger(config, setup, directory, opened)?), height).await?;
    fetch(config, setup, &ledger).await?;
    let (left, repaired) = (ledger.damaged_blocks(), ledger.repaired_blocks());
    ledger.close()?;
    match left.first() {
        None => Ok(repaired),
        Some(height) => Err(NodeError::BlockNotReplaced { path, height: *height }),
    }
}

/// Looks at every block from a height on.
async fn look(ledger: Arc<Ledger>, from: Height) -> Result<Arc<Ledger>, NodeError> {
    let looking = Arc::clone(&ledger);
    let looked = tokio::task::spawn_blocking(move || looking.look_for_damage(from, u64::MAX));
    looked.await.map_err(|error| NodeError::File {
        path: PathBuf::from("ledger"),
        source: std::io::Error::other(error),
    })?;
    Ok(ledger)
}

/// Asks the peers of the configuration for copies of damaged blocks, until all are replaced or nobody has helped for a while.
/// The caller's is the only hold on the ledger afterwards.
async fn fetch(config: &Config, setup: &Setup, ledger: &Arc<Ledger>) -> Result<(), NodeError> {
    let found = ledger.damaged_blocks();
    if found.is_empty() {
        return Ok(());
    }
    tracing::info!(damaged = found.len(), "asking peers for copies");
    let exchange = Arc::new(PoolExchange::new(Arc::clone(ledger), || {}, || false));
    let limits = GossipLimits::from(&config.gossip);
    let peers = peers(ledger.state().registry(), &config.peers, &config.member);
    let peers = peers.iter().map(NodePeer::exchanging).collect();
    let gossip = Gossip::start(config.gossip.listen, &setup.keys.network, peers, limits, exchange).await?;
    let mut since = Instant::now();
    while !ledger.damaged_blocks().is_empty() && since.elapsed() < PATIENCE {
        let before = ledger.repaired_blocks();
        mend_once(ledger, &gossip).await;
        if ledger.repaired_blocks() > before {
            since = Instant::now();
        } else {
            tokio::time::sleep(TICK).await;
        }
    }
    // The network task still has the ledger open and the port: whoever comes next wants both.
    drop(gossip);
    let deadline = Instant::now() + ANSWER_TIMEOUT;
    while Arc::strong_count(ledger) > 1 && Instant::now() < deadline {
        tokio::time::sleep(MOMENT).await;
    }
    Ok(())
}

const TICK: Duration = Duration::from_secs(1);
const MOMENT: Duration = Duration::from_millis(10);
/// Time after which blocks that could not be put right are tried again.
const RETRY: Duration = Duration::from_secs(15);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a stopped node waits for a peer that helps.
const PATIENCE: Duration = Duration::from_secs(60);
