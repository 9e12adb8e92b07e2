//! `sanad receipt renew`: an old receipt, made final by a newer block.

use std::path::PathBuf;

use anyhow::{Context, bail};
use sanad_api::ProofForm;
use sanad_core::history::SEAL_HEADERS;
use sanad_core::ids::Height;
use sanad_core::proof::Finality;
use serde::Serialize;

use super::convert::form_of;
use crate::files::{self, Mode};
use crate::output::{Outcome, Output, Report};
use crate::receipt_file;
use crate::remote::{self, Remote, SourceArgs};
use crate::time;
use crate::trust::TrustArgs;
use crate::view::View;

pub(super) const EXAMPLES: &str = "\
Examples:
  sanad receipt renew ijazah.json.receipt.json renewed.receipt.json --genesis genesis.json
  sanad receipt renew ijazah.json.receipt.json renewed.receipt --export public
  sanad receipt renew ijazah.json.receipt.json sealed.receipt --sealed --trust consortium.trust.json

The new receipt proves the same as the old one, as of the same block: a path shows that
block in the history of a recent one, which today's validators signed. So it can be
checked when those who signed the old block have left. With --sealed the path leads into
the trust file of whoever checks it: smaller, without any signature, and it never has to
be renewed again. For the status as of now, see `sanad status --receipt-out`.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The receipt: JSON, binary, or a PNG with its QR code; - is standard input
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// The new file
    #[arg(value_name = "OUT")]
    out: PathBuf,
    /// Prove the block by the trust file's own history, without signatures: possible once all
    /// 65,536 blocks of its part of the history are there. Only a trust file that reaches so
    /// far can check it
    #[arg(long)]
    sealed: bool,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    source: SourceArgs,
}

#[derive(Serialize)]
struct Renewed {
    path: PathBuf,
    /// The block that the receipt is as of.
    height: Height,
    /// The block that vouches for it now: that of the trust file, if the receipt is sealed.
    vouched_for_by: Height,
    time_ms: u64,
    sealed: bool,
    bytes: usize,
}

pub(super) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    output.print(&remote::block_on(renew(args))??)?;
    Ok(Outcome::Yes)
}

async fn renew(args: &Args) -> anyhow::Result<Renewed> {
    let remote = Remote::open(&args.source).await?;
    let trust = args.trust.for_node(&remote).await?;
    let mut receipt = receipt_file::read(&args.input, trust.anchor())?;
    if !receipt.opening.needs_document() {
        // What is on paper can be checked at once; a renewed forgery would look fresh.
        let forged = || format!("{} is not renewed: its summary was changed", args.input.display());
        receipt.verify_document(None).with_context(forged)?;
    }
    let height = receipt.proof.header.height;
    let form = if args.sealed { ProofForm::Sealed } else { ProofForm::SelfContained };
    let answer = remote.told(remote.ask(|| remote.client().history_proof(height, form)).await)?;
    let vouching = match (&answer.finality, trust.anchor().header()) {
        (Finality::Sealed { .. }, Some(anchor)) => anchor,
        (Finality::Sealed { .. }, None) => {
            bail!("a sealed receipt is checked with a trust file; give --trust, or see `sanad trust fetch`")
        }
        _ if args.sealed => bail!(
            "block {height} can be sealed from block {} on; without --sealed the receipt is renewed now",
            sealed_from(height)
        ),
        (Finality::History(newer), _) => &newer.header,
        _ => &answer.header,
    };
    let (vouched_for_by, time_ms) = (vouching.height, vouching.time_ms);
    receipt.proof.finality = answer.finality;
    receipt.proof.verify(trust.anchor()).with_context(|| {
        format!(
            "the {} {} does not prove this receipt's block; is it of this chain?",
            remote.kind(),
            remote.url()
        )
    })?;
    let receipt = receipt.trimmed(trust.anchor());
    let bytes = receipt_file::encode(&receipt, form_of(&args.out), trust.anchor())?;
    files::create_new(&args.out, &bytes, Mode::Private)?;
    let (path, bytes) = (args.out.clone(), bytes.len());
    Ok(Renewed { path, height, vouched_for_by, time_ms, sealed: args.sealed, bytes })
}

/// The first block whose history has the whole subtree of a block.
fn sealed_from(height: Height) -> Height {
    Height(height.0.next_multiple_of(SEAL_HEADERS) + 1)
}

impl Report for Renewed {
    fn view(&self) -> View {
        View::new()
            .line(format!("{} written", self.path.display()))
            .fact("as of", format!("block {}", self.height))
            .fact(
                if self.sealed { "sealed under" } else { "vouched for by" },
                format!("block {}, {}", self.vouched_for_by, time::format_ms(self.time_ms)),
            )
            .fact("bytes", self.bytes)
    }
}
