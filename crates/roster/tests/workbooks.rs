//! XLSX workbooks as spreadsheets write them, and as nobody should.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::error::Error as _;
use std::io::{Cursor, Write as _};
use std::time::{Duration, Instant};

use peak_alloc::PeakAlloc;
use sanad_roster::{Cell, CellFault, Columns, Place, ReadError, Table, TableRemark, propose, read_table};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// A workbook of sheets, each given as what is between `<worksheet>` and its end.
fn workbook(sheets: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let mut part = |name: &str, text: &str| {
        zip.start_file(name, options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    };
    let (mut types, mut names, mut relations) = (String::new(), String::new(), String::new());
    for (place, (name, _)) in sheets.iter().enumerate() {
        let number = place + 1;
        types += &format!(
            r#"<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>"#
        );
        names += &format!(r#"<sheet name="{name}" sheetId="{number}" r:id="rId{number}"/>"#);
        relations += &format!(
            r#"<Relationship Id="rId{number}" Type="{OFFICE}/relationships/worksheet" Target="worksheets/sheet{number}.xml"/>"#
        );
    }
    part(
        "[Content_Types].xml",
        &format!(
            r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{types}</Types>"#
        ),
    );
    part(
        "_rels/.rels",
        &format!(
            r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="{OFFICE}/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
        ),
    );
    part(
        "xl/workbook.xml",
        &format!(
            r#"<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}/relationships"><sheets>{names}</sheets></workbook>"#
        ),
    );
    let relations = format!(
        r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{relations}<Relationship Id="styles" Type="{OFFICE}/relationships/styles" Target="styles.xml"/></Relationships>"#
    );
    part("xl/_rels/workbook.xml.rels", &relations);
    part(
        "xl/styles.xml",
        &format!(
            r#"<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="164" formatCode="0.0"/><numFmt numFmtId="165" formatCode="0&quot; SKS&quot;"/></numFmts><cellStyleXfs><xf numFmtId="9"/></cellStyleXfs><cellXfs count="5"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="9"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs><cellStyles/></styleSheet>"#
        ),
    );
    for (place, (_, sheet)) in sheets.iter().enumerate() {
        let text = format!(r#"<worksheet xmlns="{MAIN}">{sheet}</worksheet>"#);
        part(&format!("xl/worksheets/sheet{}.xml", place + 1), &text);
    }
    zip.finish().unwrap().into_inner()
}

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006";

fn text(place: &str, text: &str) -> String {
    format!(r#"<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>"#)
}

fn row(line: u32, cells: &[&str]) -> String {
    format!(r#"<row r="{line}">{}</row>"#, cells.concat())
}

fn header() -> String {
    row(1, &[&text("A1", "NIM"), &text("B1", "Nama"), &text("C1", "Tanggal"), &text("D1", "SKS")])
}

fn sheet(rows: &[String], after: &str) -> String {
    format!("<sheetData>{}{}</sheetData>{after}", header(), rows.concat())
}

fn read(bytes: &[u8]) -> Result<Table, String> {
    read_table(bytes, &Place::default()).map_err(|faults| match faults[0].source() {
        Some(source) => format!("{}: {source}", faults[0]),
        None => faults[0].to_string(),
    })
}

#[test]
fn cells_are_what_they_are_and_no_more() {
    let rows = [
        row(
            2,
            &[
                &text("A2", "0012345678"),
                &text("B2", " Siti\u{a0}"),
                r#"<c r="C2" s="1"><v>46346</v></c><c r="D2"><v>3.5</v></c>"#,
            ],
        ),
        row(
            4,
            &[
                r#"<c r="A4"><v>2026000001</v></c>"#,
                r#"<c r="B4" t="str"><f>A4&amp;"x"</f></c>"#,
                r#"<c r="C4" s="1"><v>46346.5</v></c>"#,
                r#"<c r="D4" t="e"><v>#N/A</v></c>"#,
            ],
        ),
        row(
            5,
            &[
                &text("A5", "1"),
                &text("B5", "Made"),
                r#"<c r="C5" t="b"><v>1</v></c>"#,
                r#"<c r="D5"><f>1+2</f><v>3</v></c>"#,
            ],
        ),
        r#"<row r="6" hidden="1"><c r="A6" t="inlineStr"><is><t>2</t></is></c></row>"#.to_owned(),
        r#"<row r="7"/>"#.to_owned(),
        r#"<row r="8" ht="0"><c r="C8" s="1"><v>-5</v></c><c r="D8" s="1"><v>60</v></c></row>"#.to_owned(),
    ];
    let merged = r#"<mergeCells count="1"><mergeCell ref="A5:A6"/><mergeCell ref="B5:B6"/></mergeCells>"#;
    let table = read(&workbook(&[("Peserta", &sheet(&rows, merged)), ("Lain", "<sheetData/>")])).unwrap();
    assert_eq!(table.header, ["NIM", "Nama", "Tanggal", "SKS"]);
    let lines: Vec<u32> = table.rows.iter().map(|row| row.line).collect();
    assert_eq!(lines, [2, 4, 5, 6, 8]);
    let cells = |row: usize| table.rows[row].cells.as_slice();
    let date = Cell::Date("2026-11-20".parse().unwrap());
    assert_eq!(
        cells(0),
        [Cell::Text("0012345678".into()), Cell::Text("Siti".into()), date, Cell::Number(3.5)]
    );
    let fault = Cell::Fault;
    let expected = [
        Cell::Number(2_026_000_001.0),
        fault(CellFault::NotComputed),
        fault(CellFault::Time),
        fault(CellFault::Error),
    ];
    assert_eq!(cells(1), expected);
    assert_eq!(cells(2)[2..], [fault(CellFault::Bool), Cell::Number(3.0)]);
    assert_eq!(cells(3)[1], fault(CellFault::Merged), "the second of two merged cells");
    assert_eq!(cells(4)[2..], [fault(CellFault::BeforeDates), fault(CellFault::BeforeDates)]);
    let other = TableRemark::Sheet { read: "Peserta".into(), others: 1 };
    assert_eq!(table.remarks, [other, TableRemark::HiddenRows(vec![6, 8])]);
}

#[test]
fn numbers_are_signed_as_the_workbook_shows_them_and_that_is_said() {
    let line = |line: u32, style: u32, value: &str| {
        let cell = format!(r#"<c r="D{line}" s="{style}"><v>{value}</v></c>"#);
        let first = text(&format!("A{line}"), &line.to_string());
        row(
            line,
            &[&first, &text(&format!("B{line}"), "Siti"), &text(&format!("C{line}"), "2026-11-20"), &cell],
        )
    };
    let read_as = |kind: &str, rows: &[String]| {
        let table = read(&workbook(&[("a", &sheet(rows, ""))])).unwrap();
        let columns = Columns::from_toml(&format!(
            "format = 'sanad-columns/v1'\naward = ['nim']\nfields.nim = {{column = 'NIM', kind = 'identifier'}}\n\
             fields.value = {{column = 'SKS', kind = '{kind}'}}\n"
        ));
        let remarks: Vec<String> = table.remarks.iter().map(ToString::to_string).collect();
        let rows = columns.unwrap().read_rows(&table);
        (rows.map(|rows| rows.learners.len()).map_err(|faults| faults[0].to_string()), remarks, table)
    };
    let rows = [line(2, 3, "3.456"), line(3, 3, "3.5"), line(4, 4, "2"), line(5, 0, "3.25")];
    let (found, remarks, table) = read_as("number", &rows);
    assert_eq!(found, Ok(4));
    let cells: Vec<&Cell> = table.rows.iter().map(|row| &row.cells[3]).collect();
    let shown = Cell::Shown { stored: 3.456, shown: "3.5".into() };
    assert_eq!(cells, [&shown, &Cell::Number(3.5), &Cell::Number(2.0), &Cell::Number(3.25)]);
    assert_eq!(
        remarks,
        [
            "SKS: 1 number is signed as the workbook shows it, not as it stores it: \"3.5\" for 3.456",
            "SKS: 1 number has a format of the workbook's own (\"0\" SKS\"\"); what is stored is signed, as 2",
        ]
    );
    // A percentage is a text that is signed as it is shown, and no number.
    let (found, remarks, _) = read_as("text", &[line(2, 2, "0.875")]);
    assert_eq!(found, Ok(1));
    assert!(remarks[0].contains("\"88%\" for 0.875"), "{remarks:?}");
    let (found, ..) = read_as("number", &[line(2, 2, "0.875")]);
    assert!(found.unwrap_err().starts_with("2: SKS: \"88%\": the workbook shows 88% and holds 0.875"));
}

#[test]
fn hidden_columns_are_remarked_by_their_titles() {
    let columns = r#"<cols><col min="2" max="3" width="9" hidden="1"/><col min="4" max="4" width="0"/><col min="6" max="9" hidden="1"/></cols>"#;
    let table = read(&workbook(&[("a", &format!("{columns}{}", sheet(&[], "")))])).unwrap();
    let titles = ["Nama", "Tanggal", "SKS"].map(|title| format!("\"{title}\""));
    assert_eq!(table.remarks, [TableRemark::HiddenColumns(titles.into())]);
    assert_eq!(
        table.remarks[0].to_string(),
        "columns \"Nama\", \"Tanggal\", \"SKS\" are hidden in the workbook, and are read"
    );
}

#[test]
fn a_number_is_not_an_identifier() {
    let rows = [row(
        2,
        &[
            r#"<c r="A2"><v>12345678</v></c>"#,
            &text("B2", "Siti"),
            &text("C2", "2026-11-20"),
            r#"<c r="D2"><v>3</v></c>"#,
        ],
    )];
    let table = read(&workbook(&[("a", &sheet(&rows, ""))])).unwrap();
    let columns = Columns::from_toml(
        "format = 'sanad-columns/v1'\naward = ['nim']\nfields.nim = {column = 'NIM', kind = 'identifier'}\n\
         fields.day = {column = 'Tanggal', kind = 'date'}\n",
    );
    let faults = columns.unwrap().read_rows(&table).unwrap_err();
    assert_eq!(faults.len(), 1);
    assert!(
        faults[0].to_string().starts_with("2: NIM: \"12345678\": it is a number in the workbook"),
        "{}",
        faults[0]
    );
}

#[test]
fn a_sheet_is_named_or_the_first() {
    let book = workbook(&[("Sampul", "<sheetData/>"), ("Peserta", &sheet(&[], ""))]);
    assert_eq!(read(&book).unwrap_err(), "it has no header; the first row names the columns");
    let place = |name: &str| Place { sheet: Some(name.to_owned()), header_line: None };
    assert_eq!(read_table(&book, &place("Peserta")).unwrap().header.len(), 4);
    let refused = read_table(&book, &place("Nilai")).unwrap_err();
    assert_eq!(refused[0].to_string(), "it has no sheet \"Nilai\"; there is \"Sampul\", \"Peserta\"");
}

#[test]
fn hostile_workbooks_are_refused_in_little_memory() {
    // What would be read for half a minute, cell by cell, is not begun with: a fraction of a second on an idle machine.
    let cells = format!("<sheetData><row r=\"1\">{}</row></sheetData>", "<c/>".repeat(13_000_000));
    let cells = workbook(&[("a", &cells)]);
    let started = Instant::now();
    assert!(read(&cells).unwrap_err().contains("more than 12000000 XML tags"));
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    drop(cells);
    // 300 MB of nothing in 300 kB.
    let bomb = workbook(&[("a", &" ".repeat(300 << 20))]);
    assert!(bomb.len() < 1 << 20);
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    assert_eq!(read(&bomb).unwrap_err(), "the workbook unpacks to more than 128 MiB");
    // One cell at each end of the largest sheet.
    let far = sheet(&[row(1_048_576, &[&text("A1048576", "x"), &text("XFD1048576", "x")])], "");
    assert_eq!(read(&workbook(&[("a", &far)])).unwrap_err(), "line 1048576 has more than 256 columns");
    let overlapping = r#"<mergeCell ref="A1:IV100000"/>"#.repeat(100_000);
    let rows: Vec<String> = (2..2_000)
        .map(|line| row(line, &[&text(&format!("A{line}"), "x"), &text(&format!("IV{line}"), "x")]))
        .collect();
    let wide = row(1, &[&text("A1", "x"), &text("IV1", "y")]);
    let merged =
        format!("<sheetData>{wide}{}</sheetData><mergeCells>{overlapping}</mergeCells>", rows.concat());
    assert_eq!(read(&workbook(&[("a", &merged)])).unwrap_err(), "its merged cells overlap");
    let peak = MEMORY.peak_usage() - before;
    assert!(peak < 256 << 20, "{peak} bytes");
    let long = sheet(&[row(2, &[&text("A2", &"x".repeat(10_000))])], "");
    assert!(read(&workbook(&[("a", &long)])).unwrap_err().contains("a cell is longer"));
    for bytes in [&b"PK\x03\x04 and nothing"[..], &workbook(&[])[..500], b"PK\x03\x04"] {
        assert!(read(bytes).is_err());
    }
    assert!(matches!(
        read_table(b"\xd0\xcf\x11\xe0old", &Place::default()).unwrap_err()[..],
        [ReadError::OtherWorkbook]
    ));
    let mut cut = workbook(&[("a", &sheet(&[], ""))]);
    for length in (0..cut.len()).step_by(97) {
        assert!(read(&cut[..length]).is_err(), "{length}");
    }
    let middle = cut.len() / 3;
    cut[middle] ^= 0x55;
    let _ = read(&cut);
}

#[test]
fn a_cell_or_a_row_that_is_there_twice_is_refused() {
    let refused = |rows: &[String]| read(&workbook(&[("a", &sheet(rows, ""))])).unwrap_err();
    let budi = [text("A2", "1"), text("B2", "Budi"), text("B2", "Ani")];
    let twice = row(2, &[&budi[0], &budi[1], &budi[2]]);
    assert!(refused(&[twice]).starts_with("line 2: the cell B2 is in the workbook twice"));
    let parts = [row(2, &[&budi[0]]), row(3, &[&text("A3", "2")]), row(2, &[&budi[1]])];
    assert!(refused(&parts).starts_with("line 2: the row is in the workbook twice"));
}

#[test]
fn a_hundred_thousand_rows_are_read_and_one_more_is_not() {
    let rows: Vec<String> = (2..=100_001)
        .map(|line| {
            row(
                line,
                &[
                    &text(&format!("A{line}"), &format!("{line:010}")),
                    &text(&format!("B{line}"), "Siti"),
                    &text(&format!("C{line}"), "20/11/2026"),
                    &format!(r#"<c r="D{line}"><v>3</v></c>"#),
                ],
            )
        })
        .collect();
    let table = read(&workbook(&[("a", &sheet(&rows, ""))])).unwrap();
    let proposed = propose(&table, &Place::default(), None);
    let columns = Columns::from_toml(&proposed.columns_toml).unwrap();
    assert_eq!(columns.read_rows(&table).unwrap().learners.len(), 100_000);
    let mut csv = String::from("NIM,Nama\n");
    (0..100_001).for_each(|number| csv += &format!("{number:010},Siti\n"));
    assert!(read(csv.as_bytes()).unwrap_err().contains("rows; split it"));
}
