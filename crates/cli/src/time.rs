//! The clock, and durations in arguments.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::{Span, SpanRelativeTo};
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

#[cfg(test)]
mod tests {
    use super::*;

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
