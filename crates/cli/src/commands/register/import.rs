//! `sanad register import`: documents that were issued before, with their receipts.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sanad_core::commitment::Opening;
use sanad_core::destruction::DestructionRecord;
use sanad_core::document::{self, DOCUMENT_BYTES_MAX};
use sanad_core::event::Event;
use sanad_core::hash::Commitment;
use sanad_core::receipt::Receipt;
use sanad_core::trust::TrustAnchor;
use sanad_issuer::{PendingDocument, all_beside};
use sanad_register::{Owner, Query, Register, Row};
use serde::Serialize;

use crate::files;
use crate::folder::documents_in;
use crate::output::{Outcome, Output, Report, describe, note};
use crate::register::{RegisterArgs, new_credential};
use crate::trust::TrustArgs;
use crate::view::View;
use crate::{progress, receipt_file, time};

pub(super) const EXAMPLES: &str = "\
Examples:
  sanad register import awards/ --register merapi/register.db --genesis genesis.json

Every receipt is checked with its document, offline, before it is taken. What the register has already is
left as it is, so the same folder can be imported again. If a document or receipt cannot be taken, all are
named, and the others are taken. The files stay where they are.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Folders of documents with their receipts beside them, or documents
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Take back what was erased from this register
    #[arg(long)]
    erased: bool,
    /// What the issuance was called
    #[arg(long, default_value = "", value_name = "NAME")]
    register_batch: String,
    #[command(flatten)]
    register: RegisterArgs,
    #[command(flatten)]
    trust: TrustArgs,
}

#[derive(Default, Serialize)]
struct Imported {
    imported: usize,
    already: usize,
    /// Documents without a receipt.
    without_receipt: Vec<PathBuf>,
    errors: Vec<String>,
}

pub(super) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let trust = args.trust.read()?;
    let mut register = args.register.open()?;
    let owner = register.owner().clone();
    if owner.chain_id != trust.anchor().chain_id {
        bail!("the register is of another chain ({}) than the genesis or trust file", owner.chain_id);
    }
    let mut documents = Vec::new();
    for path in &args.paths {
        match path.is_dir() {
            true => documents.extend(documents_in(path, &mut Vec::new())?),
            false => documents.push(path.clone()),
        }
    }
    let erased = if args.erased { HashSet::new() } else { erased_in(&register)? };
    let mut report = Imported::default();
    let bar = progress::bar(documents.len(), "importing");
    for some in documents.chunks(DOCUMENTS_AT_ONCE) {
        import(args, some, trust.anchor(), &erased, &mut register, &mut report)?;
        bar.inc(some.len() as u64);
    }
    bar.finish_and_clear();
    output.print(&report)?;
    report.errors.iter().for_each(|error| note(format_args!("error: {error}")));
    Ok(if report.errors.is_empty() { Outcome::Yes } else { Outcome::Error })
}

/// Takes some documents, in one transaction each for rows and receipts.
fn import(
    args: &Args,
    documents: &[PathBuf],
    anchor: &TrustAnchor,
    erased: &HashSet<Commitment>,
    register: &mut Register,
    report: &mut Imported,
) -> anyhow::Result<()> {
    let (mut taken, owner) = (Vec::new(), register.owner().clone());
    for path in documents {
        match read(path, anchor, &owner) {
            Ok(Some((document, ..))) if erased.contains(&document.commitment) => report.errors.push(format!(
                "{} was erased from this register, and its file should be gone, too; --erased takes it back",
                path.display()
            )),
            Ok(None) => report.without_receipt.push(path.clone()),
            Ok(Some((document, bytes, receipt))) => {
                if register.find(&Query::Commitment(document.commitment))?.is_empty() {
                    taken.push((new_credential(&document, bytes, &args.register_batch), receipt));
                } else {
                    report.already += 1;
                }
            }
            Err(error) => report.errors.push(describe(&error.context(path.display().to_string()))),
        }
    }
    let mut adding = register.begin(time::now_ms())?;
    let mut receipts = Vec::with_capacity(taken.len());
    for (credential, receipt) in taken {
        receipts.extend(adding.add_issued(&credential)?.map(|added| (added.row, receipt)));
    }
    adding.commit()?;
    register.issued(&receipts)?;
    report.imported += receipts.len();
    Ok(())
}

/// What a register has records of destruction of.
fn erased_in(register: &Register) -> anyhow::Result<HashSet<Commitment>> {
    let mut erased = HashSet::new();
    register.visit(|row| {
        if let Row::Erased { record, .. } = row
            && let Ok(record) = DestructionRecord::from_json(record.as_bytes())
        {
            erased.insert(record.statement.commitment);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(erased)
}

/// A document with its receipt, verified; `None` if it has none.
fn read(
    path: &Path,
    anchor: &TrustAnchor,
    owner: &Owner,
) -> anyhow::Result<Option<(PendingDocument, Vec<u8>, Receipt)>> {
    let Some(beside) = all_beside(path).next() else { return Ok(None) };
    let receipt = receipt_file::read(&beside, anchor)?;
    let bytes = files::read(path, DOCUMENT_BYTES_MAX)?;
    receipt.verify(Some(&bytes), anchor).context("the receipt does not hold")?;
    let Event::Issue { commitment } = receipt.proof.entry.event else {
        bail!("the receipt is not of an issuance")
    };
    if receipt.proof.entry.issuer != owner.issuer {
        bail!("{} issued it, not {}", receipt.proof.entry.issuer, owner.issuer);
    }
    let Opening::Full { secret, summary } = receipt.opening.clone() else {
        bail!("its receipt does not hold the secret; import the receipt that `sanad issue` wrote");
    };
    let kind = receipt.document;
    let digest = document::digest(kind, &bytes)?;
    let path = path.to_owned();
    let document = PendingDocument { path, kind, digest, secret, summary, commitment, again: false };
    Ok(Some((document, bytes, receipt)))
}

impl Report for Imported {
    fn view(&self) -> View {
        let Self { imported, already, without_receipt, errors } = self;
        let counted = |count: usize, what: &str| match count {
            0 => String::new(),
            count => format!(", {count} {what}"),
        };
        View::new().line(format!(
            "{imported} imported{}{}{}",
            counted(*already, "in the register already"),
            counted(without_receipt.len(), "without a receipt"),
            counted(errors.len(), "refused"),
        ))
    }
}

/// Documents of one transaction.
const DOCUMENTS_AT_ONCE: usize = 200;
