//! How long to wait for a proposer that missed its last turn.
//!
//! A validator that is down would cost every n-th height the full timeouts. Who missed its turn is waited for no longer
//! than proposals take here, until it makes one. Safety never depends on a timeout. Progress does not either: no more
//! are hurried than may be faulty, and only in the first n rounds, so some correct proposer always has its full time.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use sanad_core::ids::Height;
use sanad_core::signature::PublicKey;
use sanad_core::validators::ValidatorSet;

use crate::config::Timeouts;
use crate::context::{EngineTimeouts, Hurried};
use crate::rotation::proposer;

/// What this node saw of its proposers.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// Who missed its last turn, and how many of them in a row, the latest at the end; never more than may be faulty.
    absent: VecDeque<(PublicKey, u32)>,
    /// Moving mean of the time from the start of a height to its first proposal.
    latency: Option<Duration>,
    /// When the first round of the current height began.
    begun: Option<Instant>,
    /// The rounds of the current height in which a valid and timely block was proposed: bit r stands for round r.
    proposed: u128,
}

impl Pace {
    /// The first round of a height began.
    pub(crate) fn began(&mut self, now: Instant) {
        (self.begun, self.proposed) = (Some(now), 0);
    }

    /// A valid block of another validator came, timely, for the round of its first proposal.
    pub(crate) fn proposed(&mut self, round: u32, now: Instant) {
        self.proposed |= bit(round);
        if let Some(begun) = self.begun.filter(|_| round == 0) {
            let latency = now.saturating_duration_since(begun);
            let mean = self.latency.unwrap_or(latency);
            self.latency = Some(mean * (MEAN_OF - 1) / MEAN_OF + latency / MEAN_OF);
        }
    }

    /// A height was decided in a round: the proposers of earlier rounds missed their turn, unless a good block of theirs
    /// came late.
    pub(crate) fn decided(&mut self, validators: &ValidatorSet, height: Height, round: u32) {
        let count = validators.validators().len();
        let may_be_faulty = count.saturating_sub(1) / 3;
        for earlier in (0..round).take(count) {
            let key = proposer(validators, height, earlier).key;
            let missed = self.forget(key);
            if self.proposed & bit(earlier) == 0 {
                self.absent.push_back((key, missed.saturating_add(1)));
            }
        }
        self.forget(proposer(validators, height, round).key);
        self.absent.retain(|(key, _)| validators.position(key).is_some());
        let spare = self.absent.len().saturating_sub(may_be_faulty);
        self.absent.drain(..spare);
        (self.begun, self.proposed) = (None, 0);
    }

    /// The timeouts of a height.
    pub(crate) fn timeouts(
        &self,
        configured: Timeouts,
        validators: &ValidatorSet,
        height: Height,
    ) -> EngineTimeouts {
        // A set has at most 128 validators, so each has its bit.
        let mut hurried =
            [self.once(configured), self.again(configured)].map(|timeouts| Hurried { rounds: 0, timeouts });
        for round in 0..validators.validators().len() as u32 {
            let key = proposer(validators, height, round).key;
            if let Some((_, missed)) = self.absent.iter().find(|(absent, _)| *absent == key) {
                hurried[usize::from(*missed > 1)].rounds |= bit(round);
            }
        }
        EngineTimeouts { configured, hurried }
    }

    /// How long to wait for who missed one turn: long enough for what is late now and then.
    fn once(&self, configured: Timeouts) -> Timeouts {
        let latency = self.latency.unwrap_or(configured.propose);
        Timeouts {
            propose: (latency * 3).max(PROPOSE_MIN).min(configured.propose),
            prevote: (latency * 3).max(PROPOSE_MIN).min(configured.prevote),
            precommit: latency.max(PRECOMMIT_MIN).min(configured.precommit),
        }
    }

