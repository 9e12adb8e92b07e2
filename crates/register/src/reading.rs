//! Reading rows: each is opened, and what does not open is damage.

use std::ops::ControlFlow;
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension as _, Params};
use sanad_core::document::DOCUMENT_BYTES_MAX;
use sanad_core::hash::Commitment;
use sanad_core::receipt::RECEIPT_JSON_BYTES_MAX;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::cipher::{BLIND_BYTES, Column, KEY_BYTES, Keys, SEAL_BYTES, Sealer};
use crate::credential::{Credential, Facts, Progress, Row, RowNumber, State};
use crate::error::{Part, RegisterError};
use crate::register::Register;
use crate::schema::{DESTRUCTION, DOCUMENT, FACTS, KEY, RECEIPT, SMALL_BYTES_MAX, STATE, damaged, failed};
use crate::subject::normal;

/// What rows are looked up by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// The number of a row.
    Row(RowNumber),
    /// An e-mail address, in whatever case.
    Email(String),
    /// A student number, in whatever case.
    StudentNumber(String),
    /// The commitment in the ledger.
    Commitment(Commitment),
}

impl Register {
    /// How many rows there are, erased ones included.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub fn rows(&self) -> Result<u64, RegisterError> {
        self.check_count()
    }

    /// A row.
    ///
    /// # Errors
    /// [`RegisterError::NoRow`], or another.
    pub fn row(&self, row: RowNumber) -> Result<Row, RegisterError> {
        self.reader().row(row)?.ok_or(RegisterError::NoRow(row))
    }

    /// A row that was not erased.
    ///
    /// # Errors
    /// [`RegisterError::NoRow`], [`RegisterError::Erased`], or another.
    pub fn credential(&self, row: RowNumber) -> Result<Credential, RegisterError> {
        match self.row(row)? {
            Row::Credential(credential) => Ok(*credential),
            Row::Erased { row, .. } => Err(RegisterError::Erased(row)),
        }
    }

    /// The rows that a query finds, in their order; none that were erased, but by their number.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub fn find(&self, query: &Query) -> Result<Vec<Row>, RegisterError> {
        let reader = self.reader();
        let (column, blind) = match query {
            Query::Row(row) => return Ok(reader.row(*row)?.into_iter().collect()),
            Query::Email(text) => ("email", blind_email(&self.keys, text)),
            Query::StudentNumber(text) => ("student", blind_student(&self.keys, text)),
            Query::Commitment(commitment) => ("entry", blind_entry(&self.keys, commitment)),
        };
        let mut found = Vec::new();
        reader.select(&format!("WHERE {column} = ?1 ORDER BY row"), [blind], |row| {
            found.push(row);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(found)
    }

    /// Every row, in order, until `take` breaks.
    ///
    /// # Errors
    /// [`RegisterError`], or what `take` fails with.
    pub fn visit(
        &self,
        take: impl FnMut(Row) -> Result<ControlFlow<()>, RegisterError>,
    ) -> Result<(), RegisterError> {
        self.check_count()?;
        self.reader().select("ORDER BY row", [], take)
    }

    /// The credentials with a text in name, e-mail address, student number, title, batch or file name, in whatever case.
    /// Every row is opened for it.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub fn search(&self, text: &str) -> Result<Vec<Credential>, RegisterError> {
        let wanted = searched(text);
        let mut found = Vec::new();
        self.visit(|row| {
            if let Row::Credential(credential) = row
                && texts_of(&credential.facts).any(|text| searched(text).contains(&wanted))
            {
                found.push(*credential);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(found)
    }

    /// The document of a row, as it was issued.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub fn document(&self, row: RowNumber) -> Result<Zeroizing<Vec<u8>>, RegisterError> {
        self.reader().document(row)
    }

    /// The receipt of a row in its JSON form; `None` until it is issued.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub fn receipt(&self, row: RowNumber) -> Result<Option<Zeroizing<Vec<u8>>>, RegisterError> {
        self.reader().receipt(row)
    }

    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader { connection: &self.connection, keys: &self.keys, path: &self.path }
    }
}

