//! How a workbook shows its numbers (ECMA-376, 18.8.30): a registrar sees 88 % and 3.5 where 0.875 and 3.456 are stored.

use std::collections::HashMap;
use std::io::Cursor;

use quick_xml::events::BytesStart;
use zip::ZipArchive;

use crate::table::{Cell, Table, TableRemark};
use crate::xlsx::{attribute, each_element};

/// How a number is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NumberFormat {
    /// As it is stored.
    General,
    /// With so many digits behind the point.
    Decimals {
        /// At least.
        least: usize,
        /// At most.
        most: usize,
        /// In hundredths.
        percent: bool,
    },
    /// In a way that is not known here, as the code says.
    Unknown(String),
}

impl NumberFormat {
    /// The format of a number that has no code in the workbook (ECMA-376, 18.8.30). Dates are not numbers here.
    fn built_in(id: u32) -> Self {
        let decimals = |most, percent| Self::Decimals { least: most, most, percent };
        match id {
            1 | 3 | 37 | 38 => decimals(0, false),
            2 | 4 | 39 | 40 => decimals(2, false),
            9 => decimals(0, true),
            10 => decimals(2, true),
            11 => Self::Unknown("0.00E+00".to_owned()),
            12 | 13 => Self::Unknown("# ?/?".to_owned()),
            48 => Self::Unknown("##0.0E+0".to_owned()),
            _ => Self::General,
        }
    }

    fn of_code(code: &str) -> Self {
        let first = code.split(';').next().unwrap_or_default().trim();
        if first.eq_ignore_ascii_case("general") || first == "@" {
            return Self::General;
        }
        let (number, percent) = match first.strip_suffix('%') {
            Some(number) => (number.trim_end(), true),
            None => (first, false),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        // A comma at the end divides by a thousand.
        let is_plain = !whole.is_empty()
            && whole.bytes().all(|byte| matches!(byte, b'#' | b'0' | b','))
            && !whole.ends_with(',')
            && fraction.bytes().all(|byte| matches!(byte, b'#' | b'0'));
        match is_plain {
            true => {
                let least = fraction.bytes().filter(|byte| *byte == b'0').count();
                Self::Decimals { least, most: fraction.len().min(DECIMALS_MAX), percent }
            }
            false => Self::Unknown(code.chars().take(CODE_CHARS_MAX).collect()),
        }
    }

    /// What is shown of a number.
    fn shown(&self, value: f64) -> Option<String> {
        match *self {
            Self::Decimals { least, most, percent } => {
                let text = rounded(value, if percent { 2 } else { 0 }, least.min(most), most);
                Some(if percent { format!("{text}%") } else { text })
            }
            Self::General | Self::Unknown(_) => None,
        }
    }
}

/// The formats of a workbook's cells, by their style.
pub(crate) fn formats(archive: &mut ZipArchive<Cursor<&[u8]>>) -> Vec<NumberFormat> {
    let (mut codes, mut formats, mut is_of_cells) = (HashMap::new(), Vec::new(), false);
    // Without styles every cell is shown as it is stored.
    let _ = each_element(archive, "xl/styles.xml", |element| match element.local_name().as_ref() {
        "numFmt" if codes.len() < FORMATS_MAX => {
            let id = attribute(element, "numFmtId").and_then(|id| id.parse::<u32>().ok());
            codes.extend(id.zip(attribute(element, "formatCode")));
        }
        "cellXfs" => is_of_cells = true,
        "cellStyles" | "cellStyleXfs" | "dxfs" => is_of_cells = false,
        "xf" if is_of_cells && formats.len() < FORMATS_MAX => {
            let id = attribute(element, "numFmtId").and_then(|id| id.parse::<u32>().ok()).unwrap_or_default();
            let format = codes
                .get(&id)
                .map_or_else(|| NumberFormat::built_in(id), |code: &String| NumberFormat::of_code(code));
            formats.push(format);
        }
        _ => {}
    });
    formats
}

/// Has the numbers of a table shown, and counts them.
pub(crate) struct ShownNumbers<'a> {
    formats: &'a [NumberFormat],
    /// For each column: how many, and what is stored and shown of the first.
    shown: Vec<Option<(usize, String, String)>>,
    /// For each column: how many of an unknown format, the format, and what is stored of the first.
    unknown: Vec<Option<(usize, String, String)>>,
}

impl<'a> ShownNumbers<'a> {
    pub(crate) fn new(formats: &'a [NumberFormat], columns: usize) -> Self {
        Self { formats, shown: vec![None; columns], unknown: vec![None; columns] }
    }

    /// Looks at a cell of the sheet.
    pub(crate) fn cell(&mut self, element: &BytesStart<'_>, table: &mut Table) {
        let style = attribute(element, "s").and_then(|style| style.parse::<usize>().ok());
        let Some(format) = style.and_then(|style| self.formats.get(style)) else { return };
        if *format == NumberFormat::General {
            return;
        }
        let Some((line, column)) = attribute(element, "r").as_deref().and_then(place) else { return };
        let row = table.rows.binary_search_by_key(&line, |row| row.line).ok().map(|row| &mut table.rows[row]);
        let Some(cell) = row.and_then(|row| row.cells.get_mut(column)) else { return };
        let Cell::Number(stored) = *cell else { return };
        let count = |counted: &mut Option<(usize, String, String)>, more: String| match counted {
            Some((cells, ..)) => *cells += 1,
            None => *counted = Some((1, stored.to_string(), more)),
        };
        match (format, format.shown(stored)) {
            (_, Some(shown)) if shown != stored.to_string() => {
                count(&mut self.shown[column], shown.clone());
                *cell = Cell::Shown { stored, shown };
            }
            (NumberFormat::Unknown(code), _) => count(&mut self.unknown[column], code.clone()),
            _ => {}
        }
    }

