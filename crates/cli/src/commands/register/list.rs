//! `sanad register list` and `search`.

use std::ops::ControlFlow;

use sanad_register::Row;
use serde::Serialize;

use crate::output::{Outcome, Output, Report};
use crate::register::{HEAD, Listed, RegisterArgs};
use crate::view::View;

pub(super) const LIST_EXAMPLES: &str = "\
Examples:
  sanad register list --register merapi/register.db
  sanad register list --register merapi/register.db --unfinished
  sanad --json register list --register merapi/register.db > issued.json

Rows that were erased are counted; their numbers are not given again.";

pub(super) const SEARCH_EXAMPLES: &str = "\
Examples:
  sanad register search kirananing --register merapi/register.db
  sanad register search 26/001/TK --register merapi/register.db

Upper and lower case are the same. Exit code 1: nothing was found.";

#[derive(clap::Args, Debug)]
pub(crate) struct ListArgs {
    /// Only what is not in the ledger, as far as the register knows
    #[arg(long)]
    unfinished: bool,
    #[command(flatten)]
    register: RegisterArgs,
}

#[derive(clap::Args, Debug)]
pub(crate) struct SearchArgs {
    /// A part of a name, address, number, title, batch or file name
    text: String,
    #[command(flatten)]
    register: RegisterArgs,
}

#[derive(Default, Serialize)]
struct Rows {
    credentials: Vec<Listed>,
    /// Numbers of rows that were erased.
    erased: Vec<u64>,
}

pub(super) fn list(args: &ListArgs, output: &Output) -> anyhow::Result<Outcome> {
    let register = args.register.open()?;
    let mut rows = Rows::default();
    register.visit(|row| {
        match row {
            Row::Credential(credential) => rows.credentials.push(Listed::from(&*credential)),
            Row::Erased { row, .. } => rows.erased.push(row.0),
        }
        Ok(ControlFlow::Continue(()))
    })?;
    if args.unfinished {
        rows.credentials.retain(|listed| listed.progress != "issued");
        rows.erased.clear();
    }
    output.print(&rows)?;
    Ok(Outcome::Yes)
}

pub(super) fn search(args: &SearchArgs, output: &Output) -> anyhow::Result<Outcome> {
    let found = args.register.open()?.search(&args.text)?;
    let rows = Rows { credentials: found.iter().map(Listed::from).collect(), erased: Vec::new() };
    output.print(&rows)?;
    Ok(if rows.credentials.is_empty() { Outcome::No } else { Outcome::Yes })
}

impl Report for Rows {
    fn view(&self) -> View {
        let Self { credentials, erased } = self;
        let mut view = View::new();
        if !credentials.is_empty() {
            view = view.table(HEAD, credentials.iter().map(Listed::cells).collect());
        }
        let erased = if erased.is_empty() { String::new() } else { format!(", {} erased", erased.len()) };
        let credentials = match credentials.len() {
            1 => "1 credential".to_owned(),
            count => format!("{count} credentials"),
        };
        view.line(format!("{credentials}{erased}"))
    }
}
