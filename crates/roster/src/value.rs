//! What a cell has to be, and what it is then.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Number;

use crate::characters::hidden_character;
use crate::table::{Cell, CellFault};

/// What the cells of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The name of a person: one word or many, in any script.
    Name,
    /// A text.
    Text,
    /// A number that is not reckoned with, as a student number: a workbook must hold it as text.
    Identifier,
    /// A number.
    Number,
    /// A day.
    Date,
    /// An e-mail address.
    Email,
    /// An address that begins with `https://`, `http://` or `did:`.
    Url,
}

/// In which order a date of digits is written. `2026-11-20` is read in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DateOrder {
    /// `20/11/2026`, `20-11-2026`, `20.11.2026`.
    #[default]
    DayMonthYear,
    /// `11/20/2026`.
    MonthDayYear,
}

impl DateOrder {
    /// Day and month the other way round.
    pub(crate) fn swapped(self) -> Self {
        match self {
            Self::DayMonthYear => Self::MonthDayYear,
            Self::MonthDayYear => Self::DayMonthYear,
        }
    }
}

impl fmt::Display for DateOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DayMonthYear => "day/month/year",
            Self::MonthDayYear => "month/day/year",
        })
    }
}

/// What a cell says.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A number.
    Number(Number),
    /// A day.
    Date(Date),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
            Self::Date(date) => date.fmt(f),
        }
    }
}

/// Why a cell is not what its column is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueFault {
    /// It is empty.
    #[error("it is empty")]
    Empty,
    /// The workbook holds nothing that can be used.
    #[error(transparent)]
    Cell(#[from] CellFault),
    /// It has a character that no text may have.
    #[error("it has a character that is not allowed (U+{:04X}): it cannot be seen, or turns text around", u32::from(*.0))]
    Character(char),
    /// It has U+FFFD, which stands for what was lost.
    #[error("it has U+FFFD: a character was lost when the file was converted")]
    Lost,
    /// A field of a template that a mail merge left, such as `{{Nama}}`.
    #[error("it has {{{{…}}}}, which marks a field that was not filled in; write what belongs there")]
    Field,
    /// An error value of a spreadsheet, such as `#N/A`, as text.
    #[error("it is an error value of a spreadsheet; mend the formula there, and export again")]
    SpreadsheetError,
    /// A formula as text.
    #[error("it is a formula, or looks like one; export the values, not the formulas")]
    Formula,
    /// A number that a spreadsheet shortened, as `2,60E+07`.
    #[error("it is in scientific notation, which loses digits; format the column as text and write it again")]
    Scientific,
    /// A word that programs write where nothing is, such as `NaN`.
    #[error("it is what programs write where there is no value; leave the cell empty, or write the value")]
    NoValue,
    /// A percentage in a column of numbers.
    #[error(
        "the workbook shows {shown} and holds {stored}; format the column as a number and write it as it is meant, or give the \
         field the kind \"text\" to sign what is shown"
    )]
    Percent {
        /// As the workbook shows it.
        shown: String,
        /// What it holds.
        stored: String,
    },
    /// Too long.
    #[error("it has {bytes} bytes, more than {bytes_max}")]
    Bytes {
        /// Its length.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// It has no letter.
    #[error("it has no letter; a name is expected")]
    NoLetter,
    /// A number of the workbook in a column of identifiers.
    #[error(
        "it is a number in the workbook, whose leading zeros and digits beyond the fifteenth are lost; format the column \
         as text and write it again"
    )]
    NumericIdentifier,
    /// Not a number.
    #[error("it is not a number such as 3 or 3.5")]
    Number,
    /// A number below zero.
    #[error("it is less than zero")]
    Negative,
    /// A number with groups of three digits.
    #[error("it can be read as two numbers; write it without separators of thousands")]
    TwoNumbers,
    /// Not a day.
    #[error("it is not a date ({expected}, or 2026-11-20)")]
    Date {
        /// How it is expected.
        expected: &'static str,
    },
    /// Day and month are the other way round.
    #[error("it is not a date in the order {expected}; if all dates are in the other one, change date_order")]
    DateOrder {
        /// The order of the column.
        expected: DateOrder,
    },
    /// A day of a year that no award is of.
    #[error("its year, {0}, is not between {YEAR_MIN} and {YEAR_MAX}")]
    Year(i16),
    /// Not an e-mail address.
    #[error("it is not an e-mail address such as siti@univ-merapi.example")]
    Email,
    /// Not an address.
    #[error("it is not an address that begins with https://, http:// or did:")]
    Url,
}

