//! Rosters as CSV (RFC 4180), with the separators and encodings that spreadsheets write.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use crate::read::{FAULTS_MAX, Place, ReadError};
use crate::table::{self, CELL_BYTES_MAX, COLUMNS_MAX, Cell, LINES_MAX, Row, Table, TableRemark};

pub(crate) fn read(bytes: &[u8], place: &Place) -> Result<Table, Vec<ReadError>> {
    let (text, encoding) = decode(bytes)?;
    let (text, first_line, declared) = without_declaration(&text);
    let delimiter = declared.unwrap_or_else(|| delimiter(text));
    let mut faults = Vec::new();
    let rows = read_rows(text, delimiter, first_line, &mut faults);
    if !faults.is_empty() {
        return Err(faults);
    }
    let encoding = encoding.map(|read_as| TableRemark::Encoding { read_as, sample: sample(&rows) });
    let separator = declared.map(|separator| TableRemark::Separator(separator.into()));
    let table = table::assemble(rows, place.header_line, encoding.into_iter().chain(separator).collect());
    table.map_err(|error| vec![error])
}

/// The text, and how it was read if not as UTF-8.
fn decode(bytes: &[u8]) -> Result<(String, Option<&'static str>), Vec<ReadError>> {
    let marked = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    let encoding = match marked {
        Some(encoding) => encoding,
        None if std::str::from_utf8(bytes).is_ok() => UTF_8,
        None => {
            let faults = faults_in_utf8(bytes);
            if !faults.is_empty() {
                return Err(faults);
            }
            WINDOWS_1252
        }
    };
    let (text, _, is_broken) = encoding.decode(bytes);
    let nul_count = text.bytes().filter(|byte| *byte == 0).count();
    // No spreadsheet writes a NUL: many are UTF-16 without its mark, or no text at all.
    if is_broken || nul_count > text.len() / NUL_SHARE {
        return Err(vec![ReadError::NotText]);
    }
    if nul_count > 0 {
        let lines = (1..).zip(text.split('\n')).filter(|(_, line)| line.contains('\0'));
        return Err(lines.map(|(line, _)| ReadError::Nul { line }).take(FAULTS_MAX).collect());
    }
    Ok((text.into_owned(), (encoding != UTF_8).then(|| encoding.name())))
}

/// The bytes that are not UTF-8 in a text that has characters beyond ASCII in UTF-8; none if there are no such characters.
fn faults_in_utf8(bytes: &[u8]) -> Vec<ReadError> {
    if bytes.utf8_chunks().all(|chunk| chunk.valid().is_ascii()) {
        return Vec::new();
    }
    let (mut line, mut column, mut faults) = (1, 1, Vec::new());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            (line, column) = if character == '\n' { (line + 1, 1) } else { (line, column + 1) };
        }
        if !chunk.invalid().is_empty() && faults.len() < FAULTS_MAX {
            faults.push(ReadError::MixedEncodings { line, column });
            column += 1;
        }
    }
    faults
}

/// Takes away a first line `sep=;`, as Excel writes it; returns what follows, the number of its first line, and the
/// separator.
fn without_declaration(text: &str) -> (&str, u32, Option<u8>) {
    let declared = text.strip_prefix("sep=").and_then(|rest| {
        let (line, rest) = rest.split_once('\n')?;
        let [separator] = line.trim_end_matches('\r').as_bytes() else { return None };
        Some((rest, 2, Some(*separator)))
    });
    declared.unwrap_or((text, 1, None))
}

/// The separator that gives the first lines the most columns, the same number in most of them.
fn delimiter(text: &str) -> u8 {
    let score = |delimiter: u8| {
        let mut reader = reader(text, delimiter);
        let counts: Vec<usize> =
            reader.records().take(LINES_LOOKED_AT).map_while(Result::ok).map(|record| record.len()).collect();
        let most = counts.iter().copied().max().unwrap_or_default();
        let alike = counts.iter().filter(|count| **count == most).count();
        if most < 2 { (0, 0) } else { (alike, most) }
    };
    // Of equals the last one: a comma may stand in texts between semicolons or tabs.
    *SEPARATORS.iter().max_by_key(|separator| score(**separator)).unwrap_or(&b',')
}

fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes())
}

