//! `sanad proof consistency`: the log only grew.

use std::path::{Path, PathBuf};

use sanad_api::ProofForm;
use sanad_core::ids::LogSize;
use sanad_core::proof::StatusProof;
use sanad_verify::{Consistency, Language, Trust, Verdict};
use serde::Serialize;

use crate::commands::verify::evidence;
use crate::files::{self, Mode};
use crate::findings;
use crate::output::{Outcome, Output, Report};
use crate::receipt_file;
use crate::remote::{self, Remote, SourceArgs};
use crate::trust::TrustArgs;
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad proof consistency 1000 --genesis genesis.json
  sanad proof consistency 1000 2500 --out 1000-2500.consistency.json
  sanad proof consistency ijazah.json.receipt.json --out since.consistency.json

With a receipt, the proof shows that the log of the receipt's block begins the node's log: nothing was removed or
changed since. `sanad proof verify` checks the file, with no node.

Exit code 1 where the node's proof does not hold, or its log is another than the receipt's;
2 where a (newer) trust file or program is needed.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The older size, in entries, or a receipt for the size of its log
    older: String,
    /// The newer size, in entries [default: that of the last block]
    newer: Option<u64>,
    /// Write the proof to a new file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    source: SourceArgs,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let shown = remote::block_on(ask(args))??;
    output.print(&shown)?;
    Ok(shown.found.verdict.answer().into())
}

async fn ask(args: &Args) -> anyhow::Result<Shown> {
    let remote = Remote::open(&args.source).await?;
    let trust = args.trust.for_node(&remote).await?;
    let older = args.older.parse::<u64>();
    let receipt = match older {
        Ok(_) => None,
        Err(_) => Some(proof_of_receipt(Path::new(&args.older), &trust)?),
    };
    let older = match &receipt {
        Some(proof) => proof.header.log_size,
        None => LogSize(older?),
    };
    let newer = args.newer.map(LogSize);
    let asked = remote.ask(|| remote.client().consistency(older, newer, ProofForm::SelfContained));
    let proof = remote.told(asked.await)?;
    let found = Consistency::of(&args.older, &proof, receipt.as_ref(), &trust);
    if let Some(fork) = found.fork() {
        evidence::keep(Path::new(&args.older), fork);
    }
    let mut shown = Shown { found, written: None };
    if let (Some(path), Verdict::Proved) = (&args.out, shown.found.verdict) {
        let proof = proof.trimmed(trust.anchor());
        files::place_new(path, proof.to_json().as_bytes(), Mode::Public)?;
        shown.written = Some(path.clone());
    }
    Ok(shown)
}

/// The proof of a receipt, whose log a consistency proof has to begin with.
pub(super) fn proof_of_receipt(path: &Path, trust: &Trust) -> anyhow::Result<StatusProof> {
    Ok(receipt_file::read(path, trust.anchor())?.proof)
}

/// A consistency proof that was checked, and where it was written.
#[derive(Serialize)]
pub(super) struct Shown {
    #[serde(flatten)]
    pub(super) found: Consistency,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) written: Option<PathBuf>,
}

impl Report for Shown {
    fn view(&self) -> View {
        self.view_in(Language::English)
    }

    fn view_in(&self, language: Language) -> View {
        findings::written(findings::push(View::new(), self.found.lines(language)), self.written.as_deref())
    }
}
