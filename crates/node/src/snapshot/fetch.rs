//! Chunks of a snapshot from several nodes at once.

use std::collections::{HashSet, VecDeque};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sanad_api::{Client, ClientError, StatusCode};
use sanad_core::hash::ChunkHash;
use sanad_core::snapshot::{Chunk, SnapshotManifest};
use sanad_storage::SnapshotFolder;
use tokio::task::JoinSet;

use super::NodeSnapshotError;
use crate::checking::said;

/// A node that offers a snapshot.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) url: String,
    pub(super) manifest: Arc<SnapshotManifest>,
    client: Client,
    /// Chunks that it may still be asked for.
    offered: HashSet<ChunkHash>,
    /// Chunks that it is asked for now.
    asked: usize,
    /// Chunks that it did not hand out, one after the other.
    failures: u32,
}

impl Peer {
    pub(super) fn new(url: String, client: Client, manifest: SnapshotManifest) -> Self {
        let offered = manifest.chunks().map(|chunk| chunk.hash).collect();
        Self { url, manifest: Arc::new(manifest), client, offered, asked: 0, failures: 0 }
    }
}

/// What became of one chunk that a node was asked for.
struct Fetched {
    peer: usize,
    chunk: Chunk,
    result: Result<(), FetchError>,
}

enum FetchError {
    Call(ClientError),
    Own(NodeSnapshotError),
}

/// Fetches chunks into a folder, from all nodes that offer them. A chunk that one node does not hand out, or that does
/// not have its hash, is fetched from another; a node that sent such a chunk is not asked again.
///
/// # Errors
/// [`NodeSnapshotError::Incomplete`], or the folder cannot be written.
pub(super) async fn fetch(
    peers: &mut [Peer],
    chunks: Vec<Chunk>,
    folder: &Arc<SnapshotFolder>,
) -> Result<(), NodeSnapshotError> {
    let all = chunks.len();
    let (mut wanted, mut running) = (VecDeque::from(chunks), JoinSet::new());
    loop {
        for (place, peer) in peers.iter_mut().enumerate() {
            while peer.asked < CALLS_PER_NODE_MAX
                && let Some(next) = wanted.iter().position(|chunk| peer.offered.contains(&chunk.hash))
                && let Some(chunk) = wanted.remove(next)
            {
                peer.asked += 1;
                running.spawn(fetch_one(place, peer.client.clone(), chunk, Arc::clone(folder)));
            }
        }
        let Some(fetched) = running.join_next().await else { break };
        let Fetched { peer, chunk, result } = fetched.map_err(super::panicked)?;
        let peer = &mut peers[peer];
        peer.asked -= 1;
        match result {
            Ok(()) => {
                peer.failures = 0;
                let left = wanted.len() + running.len();
                tracing::info!(url = %peer.url, chunk = %chunk.hash, left, all, "a chunk is here");
            }
            Err(FetchError::Call(error)) => {
                wanted.push_front(chunk);
                peer.refused(&chunk, &error);
            }
            Err(FetchError::Own(error)) => return Err(error),
        }
    }
    match wanted.len() {
        0 => Ok(()),
        missing => Err(NodeSnapshotError::Incomplete { missing }),
    }
}

impl Peer {
    /// Notes that it did not hand out a chunk.
    fn refused(&mut self, chunk: &Chunk, error: &ClientError) {
        self.failures += 1;
        let (url, chunk, because) = (&self.url, chunk.hash, said(error));
        match error {
            ClientError::BadAnswer(_) => {
                tracing::warn!(%url, %chunk, error = %because, "a node sent another chunk than it was asked for; it is not asked again");
                self.offered.clear();
            }
            _ if self.failures >= FAILURES_MAX => {
                tracing::warn!(%url, %chunk, error = %because, "a node failed again and again; it is not asked again");
                self.offered.clear();
            }
            _ => {
                tracing::warn!(%url, %chunk, error = %because, "a node does not hand out a chunk");
                self.offered.remove(&chunk);
            }
        }
    }
}

async fn fetch_one(peer: usize, client: Client, chunk: Chunk, folder: Arc<SnapshotFolder>) -> Fetched {
    let result = match ask(&client, &chunk).await {
        Ok(bytes) => tokio::task::spawn_blocking(move || folder.keep(&bytes))
            .await
            .map_err(super::panicked)
            .and_then(|kept| kept.map(drop).map_err(super::in_folder(Path::new("joining"))))
            .map_err(FetchError::Own),
        Err(error) => Err(FetchError::Call(error)),
    };
    Fetched { peer, chunk, result }
}

/// Asks a node for a chunk, and again while it is busy or starts again.
async fn ask(client: &Client, chunk: &Chunk) -> Result<Vec<u8>, ClientError> {
    let mut tries = 1;
    loop {
        match client.snapshot_chunk(chunk).await {
            Err(error) if is_passing(&error) && tries < TRIES_MAX => {
                let pause = match &error {
                    ClientError::Status { retry_after, .. } => *retry_after,
                    _ => None,
                };
                tokio::time::sleep(pause.unwrap_or(PAUSE)).await;
                tries += 1;
            }
            other => return other,
        }
    }
}

/// Whether a node may hand the chunk out in a moment. One that is slow is not asked for it again: another may be quicker.
fn is_passing(error: &ClientError) -> bool {
    let late = matches!(error, ClientError::Status { status: StatusCode::DeadlineExceeded, .. });
    error.is_retryable() && !late
}

/// Chunks that one node is asked for at once: what a node with default limits gives one address.
const CALLS_PER_NODE_MAX: usize = 2;
/// Chunks that a node may fail to hand out, one after the other.
const FAILURES_MAX: u32 = 3;
/// How often a node that is busy or cannot be reached is asked for a chunk, and the time between if it does not say.
const TRIES_MAX: u32 = 8;
const PAUSE: Duration = Duration::from_secs(1);