fn read_rows(text: &str, delimiter: u8, first_line: u32, faults: &mut Vec<ReadError>) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut lines = Lines { text: text.as_bytes(), place: 0, line: first_line };
    let mut reader = reader(text, delimiter);
    let mut record = csv::StringRecord::new();
    // A text in memory that is UTF-8 is always read: anything goes as CSV.
    while reader.read_record(&mut record).unwrap_or(false) {
        let line = lines.at(record.position().map_or(0, csv::Position::byte));
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let fault = if record.len() > COLUMNS_MAX {
            Some(ReadError::Columns { line })
        } else if rows.len() == LINES_MAX {
            Some(ReadError::Rows)
        } else if record.iter().any(|cell| cell.len() > CELL_BYTES_MAX) {
            Some(ReadError::CellBytes { line })
        } else if record.iter().any(|cell| cell.trim().contains(['\n', '\r'])) {
            Some(ReadError::LineBreak { line })
        } else {
            None
        };
        if let Some(fault) = fault {
            let is_last = faults.len() + 1 >= FAULTS_MAX || matches!(fault, ReadError::Rows);
            faults.push(fault);
            if is_last {
                break;
            }
            continue;
        }
        rows.push(Row { line, cells: record.iter().map(cell).collect() });
    }
    rows
}

fn cell(text: &str) -> Cell {
    match text.trim() {
        "" => Cell::Empty,
        text => Cell::Text(text.to_owned()),
    }
}

/// The first text that is not ASCII.
fn sample(rows: &[Row]) -> Option<String> {
    rows.iter().flat_map(|row| &row.cells).find_map(|cell| match cell {
        Cell::Text(text) if !text.is_ascii() => Some(text.clone()),
        _ => None,
    })
}

/// Counts lines: the number that the CSV reader has is one too low after CRLF.
struct Lines<'a> {
    text: &'a [u8],
    place: usize,
    line: u32,
}

impl Lines<'_> {
    /// The line of the record that begins at or after a byte.
    fn at(&mut self, byte: u64) -> u32 {
        let mut to = usize::try_from(byte).unwrap_or(usize::MAX).min(self.text.len());
        // The end of the line before counts for the record, and so do empty lines.
        to += self.text[to..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let passed = self.text[self.place..to].iter().filter(|byte| **byte == b'\n').count();
        self.line += u32::try_from(passed).unwrap_or(u32::MAX);
        self.place = to;
        self.line
    }
}