impl Kind {
    /// What a cell of this kind says.
    pub(crate) fn read(self, cell: &Cell, order: DateOrder) -> Result<Value, ValueFault> {
        let text = match (self, cell) {
            (_, Cell::Empty) => return Err(ValueFault::Empty),
            (_, Cell::Fault(fault)) => return Err((*fault).into()),
            (Self::Date, Cell::Date(date)) => return in_our_time(*date).map(Value::Date),
            (Self::Number, Cell::Number(value)) => return not_negative(*value).map(Value::Number),
            (Self::Number, Cell::Shown { stored, shown }) if shown.ends_with('%') => {
                return Err(ValueFault::Percent { shown: shown.clone(), stored: stored.to_string() });
            }
            (Self::Number, Cell::Shown { shown, .. }) => {
                let value = shown.parse().map_err(|_| ValueFault::Number)?;
                return not_negative(value).map(Value::Number);
            }
            (Self::Identifier, Cell::Number(_) | Cell::Shown { .. }) => {
                return Err(ValueFault::NumericIdentifier);
            }
            (_, Cell::Text(text)) => {
                check_exported(self, text)?;
                text.clone()
            }
            // A grade that is a number.
            (_, Cell::Number(value)) => number(*value)?.to_string(),
            (_, Cell::Shown { shown, .. }) => shown.clone(),
            (_, Cell::Date(date)) => date.to_string(),
        };
        if let Some(character) = hidden_character(&text) {
            return Err(ValueFault::Character(character));
        }
        if text.contains('\u{fffd}') {
            return Err(ValueFault::Lost);
        }
        // It would be taken for a template once it is signed.
        if text.split_once("{{").is_some_and(|(_, rest)| rest.contains("}}")) {
            return Err(ValueFault::Field);
        }
        let bytes_max = if self == Self::Text { TEXT_BYTES_MAX } else { SHORT_BYTES_MAX };
        if text.len() > bytes_max {
            return Err(ValueFault::Bytes { bytes: text.len(), bytes_max });
        }
        match self {
            Self::Text | Self::Identifier => Ok(Value::Text(text)),
            Self::Name if text.chars().any(char::is_alphabetic) => Ok(Value::Text(text)),
            Self::Name => Err(ValueFault::NoLetter),
            Self::Number => number_of(&text).map(Value::Number),
            Self::Date => date(&text, order).and_then(in_our_time).map(Value::Date),
            Self::Email if is_email(&text) => Ok(Value::Text(text)),
            Self::Email => Err(ValueFault::Email),
            Self::Url if is_url(&text) => Ok(Value::Text(text)),
            Self::Url => Err(ValueFault::Url),
        }
    }
}

/// Refuses what a spreadsheet or a program wrote in place of a value.
fn check_exported(kind: Kind, text: &str) -> Result<(), ValueFault> {
    let is_word = matches!(kind, Kind::Name | Kind::Identifier);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let error = text.strip_prefix('#').is_some_and(|rest| {
        rest.ends_with(['!', '?']) || rest == "N/A" || rest.bytes().all(|byte| byte == b'#')
    });
    // As LibreOffice numbers them.
    if error || text.strip_prefix("Err:").is_some_and(digits) {
        return Err(ValueFault::SpreadsheetError);
    }
    if text.starts_with('=') || (is_word && text.starts_with(['+', '-', '@'])) {
        return Err(ValueFault::Formula);
    }
    let scientific = text.split_once(['E', 'e']).is_some_and(|(mantissa, exponent)| {
        let mut parts = mantissa.trim_start_matches('-').splitn(2, ['.', ',']);
        parts.all(digits) && exponent.strip_prefix(['+', '-']).is_some_and(digits)
    });
    if scientific {
        return Err(ValueFault::Scientific);
    }
    let absent = matches!(text, "NaN" | "nan" | "NULL" | "null" | "undefined" | "None");
    if absent && (is_word || text == "NaN") {
        return Err(ValueFault::NoValue);
    }
    Ok(())
}

fn number(value: f64) -> Result<Number, ValueFault> {
    if value.fract() == 0.0 && value.abs() <= INTEGER_MAX {
        return Ok(Number::from(value as i64));
    }
    Number::from_f64(value).ok_or(ValueFault::Number)
}

