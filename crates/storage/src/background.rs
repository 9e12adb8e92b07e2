//! Threads for what must not hold up an append: checkpoints, and runs of the key indexes.

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use crate::error::StoreError;
use crate::shared::{Due, Shared};

/// The threads of a store; they end with it.
#[derive(Debug)]
pub(crate) struct Background {
    checkpoint: Worker,
    index: Worker,
}

impl Background {
    pub(crate) fn start(shared: &Arc<Shared>) -> Result<Self, std::io::Error> {
        let checkpoint = Worker::start("sanad-checkpoint", shared, Shared::checkpoint)?;
        let index = Worker::start("sanad-index", shared, |shared| {
            shared.issuances.maintain()?;
            shared.batch_keys.maintain()
        })?;
        Ok(Self { checkpoint, index })
    }

    pub(crate) fn wake(&self, due: Due) {
        if due.checkpoint {
            self.checkpoint.wake();
        }
        if due.index {
            self.index.wake();
        }
    }

    /// Waits for the work in progress and ends the threads.
    pub(crate) fn stop(&mut self) {
        self.checkpoint.stop();
        self.index.stop();
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
            for () in woken {
                if let Err(error) = work(&shared) {
                    shared.poison(&error);
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run)?;
        Ok(Self { wake: Some(wake), thread: Some(thread) })
    }

    fn wake(&self) {
        // Full: a wake-up is waiting already. Disconnected: the thread failed, and the store is poisoned.
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
