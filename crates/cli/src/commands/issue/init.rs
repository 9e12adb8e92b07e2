//! `sanad issue init`: proposes columns and a template for a roster.

use std::path::{Path, PathBuf};

use anyhow::bail;
use sanad_issuer::files::{self, Mode};
use sanad_issuer::{member_path, read_member};
use sanad_roster::{
    Misfit, OpenField, Place, Proposal, ProposedField, ROSTER_BYTES_MAX, propose, read_table,
};
use serde::Serialize;

use crate::output::{Outcome, Output, Report, note};
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad issue init wisuda.xlsx --issuer-dir merapi
  sanad issue init wisuda.xlsx --sheet Peserta --issuer-dir merapi

A column is proposed for the learner's name, e-mail address or date only where its title says so: none that
speaks of parents, lecturers, birth or the like. What is guessed is marked as to be confirmed, and nothing is
signed before; what is unsure is left open.
Writes wisuda.columns.toml, which says which column is which field, and wisuda.template.json, an Open
Badges 3.0 credential with {{field}} where a learner's values go. Look at both, and write what is left to
write: it begins with TODO. Then: sanad issue roster wisuda.xlsx --dry-run. Nothing is ever overwritten.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The roster: CSV or XLSX
    roster: PathBuf,
    /// The sheet of a workbook [default: the first]
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
    /// The line of the header [default: the first with two texts]
    #[arg(long, value_name = "LINE")]
    header_line: Option<u32>,
    /// The issuer's folder, for its name and id
    #[arg(long, value_name = "DIR", env = "SANAD_ISSUER_DIR")]
    issuer_dir: Option<PathBuf>,
}

#[derive(Serialize)]
struct Proposed {
    columns: PathBuf,
    template: PathBuf,
    rows: usize,
    fields: Vec<Named>,
    /// Fields of the learner without a column, and what they could be.
    open: Vec<Open>,
    /// Texts of the template that are yet to be written.
    to_write: usize,
    notices: Vec<String>,
}

#[derive(Serialize)]
struct Named {
    field: String,
    column: String,
    /// What the first row has in it.
    first: String,
    /// Whether somebody has to confirm the column before anything is signed.
    to_confirm: bool,
    /// Other columns that could be meant.
    others: Vec<String>,
}

#[derive(Serialize)]
struct Open {
    field: &'static str,
    candidates: Vec<String>,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let place = Place { sheet: args.sheet.clone(), header_line: args.header_line };
    let bytes = files::read(&args.roster, ROSTER_BYTES_MAX)?;
    let table = match read_table(&bytes, &place) {
        Ok(table) => table,
        Err(faults) => {
            let lines: Vec<String> =
                faults.iter().map(|fault| format!("{}: {fault}", args.roster.display())).collect();
            bail!("{}", lines.join("\n"));
        }
    };
    if let Some(Misfit { line, found }) = table.misfits.first() {
        bail!(
            "{}:{line}: it has {found} cells, and the header has {} columns; a separator or a quotation mark is missing or too many",
            args.roster.display(),
            table.header.len()
        );
    }
    let member = args.issuer_dir.as_deref().map(|folder| read_member(&member_path(folder))).transpose()?;
    let member = member.map(|file| file.member);
    let did = member.as_ref().and_then(|member| {
        let mut ids = member.issuer_ids.iter().map(|id| id.as_str());
        ids.find(|id| id.starts_with("did:web:")).or(member.issuer_ids.first().map(|id| id.as_str()))
    });
    let issuer = did.zip(member.as_ref().map(|member| member.name.as_str()));
    let Proposal { columns_toml, template_json, fields, open, to_write } = propose(&table, &place, issuer);
    let (columns, template) = (columns_of(&args.roster), template_of(&args.roster));
    for path in [&columns, &template] {
        if path.exists() {
            bail!("{} exists already and is never overwritten; move it away to begin anew", path.display());
        }
    }
    files::create_new(&columns, columns_toml.as_bytes(), Mode::Public)?;
    files::create_new(&template, template_json.as_bytes(), Mode::Public)?;
    let notices: Vec<String> = table.remarks.iter().map(ToString::to_string).collect();
    notices.iter().for_each(|notice| note(format_args!("{}: {notice}", args.roster.display())));
    let named = |ProposedField { field, column, first, to_confirm, others }| Named {
        field,
        column,
        first,
        to_confirm,
        others,
    };
    let fields = fields.into_iter().map(named).collect();
    let open = open.into_iter().map(|OpenField { field, candidates }| Open { field, candidates }).collect();
    output.print(&Proposed { columns, template, rows: table.rows.len(), fields, open, to_write, notices })?;
    Ok(Outcome::Yes)
}

impl Report for Proposed {
    fn view(&self) -> View {
        let row = |named: &Named| {
            let mark = if named.to_confirm { " (to be confirmed)" } else { "" };
            vec![format!("{}{mark}", named.field), named.column.clone(), named.first.clone()]
        };
        let rows = self.fields.iter().map(row).collect();
        let mut view = View::new().table(&["field", "column", "first row"], rows);
        for named in self.fields.iter().filter(|named| named.to_confirm) {
            let others = match named.others.is_empty() {
                true => "look whether it is".to_owned(),
                false => format!("it could also be {}", quoted(&named.others)),
            };
            view = view.line(format!(
                "to be confirmed: {} is taken from \"{}\"; {others}. Delete to_confirm in {} once it is right",
                named.field,
                named.column,
                self.columns.display()
            ));
        }
        for Open { field, candidates } in &self.open {
            let why = match candidates.is_empty() {
                true => "no column looks like it".to_owned(),
                false => format!("none of {} is surely meant", quoted(candidates)),
            };
            view = view.line(format!(
                "left open: {field}; {why}. Add fields.{field} to the columns, if there is one"
            ));
        }
        view.fact("rows", self.rows)
            .fact("columns", format!("{}: check kinds, award and person", self.columns.display()))
            .fact(
                "template",
                format!(
                    "{}: write its {} texts that begin with TODO",
                    self.template.display(),
                    self.to_write
                ),
            )
    }
}

fn quoted(titles: &[String]) -> String {
    titles.iter().map(|title| format!("\"{title}\"")).collect::<Vec<_>>().join(", ")
}

/// Where the columns of a roster are, if nothing else is said.
pub(super) fn columns_of(roster: &Path) -> PathBuf {
    roster.with_extension("columns.toml")
}

/// Where the template of a roster is, if nothing else is said.
pub(super) fn template_of(roster: &Path) -> PathBuf {
    roster.with_extension("template.json")
}
