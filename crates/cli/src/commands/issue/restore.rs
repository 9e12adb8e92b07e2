//! Puts back what a learner's folder has lost, as the register has it.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use anyhow::bail;
use sanad_core::receipt::{Receipt, ReceiptForm};
use sanad_credential::CREDENTIAL_BYTES_MAX;
use sanad_issuer::{Incomplete, Plan, find_beside, path_beside};
use sanad_register::{Progress, Register, Row, RowNumber, Status};
use zeroize::Zeroizing;

use crate::files::{self, Mode};
use crate::observer::Terminal;
use crate::register::{RegisterKeeper, id_of};

/// What the register has of a plan's credentials.
#[derive(Debug, Default)]
pub(super) struct Lost {
    /// Issued rows whose credential or receipt is not in the learner's folder, and that path.
    rows: Vec<(RowNumber, PathBuf)>,
    /// How many rows the register had.
    seen: u64,
}

impl Lost {
    /// Looks for the credentials of a plan that are missing, by their ids. Nothing is written.
    ///
    /// What the register has is the learner's own only where it says what the roster says: an award's number that was
    /// another person's before gives the same id.
    ///
    /// # Errors
    /// Every line whose award the register has with other content; a file that is there and is not the register's.
    pub(super) fn find(plan: &Plan<'_>, keeper: &RegisterKeeper) -> anyhow::Result<Self> {
        let mut missing = by_id(plan);
        if missing.is_empty() {
            return Ok(Self::default());
        }
        let register = keeper.lock();
        let seen = register.rows()?;
        let (mut rows, mut others, mut not_kept) = (Vec::new(), BTreeMap::new(), Vec::new());
        // The newest row first: it is the one that a run before this one wrote.
        for row in (1..=seen).rev().map(RowNumber) {
            if missing.is_empty() {
                break;
            }
            let Some((id, one, document)) = wanted(&register, row, &missing)? else { continue };
            if !one.is_said_by(&document) {
                others.entry(id).or_insert_with(|| (row, *one));
                continue;
            }
            // What is not issued yet may be another program's, which is at work with it.
            if register.credential(row)?.state.progress == Progress::Issued {
                let path = one.path();
                if path.is_file() && !is_issued(&register, row, path)? {
                    not_kept.push((path.to_owned(), row));
                }
                rows.push((row, path.to_owned()));
            }
            // An older row of it was corrected, or imported.
            others.remove(&id);
            missing.remove(&id);
        }
        refuse(&register, others.into_values().collect())?;
        refuse_others(not_kept)?;
        Ok(Self { rows, seen })
    }

    /// As [`Lost::find`] checks it, for rows that came since: another desk may have been at work.
    pub(super) fn check_new_rows(&self, plan: &Plan<'_>, keeper: &RegisterKeeper) -> anyhow::Result<()> {
        let missing = by_id(plan);
        let register = keeper.lock();
        let mut others = Vec::new();
        for row in (self.seen + 1..=register.rows()?).map(RowNumber) {
            if let Some((_, one, document)) = wanted(&register, row, &missing)?
                && !one.is_said_by(&document)
            {
                others.push((row, *one));
            }
        }
        refuse(&register, others)
    }

    /// The credentials that are put back.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.rows.iter().map(|(_, path)| path.as_path())
    }

    /// Writes what is missing. A file that is there is left as it is.
    pub(super) fn restore(&self, keeper: &RegisterKeeper, observer: &Terminal) -> anyhow::Result<()> {
        let register = keeper.lock();
        let mut restored = Vec::new();
        for (row, path) in &self.rows {
            let mut was_missing = false;
            if !path.is_file() {
                files::create_folder(files::parent(path))?;
                files::place_new(path, &register.document(*row)?, Mode::Private)?;
                was_missing = true;
            }
            if let Some(receipt) = register.receipt(*row)?.filter(|_| !find_beside(path).is_file()) {
                files::place_new(&path_beside(path, ReceiptForm::Json), &receipt, Mode::Private)?;
                was_missing = true;
            }
            if was_missing {
                restored.push((path, *row, register.credential(*row)?.status()));
            }
        }
        restored.sort_by_key(|(path, ..)| *path);
        for (path, row, status) in restored {
            let folder = files::parent(path).display();
            observer.remark(match status {
                Status::Active => format!("{folder} was incomplete: put back from the register"),
                status => {
                    let status = status.as_str();
                    format!("{folder} was incomplete: put back from the register; row {row} is {status}, so do not hand it out")
                }
            });
        }
        Ok(())
    }
}

