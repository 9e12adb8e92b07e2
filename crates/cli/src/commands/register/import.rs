//! `sanad register import`: documents that were issued before, with their receipts.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sanad_certificate::{AttachmentError, Contents, is_zip};
use sanad_core::commitment::Opening;
use sanad_core::destruction::DestructionRecord;
use sanad_core::document::{self, DOCUMENT_BYTES_MAX};
use sanad_core::event::Event;
use sanad_core::hash::Commitment;
use sanad_core::receipt::Receipt;
use sanad_core::trust::TrustAnchor;
use sanad_issuer::{FolderFiles, PendingDocument, all_beside, look_through};
use sanad_qr::PictureKind;
use sanad_register::{NewCredential, Owner, Progress, Query, Register, Row, RowNumber};
use serde::Serialize;

use crate::files;
use crate::output::{Outcome, Output, Report, describe, note};
use crate::register::{RegisterArgs, new_credential};
use crate::trust::TrustArgs;
use crate::view::View;
use crate::{progress, receipt_file, time};

pub(super) const EXAMPLES: &str = "\
Examples:
  sanad register import awards/ --register merapi/register.db --genesis genesis.json

Every receipt is checked with its document, offline, before it is taken. What the register has already is
left as it is, so the same folder can be imported again; a row that it does not know to be issued is noted as
issued, and a newer receipt takes the place of an older one, with the status that it proves. If a document or receipt cannot be taken, all are
named, and the others are taken. The files stay where they are. Folders are looked through with all folders
in them. A certificate in PDF, or the ZIP of a learner's folder, holds document and receipt, and is taken, too.
Exit code 2 if nothing was found.";

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
    /// Rows that the register did not know to be issued.
    healed: usize,
    /// Rows that have a newer receipt now.
    renewed: usize,
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
            true => collect(path, 0, &mut documents)?,
            false => documents.push(path.clone()),
        }
    }
    if documents.is_empty() {
        bail!("there is nothing to import: no document, certificate or ZIP is in what was named");
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

/// The documents, certificates and ZIPs of a folder and of all folders in it.
fn collect(folder: &Path, depth: usize, documents: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    if depth > FOLDERS_DEEP_MAX {
        bail!(
            "{} is more than {FOLDERS_DEEP_MAX} folders deep; name the folders that hold documents",
            folder.display()
        );
    }
    let FolderFiles { documents: found, others, folders, .. } = look_through(folder)?;
    documents.extend(found);
    let is_zip = |path: &PathBuf| path.extension().is_some_and(|end| end.eq_ignore_ascii_case("zip"));
    documents.extend(others.into_iter().filter(is_zip));
    if documents.len() > DOCUMENTS_MAX {
        bail!("there are more than {DOCUMENTS_MAX} documents; import some folders at a time");
    }
    folders.iter().try_for_each(|folder| collect(folder, depth + 1, documents))
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
    let (mut taken, owner): (Vec<(NewCredential, Receipt)>, _) = (Vec::new(), register.owner().clone());
    let (mut healed, mut renewed) = (Vec::new(), Vec::new());
    for (path, found) in documents.iter().flat_map(|path| each(path, anchor, &owner)) {
        match found {
            Ok(Some((document, ..))) if erased.contains(&document.commitment) => report.errors.push(format!(
                "{} was erased from this register, and its file should be gone, too; --erased takes it back",
                path.display()
            )),
            Ok(None) => report.without_receipt.push(path),
            Ok(Some((document, bytes, receipt))) => {
                let is_it = |(one, _): &&mut (NewCredential, Receipt)| one.commitment == document.commitment;
                // The same credential in a certificate and beside it, or in two folders.
                if let Some((_, first)) = taken.iter_mut().find(is_it) {
                    report.already += 1;
                    if is_newer(&receipt, first) {
                        *first = receipt;
                    }
                    continue;
                }
                let Some(Row::Credential(there)) =
                    register.find(&Query::Commitment(document.commitment))?.pop()
                else {
                    taken.push((new_credential(&document, bytes, &args.register_batch), receipt));
                    continue;
                };
                let kept = register.receipt(there.row)?;
                let kept = kept.and_then(|kept| Receipt::from_json(&kept).ok());
                match (there.state.progress, kept) {
                    (Progress::Issued, Some(kept)) if !is_newer(&receipt, &kept) => report.already += 1,
                    (Progress::Issued, _) => put_newest(&mut renewed, there.row, receipt),
                    (Progress::Planned | Progress::Submitted, _) => {
                        put_newest(&mut healed, there.row, receipt);
                    }
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
    register.issued(&[&receipts[..], &healed, &renewed].concat())?;
    report.imported += receipts.len();
    report.healed += healed.len();
    report.renewed += renewed.len();
    Ok(())
}

/// Adds the receipt of a row, or puts it in the place of an older one.
fn put_newest(receipts: &mut Vec<(RowNumber, Receipt)>, row: RowNumber, receipt: Receipt) {
    match receipts.iter_mut().find(|(other, _)| *other == row) {
        Some((_, first)) if is_newer(&receipt, first) => *first = receipt,
        Some(_) => {}
        None => receipts.push((row, receipt)),
    }
}

fn is_newer(receipt: &Receipt, than: &Receipt) -> bool {
    receipt.proof.header.height > than.proof.header.height
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
type Found = anyhow::Result<Option<(PendingDocument, Vec<u8>, Receipt)>>;

/// The documents that a file is or holds, each by the path that it would have.
fn each(path: &Path, anchor: &TrustAnchor, owner: &Owner) -> Vec<(PathBuf, Found)> {
    let one = |found: Found| vec![(path.to_owned(), found)];
    let bytes = match files::read(path, DOCUMENT_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(error) => return one(Err(error)),
    };
    if let Some(beside) = all_beside(path).next() {
        let receipt = receipt_file::read(&beside, anchor);
        return one(receipt.and_then(|receipt| checked(path, bytes, receipt, anchor, owner).map(Some)));
    }
    let pairs: Vec<(PathBuf, Vec<u8>, Vec<u8>)> = if is_zip(&bytes) {
        match in_zip(path, &bytes) {
            Ok(pairs) => pairs,
            Err(error) => return one(Err(error)),
        }
    } else if PictureKind::of(&bytes) == Some(PictureKind::Pdf) {
        match sanad_certificate::extract(&bytes) {
            Ok(Contents { name, document, receipt, .. }) => {
                vec![(path.with_file_name(plain_name(&name)), document, receipt)]
            }
            Err(AttachmentError::None) => return one(Ok(None)),
            Err(error) => return one(Err(error.into())),
        }
    } else {
        return one(Ok(None));
    };
    let read = |(name, document, receipt): Packed| {
        let receipt = Receipt::from_bytes(&receipt, anchor).map_err(anyhow::Error::from);
        let found = receipt.and_then(|receipt| checked(&name, document, receipt, anchor, owner).map(Some));
        (path.to_owned(), found)
    };
    pairs.into_iter().map(read).collect()
}

/// A name, a document and its receipt.
type Packed = (PathBuf, Vec<u8>, Vec<u8>);

/// Documents of a ZIP with their receipts.
fn in_zip(path: &Path, bytes: &[u8]) -> anyhow::Result<Vec<Packed>> {
    let files = sanad_certificate::unpack(bytes)?;
    let mut pairs = Vec::new();
    for file in files.iter().filter(|file| !receipt_file::is_receipt(Path::new(&file.name))) {
        let mut names = sanad_issuer::names_beside(Path::new(&file.name));
        let receipt = names.find_map(|name| files.iter().find(|file| Path::new(&file.name) == name));
        if let Some(receipt) = receipt {
            pairs.push((
                path.with_file_name(plain_name(&file.name)),
                file.bytes.clone(),
                receipt.bytes.clone(),
            ));
        }
    }
    if pairs.is_empty() {
        bail!("it holds no document with its receipt");
    }
    Ok(pairs)
}

/// The last part of a name that somebody else chose.
fn plain_name(name: &str) -> String {
    name.rsplit(['/', '\\']).next().filter(|name| !name.is_empty()).unwrap_or("document").to_owned()
}

fn checked(
    path: &Path,
    bytes: Vec<u8>,
    receipt: Receipt,
    anchor: &TrustAnchor,
    owner: &Owner,
) -> anyhow::Result<(PendingDocument, Vec<u8>, Receipt)> {
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
    Ok((document, bytes, receipt))
}

impl Report for Imported {
    fn view(&self) -> View {
        let Self { imported, already, healed, renewed, without_receipt, errors } = self;
        let counted = |count: usize, what: &str| match count {
            0 => String::new(),
            count => format!(", {count} {what}"),
        };
        View::new().line(format!(
            "{imported} imported{}{}{}{}{}",
            counted(*already, "in the register already"),
            counted(*healed, "in the register and not known to be issued until now"),
            counted(*renewed, "in the register with an older receipt"),
            counted(without_receipt.len(), "without a receipt"),
            counted(errors.len(), "refused"),
        ))
    }
}

/// How deep folders are looked through.
const FOLDERS_DEEP_MAX: usize = 16;
/// Most documents of one import.
const DOCUMENTS_MAX: usize = 1_000_000;
/// Documents of one transaction.
const DOCUMENTS_AT_ONCE: usize = 200;
