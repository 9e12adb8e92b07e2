//! What each validator was last heard to sign, for operators: who votes, who is missing, and since when.
//!
//! Only verified signatures count. No vote depends on anything here.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sanad_core::ids::Height;
use sanad_core::signature::PublicKey;
use sanad_core::timeliness::{TIME_PRECISION_MS, existed_by_ms};
use sanad_core::validators::ValidatorSet;

use crate::guard::Position;
use crate::heard::News;
use crate::status::ValidatorStatus;

/// Who was heard, and when.
#[derive(Debug, Default)]
pub(crate) struct Attendance(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    /// By key; at most as many as there are validators, and those that retired since the last block.
    validators: BTreeMap<PublicKey, Entry>,
    /// The last that each signed by the log of consensus: read again at a start, it says nothing of who is there now.
    logged: BTreeMap<PublicKey, Position>,
    /// The highest height that a certificate proved decided.
    decided: Height,
}

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    last: Option<(Position, Instant)>,
    clock_offset_ms: Option<i64>,
}

impl Attendance {
    /// A signature in the log of consensus is about to be read again.
    pub(crate) fn logged(&self, by: PublicKey, at: Position) {
        let mut heard = self.lock();
        let last = heard.logged.entry(by).or_insert(at);
        *last = at.max(*last);
    }

    /// A validator's signature was verified, or made: in a message that came in now, or was read from the log.
    pub(crate) fn signed(&self, by: PublicKey, at: Position) {
        if self.lock().logged.get(&by).is_none_or(|logged| *logged < at) {
            self.heard(by, at);
        }
    }

    /// A message came in now, and its signature was verified.
    pub(crate) fn heard(&self, by: PublicKey, at: Position) {
        let mut heard = self.lock();
        let entry = heard.validators.entry(by).or_default();
        // Certificates of older blocks are verified, too, and say nothing of who is there now. A vote that is sent again
        // does.
        if entry.last.is_none_or(|(last, _)| last <= at) {
            entry.last = Some((at, Instant::now()));
        }
    }

    /// Takes note of what came in between heights.
    pub(crate) fn note(&self, news: News) {
        match news {
            News::Signed { by, at } => self.signed(by, at),
            News::Decided(height) => {
                let mut heard = self.lock();
                heard.decided = heard.decided.max(height);
            }
        }
    }

    /// The last position that a validator is known to have signed.
    pub(crate) fn last(&self, by: &PublicKey) -> Option<Position> {
        self.lock().validators.get(by)?.last.map(|(position, _)| position)
    }

    /// A validator's first proposal was dated so many milliseconds after this node's clock when it arrived.
    pub(crate) fn proposed(&self, by: PublicKey, offset_ms: i64) {
        self.lock().validators.entry(by).or_default().clock_offset_ms = Some(offset_ms);
    }

    /// What this node adds to its clock when it dates a proposal, in milliseconds. Not 0 only where as many others as a
    /// quorum has date theirs so that none is timely by its clock: then this clock is wrong. It takes the smallest of
    /// their offsets.
    pub(crate) fn clock_correction_ms(&self, validators: &ValidatorSet, own: Option<PublicKey>) -> i64 {
        let mut offsets: Vec<i64> = {
            let heard = self.lock();
            let others = validators.validators().iter().filter(|validator| Some(validator.key) != own);
            others.filter_map(|validator| heard.validators.get(&validator.key)?.clock_offset_ms).collect()
        };
        offsets.sort_unstable();
        let quorum = validators.quorum();
        let Some(most) = offsets.len().checked_sub(quorum) else { return 0 };
        // A quorum of the offsets are at least this high, or at most this low.
        let (ahead_ms, behind_ms) = (offsets[most], offsets[quorum - 1]);
        if ahead_ms > AHEAD_MAX_MS {
            ahead_ms
        } else if behind_ms < -LATE_MAX_MS {
            behind_ms
        } else {
            0
        }
    }

