//! `sanad verify`: documents against their receipts and the genesis.

mod online;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use sanad_core::document::DOCUMENT_BYTES_MAX;
use sanad_core::receipt::Receipt;
use serde::Serialize;

use crate::files::STANDARD_INPUT;
use crate::finding::Finding;
use crate::folder::documents_in;
use crate::output::{Outcome, Output, Report, describe, note};
use crate::remote::SourceArgs;
use crate::trust::{Trust, TrustArgs};
use crate::verdict::Verdict;
use crate::view::View;
use crate::{credential, files, progress, receipt_file, time};

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad verify ijazah.json --genesis genesis.json
  sanad verify awards/ --genesis genesis.json --max-age 7d --json
  sanad verify ijazah.pdf --receipt scan.png --genesis genesis.json
  curl -s https://example.org/ijazah.json | sanad verify - --receipt ijazah.receipt
  sanad verify ijazah.json --receipt from-mail.json --trust konsorsium.trust.json --online
  sanad verify --receipt certificate.png --genesis genesis.json

A receipt is JSON, binary, or a PNG with its QR code; which one is seen by its first bytes.
A paper receipt is checked without a document: it proves its summary (holder, title, date
...), and nothing else of the document.
Without --online nothing but the files is used: document, receipt, genesis or trust file. The status is
then that of the receipt's block; --online asks a node for the status now and checks its
proof in the same way.

Exit codes:
  0  all documents are active (or active, confirmed), and nothing speaks against them
  1  all were checked, and one is not active: it is
       stale          active, but the proof is older than --max-age
       suspended      not to be relied on for now
       disputed       issued while somebody else may have held the issuer's key
       revoked        void for ever
       tampered       the named part was changed: document, secret or receipt
       not proven     something is missing, such as signatures, or contradicts what is known
       needs history path
                      older than the trust file, and signed by keys that were retired since
       foreign chain  the receipt is of another consortium than the genesis
  2  one could not be checked: no such file, no receipt, --online without an answer; or
     it needs a trust file, a renewed one, or a newer verifier. That says nothing against it.

Where a document is a W3C credential or an Open Badge, its own signature and dates are
checked, too: see `sanad credential check --help`. They change nothing of what the ledger
proved. A signature that is missing or was not checked does not speak against it.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The documents, or folders of documents; - is standard input
    #[arg(required_unless_present = "receipt", value_name = "DOCUMENT")]
    documents: Vec<PathBuf>,
    /// The receipt, of one document; - is standard input [default: what is beside it,
    /// DOCUMENT.receipt.json, DOCUMENT.receipt or DOCUMENT.receipt.png]
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    /// Ask a node for the status as of now
    #[arg(long)]
    online: bool,
    /// Oldest proof to take, such as 15m, 24h or 7d; an older one is "stale"
    #[arg(long, value_name = "DURATION", value_parser = time::parse_duration)]
    max_age: Option<Duration>,
    #[command(flatten)]
    source: SourceArgs,
}

#[derive(Serialize)]
struct Findings {
    /// The gravest of all; none where there is a document without an answer.
    verdict: Option<Verdict>,
    findings: Vec<Finding>,
    errors: Vec<Failure>,
}

/// A document that nothing can be said of.
#[derive(Serialize)]
struct Failure {
    document: PathBuf,
    error: String,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let documents = documents(args)?;
    let trust = Trust::from_files(&args.trust)?;
    let mut findings = Findings { verdict: None, findings: Vec::new(), errors: Vec::new() };
    let mut outcome = Outcome::Yes;
    let online = if args.online { Some(online::Session::new(&args.source)?) } else { None };
    let bar = progress::bar(documents.len(), "verifying");
    for document in &documents {
        match verify(document.as_deref(), args, &trust, online.as_ref()) {
            Ok((finding, unanswered)) => {
                outcome = outcome.and(finding.outcome());
                findings.findings.push(finding);
                if let Some(error) = unanswered {
                    findings.fail(document.clone(), args, error);
                }
            }
            Err(error) => findings.fail(document.clone(), args, describe(&error)),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    match findings.errors.is_empty() {
        true => findings.verdict = findings.findings.iter().map(|finding| finding.verdict).max(),
        false => outcome = Outcome::Error,
    }
    output.print(&findings)?;
    Ok(outcome)
}

impl Findings {
    fn fail(&mut self, document: Option<PathBuf>, args: &Args, error: String) {
        let document = document.or(args.receipt.clone()).unwrap_or_default();
        note(format_args!("error: {}: {error}", document.display()));
        self.errors.push(Failure { document, error });
    }
}

/// The documents that the arguments name, each file of a folder for itself; one `None` for a receipt alone.
fn documents(args: &Args) -> anyhow::Result<Vec<Option<PathBuf>>> {
    if args.documents.is_empty() {
        return Ok(vec![None]);
    }
    let mut documents = Vec::new();
    for path in &args.documents {
        match path.is_dir() {
            true => documents.extend(documents_in(path)?),
            false => documents.push(path.clone()),
        }
    }
    let is_stdin = |path: &Path| path == Path::new(STANDARD_INPUT);
    let from_stdin = documents.iter().filter(|path| is_stdin(path)).count();
    match &args.receipt {
        Some(_) if documents.len() != 1 => {
            bail!("--receipt belongs to one document, but {} are given", documents.len())
        }
        None if from_stdin > 0 => bail!("a document from standard input needs --receipt"),
        Some(receipt) if is_stdin(receipt) && from_stdin > 0 => {
            bail!("only one of document and receipt can come from standard input")
        }
        _ if documents.is_empty() => bail!("no documents were found in the folder"),
        _ => Ok(documents.into_iter().map(Some).collect()),
    }
}

/// Checks one document, or a receipt alone; beside the finding why the status as of now could not be checked.
fn verify(
    document: Option<&Path>,
    args: &Args,
    trust: &Trust,
    online: Option<&online::Session>,
) -> anyhow::Result<(Finding, Option<String>)> {
    let bytes = document.map(|document| files::read_input(document, DOCUMENT_BYTES_MAX)).transpose()?;
    let beside = || document.map(receipt_file::find_beside);
    let path = args.receipt.clone().or_else(beside).context("give a document or --receipt")?;
    let receipt =
        receipt_file::read_bytes(&path).context("without a receipt there is nothing to verify it with")?;
    let target = document.unwrap_or(&path).display().to_string();
    let (mut unanswered, mut issuer) = (None, None);
    let mut finding = match Receipt::from_bytes(&receipt, &trust.anchor) {
        Ok(receipt) => {
            let now_ms = time::now_ms();
            let mut finding = Finding::of_receipt(target, &receipt, bytes.as_deref(), trust, now_ms)?;
            unanswered = online.and_then(|session| session.refresh(&mut finding, &receipt, trust).err());
            issuer = Some(receipt.proof.issuer.record);
            finding
        }
        Err(error) if Receipt::is_claimed(&receipt) => Finding::of_unread(target, &error, &receipt, trust),
        Err(error) => {
            return Err(error).with_context(|| format!("{} is not a receipt", path.display()));
        }
    };
    finding.receipt = Some(path);
    if let Some(age_max) = args.max_age {
        finding.check_age(age_max);
    }
    if let Some(bytes) = &bytes {
        finding.credential = credential::check(bytes, issuer.as_ref(), &finding, time::now_ms());
    }
    Ok((finding.close(), unanswered))
}

impl Report for Findings {
    fn view(&self) -> View {
        self.findings.iter().fold(View::new(), |view, finding| view.then(finding.view()))
    }
}
