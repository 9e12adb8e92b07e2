//! Adding credentials that are about to be issued: all of them, or none.

use std::collections::HashSet;
use std::path::Path;

use rusqlite::{Transaction, TransactionBehavior, params};
use sanad_core::commitment::Opening;
use sanad_core::document::{self, DocumentKind};

use crate::cipher::{BLIND_BYTES, KEY_BYTES, Keys, Sealer, random};
use crate::credential::{Credential, Facts, NewCredential, Progress, Row, RowNumber, State, TEXT_BYTES_MAX};
use crate::error::{Clash, RegisterError, There};
use crate::positions;
use crate::reading::{Reader, blind_email, blind_entry, blind_student, bound};
use crate::register::{Head, Register, read_head, to_json, write_head};
use crate::schema::{DOCUMENT, FACTS, KEY, ROWS_MAX, STATE, failed};
use crate::subject::Subject;
use crate::writing::check_reason;

/// A transaction that adds credentials. Dropped without [`Adding::commit`], it adds nothing.
pub struct Adding<'a> {
    transaction: Transaction<'a>,
    keys: &'a Keys,
    path: &'a Path,
    head: Head,
    /// The last row that was there before.
    last: u64,
    clashes: Vec<Clash>,
    takes_back_erased: bool,
    may_renew: Option<MayRenew<'a>>,
    /// Whether a position came without a row.
    is_changed: bool,
    now_ms: u64,
}

/// Whether a row that is not issued, with its document, may take another document: it can never be entered.
type MayRenew<'a> = &'a dyn Fn(&Credential, &[u8]) -> bool;

/// A credential in the register.
#[derive(Clone, Debug)]
pub struct Added {
    /// Its row.
    pub row: RowNumber,
    /// What the register has of it. If it was there already, secret, summary and commitment are those to issue it with:
    /// the ledger takes each commitment once, so that nothing is issued twice.
    pub facts: Facts,
    /// Whether it was there already, and not yet issued.
    pub was_there: bool,
}

impl Register {
    /// Begins to add credentials. Other programs cannot write until it is committed or dropped.
    ///
    /// # Errors
    /// [`RegisterError`]; [`RegisterError::Busy`] if another program does not finish in time.
    pub fn begin(&mut self, now_ms: u64) -> Result<Adding<'_>, RegisterError> {
        let Self { connection, keys, path, .. } = self;
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| failed(path, error))?;
        let head = read_head(&transaction, keys, path)?;
        let last = head.rows;
        Ok(Adding {
            transaction,
            keys,
            path,
            head,
            last,
            clashes: Vec::new(),
            takes_back_erased: false,
            may_renew: None,
            is_changed: false,
            now_ms,
        })
    }
}

impl Register {
    /// Checks before they are signed that none of these credentials is there: each by what it is called and its subject.
    /// What was erased counts as there unless it is to be taken back.
    ///
    /// # Errors
    /// [`RegisterError::Clashes`] names every credential that is there, or that comes twice.
    pub fn check_new(
        &self,
        batch: &str,
        credentials: &[(String, Subject)],
        takes_back_erased: bool,
    ) -> Result<(), RegisterError> {
        let reader = self.reader();
        let (mut clashes, mut seen) = (Vec::new(), HashSet::new());
        for (name, subject) in credentials {
            let Some(identity) = blind_subject(&self.keys, batch, None, subject) else { continue };
            let with = match reader.by_blind("identity", &identity)? {
                Some(Row::Credential(there)) => Some(There::Row(there.row, there.state.progress)),
                Some(Row::Erased { row, .. }) if !takes_back_erased => Some(There::Erased(row)),
                _ => (!seen.insert(identity)).then_some(There::Twice),
            };
            clashes.extend(with.map(|with| Clash { name: name.clone(), with }));
        }
        if clashes.is_empty() { Ok(()) } else { Err(RegisterError::Clashes(clashes)) }
    }
}

impl<'a> Adding<'a> {
    /// Takes back persons who were erased, if they are among those to be added; otherwise they clash.
    #[must_use]
    pub fn taking_back_erased(self, takes_back: bool) -> Self {
        Self { takes_back_erased: takes_back, ..self }
    }

    /// Puts credentials in the place of rows that were not issued and never will be, as `may_renew` says of row and document;
    /// otherwise they clash.
    #[must_use]
    pub fn renewing(self, may_renew: &'a dyn Fn(&Credential, &[u8]) -> bool) -> Self {
        Self { may_renew: Some(may_renew), ..self }
    }

