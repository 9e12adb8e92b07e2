//! `sanad status`: a credential's status as of a node's last block, proved.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use sanad_core::proof::StatusProof;
use sanad_core::receipt::{RECEIPT_BINARY_SUFFIX, Receipt, ReceiptForm};
use sanad_verify::{Answer, Asked, Finding, Trust, Verdict, Verifier};

use super::verify::evidence;
use crate::files::{self, Mode};
use crate::output::{Outcome, Output};
use crate::receipt_file;
use crate::remote::SourceArgs;
use crate::source::Source;
use crate::target::Target;
use crate::time;
use crate::trust::TrustArgs;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad status 42 --genesis genesis.json
  sanad status ijazah.json --max-age 1h
  sanad status univ-merapi.example/3f0c...e1 --json | jq -r .verdict
  sanad status ijazah.json --export public --receipt-out fresh.receipt.json

--export asks a static export in place of a node, a folder or an https URL; of one at a URL it is said
how many requests and bytes the answer took. A receipt names the place in the log, so that the index
of the export is not needed.
--receipt-out writes a receipt as of now in place of the one that was given.
What a receipt in hand proves stands: an answer that is older, or that does not hold, changes
nothing of it.

Exit code 0: active. 1: suspended, revoked, stale (older than --max-age, or than a day), or not
proven. 2: the node could not be asked, is behind, or knows no such credential; none of that
says anything against it.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// A log index, ISSUER/COMMITMENT, a receipt, or a document with its receipt beside it
    pub(crate) target: OsString,
    /// Oldest block to take, such as 15m or 24h; an older one is "stale" [default: 24h]
    #[arg(long, value_name = "DURATION", env = "SANAD_MAX_AGE", value_parser = time::parse_duration)]
    max_age: Option<Duration>,
    /// File for a receipt as of now, where what was asked about is a receipt or has one; it must not exist
    #[arg(long, value_name = "FILE")]
    receipt_out: Option<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    source: SourceArgs,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let source = Source::open(&args.source)?;
    let trust = match args.trust.given()? {
        Some(trust) => trust,
        None => {
            let remote = source.remote().map_err(|reason| anyhow::anyhow!("{}: {reason}", source.url()))?;
            source.block_on(args.trust.for_node(remote))?
        }
    };
    let (target, document) = Target::read_with_document(&args.target, trust.anchor())?;
    let finding = find(args, &source, &target, document.as_deref(), &trust)?;
    if let Some(fork) = finding.fork() {
        evidence::keep(Path::new(&args.target), fork);
    }
    output.print(&finding)?;
    source.note_cost();
    Ok(finding.answer().into())
}

fn find(
    args: &Args,
    source: &Source,
    target: &Target,
    document: Option<&[u8]>,
    trust: &Trust,
) -> anyhow::Result<Finding> {
    let name = &*args.target.to_string_lossy();
    let receipt = match target {
        Target::Receipt(receipt) => Some(receipt.as_ref()),
        Target::Index(_) | Target::Issuance(..) => None,
    };
    let verifier = Verifier::new(trust, time::now_ms()).age_max(args.max_age);
    // What the files prove by themselves, unless it takes a node to tell. Of a receipt without its document that is the
    // status; of a code on paper the summary, too.
    let known = receipt.map(|receipt| match verifier.read_receipt(name, receipt, document) {
        Ok(known) => known,
        Err(_) => verifier.status(name, &receipt.proof),
    });
    let known = known.filter(|known| {
        known.answer() != Answer::CouldNotBeChecked && known.verdict() != Verdict::NeedsHistoryPath
    });
    if let Some(known) = known.as_ref().filter(|known| !known.has_status()) {
        return Ok(known.clone());
    }
    let answer = source.status(&target.key()?, receipt);
    let verifier = Verifier::new(trust, time::now_ms()).age_max(args.max_age);
    let finding = match (&answer, known) {
        (Ok(proof), Some(mut known)) => {
            known.refresh(&verifier, source.url(), proof);
            known
        }
        (Ok(proof), None) => verifier.answered(name, source.url(), proof),
        (Err(reason), Some(mut known)) => {
            known.unanswered(source.url(), reason);
            known
        }
        (Err(reason), None) => verifier.not_answered(name, source.url(), reason),
    };
    if let (Some(path), Ok(proof)) = (&args.receipt_out, answer) {
        if matches!(finding.asked(), Asked::Answered { .. }) && finding.fork().is_none() {
            write_receipt(path, receipt, proof, trust)?;
        } else {
            bail!("no receipt is written: {}", finding.headline());
        }
    }
    Ok(finding)
}

/// Writes a receipt with a fresh proof, if it holds; whatever the status is.
fn write_receipt(
    path: &Path,
    receipt: Option<&Receipt>,
    proof: StatusProof,
    trust: &Trust,
) -> anyhow::Result<()> {
    let Some(old) = receipt else {
        bail!("--receipt-out needs a receipt, or a document with one beside it: it holds the secret");
    };
    proof.verify(trust.anchor()).context("no receipt is written: the answer does not hold")?;
    let receipt = Receipt::new(old.document, old.opening.clone(), proof).trimmed(trust.anchor());
    let binary = path.as_os_str().as_encoded_bytes().ends_with(RECEIPT_BINARY_SUFFIX.as_bytes());
    let form = if binary { ReceiptForm::Binary } else { ReceiptForm::Json };
    let bytes = receipt_file::encode(&receipt, form, trust.anchor())?;
    files::create_new(path, &bytes, Mode::Private)
}
