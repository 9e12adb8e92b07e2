//! `sanad receipt show`: what a receipt says, before anything of it is checked.

use std::path::PathBuf;

use anyhow::Context;
use sanad_core::commitment::Opening;
use sanad_core::document::DocumentKind;
use sanad_core::event::Entry;
use sanad_core::hash::ChainId;
use sanad_core::ids::{Height, LogIndex, LogSize};
use sanad_core::proof::Finality;
use sanad_core::receipt::{Receipt, ReceiptForm};
use sanad_core::status::{CredentialStatus, status_in_leaf};
use sanad_core::summary::Summary;
use serde::Serialize;

use crate::output::{Outcome, Output, Report};
use crate::receipt_file;
use crate::time;
use crate::trust::TrustArgs;
use crate::view::View;

pub(super) const EXAMPLES: &str = "\
Examples:
  sanad receipt show ijazah.json.receipt.json
  sanad receipt show ijazah.json.receipt --genesis genesis.json --json | jq .log_index

A binary receipt leaves out what the genesis says, and is read with it alone.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The receipt: JSON, binary, or a PNG with its QR code; - is standard input
    file: PathBuf,
    #[command(flatten)]
    trust: TrustArgs,
}

#[derive(Serialize)]
struct Shown {
    /// Nothing here was checked.
    verified: bool,
    chain_id: ChainId,
    log_index: LogIndex,
    log_size: LogSize,
    entry: Entry,
    issuer_name: String,
    status: CredentialStatus,
    document: DocumentKind,
    height: Height,
    time_ms: u64,
    /// What makes the block final: `certificate`, `sealed` or `history`.
    finality: &'static str,
    /// What of the commitment is open: `full`, `paper` or `closed-summary`.
    opening: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<Summary>,
    validator_changes: usize,
}

pub(super) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let name = args.file.display();
    let bytes = receipt_file::read_bytes(&args.file)?;
    let receipt = match ReceiptForm::detect(&bytes) {
        ReceiptForm::Json => Receipt::from_json(&bytes),
        ReceiptForm::Binary => Receipt::from_bytes(&bytes, args.trust.read()?.anchor()),
    };
    let receipt = receipt.with_context(|| format!("{name} is not a receipt"))?;
    let proof = receipt.proof;
    output.print(&Shown {
        verified: false,
        chain_id: proof.header.chain_id,
        log_index: proof.index,
        log_size: proof.header.log_size,
        status: CredentialStatus::new(
            status_in_leaf(&proof.status_leaf, proof.index),
            proof.index,
            &proof.issuer.record,
        ),
        issuer_name: proof.issuer.record.name,
        finality: finality_word(&proof.finality),
        opening: opening_word(&receipt.opening),
        summary: receipt.opening.summary().cloned(),
        document: receipt.document,
        height: proof.header.height,
        time_ms: proof.header.time_ms,
        validator_changes: proof.finality.validator_changes().len(),
        entry: proof.entry,
    })?;
    Ok(Outcome::Yes)
}

fn finality_word(finality: &Finality) -> &'static str {
    match finality {
        Finality::Certificate { .. } => "certificate",
        Finality::Sealed { .. } => "sealed",
        Finality::History(_) => "history",
    }
}

fn opening_word(opening: &Opening) -> &'static str {
    match opening {
        Opening::Full { .. } => "full",
        Opening::Paper { .. } => "paper",
        Opening::ClosedSummary { .. } => "closed-summary",
    }
}

impl Report for Shown {
    fn view(&self) -> View {
        let document = format!("{:?}", self.document).to_lowercase();
        let view = View::new()
            .line("What this receipt claims (not checked; `sanad verify` checks):")
            .fact("status", self.status)
            .fact("as of", format!("block {}, {}", self.height, time::format_ms(self.time_ms)))
            .fact("issuer", format!("{} ({})", self.issuer_name, self.entry.issuer))
            .fact(
                "entry",
                format!("{} at log index {} of {}", self.entry.event.kind(), self.log_index, self.log_size),
            )
            .fact("document", format!("read as {document}"))
            .fact("chain id", self.chain_id)
            .fact(
                "final by",
                format!("{}, {} validator changes carried", self.finality, self.validator_changes),
            )
            .fact("opens", self.opening);
        let fields = self.summary.iter().flat_map(Summary::fields);
        fields.fold(view, |view, (label, text)| view.fact(label.as_str(), text))
    }
}
