//! `sanad audit DIR`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, bail};
use sanad_core::audit_report::{AuditFinding, AuditVerdict};
use sanad_core::genesis::Genesis;
use sanad_core::hash::{BlockHash, Root};
use sanad_core::ids::{Height, LogSize};
use sanad_core::signature::PublicKey;
use sanad_export::Source;
use sanad_storage::{AuditReport, OpenError, Options, Store, StoreError, Verdict, audit};
use serde::Serialize;

use super::found::Found;
use super::{exported, ledger, report};
use crate::keys::PassphraseArgs;
use crate::output::{Outcome, Output, Report, warn};
use crate::progress;
use crate::remote::ConnectionArgs;
use crate::trust::TrustArgs;
use crate::view::View;

#[derive(clap::Args, Debug)]
#[group(skip)]
pub(super) struct Args {
    /// The node's data directory, or the ledger inside it, or a static export: its folder or its https URL
    #[arg(required = true, value_name = "DIR|URL")]
    pub(super) dir: Option<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    /// The exporter's public key, to check the signatures of an export
    #[arg(long, value_name = "PUBLIC")]
    checkpoint_key: Option<PublicKey>,
    /// Make what is derived from the segments anew, then audit
    #[arg(long)]
    rebuild: bool,
    /// Write a signed report; the file must not exist
    #[arg(long, value_name = "FILE", requires = "key")]
    report: Option<PathBuf>,
    /// The key file that signs the report: your issuing key, or your network key where you have none
    #[arg(long, value_name = "FILE", requires = "report")]
    key: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

#[derive(Serialize)]
struct Audited {
    verdict: AuditVerdict,
    sound: bool,
    /// Whether an export is signed with the key that was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    signed: Option<bool>,
    #[serde(skip)]
    is_export: bool,
    /// Whether it is a backup, of which the log alone is audited.
    is_backup: bool,
    /// What does not fit, first in the order of heights.
    findings: Vec<AuditFinding>,
    rebuilt: bool,
    height: Height,
    head_hash: BlockHash,
    /// The block that the checkpoint is of.
    checkpoint: Option<Height>,
    log_size: LogSize,
    log_root: Root,
    batches: u64,
    bytes: u64,
    seconds: f64,
    events_per_second: u64,
    report: Option<PathBuf>,
}

pub(super) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let dir = args.dir.as_deref().context("name a node's data directory, or an export")?;
    let trust = args.trust.read()?;
    let export = Source::is_export(dir);
    if args.checkpoint_key.is_some() && !export {
        bail!("--checkpoint-key is for exports, and {} is not one", dir.display());
    }
    if export && args.rebuild {
        bail!("{} is an export, of which nothing can be rebuilt; export to a new folder", dir.display());
    }
    let ledger = if export { dir.to_owned() } else { ledger::find(dir)? };
    let backup = !export && ledger::is_backup(&ledger);
    if backup && args.rebuild {
        bail!(
            "{} is a backup, which holds the log alone; restore it first: sanad-node backup restore",
            dir.display()
        );
    }
    // Before hours of work: a wrong passphrase or a file in the way.
    let signer = match (&args.report, &args.key) {
        (Some(path), Some(key)) => Some(report::Signer::open(path, key, &args.passphrase)?),
        _ => None,
    };
    let cannot = || format!("{} cannot be audited", ledger.display());
    let rebuilt = args.rebuild && rebuild(&ledger, trust.genesis()).with_context(cannot)?;
    let started = Instant::now();
    let found = match export {
        true => {
            // Nearly all of it is read once: nothing is kept.
            let options = args.connection.web_options(false)?;
            exported::audit(&ledger, &options, trust.genesis(), args.checkpoint_key.as_ref())?
        }
        false => {
            let mut report = look(&ledger, trust.genesis()).with_context(cannot)?;
            if backup {
                report.findings.retain(|finding| finding.verdict() != Verdict::Derived);
            }
            Found::from(report)
        }
    };
    let time = started.elapsed();
    if let Some(signer) = &signer {
        signer.write(&found, time)?;
    }
    let Found { verdict, signed, state, batches, bytes, checkpoint, findings } = found;
    let sound = verdict == AuditVerdict::Sound;
    output.print(&Audited {
        verdict,
        sound,
        signed,
        is_export: export,
        is_backup: backup,
        findings,
        rebuilt,
        height: state.head().height,
        head_hash: state.head().hash,
        checkpoint,
        log_size: state.log_size(),
        log_root: state.log_root(),
        batches,
        bytes,
        seconds: time.as_secs_f64(),
        events_per_second: (state.log_size().0 as f64 / time.as_secs_f64()) as u64,
        report: args.report.clone(),
    })?;
    Ok(if sound && signed != Some(false) { Outcome::Yes } else { Outcome::No })
}

fn look(ledger: &Path, genesis: &Genesis) -> Result<AuditReport, OpenError> {
    let bar = progress::bytes("auditing");
    let audited = audit(ledger, genesis, |progress| ledger::show(&bar, progress));
    bar.finish_and_clear();
    audited
}

/// Rebuilds what is derived; false where the log is damaged, which the audit then names.
fn rebuild(ledger: &Path, genesis: &Genesis) -> Result<bool, OpenError> {
    let bar = progress::bytes("rebuilding");
    let rebuilt =
        Store::rebuild(ledger, genesis, Options::default(), |progress| ledger::show(&bar, progress));
    bar.finish_and_clear();
    match rebuilt {
        Ok((store, _)) => {
            store.close()?;
            Ok(true)
        }
        Err(OpenError::Store(error @ (StoreError::Corrupt { .. } | StoreError::CorruptSegment { .. }))) => {
            warn(format_args!("nothing was rebuilt: {error}"));
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

impl Report for Audited {
    fn view(&self) -> View {
        let mut view = View::new();
        let rebuilt = if self.rebuilt { "rebuilt; " } else { "" };
        let (height, size) = (self.height, self.log_size);
        view = match self.sound {
            true if self.signed == Some(false) => view.line(format!(
                "sound: {height} blocks, {size} entries; but not signed with the given key: ask the exporter for \
                 the right one"
            )),
            true if self.is_backup => view.line(format!(
                "sound: {height} blocks, {size} entries; a backup, which holds the log alone"
            )),
            true => view.line(format!("{rebuilt}sound: {height} blocks, {size} entries")),
            false => view.line(format!("{rebuilt}not sound: {}", self.advice())),
        };
        for finding in &self.findings {
            view = view.line(format!("- {}", finding.message));
        }
        view = view.fact("sound up to", format!("height {height}, {size} entries"));
        view = view.fact("head", self.head_hash).fact("log root", self.log_root);
        if let Some(checkpoint) = self.checkpoint {
            view = view.fact("checkpoint", format!("height {checkpoint}"));
        }
        if let Some(path) = &self.report {
            view = view.fact("report", path.display());
        }
        view.fact("took", format!("{:.1} s, {} events/s", self.seconds, self.events_per_second))
    }
}

impl Audited {
    fn advice(&self) -> &'static str {
        match self.verdict {
            AuditVerdict::Derived if self.is_export => {
                "the log is, but not other files of the export; copy it again, or export to a new folder"
            }
            _ if self.is_export => "the export is damaged; get another copy, or export to a new folder",
            AuditVerdict::Torn => {
                "the log ends inside a block, which a node cuts and gets again from its peers"
            }
            AuditVerdict::Derived => "the log is, but not what is derived from it; --rebuild makes that anew",
            _ => "the log is damaged; restore it from another node",
        }
    }
}