/// `3`, `3.5` and `3,5`; `1.000` is one number here and another one there.
fn number_of(text: &str) -> Result<Number, ValueFault> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = digits.split(['.', ',']).collect();
    match parts[..] {
        [whole] if is_digits(whole) && digits.len() <= DIGITS_MAX => {}
        [whole, fraction] if is_digits(whole) && is_digits(fraction) && digits.len() <= DIGITS_MAX => {
            if fraction.len() == 3 && whole != "0" && whole.len() <= 3 {
                return Err(ValueFault::TwoNumbers);
            }
        }
        [_, .., _] if parts.iter().all(|part| is_digits(part)) => return Err(ValueFault::TwoNumbers),
        _ => return Err(ValueFault::Number),
    }
    text.replace(',', ".").parse().map_err(|_| ValueFault::Number).and_then(not_negative)
}

/// Credits, hours and marks are never below zero.
fn not_negative(value: f64) -> Result<Number, ValueFault> {
    if value < 0.0 { Err(ValueFault::Negative) } else { number(value) }
}

/// A day in digits, or with the name of its month.
fn date(text: &str, order: DateOrder) -> Result<Date, ValueFault> {
    let expected = match order {
        DateOrder::DayMonthYear => "20/11/2026",
        DateOrder::MonthDayYear => "11/20/2026",
    };
    let no_date = || ValueFault::Date { expected };
    // Times are not taken for days.
    let parts: Vec<&str> = text.split(['/', '-', '.', ' ', ',']).filter(|part| !part.is_empty()).collect();
    let [first, second, third] = parts[..] else { return Err(no_date()) };
    let day_of = |year: &str, month: &str, day: &str| {
        let month = month_of(month).or_else(|| digits(month, 2)?.try_into().ok());
        let day = digits(day, 2).and_then(|day| day.try_into().ok());
        Date::new(digits(year, 4).filter(|_| year.len() == 4)?, month?, day?).ok()
    };
    if first.len() == 4 && first.bytes().all(|byte| byte.is_ascii_digit()) {
        // Nobody writes year, day, month.
        return day_of(first, second, third).ok_or_else(no_date);
    }
    let is_word = |part: &str| part.starts_with(char::is_alphabetic);
    let day_first = day_of(third, second, first);
    let month_first = day_of(third, first, second);
    let (meant, other) = match order {
        _ if is_word(second) => (day_first, None),
        _ if is_word(first) => (month_first, None),
        DateOrder::DayMonthYear => (day_first, month_first),
        DateOrder::MonthDayYear => (month_first, day_first),
    };
    match (meant, other) {
        (Some(date), _) => Ok(date),
        (None, Some(_)) => Err(ValueFault::DateOrder { expected: order }),
        (None, None) => Err(no_date()),
    }
}

/// A number of at most so many digits.
fn digits(text: &str, most: usize) -> Option<i16> {
    let is_plain = !text.is_empty() && text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| text.parse().ok())?
}

/// Years outside of these are slips of the keyboard.
fn in_our_time(date: Date) -> Result<Date, ValueFault> {
    match date.year() {
        YEAR_MIN..=YEAR_MAX => Ok(date),
        year => Err(ValueFault::Year(year)),
    }
}

/// The month of a name in Indonesian, in its older spellings too, or in English; in full, in the first three letters or in
/// another common abbreviation.
fn month_of(name: &str) -> Option<i8> {
    let name = name.to_lowercase();
    let is_short = name.chars().count() == 3;
    let place = MONTHS.iter().position(|names| {
        names.iter().any(|month| *month == name || (is_short && month.starts_with(name.as_str())))
    })?;
    i8::try_from(place + 1).ok()
}

/// RFC 5321, 4.1.2: a dot-string, and a domain with a dot in it. Quoted names are not used.
fn is_email(text: &str) -> bool {
    let is_name = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte))
    };
    let is_label = |part: &str| {
        !part.is_empty()
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.split_once('@').is_some_and(|(name, host)| {
        name.split('.').all(is_name) && host.contains('.') && host.split('.').all(is_label)
    })
}

