//! `sanad issue`: documents become entries of the log, and get their receipts.

mod report;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::ValueEnum;
use sanad_core::batch::BATCH_EVENTS_MAX;
use sanad_core::document::DocumentKind;
use sanad_issuer::{
    BATCH_DOCUMENTS_DEFAULT, Chain, Issuance, IssueOptions, IssueReport, Places, ReadAs, ResumeError,
    Unfinished, read_roster,
};

use crate::commands::receipt::Form;
use crate::issuer::IssuerArgs;
use crate::observer::Terminal;
use crate::output::{Outcome, Output, note};
use crate::receipt_file::PICTURES;
use crate::remote::{self, NodeArgs, Remote};
use crate::time;
use crate::trust::TrustArgs;
use report::Issued;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad issue ijazah.json --issuer-dir merapi --genesis genesis.json
  sanad issue awards/ --issuer univ-merapi.example --key merapi/keys/issuing.json
  sanad issue --roster wisuda-2025.txt --issuer-dir merapi
  sanad issue --resume awards/
  sanad issue --resume awards/ --receipts elsewhere/
  sanad issue awards/ --issuer-dir merapi --receipts-form binary

Each document gets its receipt beside it, DOCUMENT.receipt.json, and none is issued twice: one that has
a receipt is skipped. Receipts, keys and other files of Sanad are never issued, whatever they are called.
Only a keyed commitment leaves this machine; its secret is kept in the receipt. Every receipt's place is
tried before anything is submitted, and the secrets are written into a .sanad-pending file; after a crash,
a timeout or a full disk --resume finishes it, and finds documents that were renamed by their content.
If another `sanad` of the same issuer is at work, this one waits for its turn. Open Badges and W3C
credentials get a summary (holder, title, date ...) that a paper receipt can prove alone.";

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
    #[arg(long, default_value_t = BATCH_DOCUMENTS_DEFAULT, value_name = "N")]
    batch_size: usize,
    /// Issue documents again that have a receipt; the old entry stays valid unless it is revoked
    #[arg(long)]
    force: bool,
    /// Bind no summary: no paper receipt can be made of the credential
    #[arg(long)]
    no_summary: bool,
    /// Folder for the receipts [default: each beside its document]
    #[arg(long, value_name = "DIR")]
    receipts: Option<PathBuf>,
    /// The form of the receipts: DOCUMENT.receipt.json or DOCUMENT.receipt
    #[arg(long, value_enum, default_value = "json")]
    receipts_form: Form,
    /// How long to wait until a batch is final, and for other programs of this issuer
    #[arg(long, default_value = "2m", value_name = "DURATION", value_parser = time::parse_duration)]
    wait: Duration,
    #[command(flatten)]
    issuer: IssuerArgs,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    node: NodeArgs,
}

/// How a document is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum As {
    /// By its first character.
    Auto,
    /// As JSON: the same digest however it is laid out.
    Json,
    /// As bytes: each counts.
    Bytes,
    /// As an SD-JWT: any selection of its disclosures fits the receipt.
    SdJwt,
}

impl From<As> for ReadAs {
    fn from(how: As) -> Self {
        match how {
            As::Auto => Self::Auto,
            As::Json => Self::Kind(DocumentKind::Json),
            As::Bytes => Self::Kind(DocumentKind::Bytes),
            As::SdJwt => Self::Kind(DocumentKind::SdJwt),
        }
    }
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    if !(1..=BATCH_EVENTS_MAX).contains(&args.batch_size) {
        bail!("--batch-size is {}; a batch has 1 to {BATCH_EVENTS_MAX} events", args.batch_size);
    }
    if let Some(folder) = args.receipts.as_deref().filter(|folder| !folder.is_dir()) {
        bail!("--receipts {}: there is no such folder; make it first", folder.display());
    }
    let issued = remote::block_on(async {
        let remote = Remote::connect(&args.node).await?;
        let trust = args.trust.for_node(&remote).await?;
        let chain = remote.chain(&trust);
        let report = match &args.resume {
            Some(path) => resume(args, path, &chain).await?,
            None => issue(args, &chain).await?,
        };
        Ok::<_, anyhow::Error>(Issued { chain_id: trust.anchor().chain_id, report })
    })??;
    output.print(&issued)?;
    for failed in &issued.report.failed {
        note(format_args!("error: {failed}"));
    }
    if issued.report.unfinished.is_empty() {
        return Ok(Outcome::Yes);
    }
    for file in &issued.report.unfinished {
        note(format_args!(
            "these documents are issued, and their secrets are in {0}: mend what is wrong and run `sanad issue \
             --resume {0}`, with --receipts DIR for another folder",
            file.display()
        ));
    }
    Ok(Outcome::Error)
}

async fn issue(args: &Args, chain: &Chain) -> anyhow::Result<IssueReport> {
    let observer = Terminal::default();
    let mut paths = args.paths.clone();
    if let Some(roster) = &args.roster {
        paths.extend(read_roster(roster)?);
    }
    let issuance = Issuance::prepare(&paths, chain.anchor(), options(args), &observer)?;
    if issuance.is_empty() {
        return Ok(issuance.into_report());
    }
    let issuer = args.issuer.open()?;
    Ok(issuance.enter(chain, &issuer, &observer).await?)
}

async fn resume(args: &Args, path: &Path, chain: &Chain) -> anyhow::Result<IssueReport> {
    let observer = Terminal::default();
    let (unfinished, options) = (Unfinished::open(path, args.wait, &observer)?, options(args));
    if unfinished.files().len() == 0 {
        note(format_args!("{} holds no pending file; nothing to finish", path.display()));
    }
    let mut report = IssueReport::default();
    for file in unfinished.files() {
        let mut finished = unfinished.finish(file, chain, None, &options, &observer, &mut report).await;
        // The key is opened only if it is needed.
        if matches!(finished, Err(ResumeError::PlaceTaken(_))) && args.issuer.is_given() {
            let issuer = args.issuer.open()?;
            finished = unfinished.finish(file, chain, Some(&issuer), &options, &observer, &mut report).await;
        }
        finished.with_context(|| format!("{} stays; nothing in it is lost", file.display()))?;
    }
    Ok(report)
}

fn options(args: &Args) -> IssueOptions {
    IssueOptions {
        read_as: args.how.into(),
        batch_documents_max: args.batch_size,
        again: args.force,
        summaries: !args.no_summary,
        places: Places { folder: args.receipts.clone(), form: args.receipts_form.into() },
        wait: args.wait,
        pictures: Some(PICTURES),
    }
}