    /// Forgets who is not a validator any more.
    pub(crate) fn retain(&self, validators: &ValidatorSet) {
        let mut heard = self.lock();
        heard.validators.retain(|key, _| validators.position(key).is_some());
        heard.logged.retain(|key, _| validators.position(key).is_some());
    }

    /// The validators of a set, in its order.
    pub(crate) fn of(&self, validators: &ValidatorSet) -> Vec<ValidatorStatus> {
        let heard = self.lock();
        let status = |validator: &sanad_core::validators::Validator| {
            let entry = heard.validators.get(&validator.key).copied().unwrap_or_default();
            ValidatorStatus {
                member: validator.member.clone(),
                key: validator.key,
                last: entry.last.map(|(position, _)| position),
                silence: entry.last.map(|(_, when)| when.elapsed()),
                clock_offset_ms: entry.clock_offset_ms,
            }
        };
        validators.validators().iter().map(status).collect()
    }

    /// The height that the chain has decided at least, by the word of more validators than may be faulty: whoever
    /// signs at a height has seen the one before decided.
    pub(crate) fn decided(&self, validators: &ValidatorSet) -> Height {
        let heard = self.lock();
        let position = |key: &PublicKey| heard.validators.get(key)?.last.map(|(position, _)| position.height);
        let mut heights: Vec<Height> =
            validators.validators().iter().filter_map(|validator| position(&validator.key)).collect();
        heights.sort_unstable_by(|a, b| b.cmp(a));
        // One more than a third: at least one of them is honest.
        let voted = heights.get(validators.validators().len() / 3).copied().unwrap_or_default();
        heard.decided.max(Height(voted.0.saturating_sub(1)))
    }

    // Plain values, whole at any time.
    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Members of the set that signed nothing at or after a position, with the time since each was last heard.
pub(crate) fn silent_since(
    validators: &[ValidatorStatus],
    at: Position,
) -> impl Iterator<Item = (&ValidatorStatus, Option<Duration>)> {
    let silent = move |validator: &&ValidatorStatus| validator.last.is_none_or(|last| last < at);
    validators.iter().filter(silent).map(|validator| (validator, validator.silence))
}

/// How far the time of a block proposed in round 0 may be ahead of the clock of whoever judges it, in milliseconds.
const AHEAD_MAX_MS: i64 = TIME_PRECISION_MS.cast_signed();
/// How late such a block may arrive by that clock, in milliseconds.
const LATE_MAX_MS: i64 = existed_by_ms(0, 0).cast_signed();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::Step;
    use sanad_core::validators::Validator;

    fn set(count: u8) -> ValidatorSet {
        let validator =
            |i: u8| Validator { member: format!("m{i}").parse().unwrap(), key: PublicKey([i; 32]) };
        ValidatorSet::genesis((0..count).map(validator).collect()).unwrap()
    }

    fn at(height: u64, round: u32, step: Step) -> Position {
        Position { height: Height(height), round, step }
    }

    #[test]
    fn the_word_of_a_third_proves_nothing() {
        let (set, attendance) = (set(4), Attendance::default());
        assert_eq!(attendance.decided(&set), Height(0));
        attendance.signed(PublicKey([0; 32]), at(90, 0, Step::Prevote));
        assert_eq!(attendance.decided(&set), Height(0));
        attendance.signed(PublicKey([1; 32]), at(80, 0, Step::Prevote));
        assert_eq!(attendance.decided(&set), Height(79));
        attendance.note(News::Decided(Height(85)));
        assert_eq!(attendance.decided(&set), Height(85));
    }

