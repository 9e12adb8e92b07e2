//! Changes of status by the register: which credentials a list means, and what is noted of them.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use anyhow::{Context, bail};
use sanad_api::CredentialKey;
use sanad_core::ids::LogIndex;
use sanad_core::status::CredentialStatus;
use sanad_core::trust::TrustAnchor;
use sanad_issuer::{ChangeTarget, ChangedCredential, ListLine};
use sanad_register::{Credential, Query, REASON_BYTES_MAX, Register, Row, RowNumber, Status, StatusChange};
use sanad_roster::{Cell, Place, read_table};

use super::lookup::{Digits, Lookup};
use crate::output::note;
use crate::target::{Target, key_of};
use crate::view::printable;

/// A line of a list, or an argument: all that it says of one credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// As people wrote it.
    pub(crate) name: String,
    /// What it is looked up by; all must mean the same credential.
    keys: Vec<String>,
    /// Why its status changes.
    pub(crate) reason: Option<String>,
    pub(crate) listed: Option<ListLine>,
}

impl Wanted {
    /// A credential that an argument names.
    pub(crate) fn argument(text: &str) -> Self {
        Self { name: text.to_owned(), keys: vec![text.to_owned()], reason: None, listed: None }
    }
}

/// A credential of the register that is to be changed.
pub(crate) struct Registered {
    pub(crate) credential: Credential,
    pub(crate) target: ChangeTarget,
    reason: Option<String>,
}

/// The lines of a list: CSV with commas, semicolons or tabs, or a workbook. If the first line names columns (`row`, `email`,
/// `student_number`, `certificate_number`, `file`, `reason`, or what people call them), others are left out, which is noted;
/// else a line has a credential, and a reason if it likes.
pub(crate) fn read_list(bytes: &[u8], list: &Path) -> anyhow::Result<Vec<Wanted>> {
    let rows = match is_workbook(bytes) {
        true => workbook_rows(bytes, list)?,
        false => {
            let text = std::str::from_utf8(bytes).with_context(|| {
                format!(
                    "{} is neither UTF-8 text nor an XLSX workbook; save it as \"CSV UTF-8\"",
                    list.display()
                )
            })?;
            csv_rows(text, list)?
        }
    };
    let mut columns: Option<Vec<Option<Column>>> = None;
    let mut wanted = Vec::new();
    for (place, (line, record)) in rows.iter().enumerate() {
        if place == 0 {
            let named: Vec<_> = record.iter().map(|name| Column::of(name)).collect();
            if named.iter().any(|column| column.is_some_and(|column| column != Column::Reason)) {
                let left_out =
                    record.iter().zip(&named).filter(|(name, column)| column.is_none() && !name.is_empty());
                let left_out: Vec<String> =
                    left_out.map(|(name, _)| format!("\"{}\"", printable(name))).collect();
                if !left_out.is_empty() {
                    note(format_args!(
                        "{}: columns that say nothing here are left out: {}",
                        list.display(),
                        left_out.join(", ")
                    ));
                }
                columns = Some(named);
                continue;
            }
        }
        let listed = Some(ListLine { list: list.to_owned(), line: *line });
        let cells = record.iter().enumerate().filter(|(_, cell)| !cell.is_empty());
        let (mut keys, mut reason) = (Vec::new(), None);
        for (place, cell) in cells {
            let column = match &columns {
                Some(columns) => columns.get(place).copied().flatten(),
                None => [Some(Column::Any), Some(Column::Reason)].get(place).copied().flatten(),
            };
            match column {
                Some(Column::Reason) => reason = Some(cell.to_owned()),
                Some(column) if cell.starts_with(column.prefix()) => keys.push(cell.to_owned()),
                Some(column) => keys.push(format!("{}{cell}", column.prefix())),
                None => {}
            }
        }
        let fields_max = columns.as_ref().map_or(2, Vec::len);
        let fields = record.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1);
        if fields > fields_max {
            let expected = match columns {
                Some(_) => format!("the first line names {fields_max}"),
                None => "a line has a credential and a reason".to_owned(),
            };
            bail!(
                "{}:{line}: it has {fields} fields, and {expected}; a text with commas or semicolons stands in quotation marks",
                list.display()
            );
        }
        if keys.is_empty() && record.iter().all(String::is_empty) {
            continue;
        }
        wanted.push(Wanted { name: keys.join(", "), keys, reason, listed });
    }
    Ok(wanted)
}