    /// How long to wait for who missed several turns in a row: it is down, or too slow to be waited for. If it is back, its
    /// block comes late once, and it has its full time again.
    fn again(&self, configured: Timeouts) -> Timeouts {
        let latency = self.latency.unwrap_or(configured.propose);
        let wait = |configured: Duration| (latency * 3 / 2).max(AGAIN_MIN).min(configured);
        let (propose, precommit) = (wait(configured.propose), wait(configured.precommit));
        Timeouts { propose, precommit, ..self.once(configured) }
    }

    /// Forgets that a validator was absent; returns how many turns it had missed.
    fn forget(&mut self, key: PublicKey) -> u32 {
        let place = self.absent.iter().position(|(absent, _)| *absent == key);
        place.and_then(|place| self.absent.remove(place)).map_or(0, |(_, missed)| missed)
    }
}

/// The bit of a round. Later rounds than there can be validators have none.
fn bit(round: u32) -> u128 {
    1u128.checked_shl(round).unwrap_or(0)
}

/// Heights over which the latency is averaged.
const MEAN_OF: u32 = 8;
/// Least time for a proposal: waking up and executing a block may take that long on a busy machine.
const PROPOSE_MIN: Duration = Duration::from_millis(50);
/// Least time for a proposal, and for second votes, in the turn of somebody who missed several.
const AGAIN_MIN: Duration = Duration::from_millis(10);
/// Least time for the second votes of a round in which there was no proposal.
const PRECOMMIT_MIN: Duration = Duration::from_millis(15);

#[cfg(test)]
mod tests {
    use super::*;
    use malachitebft_core_types::{Round, Timeout, TimeoutKind, Timeouts as _};
    use sanad_core::validators::Validator;

    fn set(count: u8) -> ValidatorSet {
        let validator =
            |i: u8| Validator { member: format!("m{i}").parse().unwrap(), key: PublicKey([i; 32]) };
        ValidatorSet::genesis((0..count).map(validator).collect()).unwrap()
    }

    /// The rounds of a height that are hurried.
    fn hurried(pace: &Pace, validators: &ValidatorSet, height: u64) -> Vec<u32> {
        let timeouts = pace.timeouts(Timeouts::default(), validators, Height(height));
        let rounds = timeouts.hurried.iter().fold(0, |all, hurried| all | hurried.rounds);
        (0..128).filter(|round| rounds & bit(*round) != 0).collect()
    }

    #[test]
    fn who_missed_several_turns_is_waited_for_shortest_until_its_block_comes() {
        let (set, configured) = (set(4), Timeouts::default());
        let mut pace = Pace::default();
        let begun = Instant::now();
        for _ in 0..100 {
            pace.began(begun);
            pace.proposed(0, begun + Duration::from_millis(6));
        }
        let wait = |pace: &Pace, height| {
            let timeouts = pace.timeouts(configured, &set, Height(height));
            timeouts.duration_for(Timeout { round: Round::new(0), kind: TimeoutKind::Propose })
        };
        pace.began(begun);
        pace.decided(&set, Height(2), 1);
        assert_eq!(wait(&pace, 6), PROPOSE_MIN);
        for height in [6, 10, 14] {
            pace.began(begun);
            pace.decided(&set, Height(height), 1);
            assert_eq!(wait(&pace, height + 4), AGAIN_MIN);
        }
        // It is back: late, after the short wait, and from then on in time.
        pace.began(begun);
        pace.proposed(0, begun + AGAIN_MIN * 2);
        pace.decided(&set, Height(18), 1);
        assert_eq!(wait(&pace, 22), configured.propose);
    }

    #[test]
    fn who_missed_its_turn_is_hurried_until_it_proposes() {
        let set = set(4);
        let mut pace = Pace::default();
        assert!(hurried(&pace, &set, 1).is_empty());
        // Height 2, round 0 is the turn of m1; m2 proposed in its place.
        pace.decided(&set, Height(2), 1);
        assert_eq!(hurried(&pace, &set, 3), [3]);
        assert_eq!(hurried(&pace, &set, 6), [0]);
        pace.decided(&set, Height(3), 0);
        assert_eq!(hurried(&pace, &set, 6), [0]);
        pace.decided(&set, Height(6), 0);
        assert!(hurried(&pace, &set, 10).is_empty());
    }

