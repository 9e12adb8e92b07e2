//! `sanad status`: a credential's status as of a node's last block, proved.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use sanad_api::{ClientError, CredentialKey, ProofForm};
use sanad_core::proof::StatusProof;
use sanad_core::receipt::{RECEIPT_BINARY_SUFFIX, Receipt, ReceiptForm};

use crate::files::{self, Mode};
use crate::finding::Finding;
use crate::output::{Outcome, Output};
use crate::receipt_file;
use crate::remote::{self, Remote, SourceArgs, is_missing};
use crate::target::Target;
use crate::time;
use crate::trust::{Trust, TrustArgs};

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad status 42 --genesis genesis.json
  sanad status ijazah.json --max-age 1h
  sanad status univ-merapi.example/3f0c...e1 --json | jq -r .verdict
  sanad status ijazah.json --export public --receipt-out fresh.receipt.json

--export asks a static export in place of a node; nothing but the folder is needed.
--receipt-out writes a receipt as of now in place of the one that was given.

Exit code 0: active. 1: suspended, revoked, stale, unknown to the node, or not proven. 2:
no answer.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// A log index, ISSUER/COMMITMENT, a receipt, or a document with its receipt beside it
    target: String,
    /// Oldest block to take, such as 15m or 24h; an older one is "stale"
    #[arg(long, value_name = "DURATION", value_parser = time::parse_duration)]
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
    let finding = remote::block_on(ask(args))??;
    output.print(&finding)?;
    Ok(finding.verdict.outcome())
}

async fn ask(args: &Args) -> anyhow::Result<Finding> {
    let remote = Remote::open(&args.source).await?;
    let trust = Trust::for_node(&args.trust, &remote).await?;
    let target = Target::read(&args.target, &trust.anchor)?;
    let key = target.key()?;
    let mut finding = match ask_for(&remote, &key, &target).await {
        Ok(proof) => {
            let finding = Finding::of_proof(args.target.clone(), &proof, &trust, time::now_ms());
            if let Some(path) = &args.receipt_out {
                write_receipt(path, &target, proof, &trust)?;
            }
            finding
        }
        Err(error) if is_missing(&error) => {
            let reason = format!("the {} says: {error}", remote.kind());
            return Ok(Finding::unknown(args.target.clone(), reason).close());
        }
        Err(error) => return remote.told(Err(error)),
    };
    if let Some(age_max) = args.max_age {
        finding.check_age(age_max);
    }
    Ok(finding.close())
}

/// Asks by commitment, and where that is unknown by the place that the receipt proves: an index can hide a
/// credential, the log cannot.
async fn ask_for(remote: &Remote, key: &CredentialKey, target: &Target) -> Result<StatusProof, ClientError> {
    match (remote.ask(|| remote.client().status(key, ProofForm::SelfContained)).await, target) {
        (Err(error), Target::Receipt(receipt)) if is_missing(&error) => {
            let at_place = remote
                .client()
                .status(&CredentialKey::Index(receipt.proof.index), ProofForm::SelfContained)
                .await;
            at_place.ok().filter(|proof| proof.entry == receipt.proof.entry).ok_or(error)
        }
        (answer, _) => answer,
    }
}

/// Writes a receipt with a fresh proof, if it holds; whatever the status is.
fn write_receipt(path: &Path, target: &Target, proof: StatusProof, trust: &Trust) -> anyhow::Result<()> {
    let Target::Receipt(old) = target else {
        bail!("--receipt-out needs a receipt, or a document with one beside it: it holds the secret");
    };
    proof.verify(&trust.anchor).context("no receipt is written: the answer does not hold")?;
    let receipt = Receipt::new(old.document, old.opening.clone(), proof).trimmed(&trust.anchor);
    let binary = path.as_os_str().as_encoded_bytes().ends_with(RECEIPT_BINARY_SUFFIX.as_bytes());
    let form = if binary { ReceiptForm::Binary } else { ReceiptForm::Json };
    let bytes = receipt_file::encode(&receipt, form, &trust.anchor)?;
    files::create_new(path, &bytes, Mode::Private)
}
