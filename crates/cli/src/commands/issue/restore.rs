//! Puts back what a learner's folder has lost, as the register has it.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::PathBuf;

use anyhow::bail;
use sanad_core::receipt::{Receipt, ReceiptForm};
use sanad_credential::{CREDENTIAL_BYTES_MAX, badge_of_sd_jwt};
use sanad_issuer::{Plan, find_beside, path_beside};
use sanad_register::{Progress, Row, RowNumber};
use serde_json::Value;

use crate::files::{self, Mode};
use crate::observer::Terminal;
use crate::register::RegisterKeeper;

/// Writes the credentials and receipts of a plan that are missing, and issued by the register. A file that is there is left as it is; where one is another
/// credential than the register's, nothing is written.
pub(super) fn restore(plan: &Plan<'_>, keeper: &RegisterKeeper, observer: &Terminal) -> anyhow::Result<()> {
    let mut missing: HashMap<String, PathBuf> = plan.incomplete().collect();
    if missing.is_empty() {
        return Ok(());
    }
    let register = keeper.lock();
    let mut rows: Vec<RowNumber> = Vec::new();
    register.visit(|row| {
        // What is not issued yet may be another program's, which is at work with it.
        if let Row::Credential(one) = row
            && one.state.progress == Progress::Issued
        {
            rows.push(one.row);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    // The newest row first: it is the one that a run before this one wrote.
    let mut found = Vec::new();
    for row in rows.into_iter().rev() {
        if missing.is_empty() {
            break;
        }
        let document = register.document(row)?;
        let Some(path) = id_of(&document).and_then(|id| missing.remove(&id)) else { continue };
        if path.is_file() {
            let there = files::read(&path, CREDENTIAL_BYTES_MAX)?;
            let is_issued = |receipt: &[u8]| {
                Receipt::from_json(receipt).is_ok_and(|receipt| receipt.verify_document(Some(&there)).is_ok())
            };
            if register.receipt(row)?.is_some_and(|receipt| !is_issued(&receipt)) {
                bail!(
                    "{} is not the credential that the register has in row {row}, and was left as it is; move it away, and the \
                     register's is put back",
                    path.display()
                );
            }
        }
        found.push((row, path));
    }
    let mut restored = Vec::new();
    for (row, path) in found {
        let mut was_missing = false;
        if !path.is_file() {
            files::create_folder(files::parent(&path))?;
            files::place_new(&path, &register.document(row)?, Mode::Private)?;
            was_missing = true;
        }
        if let Some(receipt) = register.receipt(row)?.filter(|_| !find_beside(&path).is_file()) {
            files::place_new(&path_beside(&path, ReceiptForm::Json), &receipt, Mode::Private)?;
            was_missing = true;
        }
        if was_missing {
            restored.push(path);
        }
    }
    restored.sort();
    for path in &restored {
        observer
            .remark(format!("{} was incomplete: put back from the register", files::parent(path).display()));
    }
    Ok(())
}

/// The id of a credential in either form.
fn id_of(document: &[u8]) -> Option<String> {
    let json: Value = serde_json::from_slice(document).ok().or_else(|| badge_of_sd_jwt(document))?;
    json["id"].as_str().map(str::to_owned)
}
