//! A roster from the bytes of a file.

use crate::table::{CELL_BYTES_MAX, COLUMNS_MAX, ROWS_MAX, Table};
use crate::{csv, xlsx};

/// Where in a file the roster is, if not where it is looked for.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The sheet of a workbook; the first one if not named.
    pub sheet: Option<String>,
    /// The line of the header, counted from 1; the first row with two texts if not given.
    pub header_line: Option<u32>,
}

/// Why a file is not read as a roster.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Not text in an encoding that is known, and not a workbook.
    #[error("it is neither text nor an XLSX workbook")]
    NotText,
    /// A workbook of another kind than XLSX.
    #[error("it is a workbook of an older or another kind (XLS, XLSB, ODS); save it as XLSX or CSV")]
    OtherWorkbook,
    /// A workbook that cannot be read.
    #[error("it is not an XLSX workbook that can be read")]
    Workbook(#[source] calamine::XlsxError),
    /// A ZIP file that cannot be read.
    #[error("its ZIP archive cannot be read")]
    Zip(#[source] zip::result::ZipError),
    /// A part of a workbook cannot be read.
    #[error("a part of the workbook cannot be read")]
    Part(#[source] std::io::Error),
    /// A workbook is larger unpacked than is read.
    #[error("the workbook unpacks to more than {} MiB", bytes_max >> 20)]
    UnpackedBytes {
        /// The limit.
        bytes_max: u64,
    },
    /// A workbook of more parts than any spreadsheet writes.
    #[error("the workbook has {parts} parts, more than {}", xlsx::PARTS_MAX)]
    Parts {
        /// How many.
        parts: usize,
    },
    /// A workbook with more in it than a roster can have.
    #[error(
        "the workbook has more than {} XML tags, as of two million cells; take out what is not the roster, or split it",
        xlsx::TAGS_MAX
    )]
    Tags,
    /// A file that is UTF-8 but for some bytes: read as another encoding, its other names would be wrong.
    #[error(
        "line {line}, character {column}: a byte that is not UTF-8, in a file that is UTF-8 otherwise; two files may have been put \
         together: write the character again, and save the file as \"CSV UTF-8\""
    )]
    MixedEncodings {
        /// The line.
        line: usize,
        /// The character of the line, counted from 1.
        column: usize,
    },
    /// A NUL, which no text has.
    #[error("line {line}: it has a NUL character, which no text has; the file may be damaged")]
    Nul {
        /// The line.
        line: usize,
    },
    /// A cell is in the workbook twice.
    #[error(
        "line {line}: the cell {cell} is in the workbook twice, so that it is damaged; open and save it in a spreadsheet"
    )]
    CellTwice {
        /// The line.
        line: u32,
        /// The cell, as `B2`.
        cell: String,
    },
    /// A row is in the workbook twice.
    #[error(
        "line {line}: the row is in the workbook twice, so that it is damaged; open and save it in a spreadsheet"
    )]
    RowTwice {
        /// The line.
        line: u32,
    },
    /// More cells are merged than there can be.
    #[error("its merged cells overlap")]
    Merged,
    /// There is no such sheet.
    #[error("it has no sheet \"{name}\"; there is {}", quoted(sheets))]
    NoSheet {
        /// The one that was named.
        name: String,
        /// Those that there are.
        sheets: Vec<String>,
    },
    /// It holds nothing.
    #[error("it has no header; the first row names the columns")]
    NoHeader,
    /// Too many rows.
    #[error("it has more than {ROWS_MAX} rows; split it")]
    Rows,
    /// Too many columns.
    #[error("line {line} has more than {COLUMNS_MAX} columns")]
    Columns {
        /// The line.
        line: u32,
    },
    /// A cell is too long. In CSV a quotation mark that is never closed makes one.
    #[error("line {line}: a cell is longer than {CELL_BYTES_MAX} bytes; a quotation mark may be missing")]
    CellBytes {
        /// The line.
        line: u32,
    },
    /// A cell holds what is below it, too.
    #[error("line {line}: a cell holds a line break; a quotation mark may be missing")]
    LineBreak {
        /// The line.
        line: u32,
    },
}

/// Reads a roster: CSV, or XLSX by its first bytes.
///
/// # Errors
/// All faults of the form, at most [`FAULTS_MAX`]: one, unless it is about single rows.
pub fn read_table(bytes: &[u8], place: &Place) -> Result<Table, Vec<ReadError>> {
    if bytes.starts_with(ZIP_START) {
        return xlsx::read(bytes, place).map_err(|error| vec![error]);
    }
    if bytes.starts_with(OLE_START) {
        return Err(vec![ReadError::OtherWorkbook]);
    }
    csv::read(bytes, place)
}

fn quoted(names: &[String]) -> String {
    names.iter().take(SHEETS_SHOWN_MAX).map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

/// Most bytes of a roster's file.
pub const ROSTER_BYTES_MAX: usize = 64 << 20;
/// Most faults that are collected: the rest of a file that has so many tells nothing new.
pub const FAULTS_MAX: usize = 1_000;
const SHEETS_SHOWN_MAX: usize = 10;
const ZIP_START: &[u8] = b"PK\x03\x04";
/// Compound files: the workbooks of Excel before 2007, and encrypted ones since.
const OLE_START: &[u8] = b"\xd0\xcf\x11\xe0";
