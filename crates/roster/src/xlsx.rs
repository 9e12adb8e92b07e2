//! Rosters as XLSX workbooks (ECMA-376, Office Open XML).

use std::collections::{BTreeMap, HashSet};
use std::io::{BufReader, Cursor, Read as _};
use std::ops::RangeInclusive;

use calamine::{DataRef, Dimensions, ExcelDateTime, Reader as _, SheetVisible, Xlsx};
use jiff::civil::Date;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use crate::number_format::{NumberFormat, ShownNumbers, formats};
use crate::read::{Place, ReadError};
use crate::table::{self, CELL_BYTES_MAX, COLUMNS_MAX, Cell, CellFault, LINES_MAX, Row, Table, TableRemark};

pub(crate) fn read(bytes: &[u8], place: &Place) -> Result<Table, ReadError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(ReadError::Zip)?;
    measure(&mut archive)?;
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(ReadError::Workbook)?;
    let sheets = book.sheet_names();
    let visible = book.sheets_metadata().iter().find(|sheet| sheet.visible == SheetVisible::Visible);
    let first = visible.map(|sheet| sheet.name.clone()).ok_or(ReadError::NoHeader)?;
    let name = place.sheet.clone().unwrap_or(first);
    if !sheets.contains(&name) {
        return Err(ReadError::NoSheet { name, sheets });
    }
    let mut rows = read_rows(&mut book, &name)?;
    let merged = book.merge_cells_by_sheet_name(&name).map_err(ReadError::Workbook)?;
    let width = rows.values().map(Vec::len).max().unwrap_or_default();
    rows.values_mut().for_each(|cells| cells.resize(width, Cell::Empty));
    mark_merged(&mut rows, &merged)?;
    let rows = rows.into_iter().filter(|(_, cells)| cells.iter().any(|cell| *cell != Cell::Empty));
    let rows = rows.map(|(line, cells)| Row { line, cells });
    let mut remarks = Vec::new();
    if sheets.len() > 1 && place.sheet.is_none() {
        remarks.push(TableRemark::Sheet { read: name.clone(), others: sheets.len() - 1 });
    }
    let mut table = table::assemble(rows.collect(), place.header_line, remarks)?;
    let formats = formats(&mut archive);
    let hidden = look_at_sheet(&mut archive, &name, &formats, &mut table);
    if let Some(line) = hidden.as_ref().and_then(|hidden| hidden.row_twice) {
        return Err(ReadError::RowTwice { line });
    }
    remark_hidden(&mut table, hidden);
    Ok(table)
}

/// What is hidden and holds something of the roster.
fn remark_hidden(table: &mut Table, hidden: Option<Hidden>) {
    let Some(Hidden { mut rows, columns, .. }) = hidden else {
        table.remarks.push(TableRemark::HiddenUnknown);
        return;
    };
    rows.retain(|line| table.rows.binary_search_by_key(line, |row| row.line).is_ok());
    if !rows.is_empty() {
        table.remarks.push(TableRemark::HiddenRows(rows));
    }
    let titles = (0..).zip(&table.header);
    let columns = titles.filter(|(place, _)| columns.iter().any(|columns| columns.contains(place)));
    let columns: Vec<String> = columns.map(|(_, title)| format!("\"{title}\"")).collect();
    if !columns.is_empty() {
        table.remarks.push(TableRemark::HiddenColumns(columns));
    }
}

/// Unpacks everything into nothing, within limits: what the archive says of its sizes may be a lie, and reading XML takes
/// many times as long as counting its elements.
fn measure(archive: &mut ZipArchive<Cursor<&[u8]>>) -> Result<(), ReadError> {
    if archive.len() > PARTS_MAX {
        return Err(ReadError::Parts { parts: archive.len() });
    }
    let mut buffer = vec![0; MEASURED_BYTES];
    let (mut bytes, mut tags) = (0, 0);
    for place in 0..archive.len() {
        let mut part = archive.by_index(place).map_err(ReadError::Zip)?;
        loop {
            let read = part.read(&mut buffer).map_err(ReadError::Part)?;
            if read == 0 {
                break;
            }
            bytes += read as u64;
            tags += buffer[..read].iter().filter(|byte| **byte == b'<').count();
            if bytes > UNPACKED_BYTES_MAX {
                return Err(ReadError::UnpackedBytes { bytes_max: UNPACKED_BYTES_MAX });
            }
            if tags > TAGS_MAX {
                return Err(ReadError::Tags);
            }
        }
    }
    Ok(())
}

