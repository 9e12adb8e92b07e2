//! When a credential is in force.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::finding::Validity;

/// The fields that begin and end validity: VC 2.0, then VC 1.1.
const FROM: [&str; 2] = ["validFrom", "issuanceDate"];
const UNTIL: [&str; 2] = ["validUntil", "expirationDate"];

/// Reads the dates of a credential and compares them with a time, in milliseconds since 1970.
pub(crate) fn validity(credential: &Map<String, Value>, now_ms: u64) -> Validity {
    let mut validity = Validity::default();
    for (field, value) in FROM.into_iter().filter_map(|field| Some((field, credential.get(field)?))) {
        note_from(&mut validity, field, moment(value), now_ms);
    }
    for (field, value) in UNTIL.into_iter().filter_map(|field| Some((field, credential.get(field)?))) {
        note_until(&mut validity, field, moment(value), now_ms);
    }
    validity
}

/// Takes the claims `nbf` and `exp` of a JWT into account, too.
pub(crate) fn add_claims(validity: &mut Validity, claims: &Map<String, Value>, now_ms: u64) {
    if let Some(value) = claims.get("nbf") {
        note_from(validity, "nbf", numeric_date(value), now_ms);
    }
    if let Some(value) = claims.get("exp") {
        note_until(validity, "exp", numeric_date(value), now_ms);
    }
}

/// A moment and how it is written.
type Moment = (i64, String);

/// Of several beginnings the first one that excludes the time is told, else the first one.
fn note_from(validity: &mut Validity, field: &'static str, moment: Option<Moment>, now_ms: u64) {
    match moment {
        None => validity.unreadable.push(field),
        Some((from_ms, text)) => {
            let not_yet = from_ms > to_signed(now_ms);
            if validity.from.is_none() || (not_yet && !validity.not_yet) {
                validity.from = Some(text);
            }
            validity.not_yet |= not_yet;
        }
    }
}

fn note_until(validity: &mut Validity, field: &'static str, moment: Option<Moment>, now_ms: u64) {
    match moment {
        None => validity.unreadable.push(field),
        Some((until_ms, text)) => {
            let expired = until_ms < to_signed(now_ms);
            if validity.until.is_none() || (expired && !validity.expired) {
                validity.until = Some(text);
            }
            validity.expired |= expired;
        }
    }
}

fn moment(value: &Value) -> Option<Moment> {
    let text = value.as_str()?;
    Some((milliseconds(text)?, text.to_owned()))
}

/// RFC 7519 2: seconds since 1970, with or without a fraction.
fn numeric_date(value: &Value) -> Option<Moment> {
    let milliseconds = value.as_f64()? * 1000.0;
    let time = Timestamp::from_millisecond(milliseconds as i64).ok()?;
    Some((time.as_millisecond(), time.to_string()))
}

/// An XML Schema dateTime, in milliseconds since 1970. Without an offset it is UTC (VC 2.0, 4.9).
pub(crate) fn milliseconds(text: &str) -> Option<i64> {
    let shape = text.len() <= DATE_BYTES_MAX && text.bytes().all(|byte| b"0123456789-+:.TZ".contains(&byte));
    let (_, clock) = text.split_once('T').filter(|_| shape)?;
    // Seconds are not left out, as ISO 8601 would allow.
    clock.as_bytes().get(5).filter(|byte| **byte == b':')?;
    let time = match clock.contains(['Z', '+', '-']) {
        true => text.parse::<Timestamp>(),
        false => format!("{text}Z").parse(),
    };
    time.ok().map(Timestamp::as_millisecond)
}

fn to_signed(time_ms: u64) -> i64 {
    i64::try_from(time_ms).unwrap_or(i64::MAX)
}

/// Longest date, in bytes: with nanoseconds and an offset.
const DATE_BYTES_MAX: usize = 40;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// 2025-01-01T00:00:00Z.
    const NOW_MS: u64 = 1_735_689_600_000;

    fn of(credential: &Value) -> Validity {
        validity(credential.as_object().unwrap(), NOW_MS)
    }

    #[test]
    fn date_times() {
        for (text, expected) in [
            ("2010-01-01T00:00:00Z", Some(1_262_304_000_000)),
            ("2010-01-01T00:00:00", Some(1_262_304_000_000)),
            ("2010-01-01T07:00:00.250+07:00", Some(1_262_304_000_250)),
            ("2009-12-31T16:00:00-08:00", Some(1_262_304_000_000)),
            ("2010-01-01", None),
            ("2010-01-01T00:00Z", None),
            ("2010-13-01T00:00:00Z", None),
            ("2010-01-01 00:00:00Z", None),
            ("2010-01-01T00:00:00Z[UTC]", None),
            ("Z", None),
            ("", None),
        ] {
            assert_eq!(milliseconds(text), expected, "{text}");
        }
    }

    #[test]
    fn both_data_models() {
        let open = of(&json!({"validFrom": "2010-01-01T00:00:00Z"}));
        assert!(!open.not_yet && !open.expired);
        assert!(of(&json!({"validFrom": "2025-01-01T00:00:01Z"})).not_yet);
        assert!(of(&json!({"issuanceDate": "2025-01-01T00:00:01Z"})).not_yet);
        assert!(of(&json!({"validUntil": "2024-12-31T23:59:59Z"})).expired);
        assert!(of(&json!({"expirationDate": "2024-12-31T23:59:59Z"})).expired);
        // The last moment belongs to it.
        assert!(!of(&json!({"validUntil": "2025-01-01T00:00:00Z"})).expired);
        assert_eq!(
            of(&json!({"validUntil": 2030, "validFrom": "soon"})).unreadable,
            ["validFrom", "validUntil"]
        );
    }

    #[test]
    fn the_date_that_decides_is_told() {
        let validity =
            of(&json!({"validUntil": "2030-01-01T00:00:00Z", "expirationDate": "2011-01-01T00:00:00Z"}));
        assert_eq!(validity.to_string(), "expired since 2011-01-01T00:00:00Z");
    }

    #[test]
    fn claims_count_too() {
        let mut validity = Validity::default();
        let claims = json!({"nbf": 1262304000, "exp": 1262304000.5});
        add_claims(&mut validity, claims.as_object().unwrap(), NOW_MS);
        assert_eq!(validity.to_string(), "expired since 2010-01-01T00:00:00.5Z");
        let mut validity = Validity::default();
        let claims = json!({"nbf": 1e300, "exp": "never"});
        add_claims(&mut validity, claims.as_object().unwrap(), NOW_MS);
        assert_eq!(validity.unreadable, ["nbf", "exp"]);
    }
}
