//! How long to wait for a proposer that missed its last turn.
//!
//! A validator that is down would cost every n-th height the full timeouts. One that missed its turn is waited for no
//! longer than proposals take here, until it makes one. Safety never depends on a timeout. Progress does not either: no
//! more are hurried than may be faulty, and only in the first n rounds, so some correct proposer always has its full time.
//!
//! A slow validator gets its full time back, too. Its proposal may come when its height is long decided without it; what
//! counts is that it comes within the full time. But a turn that took many times as long as those of others is paid back:
//! until that much time has gone by sixteen times, its turns are hurried.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use sanad_core::ids::Height;
use sanad_core::signature::PublicKey;
use sanad_core::validators::ValidatorSet;

use crate::config::Timeouts;
use crate::context::{Early, EngineTimeouts, Hurried};
use crate::guard::Position;
use crate::rotation::proposer;

/// What this node saw of its proposers.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// Validators that missed their last turn, the latest at the end; never more than may be faulty.
    absent: VecDeque<Absent>,
    /// Validators whose blocks take long, the latest at the end; never more than may be faulty.
    slow: VecDeque<Slow>,
    /// Moving mean of the time from the start of a height to its first proposal.
    latency: Option<Duration>,
    /// When the first round of the current height began.
    begun: Option<Instant>,
    /// The rounds of the current height for which a block came: bit r stands for round r.
    came: u128,
    /// Of these, the rounds whose block was valid and timely.
    proposed: u128,
    /// How long the block of the first round took, if that was slow.
    dragged: Option<Duration>,
}

/// A validator whose last block in its full time was slow.
#[derive(Debug)]
struct Slow {
    key: PublicKey,
    /// When it has its full time again.
    until: Instant,
}

/// A validator that missed its last turn.
#[derive(Debug)]
struct Absent {
    key: PublicKey,
    /// Turns that it missed in a row.
    missed: u32,
    /// Whether it had signed nothing at the height of its last turn.
    silent: bool,
    /// The last turns for which no block of its came, as far as it might still come in time.
    turns: VecDeque<Turn>,
}

/// A turn without a block.
#[derive(Clone, Copy, Debug)]
struct Turn {
    height: Height,
    round: u32,
    begun: Instant,
}

/// How long a proposer is waited for, if not in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    /// It missed one turn: long enough for what is late now and then.
    Once,
    /// It missed several turns in a row, or is slow: its block takes about as long as those of others, or comes late.
    Again,
    /// It signed nothing at the height of its last turn, or at the one before this: nothing is expected.
    Silent,
}

impl Pace {
    /// The first round of a height began.
    pub(crate) fn began(&mut self, now: Instant) {
        (self.begun, self.came, self.proposed, self.dragged) = (Some(now), 0, 0, None);
    }

    /// A block of another validator came, valid or not.
    pub(crate) fn came(&mut self, round: u32) {
        self.came |= bit(round);
    }

    /// A valid block of another validator came, timely, for the round of its first proposal.
    pub(crate) fn proposed(&mut self, round: u32, now: Instant) {
        self.proposed |= bit(round);
        if let Some(begun) = self.begun.filter(|_| round == 0) {
            let latency = now.saturating_duration_since(begun);
            let mean = self.latency.unwrap_or(latency);
            let usual = mean * SLOW_TIMES;
            self.dragged = Some(latency).filter(|latency| *latency > usual.max(ONCE_MIN));
            // One slow block does not make this node patient with all; a network that became slow does in a few heights.
            self.latency = Some(mean * (MEAN_OF - 1) / MEAN_OF + latency.min(usual) / MEAN_OF);
        }
    }

