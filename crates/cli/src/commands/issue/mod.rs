//! `sanad issue`: documents become entries of the log, and get their receipts.

mod documents;
mod folders;
mod fresh;
mod receipts;
mod report;
mod resume;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
use sanad_core::batch::BATCH_EVENTS_MAX;

use crate::commands::receipt::Form;
use crate::issuer::IssuerArgs;
use crate::output::{Outcome, Output};
use crate::remote::{self, NodeArgs, Remote};
use crate::time;
use crate::trust::TrustArgs;
use documents::As;
use sanad_verify::Trust;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad issue ijazah.json --issuer-dir merapi --genesis genesis.json
  sanad issue awards/ --issuer univ-merapi.example --key merapi/keys/issuing.json
  sanad issue --roster wisuda-2025.txt --issuer-dir merapi
  sanad issue --resume awards/
  sanad issue awards/ --issuer-dir merapi --receipts-form binary

Each document gets its receipt beside it, DOCUMENT.receipt.json, and none is issued twice: one that has
a receipt is skipped. Only a keyed commitment leaves this machine; its secret is kept in
the receipt. Before a batch is handed in, its secrets are written into a .sanad-pending
file; after a crash or a timeout --resume finishes it. Open Badges and W3C credentials get
a summary (holder, title, date ...) that a paper receipt can prove alone.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Documents, or folders of documents
    #[arg(required_unless_present_any = ["roster", "resume"], conflicts_with = "resume")]
    paths: Vec<PathBuf>,
    /// Text file with one document a line; # begins a comment
    #[arg(long, value_name = "FILE", conflicts_with = "resume")]
    roster: Option<PathBuf>,
    /// Finish what a pending file, or those of a folder, began
    #[arg(long, value_name = "DIR|FILE")]
    resume: Option<PathBuf>,
    /// How to read documents
    #[arg(long = "as", value_enum, default_value = "auto")]
    how: As,
    /// Most documents of one batch
    #[arg(long, default_value_t = 1000, value_name = "N")]
    batch_size: usize,
    /// Issue documents again that have a receipt; the old entry stays valid unless it is revoked
    #[arg(long)]
    force: bool,
    /// Bind no summary: no paper receipt can be made of the credential
    #[arg(long)]
    no_summary: bool,
    /// The form of the receipts: DOCUMENT.receipt.json or DOCUMENT.receipt
    #[arg(long, value_enum, default_value = "json")]
    receipts_form: Form,
    /// How long to wait until a batch is final
    #[arg(long, default_value = "2m", value_name = "DURATION", value_parser = time::parse_duration)]
    wait: Duration,
    #[command(flatten)]
    issuer: IssuerArgs,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    node: NodeArgs,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    if !(1..=BATCH_EVENTS_MAX).contains(&args.batch_size) {
        bail!("--batch-size is {}; a batch has 1 to {BATCH_EVENTS_MAX} events", args.batch_size);
    }
    let report = match &args.resume {
        Some(path) => remote::block_on(resume::run(args, path))??,
        None => remote::block_on(fresh::run(args))??,
    };
    output.print(&report)?;
    Ok(Outcome::Yes)
}

async fn connect(args: &Args) -> anyhow::Result<(Remote, Trust)> {
    let remote = Remote::connect(&args.node).await?;
    let trust = args.trust.for_node(&remote).await?;
    Ok((remote, trust))
}