/// A text as it is searched for: apostrophes are written in many ways.
fn searched(text: &str) -> String {
    let is_apostrophe = ['\u{2018}', '\u{2019}', '\u{201b}', '\u{2bb}', '\u{2bc}', '\u{2032}', '`', '\u{b4}'];
    normal(text).replace(is_apostrophe, "'")
}

fn texts_of(facts: &Facts) -> impl Iterator<Item = &str> {
    let (subject, person) = (&facts.subject, &facts.subject.person);
    [&person.name, &person.email, &person.student_number, &subject.title]
        .into_iter()
        .flatten()
        .chain([&facts.batch, &facts.file])
        .map(String::as_str)
}

/// Reads rows, within a transaction or without.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) keys: &'a Keys,
    pub(crate) path: &'a Path,
}

impl Reader<'_> {
    pub(crate) fn row(&self, row: RowNumber) -> Result<Option<Row>, RegisterError> {
        let mut found = None;
        self.select("WHERE row = ?1", [row.sql()], |row| {
            found = Some(row);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(found)
    }

    /// The row with a blind value that is unique.
    pub(crate) fn by_blind(
        &self,
        column: &str,
        blind: &[u8; BLIND_BYTES],
    ) -> Result<Option<Row>, RegisterError> {
        let mut found = None;
        self.select(&format!("WHERE {column} = ?1"), [blind], |row| {
            found = Some(row);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(found)
    }

    fn select(
        &self,
        which: &str,
        parameters: impl Params,
        mut take: impl FnMut(Row) -> Result<ControlFlow<()>, RegisterError>,
    ) -> Result<(), RegisterError> {
        let failed = |error| failed(self.path, error);
        let columns =
            "row, identity, entry, email, student, key, facts, state, destruction, receipt IS NOT NULL";
        let mut statement = self
            .connection
            .prepare_cached(&format!("SELECT {columns} FROM credential {which}"))
            .map_err(failed)?;
        let mut rows = statement.query(parameters).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            if take(self.open(row)?)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn open(&self, found: &rusqlite::Row<'_>) -> Result<Row, RegisterError> {
        let row = RowNumber::of_sql(found.get(0).map_err(|error| failed(self.path, error))?);
        let fault = |column: Column| damaged(self.path, Part::Cell { row, column: column.name });
        let cell = |place: usize, column: Column| -> Result<Option<&[u8]>, RegisterError> {
            match found.get_ref(place) {
                Ok(ValueRef::Null) => Ok(None),
                Ok(ValueRef::Blob(bytes)) if bytes.len() <= SMALL_BYTES_MAX => Ok(Some(bytes)),
                _ => Err(fault(column)),
            }
        };
        let blinds = [1, 2, 3, 4].map(|place| cell(place, FACTS));
        let [identity, entry, email, student] = blinds;
        let bound = bound(&[identity?, entry?, email?, student?]);
        let (key, facts, state) = (cell(5, KEY)?, cell(6, FACTS)?, cell(7, STATE)?);
        let has_receipt: bool = found.get(9).map_err(|error| failed(self.path, error))?;
        if let Some(destruction) = cell(8, DESTRUCTION)? {
            let record = self.keys.file.open(DESTRUCTION, row, &[], destruction);
            let record = record.and_then(|record| String::from_utf8(record.to_vec()).ok());
            let nothing_left = key.is_none() && facts.is_none() && state.is_none() && !has_receipt;
            let record = record.filter(|_| nothing_left).ok_or_else(|| fault(DESTRUCTION))?;
            return Ok(Row::Erased { row, record });
        }
        let sealer = self.sealer(row, key)?;
        let facts: Facts = opened(&sealer, FACTS, row, &bound, facts).ok_or_else(|| fault(FACTS))?;
        let state: State = opened(&sealer, STATE, row, &[], state).ok_or_else(|| fault(STATE))?;
        if has_receipt != (state.progress == Progress::Issued) {
            return Err(fault(RECEIPT));
        }
        Ok(Row::Credential(Box::new(Credential { row, facts, state })))
    }

    /// What opens and seals the values of a row.
    pub(crate) fn sealer(&self, row: RowNumber, key: Option<&[u8]>) -> Result<Sealer, RegisterError> {
        let opened = key.and_then(|key| self.keys.file.open(KEY, row, &[], key));
        let key: Option<Zeroizing<[u8; KEY_BYTES]>> =
            opened.and_then(|key| key.as_slice().try_into().ok().map(Zeroizing::new));
        let key = key.ok_or_else(|| damaged(self.path, Part::Cell { row, column: KEY.name }))?;
        Ok(Sealer::new(&key))
    }

    pub(crate) fn sealer_of(&self, row: RowNumber) -> Result<Sealer, RegisterError> {
        let key: Option<Option<Vec<u8>>> = self
            .connection
            .query_row(
                "SELECT key FROM credential WHERE row = ?1 AND coalesce(length(key), 0) <= ?2",
                [row.sql(), SMALL_BYTES_MAX as i64],
                |row| row.get(0),
            )
            .optional()
            .map_err(|error| failed(self.path, error))?;
        self.sealer(row, key.flatten().as_deref())
    }

    pub(crate) fn document(&self, row: RowNumber) -> Result<Zeroizing<Vec<u8>>, RegisterError> {
        let document = self.large(row, DOCUMENT, DOCUMENT_BYTES_MAX)?;
        document.ok_or_else(|| damaged(self.path, Part::Cell { row, column: DOCUMENT.name }))
    }

    pub(crate) fn receipt(&self, row: RowNumber) -> Result<Option<Zeroizing<Vec<u8>>>, RegisterError> {
        self.large(row, RECEIPT, RECEIPT_JSON_BYTES_MAX)
    }

    /// A large value of a row that was not erased; `None` if there is none.
    fn large(
        &self,
        row: RowNumber,
        column: Column,
        bytes_max: usize,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, RegisterError> {
        match self.row(row)? {
            None => return Err(RegisterError::NoRow(row)),
            Some(Row::Erased { row, .. }) => return Err(RegisterError::Erased(row)),
            Some(Row::Credential(_)) => {}
        }
        let sealer = self.sealer_of(row)?;
        let failed = |error| failed(self.path, error);
        let mut statement = self
            .connection
            .prepare_cached(&format!("SELECT {} FROM credential WHERE row = ?1", column.name))
            .map_err(failed)?;
        let mut rows = statement.query([row.sql()]).map_err(failed)?;
        let found = rows.next().map_err(failed)?.ok_or(RegisterError::NoRow(row))?;
        let fault = || damaged(self.path, Part::Cell { row, column: column.name });
        match found.get_ref(0).map_err(failed)? {
            ValueRef::Null => Ok(None),
            ValueRef::Blob(sealed) if sealed.len() <= bytes_max + SEAL_BYTES => {
                sealer.open(column, row, &[], sealed).map(Some).ok_or_else(fault)
            }
            _ => Err(fault()),
        }
    }
}

fn opened<T: DeserializeOwned>(
    sealer: &Sealer,
    column: Column,
    row: RowNumber,
    more: &[u8],
    sealed: Option<&[u8]>,
) -> Option<T> {
    serde_json::from_slice(&sealer.open(column, row, more, sealed?)?).ok()
}

/// What the facts of a row are bound to: its values in the indexes, each with a byte that says whether it is there.
pub(crate) fn bound(blinds: &[Option<&[u8]>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for blind in blinds {
        bytes.push(u8::from(blind.is_some()));
        bytes.extend_from_slice(blind.unwrap_or_default());
    }
    bytes
}

pub(crate) fn blind_email(keys: &Keys, text: &str) -> [u8; BLIND_BYTES] {
    keys.blind("email", &[normal(text).as_bytes()])
}

pub(crate) fn blind_student(keys: &Keys, text: &str) -> [u8; BLIND_BYTES] {
    keys.blind("student", &[normal(text).as_bytes()])
}

pub(crate) fn blind_entry(keys: &Keys, commitment: &Commitment) -> [u8; BLIND_BYTES] {
    keys.blind("entry", &[&commitment.0])
}
