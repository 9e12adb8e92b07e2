//! Times for people: RFC 3339 in UTC.

use std::fmt;

/// A time in milliseconds since 1970-01-01 UTC, written as RFC 3339 with milliseconds: `2026-11-27T09:58:21.976Z`. After the year 9999,
/// which RFC 3339 cannot say, it is written as the number of milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Utc(pub u64);

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time_ms = self.0;
        if time_ms > LAST_MS {
            return write!(f, "{time_ms} ms after 1970");
        }
        let (days, of_day) = (time_ms / DAY_MS, time_ms % DAY_MS);
        // Days of a calendar whose years begin on the 1st of March, in cycles of 400 years, from the year 0 on.
        let shifted = days + DAYS_FROM_0000_03_01;
        let (cycle, of_cycle) = (shifted / CYCLE_DAYS, shifted % CYCLE_DAYS);
        let of_cycle_years = (of_cycle - of_cycle / 1_460 + of_cycle / 36_524 - of_cycle / 146_096) / 365;
        let of_year = of_cycle - (365 * of_cycle_years + of_cycle_years / 4 - of_cycle_years / 100);
        let shifted_month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = 400 * cycle + of_cycle_years + u64::from(month <= 2);
        let (seconds, ms) = (of_day / 1_000, of_day % 1_000);
        let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
    }
}

const DAY_MS: u64 = 86_400_000;
const CYCLE_DAYS: u64 = 146_097;
const DAYS_FROM_0000_03_01: u64 = 719_468;
/// 9999-12-31T23:59:59.999Z.
const LAST_MS: u64 = 253_402_300_799_999;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339() {
        for (time_ms, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_763_759_100_123, "2025-11-21T21:05:00.123Z"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (LAST_MS, "9999-12-31T23:59:59.999Z"),
            (LAST_MS + 1, "253402300800000 ms after 1970"),
            (u64::MAX, "18446744073709551615 ms after 1970"),
        ] {
            assert_eq!(Utc(time_ms).to_string(), expected);
        }
    }
}
