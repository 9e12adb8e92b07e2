//! A roster as it was read: a header, and rows of cells that know their line.

use jiff::civil::Date;

use crate::read::ReadError;
use crate::value::DateOrder;

/// A roster before anything is known of what its columns mean.
#[derive(Debug)]
pub struct Table {
    /// The titles of the columns; empty for a column without one.
    pub header: Vec<String>,
    /// The line of the header, counted from 1.
    pub header_line: u32,
    /// The rows below the header that hold something.
    pub rows: Vec<Row>,
    /// Rows that have other columns than the header, and are not among `rows`.
    pub misfits: Vec<Misfit>,
    /// What people should know of how it was read.
    pub remarks: Vec<TableRemark>,
}

/// A row with other columns than the header: a separator or a quotation mark is missing or too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The line.
    pub line: u32,
    /// How many cells it has.
    pub found: usize,
}

/// A row.
#[derive(Debug)]
pub struct Row {
    /// Its line in a CSV file, or its row in a workbook, counted from 1.
    pub line: u32,
    /// One cell for each column of the header.
    pub cells: Vec<Cell>,
}

/// What a cell holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Cell {
    /// Nothing.
    #[default]
    Empty,
    /// A text without white space around it; every cell of a CSV file is one.
    Text(String),
    /// A number of a workbook. Leading zeros, and digits beyond the fifteenth, are lost.
    Number(f64),
    /// A number of a workbook that is shown otherwise than it is stored: rounded, with more zeros, or as a percentage.
    Shown {
        /// What is stored.
        stored: f64,
        /// What is shown, with a decimal point: `3.50`, `88%`.
        shown: String,
    },
    /// A date of a workbook.
    Date(Date),
    /// Nothing that can be used.
    Fault(CellFault),
}

/// Why a cell of a workbook cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CellFault {
    /// A formula that no program has computed.
    #[error("it is a formula without a value; open the workbook, let it compute, and save it")]
    NotComputed,
    /// An error such as `#N/A`.
    #[error("it is an error of the workbook, such as #N/A")]
    Error,
    /// True or false.
    #[error("it is true or false")]
    Bool,
    /// A point in time that is no day.
    #[error("it is a time, not a day")]
    Time,
    /// A number that is formatted as a date, before the calendar of workbooks is one (ECMA-376, 18.17.4.1).
    #[error("it is a number that is formatted as a date, and no day since March 1900")]
    BeforeDates,
    /// It lies within merged cells, of which only the first has the value.
    #[error("it is one of several merged cells; split them and write the value into each")]
    Merged,
}

/// How a roster was read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TableRemark {
    /// It is not in UTF-8, and was read as Windows-1252, or is in UTF-16.
    Encoding {
        /// How it was read.
        read_as: &'static str,
        /// A text of it that shows whether this was right.
        sample: Option<String>,
    },
    /// It has several sheets, of which one was read.
    Sheet {
        /// That one.
        read: String,
        /// How many others there are.
        others: usize,
    },
    /// The first line of a CSV file says what separates cells.
    Separator(char),
    /// Rows are hidden in the workbook, and were read all the same.
    HiddenRows(Vec<u32>),
    /// Columns are hidden in the workbook, and were read all the same.
    HiddenColumns(Vec<String>),
    /// The workbook is built so that hidden rows and columns could not be looked for.
    HiddenUnknown,
    /// Numbers that the workbook shows otherwise than it stores them.
    Shown {
        /// Title of the column.
        column: String,
        /// How many of its cells are such numbers.
        cells: usize,
        /// The first of them as it is stored.
        stored: String,
        /// The same as it is shown, and signed.
        shown: String,
    },
    /// Numbers with a format that is not known here: what is stored is signed.
    UnknownFormat {
        /// Title of the column.
        column: String,
        /// How many of its cells have one.
        cells: usize,
        /// The format of the first.
        format: String,
        /// The first of them as it is stored.
        stored: String,
    },
    /// Dates of digits such as `03/04/2025`, which are another day with day and month swapped.
    AmbiguousDates {
        /// Title of the column.
        column: String,
        /// How many of its cells are such dates.
        cells: usize,
        /// How they were read.
        order: DateOrder,
        /// The first of them as it is written, cut short.
        sample: String,
        /// The day that was read, `2025-04-03`.
        read: String,
    },
}