    pub(crate) fn remarks(self, header: &[String]) -> impl Iterator<Item = TableRemark> {
        let Self { shown, unknown, .. } = self;
        let shown = header.iter().zip(shown).filter_map(|(column, counted)| {
            let (column, (cells, stored, shown)) = (column.clone(), counted?);
            Some(TableRemark::Shown { column, cells, stored, shown })
        });
        let unknown = header.iter().zip(unknown).filter_map(|(column, counted)| {
            let (column, (cells, stored, format)) = (column.clone(), counted?);
            Some(TableRemark::UnknownFormat { column, cells, format, stored })
        });
        shown.chain(unknown).collect::<Vec<_>>().into_iter()
    }
}

/// Row, counted from 1, and column, counted from 0, of a place such as `AB12`.
fn place(text: &str) -> Option<(u32, usize)> {
    let digits = text.find(|letter: char| letter.is_ascii_digit())?;
    let (letters, row) = text.split_at(digits);
    let column = letters.bytes().try_fold(0_usize, |column, letter| {
        let letter = letter.to_ascii_uppercase();
        (letter.is_ascii_uppercase() && column < COLUMN_MAX)
            .then(|| column * 26 + usize::from(letter - b'A') + 1)
    })?;
    Some((row.parse().ok()?, column.checked_sub(1)?))
}

/// A number times a power of ten, with decimals. As spreadsheets do it: of its first fifteen digits, and half away from zero.
fn rounded(value: f64, exponent: i32, least: usize, most: usize) -> String {
    let text = format!("{:.14e}", value.abs());
    let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
    let mut digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
    let mut point = power.parse::<i32>().unwrap_or_default() + 1 + exponent;
    // Digits before the point that are not there are zeros.
    while point < 1 {
        digits.insert(0, 0);
        point += 1;
    }
    let whole = usize::try_from(point).unwrap_or_default();
    digits.resize(digits.len().max(whole + most + 1), 0);
    let is_up = digits[whole + most] >= 5;
    digits.truncate(whole + most);
    if is_up {
        let nines = digits.iter().rev().take_while(|digit| **digit == 9).count();
        let end = digits.len();
        digits[end - nines..].fill(0);
        match end - nines {
            0 => digits.insert(0, 1),
            last => digits[last - 1] += 1,
        }
    }
    let whole = digits.len() - most;
    while digits.len() > whole + least && digits.last() == Some(&0) {
        digits.pop();
    }
    let zeros = digits[..whole].iter().take_while(|digit| **digit == 0).count().min(whole - 1);
    let write = |digits: &[u8]| digits.iter().map(|digit| char::from(b'0' + digit)).collect::<String>();
    let sign = if value < 0.0 && digits.iter().any(|digit| *digit > 0) { "-" } else { "" };
    match &digits[whole..] {
        [] => format!("{sign}{}", write(&digits[zeros..whole])),
        fraction => format!("{sign}{}.{}", write(&digits[zeros..whole]), write(fraction)),
    }
}

/// Most formats, and most styles, of a workbook: as many as spreadsheets can have.
const FORMATS_MAX: usize = 1 << 16;
/// No workbook has a column of a higher number (`XFD`).
const COLUMN_MAX: usize = 16_384;
/// Most decimals that are shown.
const DECIMALS_MAX: usize = 15;
/// How much of a format is repeated, in characters.
const CODE_CHARS_MAX: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_the_workbook_shows() {
        for (code, value, expected) in [
            ("0.0", 3.456, "3.5"),
            ("0.00", 3.5, "3.50"),
            ("0.00", 2.675, "2.68"),
            ("0.0#", 3.5, "3.5"),
            ("0.##", 3.456, "3.46"),
            ("0", 3.5, "4"),
            ("0", 9.99, "10"),
            ("#,##0.00", 1234.5, "1234.50"),
            ("0%", 0.875, "88%"),
            ("0.0%", 0.875, "87.5%"),
            ("0 %", 0.05, "5%"),
            ("0.00%", 1.0, "100.00%"),
            ("0.0", 0.04, "0.0"),
            ("0.0;[Red]-0.0", -0.44, "-0.4"),
            ("0.0", -0.04, "0.0"),
            ("0.0", 0.96, "1.0"),
            ("#.00", 0.5, "0.50"),
        ] {
            assert_eq!(NumberFormat::of_code(code).shown(value).as_deref(), Some(expected), "{code} {value}");
        }
        for code in ["General", "@"] {
            assert_eq!(NumberFormat::of_code(code), NumberFormat::General);
        }
        for code in ["0.00E+00", "0\" SKS\"", "# ?/?", "#,##0,", ""] {
            assert_eq!(NumberFormat::of_code(code), NumberFormat::Unknown(code.to_owned()), "{code}");
        }
    }

    #[test]
    fn places_are_read() {
        assert_eq!(place("A1"), Some((1, 0)));
        assert_eq!(place("AB12"), Some((12, 27)));
        assert_eq!(place("XFD1048576"), Some((1_048_576, 16_383)));
        for bad in ["", "1", "A", "AAAAAAAAAAAAAAAAAAAAA1", "Ä1", "A99999999999"] {
            assert_eq!(place(bad), None, "{bad}");
        }
    }
}
