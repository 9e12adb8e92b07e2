//! Reading a register from end to end: every value opens in its place, and all of a row fit together.

use std::path::Path;

use rusqlite::Connection;
use sanad_core::document;
use sanad_core::event::Event;
use sanad_core::receipt::Receipt;

use crate::cipher::Keys;
use crate::credential::{Credential, Progress, Row, RowNumber};
use crate::error::{Part, RegisterError};
use crate::positions;
use crate::reading::Reader;
use crate::register::{Owner, Register, read_head};
use crate::schema::{DOCUMENT, FACTS, RECEIPT, check};

impl Register {
    /// Reads everything, and says what is damaged: at most [`FAULTS_MAX`] parts. Nothing is whole that is not among them.
    /// `each` is called after every row.
    ///
    /// Opening a register checks its structure, and reading a row what is read of it; this opens every document and
    /// receipt as well.
    ///
    /// # Errors
    /// [`RegisterError`] if it cannot be read for another reason than damage.
    pub fn check(&self, each: impl FnMut()) -> Result<Vec<Part>, RegisterError> {
        faults(&self.connection, &self.keys, &self.path, self.owner(), each)
    }
}

/// What is damaged in the register of a connection.
pub(crate) fn faults(
    connection: &Connection,
    keys: &Keys,
    path: &Path,
    owner: &Owner,
    mut each: impl FnMut(),
) -> Result<Vec<Part>, RegisterError> {
    let reader = Reader { connection, keys, path };
    let mut faults = Vec::new();
    let mut note = |checked: Result<(), RegisterError>| match checked {
        Err(RegisterError::Damaged { part, .. }) => {
            if !faults.contains(&part) {
                faults.push(part);
            }
            Ok(faults.len() < FAULTS_MAX)
        }
        Err(error) => Err(error),
        Ok(()) => Ok(true),
    };
    note(check(connection, path))?;
    let rows = match read_head(connection, keys, path) {
        Ok(head) => head.rows,
        Err(error) => {
            note(Err(error))?;
            0
        }
    };
    note(positions::listed(connection, keys, path).map(drop))?;
    for row in (1..=rows).map(RowNumber) {
        if !note(fits(&reader, row, owner))? {
            break;
        }
        each();
    }
    Ok(faults)
}

/// Checks that all values of a row open, and belong together.
fn fits(reader: &Reader<'_>, row: RowNumber, owner: &Owner) -> Result<(), RegisterError> {
    let fault = |column: &'static str| RegisterError::Damaged {
        path: reader.path.to_owned(),
        part: Part::Cell { row, column },
    };
    let credential = match reader.row(row)? {
        Some(Row::Credential(credential)) => credential,
        Some(Row::Erased { .. }) => return Ok(()),
        None => return Err(fault("row")),
    };
    let Credential { facts, state, .. } = &*credential;
    let opened =
        credential.opening().commitment(&owner.chain_id, &owner.issuer, facts.kind, Some(&facts.digest));
    if opened != Ok(facts.commitment) {
        return Err(fault(FACTS.name));
    }
    let document = reader.document(row)?;
    if document::digest(facts.kind, &document).ok() != Some(facts.digest) {
        return Err(fault(DOCUMENT.name));
    }
    let receipt = reader.receipt(row)?;
    let belongs = |receipt: &[u8]| {
        Receipt::from_json(receipt).is_ok_and(|receipt| {
            receipt.proof.entry.event == Event::Issue { commitment: facts.commitment }
                && receipt.opening == credential.opening()
        })
    };
    match (state.progress, receipt) {
        (Progress::Issued, Some(receipt)) if belongs(&receipt) => Ok(()),
        (Progress::Planned | Progress::Submitted, None) => Ok(()),
        _ => Err(fault(RECEIPT.name)),
    }
}

/// Most damaged parts that are named.
pub const FAULTS_MAX: usize = 1000;