    /// Adds a credential. `None` if it clashes with one that is there; [`Adding::commit`] names all that do.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub fn add(&mut self, new: &NewCredential) -> Result<Option<Added>, RegisterError> {
        self.add_as(new, true)
    }

    /// Adds a credential that was issued before. The same person may have the same achievement already: that cannot be
    /// undone, and is kept.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub fn add_issued(&mut self, new: &NewCredential) -> Result<Option<Added>, RegisterError> {
        self.add_as(new, false)
    }

    fn add_as(&mut self, new: &NewCredential, unique: bool) -> Result<Option<Added>, RegisterError> {
        check_texts(new)?;
        let digest = document::digest(new.kind, &new.document)?;
        let reader = Reader { connection: &self.transaction, keys: self.keys, path: self.path };
        let mut identity = Some(blind_identity(self.keys, new, &digest));
        let entry = blind_entry(self.keys, &new.commitment);
        let there = match identity
            .as_ref()
            .map(|identity| reader.by_blind("identity", identity))
            .transpose()?
            .flatten()
        {
            // A second one of the past takes no part in what is unique.
            Some(_) if !unique => {
                identity = None;
                None
            }
            there => there,
        };
        let there = match there {
            Some(Row::Erased { row, .. }) if self.takes_back_erased => {
                self.forget_identity(row)?;
                None
            }
            None => reader.by_blind("entry", &entry)?,
            there => there,
        };
        if let Some(Row::Erased { row, .. }) = there {
            self.clashes.push(Clash { name: new.file.clone(), with: There::Erased(row) });
            return Ok(None);
        }
        if let Some(Row::Credential(there)) = there {
            let same = there.facts.kind == new.kind && there.facts.digest == digest;
            if unique && same && there.state.progress != Progress::Issued && there.row.0 <= self.last {
                return Ok(Some(Added { row: there.row, facts: there.facts, was_there: true }));
            }
            if unique
                && !same
                && there.state.progress != Progress::Issued
                && there.row.0 <= self.last
                && let Some(may_renew) = self.may_renew
                && may_renew(&there, &reader.document(there.row)?)
            {
                let facts = self.renew(&there, new, digest, identity, entry)?;
                return Ok(Some(Added { row: there.row, facts, was_there: true }));
            }
            let with = match there.row.0 <= self.last {
                true => There::Row(there.row, there.state.progress),
                false => There::Twice,
            };
            self.clashes.push(Clash { name: new.file.clone(), with });
            return Ok(None);
        }
        let facts = self.facts(new, digest)?;
        if positions::enter(&self.transaction, self.keys, self.path, new)? {
            self.head.positions += 1;
        }
        let row = self.insert(&facts, identity, entry, &new.document)?;
        Ok(Some(Added { row, facts, was_there: false }))
    }

    /// Brings what was added to the disk.
    ///
    /// # Errors
    /// [`RegisterError::Clashes`] names every credential that is there already; then nothing was added.
    pub fn commit(self) -> Result<(), RegisterError> {
        let Self { transaction, keys, path, head, last, clashes, is_changed, .. } = self;
        if !clashes.is_empty() {
            return Err(RegisterError::Clashes(clashes));
        }
        if head.rows != last || is_changed {
            write_head(&transaction, keys, path, &head)?;
        }
        transaction.commit().map_err(|error| failed(path, error))
    }

    /// What is kept of a credential whose secret opens its commitment: no other can be proved later.
    fn facts(&self, new: &NewCredential, digest: [u8; 32]) -> Result<Facts, RegisterError> {
        let NewCredential { batch, subject, file, kind, secret, summary, commitment, replaces, .. } =
            new.clone();
        let owner = self.head.owner();
        let opening = Opening::Full { secret: secret.clone(), summary: summary.clone() };
        let opened = opening.commitment(&owner.chain_id, &owner.issuer, kind, Some(&digest));
        if opened != Ok(commitment) {
            return Err(RegisterError::DoesNotOpen(commitment));
        }
        let added_at_ms = self.now_ms;
        Ok(Facts { batch, subject, file, kind, digest, secret, summary, commitment, replaces, added_at_ms })
    }

    /// Puts another document into a row that was never entered: with a commitment of its own, and planned again.
    fn renew(
        &mut self,
        there: &Credential,
        new: &NewCredential,
        digest: [u8; 32],
        identity: Option<[u8; BLIND_BYTES]>,
        entry: [u8; BLIND_BYTES],
    ) -> Result<Facts, RegisterError> {
        let facts = self.facts(new, digest)?;
        if let Some(position) = &new.position {
            let was = &there.facts.commitment;
            positions::leave(&self.transaction, self.keys, self.path, position, was)?;
        }
        if positions::enter(&self.transaction, self.keys, self.path, new)? {
            self.head.positions += 1;
            self.is_changed = true;
        }
        let person = &facts.subject.person;
        let email = person.email.as_deref().map(|text| blind_email(self.keys, text));
        let student = person.student_number.as_deref().map(|text| blind_student(self.keys, text));
        let blinds = [identity.as_ref(), Some(&entry), email.as_ref(), student.as_ref()];
        let bound = bound(&blinds.map(|blind| blind.map(<[u8; BLIND_BYTES]>::as_slice)));
        let reader = Reader { connection: &self.transaction, keys: self.keys, path: self.path };
        let (row, sealer) = (there.row, reader.sealer_of(there.row)?);
        let state =
            State { progress: Progress::Planned, batch_id: None, log_index: None, changes: Vec::new() };
        let cells = params![
            row.sql(),
            identity,
            entry,
            email,
            student,
            sealer.seal(FACTS, row, &bound, &to_json(&facts))?,
            sealer.seal(STATE, row, &[], &to_json(&state))?,
            sealer.seal(DOCUMENT, row, &[], &new.document)?,
        ];
        self.transaction
            .prepare_cached(
                "UPDATE credential SET identity = ?2, entry = ?3, email = ?4, student = ?5, facts = ?6, state = ?7, \
                 document = ?8 WHERE row = ?1",
            )
            .and_then(|mut statement| statement.execute(cells))
            .map_err(|error| failed(self.path, error))?;
        Ok(facts)
    }

    /// Of a row that was erased: its place is another's now.
    fn forget_identity(&self, row: RowNumber) -> Result<(), RegisterError> {
        self.transaction
            .execute(
                "UPDATE credential SET identity = NULL WHERE row = ?1 AND destruction IS NOT NULL",
                [row.sql()],
            )
            .map_err(|error| failed(self.path, error))
            .map(drop)
    }

    fn insert(
        &mut self,
        facts: &Facts,
        identity: Option<[u8; BLIND_BYTES]>,
        entry: [u8; BLIND_BYTES],
        document: &[u8],
    ) -> Result<RowNumber, RegisterError> {
        if self.head.rows >= ROWS_MAX {
            return Err(RegisterError::Full { what: "rows", limit: ROWS_MAX });
        }
        self.head.rows += 1;
        let row = RowNumber(self.head.rows);
        let person = &facts.subject.person;
        let email = person.email.as_deref().map(|text| blind_email(self.keys, text));
        let student = person.student_number.as_deref().map(|text| blind_student(self.keys, text));
        let blinds = [identity.as_ref(), Some(&entry), email.as_ref(), student.as_ref()];
        let bound = bound(&blinds.map(|blind| blind.map(<[u8; BLIND_BYTES]>::as_slice)));
        let key = zeroize::Zeroizing::new(random::<KEY_BYTES>()?);
        let sealer = Sealer::new(&key);
        let state =
            State { progress: Progress::Planned, batch_id: None, log_index: None, changes: Vec::new() };
        let cells = params![
            row.sql(),
            identity,
            entry,
            email,
            student,
            self.keys.file.seal(KEY, row, &[], key.as_slice())?,
            sealer.seal(FACTS, row, &bound, &to_json(facts))?,
            sealer.seal(STATE, row, &[], &to_json(&state))?,
            sealer.seal(DOCUMENT, row, &[], document)?,
        ];
        self.transaction
            .prepare_cached(
                "INSERT INTO credential (row, identity, entry, email, student, key, facts, state, document) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )
            .and_then(|mut statement| statement.execute(cells))
            .map_err(|error| failed(self.path, error))?;
        Ok(row)
    }
}

