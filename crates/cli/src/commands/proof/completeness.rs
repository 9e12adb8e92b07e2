//! `sanad proof completeness`: all events of one issuer, and none left out.

use std::path::PathBuf;

use anyhow::bail;
use sanad_api::{CompletenessStream, ProofForm};
use sanad_core::ids::MemberId;
use sanad_core::proof::{COMPLETENESS_SUFFIX, CompletenessVerifier};
use sanad_verify::{Completeness, CompletenessList, Language, ListedCredential, Verdict};
use serde::Serialize;

use crate::files::{Mode, Staged};
use crate::findings;
use crate::output::{Outcome, Output, Report};
use crate::progress;
use crate::remote::{self, Remote, SourceArgs};
use crate::trust::TrustArgs;
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad proof completeness univ-merapi.example --genesis genesis.json
  sanad proof completeness univ-merapi.example --out merapi.completeness.jsonl
  sanad proof completeness univ-merapi.example --list --json | jq '.credentials[] | select(.status == \"revoked\")'

Only the issuer can change the status of what it issued, so the statuses of all its credentials follow from all its
events, as of one block. `sanad proof verify` checks the file, without a node. It has some 70 bytes an event.

Exit code 1 where the node's list is not proved to be complete; 2 where a (newer) trust file or program is needed.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The issuer's id
    issuer: MemberId,
    /// Write the proof to a new file [default: ISSUER.completeness.jsonl]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// List every credential with its status
    #[arg(long)]
    list: bool,
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
    let out = args.out.clone().unwrap_or_else(|| format!("{}{COMPLETENESS_SUFFIX}", args.issuer).into());
    if out.exists() {
        bail!("{} exists already and is left as it is; choose another place with --out", out.display());
    }
    let stream = remote
        .told(remote.ask(|| remote.client().completeness(&args.issuer, ProofForm::SelfContained)).await)?;
    let CompletenessStream { head, mut runs } = stream;
    let head = head.completeness().trimmed(trust.anchor());
    let mut list = CompletenessList::new(args.issuer.as_str(), args.list);
    let mut file = Staged::new(&out, Mode::Public)?;
    file.write(head.to_json().as_bytes())?;
    let mut verifier = match CompletenessVerifier::new(head, trust.anchor()) {
        Ok(verifier) => verifier,
        Err(fault) => return Ok(Shown::new(list.refused(&fault))),
    };
    let bar = progress::bar(verifier.remaining() as usize, "entries");
    while let Some(run) = remote.told(runs.next().await)? {
        file.write(run.to_json().as_bytes())?;
        if let Err(fault) = list.add(&mut verifier, &run) {
            return Ok(Shown::new(list.refused(&fault)));
        }
        bar.inc(run.entries.len() as u64);
    }
    bar.finish_and_clear();
    let mut shown = Shown::new(list.finish(verifier));
    if shown.found.verdict == Verdict::Proved {
        file.place_new()?;
        shown.written = Some(out);
    }
    Ok(shown)
}

/// A completeness proof that was checked, and where it was written.
#[derive(Serialize)]
pub(super) struct Shown {
    #[serde(flatten)]
    pub(super) found: Completeness,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) written: Option<PathBuf>,
}

impl Shown {
    pub(super) fn new(found: Completeness) -> Self {
        Self { found, written: None }
    }
}

impl Report for Shown {
    fn view(&self) -> View {
        self.view_in(Language::English)
    }

    fn view_in(&self, language: Language) -> View {
        let (mut view, found) = (View::new(), &self.found);
        if let Some(credentials) = &found.credentials {
            let row = |credential: &ListedCredential| {
                let ListedCredential { index, status, commitment } = credential;
                vec![index.to_string(), status.to_string(), commitment.to_string()]
            };
            view = view.table(&["index", "status", "commitment"], credentials.iter().map(row).collect());
        }
        findings::written(findings::push(view, found.lines(language)), self.written.as_deref())
    }
}
