//! Who waits for a batch to be decided.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sanad_core::hash::BatchId;
use tokio::sync::oneshot;

/// Callers that wait, by batch.
#[derive(Default)]
pub(super) struct Waiters(Mutex<HashMap<BatchId, Vec<oneshot::Sender<()>>>>);

impl Waiters {
    /// Resolves when the batch is decided. Register first, then look at the batch: nothing is missed.
    pub(super) fn register(&self, id: BatchId) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        let mut waiters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = waiters.entry(id).or_default();
        waiting.retain(|sender| !sender.is_closed());
        waiting.push(sender);
        receiver
    }

    /// Forgets callers that no longer wait for a batch.
    pub(super) fn prune(&self, id: &BatchId) {
        let mut waiters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waiting) = waiters.get_mut(id) {
            waiting.retain(|sender| !sender.is_closed());
            if waiting.is_empty() {
                waiters.remove(id);
            }
        }
    }

    /// Wakes who waits for any of the batches.
    pub(super) fn wake(&self, ids: &[BatchId]) {
        let mut waiters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for sender in ids.iter().filter_map(|id| waiters.remove(id)).flatten() {
            // Gone callers need no answer.
            let _ = sender.send(());
        }
    }
}
