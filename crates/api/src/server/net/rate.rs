//! How many calls a connection or an address may make, and how many connections an address.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A token bucket: one token a call, or a connection.
pub(super) struct Rate {
    per_second: u32,
    burst: u32,
    bucket: Mutex<Bucket>,
}

struct Bucket {
    tokens: f64,
    since: Instant,
}

impl Rate {
    pub(super) fn new(per_second: u32, burst: u32) -> Self {
        let bucket = Bucket { tokens: f64::from(burst), since: Instant::now() };
        Self { per_second, burst, bucket: Mutex::new(bucket) }
    }

    pub(super) fn per_second(&self) -> u32 {
        self.per_second
    }

    /// Takes a token, or says when there is one.
    pub(super) fn take(&self, now: Instant) -> Result<(), Duration> {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = now.saturating_duration_since(bucket.since).as_secs_f64();
        let tokens = (bucket.tokens + rest * f64::from(self.per_second)).min(f64::from(self.burst));
        bucket.since = now;
        bucket.tokens = tokens;
        if tokens < 1.0 {
            let missing = (1.0 - tokens) / f64::from(self.per_second.max(1));
            return Err(Duration::from_secs_f64(missing));
        }
        bucket.tokens = tokens - 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_the_rate() {
        let rate = Rate::new(10, 2);
        let now = Instant::now();
        assert!(rate.take(now).is_ok());
        assert!(rate.take(now).is_ok());
        let wait = rate.take(now).unwrap_err();
        assert!(wait > Duration::from_millis(90) && wait <= Duration::from_millis(100), "{wait:?}");
        assert!(rate.take(now + Duration::from_millis(101)).is_ok());
        assert!(rate.take(now + Duration::from_millis(101)).is_err());
        // A long rest fills the bucket, and no more than that.
        let later = now + Duration::from_secs(60);
        assert!(rate.take(later).is_ok() && rate.take(later).is_ok() && rate.take(later).is_err());
    }
}
