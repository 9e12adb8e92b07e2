//! How long answers took.

use std::time::Duration;

/// Times of answers.
#[derive(Default)]
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    /// Adds an answer.
    pub(crate) fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// Takes in the times of another.
    pub(crate) fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// How many answers there were.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The time within which `percent` of the answers came, in milliseconds.
    pub(crate) fn percentile(&mut self, percent: usize) -> f64 {
        self.0.sort_unstable();
        let place = (self.0.len() * percent / 100).min(self.0.len().saturating_sub(1));
        self.0.get(place).map_or(0.0, |time| time.as_secs_f64() * 1e3)
    }
}
