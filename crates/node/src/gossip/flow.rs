//! How fast a peer may send.

use std::time::{Duration, Instant};

/// What one peer sends, at a rate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow {
    bytes_per_second: u64,
    /// When all that was taken so far is paid for.
    paid_at: Instant,
}

impl Flow {
    pub(super) fn new(bytes_per_second: u64, now: Instant) -> Self {
        Self { bytes_per_second: bytes_per_second.max(1), paid_at: now }
    }

    /// Takes bytes that have come; returns how long to wait before they are used. After a rest, a second's worth is free.
    /// None, and they do not count, if it would be too long.
    pub(super) fn take(&mut self, bytes: usize, now: Instant) -> Option<Duration> {
        let costs = Duration::from_secs_f64(bytes as f64 / self.bytes_per_second as f64);
        let paid_at = self.paid_at.max(now.checked_sub(BURST).unwrap_or(now)) + costs;
        let wait = paid_at.saturating_duration_since(now);
        if wait > WAIT_MAX {
            return None;
        }
        self.paid_at = paid_at;
        Some(wait)
    }
}

const BURST: Duration = Duration::from_secs(1);
/// Less than the time in which a request must be answered.
const WAIT_MAX: Duration = Duration::from_secs(4);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_the_rate_then_nothing() {
        let start = Instant::now() + Duration::from_secs(60);
        let at = |ms| start + Duration::from_millis(ms);
        let mut flow = Flow::new(1_000, start - BURST);
        assert_eq!(flow.take(1_000, start), Some(Duration::ZERO));
        assert_eq!(flow.take(500, start), Some(Duration::from_millis(500)));
        assert_eq!(flow.take(3_500, start), Some(WAIT_MAX));
        assert_eq!(flow.take(1, start), None);
        assert_eq!(flow.take(500, at(1_000)), Some(Duration::from_millis(3_500)));
        assert_eq!(flow.take(1_000, at(60_000)), Some(Duration::ZERO));
    }
}
