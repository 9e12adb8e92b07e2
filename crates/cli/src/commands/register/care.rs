//! `sanad register backup`, `passphrase` and `compact`.

use std::path::PathBuf;

use anyhow::Context;
use sanad_issuer::keys::read_passphrase;
use sanad_register::{FAULTS_MAX, Register};
use serde::Serialize;

use crate::output::{Outcome, Output, Report};
use crate::progress;
use crate::register::{self, RegisterArgs};
use crate::view::View;

pub(super) const BACKUP_EXAMPLES: &str = "\
Examples:
  sanad register backup /media/safe/register-2026-11.db --register merapi/register.db

The copy is whole, whatever others write meanwhile, and under the same passphrase. It is a register: to
put it back, move it where the other one was. What is erased later stays in older copies: destroy them.";

pub(super) const PASSPHRASE_EXAMPLES: &str = "\
Examples:
  sanad register passphrase --register merapi/register.db
  sanad register passphrase --register merapi/register.db --new-passphrase-file new.txt

Backups that were made before still open with the old passphrase.";

pub(super) const COMPACT_EXAMPLES: &str = "\
Examples:
  sanad register compact --register merapi/register.db

`sanad register erase` does it by itself, but cannot while another program has the file open.";

pub(super) const CHECK_EXAMPLES: &str = "\
Examples:
  sanad register check --register merapi/register.db

Opens every document and receipt, which other commands do only where they need them, and checks that they are
those of their rows. What is damaged is named, and nothing is changed. `sanad register backup` does the same
with each copy, and makes none of a damaged register.";

#[derive(clap::Args, Debug)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    register: RegisterArgs,
}

#[derive(clap::Args, Debug)]
pub(crate) struct BackupArgs {
    /// The new file
    file: PathBuf,
    #[command(flatten)]
    register: RegisterArgs,
}

#[derive(clap::Args, Debug)]
pub(crate) struct PassphraseArgs {
    /// File that holds the new passphrase; else it is asked for
    #[arg(long, value_name = "FILE")]
    new_passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    register: RegisterArgs,
}

#[derive(clap::Args, Debug)]
pub(crate) struct CompactArgs {
    #[command(flatten)]
    register: RegisterArgs,
}

/// What was done with a file.
#[derive(Serialize)]
struct Done {
    file: PathBuf,
    done: &'static str,
    rows: u64,
}

/// What was read from end to end.
#[derive(Serialize)]
struct Checked {
    file: PathBuf,
    rows: u64,
    /// What is damaged, each in words.
    damaged: Vec<String>,
}

pub(super) fn check(args: &CheckArgs, output: &Output) -> anyhow::Result<Outcome> {
    let register = args.register.open()?;
    let (rows, file) = (register.rows()?, register.path().to_owned());
    let bar = progress::bar(usize::try_from(rows).unwrap_or(usize::MAX), "checking");
    let faults = register.check(|| bar.inc(1))?;
    bar.finish_and_clear();
    let damaged: Vec<String> = faults.iter().map(ToString::to_string).collect();
    let outcome = if damaged.is_empty() { Outcome::Yes } else { Outcome::Error };
    output.print(&Checked { file, rows, damaged })?;
    Ok(outcome)
}

pub(super) fn backup(args: &BackupArgs, output: &Output) -> anyhow::Result<Outcome> {
    let register = args.register.open()?;
    let bar = progress::bar(usize::try_from(register.rows()?).unwrap_or(usize::MAX), "checking the copy");
    register.backup(&args.file, || bar.inc(1))?;
    bar.finish_and_clear();
    output.print(&Done { file: args.file.clone(), done: "written", rows: register.rows()? })?;
    Ok(Outcome::Yes)
}

pub(super) fn passphrase(args: &PassphraseArgs, output: &Output) -> anyhow::Result<Outcome> {
    let path = args.register.register.clone().context("no register is named; give --register FILE")?;
    let old = args.register.opening.existing(&path)?;
    let mut register = Register::open(&path, &old, args.register.opening.options())?;
    let new = match &args.new_passphrase_file {
        Some(file) => {
            register::checked(read_passphrase(file).context("the passphrase file cannot be used")?)?
        }
        None => register::ask_twice("give --new-passphrase-file FILE")?,
    };
    register.change_passphrase(&old, &new)?;
    output.print(&Done { file: path, done: "is under the new passphrase", rows: register.rows()? })?;
    Ok(Outcome::Yes)
}

pub(super) fn compact(args: &CompactArgs, output: &Output) -> anyhow::Result<Outcome> {
    let mut register = args.register.open()?;
    register.compact()?;
    let file = register.path().to_owned();
    output.print(&Done { file, done: "written anew", rows: register.rows()? })?;
    Ok(Outcome::Yes)
}

impl Report for Checked {
    fn view(&self) -> View {
        let Self { file, rows, damaged } = self;
        let file = file.display();
        if damaged.is_empty() {
            return View::new().line(format!("{file} is whole: every value of {rows} rows was read"));
        }
        let most = if damaged.len() < FAULTS_MAX { "" } else { ", and perhaps more" };
        let view = View::new().line(format!(
            "{file} is damaged. Put it back from a backup, then import what was issued since; `sanad register export ROW` still writes \
             what is whole"
        ));
        damaged
            .iter()
            .fold(view, |view, part| view.line(format!("  {part}")))
            .line(format!("{} of {rows} rows and other parts{most}", damaged.len()))
    }
}

impl Report for Done {
    fn view(&self) -> View {
        View::new().line(format!("{} {}, {} rows", self.file.display(), self.done, self.rows))
    }
}