    /// A height was decided in a round: the proposers of earlier rounds missed their turn, unless a good block of theirs
    /// came late. `own` is this node's key: a node does not hurry itself, or it would drop its own block. `heard` is the last
    /// position that a validator is known to have signed.
    pub(crate) fn decided(
        &mut self,
        validators: &ValidatorSet,
        height: Height,
        round: u32,
        own: Option<PublicKey>,
        heard: impl Fn(&PublicKey) -> Option<Position>,
    ) {
        let count = validators.validators().len();
        let may_be_faulty = count.saturating_sub(1) / 3;
        for absent in &mut self.absent {
            if absent.silent && heard(&absent.key).is_some_and(|last| last.height >= height) {
                // It is back.
                (absent.silent, absent.missed) = (false, 1);
            }
        }
        for earlier in (0..round).take(count) {
            let key = proposer(validators, height, earlier).key;
            let before = self.forget(&key);
            if self.proposed & bit(earlier) != 0 || own == Some(key) {
                continue;
            }
            let (missed, mut turns) =
                before.map_or_else(Default::default, |absent| (absent.missed, absent.turns));
            if let Some(begun) = self.begun.filter(|_| self.came & bit(earlier) == 0) {
                if turns.len() >= TURNS_MAX {
                    turns.pop_front();
                }
                turns.push_back(Turn { height, round: earlier, begun });
            }
            let missed = missed.saturating_add(1);
            let silent = heard(&key).is_none_or(|last| last.height < height);
            self.absent.push_back(Absent { key, missed, silent, turns });
        }
        self.forget(&proposer(validators, height, round).key);
        self.absent.retain(|absent| validators.position(&absent.key).is_some());
        let spare = self.absent.len().saturating_sub(may_be_faulty);
        self.absent.drain(..spare);
        if let (Some(begun), Some(took)) = (self.begun, self.dragged) {
            let key = proposer(validators, height, 0).key;
            self.slow.retain(|slow| slow.key != key);
            self.slow.push_back(Slow { key, until: begun + took * (1 + PAID_BACK_TIMES) });
        }
        self.slow.retain(|slow| validators.position(&slow.key).is_some());
        let spare = self.slow.len().saturating_sub(may_be_faulty);
        self.slow.drain(..spare);
        (self.begun, self.came, self.proposed, self.dragged) = (None, 0, 0, None);
    }

    /// Whether a proposal for a height that is decided would have been in time, had its proposer been waited for in full.
    pub(crate) fn is_in_time(
        &self,
        by: &PublicKey,
        height: Height,
        round: u32,
        configured: Timeouts,
        now: Instant,
    ) -> bool {
        let turns = self.absent.iter().filter(|absent| absent.key == *by).flat_map(|absent| &absent.turns);
        let turn = turns.into_iter().find(|turn| turn.height == height && turn.round == round);
        turn.is_some_and(|turn| now.saturating_duration_since(turn.begun) <= configured.propose)
    }

    /// Forgets that a validator was absent.
    pub(crate) fn is_back(&mut self, key: &PublicKey) {
        self.forget(key);
    }

    /// The timeouts of a height that begins now. `heard` is the last position that a validator is known to have signed.
    pub(crate) fn timeouts(
        &self,
        configured: Timeouts,
        validators: &ValidatorSet,
        height: Height,
        now: Instant,
        heard: impl Fn(&PublicKey) -> Option<Position>,
    ) -> EngineTimeouts {
        let mut waits = self.hurried(validators, now);
        for (key, wait) in &mut waits {
            // It has not come to the height before, so it proposes nothing at this one.
            if heard(key).is_none_or(|last| last.height.next() < height) {
                *wait = Wait::Silent;
            }
        }
        let hurried = [Wait::Once, Wait::Again, Wait::Silent].map(|wait| {
            let is_due = |round: &u32| {
                let key = proposer(validators, height, *round).key;
                waits.contains(&(key, wait))
            };
            // A set has at most 128 validators, so each has its bit.
            let rounds = (0..validators.validators().len() as u32)
                .filter(is_due)
                .fold(0, |all, round| all | bit(round));
            Hurried { rounds, timeouts: self.waits(wait, configured) }
        });
        let latency = self.latency.unwrap_or(configured.precommit);
        let precommit = (latency * 3).max(ONCE_MIN).min(configured.precommit);
        let early = Early { rounds: validators.validators().len() as u32, precommit };
        EngineTimeouts { configured, early, hurried }
    }

