//! What becomes of rows: submitted, issued, of another status, erased.

use std::path::Path;

use rusqlite::{Transaction, TransactionBehavior, params};
use sanad_core::destruction::DestructionRecord;
use sanad_core::event::Event;
use sanad_core::hash::BatchId;
use sanad_core::proof::StatusProof;
use sanad_core::receipt::{RECEIPT_JSON_BYTES_MAX, Receipt};
use sanad_core::status::{self, status_in_leaf};

use crate::cipher::{Keys, Sealer};
use crate::credential::{
    Credential, Progress, REASON_BYTES_MAX, Replaced, Row, RowNumber, STATUS_CHANGES_MAX, State, Status,
    StatusChange,
};
use crate::error::RegisterError;
use crate::reading::Reader;
use crate::register::{Register, to_json};
use crate::schema::{DESTRUCTION, RECEIPT, STATE, failed};

impl Register {
    /// Notes that rows leave in a batch. Requires that it is called before the batch is sent.
    ///
    /// # Errors
    /// [`RegisterError`]; then no row was changed.
    pub fn submitted(&mut self, rows: &[RowNumber], batch: &BatchId) -> Result<(), RegisterError> {
        self.change(|changing| {
            for &row in rows {
                let Credential { state, .. } = changing.credential(row)?;
                if state.progress == Progress::Issued {
                    return Err(RegisterError::Progress { row, progress: state.progress });
                }
                let state = State { progress: Progress::Submitted, batch_id: Some(*batch), ..state };
                changing.write_state(row, &changing.reader().sealer_of(row)?, &state)?;
            }
            Ok(())
        })
    }

    /// Notes that rows are in the ledger, and keeps their receipts. A row that has a receipt gets the new one, and the status
    /// that it proves unless a newer one is known; a row that is replaced by one of them is revoked.
    ///
    /// The receipts are not verified: requires that their proofs hold.
    ///
    /// # Errors
    /// [`RegisterError::DoesNotOpen`] if a receipt is another credential's; then no row was changed.
    pub fn issued(&mut self, receipts: &[(RowNumber, Receipt)]) -> Result<(), RegisterError> {
        let owner = self.owner().clone();
        self.change(|changing| {
            for (row, receipt) in receipts {
                let credential = changing.credential(*row)?;
                let commitment = credential.facts.commitment;
                let proof = &receipt.proof;
                if proof.entry.event != (Event::Issue { commitment })
                    || proof.entry.issuer != owner.issuer
                    || proof.header.chain_id != owner.chain_id
                    || receipt.opening != credential.opening()
                {
                    return Err(RegisterError::DoesNotOpen(commitment));
                }
                let (text, limit) = (receipt.to_json(), RECEIPT_JSON_BYTES_MAX);
                if text.len() > limit {
                    return Err(RegisterError::TooLong { what: "receipt", actual: text.len(), limit });
                }
                let sealer = changing.reader().sealer_of(*row)?;
                let sealed = sealer.seal(RECEIPT, *row, &[], text.as_bytes())?;
                changing.update("UPDATE credential SET receipt = ?2 WHERE row = ?1", *row, &sealed)?;
                let log_index = Some(proof.index);
                let proved = proved_change(&credential, proof);
                let state = State { progress: Progress::Issued, log_index, ..credential.state };
                match proved {
                    Some(change) => changing.change_status(*row, state, change)?,
                    None => changing.write_state(*row, &sealer, &state)?,
                }
                if let Some(replaced) = &credential.facts.replaces {
                    changing.replaced(replaced, *row, proof.header.time_ms)?;
                }
            }
            Ok(())
        })
    }

    /// Notes a change of status of issued rows, each with its reason. The oldest changes make way for the newest.
    ///
    /// # Errors
    /// [`RegisterError`]; then no row was changed.
    pub fn status_changed(&mut self, changes: &[(RowNumber, StatusChange)]) -> Result<(), RegisterError> {
        self.change(|changing| {
            for (row, change) in changes {
                check_reason(change.reason.as_deref())?;
                changing.change_status(*row, changing.credential(*row)?.state, change.clone())?;
            }
            Ok(())
        })
    }

