//! `sanad tlog-proof`: an entry's place in the log, for the tools of transparency logs.

use std::path::PathBuf;

use anyhow::{Context, bail};
use sanad_api::{LogEntry, ProofForm};
use sanad_core::ids::{LogIndex, LogSize};
use sanad_core::signature::PublicKey;
use sanad_export::{CHECKPOINT_BYTES_MAX, CheckpointNote, Source, TlogProof};
use serde::Serialize;

use crate::files::{self, Mode};
use crate::output::{Outcome, Output, Report};
use crate::remote::{self, Remote, SourceArgs};
use crate::target::Target;
use crate::trust::TrustArgs;
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad tlog-proof 42 --export public --genesis genesis.json --out 42.tlog-proof
  sanad tlog-proof ijazah.json --export https://log.university.example/ --genesis genesis.json
  sanad tlog-proof 42 --checkpoint cosigned --genesis genesis.json --out 42.tlog-proof

Writes a C2SP tlog-proof: the entry, its path in the log, and a signed checkpoint. It is checked offline with the key of
the log and of whoever else signed the checkpoint; it says that the entry is in the log, and nothing of its status:
for that there are receipts. Of an export the checkpoint is its own; a node has none, so give one. All signatures of
the checkpoint are kept, also those of witnesses.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// A log index, ISSUER/COMMITMENT, a receipt, or a document with its receipt beside it
    target: String,
    /// File for the proof; it must not exist [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The checkpoint to prove it in, with the signatures of witnesses for example [default: the export's]
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// The exporter's public key, to check its signature of the checkpoint
    #[arg(long, value_name = "PUBLIC")]
    checkpoint_key: Option<PublicKey>,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    source: SourceArgs,
}

#[derive(Serialize)]
struct Proved {
    path: Option<PathBuf>,
    log_index: LogIndex,
    /// Entries in the log of the checkpoint.
    log_size: LogSize,
    origin: String,
    /// Names in which the checkpoint is signed.
    signers: Vec<String>,
    /// Whether the log's own signature was checked.
    signature_checked: bool,
    /// The file, if it was not written.
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<String>,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    // Before the export is opened: an export's head is never of a smaller log than its checkpoint.
    let text = checkpoint(args)?;
    let (proof, checkpoint) = remote::block_on(prove(args, text))??;
    let text = proof.to_text();
    let mut proved = Proved {
        path: args.out.clone(),
        log_index: proof.index(),
        log_size: checkpoint.size,
        origin: checkpoint.origin,
        signers: proof.signers(),
        signature_checked: args.checkpoint_key.is_some(),
        proof: None,
    };
    match &args.out {
        Some(path) => {
            files::create_new(path, text.as_bytes(), Mode::Public).context("the proof was not written")?;
            output.print(&proved)?;
        }
        None if output.is_json() => {
            proved.proof = Some(text);
            output.print(&proved)?;
        }
        None => output.print_raw(text.as_bytes())?,
    }
    Ok(Outcome::Yes)
}

fn checkpoint(args: &Args) -> anyhow::Result<String> {
    match (&args.checkpoint, &args.source.export) {
        (Some(path), _) => files::read_text(path, CHECKPOINT_BYTES_MAX as usize),
        (None, Some(place)) => {
            let options = args.source.node.connection.web_options(false)?;
            Ok(Source::new(place, &options)?.checkpoint()?)
        }
        (None, None) => {
            bail!("a node has no checkpoint; give one with --checkpoint FILE, or ask an export (--export)")
        }
    }
}

async fn prove(args: &Args, text: String) -> anyhow::Result<(TlogProof, CheckpointNote)> {
    let note = CheckpointNote::read_unverified(&text).context("the checkpoint does not read")?;
    let remote = Remote::open(&args.source).await?;
    let trust = args.trust.for_node(&remote).await?;
    let origin = &trust.genesis().log_origin;
    if note.origin != *origin {
        bail!("the checkpoint is of the log {}, the genesis of {origin}", note.origin);
    }
    if let Some(key) = &args.checkpoint_key {
        CheckpointNote::verify(&text, origin, key).context("the checkpoint is not signed with that key")?;
    }
    let target = Target::read(&args.target, trust.anchor())?;
    let index = match &target {
        Target::Index(index) => *index,
        Target::Receipt(receipt) => receipt.proof.index,
        Target::Issuance(..) => {
            let key = target.key()?;
            let status = remote.ask(|| remote.client().status(&key, ProofForm::Compact)).await;
            remote.told(status)?.index
        }
    };
    if index.0 >= note.size.0 {
        bail!(
            "the checkpoint is of {} entries and does not have the one of log index {index}; get a later one",
            note.size
        );
    }
    let LogEntry { entry, .. } = remote.told(remote.ask(|| remote.client().entry(index)).await)?;
    if let Target::Receipt(receipt) = &target
        && receipt.proof.entry != entry
    {
        bail!("the log has another entry at log index {index} than the receipt; is the receipt of this log?");
    }
    let included = remote.ask(|| remote.client().inclusion(index, Some(note.size))).await;
    let path = remote.told(included)?.path;
    let proof = TlogProof::new(index, entry.encode(), path, text);
    let proof = proof.with_context(|| format!("{} and the checkpoint do not fit together", remote.url()))?;
    Ok((proof, note))
}

impl Report for Proved {
    fn view(&self) -> View {
        let view = match &self.path {
            Some(path) => View::new().line(format!("{} written", path.display())),
            None => View::new(),
        };
        let checked = if self.signature_checked { "" } else { " (not checked: give --checkpoint-key)" };
        view.fact("log index", self.log_index)
            .fact("checkpoint", format!("{} entries of {}", self.log_size, self.origin))
            .fact("signed by", format!("{}{checked}", self.signers.join(", ")))
    }
}
