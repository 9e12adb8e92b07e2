//! `sanad-node join`: a ledger made from the snapshots that other nodes offer.
//!
//! Nothing of one node is trusted. A manifest counts once its header is proved from the genesis; its chunks are named by
//! their hashes, whoever sends them; and what they say is checked against that header when the ledger is made.

use std::collections::HashSet;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sanad_api::{Client, ClientOptions};
use sanad_core::genesis::Genesis;
use sanad_core::snapshot::{Chunk, SnapshotManifest};
use sanad_storage::{SnapshotFolder, SnapshotTrust};

use super::fetch::{Peer, fetch};
use super::{
    NodeSnapshotError, Restored, in_folder, ledger_bytes, now_ms, read_trust_file, refuse_full_disk,
    refuse_ledger, restore,
};
use crate::checking::said;
use crate::config::Config;
use crate::error::NodeError;
use crate::setup::{DataDir, make_directory, read_genesis};

/// Makes the ledger of a node from a snapshot that nodes at some URLs offer. What was fetched before this ended is used when
/// it is run again. With a trust file, the block that it trusts has to be in the snapshot; and without a genesis file, the
/// genesis is fetched, too, and has to be that of the trust file.
///
/// # Errors
/// [`NodeSnapshotError`]; there is no ledger then.
pub async fn join(
    config: &Config,
    urls: &[String],
    trust_file: Option<&Path>,
    options: &ClientOptions,
) -> Result<Restored, NodeSnapshotError> {
    let directory = DataDir::new(config);
    refuse_ledger(&directory.ledger())?;
    let now_ms = now_ms();
    let trusted = trust_file.map(|path| read_trust_file(path, now_ms)).transpose()?;
    let clients = connect(urls, options).await;
    let genesis = match &trusted {
        Some((file, _)) if !config.genesis.exists() => {
            fetch_genesis(&clients, &file.genesis, &config.genesis).await?
        }
        _ => read_genesis(&config.genesis)?,
    };
    let trust =
        SnapshotTrust { genesis: &genesis, anchor: trusted.as_ref().map(|(_, anchor)| anchor), now_ms };
    let file = |source| NodeError::File { path: config.data_dir.clone(), source };
    make_directory(&config.data_dir).map_err(file)?;
    let path = directory.joining();
    let folder = Arc::new(SnapshotFolder::begin(&path).map_err(in_folder(&path))?);
    let (mut failed, mut tried) = (NodeSnapshotError::NoneOffered, Vec::new());
    for round in 1..=ROUNDS_MAX {
        let mut replaced = false;
        let mut peers = offers(&clients, trust, &tried).await;
        while let Some(best) = best(&peers) {
            let manifest = Arc::clone(&peers[best].manifest);
            let made = match obtain(config, &mut peers, &manifest, &folder).await {
                Ok(()) => restored(config, &path, trust_file).await,
                Err(error) => Err(error),
            };
            match made {
                Ok(restored) => {
                    drop(folder);
                    std::fs::remove_dir_all(&path).map_err(|source| NodeError::File { path, source })?;
                    return Ok(restored);
                }
                Err(error) if error.is_own() => return Err(error),
                Err(error) => {
                    let (url, height) = (&peers[best].url, manifest.header().height);
                    tracing::warn!(%url, %height, error = %said(&error), "the snapshot of a node is of no use");
                    replaced |= matches!(error, NodeSnapshotError::Incomplete { .. });
                    peers.retain(|peer| peer.manifest != manifest);
                    tried.push(manifest);
                    failed = error;
                }
            }
        }
        // Nodes that make newer snapshots drop the chunks of older ones.
        if !replaced || round == ROUNDS_MAX {
            break;
        }
        tokio::time::sleep(ROUND_PAUSE).await;
    }
    Err(failed)
}

async fn connect(urls: &[String], options: &ClientOptions) -> Vec<(String, Client)> {
    let mut clients = Vec::new();
    for url in urls {
        match Client::connect(url, options).await {
            Ok(client) => clients.push((url.clone(), client)),
            Err(error) => tracing::warn!(%url, error = %said(&error), "a node cannot be asked"),
        }
    }
    clients
}

/// The genesis of a trust file as one of the nodes has it, with the signatures of its members.
async fn fetch_genesis(
    clients: &[(String, Client)],
    expected: &Genesis,
    path: &Path,
) -> Result<Genesis, NodeSnapshotError> {
    for (url, client) in clients {
        match client.genesis().await {
            Ok(genesis)
                if genesis.chain_id() == expected.chain_id() && genesis.check_signatures().is_ok() =>
            {
                let written = write_whole(path, &genesis.to_json());
                written.map_err(|source| NodeError::File { path: path.to_owned(), source })?;
                return Ok(genesis);
            }
            Ok(_) => tracing::warn!(%url, "a node has another genesis than the trust file"),
            Err(error) => tracing::warn!(%url, error = %said(&error), "a node does not hand out its genesis"),
        }
    }
    Err(NodeSnapshotError::NoGenesis)
}