    #[test]
    fn silence_is_by_member_and_the_last_position_stays_the_highest() {
        let (set, attendance) = (set(4), Attendance::default());
        attendance.signed(PublicKey([0; 32]), at(7, 1, Step::Prevote));
        attendance.signed(PublicKey([0; 32]), at(7, 0, Step::Precommit));
        attendance.signed(PublicKey([2; 32]), at(6, 0, Step::Precommit));
        attendance.proposed(PublicKey([2; 32]), -40);
        let statuses = attendance.of(&set);
        assert_eq!(statuses[0].last, Some(at(7, 1, Step::Prevote)));
        assert_eq!(statuses[2].clock_offset_ms, Some(-40));
        let silent = silent_since(&statuses, at(7, 1, Step::Proposal));
        let names: Vec<&str> = silent.map(|(validator, _)| validator.member.as_str()).collect();
        assert_eq!(names, ["m1", "m2", "m3"]);
        let few = ValidatorSet::genesis(vec![set.validators()[1].clone()]).unwrap();
        attendance.retain(&few);
        assert_eq!(attendance.of(&set)[0].last, None);
    }

    /// Whoever voted before the restart may be gone; one that sends the same vote again is there.
    #[test]
    fn what_is_read_from_the_log_is_not_heard() {
        let (set, attendance) = (set(4), Attendance::default());
        let (gone, there) = (PublicKey([1; 32]), PublicKey([2; 32]));
        let logged = at(7, 11, Step::Precommit);
        for by in [gone, there] {
            attendance.logged(by, at(7, 3, Step::Prevote));
            attendance.logged(by, logged);
            attendance.signed(by, at(7, 3, Step::Prevote));
            attendance.signed(by, logged);
        }
        assert_eq!(attendance.last(&gone), None);
        attendance.heard(there, logged);
        assert_eq!(attendance.last(&there), Some(logged));
        assert_eq!(attendance.of(&set)[1].silence, None);
        attendance.signed(gone, at(7, 12, Step::Prevote));
        assert_eq!(attendance.last(&gone), Some(at(7, 12, Step::Prevote)));
    }

    #[test]
    fn a_clock_is_wrong_by_the_word_of_a_quorum_of_others_alone() {
        const HOUR_MS: i64 = 3_600_000;
        let correction = |count: u8, offsets: &[i64]| {
            let (set, attendance) = (set(count), Attendance::default());
            for (validator, offset_ms) in set.validators()[1..].iter().zip(offsets) {
                attendance.proposed(validator.key, *offset_ms);
            }
            attendance.clock_correction_ms(&set, Some(set.validators()[0].key))
        };
        // An hour ahead of the three others; an hour behind. The smallest correction that they agree on.
        assert_eq!(correction(4, &[-HOUR_MS - 5, -HOUR_MS - 900, -HOUR_MS - 2]), -HOUR_MS - 2);
        assert_eq!(correction(4, &[HOUR_MS - 5, HOUR_MS - 900, HOUR_MS - 2]), HOUR_MS - 900);
        // f + 1 others are wrong, or lie; one was not heard; nobody was.
        assert_eq!(correction(4, &[HOUR_MS, HOUR_MS, -5]), 0);
        assert_eq!(correction(4, &[HOUR_MS, HOUR_MS, -HOUR_MS]), 0);
        assert_eq!(correction(4, &[HOUR_MS, HOUR_MS]), 0);
        assert_eq!(correction(4, &[]), 0);
        // Of seven, five others are enough.
        assert_eq!(correction(7, &[HOUR_MS, HOUR_MS, HOUR_MS, HOUR_MS, HOUR_MS, -HOUR_MS]), HOUR_MS);
        assert_eq!(correction(7, &[HOUR_MS, HOUR_MS, HOUR_MS, HOUR_MS, 0, -HOUR_MS]), 0);
        // What is timely needs none: a slow network is no wrong clock.
        assert_eq!(correction(4, &[1_000; 3]), 0);
        assert_eq!(correction(4, &[1_001; 3]), 1_001);
        assert_eq!(correction(4, &[-6_000; 3]), 0);
        assert_eq!(correction(4, &[-6_001; 3]), -6_001);
        // One that is alone has nobody to ask.
        assert_eq!(correction(1, &[]), 0);
        assert_eq!(correction(4, &[i64::MIN, i64::MIN, i64::MAX]), 0);
    }
}