/// Whether a list is an XLSX workbook: a ZIP.
pub(crate) fn is_workbook(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

fn csv_rows(text: &str, list: &Path) -> anyhow::Result<Vec<(usize, Vec<String>)>> {
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default();
    let count = |delimiter: char| first.matches(delimiter).count();
    let delimiter =
        [',', ';', '\t'].into_iter().rev().max_by_key(|delimiter| count(*delimiter)).unwrap_or(',');
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .delimiter(delimiter as u8)
        .from_reader(text.as_bytes());
    let (mut line, mut counted) = (1, 0);
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.with_context(|| format!("{} is not CSV", list.display()))?;
        // The number that the reader has is one too low after CRLF. It may count what it leaves out before a record to it.
        let start = record.position().map_or(0, csv::Position::byte);
        let mut start = usize::try_from(start).unwrap_or(usize::MAX).min(text.len());
        while let [first @ (b'\r' | b'\n' | b'#'), rest @ ..] = &text.as_bytes()[start..] {
            let comment = rest.iter().take_while(|byte| *first == b'#' && **byte != b'\n').count();
            start += 1 + comment;
        }
        line += text.as_bytes()[counted..start].iter().filter(|byte| **byte == b'\n').count();
        counted = start;
        rows.push((line, record.iter().map(str::to_owned).collect()));
    }
    Ok(rows)
}

/// The rows of the first sheet, the header among them.
fn workbook_rows(bytes: &[u8], list: &Path) -> anyhow::Result<Vec<(usize, Vec<String>)>> {
    let table = read_table(bytes, &Place::default()).map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(|fault| format!("{}: {fault}", list.display())).collect();
        anyhow::anyhow!("{}", faults.join("\n"))
    })?;
    for remark in &table.remarks {
        note(format_args!("{}: {remark}", list.display()));
    }
    if let Some(misfit) = table.misfits.first() {
        bail!("{}:{}: it has cells beyond the columns of the header", list.display(), misfit.line);
    }
    let line_of = |line: u32| usize::try_from(line).unwrap_or(usize::MAX);
    let mut rows = vec![(line_of(table.header_line), table.header)];
    for row in table.rows {
        let text = |cell: Cell| match cell {
            Cell::Empty => Ok(String::new()),
            Cell::Text(text) | Cell::Shown { shown: text, .. } => Ok(text),
            Cell::Number(number) => Ok(number.to_string()),
            Cell::Date(date) => Ok(date.to_string()),
            Cell::Fault(fault) => bail!("{}:{}: {fault}", list.display(), row.line),
        };
        rows.push((line_of(row.line), row.cells.into_iter().map(text).collect::<anyhow::Result<_>>()?));
    }
    Ok(rows)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Any,
    Row,
    Email,
    StudentNumber,
    CertificateNumber,
    File,
    Reason,
}

