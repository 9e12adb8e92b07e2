//! How long a call may take.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tonic::metadata::MetadataMap;

use super::call_error::CallError;
use super::config::Limits;

/// The moment by which a call is answered, a little before the caller gives up: so that the caller hears why.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Instant);

impl Deadline {
    /// The deadline of a call that begins now.
    pub(super) fn new(metadata: &MetadataMap, limits: &Limits) -> Self {
        let asked = metadata.get(TIMEOUT_KEY).and_then(|value| value.to_str().ok()).and_then(parse);
        let timeout = match asked {
            Some(timeout) => timeout.saturating_sub((timeout / 10).min(MARGIN_MAX)),
            None => limits.call_timeout,
        };
        Self(Instant::now() + timeout.min(limits.call_timeout_max))
    }

    /// The deadline of a call that names none and begins now.
    pub(super) fn by_default(limits: &Limits) -> Self {
        Self(Instant::now() + limits.call_timeout)
    }

    /// The output of the future, if it comes in time.
    pub(super) async fn keep<T>(self, work: impl Future<Output = T>) -> Result<T, CallError> {
        timeout_at(self.0, work).await.map_err(|_| CallError::Deadline)
    }

    /// Completes when the deadline has come.
    pub(super) async fn passed(self) {
        tokio::time::sleep_until(self.0).await;
    }
}

/// Reads a `grpc-timeout`: up to 8 digits and a unit (gRPC over HTTP/2, "Timeout").
fn parse(text: &str) -> Option<Duration> {
    let unit = text.chars().next_back()?;
    let digits = text.strip_suffix(unit)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value: u64 = digits.parse().ok()?;
    match unit {
        'H' => Some(Duration::from_secs(value * 3600)),
        'M' => Some(Duration::from_secs(value * 60)),
        'S' => Some(Duration::from_secs(value)),
        'm' => Some(Duration::from_millis(value)),
        'u' => Some(Duration::from_micros(value)),
        'n' => Some(Duration::from_nanos(value)),
        _ => None,
    }
}

const TIMEOUT_KEY: &str = "grpc-timeout";
/// Most time kept back for the way of the answer; never more than a tenth of the whole.
const MARGIN_MAX: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_read_as_the_spec_says() {
        assert_eq!(parse("3H"), Some(Duration::from_secs(10_800)));
        assert_eq!(parse("99999999S"), Some(Duration::from_secs(99_999_999)));
        assert_eq!(parse("250m"), Some(Duration::from_millis(250)));
        assert_eq!(parse("7n"), Some(Duration::from_nanos(7)));
        for bad in ["", "S", "1", "100000000S", "+1S", "-1S", "1.5S", "1x", "1é"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