fn by_id<'a>(plan: &'a Plan<'_>) -> HashMap<String, Incomplete<'a>> {
    plan.incomplete().map(|one| (one.id(), one)).collect()
}

/// An id, what is missing of the learner with it, and the document of a row.
type Wanted<'a, 'b> = (String, &'b Incomplete<'a>, Zeroizing<Vec<u8>>);

/// The document of a row, if it is one of those that are missing.
fn wanted<'a, 'b>(
    register: &Register,
    row: RowNumber,
    missing: &'b HashMap<String, Incomplete<'a>>,
) -> anyhow::Result<Option<Wanted<'a, 'b>>> {
    let Row::Credential(_) = register.row(row)? else { return Ok(None) };
    let document = register.document(row)?;
    let Some(id) = id_of(&document) else { return Ok(None) };
    Ok(missing.get(&id).map(|one| (id, one, document)))
}

/// Whether a file is the credential whose receipt the register has.
fn is_issued(register: &Register, row: RowNumber, path: &Path) -> anyhow::Result<bool> {
    let there = files::read(path, CREDENTIAL_BYTES_MAX)?;
    let is_its = |receipt: &[u8]| {
        Receipt::from_json(receipt).is_ok_and(|receipt| receipt.verify_document(Some(&there)).is_ok())
    };
    Ok(register.receipt(row)?.is_none_or(|receipt| is_its(&receipt)))
}

/// Names every file that is another credential than the register's: of two desks at work, one may have been killed after it signed.
fn refuse_others(mut others: Vec<(PathBuf, RowNumber)>) -> anyhow::Result<()> {
    others.sort();
    let mut lines: Vec<String> =
        others.iter().map(|(path, row)| format!("{}: row {row}", path.display())).collect();
    let more = match lines.len().saturating_sub(SHOWN_MAX) {
        0 => String::new(),
        more => format!("\n… and {more} more"),
    };
    lines.truncate(SHOWN_MAX);
    let files = match others.len() {
        0 => return Ok(()),
        1 => "1 file is not the credential that the register has, and was left as it is".to_owned(),
        files => {
            format!("{files} files are not the credentials that the register has, and were left as they are")
        }
    };
    bail!(
        "{files}; nothing was signed. Move all of them away, and the register's are put back:\n{}{more}",
        lines.join("\n")
    )
}

/// Names every line whose award the register has for somebody else, or with other content.
fn refuse(register: &Register, others: Vec<(RowNumber, Incomplete<'_>)>) -> anyhow::Result<()> {
    if others.is_empty() {
        return Ok(());
    }
    let mut lines = Vec::new();
    for (row, one) in &others {
        let kept = register.credential(*row)?.facts.subject.person.name;
        let (place, name) = (one.place(), one.name());
        lines.push(match kept.filter(|kept| *kept != name) {
            Some(kept) => format!("{place}: {name}: row {row} of the register has this award for {kept}"),
            None => format!("{place}: {name}: row {row} of the register has this award with other content or in another form"),
        });
    }
    lines.sort();
    let more = match lines.len().saturating_sub(SHOWN_MAX) {
        0 => String::new(),
        more => format!("\n… and {more} more"),
    };
    lines.truncate(SHOWN_MAX);
    let counted = match others.len() {
        1 => "1 line names an award that was".to_owned(),
        lines => format!("{lines} lines name awards that were"),
    };
    bail!(
        "{counted} issued before with other content, so nothing was signed and nothing written; put the roster or the template \
         back, or give another award its own number:\n{}{more}",
        lines.join("\n")
    )
}

/// Most lines that are named.
const SHOWN_MAX: usize = 100;