    /// The validators that are not waited for in full, no more than may be faulty.
    fn hurried(&self, validators: &ValidatorSet, now: Instant) -> Vec<(PublicKey, Wait)> {
        let is_slow = |key: &PublicKey| self.slow.iter().any(|slow| slow.key == *key && now < slow.until);
        let absent = self.absent.iter().rev().map(|absent| match absent.wait() {
            Wait::Once if is_slow(&absent.key) => (absent.key, Wait::Again),
            wait => (absent.key, wait),
        });
        let is_absent = |key: &PublicKey| self.absent.iter().any(|absent| absent.key == *key);
        let slow = self.slow.iter().rev().map(|slow| slow.key).filter(|key| is_slow(key) && !is_absent(key));
        let may_be_faulty = validators.validators().len().saturating_sub(1) / 3;
        absent.chain(slow.map(|key| (key, Wait::Again))).take(may_be_faulty).collect()
    }

    fn waits(&self, wait: Wait, configured: Timeouts) -> Timeouts {
        let latency = self.latency.unwrap_or(configured.propose);
        let (propose, precommit) = match wait {
            Wait::Once => ((latency * 3).max(ONCE_MIN), latency.max(VOTES_MIN)),
            Wait::Again => ((latency * 3 / 2).max(AGAIN_MIN), (latency * 3 / 2).max(AGAIN_MIN)),
            // A quorum of second votes for no block, which is what is there then, needs no others.
            Wait::Silent => (latency.max(SILENT_MIN), (latency / 2).max(SILENT_MIN)),
        };
        Timeouts {
            propose: propose.min(configured.propose),
            prevote: (latency * 3).max(ONCE_MIN).min(configured.prevote),
            precommit: precommit.min(configured.precommit),
        }
    }

    fn forget(&mut self, key: &PublicKey) -> Option<Absent> {
        let place = self.absent.iter().position(|absent| absent.key == *key)?;
        self.absent.remove(place)
    }
}

impl Absent {
    fn wait(&self) -> Wait {
        match (self.missed, self.silent) {
            (_, true) => Wait::Silent,
            (..=1, false) => Wait::Once,
            (_, false) => Wait::Again,
        }
    }
}

/// The bit of a round. Later rounds than there can be validators have none.
fn bit(round: u32) -> u128 {
    1u128.checked_shl(round).unwrap_or(0)
}