/// One NUL in so many bytes shows that a file is no text.
const NUL_SHARE: usize = 8;
const SEPARATORS: [u8; 3] = [b',', b'\t', b';'];
/// Lines that show which character separates cells.
const LINES_LOOKED_AT: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{Misfit, ROWS_MAX};

    fn table(bytes: &[u8]) -> Table {
        read(bytes, &Place::default()).unwrap()
    }

    fn texts(row: &Row) -> Vec<&str> {
        row.cells.iter().map(|cell| if let Cell::Text(text) = cell { text } else { "" }).collect()
    }

    #[test]
    fn separators_are_found_out() {
        for text in [
            "Nama,Catatan,SKS\nSiti,a;b,3\n",
            "Nama;Catatan;SKS\r\nSiti;a,b;3\r\n",
            "Nama\tCatatan\tSKS\nSiti\ta;b,c\t3",
            "sep=|\nNama|Catatan|SKS\nSiti|a;b,c|3\n",
            "\u{feff}Nama;SKS;Nilai\n\"Putri, S.T.; M.T.\";3,5;\"A, baik\"\n",
        ] {
            let table = table(text.as_bytes());
            assert_eq!((table.header.len(), table.rows[0].cells.len()), (3, 3), "{text}");
            let declared = text.starts_with("sep=").then_some(TableRemark::Separator('|'));
            assert_eq!(table.remarks, declared.into_iter().collect::<Vec<_>>(), "{text}");
        }
        assert_eq!(table(b"Nama\nSiti\n").header, ["Nama"]);
    }

    #[test]
    fn a_file_of_two_encodings_and_a_nul_are_named_by_line() {
        let refused = |bytes: &[u8]| -> Vec<String> {
            let faults = read(bytes, &Place::default()).unwrap_err();
            faults.iter().map(|fault| fault.to_string().split(':').next().unwrap().to_owned()).collect()
        };
        assert_eq!(
            refused(&["Nama;No\nMüller;1\nJosé;2\n".as_bytes(), b"Ren\xe9;3\nA\xf1o\xf1;4\n"].concat()),
            ["line 4, character 4", "line 5, character 2", "line 5, character 4"]
        );
        // Windows-1252 alone is read as before.
        let table = table(b"Nama;No\nRen\xe9;1\n");
        assert_eq!(texts(&table.rows[0]), ["René", "1"]);
        assert_eq!(refused(b"Nama;No\nSiti Rahmawati;1\nBu\0di;2\n"), ["line 3"]);
    }

    #[test]
    fn lines_are_those_that_an_editor_shows() {
        for end in ["\n", "\r\n"] {
            let text = ["Nama;No", "Siti;1", "", ";", "\"Putri\"\"\";2", "Made;3"].join(end);
            let table = table(text.as_bytes());
            let lines: Vec<u32> = table.rows.iter().map(|row| row.line).collect();
            assert_eq!((table.header_line, lines), (1, vec![2, 5, 6]), "{end:?}");
            assert_eq!(texts(&table.rows[1]), ["Putri\"", "2"]);
        }
    }

    #[test]
    fn encodings_are_said_and_converted() {
        let windows = b"Nama;No\nAndr\xe9 D\x92Souza;1\n";
        let windows = table(windows);
        assert_eq!(texts(&windows.rows[0]), ["Andr\u{e9} D\u{2019}Souza", "1"]);
        let sample = Some("Andr\u{e9} D\u{2019}Souza".to_owned());
        assert_eq!(windows.remarks, [TableRemark::Encoding { read_as: "windows-1252", sample }]);
        let utf16: Vec<u8> = "\u{feff}Nama;No\nSiti;1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(texts(&table(&utf16).rows[0]), ["Siti", "1"]);
        let marked = [b"\xef\xbb\xbf".as_slice(), "Nama;No\nعبد الرحمن;1\n".as_bytes()].concat();
        assert_eq!(table(&marked).header, ["Nama", "No"]);
        for bytes in [&utf16[2..], b"\xff\xfe\x00\xd8"] {
            let refused = read(bytes, &Place::default()).unwrap_err();
            assert!(matches!(refused[..], [ReadError::NotText]), "{refused:?}");
        }
    }

    #[test]
    fn rows_that_do_not_fit_are_all_named() {
        let said = |text: &str| -> Vec<String> {
            let refused = read(text.as_bytes(), &Place::default()).unwrap_err();
            refused.iter().map(ToString::to_string).collect()
        };
        let read = table(b"Nama;No;SKS\nSiti;1\nMade;2;3\nPutri;3;3;4\nRai;4;3;;\n");
        assert_eq!(read.misfits, [Misfit { line: 2, found: 2 }, Misfit { line: 4, found: 4 }]);
        assert_eq!(read.rows.iter().map(|row| row.line).collect::<Vec<_>>(), [3, 5]);
        let found = said("Nama;No\n\"Siti;1\nMade;2\n");
        assert!(found[0].starts_with("line 2: a cell holds a line break"), "{found:?}");
        assert!(said("")[0].contains("no header"));
        let wide = "a;".repeat(COLUMNS_MAX + 1);
        assert!(said(&wide)[0].contains("more than 256 columns"));
        let long = format!("a;b\n\"{}\";1\n", "x".repeat(CELL_BYTES_MAX + 1));
        assert!(said(&long)[0].contains("line 2: a cell is longer"));
        // One header, and as many rows as there may be.
        let many = "a;b\n".repeat(ROWS_MAX + 1);
        assert_eq!(table(many.as_bytes()).rows.len(), ROWS_MAX);
        assert!(said(&format!("{many}a;b\n"))[0].contains("more than 100000 rows; split it"));
        assert!(said(&"a;b\n".repeat(LINES_MAX + 1))[0].contains("rows; split it"));
        assert_eq!(said(&format!("a;b\n{}", "\"x\ny\";1\n".repeat(5_000))).len(), FAULTS_MAX);
    }

    #[test]
    fn a_title_above_the_header_is_passed_over() {
        let table = table(b"Daftar Peserta;;\n;;\nNama Lengkap;No;SKS\nSiti;1;3\n");
        assert_eq!((table.header_line, table.header.len(), table.rows.len()), (3, 3, 1));
    }
}
