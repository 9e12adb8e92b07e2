//! How long the ledger's writes took, and the time between blocks: for metrics.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sanad_core::ids::Height;
use sanad_core::state::Head;

use crate::desk::Histogram;

/// Measured since the start.
#[derive(Debug)]
pub struct Timings {
    pub(crate) append: Histogram,
    pub(crate) keep_undecided: Histogram,
    pub(crate) block_interval: Histogram,
    last_commit: Mutex<Option<Instant>>,
}

impl Timings {
    /// A block was made durable. `before` is the head that it follows.
    pub(super) fn committed(&self, took: Duration, before: Head, time_ms: u64) {
        self.append.observe(took);
        if before.height > Height::GENESIS {
            self.block_interval.observe(Duration::from_millis(time_ms.saturating_sub(before.time_ms)));
        }
        *self.last_commit.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Time since this process committed a block.
    pub(crate) fn since_commit(&self) -> Option<Duration> {
        self.last_commit.lock().unwrap_or_else(PoisonError::into_inner).map(|at| at.elapsed())
    }
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            append: Histogram::new(&DISK_SECONDS),
            keep_undecided: Histogram::new(&DISK_SECONDS),
            block_interval: Histogram::new(&INTERVAL_SECONDS),
            last_commit: Mutex::new(None),
        }
    }
}

const DISK_SECONDS: [f64; 9] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5];
const INTERVAL_SECONDS: [f64; 10] = [0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0, 15.0, 60.0];
