//! The bounds of a block's time (proposer-based timestamps).
//!
//! Constants of the rules version: nodes with other values would disagree on which proposals deserve a vote,
//! and verifiers state a bound that follows from them ([`existed_by_ms`]).

/// P, the precision: how far the time of a proposal may be ahead of the clock that judges it, and the
/// tolerance behind it, in milliseconds. Covers the difference between two correct clocks.
///
/// Does not grow with the round. A larger P would let clocks that run ahead pull the chain's time along.
pub const TIME_PRECISION_MS: u64 = 1_000;
/// D in early rounds: how long a proposal may take to arrive, in milliseconds.
pub const TIME_DELAY_MS: u64 = 5_000;
/// The last round with the smallest delay; each later one doubles it.
pub const TIME_DELAY_GROWS_AFTER_ROUND: u32 = 4;
/// Most doublings of the delay: `D <= 5 s * 2^12`, which is 5 h 41 min, from round 16 on.
pub const TIME_DELAY_DOUBLINGS_MAX: u32 = 12;

/// `D(round) = 5 s * 2^clamp(round - 4, 0, 12)`, in milliseconds.
///
/// Grows so that validators whose clocks run ahead accept the proposals of correct ones in the end: clocks
/// gone wrong slow the chain down, but do not stop it.
pub const fn time_delay_ms(round: u32) -> u64 {
    let late = round.saturating_sub(TIME_DELAY_GROWS_AFTER_ROUND);
    let doublings = if late < TIME_DELAY_DOUBLINGS_MAX { late } else { TIME_DELAY_DOUBLINGS_MAX };
    TIME_DELAY_MS << doublings
}

/// Whether a block of time `time_ms`, first proposed in `round`, is timely when it has arrived completely at
/// `arrived_ms` by the clock of the node that judges it: `T - P <= t <= T + P + D(round)`.
pub const fn is_timely(time_ms: u64, round: u32, arrived_ms: u64) -> bool {
    let not_ahead = arrived_ms >= time_ms.saturating_sub(TIME_PRECISION_MS);
    not_ahead && arrived_ms <= existed_by_ms(time_ms, round)
}

/// The time by which a decided block existed, if at most f clocks or validators were wrong: `T + P + D(round)`,
/// in milliseconds since 1970-01-01 UTC, with `round` the header's.
pub const fn existed_by_ms(time_ms: u64, round: u32) -> u64 {
    time_ms.saturating_add(TIME_PRECISION_MS).saturating_add(time_delay_ms(round))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays() {
        let expected = [
            (0, 5_000),
            (4, 5_000),
            (5, 10_000),
            (6, 20_000),
            (15, 10_240_000),
            (16, 20_480_000),
            (17, 20_480_000),
            (u32::MAX, 20_480_000),
        ];
        for (round, delay) in expected {
            assert_eq!(time_delay_ms(round), delay, "round {round}");
        }
    }

    #[test]
    fn edges_of_one_millisecond() {
        let time = 1_700_000_000_000;
        for (round, delay) in [(0, 5_000), (4, 5_000), (5, 10_000), (16, 20_480_000), (17, 20_480_000)] {
            let (first, last) = (time - 1_000, time + 1_000 + delay);
            assert!(!is_timely(time, round, first - 1), "round {round}");
            assert!(is_timely(time, round, first), "round {round}");
            assert!(is_timely(time, round, time), "round {round}");
            assert!(is_timely(time, round, last), "round {round}");
            assert!(!is_timely(time, round, last + 1), "round {round}");
            assert_eq!(existed_by_ms(time, round), last);
        }
    }

    #[test]
    fn ends_of_the_range() {
        assert!(is_timely(0, 0, 0) && is_timely(999, 0, 0) && is_timely(1_000, 0, 0));
        assert!(!is_timely(1_001, 0, 0));
        assert!(is_timely(u64::MAX, 17, u64::MAX));
        assert!(!is_timely(u64::MAX, 17, 0) && !is_timely(0, 17, u64::MAX));
    }
}
