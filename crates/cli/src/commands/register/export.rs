//! `sanad register export`: documents and receipts, as files.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use sanad_core::receipt::ReceiptForm;
use sanad_issuer::path_beside;
use sanad_register::{Row, RowNumber};
use serde::Serialize;

use crate::files::{self, Mode};
use crate::output::{Outcome, Output, Report};
use crate::register::{Digits, Lookup, RegisterArgs, unknown};
use crate::view::View;

pub(super) const EXAMPLES: &str = "\
Examples:
  sanad register export out/ --register merapi/register.db
  sanad register export out/ 12 siti@univ-merapi.example --register merapi/register.db

The folder gets ROW-FILE and ROW-FILE.receipt.json for each credential, and ROW.destruction.json for
what was erased. The files are not encrypted. Nothing is overwritten.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The folder; it is made if it is not there
    folder: PathBuf,
    /// Rows, e-mail addresses, student numbers, certificate numbers or file names, none of which may mean several persons
    /// [default: all]
    credentials: Vec<String>,
    #[command(flatten)]
    register: RegisterArgs,
}

#[derive(Serialize)]
struct Exported {
    folder: PathBuf,
    documents: usize,
    receipts: usize,
    records: usize,
}

pub(super) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let register = args.register.open()?;
    let mut lookup = Lookup::new(&register, Digits::OneMeaning);
    let mut credentials: Vec<(RowNumber, String)> = Vec::new();
    let mut records = Vec::new();
    for text in &args.credentials {
        let Some(found) = lookup.of_one_person(text)? else { return Err(unknown(text)) };
        credentials.extend(found.into_iter().map(|one| (one.row, one.facts.file)));
    }
    if args.credentials.is_empty() {
        register.visit(|row| {
            match row {
                Row::Credential(one) => credentials.push((one.row, one.facts.file)),
                Row::Erased { row, record } => records.push((row, record)),
            }
            Ok(ControlFlow::Continue(()))
        })?;
    }
    files::create_folder(&args.folder)?;
    let mut receipts = 0;
    for (row, file) in &credentials {
        let path = args.folder.join(format!("{row}-{}", file_name(file)));
        files::place_new(&path, &register.document(*row)?, Mode::Private)?;
        if let Some(receipt) = register.receipt(*row)? {
            files::place_new(&path_beside(&path, ReceiptForm::Json), &receipt, Mode::Private)?;
            receipts += 1;
        }
    }
    for (row, record) in &records {
        files::place_new(
            &args.folder.join(format!("{row}.destruction.json")),
            record.as_bytes(),
            Mode::Private,
        )?;
    }
    let (documents, records) = (credentials.len(), records.len());
    output.print(&Exported { folder: args.folder.clone(), documents, receipts, records })?;
    Ok(Outcome::Yes)
}

/// The last part of a name: a register is not believed that a file goes elsewhere.
pub(super) fn file_name(file: &str) -> String {
    let name = Path::new(file).file_name().unwrap_or_default().to_string_lossy().into_owned();
    if name.is_empty() { "document".to_owned() } else { name }
}

impl Report for Exported {
    fn view(&self) -> View {
        let Self { folder, documents, receipts, records } = self;
        let records = match records {
            0 => String::new(),
            records => format!(", {records} records of destruction"),
        };
        View::new().line(format!(
            "{documents} documents, {receipts} receipts{records} written into {}",
            folder.display()
        ))
    }
}
