//! When a credential is in force.

use serde_json::{Map, Value};

use crate::finding::Validity;
use crate::pointer::shown;

/// How far clocks may be apart, in milliseconds.
pub(crate) const CLOCK_TOLERANCE_MS: i128 = 2 * 60 * 1000;

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

/// A moment, in milliseconds since 1970, and how it is written.
pub(crate) type Moment = (i128, String);

/// Of several beginnings the first one that excludes the time is told, else the first one.
fn note_from(validity: &mut Validity, field: &'static str, moment: Option<Moment>, now_ms: u64) {
    match moment {
        None => validity.unreadable.push(field),
        Some((from_ms, text)) => {
            let ahead_ms = from_ms - i128::from(now_ms);
            let not_yet = ahead_ms > CLOCK_TOLERANCE_MS;
            if validity.from.is_none() || (not_yet && !validity.not_yet) {
                validity.from = Some(text);
            }
            validity.not_yet |= not_yet;
            validity.tolerated |= ahead_ms > 0 && !not_yet;
        }
    }
}

fn note_until(validity: &mut Validity, field: &'static str, moment: Option<Moment>, now_ms: u64) {
    match moment {
        None => validity.unreadable.push(field),
        Some((until_ms, text)) => {
            let past_ms = i128::from(now_ms) - until_ms;
            let expired = past_ms > CLOCK_TOLERANCE_MS;
            if validity.until.is_none() || (expired && !validity.expired) {
                validity.until = Some(text);
            }
            validity.expired |= expired;
            validity.tolerated |= past_ms > 0 && !expired;
        }
    }
}

fn moment(value: &Value) -> Option<Moment> {
    let text = value.as_str()?;
    Some((milliseconds(text)?, shown(text)))
}

/// RFC 7519 2: seconds since 1970, with or without a fraction.
pub(crate) fn numeric_date(value: &Value) -> Option<Moment> {
    let seconds = value.as_f64()?;
    // The conversion saturates: whatever is beyond is far away.
    let milliseconds = (seconds * 1000.0).floor() as i128;
    let time = i64::try_from(milliseconds).ok().and_then(|time| jiff::Timestamp::from_millisecond(time).ok());
    let text = time.map_or_else(|| format!("second {seconds}"), |time| time.to_string());
    Some((milliseconds.clamp(-FAR_MS, FAR_MS), text))
}

/// A moment of an `xsd:dateTime`, in milliseconds since 1970. Without an offset it is UTC (VC 2.0, 4.9).
///
/// Source: XML Schema Definition Language 1.1 Part 2, 3.3.7: any year, 24:00:00 for the end of a day, offsets up to
/// 14:00, fractions of any length, no leap seconds.
pub(crate) fn milliseconds(text: &str) -> Option<i128> {
    read(text).map(|(time, _)| time)
}

/// Whether a text is an `xsd:dateTimeStamp`, which has an offset.
pub(crate) fn is_stamp(text: &str) -> bool {
    read(text).is_some_and(|(_, has_offset)| has_offset)
}

fn read(text: &str) -> Option<(i128, bool)> {
    let (date, clock) = text.split_once('T')?;
    let (sign, date) = match date.strip_prefix('-') {
        Some(date) => (-1, date),
        None => (1, date),
    };
    let [year_text, month, day]: [&str; 3] = date.split('-').collect::<Vec<_>>().try_into().ok()?;
    // Four digits, or more without a zero in front.
    if year_text.len() < 4 || (year_text.len() > 4 && year_text.starts_with('0')) {
        return None;
    }
    if year_text.len() > YEAR_DIGITS_MAX || !year_text.bytes().all(|byte| byte.is_ascii_digit()) {
        // Beyond any clock; the rest is not looked at.
        let all_digits = year_text.bytes().all(|byte| byte.is_ascii_digit());
        return all_digits.then_some((sign * FAR_MS, clock.ends_with('Z')));
    }
    let year = sign * year_text.parse::<i128>().ok()?;
    let (month, day) = (two(month)?, two(day)?);
    if !(1..=12).contains(&month) || !(1..=days(year, month)).contains(&day) {
        return None;
    }
    let (clock, offset) = split_offset(clock)?;
    let [hour, minute, seconds]: [&str; 3] = clock.split(':').collect::<Vec<_>>().try_into().ok()?;
    let (second, fraction) = match seconds.split_once('.') {
        Some((second, fraction)) => (second, Some(fraction)),
        None => (seconds, None),
    };
    let fraction = fraction.unwrap_or("0");
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hour, minute, second) = (two(hour)?, two(minute)?, two(second)?);
    let is_midnight = hour == 24 && minute == 0 && second == 0 && fraction.bytes().all(|byte| byte == b'0');
    if (hour > 23 && !is_midnight) || minute > 59 || second > 59 {
        return None;
    }
    let thousandths =
        fraction.bytes().chain(*b"000").take(3).fold(0, |sum, digit| sum * 10 + i128::from(digit - b'0'));
    let minutes = (days_since_1970(year, month, day) * 24 + hour) * 60 + minute - offset.unwrap_or(0);
    Some(((minutes * 60 + second) * 1000 + thousandths, offset.is_some()))
}

/// The clock, and the offset in minutes.
fn split_offset(clock: &str) -> Option<(&str, Option<i128>)> {
    if let Some(clock) = clock.strip_suffix('Z') {
        return Some((clock, Some(0)));
    }
    let Some(start) = clock.find(['+', '-']) else { return Some((clock, None)) };
    let (clock, offset) = clock.split_at(start);
    let (hours, minutes) = offset[1..].split_once(':')?;
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    let offset_minutes = hours * 60 + minutes;
    if minutes > 59 || offset_minutes > 14 * 60 {
        return None;
    }
    Some((clock, Some(if offset.starts_with('-') { -offset_minutes } else { offset_minutes })))
}

