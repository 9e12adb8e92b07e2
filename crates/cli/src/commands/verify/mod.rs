//! `sanad verify`: documents against their receipts and the genesis.

mod online;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use sanad_core::document::DOCUMENT_BYTES_MAX;
use sanad_core::receipt::Receipt;
use serde::Serialize;

use crate::finding::Finding;
use crate::output::{Outcome, Output, Report, note};
use crate::remote::SourceArgs;
use crate::target::{read_receipt, receipt_path};
use crate::trust::Trust;
use crate::verdict::Verdict;
use crate::view::View;
use crate::{files, time};

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad verify ijazah.json --genesis genesis.json
  sanad verify *.pdf --genesis genesis.json --max-age 7d
  sanad verify ijazah.json --receipt from-mail.json --genesis genesis.json --online

Without --online nothing but the files is used: document, receipt, genesis. The status is
then that of the receipt's block; --online asks a node for the status now and checks its
proof in the same way.

Verdicts: active (exit code 0); suspended, revoked, stale, tampered, foreign chain, not
proven (1).";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The documents
    #[arg(required = true, value_name = "DOCUMENT")]
    documents: Vec<PathBuf>,
    /// The receipt, of one document [default: DOCUMENT.receipt.json]
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    /// The genesis, all that is trusted
    #[arg(long, value_name = "FILE", env = "SANAD_GENESIS")]
    genesis: PathBuf,
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
    if args.receipt.is_some() && args.documents.len() > 1 {
        bail!("--receipt belongs to one document, but {} are given", args.documents.len());
    }
    let trust = Trust::from_file(&args.genesis)?;
    let mut findings = Findings { verdict: None, findings: Vec::new(), errors: Vec::new() };
    let mut outcome = Outcome::Yes;
    let online = if args.online { Some(online::Session::new(&args.source)?) } else { None };
    for document in &args.documents {
        match verify(document, args, &trust, online.as_ref()) {
            Ok((finding, of_finding)) => {
                outcome = outcome.and(of_finding);
                findings.findings.push(finding);
            }
            Err(error) => {
                outcome = Outcome::Error;
                let error = format!("{error:#}");
                note(format_args!("error: {}: {error}", document.display()));
                findings.errors.push(Failure { document: document.clone(), error });
            }
        }
    }
    if findings.errors.is_empty() {
        let verdicts = findings.findings.iter().map(|finding| finding.verdict);
        findings.verdict = verdicts.max_by_key(|verdict| verdict.gravity());
    }
    output.print(&findings)?;
    Ok(outcome)
}

fn verify(
    document: &Path,
    args: &Args,
    trust: &Trust,
    online: Option<&online::Session>,
) -> anyhow::Result<(Finding, Outcome)> {
    let bytes = files::read(document, DOCUMENT_BYTES_MAX)?;
    let path = args.receipt.clone().unwrap_or_else(|| receipt_path(document));
    let receipt = read_receipt(&path).context("without a receipt there is nothing to verify it with")?;
    let now_ms = time::now_ms();
    let mut finding = offline(document, &bytes, &receipt, trust, now_ms);
    finding.receipt = Some(path);
    let answered = online.is_none_or(|session| session.refresh(&mut finding, &receipt, &bytes, trust));
    if let Some(age_max) = args.max_age {
        finding.check_age(age_max);
    }
    let outcome = if answered { finding.verdict.outcome() } else { Outcome::Error };
    Ok((finding, outcome))
}

fn offline(document: &Path, bytes: &[u8], receipt: &Receipt, trust: &Trust, now_ms: u64) -> Finding {
    let target = document.display().to_string();
    let mut finding = Finding::of_proof(target, &receipt.proof, trust, now_ms);
    finding.check_document(receipt, bytes);
    finding
}

impl Report for Findings {
    fn view(&self) -> View {
        self.findings.iter().fold(View::new(), |view, finding| view.then(finding.view()))
    }
}
