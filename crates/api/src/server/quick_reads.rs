//! Short reads on the async workers themselves.
//!
//! Handing a read to another thread and back costs more than a proof whose parts are in memory. But a read may wait for
//! a slow disk, and a worker that waits serves nobody. So at most half of the workers read at once, and after a slow
//! read none does for a while: such reads take the way of the long ones.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::Semaphore;

/// Who may read on an async worker.
#[derive(Debug)]
pub(super) struct QuickReads {
    seats: Semaphore,
    began: Instant,
    /// Until when nobody may, in milliseconds since `began`.
    closed_until_ms: AtomicU64,
}

impl QuickReads {
    /// For half of the workers of the runtime that this is called in: for none if it has one.
    pub(super) fn new() -> Self {
        Self::with_seats(Handle::current().metrics().num_workers() / 2)
    }

    fn with_seats(seats: usize) -> Self {
        Self { seats: Semaphore::new(seats), began: Instant::now(), closed_until_ms: AtomicU64::new(0) }
    }

    /// Reads at once on this thread, or gives the read back if it is not the time for that.
    pub(super) fn read<A, R: FnOnce() -> A>(&self, read: R) -> Result<A, R> {
        if self.now_ms() < self.closed_until_ms.load(Ordering::Relaxed) {
            return Err(read);
        }
        let Ok(_seat) = self.seats.try_acquire() else { return Err(read) };
        let started = Instant::now();
        let answer = read();
        if started.elapsed() >= SLOW {
            self.closed_until_ms.store(self.now_ms() + PAUSE_MS, Ordering::Relaxed);
        }
        Ok(answer)
    }

    fn now_ms(&self) -> u64 {
        self.began.elapsed().as_millis() as u64
    }
}

/// A read that takes this long waited for the disk.
const SLOW: Duration = Duration::from_millis(10);
/// For how long no worker reads after a slow read.
const PAUSE_MS: u64 = 1_000;

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn no_more_read_at_once_than_there_are_seats() {
        let reads = QuickReads::with_seats(1);
        let inner = reads.read(|| reads.read(|| ()).is_ok());
        assert!(matches!(inner, Ok(false)), "one seat, held by the outer read");
        assert!(reads.read(|| ()).is_ok(), "given back");
        assert!(QuickReads::with_seats(0).read(|| ()).is_err());
    }

    #[test]
    fn after_a_slow_read_none_is_made_on_a_worker_for_a_while() {
        let reads = QuickReads::with_seats(1);
        assert!(reads.read(|| thread::sleep(SLOW)).is_ok());
        assert!(reads.read(|| ()).is_err());
        reads.closed_until_ms.store(reads.now_ms(), Ordering::Relaxed);
        assert!(reads.read(|| ()).is_ok(), "the pause is over");
    }

    #[tokio::test]
    async fn a_runtime_of_one_worker_never_reads_on_it() {
        assert!(QuickReads::new().read(|| ()).is_err());
    }
}