impl std::fmt::Display for TableRemark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Encoding { read_as, sample: None } => write!(f, "it is not UTF-8; read as {read_as}"),
            Self::Encoding { read_as, sample: Some(sample) } => {
                write!(f, "it is not UTF-8; read as {read_as}, in which one of its texts is \"{sample}\"")
            }
            Self::Sheet { read, others } => {
                let sheets = if *others == 1 { "sheet is" } else { "sheets are" };
                write!(f, "the sheet \"{read}\" was read; {others} other {sheets} not looked at")
            }
            Self::Separator(separator) => {
                write!(
                    f,
                    "its first line is \"sep={separator}\", as Excel writes it: cells are read as separated by that"
                )
            }
            Self::HiddenRows(rows) => {
                write_hidden(f, "row", &rows.iter().map(u32::to_string).collect::<Vec<_>>())
            }
            Self::HiddenColumns(columns) => write_hidden(f, "column", columns),
            Self::HiddenUnknown => {
                write!(f, "whether rows or columns are hidden in the workbook cannot be told; all are read")
            }
            Self::Shown { column, cells, stored, shown } => {
                let (numbers, are, them) =
                    if *cells == 1 { ("number", "is", "it") } else { ("numbers", "are", "them") };
                write!(
                    f,
                    "{column}: {cells} {numbers} {are} signed as the workbook shows {them}, not as it stores {them}: \"{shown}\" for \
                     {stored}"
                )
            }
            Self::UnknownFormat { column, cells, format, stored } => {
                let (numbers, have) = if *cells == 1 { ("number", "has") } else { ("numbers", "have") };
                write!(
                    f,
                    "{column}: {cells} {numbers} {have} a format of the workbook's own (\"{format}\"); what is stored is signed, \
                     as {stored}"
                )
            }
            Self::AmbiguousDates { column, cells, order, sample, read } => {
                let (dates, are) = if *cells == 1 { ("date", "is") } else { ("dates", "are") };
                write!(
                    f,
                    "{column}: {cells} {dates} could be read with the day or the month first, and {are} read as {order}: \
                     \"{sample}\" as {read}; if that is wrong, change date_order"
                )
            }
        }
    }
}

fn write_hidden(f: &mut std::fmt::Formatter<'_>, what: &str, hidden: &[String]) -> std::fmt::Result {
    let first = hidden.get(..HIDDEN_SHOWN_MAX).unwrap_or(hidden).join(", ");
    let more = match hidden.len().saturating_sub(HIDDEN_SHOWN_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let (s, is) = if hidden.len() == 1 { ("", "is") } else { ("s", "are") };
    write!(f, "{what}{s} {first}{more} {is} hidden in the workbook, and {is} read")
}

/// Where the header of a table is, and the rows below it.
///
/// The header is the given line, or the first row with two texts: above it, spreadsheets have titles.
pub(crate) fn assemble(
    mut rows: Vec<Row>,
    header_line: Option<u32>,
    remarks: Vec<TableRemark>,
) -> Result<Table, ReadError> {
    let texts = |row: &Row| row.cells.iter().filter(|cell| matches!(cell, Cell::Text(_))).count();
    let place = rows.iter().position(|row| match header_line {
        Some(line) => row.line == line,
        None => texts(row) >= 2,
    });
    // A roster of one column has a header, too.
    let place =
        place.or((header_line.is_none() && !rows.is_empty()).then_some(0)).ok_or(ReadError::NoHeader)?;
    let mut below = rows.split_off(place);
    let head = below.remove(0);
    let mut header: Vec<String> = head.cells.into_iter().map(title).collect();
    while header.last().is_some_and(String::is_empty) {
        header.pop();
    }
    if below.len() > ROWS_MAX {
        return Err(ReadError::Rows);
    }
    let (mut rows, mut misfits) = (below, Vec::new());
    let expected = header.len();
    rows.retain_mut(|Row { line, cells }| {
        // Spreadsheets add empty cells at the end of a row.
        while cells.len() > expected && cells.last() == Some(&Cell::Empty) {
            cells.pop();
        }
        let fits = cells.len() == expected;
        if !fits {
            misfits.push(Misfit { line: *line, found: cells.len() });
        }
        fits
    });
    Ok(Table { header, header_line: head.line, rows, misfits, remarks })
}

fn title(cell: Cell) -> String {
    match cell {
        Cell::Text(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
        Cell::Number(number) => number.to_string(),
        Cell::Shown { shown, .. } => shown,
        Cell::Date(date) => date.to_string(),
        Cell::Empty | Cell::Fault(_) => String::new(),
    }
}

/// Most rows of a roster below its header.
pub const ROWS_MAX: usize = 100_000;
/// Most lines that are read: the header and titles above it included.
pub(crate) const LINES_MAX: usize = ROWS_MAX + 16;
/// Most columns of a roster.
pub const COLUMNS_MAX: usize = 256;
/// Longest text of a cell, in bytes.
pub const CELL_BYTES_MAX: usize = 8 << 10;
/// Most hidden rows or columns that are named.
const HIDDEN_SHOWN_MAX: usize = 10;
