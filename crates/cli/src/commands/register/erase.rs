//! `sanad register erase`: the right to be forgotten.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sanad_core::destruction::{Destruction, DestructionRecord};
use sanad_register::{Credential, Register, RegisterError, RowNumber, Status};
use serde::Serialize;

use crate::issuer::IssuerArgs;
use crate::output::{Outcome, Output, Report, complain, note, warn};
use crate::register::{Digits, LinkBox, Lookup, RegisterArgs, delete_boxes, remembered, unknown};
use crate::time;
use crate::view::View;

pub(super) const EXAMPLES: &str = "\
Examples:
  sanad register erase row:12 --register merapi/register.db --issuer-dir merapi
  sanad register erase siti@univ-merapi.example --yes --site-dir public/ --register merapi/register.db \\
      --issuer-dir merapi

Secret, document, receipt and every word about the person are destroyed, and the file is written anew
without them. What may mean several persons erases nobody: neither digits alone, nor the name of a file
that several credentials have, nor an address that several persons share. Nothing in the ledger tells of the person then. A record, signed with the issuing key, stays:
`sanad register export` writes it. The learner's own copy still verifies: revoke the credential before, if
it must not.
The box that the certificate's link opens is deleted from the folder of the site, too: only the register knows
which it is, so nothing is erased while that folder is unknown or not there. Where sanad issue roster and
sanad certificate make published boxes is noted beside the register; --site-dir names others.
Copies are yours to destroy: boxes on a web server to which the folder was copied, backups, exported files,
documents, receipts and certificates in folders.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Rows (row:12), e-mail addresses or student numbers (number:26001): every credential of that person; certificate numbers or
    /// names of files: the one that has it
    #[arg(required = true)]
    credentials: Vec<String>,
    /// Do not ask: erase
    #[arg(long)]
    yes: bool,
    /// A folder of the issuer's web site, whose boxes are deleted [default: those noted beside the register]
    #[arg(long, value_name = "DIR")]
    site_dir: Vec<PathBuf>,
    /// No certificate of these credentials ever had a link code, or its boxes are deleted by hand
    #[arg(long, conflicts_with = "site_dir")]
    no_site: bool,
    #[command(flatten)]
    register: RegisterArgs,
    #[command(flatten)]
    issuer: IssuerArgs,
}

#[derive(Serialize)]
struct Erased {
    erased: Vec<Record>,
    /// The boxes of their certificates' links.
    boxes: Vec<LinkBox>,
    /// Whether traces may be left in the file, since another program has it open or the disk is full.
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
    let sites = sites(args, register.path())?;
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
    // Before the secrets go, which tell whose box is whose: killed in between, this is repeated.
    let boxes = delete_boxes(&credentials, &sites)?;
    let erased = register.erase(&records);
    // The rows are destroyed all the same, and with them the secrets: what is to be said of them is said now or never.
    let traces_remain =
        matches!(erased, Err(RegisterError::TracesRemain(_) | RegisterError::NotWrittenAnew { .. }));
    if let Err(error) = erased {
        match traces_remain {
            true => complain(&error.into()),
            false => return Err(error.into()),
        }
    }
    let erased = records.into_iter().map(|(row, record)| Record { row, record }).collect();
    output.print(&Erased { erased, boxes, traces_remain })?;
    Ok(if traces_remain { Outcome::Error } else { Outcome::Yes })
}

/// The folders whose boxes are deleted: those that are named, and those that are noted beside the register.
fn sites(args: &Args, register: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if args.no_site {
        return Ok(Vec::new());
    }
    if let Some(missing) = args.site_dir.iter().find(|site| !site.is_dir()) {
        bail!(
            "{} is not a folder; name the folder of the site with --site-dir. Nothing was erased",
            missing.display()
        );
    }
    let (there, gone): (Vec<_>, Vec<_>) = remembered(register)?.into_iter().partition(|site| site.is_dir());
    if let Some(gone) = gone.first() {
        let gone = gone.display();
        match args.site_dir.is_empty() {
            true => bail!(
                "boxes were published in {gone}, which is not there now; make it reachable, or name where it is with --site-dir. Without \
                 the register nobody can tell whose box is whose. Nothing was erased"
            ),
            false => warn(format_args!(
                "boxes were published in {gone}, which is not there now, and was not looked into"
            )),
        }
    }
    let mut sites = args.site_dir.clone();
    sites.extend(there);
    if sites.is_empty() {
        bail!(
            "whether the certificates have link codes is not known, and only the register can tell whose box is whose: name the folder \
             of the site with --site-dir, or give --no-site if there are none. Nothing was erased"
        );
    }
    sites.sort();
    sites.dedup();
    Ok(sites)
}

fn wanted(register: &Register, texts: &[String]) -> anyhow::Result<Vec<Credential>> {
    let mut lookup = Lookup::new(register, Digits::Refused);
    let mut credentials: Vec<Credential> = Vec::new();
    for text in texts {
        let found = lookup.of_one_person(text).context("nothing was erased")?;
        let Some(found) = found else { return Err(unknown(text)).context("nothing was erased") };
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
        let mut view = View::new()
            .table(&["row", "index", "commitment"], rows)
            .line(format!("{} erased; a signed record of each is in the register", self.erased.len()));
        for LinkBox { row, id, deleted } in &self.boxes {
            view = match &deleted[..] {
                [] => view.line(format!(
                    "row {row}: no box found; if its certificate has a link, delete boxes/{id} on the site"
                )),
                deleted => deleted.iter().fold(view, |view, path| {
                    view.line(format!("row {row}: {} deleted: the link opens nothing here", path.display()))
                }),
            };
        }
        view.line("left to you: copies of these boxes on web servers, backups of register and site, and files in folders")
    }
}
