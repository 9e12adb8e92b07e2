//! `sanad receipt convert`: from one form to another: JSON or binary, with less in it, or for paper.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::ValueEnum;
use sanad_core::document::{self, DOCUMENT_BYTES_MAX};
use sanad_core::receipt::{RECEIPT_BINARY_SUFFIX, Receipt, ReceiptForm};
use serde::Serialize;

use crate::files::{self, Mode, STANDARD_INPUT};
use crate::output::{Outcome, Output, Report};
use crate::receipt_file;
use crate::trust::TrustArgs;
use crate::view::View;

pub(super) const EXAMPLES: &str = "\
Examples:
  sanad receipt convert ijazah.json.receipt.json ijazah.json.receipt --genesis genesis.json
  sanad receipt convert ijazah.json.receipt - --to json --genesis genesis.json | jq .proof
  sanad receipt convert scan.png ijazah.json.receipt.json --genesis genesis.json
  sanad receipt convert ijazah.json.receipt.json paper.receipt --paper --document ijazah.json
  sanad receipt convert ijazah.json.receipt.json small.receipt --compact --trust konsorsium.trust.json

--paper makes a receipt that proves its summary alone, without the document: holder,
title, date and so on, for a printed certificate. Who has it can guess nothing else of the
document. --closed-summary is the opposite: it proves the document, and tells nothing of
the summary. --compact leaves out the changes of validators: it is checked with a trust
file. JSON and binary hold the same facts. No more signatures are kept than suffice. Only a receipt
that holds can be made binary. The new file is readable by you alone: the secret is in it.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The receipt: JSON, binary, or a PNG with its QR code; - is standard input
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// The new file; - is standard output
    #[arg(value_name = "OUT")]
    out: PathBuf,
    /// Make a paper receipt, which proves its summary without the document; needs --document
    #[arg(long, requires = "document", conflicts_with = "closed_summary")]
    paper: bool,
    /// The document of the receipt
    #[arg(long, value_name = "FILE")]
    document: Option<PathBuf>,
    /// Close the summary: the receipt proves the document alone
    #[arg(long)]
    closed_summary: bool,
    /// Leave out the changes of validators, as fits a verifier with a trust file
    #[arg(long)]
    compact: bool,
    /// The form [default: binary where OUT ends with .receipt, else JSON]
    #[arg(long, value_enum)]
    to: Option<Form>,
    #[command(flatten)]
    trust: TrustArgs,
}

/// A form of receipts, as it is named in arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// Text, for people and programs
    Json,
    /// Bytes, where it must be small
    Binary,
}

impl From<Form> for ReceiptForm {
    fn from(form: Form) -> Self {
        match form {
            Form::Json => Self::Json,
            Form::Binary => Self::Binary,
        }
    }
}

#[derive(Serialize)]
struct Converted {
    path: PathBuf,
    media_type: &'static str,
    bytes: usize,
}

pub(super) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let trust = args.trust.read()?;
    let anchor = trust.anchor();
    let mut receipt = receipt_file::read(&args.input, anchor)?.trimmed(anchor);
    reduce(&mut receipt, args)?;
    let form = args.to.map_or_else(|| form_of(&args.out), ReceiptForm::from);
    let bytes = receipt_file::encode(&receipt, form, anchor)?;
    if args.out == Path::new(STANDARD_INPUT) {
        output.print_raw(&bytes)?;
        return Ok(Outcome::Yes);
    }
    if args.to.is_none() && receipt_file::is_qr(&args.out) {
        bail!(
            "a picture is drawn by `sanad receipt qr {} --png {}`",
            args.input.display(),
            args.out.display()
        );
    }
    files::create_new(&args.out, &bytes, Mode::Private)?;
    output.print(&Converted { path: args.out.clone(), media_type: form.media_type(), bytes: bytes.len() })?;
    Ok(Outcome::Yes)
}

/// Takes out of a receipt what the arguments ask to leave out.
fn reduce(receipt: &mut Receipt, args: &Args) -> anyhow::Result<()> {
    if let Some(document) = &args.document {
        let bytes = files::read(document, DOCUMENT_BYTES_MAX)?;
        let name = document.display();
        receipt.verify_document(Some(&bytes)).with_context(|| format!("{name} does not fit the receipt"))?;
        if args.paper {
            let digest = document::digest(receipt.document, &bytes)?;
            receipt.opening = receipt.opening.to_paper(&digest).with_context(|| {
                format!("{} binds no summary, so no paper receipt can be made of it", args.input.display())
            })?;
        }
    }
    if args.closed_summary {
        let closed = receipt.opening.to_closed_summary();
        receipt.opening = closed.context("only a full receipt can have its summary closed")?;
    }
    if args.compact {
        receipt.proof.finality = receipt.proof.finality.clone().compact();
    }
    Ok(())
}

pub(super) fn form_of(path: &Path) -> ReceiptForm {
    match path.as_os_str().as_encoded_bytes().ends_with(RECEIPT_BINARY_SUFFIX.as_bytes()) {
        true => ReceiptForm::Binary,
        false => ReceiptForm::Json,
    }
}

impl Report for Converted {
    fn view(&self) -> View {
        View::new()
            .line(format!("{} written", self.path.display()))
            .fact("form", self.media_type)
            .fact("bytes", self.bytes)
    }
}
