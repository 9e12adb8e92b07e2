//! `sanad register receipt`: a receipt as the register has it, or made again from secret and ledger.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context;
use sanad_api::{CredentialKey, ProofForm};
use sanad_core::receipt::{Receipt, ReceiptForm};
use sanad_issuer::path_beside;
use sanad_register::{Credential, Register, RowNumber, Status};
use serde::Serialize;

use super::export::file_name;
use crate::files::{self, Mode};
use crate::output::{Outcome, Output, Report};
use crate::register::{Digits, Lookup, RegisterArgs, unknown};
use crate::remote::{self, Remote, SourceArgs};
use crate::trust::TrustArgs;
use crate::view::View;

pub(super) const EXAMPLES: &str = "\
Examples:
  sanad register receipt 12 --register merapi/register.db
  sanad register receipt siti@univ-merapi.example --fresh --into out/ --register merapi/register.db
  sanad register receipt 12 --fresh --export public/ --genesis genesis.json --register merapi/register.db

Writes FILE.receipt.json, or ROW-FILE.receipt.json where several have the same name; with --document the document, too. A receipt that the register does not have
yet, or any with --fresh, is made of its secret and a proof by the node or export, and kept in the register.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Rows, e-mail addresses, student numbers, certificate numbers or file names; none may mean several persons
    #[arg(required = true)]
    credentials: Vec<String>,
    /// Folder to write into [default: this one]
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// Write the document beside the receipt
    #[arg(long)]
    document: bool,
    /// Make it anew, with the status as of now
    #[arg(long)]
    fresh: bool,
    #[command(flatten)]
    register: RegisterArgs,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    source: SourceArgs,
}

#[derive(Serialize)]
struct Written {
    receipts: Vec<PathBuf>,
    /// How many of them were made anew.
    made: usize,
    /// Rows that are revoked or suspended.
    void: Vec<VoidRow>,
}

#[derive(Serialize)]
struct VoidRow {
    row: RowNumber,
    status: Status,
}

pub(super) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let mut register = args.register.open()?;
    let mut lookup = Lookup::new(&register, Digits::OneMeaning);
    let mut wanted = Vec::new();
    for text in &args.credentials {
        let Some(found) = lookup.of_one_person(text)? else { return Err(unknown(text)) };
        wanted.extend(found);
    }
    let mut to_make = Vec::new();
    for credential in &wanted {
        if args.fresh || register.receipt(credential.row)?.is_none() {
            to_make.push(credential.clone());
        }
    }
    if !to_make.is_empty() {
        remote::block_on(make(args, &mut register, &to_make))??;
    }
    let folder = args.into.clone().unwrap_or_else(|| PathBuf::from("."));
    files::create_folder(&folder)?;
    let mut named = BTreeMap::<String, usize>::new();
    wanted.iter().for_each(|one| *named.entry(file_name(&one.facts.file)).or_default() += 1);
    let (mut receipts, mut void) = (Vec::new(), Vec::new());
    for Credential { row, facts, .. } in &wanted {
        let receipt = register.receipt(*row)?.context("invariant: each receipt was made")?;
        // Every document of a roster is called credential.json.
        let name = file_name(&facts.file);
        let is_shared = named.get(&name).is_some_and(|count| *count > 1);
        let document = folder.join(if is_shared { format!("{row}-{name}") } else { name });
        if args.document {
            files::place_new(&document, &register.document(*row)?, Mode::Private)?;
        }
        let path = path_beside(&document, ReceiptForm::Json);
        files::place_new(&path, &receipt, Mode::Private)?;
        receipts.push(path);
        let (row, status) = (*row, register.credential(*row)?.status());
        if status != Status::Active {
            void.push(VoidRow { row, status });
        }
    }
    output.print(&Written { receipts, made: to_make.len(), void })?;
    Ok(Outcome::Yes)
}

/// Makes receipts of secrets and the ledger's proofs, checks them as any verifier would, and keeps them.
async fn make(args: &Args, register: &mut Register, credentials: &[Credential]) -> anyhow::Result<()> {
    let remote = Remote::open(&args.source).await?;
    let trust = args.trust.for_node(&remote).await?;
    let issuer = register.owner().issuer.clone();
    for some in credentials.chunks(sanad_api::limits::STATUSES_MAX) {
        let key = |one: &Credential| CredentialKey::Issuance {
            issuer: issuer.clone(),
            commitment: one.facts.commitment,
        };
        let keys: Vec<CredentialKey> = some.iter().map(key).collect();
        let asked = remote.ask(|| remote.client().statuses(&keys, ProofForm::SelfContained)).await;
        let mut made = Vec::with_capacity(some.len());
        for (one, proof) in some.iter().zip(remote.told(asked)?) {
            let proof = proof.with_context(|| {
                format!(
                    "the {} {} does not have the entry of row {}; it is {}",
                    remote.kind(),
                    remote.url(),
                    one.row,
                    one.state.progress.as_str()
                )
            })?;
            let receipt = Receipt::new(one.facts.kind, one.opening(), proof).trimmed(trust.anchor());
            let document = register.document(one.row)?;
            receipt.verify(Some(&document), trust.anchor()).with_context(|| {
                format!("the {} {} does not prove row {}; ask another", remote.kind(), remote.url(), one.row)
            })?;
            made.push((one.row, receipt));
        }
        register.issued(&made)?;
    }
    remote.note_cost();
    Ok(())
}

impl Report for Written {
    fn view(&self) -> View {
        let written = self
            .receipts
            .iter()
            .fold(View::new(), |view, path| view.line(format!("{} written", path.display())));
        let written = match self.made {
            0 => written,
            made => written.line(format!("{made} made anew from the ledger")),
        };
        self.void.iter().fold(written, |view, VoidRow { row, status }| {
            view.line(format!("row {row} is {}", status.as_str()))
        })
    }
}
