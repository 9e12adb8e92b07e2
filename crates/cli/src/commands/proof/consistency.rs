//! `sanad proof consistency`: the log only grew.

use std::path::{Path, PathBuf};

use anyhow::Context;
use sanad_api::ProofForm;
use sanad_core::hash::Root;
use sanad_core::ids::{Height, LogSize, MemberId};
use sanad_core::proof::{ConsistencyProof, LogHead, ProvenConsistency};
use serde::Serialize;

use crate::files::{self, Mode};
use crate::finding::Fault;
use crate::output::{Outcome, Output, Report};
use crate::receipt_file;
use crate::remote::{self, Remote, SourceArgs};
use crate::time;
use crate::trust::{Trust, TrustArgs};
use crate::verdict::Verdict;
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
    let consistency = remote::block_on(ask(args))??;
    output.print(&consistency)?;
    Ok(consistency.outcome())
}

async fn ask(args: &Args) -> anyhow::Result<Consistency> {
    let remote = Remote::open(&args.source).await?;
    let trust = Trust::for_node(&args.trust, &remote).await?;
    let receipt = match args.older.parse::<u64>() {
        Ok(_) => None,
        Err(_) => Some(log_of_receipt(Path::new(&args.older), &trust)?),
    };
    let older = receipt.map_or_else(|| args.older.parse().map(LogSize), |log| Ok(log.size))?;
    let newer = args.newer.map(LogSize);
    let asked = remote.ask(|| remote.client().consistency(older, newer, ProofForm::SelfContained));
    let proof = remote.told(asked.await)?;
    let mut consistency = Consistency::of(args.older.clone(), &proof, receipt, &trust);
    if let (Some(path), true) = (&args.out, consistency.verdict == Verdict::Proved) {
        let proof = proof.trimmed(&trust.anchor);
        files::place_new(path, proof.to_json().as_bytes(), Mode::Public)?;
        consistency.written = Some(path.clone());
    }
    Ok(consistency)
}

/// The log of a receipt's block, if the header is final.
pub(super) fn log_of_receipt(path: &Path, trust: &Trust) -> anyhow::Result<LogHead> {
    let proof = receipt_file::read(path, &trust.anchor)?.proof;
    let unproven = || format!("{} proves no log", path.display());
    proof.verify_header(&trust.anchor).with_context(unproven)?;
    Ok(LogHead { size: proof.header.log_size, root: proof.header.log_root })
}

/// The result of checking a consistency proof.
#[derive(Serialize)]
pub(super) struct Consistency {
    target: String,
    /// [`Verdict::Proved`] where the older log is the beginning of the newer one.
    verdict: Verdict,
    /// Why it is not, or not proved to be.
    reason: Option<String>,
    older_size: LogSize,
    older_root: Root,
    newer_size: LogSize,
    newer_root: Root,
    /// The block that vouches for it, where it is proved.
    height: Option<Height>,
    time_ms: Option<u64>,
    signers: Vec<MemberId>,
    validators: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    written: Option<PathBuf>,
}

impl Consistency {
    /// Checks a proof. If the older log is known from elsewhere, the proof must begin with it.
    pub(super) fn of(
        target: String,
        proof: &ConsistencyProof,
        known: Option<LogHead>,
        trust: &Trust,
    ) -> Self {
        let mut found = Self {
            target,
            verdict: Verdict::NotProven,
            reason: None,
            older_size: proof.older.size,
            older_root: proof.older.root,
            newer_size: proof.newer.size,
            newer_root: proof.newer.root,
            height: None,
            time_ms: None,
            signers: Vec::new(),
            validators: 0,
            written: None,
        };
        let ProvenConsistency { older, height, time_ms, basis, .. } = match proof.verify(&trust.anchor) {
            Ok(proven) => proven,
            Err(fault) => {
                let fault = Fault::from(&fault);
                (found.verdict, found.reason) = (fault.verdict, Some(fault.reason()));
                return found;
            }
        };
        found.height = Some(height);
        found.time_ms = Some(time_ms);
        (found.signers, found.validators) = (basis.signers, basis.validators);
        found.reason = known.and_then(|known| another_log(&known, &older));
        if found.reason.is_none() {
            found.verdict = Verdict::Proved;
        }
        found
    }

    pub(super) fn outcome(&self) -> Outcome {
        self.verdict.outcome()
    }
}

/// Why a proof does not begin with the log that is known, if it does not.
fn another_log(known: &LogHead, older: &LogHead) -> Option<String> {
    if known.size != older.size {
        return Some(format!(
            "the proof begins at {} entries, the receipt's log has {}; ask for a proof from that size",
            older.size, known.size
        ));
    }
    (known.root != older.root).then(|| {
        format!(
            "FORK: at {} entries the receipt's log has the root {}, this one {}, and validators signed both; keep both \
             files as evidence",
            known.size, known.root, older.root
        )
    })
}

impl Report for Consistency {
    fn view(&self) -> View {
        let verdict = match &self.reason {
            None => "proved: the older log begins the newer one".to_owned(),
            Some(reason) => format!("{}: {reason}", self.verdict),
        };
        let mut view = View::new()
            .line(format!("{}: {verdict}", self.target))
            .fact("older log", format!("{} entries, root {}", self.older_size, self.older_root))
            .fact("newer log", format!("{} entries, root {}", self.newer_size, self.newer_root));
        if let (Some(height), Some(time_ms)) = (self.height, self.time_ms) {
            view = view.fact("as of", format!("block {height}, {}", time::format_ms(time_ms)));
            view =
                view.fact("signed by", format!("{} of {} validators", self.signers.len(), self.validators));
        }
        match &self.written {
            Some(path) => view.fact("written to", path.display()),
            None => view,
        }
    }
}
