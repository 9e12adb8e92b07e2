//! `sanad register erase`: the right to be forgotten.

use std::io::{IsTerminal as _, Write as _};

use anyhow::{Context, bail};
use sanad_core::destruction::{Destruction, DestructionRecord};
use sanad_register::{Credential, Register, RegisterError, RowNumber, Status};
use serde::Serialize;

use crate::issuer::IssuerArgs;
use crate::output::{Outcome, Output, Report, note, warn};
use crate::register::{Digits, Lookup, RegisterArgs};
use crate::time;
use crate::view::View;

pub(super) const EXAMPLES: &str = "\
Examples:
  sanad register erase 12 --register merapi/register.db --issuer-dir merapi
  sanad register erase siti@univ-merapi.example --yes --register merapi/register.db --issuer-dir merapi

Secret, document, receipt and every word about the person are destroyed, and the file is written anew
without them. Nothing in the ledger tells of the person then. A record, signed with the issuing key, stays:
`sanad register export` writes it. The learner's own copy still verifies: revoke the credential before, if
it must not. Copies are yours to destroy: backups, exported files, documents and receipts in folders.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Rows, e-mail addresses, student numbers or file names: every credential that they find
    #[arg(required = true)]
    credentials: Vec<String>,
    /// Do not ask: erase
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    register: RegisterArgs,
    #[command(flatten)]
    issuer: IssuerArgs,
}

#[derive(Serialize)]
struct Erased {
    erased: Vec<Record>,
    /// Whether traces may be left in the file, since another program has it open.
    traces_remain: bool,
}

#[derive(Serialize)]
struct Record {
    row: RowNumber,
    record: DestructionRecord,
}

pub(super) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    if !args.yes && !std::io::stdin().is_terminal() {
        bail!(
            "what is erased is gone for ever, and there is no terminal to ask on; give --yes to erase without a question"
        );
    }
    let mut register = args.register.open()?;
    let credentials = wanted(&register, &args.credentials)?;
    for Credential { row, .. } in credentials.iter().filter(|one| one.status() == Status::Active) {
        warn(format_args!("row {row} is not revoked: whoever has a copy can still prove it"));
    }
    if !args.yes && !ask(&credentials)? {
        bail!("the answer was not yes; nothing was erased");
    }
    let issuer = args.issuer.open()?;
    let owner = register.owner().clone();
    if issuer.id != owner.issuer {
        bail!("the register is that of {}, not of {}", owner.issuer, issuer.id);
    }
    let destroyed_at_ms = time::now_ms();
    let mut records = Vec::with_capacity(credentials.len());
    for Credential { row, facts, state } in &credentials {
        let statement = Destruction {
            chain_id: owner.chain_id,
            issuer: owner.issuer.clone(),
            commitment: facts.commitment,
            log_index: state.log_index,
            destroyed_at_ms,
        };
        records.push((*row, statement.sign(&issuer.key)?));
    }
    let erased = register.erase(&records);
    let traces_remain = matches!(erased, Err(RegisterError::TracesRemain(_)));
    if let Err(error) = erased {
        match traces_remain {
            true => note(format_args!("error: {error}")),
            false => return Err(error.into()),
        }
    }
    let erased = records.into_iter().map(|(row, record)| Record { row, record }).collect();
    output.print(&Erased { erased, traces_remain })?;
    Ok(if traces_remain { Outcome::Error } else { Outcome::Yes })
}

fn wanted(register: &Register, texts: &[String]) -> anyhow::Result<Vec<Credential>> {
    let mut lookup = Lookup::new(register, Digits::Row);
    let mut credentials: Vec<Credential> = Vec::new();
    for text in texts {
        let found = lookup.all(text)?;
        if found.is_empty() {
            bail!("{text} is not in the register; nothing was erased");
        }
        credentials.extend(found);
    }
    credentials.sort_by_key(|one| one.row);
    credentials.dedup_by_key(|one| one.row);
    Ok(credentials)
}

fn ask(credentials: &[Credential]) -> anyhow::Result<bool> {
    for Credential { row, facts, .. } in credentials {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        note(format_args!("row {row}: {}, {}", text(&facts.subject.person.name), text(&facts.subject.title)));
    }
    let mut terminal = std::io::stderr();
    write!(terminal, "Erase {} rows for ever? Type yes: ", credentials.len())
        .and_then(|()| terminal.flush())?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).context("the answer cannot be read")?;
    Ok(answer.trim().eq_ignore_ascii_case("yes"))
}

impl Report for Erased {
    fn view(&self) -> View {
        let row = |one: &Record| {
            let statement = &one.record.statement;
            let index = statement.log_index.map_or_else(|| "-".to_owned(), |index| index.to_string());
            vec![one.row.to_string(), index, statement.commitment.to_string()]
        };
        let rows = self.erased.iter().map(row).collect();
        View::new()
            .table(&["row", "index", "commitment"], rows)
            .line(format!("{} erased; a signed record of each is in the register", self.erased.len()))
    }
}