type Rows = BTreeMap<u32, Vec<Cell>>;

fn read_rows(book: &mut Xlsx<Cursor<&[u8]>>, sheet: &str) -> Result<Rows, ReadError> {
    let mut reader = book.worksheet_cells_reader(sheet).map_err(ReadError::Workbook)?;
    let mut rows = Rows::new();
    while let Some(found) = reader.next_cell_with_formula_metadata().map_err(ReadError::Workbook)? {
        let (line, column) = (found.pos.0.saturating_add(1), found.pos.1 as usize);
        let cell = match (cell(&found.value), found.formula) {
            (Cell::Empty, Some(_)) => Cell::Fault(CellFault::NotComputed),
            (Cell::Empty, None) => continue,
            (cell, _) => cell,
        };
        if column >= COLUMNS_MAX {
            return Err(ReadError::Columns { line });
        }
        if matches!(&cell, Cell::Text(text) if text.len() > CELL_BYTES_MAX) {
            return Err(ReadError::CellBytes { line });
        }
        if rows.len() == LINES_MAX && !rows.contains_key(&line) {
            return Err(ReadError::Rows);
        }
        let cells = rows.entry(line).or_default();
        if cells.len() <= column {
            cells.resize(column + 1, Cell::Empty);
        }
        if cells[column] != Cell::Empty {
            let cell = format!("{}{line}", column_letters(column));
            return Err(ReadError::CellTwice { line, cell });
        }
        cells[column] = cell;
    }
    Ok(rows)
}

/// The letters of a column, as `AB`.
fn column_letters(mut column: usize) -> String {
    let mut letters = String::new();
    loop {
        let letter = u8::try_from(column % 26).unwrap_or_default();
        letters.insert(0, char::from(b'A' + letter));
        match column / 26 {
            0 => return letters,
            rest => column = rest - 1,
        }
    }
}

fn cell(value: &DataRef<'_>) -> Cell {
    let text = |text: &str| match text.trim() {
        "" => Cell::Empty,
        text => Cell::Text(text.to_owned()),
    };
    match value {
        DataRef::Empty => Cell::Empty,
        DataRef::String(found) => text(found),
        DataRef::SharedString(found) => text(found),
        DataRef::Int(number) => Cell::Number(*number as f64),
        DataRef::Float(number) => Cell::Number(*number),
        DataRef::DateTime(time) => day(time),
        // As strict Office Open XML writes dates.
        DataRef::DateTimeIso(time) => {
            let day = time.split_once('T').map_or(time.as_str(), |(day, _)| day);
            day.parse().map_or(Cell::Fault(CellFault::Time), Cell::Date)
        }
        DataRef::DurationIso(_) => Cell::Fault(CellFault::Time),
        DataRef::Bool(_) => Cell::Fault(CellFault::Bool),
        DataRef::Error(_) => Cell::Fault(CellFault::Error),
    }
}

/// A day; a time of the day would be lost, and is a fault.
fn day(time: &ExcelDateTime) -> Cell {
    if time.is_datetime() && time.as_f64() < FIRST_DAY {
        return Cell::Fault(CellFault::BeforeDates);
    }
    let (year, month, day, ..) = time.to_ymd_hms_milli();
    // No calendar has a day beyond these.
    let (Ok(year), Ok(month), Ok(day)) = (i16::try_from(year), i8::try_from(month), i8::try_from(day)) else {
        return Cell::Fault(CellFault::Time);
    };
    match Date::new(year, month, day) {
        Ok(date) if time.is_datetime() && time.as_f64().fract() == 0.0 => Cell::Date(date),
        _ => Cell::Fault(CellFault::Time),
    }
}

/// Of merged cells only the first has a value; the others would read as empty.
fn mark_merged(rows: &mut Rows, merged: &[Dimensions]) -> Result<(), ReadError> {
    let mut left = LINES_MAX * COLUMNS_MAX;
    for Dimensions { start, end } in merged {
        let first = start.0.saturating_add(1);
        let last = end.0.saturating_add(1).max(first);
        let (left_most, right_most) = (start.1 as usize, end.1 as usize);
        // Rows that hold nothing else are not rows of the roster.
        for (line, cells) in rows.range_mut(first..=last) {
            let columns = left_most..=right_most.min(cells.len().saturating_sub(1));
            // Merged cells do not overlap in a workbook that a spreadsheet wrote.
            left = left.checked_sub(1 + columns.clone().count()).ok_or(ReadError::Merged)?;
            for column in columns {
                let is_first = *line == first && column == left_most;
                if !is_first && cells.get(column) == Some(&Cell::Empty) {
                    cells[column] = Cell::Fault(CellFault::Merged);
                }
            }
        }
    }
    Ok(())
}

