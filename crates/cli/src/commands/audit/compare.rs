//! `sanad audit compare`.

use std::path::PathBuf;

use anyhow::Context;
use sanad_core::ids::Height;
use sanad_storage::{BlockDifference, LogRest, compare};
use serde::Serialize;

use super::ledger;
use crate::output::{Outcome, Output, Report};
use crate::progress;
use crate::trust::TrustArgs;
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad audit compare node-1/data node-2/data --genesis genesis.json
  sanad audit compare node/data /backup/ledger --genesis genesis.json --json

Compares the blocks of two stopped nodes, or of copies, from the first on, and names the first height that differs.
Certificates of one block may differ: each node keeps the signatures that came first. That is said, and no difference.
Nothing is executed; `sanad audit` tells whether a log is sound. Exit codes: 0 no block differs and none is
damaged, 1 else, 2 an error. One log may be longer.";

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// The one node's data directory, or the ledger inside it
    one: PathBuf,
    /// The other's
    other: PathBuf,
    #[command(flatten)]
    trust: TrustArgs,
}

#[derive(Serialize)]
struct Compared {
    same: bool,
    equal_up_to: Height,
    first_difference: Option<Difference>,
    /// Equal blocks whose certificates hold other signatures.
    other_certificates: u64,
    first_other_certificate: Option<Height>,
    logs: [Rest; 2],
}

#[derive(Serialize)]
struct Difference {
    height: Height,
    fields: Vec<Field>,
}

/// What differs, and how it stands in each.
#[derive(Serialize)]
struct Field {
    field: String,
    one: Option<String>,
    other: Option<String>,
}

#[derive(Serialize)]
struct Rest {
    path: PathBuf,
    blocks_after: u64,
    finding: Option<String>,
}

pub(super) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let trust = args.trust.read()?;
    let paths = [ledger::find(&args.one)?, ledger::find(&args.other)?];
    let bar = progress::bytes("comparing");
    let tell = |progress| {
        ledger::show(&bar, progress);
    };
    let compared = compare([&paths[0], &paths[1]], trust.genesis(), tell);
    bar.finish_and_clear();
    let compared = compared
        .with_context(|| format!("{} and {} cannot be compared", paths[0].display(), paths[1].display()))?;
    let damaged = compared.rest.iter().any(|rest| rest.finding.is_some());
    let same = compared.difference.is_none() && !damaged;
    let [one, other] = compared.rest;
    let [first, second] = paths;
    output.print(&Compared {
        same,
        equal_up_to: compared.equal_up_to,
        first_difference: compared.difference.map(Difference::from),
        other_certificates: compared.other_certificates.0,
        first_other_certificate: compared.other_certificates.1,
        logs: [Rest::new(first, one), Rest::new(second, other)],
    })?;
    Ok(if same { Outcome::Yes } else { Outcome::No })
}

impl From<BlockDifference> for Difference {
    fn from(difference: BlockDifference) -> Self {
        let fields = difference.fields.into_iter();
        let fields = fields.map(|(field, one, other)| (format!("header {field}"), Some(one), Some(other)));
        let batch = difference.batch.into_iter();
        let batch = batch.map(|(position, one, other)| (format!("batch {position}"), one, other));
        let field = |(field, one, other)| Field { field, one, other };
        Self { height: difference.height, fields: fields.chain(batch).map(field).collect() }
    }
}

impl Rest {
    fn new(path: PathBuf, rest: LogRest) -> Self {
        let finding = rest.finding.map(|finding| finding.to_string());
        Self { path, blocks_after: rest.blocks, finding }
    }
}

impl Report for Compared {
    fn view(&self) -> View {
        let mut view = View::new();
        view = match &self.first_difference {
            Some(difference) => view.line(format!("differ at height {}", difference.height)),
            None => view.line(format!("equal up to height {}", self.equal_up_to)),
        };
        for log in &self.logs {
            let path = log.path.display();
            if log.blocks_after > 0 && self.first_difference.is_none() {
                view = view.line(format!("{path} has {} more blocks", log.blocks_after));
            }
            if let Some(finding) = &log.finding {
                view = view.line(format!("{path}: {finding}"));
            }
        }
        if let Some(first) = self.first_other_certificate {
            view = view.line(format!(
                "{} equal blocks hold other signatures in their certificates, from height {first} on, which is normal",
                self.other_certificates
            ));
        }
        let Some(difference) = &self.first_difference else { return view };
        let absent = || "none".to_owned();
        let rows = difference.fields.iter().map(|field| {
            let value = |value: &Option<String>| value.clone().unwrap_or_else(absent);
            vec![field.field.clone(), value(&field.one), value(&field.other)]
        });
        view.table(&["differs", "one", "other"], rows.collect())
    }
}