/// Writes a file that is there whole or not at all.
fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    let new = path.with_added_extension("new");
    let mut file = std::fs::File::create(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(new, path)
}

/// The nodes that offer a snapshot whose last header is proved, and that was not tried.
async fn offers(
    clients: &[(String, Client)],
    trust: SnapshotTrust<'_>,
    tried: &[Arc<SnapshotManifest>],
) -> Vec<Peer> {
    let mut peers = Vec::new();
    for (url, client) in clients {
        let manifest = match client.snapshot().await {
            Ok(manifest) => manifest,
            Err(error) => {
                tracing::warn!(%url, error = %said(&error), "a node offers no snapshot");
                continue;
            }
        };
        if tried.iter().any(|one| **one == manifest) {
            continue;
        }
        match trust.prove(&manifest) {
            Ok(_) => peers.push(Peer::new(url.clone(), client.clone(), manifest)),
            Err(error) => {
                tracing::warn!(%url, error = %said(&error), "the snapshot of a node is not believed")
            }
        }
    }
    peers
}

/// The node whose snapshot is tried first: most of it is offered by others, too; among equals, the newest. One that lies in
/// its manifest is alone with it.
fn best(peers: &[Peer]) -> Option<usize> {
    let shared = |place: usize| {
        let others = peers.iter().enumerate().filter(|(other, _)| *other != place);
        let offered: HashSet<Chunk> = others.flat_map(|(_, peer)| chunks(&peer.manifest)).collect();
        let own = chunks(&peers[place].manifest);
        own.intersection(&offered).map(|chunk| u64::from(chunk.bytes)).sum::<u64>()
    };
    (0..peers.len()).max_by_key(|place| (shared(*place), peers[*place].manifest.header().height))
}

/// The chunks of a snapshot, each once: a manifest may name one as often as it likes.
fn chunks(manifest: &SnapshotManifest) -> HashSet<Chunk> {
    manifest.chunks().copied().collect()
}

/// Fetches what the folder lacks of a snapshot, its state first: a state that is not the one of the header is found before
/// the blocks are fetched.
async fn obtain(
    config: &Config,
    peers: &mut [Peer],
    manifest: &Arc<SnapshotManifest>,
    folder: &Arc<SnapshotFolder>,
) -> Result<(), NodeSnapshotError> {
    let path = DataDir::new(config).joining();
    let missing = blocking({
        let (folder, manifest) = (Arc::clone(folder), Arc::clone(manifest));
        move || {
            let mut seen = HashSet::new();
            let missing =
                manifest.chunks().filter(|chunk| seen.insert(**chunk) && folder.chunk(chunk).is_err());
            missing.copied().collect::<Vec<_>>()
        }
    })
    .await?;
    let to_come: u64 = missing.iter().map(|chunk| u64::from(chunk.bytes)).sum();
    refuse_full_disk(&config.data_dir, to_come + ledger_bytes(manifest))?;
    let (height, nodes) = (manifest.header().height, peers.len());
    tracing::info!(%height, nodes, chunks = missing.len(), bytes = to_come, "fetching a snapshot");
    let (state, others) = missing.into_iter().partition(|chunk| manifest.state.contains(chunk));
    fetch(peers, state, folder).await?;
    blocking({
        let (folder, manifest) = (Arc::clone(folder), Arc::clone(manifest));
        move || folder.state(&manifest)
    })
    .await?
    .map_err(in_folder(&path))?;
    fetch(peers, others, folder).await?;
    blocking({
        let (folder, manifest) = (Arc::clone(folder), Arc::clone(manifest));
        move || folder.complete(&manifest)
    })
    .await?
    .map_err(in_folder(&path))
}

async fn restored(
    config: &Config,
    folder: &Path,
    trust_file: Option<&Path>,
) -> Result<Restored, NodeSnapshotError> {
    let (config, folder, trust_file) = (config.clone(), folder.to_owned(), trust_file.map(Path::to_owned));
    blocking(move || restore(&config, &folder, trust_file.as_deref())).await?
}

async fn blocking<A: Send + 'static>(
    work: impl FnOnce() -> A + Send + 'static,
) -> Result<A, NodeSnapshotError> {
    tokio::task::spawn_blocking(work).await.map_err(super::panicked)
}

/// How often nodes are asked for newer snapshots once those before could not be had whole, and the time between.
const ROUNDS_MAX: u32 = 5;
const ROUND_PAUSE: Duration = Duration::from_secs(1);
