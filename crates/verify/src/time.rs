//! Times and ages.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::wording::Language;

/// Clocks may be this far apart before an age is doubted: 2 minutes.
pub const CLOCK_TOLERANCE_SECONDS: i64 = 120;

/// RFC 3339 in UTC, such as `2025-11-21T21:05:00.123Z`.
#[must_use]
pub fn format_ms(time_ms: u64) -> String {
    let time = i64::try_from(time_ms).ok().and_then(|time| Timestamp::from_millisecond(time).ok());
    time.map_or_else(|| format!("{time_ms} ms after 1970"), |time| format!("{time:.3}"))
}

/// How long before `now_ms` a time was, in whole seconds; negative if it is in the future.
#[must_use]
pub fn age_seconds(time_ms: u64, now_ms: u64) -> i64 {
    let past = now_ms.saturating_sub(time_ms) / 1000;
    let future = time_ms.saturating_sub(now_ms) / 1000;
    i64::try_from(past).unwrap_or(i64::MAX) - i64::try_from(future).unwrap_or(i64::MAX)
}

/// An age in words: `3 minutes ago`, `2 hours ahead of this machine's clock`.
#[must_use]
pub fn format_age(seconds: i64) -> String {
    age(Language::English, seconds)
}

/// A duration in its largest fitting unit, rounded down.
#[must_use]
pub fn format_seconds(seconds: u64) -> String {
    amount(Language::English, seconds)
}

/// `22 Nov 2026 09:30 UTC`.
pub(crate) fn minute(language: Language, time_ms: u64) -> String {
    let time = i64::try_from(time_ms).ok().and_then(|time| Timestamp::from_millisecond(time).ok());
    let Some(time) = time.map(|time| time.to_zoned(TimeZone::UTC)) else { return format_ms(time_ms) };
    let month = language.text(MONTHS[usize::from(time.month().unsigned_abs() - 1)], &[]);
    let (day, year) = (time.day().to_string(), time.year().to_string());
    let clock = format!("{:02}:{:02}", time.hour(), time.minute());
    language.text("time", &[("day", &day), ("month", &month), ("year", &year), ("clock", &clock)])
}

pub(crate) fn age(language: Language, seconds: i64) -> String {
    let amount = amount(language, seconds.unsigned_abs());
    match seconds {
        0 => language.text("age-now", &[]),
        1.. => language.text("age-past", &[("amount", &amount)]),
        _ if seconds >= -CLOCK_TOLERANCE_SECONDS => language.text("age-tolerated", &[("amount", &amount)]),
        _ => language.text("age-future", &[("amount", &amount)]),
    }
}

fn amount(language: Language, seconds: u64) -> String {
    let units =
        [(86_400, "amount-days"), (3_600, "amount-hours"), (60, "amount-minutes"), (1, "amount-seconds")];
    let fits = units.into_iter().find(|(length, _)| seconds >= 2 * length);
    let (length, key) = fits.unwrap_or((1, "amount-seconds"));
    language.count(key, seconds / length)
}

const MONTHS: [&str; 12] = [
    "month-1", "month-2", "month-3", "month-4", "month-5", "month-6", "month-7", "month-8", "month-9",
    "month-10", "month-11", "month-12",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339() {
        assert_eq!(format_ms(1_763_759_100_123), "2025-11-21T21:05:00.123Z");
        assert_eq!(format_ms(u64::MAX), "18446744073709551615 ms after 1970");
        assert_eq!(minute(Language::English, 1_763_759_100_123), "21 Nov 2025 21:05 UTC");
        assert_eq!(minute(Language::Indonesian, 1_747_759_100_123), "20 Mei 2025 16:38 UTC");
    }

    #[test]
    fn ages_have_a_direction() {
        assert_eq!(age_seconds(1_000, 61_500), 60);
        assert_eq!(age_seconds(61_500, 1_000), -60);
        assert_eq!(format_age(0), "just now");
        assert_eq!(format_age(1), "1 second ago");
        assert_eq!(format_age(180), "3 minutes ago");
        assert_eq!(format_age(3 * 86_400 + 5), "3 days ago");
        assert_eq!(format_age(-30), "30 seconds ahead of this machine's clock, which is tolerated");
        assert_eq!(format_age(-7_300), "2 hours ahead of this machine's clock: check the clock");
        assert_eq!(age(Language::Indonesian, 180), "3 menit lalu");
    }
}