    #[test]
    fn a_good_block_that_came_late_gives_its_proposer_the_full_time_again() {
        let set = set(4);
        let mut pace = Pace::default();
        pace.decided(&set, Height(2), 1);
        pace.began(Instant::now());
        pace.proposed(0, Instant::now());
        pace.decided(&set, Height(6), 1);
        assert!(hurried(&pace, &set, 10).is_empty());
        // What was proposed at one height says nothing of the next.
        pace.decided(&set, Height(10), 1);
        assert_eq!(hurried(&pace, &set, 14), [0]);
    }

    #[test]
    fn no_more_are_hurried_than_may_be_faulty() {
        for (count, most) in [(1, 0), (3, 0), (4, 1), (7, 2), (128, 42)] {
            let set = set(count);
            let mut pace = Pace::default();
            pace.decided(&set, Height(1), 1_000);
            let rounds = hurried(&pace, &set, 2);
            assert_eq!(rounds.len(), most, "{count}");
            assert!(rounds.iter().all(|round| *round < u32::from(count)));
        }
        // The latest are kept, and those who left are forgotten.
        let mut pace = Pace::default();
        pace.decided(&set(4), Height(1), 2);
        assert_eq!(hurried(&pace, &set(4), 2), [0]);
        pace.decided(&set(1), Height(2), 0);
        assert!(pace.absent.is_empty());
    }

    #[test]
    fn short_waits_follow_the_latency_within_the_configured_ones() {
        let configured = Timeouts::default();
        let mut pace = Pace::default();
        assert_eq!(pace.once(configured).propose, configured.propose);
        let begun = Instant::now();
        let mut waits = Vec::new();
        for latency in [1, 100, 1_000_000] {
            for _ in 0..100 {
                pace.began(begun);
                pace.proposed(0, begun + Duration::from_millis(latency));
            }
            waits.push(pace.once(configured).propose);
        }
        assert_eq!(waits[0], PROPOSE_MIN);
        assert!(waits[1] > Duration::from_millis(295) && waits[1] < Duration::from_millis(305), "{waits:?}");
        assert_eq!(waits[2], configured.propose);
        // Later rounds tell nothing of the network.
        let known = pace.latency;
        pace.proposed(1, begun);
        assert_eq!(pace.latency, known);
    }

    #[test]
    fn each_round_waits_longer_but_for_those_that_are_hurried() {
        let configured = Timeouts::default();
        let short = Timeouts { propose: PROPOSE_MIN, prevote: PROPOSE_MIN, precommit: PRECOMMIT_MIN };
        let hurried = [Hurried { rounds: 0b10, timeouts: short }, Hurried::default()];
        let timeouts = EngineTimeouts { configured, hurried };
        let wait = |kind, round| timeouts.duration_for(Timeout { round: Round::new(round), kind });
        assert_eq!(wait(TimeoutKind::Propose, 0), configured.propose);
        assert_eq!(wait(TimeoutKind::Propose, 1), PROPOSE_MIN);
        assert_eq!(wait(TimeoutKind::Prevote, 1), PROPOSE_MIN);
        assert_eq!(wait(TimeoutKind::Precommit, 1), PRECOMMIT_MIN);
        assert_eq!(wait(TimeoutKind::Propose, 2), configured.propose * 2);
        assert_eq!(wait(TimeoutKind::Precommit, 2), configured.precommit * 2);
        assert!(wait(TimeoutKind::Rebroadcast, 1) > configured.propose);
        assert_eq!(wait(TimeoutKind::Propose, 129), Duration::from_secs(60));
        assert_eq!(wait(TimeoutKind::Propose, u32::MAX), Duration::from_secs(60));
    }
}