/// Two digits.
fn two(text: &str) -> Option<i128> {
    (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn days(year: i128, month: i128) -> i128 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// In the Gregorian calendar, extended both ways; year 0 is 1 BC. Months count from March, so that leap days come last.
fn days_since_1970(year: i128, month: i128, day: i128) -> i128 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - DAYS_TO_1970
}

/// From the first of March of year 0 to 1970.
const DAYS_TO_1970: i128 = 719_468;

/// Longest year that is computed with, in digits.
const YEAR_DIGITS_MAX: usize = 15;

/// Farther away than any date that is computed with, in milliseconds.
const FAR_MS: i128 = 1_000_000_000_000_000_000_000_000_000_000;

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
            (
                "2010-01-01T14:00:00.25000000000000000000000000000000000000000001+14:00",
                Some(1_262_304_000_250),
            ),
            ("2009-12-31T16:00:00-08:00", Some(1_262_304_000_000)),
            ("2009-12-31T24:00:00Z", Some(1_262_304_000_000)),
            ("2009-12-31T24:00:00.000Z", Some(1_262_304_000_000)),
            ("1969-12-31T23:59:59.999Z", Some(-1)),
            ("2000-02-29T00:00:00Z", Some(951_782_400_000)),
            ("9999-12-31T23:59:59Z", Some(253_402_300_799_000)),
            ("9999-12-31T23:59:59-14:00", Some(253_402_351_199_000)),
            ("10000-01-01T00:00:00Z", Some(253_402_300_800_000)),
            ("0001-01-01T00:00:00Z", Some(-62_135_596_800_000)),
            ("0000-03-01T00:00:00Z", Some(-62_162_035_200_000)),
            ("-0001-03-01T00:00:00Z", Some(-62_193_657_600_000)),
            ("123456789012345678901234567890-01-01T00:00:00Z", Some(FAR_MS)),
            ("2010-01-01", None),
            ("2010-01-01T00:00Z", None),
            ("2010-13-01T00:00:00Z", None),
            ("2010-02-29T00:00:00Z", None),
            ("1900-02-29T00:00:00Z", None),
            ("2010-01-00T00:00:00Z", None),
            ("2010-01-01T24:00:01Z", None),
            ("2010-01-01T23:59:60Z", None),
            ("2010-01-01T00:00:00.Z", None),
            ("2010-01-01T00:00:00+14:01", None),
            ("2010-01-01T00:00:00+0700", None),
            ("02010-01-01T00:00:00Z", None),
            ("+2010-01-01T00:00:00Z", None),
            ("2010-01-01 00:00:00Z", None),
            ("2010-01-01t00:00:00z", None),
            (" 2010-01-01T00:00:00Z", None),
            ("2010-01-01T00:00:00Z[UTC]", None),
            ("Z", None),
            ("", None),
        ] {
            assert_eq!(milliseconds(text), expected, "{text}");
        }
        assert!(is_stamp("2010-01-01T00:00:00Z") && !is_stamp("2010-01-01T00:00:00"));
    }

    #[test]
    fn both_data_models() {
        let open = of(&json!({"validFrom": "2010-01-01T00:00:00Z"}));
        assert!(!open.not_yet && !open.expired && !open.tolerated);
        assert!(of(&json!({"validFrom": "2025-01-01T00:02:01Z"})).not_yet);
        assert!(of(&json!({"issuanceDate": "2025-01-01T00:02:01Z"})).not_yet);
        assert!(of(&json!({"validUntil": "2024-12-31T23:57:59Z"})).expired);
        assert!(of(&json!({"expirationDate": "2024-12-31T23:57:59Z"})).expired);
        // The last moment belongs to it.
        assert!(!of(&json!({"validUntil": "2025-01-01T00:00:00Z"})).tolerated);
        assert_eq!(
            of(&json!({"validUntil": 2030, "validFrom": "soon"})).unreadable,
            ["validFrom", "validUntil"]
        );
    }

    #[test]
    fn clocks_a_little_apart_are_tolerated_and_said() {
        for near in
            [json!({"validFrom": "2025-01-01T00:02:00Z"}), json!({"validUntil": "2024-12-31T23:58:00Z"})]
        {
            let validity = of(&near);
            assert!(!validity.not_yet && !validity.expired && validity.tolerated, "{near}");
            assert!(validity.to_string().contains("tolerated"));
        }
    }

    #[test]
    fn the_date_that_decides_is_told() {
        let validity =
            of(&json!({"validUntil": "2030-01-01T00:00:00Z", "expirationDate": "2011-01-01T00:00:00Z"}));
        assert_eq!(validity.to_string(), "expired since 2011-01-01T00:00:00Z");
    }

    #[test]
    fn claims_count_too() {
        let of = |claims: Value| {
            let mut validity = Validity::default();
            add_claims(&mut validity, claims.as_object().unwrap(), NOW_MS);
            validity
        };
        let validity = of(json!({"nbf": 1262304000, "exp": 1262304000.5}));
        assert_eq!(validity.to_string(), "expired since 2010-01-01T00:00:00.5Z");
        assert!(of(json!({"nbf": 1e300})).not_yet);
        let last = of(json!({"exp": 253402300799_i64}));
        assert!(!last.expired && last.unreadable.is_empty());
        assert_eq!(of(json!({"exp": "never"})).unreadable, ["exp"]);
    }
}