fn check_texts(new: &NewCredential) -> Result<(), RegisterError> {
    new.subject.check()?;
    for (what, text) in [("batch", &new.batch), ("file name", &new.file)] {
        let actual = text.len();
        if actual > TEXT_BYTES_MAX {
            return Err(RegisterError::TooLong { what, actual, limit: TEXT_BYTES_MAX });
        }
    }
    check_reason(new.replaces.as_ref().and_then(|replaced| replaced.reason.as_deref()))
}

/// What is issued once: an achievement to a person in a batch, or in place of a row. A document that names neither
/// stands for itself.
fn blind_identity(keys: &Keys, new: &NewCredential, digest: &[u8; 32]) -> [u8; BLIND_BYTES] {
    let row = new.replaces.as_ref().map(|replaced| replaced.row);
    let replaces = text_of(row);
    blind_subject(keys, &new.batch, row, &new.subject).unwrap_or_else(|| {
        let parts = [new.batch.as_bytes(), replaces.as_bytes(), &[DocumentKind::code(new.kind)], digest];
        keys.blind("document", &parts)
    })
}

/// [`blind_identity`] of a document that names person and achievement.
fn blind_subject(
    keys: &Keys,
    batch: &str,
    replaces: Option<RowNumber>,
    subject: &Subject,
) -> Option<[u8; BLIND_BYTES]> {
    let (person, achievement) = subject.identity()?;
    let replaces = text_of(replaces);
    let parts = [batch.as_bytes(), replaces.as_bytes(), person.as_bytes(), achievement.as_bytes()];
    Some(keys.blind("identity", &parts))
}

fn text_of(replaces: Option<RowNumber>) -> String {
    replaces.map(|row| row.to_string()).unwrap_or_default()
}