    /// Destroys secret, document, receipt and everything else that rows say, and keeps a signed record of each, and the
    /// keyed hash of who was awarded what: so the same roster does not issue it again.
    ///
    /// The file is then written anew, so that nothing of it can be found in it or its journal. Copies and backups are
    /// the caller's to destroy.
    ///
    /// # Errors
    /// [`RegisterError::TracesRemain`] if another program has the file open, [`RegisterError::NotWrittenAnew`] if there is no room for
    /// the new file: the rows are destroyed all the same, and [`Register::compact`] clears the traces later.
    pub fn erase(&mut self, records: &[(RowNumber, DestructionRecord)]) -> Result<(), RegisterError> {
        self.change(|changing| {
            for (row, record) in records {
                changing.credential(*row)?;
                let sealed = changing.keys.file.seal(DESTRUCTION, *row, &[], record.to_json().as_bytes())?;
                changing.update(
                    "UPDATE credential SET entry = NULL, email = NULL, student = NULL, key = NULL, \
                     facts = NULL, state = NULL, document = NULL, receipt = NULL, destruction = ?2 WHERE row = ?1",
                    *row,
                    &sealed,
                )?;
            }
            Ok(())
        })?;
        self.compact().map_err(|error| match error {
            RegisterError::TracesRemain(path) => RegisterError::TracesRemain(path),
            source => RegisterError::NotWrittenAnew { path: self.path.clone(), source: Box::new(source) },
        })
    }

    fn change(
        &mut self,
        change: impl FnOnce(&Changing<'_>) -> Result<(), RegisterError>,
    ) -> Result<(), RegisterError> {
        let Self { connection, keys, path, .. } = self;
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| failed(path, error))?;
        let changing = Changing { transaction, keys, path };
        change(&changing)?;
        changing.transaction.commit().map_err(|error| failed(path, error))
    }
}

/// The change of status that a proof shows, if the row knows nothing newer. What is revoked stays revoked.
fn proved_change(credential: &Credential, proof: &StatusProof) -> Option<StatusChange> {
    let status = match status_in_leaf(&proof.status_leaf, proof.index) {
        status::Status::Active | status::Status::Confirmed => Status::Active,
        status::Status::Suspended => Status::Suspended,
        status::Status::Revoked => Status::Revoked,
    };
    let (known, at_ms) = (credential.status(), proof.header.time_ms);
    let is_newer = credential.state.changes.last().is_none_or(|last| last.at_ms < at_ms);
    let is_changed = known != status && known != Status::Revoked && (status == Status::Revoked || is_newer);
    is_changed.then_some(StatusChange { status, reason: None, at_ms })
}

pub(crate) fn check_reason(reason: Option<&str>) -> Result<(), RegisterError> {
    match reason.map_or(0, str::len) {
        actual if actual > REASON_BYTES_MAX => {
            Err(RegisterError::TooLong { what: "reason", actual, limit: REASON_BYTES_MAX })
        }
        _ => Ok(()),
    }
}

/// A transaction that changes rows.
struct Changing<'a> {
    transaction: Transaction<'a>,
    keys: &'a Keys,
    path: &'a Path,
}

impl Changing<'_> {
    fn reader(&self) -> Reader<'_> {
        Reader { connection: &self.transaction, keys: self.keys, path: self.path }
    }

    fn credential(&self, row: RowNumber) -> Result<Credential, RegisterError> {
        match self.reader().row(row)? {
            Some(Row::Credential(credential)) => Ok(*credential),
            Some(Row::Erased { row, .. }) => Err(RegisterError::Erased(row)),
            None => Err(RegisterError::NoRow(row)),
        }
    }

    /// Notes that a row was revoked in the batch that issued another. It may be erased since.
    fn replaced(&self, replaced: &Replaced, by: RowNumber, at_ms: u64) -> Result<(), RegisterError> {
        let Some(Row::Credential(old)) = self.reader().row(replaced.row)? else { return Ok(()) };
        if old.status() == Status::Revoked {
            return Ok(());
        }
        let reason = replaced.reason.clone().unwrap_or_else(|| format!("replaced by row {by}"));
        let change = StatusChange { status: Status::Revoked, reason: Some(reason), at_ms };
        self.change_status(replaced.row, old.state, change)
    }

    fn change_status(
        &self,
        row: RowNumber,
        mut state: State,
        change: StatusChange,
    ) -> Result<(), RegisterError> {
        if state.changes.len() >= STATUS_CHANGES_MAX {
            state.changes.remove(0);
        }
        state.changes.push(change);
        self.write_state(row, &self.reader().sealer_of(row)?, &state)
    }

    fn write_state(&self, row: RowNumber, sealer: &Sealer, state: &State) -> Result<(), RegisterError> {
        let sealed = sealer.seal(STATE, row, &[], &to_json(state))?;
        self.update("UPDATE credential SET state = ?2 WHERE row = ?1", row, &sealed)
    }

    fn update(&self, statement: &str, row: RowNumber, value: &[u8]) -> Result<(), RegisterError> {
        let done = self.transaction.prepare_cached(statement);
        done.and_then(|mut statement| statement.execute(params![row.sql(), value]))
            .map_err(|error| failed(self.path, error))
            .map(drop)
    }
}
