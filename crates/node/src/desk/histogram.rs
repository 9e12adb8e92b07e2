//! How often something took how long.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Counts durations by the bounds that it is made with.
#[derive(Debug)]
pub(crate) struct Histogram {
    bounds: &'static [f64],
    counted: Mutex<Counted>,
}

/// What was counted so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Counted {
    /// How many took up to each bound alone, in seconds; the last is above all bounds, and has `f64::MAX`.
    pub(crate) buckets: Vec<(f64, u64)>,
    /// Seconds of all together.
    pub(crate) sum: f64,
}

impl Histogram {
    /// Bounds in seconds, rising.
    pub(crate) fn new(bounds: &'static [f64]) -> Self {
        let buckets = bounds.iter().copied().chain([f64::MAX]).map(|bound| (bound, 0)).collect();
        Self { bounds, counted: Mutex::new(Counted { buckets, sum: 0.0 }) }
    }

    pub(crate) fn observe(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        let place = self.bounds.iter().position(|bound| seconds <= *bound).unwrap_or(self.bounds.len());
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted.buckets[place].1 += 1;
        counted.sum += seconds;
    }

    pub(crate) fn counted(&self) -> Counted {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Counted {
    /// How many in all.
    pub(crate) fn count(&self) -> u64 {
        self.buckets.iter().map(|(_, count)| count).sum()
    }
}
