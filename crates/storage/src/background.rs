//! Threads for what must not hold up an append: checkpoints, runs of the key indexes, and syncs of blocks that were
//! appended without waiting for the disk.
//!
//! The first two can be made again from the segments, so an I/O error there never stops the store: it is logged, and the
//! work is tried again. Until it succeeds, keys stay in memory and the next opening has more to replay. A sync that fails
//! poisons the store.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::error::{Part, StoreError};
use crate::shared::{Due, Shared};

/// The threads of a store; they end with it.
#[derive(Debug)]
pub(crate) struct Background {
    checkpoint: Worker,
    index: Worker,
    sync: Worker,
}

impl Background {
    pub(crate) fn start(shared: &Arc<Shared>) -> Result<Self, std::io::Error> {
        let checkpoint = Worker::start("sanad-checkpoint", shared, Shared::checkpoint)?;
        let index = Worker::start("sanad-index", shared, |shared| {
            shared.issuances.maintain()?;
            shared.batch_keys.maintain()
        })?;
        let sync = Worker::start("sanad-log-sync", shared, |shared| {
            // More blocks for each sync.
            std::thread::sleep(SYNC_PAUSE);
            // An error has poisoned the store, which says why.
            let _ = shared.sync_log();
            Ok(())
        })?;
        Ok(Self { checkpoint, index, sync })
    }

    pub(crate) fn wake(&self, due: Due) {
        if due.checkpoint {
            self.checkpoint.wake();
        }
        if due.index {
            self.index.wake();
        }
        if due.sync {
            self.sync.wake();
        }
    }

    /// Waits for the work in progress and ends the threads.
    pub(crate) fn stop(&mut self) {
        self.checkpoint.stop();
        self.index.stop();
        self.sync.stop();
    }
}

#[derive(Debug)]
struct Worker {
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    fn start(
        name: &str,
        shared: &Arc<Shared>,
        work: impl Fn(&Shared) -> Result<(), StoreError> + Send + 'static,
    ) -> Result<Self, std::io::Error> {
        // One wake-up may wait while another is served: it finds everything that is left to do.
        let (wake, woken) = sync_channel(1);
        let shared = Arc::clone(shared);
        let run = move || {
            let mut pause = RETRY_MIN;
            while woken.recv().is_ok() {
                while let Err(error) = work(&shared) {
                    match error {
                        StoreError::CheckpointsSuspended => return,
                        // After an I/O error, sled answers with what reads like damage until it is opened again.
                        StoreError::Io { .. } | StoreError::Damaged { part: Part::Checkpoint } => {}
                        _ => return shared.poison(&error),
                    }
                    tracing::warn!(%error, retry_in = ?pause, "background work of the store failed; it is tried again");
                    if !wait(&woken, pause) {
                        return;
                    }
                    pause = (pause * 2).min(RETRY_MAX);
                }
                pause = RETRY_MIN;
            }
        };
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run)?;
        Ok(Self { wake: Some(wake), thread: Some(thread) })
    }

    fn wake(&self) {
        // Full: it is called already. Disconnected: it found damage, and the store is poisoned.
        self.wake.as_ref().map(|wake| wake.try_send(()));
    }

    fn stop(&mut self) {
        self.wake = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was reported there.
            let _ = thread.join();
        }
    }
}

/// Waits, whatever else comes in; false once the store is dropped.
fn wait(woken: &Receiver<()>, pause: Duration) -> bool {
    let end = Instant::now() + pause;
    loop {
        match woken.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout) => return true,
            Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
}

/// Time between a block that was not synced and the sync.
const SYNC_PAUSE: Duration = Duration::from_millis(20);
const RETRY_MIN: Duration = Duration::from_millis(500);
const RETRY_MAX: Duration = Duration::from_secs(60);