impl Column {
    fn of(name: &str) -> Option<Self> {
        let words = name.to_lowercase().replace(['.', ':'], "");
        let words = words.split(|letter: char| letter.is_whitespace() || "-_".contains(letter));
        match words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("_").as_str() {
            "row" | "baris" | "nomor_baris" | "no_baris" => Some(Self::Row),
            "email" | "e_mail" | "surel" | "alamat_email" | "alamat_e_mail" | "alamat_surel" => {
                Some(Self::Email)
            }
            "student_number"
            | "student_id"
            | "number"
            | "nomor"
            | "no"
            | "nomor_mahasiswa"
            | "nim"
            | "npm"
            | "nrp"
            | "nomor_induk"
            | "nomor_induk_mahasiswa" => Some(Self::StudentNumber),
            "certificate_number" | "certificate_no" | "certificate" | "nomor_sertifikat"
            | "no_sertifikat" | "nomor_ijazah" | "no_ijazah" => Some(Self::CertificateNumber),
            "file" | "berkas" | "nama_berkas" => Some(Self::File),
            "reason" | "alasan" | "alasan_pencabutan" | "sebab" | "keterangan" => Some(Self::Reason),
            _ => None,
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Any | Self::Reason => "",
            Self::Row => "row:",
            Self::Email => "email:",
            Self::StudentNumber => "number:",
            Self::CertificateNumber => "certificate:",
            Self::File => "file:",
        }
    }
}

/// Refuses two reasons for one credential: only one of them would be kept.
pub(crate) fn check_reasons(registered: &[Registered]) -> anyhow::Result<()> {
    let mut reasons: HashMap<RowNumber, (&Registered, &str)> = HashMap::new();
    let mut faults = Vec::new();
    for one in registered {
        let Some(reason) = one.reason.as_deref() else { continue };
        let (first, first_reason) = reasons.entry(one.credential.row).or_insert((one, reason));
        if *first_reason != reason {
            let (first, second) = (place_of(first), place_of(one));
            let (first_reason, reason) = (printable(first_reason), printable(reason));
            let row = one.credential.row;
            faults.push(format!("row {row}: \"{first_reason}\" ({first}) and \"{reason}\" ({second})"));
        }
    }
    match faults.is_empty() {
        true => Ok(()),
        false => {
            bail!("credentials are named with two reasons, so nothing was changed:\n{}", faults.join("\n"))
        }
    }
}

fn place_of(registered: &Registered) -> String {
    let target = &registered.target;
    target.listed.as_ref().map_or_else(|| target.name.clone(), ToString::to_string)
}

/// Finds credentials of the register by what a list says of them.
pub(crate) struct Finder<'a> {
    register: &'a Register,
    lookup: Lookup<'a>,
    anchor: &'a TrustAnchor,
    /// The folder that names of files are relative to.
    base: &'a Path,
}

impl<'a> Finder<'a> {
    pub(crate) fn new(register: &'a Register, anchor: &'a TrustAnchor, base: &'a Path) -> Self {
        Self { register, lookup: Lookup::new(register, Digits::Refused), anchor, base }
    }

    /// The one credential that is meant, issued as far as the register knows. `reason` is for those without one.
    pub(crate) fn find(&mut self, wanted: &Wanted, reason: Option<&str>) -> anyhow::Result<Registered> {
        let mut found: Option<Credential> = None;
        for key in &wanted.keys {
            let credential = self.one(key)?;
            match &found {
                Some(other) if other.row != credential.row => {
                    bail!("{} means row {}, and {key} row {}", wanted.name, other.row, credential.row)
                }
                _ => found = Some(credential),
            }
        }
        let credential = found.context("the line names no credential")?;
        if credential.state.log_index.is_none() {
            let (row, progress) = (credential.row, credential.state.progress.as_str());
            bail!(
                "row {row} is {progress}; if it is in the ledger, `sanad register receipt {row}` finds out"
            );
        }
        let reason = wanted.reason.as_deref().or(reason).map(str::to_owned);
        if reason.as_ref().is_some_and(|reason| reason.len() > REASON_BYTES_MAX) {
            bail!("the reason is longer than {REASON_BYTES_MAX} bytes");
        }
        let (issuer, commitment) = (self.register.owner().issuer.clone(), credential.facts.commitment);
        let key = CredentialKey::Issuance { issuer, commitment };
        let (name, listed) = (format!("row {} ({})", credential.row, wanted.name), wanted.listed.clone());
        Ok(Registered { credential, target: ChangeTarget { name, listed, key }, reason })
    }