/// What is hidden in a sheet, or there twice.
#[derive(Default)]
struct Hidden {
    /// Rows, counted from 1.
    rows: Vec<u32>,
    /// Columns, counted from 0.
    columns: Vec<RangeInclusive<u32>>,
    /// The rows of the table that were seen.
    seen: HashSet<u32>,
    /// The first row that is there twice.
    row_twice: Option<u32>,
}

/// What is hidden in a sheet; `None` if the sheet's part is not where it should be. Numbers of the table become what the
/// workbook shows of them.
fn look_at_sheet(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    sheet: &str,
    formats: &[NumberFormat],
    table: &mut Table,
) -> Option<Hidden> {
    let mut relation = None;
    each_element(archive, "xl/workbook.xml", |element| {
        if element.local_name().as_ref() == "sheet" && attribute(element, "name").as_deref() == Some(sheet) {
            relation = attribute(element, "id");
        }
    })?;
    let mut target = None;
    each_element(archive, "xl/_rels/workbook.xml.rels", |element| {
        if relation.is_some() && attribute(element, "Id") == relation {
            target = attribute(element, "Target");
        }
    })?;
    let target = target?;
    let path = target.strip_prefix('/').map_or_else(|| format!("xl/{target}"), str::to_owned);
    let mut hidden = Hidden::default();
    let mut shown = ShownNumbers::new(formats, table.header.len());
    each_element(archive, &path, |element| {
        let number = |name: &str| attribute(element, name)?.parse::<u32>().ok();
        let is_zero = |name: &str| attribute(element, name).is_some_and(|size| size.parse() == Ok(0.0));
        let is_hidden =
            |size| matches!(attribute(element, "hidden").as_deref(), Some("1" | "true")) || is_zero(size);
        if element.local_name().as_ref() == "row"
            && let Some(row) = number("r").filter(|row| is_in(table, *row))
            && !hidden.seen.insert(row)
        {
            hidden.row_twice.get_or_insert(row);
        }
        match element.local_name().as_ref() {
            "row" if is_hidden("ht") => hidden.rows.extend(number("r")),
            "col" if hidden.columns.len() < COLUMNS_MAX && is_hidden("width") => {
                let columns = number("min").zip(number("max"));
                hidden
                    .columns
                    .extend(columns.map(|(first, last)| first.saturating_sub(1)..=last.saturating_sub(1)));
            }
            "c" => shown.cell(element, table),
            _ => {}
        }
    })?;
    table.remarks.extend(shown.remarks(&table.header));
    Some(hidden)
}

/// Whether a row is the header of a table, or below it.
fn is_in(table: &Table, line: u32) -> bool {
    line == table.header_line || table.rows.binary_search_by_key(&line, |row| row.line).is_ok()
}

pub(crate) fn each_element(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    path: &str,
    mut look: impl FnMut(&BytesStart<'_>),
) -> Option<()> {
    let mut reader = quick_xml::Reader::from_reader(BufReader::new(archive.by_name(path).ok()?));
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).ok()? {
            Event::Start(element) | Event::Empty(element) => look(&element),
            Event::Eof => return Some(()),
            _ => {}
        }
    }
}

/// An attribute by its name without a prefix: writers choose different ones.
pub(crate) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = element.attributes().flatten().find(|found| found.key.local_name().as_ref() == name)?;
    Some(found.normalized_value(XmlVersion::Implicit1_0).ok()?.into_owned())
}

/// Most bytes that the parts of a workbook unpack to, together.
const UNPACKED_BYTES_MAX: u64 = 128 << 20;
/// Most XML tags of all parts, as of 100,000 rows of twenty cells with texts.
pub(crate) const TAGS_MAX: usize = 12_000_000;
/// Most parts of a workbook.
pub(crate) const PARTS_MAX: usize = 4_096;
/// How much is unpacked at once, in bytes.
const MEASURED_BYTES: usize = 64 << 10;
/// 1 March 1900 in the days of workbooks. Those before count a 29 February that was none; workbooks whose days begin in 1904
/// lose their first 61.
const FIRST_DAY: f64 = 61.0;
