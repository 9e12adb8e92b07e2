//! Who is at which height, as far as signatures prove it, and whether that is reason enough to begin one.
//!
//! The word of one validator must not let the chain run at full speed without work. So a height begins at
//! once when its proposer, a certificate, or more validators than may be faulty say so, and a little after the
//! last block when it is one voice.

use std::collections::BTreeMap;

use sanad_core::ids::Height;
use sanad_core::signature::PublicKey;

use crate::application::NextHeight;
use crate::guard::{Position, Step};
use crate::rotation::proposer;

/// Something proven by signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// A validator signed something.
    Signed {
        /// Its key.
        by: PublicKey,
        /// What for.
        at: Position,
    },
    /// A quorum decided a height.
    Decided(Height),
}

/// How soon to begin a height that others have begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// Nobody has.
    None,
    /// One validator says that it has.
    Soon,
    /// It is certain, or its proposer says so, whose right it is.
    Now,
}

/// The highest heights heard of.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// The height each validator was heard at; as many as there are validators.
    voices: BTreeMap<PublicKey, Height>,
    /// The highest height that its proposer has begun.
    opened: Height,
    /// The highest height decided.
    decided: Height,
}

impl Heard {
    /// Takes note of news. `next` is the height to decide next, with its validators.
    pub(crate) fn note(&mut self, news: News, next: &NextHeight) {
        match news {
            News::Decided(height) => self.decided = self.decided.max(height),
            News::Signed { by, at } => {
                let opens = at.height == next.height && at.round == 0 && at.step == Step::Proposal;
                if opens && proposer(&next.validators, at.height, 0).key == by {
                    self.opened = self.opened.max(at.height);
                }
                let voice = self.voices.entry(by).or_default();
                *voice = at.height.max(*voice);
            }
        }
    }

    /// Forgets who is no validator any more.
    pub(crate) fn advance(&mut self, next: &NextHeight) {
        self.voices.retain(|key, _| next.validators.position(key).is_some());
    }

    pub(crate) fn urgency(&self, next: &NextHeight) -> Urgency {
        let voices = self.voices.values().filter(|height| **height >= next.height).count();
        let some_are_honest = 3 * voices > next.validators.validators().len();
        if self.decided >= next.height || self.opened == next.height || some_are_honest {
            Urgency::Now
        } else if voices > 0 {
            Urgency::Soon
        } else {
            Urgency::None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sanad_core::validators::{Validator, ValidatorSet};

    fn next(height: u64, count: u8) -> NextHeight {
        let validator =
            |i: u8| Validator { member: format!("m{i}").parse().unwrap(), key: PublicKey([i; 32]) };
        NextHeight {
            height: Height(height),
            validators: ValidatorSet::genesis((0..count).map(validator).collect()).unwrap(),
            time_ms_min: 0,
            unknown_version: None,
            disowned: false,
            block_bytes_max: crate::config::BLOCK_BYTES_LIMIT,
            heartbeat: std::time::Duration::from_secs(1),
        }
    }

    fn signed(by: u8, height: u64, round: u32, step: Step) -> News {
        News::Signed { by: PublicKey([by; 32]), at: Position { height: Height(height), round, step } }
    }

    #[test]
    fn one_voice_is_not_enough_to_hurry() {
        let next = next(5, 4);
        let mut heard = Heard::default();
        assert_eq!(heard.urgency(&next), Urgency::None);
        heard.note(signed(2, 4, 0, Step::Precommit), &next);
        assert_eq!(heard.urgency(&next), Urgency::None);
        heard.note(signed(2, 9, 0, Step::Prevote), &next);
        heard.note(signed(2, 5, 0, Step::Prevote), &next);
        assert_eq!(heard.urgency(&next), Urgency::Soon);
        heard.note(signed(3, 5, 1, Step::Proposal), &next);
        assert_eq!(heard.urgency(&next), Urgency::Now);
    }

    #[test]
    fn the_proposer_opens_its_own_height_only() {
        // Height 5, round 0 is the turn of the first of four.
        let five = next(5, 4);
        let mut heard = Heard::default();
        heard.note(signed(1, 5, 0, Step::Proposal), &five);
        assert_eq!(heard.urgency(&five), Urgency::Soon);
        let mut heard = Heard::default();
        heard.note(signed(0, 5, 0, Step::Proposal), &five);
        assert_eq!(heard.urgency(&five), Urgency::Now);
        assert_eq!(heard.urgency(&next(6, 4)), Urgency::None);
    }

    #[test]
    fn what_is_decided_is_certain() {
        let mut heard = Heard::default();
        heard.note(News::Decided(Height(7)), &next(5, 4));
        assert_eq!(heard.urgency(&next(7, 4)), Urgency::Now);
        assert_eq!(heard.urgency(&next(8, 4)), Urgency::None);
    }

    #[test]
    fn retired_validators_are_forgotten() {
        let mut heard = Heard::default();
        heard.note(signed(3, 9, 0, Step::Prevote), &next(5, 4));
        heard.advance(&next(6, 3));
        assert_eq!(heard.urgency(&next(6, 3)), Urgency::None);
    }
}
