//! `sanad receipt show`: what a receipt says, before anything of it is checked.

use std::path::PathBuf;

use anyhow::{Context, bail};
use sanad_core::document::DocumentKind;
use sanad_core::event::Entry;
use sanad_core::hash::ChainId;
use sanad_core::ids::{Height, LogIndex, LogSize};
use sanad_core::receipt::{Receipt, ReceiptForm};
use sanad_core::status::{Status, status_in_leaf};
use serde::Serialize;

use crate::output::{Outcome, Output, Report};
use crate::receipt_file;
use crate::time;
use crate::trust::{Trust, TrustArgs};
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
    status: Option<Status>,
    document: DocumentKind,
    height: Height,
    time_ms: u64,
    signatures: usize,
    validator_changes: usize,
}

pub(super) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let name = args.file.display();
    let bytes = receipt_file::read_bytes(&args.file)?;
    let receipt = match (ReceiptForm::detect(&bytes), &args.genesis) {
        (ReceiptForm::Json, _) => Receipt::from_json(&bytes),
        (ReceiptForm::Binary, Some(genesis)) => {
            Receipt::from_bytes(&bytes, &Trust::from_file(genesis)?.anchor)
        }
        (ReceiptForm::Binary, None) => bail!("{name} is a binary receipt, which is read with --genesis"),
    };
    let receipt = receipt.with_context(|| format!("{name} is no readable receipt"))?;
    let proof = receipt.proof;
    output.print(&Shown {
        verified: false,
        chain_id: proof.header.chain_id,
        log_index: proof.index,
        log_size: proof.header.log_size,
        issuer_name: proof.issuer.record.member.name,
        status: status_in_leaf(&proof.status_leaf, proof.index),
        document: receipt.document,
        height: proof.header.height,
        time_ms: proof.header.time_ms,
        signatures: proof.certificate.signatures.len(),
        validator_changes: proof.validator_changes.len(),
        entry: proof.entry,
    })?;
    Ok(Outcome::Yes)
}

impl Report for Shown {
    fn view(&self) -> View {
        let status = self.status.map_or("of an unknown value".to_owned(), |status| status.to_string());
        let document = format!("{:?}", self.document).to_lowercase();
        View::new()
            .line("What this receipt claims (not checked; `sanad verify` checks):")
            .fact("status", status)
            .fact("as of", format!("block {}, {}", self.height, time::format_ms(self.time_ms)))
            .fact("issuer", format!("{} ({})", self.issuer_name, self.entry.issuer))
            .fact(
                "entry",
                format!("{} at log index {} of {}", self.entry.event.kind(), self.log_index, self.log_size),
            )
            .fact("document", format!("read as {document}"))
            .fact("chain id", self.chain_id)
            .fact(
                "signatures",
                format!("{}, after {} validator changes", self.signatures, self.validator_changes),
            )
    }
}