/// Heights over which the latency is averaged.
const MEAN_OF: u32 = 8;
/// A block is slow that took more than this many times the mean, and more than [`ONCE_MIN`].
const SLOW_TIMES: u32 = 4;
/// For how many times the time that a slow block took its validator has no full time.
const PAID_BACK_TIMES: u32 = 16;
/// Missed turns of a validator that are remembered.
const TURNS_MAX: usize = 64;
/// Least time for a proposal after one missed turn, and for second votes in a turn that is not hurried: waking up and
/// executing a block may take that long on a busy machine.
const ONCE_MIN: Duration = Duration::from_millis(50);
/// Least time for a proposal, and for second votes, in the turn of a validator that missed several.
const AGAIN_MIN: Duration = Duration::from_millis(4);
/// Least time for a proposal, and for second votes, in the turn of a validator that signs nothing.
const SILENT_MIN: Duration = Duration::from_millis(2);
/// Least time for the second votes of a round in which there was no proposal.
const VOTES_MIN: Duration = Duration::from_millis(15);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::Step;
    use malachitebft_core_types::{Round, Timeout, TimeoutKind, Timeouts as _};
    use sanad_core::validators::Validator;

    fn set(count: u8) -> ValidatorSet {
        let validator =
            |i: u8| Validator { member: format!("m{i}").parse().unwrap(), key: PublicKey([i; 32]) };
        ValidatorSet::genesis((0..count).map(validator).collect()).unwrap()
    }

    /// A height is decided, and all were heard at it but those that are silent.
    fn decided(pace: &mut Pace, set: &ValidatorSet, height: u64, round: u32, silent: &[u8]) {
        let heard = |key: &PublicKey| {
            let height = if silent.contains(&key.0[0]) { Height(0) } else { Height(height) };
            Some(Position { height, round: 0, step: Step::Prevote })
        };
        pace.decided(set, Height(height), round, None, heard);
    }

    /// All were heard at the height before.
    fn at(height: u64) -> impl Fn(&PublicKey) -> Option<Position> {
        move |_| Some(Position { height: Height(height - 1), round: 0, step: Step::Prevote })
    }

    /// A pace that has seen proposals take a time.
    fn paced(latency_ms: u64) -> (Pace, Instant) {
        let mut pace = Pace::default();
        let begun = Instant::now();
        for _ in 0..100 {
            pace.began(begun);
            pace.proposed(0, begun + Duration::from_millis(latency_ms));
        }
        pace.began(begun);
        (pace, begun)
    }

    fn wait(pace: &Pace, set: &ValidatorSet, height: u64, kind: TimeoutKind) -> Duration {
        let timeouts = pace.timeouts(Timeouts::default(), set, Height(height), Instant::now(), at(height));
        timeouts.duration_for(Timeout { round: Round::new(0), kind })
    }

    /// The rounds of a height that are hurried.
    fn hurried(pace: &Pace, validators: &ValidatorSet, height: u64) -> Vec<u32> {
        let timeouts =
            pace.timeouts(Timeouts::default(), validators, Height(height), Instant::now(), at(height));
        let rounds = timeouts.hurried.iter().fold(0, |all, hurried| all | hurried.rounds);
        (0..128).filter(|round| rounds & bit(*round) != 0).collect()
    }

    #[test]
    fn a_validator_that_missed_several_turns_is_waited_for_less_until_its_block_comes() {
        let (set, configured) = (set(4), Timeouts::default());
        let (mut pace, begun) = paced(6);
        let propose = |pace: &Pace, height| wait(pace, &set, height, TimeoutKind::Propose);
        decided(&mut pace, &set, 2, 1, &[]);
        assert_eq!(propose(&pace, 6), ONCE_MIN);
        for height in [6, 10, 14] {
            pace.began(begun);
            decided(&mut pace, &set, height, 1, &[]);
            let again = (pace.latency.unwrap() * 3 / 2).max(AGAIN_MIN);
            assert_eq!(propose(&pace, height + 4), again);
        }
        // It is back: late, after the short wait, and from then on in time.
        pace.began(begun);
        pace.came(0);
        pace.proposed(0, begun + AGAIN_MIN * 2);
        decided(&mut pace, &set, 18, 1, &[]);
        assert_eq!(propose(&pace, 22), configured.propose);
    }

    #[test]
    fn a_silent_validator_is_waited_for_least_until_it_is_heard() {
        let set = set(4);
        for latency_ms in [1, 6, 100] {
            let (mut pace, begun) = paced(latency_ms);
            // The mean is rounded.
            let latency = pace.latency.unwrap();
            assert!(latency.abs_diff(Duration::from_millis(latency_ms)) < Duration::from_micros(1));
            let waits = |pace: &Pace, height| {
                [TimeoutKind::Propose, TimeoutKind::Precommit].map(|kind| wait(pace, &set, height, kind))
            };
            // Round 0 of these heights is the turn of m1.
            for height in [2, 6, 10] {
                pace.began(begun);
                decided(&mut pace, &set, height, 1, &[1]);
                let silent = [latency.max(SILENT_MIN), (latency / 2).max(SILENT_MIN)];
                assert_eq!(waits(&pace, height + 4), silent);
            }
            // It signs again at height 11, long before its turn.
            decided(&mut pace, &set, 11, 0, &[]);
            assert_eq!(waits(&pace, 14), [(latency * 3).max(ONCE_MIN), latency.max(VOTES_MIN)]);
            pace.began(begun);
            decided(&mut pace, &set, 14, 1, &[]);
            assert_eq!(waits(&pace, 18), [(latency * 3 / 2).max(AGAIN_MIN); 2]);
        }
    }

    /// Its messages need 100 ms, those of the others 1 ms: its proposals come when their height is decided, and more are.
    #[test]
    fn a_proposal_that_comes_when_its_height_is_decided_gives_its_proposer_the_full_time_again() {
        let (set, configured) = (set(4), Timeouts::default());
        let (mut pace, begun) = paced(1);
        let at = |height: u64| begun + Duration::from_millis(5 * height);
        for height in 2..30 {
            pace.began(at(height));
            decided(&mut pace, &set, height, u32::from(height % 4 == 2), &[1]);
        }
        assert_eq!(wait(&pace, &set, 30, TimeoutKind::Propose), SILENT_MIN);
        let (late, slow) = (at(10) + Duration::from_millis(100), PublicKey([1; 32]));
        let in_time =
            |by: &PublicKey, height, round, now| pace.is_in_time(by, Height(height), round, configured, now);
        assert!(in_time(&slow, 10, 0, late));
        assert!(in_time(&slow, 10, 0, at(10) + configured.propose));
        // After the full time; of a turn that it did not have, or did not miss; of others.
        assert!(!in_time(&slow, 10, 0, at(10) + configured.propose + Duration::from_millis(1)));
        assert!(!in_time(&slow, 10, 4, late));
        assert!(!in_time(&slow, 11, 0, late));
        assert!(!in_time(&PublicKey([2; 32]), 10, 0, late));
        pace.is_back(&slow);
        assert_eq!(wait(&pace, &set, 30, TimeoutKind::Propose), configured.propose);
    }

    /// Its disk is slow: in its full time it makes blocks that take a hundred times as long as those of others.
    #[test]
    fn a_turn_that_dragged_is_paid_back_before_the_next_one_has_its_full_time() {
        let (set, configured) = (set(4), Timeouts::default());
        let (mut pace, begun) = paced(5);
        let slow = PublicKey([1; 32]);
        let took = Duration::from_millis(600);
        pace.proposed(0, begun + took);
        decided(&mut pace, &set, 2, 0, &[]);
        let propose = |pace: &Pace, now| {
            let timeouts = pace.timeouts(configured, &set, Height(6), now, at(6));
            timeouts.duration_for(Timeout { round: Round::new(0), kind: TimeoutKind::Propose })
        };
        // The others are waited for hardly longer than before.
        assert!(pace.latency.unwrap() < Duration::from_millis(8));
        let again = (pace.latency.unwrap() * 3 / 2).max(AGAIN_MIN);
        let until = begun + took * (1 + PAID_BACK_TIMES);
        assert_eq!(propose(&pace, begun + took), again);
        // It misses a turn meanwhile, and its block comes late: no more of its turns is given back for that.
        decided(&mut pace, &set, 6, 1, &[]);
        assert_eq!(propose(&pace, begun + took * 2), again);
        pace.is_back(&slow);
        assert_eq!(propose(&pace, until - Duration::from_millis(1)), again);
        assert_eq!(propose(&pace, until), configured.propose);
        // Then it is as fast as the others.
        pace.began(until);
        pace.proposed(0, until + Duration::from_millis(5));
        decided(&mut pace, &set, 10, 0, &[]);
        assert_eq!(propose(&pace, until + Duration::from_millis(6)), configured.propose);
    }

    /// It is catching up, and votes now and then.
    #[test]
    fn of_a_slow_validator_that_is_behind_nothing_is_expected() {
        let (set, configured) = (set(4), Timeouts::default());
        let (mut pace, begun) = paced(5);
        pace.proposed(0, begun + Duration::from_millis(600));
        decided(&mut pace, &set, 2, 0, &[]);
        let propose = |heard: u64, height: u64| {
            let heard =
                |_: &PublicKey| Some(Position { height: Height(heard), round: 0, step: Step::Prevote });
            let timeouts = pace.timeouts(configured, &set, Height(height), begun, heard);
            timeouts.duration_for(Timeout { round: Round::new(0), kind: TimeoutKind::Propose })
        };
        let latency = pace.latency.unwrap();
        assert_eq!(propose(4, 6), latency.max(SILENT_MIN));
        assert_eq!(propose(5, 6), (latency * 3 / 2).max(AGAIN_MIN));
        // Those that are waited for in full are so whatever was heard of them.
        assert_eq!(propose(4, 7), configured.propose);
    }

    #[test]
    fn a_network_that_became_slow_is_followed_in_a_few_heights() {
        let set = set(4);
        let (mut pace, begun) = paced(5);
        for height in 1..40 {
            pace.began(begun);
            pace.proposed(0, begun + Duration::from_millis(500));
            decided(&mut pace, &set, height, 0, &[]);
        }
        assert!(pace.latency.unwrap() > Duration::from_millis(400));
        // None of the last blocks was slow among the others.
        pace.began(begun);
        pace.proposed(0, begun + Duration::from_millis(500));
        assert_eq!(pace.dragged, None);
    }

    /// It learns of turns that it missed from the certificates of others.
    #[test]
    fn a_validator_does_not_hurry_itself() {
        let set = set(4);
        let mut pace = Pace::default();
        pace.decided(&set, Height(2), 1, Some(PublicKey([1; 32])), |_| None);
        assert!(hurried(&pace, &set, 6).is_empty());
        pace.decided(&set, Height(2), 1, Some(PublicKey([2; 32])), |_| None);
        assert_eq!(hurried(&pace, &set, 6), [0]);
    }

    /// Such a block was late for nobody. A proposer with a wrong clock makes them.
    #[test]
    fn a_block_that_came_and_was_not_good_is_not_expected_any_more() {
        let set = set(4);
        let (mut pace, begun) = paced(1);
        pace.came(0);
        decided(&mut pace, &set, 2, 1, &[]);
        assert!(!pace.is_in_time(&PublicKey([1; 32]), Height(2), 0, Timeouts::default(), begun));
        assert_eq!(hurried(&pace, &set, 6), [0]);
    }

    #[test]
    fn the_turns_that_are_remembered_are_few() {
        let set = set(4);
        let (mut pace, begun) = paced(1);
        for turn in 0..1_000 {
            pace.began(begun);
            decided(&mut pace, &set, 2 + 4 * turn, 1, &[1]);
        }
        assert_eq!(pace.absent.len(), 1);
        assert_eq!(pace.absent[0].turns.len(), TURNS_MAX);
        let of = |height| pace.is_in_time(&PublicKey([1; 32]), Height(height), 0, Timeouts::default(), begun);
        assert!(of(2 + 4 * 999));
        assert!(!of(2));
    }

    #[test]
    fn a_validator_that_missed_its_turn_is_hurried_until_it_proposes() {
        let set = set(4);
        let mut pace = Pace::default();
        assert!(hurried(&pace, &set, 1).is_empty());
        // Height 2, round 0 is the turn of m1; m2 proposed in its place.
        decided(&mut pace, &set, 2, 1, &[]);
        assert_eq!(hurried(&pace, &set, 3), [3]);
        assert_eq!(hurried(&pace, &set, 6), [0]);
        decided(&mut pace, &set, 3, 0, &[]);
        assert_eq!(hurried(&pace, &set, 6), [0]);
        decided(&mut pace, &set, 6, 0, &[]);
        assert!(hurried(&pace, &set, 10).is_empty());
    }

    #[test]
    fn a_good_block_that_came_late_gives_its_proposer_the_full_time_again() {
        let set = set(4);
        let mut pace = Pace::default();
        decided(&mut pace, &set, 2, 1, &[]);
        pace.began(Instant::now());
        pace.proposed(0, Instant::now());
        decided(&mut pace, &set, 6, 1, &[]);
        assert!(hurried(&pace, &set, 10).is_empty());
        // What was proposed at one height says nothing of the next.
        decided(&mut pace, &set, 10, 1, &[]);
        assert_eq!(hurried(&pace, &set, 14), [0]);
    }

    #[test]
    fn no_more_are_hurried_than_may_be_faulty() {
        for (count, most) in [(1, 0), (3, 0), (4, 1), (7, 2), (128, 42)] {
            let set = set(count);
            let mut pace = Pace::default();
            decided(&mut pace, &set, 1, 1_000, &[]);
            let rounds = hurried(&pace, &set, 2);
            assert_eq!(rounds.len(), most, "{count}");
            assert!(rounds.iter().all(|round| *round < u32::from(count)));
        }
        // The latest are kept, and those who left are forgotten.
        let mut pace = Pace::default();
        decided(&mut pace, &set(4), 1, 2, &[]);
        assert_eq!(hurried(&pace, &set(4), 2), [0]);
        decided(&mut pace, &set(1), 2, 0, &[]);
        assert!(pace.absent.is_empty());
    }

    #[test]
    fn short_waits_follow_the_latency_within_the_configured_ones() {
        let configured = Timeouts::default();
        for wait in [Wait::Once, Wait::Again, Wait::Silent] {
            assert_eq!(Pace::default().waits(wait, configured).propose, configured.propose);
            assert_eq!(paced(1_000_000).0.waits(wait, configured), configured);
        }
        let propose = |latency_ms| {
            let pace = paced(latency_ms).0;
            [Wait::Once, Wait::Again, Wait::Silent]
                .map(|wait| pace.waits(wait, configured).propose.as_millis())
        };
        assert_eq!(propose(1), [50, 4, 2]);
        assert_eq!(propose(100), [300, 150, 100]);
        // Later rounds tell nothing of the network.
        let (mut pace, begun) = paced(100);
        let known = pace.latency;
        pace.proposed(1, begun);
        assert_eq!(pace.latency, known);
    }

    #[test]
    fn second_votes_are_waited_for_as_long_as_proposals_take() {
        let set = set(4);
        let wait = |pace: &Pace| wait(pace, &set, 1, TimeoutKind::Precommit).as_millis();
        // Nothing is known yet; little; much; more than is configured.
        let waits = [Pace::default(), paced(1).0, paced(100).0, paced(1_000_000).0].map(|pace| wait(&pace));
        assert_eq!(waits, [500, 50, 300, 500]);
    }

    #[test]
    fn each_round_waits_longer_but_for_those_that_are_hurried() {
        let configured = Timeouts::default();
        let short = Timeouts { propose: ONCE_MIN, prevote: ONCE_MIN, precommit: VOTES_MIN };
        let hurried = [Hurried { rounds: 0b10, timeouts: short }, Hurried::default(), Hurried::default()];
        let early = Early { rounds: 4, precommit: ONCE_MIN };
        let timeouts = EngineTimeouts { configured, early, hurried };
        let wait = |kind, round| timeouts.duration_for(Timeout { round: Round::new(round), kind });
        assert_eq!(wait(TimeoutKind::Propose, 0), configured.propose);
        assert_eq!(wait(TimeoutKind::Propose, 1), ONCE_MIN);
        assert_eq!(wait(TimeoutKind::Prevote, 1), ONCE_MIN);
        assert_eq!(wait(TimeoutKind::Precommit, 1), VOTES_MIN);
        assert_eq!(wait(TimeoutKind::Propose, 2), configured.propose * 2);
        assert_eq!(wait(TimeoutKind::Prevote, 2), configured.prevote * 2);
        // Second votes are waited for as long as messages take, and in late rounds as long as configured.
        assert_eq!(wait(TimeoutKind::Precommit, 0), ONCE_MIN);
        assert_eq!(wait(TimeoutKind::Precommit, 2), ONCE_MIN * 2);
        assert_eq!(wait(TimeoutKind::Precommit, 4), configured.precommit * 3);
        assert!(wait(TimeoutKind::Rebroadcast, 1) > configured.propose);
        assert_eq!(wait(TimeoutKind::Propose, 129), Duration::from_secs(60));
        assert_eq!(wait(TimeoutKind::Propose, u32::MAX), Duration::from_secs(60));
    }
}
