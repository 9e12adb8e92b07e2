//! Times and ages, for people and for `--max-age`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::{Span, SpanRelativeTo, Timestamp};

/// Now, in milliseconds since 1970-01-01 UTC.
pub(crate) fn now_ms() -> u64 {
    // A clock before 1970 is wrong: every block is then reported as from the future.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis() as u64)
}

/// RFC 3339 in UTC, such as `2025-11-21T21:05:00.123Z`.
pub(crate) fn format_ms(time_ms: u64) -> String {
    let time = i64::try_from(time_ms).ok().and_then(|time| Timestamp::from_millisecond(time).ok());
    time.map_or_else(|| format!("{time_ms} ms after 1970"), |time| format!("{time:.3}"))
}

/// How long before `now_ms` a time was, in whole seconds; negative if it is in the future.
pub(crate) fn age_seconds(time_ms: u64, now_ms: u64) -> i64 {
    let past = now_ms.saturating_sub(time_ms) / 1000;
    let future = time_ms.saturating_sub(now_ms) / 1000;
    i64::try_from(past).unwrap_or(i64::MAX) - i64::try_from(future).unwrap_or(i64::MAX)
}

/// An age in words: `3 minutes ago`, `in 2 hours`.
pub(crate) fn format_age(seconds: i64) -> String {
    let amount = format_seconds(seconds.unsigned_abs());
    match seconds {
        0 => "just now".to_owned(),
        1.. => format!("{amount} ago"),
        _ => format!("in {amount}, by this machine's clock"),
    }
}

/// A duration in its largest fitting unit, rounded down.
pub(crate) fn format_seconds(seconds: u64) -> String {
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let (length, unit) = units.into_iter().find(|(length, _)| seconds >= 2 * length).unwrap_or((1, "second"));
    let count = seconds / length;
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// Reads a duration such as `90s`, `15m`, `24h`, `7d` or `1d 12h`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let unreadable = |_| format!("{text:?} is not a duration; write for example 90s, 15m, 24h or 7d");
    let span: Span = text.parse().map_err(unreadable)?;
    let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(unreadable)?;
    Duration::try_from(length).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339() {
        assert_eq!(format_ms(1_763_759_100_123), "2025-11-21T21:05:00.123Z");
        assert_eq!(format_ms(u64::MAX), "18446744073709551615 ms after 1970");
    }

    #[test]
    fn ages_have_a_direction() {
        assert_eq!(age_seconds(1_000, 61_500), 60);
        assert_eq!(age_seconds(61_500, 1_000), -60);
        assert_eq!(format_age(0), "just now");
        assert_eq!(format_age(1), "1 second ago");
        assert_eq!(format_age(180), "3 minutes ago");
        assert_eq!(format_age(3 * 86_400 + 5), "3 days ago");
        assert_eq!(format_age(-7_300), "in 2 hours, by this machine's clock");
    }

    #[test]
    fn durations() {
        assert_eq!(parse_duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_duration("1d 12h"), Ok(Duration::from_secs(129_600)));
        assert_eq!(parse_duration("2w"), Ok(Duration::from_secs(1_209_600)));
        for bad in ["", "10", "-5m", "soon", "1 month"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }
}