fn is_url(text: &str) -> bool {
    let rest = ["https://", "http://", "did:"].iter().find_map(|start| text.strip_prefix(start));
    rest.is_some_and(|rest| !rest.is_empty()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

const MONTHS: [&[&str]; 12] = [
    &["januari", "january", "djanuari"],
    &["februari", "february", "pebruari"],
    &["maret", "march", "mrt"],
    &["april"],
    &["mei", "may"],
    &["juni", "june", "djuni"],
    &["juli", "july", "djuli"],
    &["agustus", "august", "ags", "agt", "agst"],
    &["september", "sept"],
    &["oktober", "october"],
    &["november", "nopember"],
    &["desember", "december"],
];
/// First year that a day of a roster may be of.
const YEAR_MIN: i16 = 1900;
/// Last year that a day of a roster may be of.
const YEAR_MAX: i16 = 2199;
/// Longest text, in bytes.
const TEXT_BYTES_MAX: usize = 4 << 10;
/// Longest value of another kind, in bytes.
const SHORT_BYTES_MAX: usize = 512;
/// Longest number, in characters.
const DIGITS_MAX: usize = 15;
/// Whole numbers up to here are exact in JSON.
const INTEGER_MAX: f64 = 9_007_199_254_740_991.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: Kind, text: &str) -> Result<String, ValueFault> {
        let cell = Cell::Text(text.to_owned());
        kind.read(&cell, DateOrder::DayMonthYear).map(|value| value.to_string())
    }

    #[test]
    fn names_of_people_are_left_as_they_are() {
        let long =
            format!("Prof. Dr. {}, S.T., M.Sc., Ph.D., IPU, ASEAN Eng.", "Raden Mas ".repeat(8).trim());
        for name in
            ["Suharto", "Siti Nur'aini", "D\u{2019}Souza", "عبد الرحمن", "I Gusti Ayu", "Ni Luh-Putu", &long]
        {
            assert_eq!(read(Kind::Name, name), Ok(name.to_owned()));
        }
        let refused = |name: &str| read(Kind::Name, name).unwrap_err().to_string();
        assert!(refused("Siti\u{202e}inia").contains("U+202E"));
        assert!(refused("Siti\u{7}").contains("U+0007"));
        assert!(refused("Siti\u{200b}").contains("U+200B"));
        assert_eq!(read(Kind::Name, "خانه\u{200c}ها"), Ok("خانه\u{200c}ها".to_owned()));
        assert!(refused("Siti\nPutri").contains("U+000A"));
        assert!(refused("Andr\u{fffd}").contains("lost"));
        assert!(refused("12345").contains("no letter"));
        assert!(refused(&"a".repeat(513)).contains("more than 512"));
    }

    #[test]
    fn dates_are_days_of_the_calendar() {
        let order = DateOrder::MonthDayYear;
        for text in [
            "2026-11-20",
            "20/11/2026",
            "20-11-2026",
            "20.11.2026",
            "20 November 2026",
            "20 Nov 2026",
            "November 20, 2026",
            "2026/11/20",
            "2026.11.20",
            "20 Nopember 2026",
            "20 NOP 2026",
        ] {
            assert_eq!(read(Kind::Date, text), Ok("2026-11-20".to_owned()), "{text}");
        }
        for (text, expected) in [
            ("1 Agustus 2026", "2026-08-01"),
            ("1 Agt 2026", "2026-08-01"),
            ("17 Pebruari 2026", "2026-02-17"),
            ("3 Djuni 1950", "1950-06-03"),
        ] {
            assert_eq!(read(Kind::Date, text), Ok(expected.to_owned()), "{text}");
        }
        let other_way = read(Kind::Date, "11/20/2026").unwrap_err();
        assert!(other_way.to_string().contains("in the order day/month/year; if all"), "{other_way}");
        let other_way = Kind::Date.read(&Cell::Text("20/11/2026".into()), order).unwrap_err();
        assert!(other_way.to_string().contains("in the order month/day/year"), "{other_way}");
        for (text, year) in
            [("01/01/0001", 1), ("1 Mei 0202", 202), ("2926-11-20", 2926), ("20/11/1899", 1899)]
        {
            assert_eq!(read(Kind::Date, text), Err(ValueFault::Year(year)), "{text}");
        }
        let old = Cell::Date(Date::constant(2926, 1, 1));
        assert_eq!(Kind::Date.read(&old, order), Err(ValueFault::Year(2926)));
        assert_eq!(read(Kind::Date, "29 Mei 2026"), Ok("2026-05-29".to_owned()));
        let american = Kind::Date.read(&Cell::Text("11/20/2026".into()), order).unwrap();
        assert_eq!(american.to_string(), "2026-11-20");
        for text in [
            "31/02/2026",
            "11/20/2026",
            "20/11/26",
            "2026",
            "besok",
            "2026-11-20T00:00:00Z",
            "20/11/2026/1",
            "45981",
            "2026/20/11",
            "2026-11-20-1",
            "+1/11/2026",
            "20 Novemberrr 2026",
        ] {
            assert!(read(Kind::Date, text).is_err(), "{text}");
        }
        assert!(Kind::Date.read(&Cell::Number(45981.0), order).is_err());
    }

    #[test]
    fn numbers_and_identifiers_are_not_mixed_up() {
        for (text, expected) in
            [("3", "3"), ("3.5", "3.5"), ("3,5", "3.5"), ("0", "0"), ("0.125", "0.125"), ("2.50", "2.5")]
        {
            assert_eq!(read(Kind::Number, text), Ok(expected.to_owned()), "{text}");
        }
        for text in ["-3", "-0.5"] {
            assert_eq!(read(Kind::Number, text), Err(ValueFault::Negative), "{text}");
        }
        assert_eq!(Kind::Number.read(&Cell::Number(-3.0), DateOrder::default()), Err(ValueFault::Negative));
        for text in ["1.000", "1,000", "1.000.000", "12.345,6"] {
            assert_eq!(read(Kind::Number, text), Err(ValueFault::TwoNumbers), "{text}");
        }
        for text in ["", "tiga", "3 SKS", "1e5", "NaN", "0x3", "3.", ".5", "9999999999999999"] {
            assert!(read(Kind::Number, text).is_err(), "{text}");
        }
        let cell = Cell::Number(2_026_000_001.0);
        assert_eq!(Kind::Identifier.read(&cell, DateOrder::default()), Err(ValueFault::NumericIdentifier));
        assert_eq!(read(Kind::Identifier, "0020260001"), Ok("0020260001".to_owned()));
        assert_eq!(Kind::Number.read(&Cell::Number(3.0), DateOrder::default()).unwrap().to_string(), "3");
        assert!(Kind::Number.read(&Cell::Number(f64::NAN), DateOrder::default()).is_err());
    }

    #[test]
    fn what_spreadsheets_write_in_place_of_values_is_refused() {
        use ValueFault::{Formula, NoValue, Scientific, SpreadsheetError};
        for (kind, text, fault) in [
            (Kind::Name, "#N/A", SpreadsheetError),
            (Kind::Name, "=cmd|calc!A1", Formula),
            (Kind::Name, "@SUM(A1)", Formula),
            (Kind::Name, "-Siti", Formula),
            (Kind::Name, "NULL", NoValue),
            (Kind::Identifier, "#REF!", SpreadsheetError),
            (Kind::Identifier, "########", SpreadsheetError),
            (Kind::Identifier, "2,60E+07", Scientific),
            (Kind::Identifier, "2.6e+7", Scientific),
            (Kind::Identifier, "NaN", NoValue),
            (Kind::Number, "#DIV/0!", SpreadsheetError),
            (Kind::Number, "2,60E+07", Scientific),
            (Kind::Text, "#DIV/0!", SpreadsheetError),
            (Kind::Text, "#NAME?", SpreadsheetError),
            (Kind::Text, "Err:502", SpreadsheetError),
            (Kind::Text, "=A1", Formula),
            (Kind::Text, "NaN", NoValue),
        ] {
            assert_eq!(read(kind, text), Err(fault), "{text}");
        }
        for (kind, text) in [
            (Kind::Text, "A-"),
            (Kind::Text, "-"),
            (Kind::Text, "#1"),
            (Kind::Text, "1E"),
            (Kind::Name, "Nan"),
            (Kind::Name, "Null, Siti"),
            (Kind::Identifier, "12E45"),
            (Kind::Identifier, "E-12"),
        ] {
            assert_eq!(read(kind, text), Ok(text.to_owned()), "{text}");
        }
    }

    #[test]
    fn addresses_look_like_some() {
        for text in ["siti@univ-merapi.example", "d'souza.maria+1@x.y.example"] {
            assert!(read(Kind::Email, text).is_ok(), "{text}");
        }
        for text in [
            "siti",
            "siti@",
            "@x.example",
            "a@b@c.example",
            "a@localhost",
            "a b@x.example",
            "a@x.example, b@x.example",
            "mailto:a@x.example",
            "a..b@x.example",
            "a@-x.example",
            "a@x.example.",
            "siti(at)x.example",
        ] {
            assert_eq!(read(Kind::Email, text), Err(ValueFault::Email), "{text}");
        }
        assert!(read(Kind::Url, "https://univ-merapi.example/x").is_ok());
        assert!(read(Kind::Url, "did:key:z6Mk").is_ok());
        for text in ["univ-merapi.example", "javascript:alert(1)", "https://", "https://a b"] {
            assert_eq!(read(Kind::Url, text), Err(ValueFault::Url), "{text}");
        }
    }
}
