//! `sanad issue init`: proposes columns and a template for a roster.

use std::path::{Path, PathBuf};

use anyhow::bail;
use sanad_issuer::files::{self, Mode};
use sanad_issuer::{member_path, read_member};
use sanad_roster::{Place, Proposal, ROSTER_BYTES_MAX, propose, read_table};
use serde::Serialize;

use crate::output::{Outcome, Output, Report, note};
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad issue init wisuda.xlsx --issuer-dir merapi
  sanad issue init wisuda.xlsx --sheet Peserta --issuer-dir merapi

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
    /// Texts of the template that are yet to be written.
    to_write: usize,
    notices: Vec<String>,
}

#[derive(Serialize)]
struct Named {
    field: String,
    column: String,
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
    let member = args.issuer_dir.as_deref().map(|folder| read_member(&member_path(folder))).transpose()?;
    let member = member.map(|file| file.member);
    let did = member.as_ref().and_then(|member| {
        let mut ids = member.issuer_ids.iter().map(|id| id.as_str());
        ids.find(|id| id.starts_with("did:web:")).or(member.issuer_ids.first().map(|id| id.as_str()))
    });
    let issuer = did.zip(member.as_ref().map(|member| member.name.as_str()));
    let Proposal { columns_toml, template_json, fields, to_write } = propose(&table, &place, issuer);
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
    let fields = fields.into_iter().map(|(field, column)| Named { field, column }).collect();
    output.print(&Proposed { columns, template, rows: table.rows.len(), fields, to_write, notices })?;
    Ok(Outcome::Yes)
}

impl Report for Proposed {
    fn view(&self) -> View {
        let rows = self.fields.iter().map(|named| vec![named.field.clone(), named.column.clone()]).collect();
        View::new()
            .table(&["field", "column"], rows)
            .fact("rows", self.rows)
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

/// Where the columns of a roster are, if nothing else is said.
pub(super) fn columns_of(roster: &Path) -> PathBuf {
    roster.with_extension("columns.toml")
}

/// Where the template of a roster is, if nothing else is said.
pub(super) fn template_of(roster: &Path) -> PathBuf {
    roster.with_extension("template.json")
}
