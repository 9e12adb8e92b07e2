//! The issuer's running number of each credential: its position in the issuer's status lists.
//!
//! A position is allotted before a credential is signed, and stays that credential's for good: also if it is never signed,
//! and after its row was erased. So a status list names each credential once, whatever was interrupted.

use std::collections::HashSet;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};
use sanad_core::hash::Commitment;

use crate::cipher::{BLIND_BYTES, Keys, SEAL_BYTES};
use crate::credential::{NewCredential, Position, RowNumber};
use crate::error::{Part, RegisterError};
use crate::reading::blind_entry;
use crate::register::{Register, read_head, write_head};
use crate::schema::{LISTED, POSITIONS_MAX, damaged, failed};

impl Register {
    /// The positions of credentials, by their ids. Those that have none get the next ones, in one transaction and in an order
    /// that says nothing of theirs.
    ///
    /// # Errors
    /// [`RegisterError`]; then none was allotted.
    pub fn positions(&mut self, ids: &[&str]) -> Result<Vec<u64>, RegisterError> {
        let Self { connection, keys, path, .. } = self;
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| failed(path, error))?;
        let mut head = read_head(&transaction, keys, path)?;
        let blinds: Vec<_> = ids.iter().map(|id| blind_position(keys, id)).collect();
        let mut new = Vec::new();
        for blind in &blinds {
            if number_of(&transaction, path, blind)?.is_none() {
                new.push(*blind);
            }
        }
        new.sort_unstable();
        new.dedup();
        for (number, blind) in (next_number(&transaction, path)?..).zip(&new) {
            insert(&transaction, path, number, blind, None)?;
        }
        head.positions += new.len() as u64;
        write_head(&transaction, keys, path, &head)?;
        let numbers: Option<Vec<u64>> = blinds
            .iter()
            .map(|blind| number_of(&transaction, path, blind))
            .collect::<Result<_, RegisterError>>()?;
        transaction.commit().map_err(|error| failed(path, error))?;
        numbers.ok_or_else(|| damaged(path, Part::Positions))
    }

    /// Whether a credential, by its id, was issued with a position and has been erased since.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub fn is_erased(&self, id: &str) -> Result<bool, RegisterError> {
        let failed = |error| failed(&self.path, error);
        let blind = blind_position(&self.keys, id);
        let place: Option<(i64, Option<[u8; ENTRY_BYTES]>)> = self
            .connection
            .prepare_cached("SELECT number, entry FROM position WHERE credential = ?1")
            .and_then(|mut place| place.query_row([blind], |row| Ok((row.get(0)?, row.get(1)?))).optional())
            .map_err(failed)?;
        let Some((number, Some(sealed))) = place else { return Ok(false) };
        let commitment = open(&self.keys, RowNumber::of_sql(number).0, &blind, &sealed)
            .ok_or_else(|| damaged(&self.path, Part::Positions))?;
        let living = self
            .connection
            .prepare_cached("SELECT 1 FROM credential WHERE entry = ?1")
            .and_then(|mut living| living.exists([blind_entry(&self.keys, &commitment)]))
            .map_err(failed)?;
        Ok(!living)
    }

    /// How many of an issuer's entries this register can have no row of: those that it knows by no commitment, less its
    /// erased rows, which name none any more.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub fn lacking<'a>(
        &self,
        issued: impl IntoIterator<Item = &'a Commitment>,
    ) -> Result<usize, RegisterError> {
        let failed = |error| failed(&self.path, error);
        let rows = self.check_count()?;
        let listed: HashSet<Commitment> =
            self.listed()?.0.into_iter().map(|(_, commitment)| commitment).collect();
        let transaction = self.connection.unchecked_transaction().map_err(failed)?;
        let mut known =
            transaction.prepare_cached("SELECT 1 FROM credential WHERE entry = ?1").map_err(failed)?;
        let mut unknown = 0_usize;
        for commitment in issued {
            let is_known = listed.contains(commitment)
                || known.exists([blind_entry(&self.keys, commitment)]).map_err(failed)?;
            unknown += usize::from(!is_known);
        }
        let living: i64 = transaction
            .query_row("SELECT count(*) FROM credential WHERE destruction IS NULL", [], |row| row.get(0))
            .map_err(failed)?;
        let erased = usize::try_from(rows.saturating_sub(RowNumber::of_sql(living).0)).unwrap_or(usize::MAX);
        Ok(unknown.saturating_sub(erased))
    }

    /// The commitments that stand at positions, erased credentials included, in the order of positions; and how many positions
    /// there are, up to the last one that was allotted.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub fn listed(&self) -> Result<(Vec<(u64, Commitment)>, u64), RegisterError> {
        listed(&self.connection, &self.keys, &self.path)
    }
}

/// As [`Register::listed`].
pub(crate) fn listed(
    connection: &Connection,
    keys: &Keys,
    path: &Path,
) -> Result<(Vec<(u64, Commitment)>, u64), RegisterError> {
    let failed = |error| failed(path, error);
    let transaction = connection.unchecked_transaction().map_err(failed)?;
    let head = read_head(&transaction, keys, path)?;
    let mut statement = transaction
        .prepare_cached("SELECT number, credential, entry FROM position ORDER BY number")
        .map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    let (mut listed, mut count, mut end) = (Vec::new(), 0, 0);
    while let Some(row) = rows.next().map_err(failed)? {
        let number = RowNumber::of_sql(row.get(0).map_err(failed)?).0;
        let (blind, entry): ([u8; BLIND_BYTES], Option<[u8; ENTRY_BYTES]>) =
            (row.get(1).map_err(failed)?, row.get(2).map_err(failed)?);
        if let Some(sealed) = entry {
            let opened = open(keys, number, &blind, &sealed);
            listed.push((number, opened.ok_or_else(|| damaged(path, Part::Positions))?));
        }
        (count, end) = (count + 1, number + 1);
    }
    match count == head.positions {
        true => Ok((listed, end)),
        false => Err(damaged(path, Part::Positions)),
    }
}

