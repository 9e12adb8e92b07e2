//! Which batches were asked of which peer, so that each is fetched once.
//!
//! A peer that was asked for a batch has some time in which nobody else is asked for it, once: if it does not send, it
//! may offer the batch again as often as it likes, and keeps no other peer from sending it.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use sanad_core::hash::BatchId;

/// Batches that are still to come, by id; `P` is a peer.
pub(super) struct Asked<P> {
    coming: HashMap<BatchId, Coming<P>>,
}

struct Coming<P> {
    /// Who is to send it, alone until then.
    from: P,
    until: Instant,
    /// Peers that had their time.
    late: HashSet<P>,
}

/// Whether to ask a peer for a batch that it offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    Now,
    /// Another peer is to send it.
    Later,
}

impl<P: Copy + Eq + std::hash::Hash> Asked<P> {
    pub(super) fn new() -> Self {
        Self { coming: HashMap::new() }
    }

    /// A peer offers a batch that is wanted.
    pub(super) fn offered(&mut self, peer: P, id: BatchId, now: Instant) -> Ask {
        let until = now + FETCH_TIMEOUT;
        let Some(coming) = self.coming.get_mut(&id) else {
            if self.coming.len() < COMING_MAX {
                self.coming.insert(id, Coming { from: peer, until, late: HashSet::new() });
            }
            return Ask::Now;
        };
        if coming.from == peer {
            return Ask::Now;
        }
        if now < coming.until {
            return Ask::Later;
        }
        coming.late.insert(coming.from);
        if !coming.late.contains(&peer) {
            (coming.from, coming.until) = (peer, until);
        }
        Ask::Now
    }

    /// A batch is here.
    pub(super) fn came(&mut self, id: &BatchId) {
        self.coming.remove(id);
    }

    /// A peer has sent what it was asked for, or is gone: what has not come does not come.
    pub(super) fn had_its_time(&mut self, peer: P, now: Instant) {
        for coming in self.coming.values_mut().filter(|coming| coming.from == peer) {
            coming.until = coming.until.min(now);
        }
    }

    /// Forgets what nobody was asked for lately.
    pub(super) fn prune(&mut self, now: Instant) {
        self.coming.retain(|_, coming| now < coming.until + KEPT);
    }
}

/// Time in which a batch that was asked for must come, before it is asked of another peer.
const FETCH_TIMEOUT: Duration = Duration::from_secs(10);
/// Time for which a peer that did not send a batch is remembered.
const KEPT: Duration = Duration::from_secs(600);
/// Batches that are noted as coming; any more are asked of every peer that offers them.
const COMING_MAX: usize = 1 << 16;

#[cfg(test)]
mod tests {
    use super::*;

    const ID: BatchId = BatchId([1; 32]);

    #[test]
    fn a_peer_that_never_sends_delays_a_batch_once() {
        let (mut asked, start) = (Asked::new(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(asked.offered("liar", ID, at(0)), Ask::Now);
        // It offers again and again, and gains no time by it.
        for seconds in 1..10 {
            assert_eq!(asked.offered("liar", ID, at(seconds)), Ask::Now);
            assert_eq!(asked.offered("honest", ID, at(seconds)), Ask::Later);
        }
        assert_eq!(asked.offered("liar", ID, at(10)), Ask::Now);
        assert_eq!(asked.offered("accomplice", ID, at(10)), Ask::Now);
        assert_eq!(asked.offered("liar", ID, at(20)), Ask::Now);
        assert_eq!(asked.offered("honest", ID, at(20)), Ask::Now);
        assert_eq!(asked.offered("liar", ID, at(21)), Ask::Later);
    }

    #[test]
    fn what_came_and_who_left_is_forgotten() {
        let (mut asked, now) = (Asked::new(), Instant::now());
        assert_eq!(asked.offered("one", ID, now), Ask::Now);
        asked.had_its_time("one", now);
        assert_eq!(asked.offered("two", ID, now), Ask::Now);
        assert_eq!(asked.offered("three", ID, now), Ask::Later);
        asked.came(&ID);
        assert!(asked.coming.is_empty());
        assert_eq!(asked.offered("three", ID, now), Ask::Now);
        asked.prune(now + KEPT);
        assert!(!asked.coming.is_empty());
        asked.prune(now + KEPT + FETCH_TIMEOUT);
        assert!(asked.coming.is_empty());
    }
}