    fn one(&mut self, key: &str) -> anyhow::Result<Credential> {
        let path = self.base.join(key.strip_prefix("file:").unwrap_or(key));
        if !path.is_file() {
            return self.lookup.one(key);
        }
        let target = Target::read(&path.to_string_lossy(), self.anchor)?;
        let Target::Receipt(receipt) = &target else { bail!("{key} is not a document with its receipt") };
        let CredentialKey::Issuance { commitment, .. } = key_of(receipt)? else {
            bail!("{key} is not a document with its receipt")
        };
        match self.register.find(&Query::Commitment(commitment))?.pop() {
            Some(Row::Credential(credential)) => Ok(*credential),
            _ => bail!("{key} is not in the register; `sanad register import` takes it"),
        }
    }
}

/// Notes in the register what was proved of credentials, each with its reason.
pub(crate) fn note_changes(
    register: &mut Register,
    registered: &[Registered],
    changed: &[ChangedCredential],
    now_ms: u64,
) -> anyhow::Result<()> {
    Ok(register.status_changed(&changes_of(registered, changed, now_ms))?)
}

/// What is new of each row, once, in the order in which they were named. Lists have thousands of lines.
fn changes_of(
    registered: &[Registered],
    changed: &[ChangedCredential],
    now_ms: u64,
) -> Vec<(RowNumber, StatusChange)> {
    let by_index: HashMap<LogIndex, &ChangedCredential> =
        changed.iter().map(|change| (change.log_index, change)).collect();
    // Any line of the same credential may have the reason.
    let mut reasons: HashMap<RowNumber, &str> = HashMap::new();
    for Registered { credential, reason, .. } in registered {
        reason.iter().for_each(|reason| _ = reasons.entry(credential.row).or_insert(reason));
    }
    let (mut changes, mut noted) = (Vec::new(), HashSet::new());
    for Registered { credential, .. } in registered {
        let index = credential.state.log_index;
        let Some(change) = index.and_then(|index| by_index.get(&index)) else { continue };
        let status = match change.status {
            CredentialStatus::Revoked => Status::Revoked,
            CredentialStatus::Suspended => Status::Suspended,
            CredentialStatus::Active | CredentialStatus::Confirmed | CredentialStatus::Disputed => {
                Status::Active
            }
        };
        if credential.status() != status && noted.insert(credential.row) {
            let reason = reasons.get(&credential.row).map(|reason| (*reason).to_owned());
            changes.push((credential.row, StatusChange { status, reason, at_ms: now_ms }));
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use sanad_core::commitment::Secret;
    use sanad_core::document::DocumentKind;
    use sanad_core::hash::Commitment;
    use sanad_core::ids::Height;
    use sanad_register::{Facts, Progress, State, Subject};

    use super::*;

    fn lines(text: &str) -> Vec<(Vec<String>, Option<String>, usize)> {
        let wanted = read_list(text.as_bytes(), Path::new("list.csv")).unwrap();
        wanted.into_iter().map(|one| (one.keys, one.reason, one.listed.unwrap().line)).collect()
    }

    fn line(keys: &[&str], reason: Option<&str>, line: usize) -> (Vec<String>, Option<String>, usize) {
        (keys.iter().map(|key| (*key).to_owned()).collect(), reason.map(str::to_owned), line)
    }

    fn registered(row: u64, reason: Option<&str>) -> Registered {
        let secret = Secret([7; 32]);
        let commitment = Commitment([0; 32]);
        let facts = Facts {
            batch: String::new(),
            subject: Subject::default(),
            file: String::new(),
            kind: DocumentKind::Json,
            digest: [0; 32],
            secret,
            summary: None,
            commitment,
            replaces: None,
            added_at_ms: 0,
        };
        let state = State {
            progress: Progress::Issued,
            batch_id: None,
            log_index: Some(LogIndex(row)),
            changes: Vec::new(),
        };
        let key = CredentialKey::Index(LogIndex(row));
        Registered {
            credential: Credential { row: RowNumber(row), facts, state },
            target: ChangeTarget { name: row.to_string(), listed: None, key },
            reason: reason.map(str::to_owned),
        }
    }

    fn revoked(index: u64) -> ChangedCredential {
        ChangedCredential {
            target: String::new(),
            log_index: LogIndex(index),
            status: CredentialStatus::Revoked,
            as_of: Height(1),
            as_of_ms: 0,
            already: false,
        }
    }

    #[test]
    fn each_row_is_noted_once_with_the_reason_of_any_of_its_lines() {
        let lines = [registered(2, None), registered(1, Some("moved")), registered(2, Some("plagiarism"))];
        let changes = changes_of(&lines, &[revoked(1), revoked(2), revoked(3)], 5);
        let change = |reason: &str| StatusChange {
            status: Status::Revoked,
            reason: Some(reason.to_owned()),
            at_ms: 5,
        };
        assert_eq!(changes, [(RowNumber(2), change("plagiarism")), (RowNumber(1), change("moved"))]);
    }

    #[test]
    fn a_long_list_is_noted_in_a_moment() {
        let rows = 0..50_000;
        let lines: Vec<_> = rows.clone().map(|row| registered(row, Some("moved"))).collect();
        let changed: Vec<_> = rows.map(revoked).collect();
        let begun = std::time::Instant::now();
        assert_eq!(changes_of(&lines, &changed, 5).len(), lines.len());
        let taken = begun.elapsed();
        assert!(taken < std::time::Duration::from_secs(1), "{taken:?}");
    }

    #[test]
    fn a_list_has_columns_or_one_credential_a_line() {
        let with_head =
            "\u{feff}Email;Name;Reason;NIM\r\na@x.example;Siti;\"left; early\";\r\n\r\n;;;26/1\r\n";
        assert_eq!(
            lines(with_head),
            [line(&["email:a@x.example"], Some("left; early"), 2), line(&["number:26/1"], None, 4)]
        );
        let plain = "# withdrawn\na@x.example,plagiarism\nrow:7\n";
        assert_eq!(lines(plain), [line(&["a@x.example"], Some("plagiarism"), 2), line(&["row:7"], None, 3)]);
        assert_eq!(lines("row,email\n3,a@x.example\n"), [line(&["row:3", "email:a@x.example"], None, 2)]);
        assert_eq!(lines(""), []);
        let indonesian = "No. Sertifikat;Nama;Alasan\nUM/2026/1;Siti;plagiat\n";
        assert_eq!(lines(indonesian), [line(&["certificate:UM/2026/1"], Some("plagiat"), 2)]);
        let heads = "Baris;Surel;Nomor;Berkas;Alasan\n7;a@x.example;26001;a.json;plagiat\n";
        let keys = ["row:7", "email:a@x.example", "number:26001", "file:a.json"];
        assert_eq!(lines(heads), [line(&keys, Some("plagiat"), 2)]);
        assert_eq!(
            lines("No. Baris\tAlamat Surel\tKeterangan\n7\ta@x.example\tmundur\n"),
            [line(&["row:7", "email:a@x.example"], Some("mundur"), 2)]
        );
        // A cell may say what its column says.
        assert_eq!(
            lines("row,file,reason\nrow:38,file:a.json,plagiat\n"),
            [line(&["row:38", "file:a.json"], Some("plagiat"), 2)]
        );
        assert_eq!(lines("a@x.example,left,,\n"), [line(&["a@x.example"], Some("left"), 1)]);
        for (text, what) in [
            ("a@x.example,left\no96@x.example,because, of, commas\n", "list.csv:2: it has 4 fields"),
            ("email,reason\na@x.example,because, of commas\n", "list.csv:2: it has 3 fields"),
        ] {
            let refused = read_list(text.as_bytes(), Path::new("list.csv")).unwrap_err().to_string();
            assert!(refused.starts_with(what), "{refused}");
        }
        let refused = read_list(b"NIM\n\xe9\n", Path::new("list.csv")).unwrap_err().to_string();
        assert!(refused.contains("neither UTF-8 text nor an XLSX workbook"), "{refused}");
    }
}