/// Notes which commitment stands at the position that a document names. Returns whether the position is new to the register.
pub(crate) fn enter(
    connection: &Connection,
    keys: &Keys,
    path: &Path,
    new: &NewCredential,
) -> Result<bool, RegisterError> {
    let Some(position) = &new.position else { return Ok(false) };
    let (number, blind) = (position.number, blind_position(keys, &position.credential));
    let taken = || RegisterError::Position { number, name: new.file.clone() };
    if number >= POSITIONS_MAX {
        return Err(RegisterError::Full { what: "positions in status lists", limit: POSITIONS_MAX });
    }
    let failed = |error| failed(path, error);
    let there: Option<([u8; BLIND_BYTES], Option<[u8; ENTRY_BYTES]>)> = connection
        .prepare_cached("SELECT credential, entry FROM position WHERE number = ?1")
        .and_then(|mut statement| {
            statement.query_row([RowNumber(number).sql()], |row| Ok((row.get(0)?, row.get(1)?))).optional()
        })
        .map_err(failed)?;
    let sealed = keys.file.seal(LISTED, RowNumber(number), &blind, &new.commitment.0)?;
    match there {
        None if number_of(connection, path, &blind)?.is_some() => Err(taken()),
        None => insert(connection, path, number, &blind, Some(&sealed)).map(|()| true),
        Some((credential, _)) if credential != blind => Err(taken()),
        Some((_, Some(entry))) => match open(keys, number, &blind, &entry) {
            Some(commitment) if commitment == new.commitment => Ok(false),
            Some(_) => Err(taken()),
            None => Err(damaged(path, Part::Positions)),
        },
        Some((_, None)) => connection
            .prepare_cached("UPDATE position SET entry = ?2 WHERE number = ?1")
            .and_then(|mut statement| statement.execute(params![RowNumber(number).sql(), sealed]))
            .map(|_| false)
            .map_err(failed),
    }
}

/// Takes a commitment from the position that it stands at: it is not entered, and never will be.
pub(crate) fn leave(
    connection: &Connection,
    keys: &Keys,
    path: &Path,
    position: &Position,
    commitment: &Commitment,
) -> Result<(), RegisterError> {
    let (number, failed) = (RowNumber(position.number), |error| failed(path, error));
    let there: Option<([u8; BLIND_BYTES], Option<[u8; ENTRY_BYTES]>)> = connection
        .prepare_cached("SELECT credential, entry FROM position WHERE number = ?1")
        .and_then(|mut statement| {
            statement.query_row([number.sql()], |row| Ok((row.get(0)?, row.get(1)?))).optional()
        })
        .map_err(failed)?;
    let Some((blind, Some(entry))) = there else { return Ok(()) };
    match open(keys, number.0, &blind, &entry) {
        Some(stands) if stands == *commitment => connection
            .prepare_cached("UPDATE position SET entry = NULL WHERE number = ?1")
            .and_then(|mut statement| statement.execute([number.sql()]))
            .map(drop)
            .map_err(failed),
        Some(_) => Ok(()),
        None => Err(damaged(path, Part::Positions)),
    }
}

fn open(keys: &Keys, number: u64, blind: &[u8; BLIND_BYTES], sealed: &[u8]) -> Option<Commitment> {
    let opened = keys.file.open(LISTED, RowNumber(number), blind, sealed)?;
    opened.as_slice().try_into().ok().map(Commitment)
}

fn number_of(
    connection: &Connection,
    path: &Path,
    blind: &[u8; BLIND_BYTES],
) -> Result<Option<u64>, RegisterError> {
    connection
        .prepare_cached("SELECT number FROM position WHERE credential = ?1")
        .and_then(|mut statement| statement.query_row([blind], |row| row.get(0)).optional())
        .map(|number| number.map(|number| RowNumber::of_sql(number).0))
        .map_err(|error| failed(path, error))
}

fn next_number(connection: &Connection, path: &Path) -> Result<u64, RegisterError> {
    connection
        .query_row("SELECT coalesce(max(number) + 1, 0) FROM position", [], |row| row.get(0))
        .map(|number| RowNumber::of_sql(number).0)
        .map_err(|error| failed(path, error))
}

fn insert(
    connection: &Connection,
    path: &Path,
    number: u64,
    blind: &[u8; BLIND_BYTES],
    entry: Option<&[u8]>,
) -> Result<(), RegisterError> {
    if number >= POSITIONS_MAX {
        return Err(RegisterError::Full { what: "positions in status lists", limit: POSITIONS_MAX });
    }
    connection
        .prepare_cached("INSERT INTO position (number, credential, entry) VALUES (?1, ?2, ?3)")
        .and_then(|mut statement| statement.execute(params![RowNumber(number).sql(), blind, entry]))
        .map(drop)
        .map_err(|error| failed(path, error))
}

fn blind_position(keys: &Keys, id: &str) -> [u8; BLIND_BYTES] {
    keys.blind("position", &[id.as_bytes()])
}

/// A sealed commitment.
const ENTRY_BYTES: usize = 32 + SEAL_BYTES;
