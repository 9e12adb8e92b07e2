//! The clock, and durations in arguments.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::{Span, SpanRelativeTo, Timestamp};
pub(crate) use sanad_verify::{age_seconds, format_age, format_ms, format_seconds};

/// Now, in milliseconds since 1970-01-01 UTC.
pub(crate) fn now_ms() -> u64 {
    // A clock before 1970 is wrong: every block is then reported as from the future.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis() as u64)
}

/// Reads a duration such as `90s`, `15m`, `24h`, `7d` or `1d 12h`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let unreadable = |_| format!("{text:?} is not a duration; write for example 90s, 15m, 24h or 7d");
    let span: Span = text.parse().map_err(unreadable)?;
    let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(unreadable)?;
    Duration::try_from(length).map_err(unreadable)
}

/// Reads a time since 1970, such as `2030-01-01T00:00:00Z`.
pub(crate) fn parse_time(text: &str) -> Result<Timestamp, String> {
    let time: Option<Timestamp> = text.parse().ok();
    time.filter(|time| time.as_millisecond() >= 0).ok_or_else(|| {
        format!(
            "{text:?} is not a time since 1970 with its offset; write for example 2030-01-01T00:00:00Z or \
             2030-01-01T07:00:00+07:00"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_need_an_offset() {
        for good in ["2030-01-01T00:00:00Z", "2030-01-01T07:00:00+07:00"] {
            assert_eq!(parse_time(good).map(|time| time.as_second()), Ok(1_893_456_000), "{good}");
        }
        for bad in ["", "2030-01-01", "2030-01-01T00:00:00", "tomorrow", "1969-12-31T00:00:00Z"] {
            assert!(parse_time(bad).is_err_and(|why| why.contains("2030-01-01T00:00:00Z")), "{bad}");
        }
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
