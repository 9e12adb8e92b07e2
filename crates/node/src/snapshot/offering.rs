//! Snapshots that a running node makes for others.

use std::path::Path;
use std::sync::Arc;

use sanad_core::state::State;
use tokio::sync::oneshot;

use super::refuse_full_disk;
use crate::config::Config;
use crate::facts::RunningNode;
use crate::ledger::{Ledger, NodeFacts as _};
use crate::setup::DataDir;

/// Makes a snapshot each time one is due, for as long as the node runs. One that cannot be made is logged: the chain goes on.
pub(crate) async fn keep_offering(node: RunningNode, config: Config) {
    let segments = DataDir::new(&config).ledger().join("segments");
    let Some(folder) = config.snapshots.folder else { return };
    let mut due = node.ledger.snapshots_due();
    while due.changed().await.is_ok() {
        // The blocks of years would all be due, one after the other.
        if node.catching_up() {
            continue;
        }
        let Some(state) = due.borrow_and_update().clone() else { continue };
        // Nothing new is written once there is less room than that for the chain's own blocks.
        let reserve = config.storage.free_bytes_min;
        let (ledger, folder, segments) = (Arc::clone(&node.ledger), folder.clone(), segments.clone());
        let (done, made) = oneshot::channel();
        // A thread of its own: it may take minutes, and the node does not wait for it when it stops.
        let work = move || {
            make(&ledger, &state, &folder, &segments, reserve);
            let _ = done.send(());
        };
        if let Err(error) = std::thread::Builder::new().name("snapshot".into()).spawn(work) {
            tracing::warn!(%error, "no snapshot is made");
            continue;
        }
        // An error means that the thread has panicked, and said why.
        let _ = made.await;
    }
}

fn make(ledger: &Ledger, state: &State, folder: &Path, segments: &Path, reserve: u64) {
    let height = state.head().height;
    let made = std::fs::create_dir_all(folder)
        .map_err(|source| crate::NodeError::File { path: folder.to_owned(), source }.into())
        .and_then(|()| {
            let kept = files_bytes(&folder.join("chunks"));
            refuse_full_disk(folder, files_bytes(segments).saturating_sub(kept) + reserve)
        })
        .and_then(|()| ledger.write_snapshot(state, folder).map_err(super::in_folder(folder)));
    match made {
        Ok(manifest) => {
            let chunks = manifest.chunks().count();
            tracing::info!(%height, chunks, "a snapshot is made");
        }
        Err(error) => {
            tracing::warn!(%height, error = %crate::checking::said(&error), "no snapshot is made");
        }
    }
}

/// Length of all files in a folder, in bytes.
fn files_bytes(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.len()).sum()
}
