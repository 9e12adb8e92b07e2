//! `sanad audit`: a stopped node's ledger, checked from the genesis to the head.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, bail};
use sanad_core::hash::{BlockHash, Root};
use sanad_core::ids::{Height, LogSize};
use sanad_core::state::State;
use sanad_storage::{OpenError, Options, Progress, Step, Store, StoreError};
use serde::Serialize;

use crate::output::{Outcome, Output, Report};
use crate::progress;
use crate::trust::Trust;
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad audit node/data --genesis genesis.json
  sanad audit node/data --genesis genesis.json --rebuild
  sanad audit /backup/ledger --genesis genesis.json --json

Stop the node first, or audit a copy. Every frame, batch signature, rule, root and certificate is checked, and columns and
indexes are compared with the result. --rebuild makes columns, indexes and checkpoint anew from the segments, which it
never changes.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The node's data directory, or the ledger inside it
    dir: PathBuf,
    /// The chain's genesis
    #[arg(long, value_name = "FILE", env = "SANAD_GENESIS")]
    genesis: PathBuf,
    /// Make what is derived from the segments anew
    #[arg(long)]
    rebuild: bool,
}

#[derive(Serialize)]
struct Audited {
    sound: bool,
    /// What does not fit, where something does not.
    fault: Option<String>,
    rebuilt: bool,
    height: Option<Height>,
    head_hash: Option<BlockHash>,
    log_size: Option<LogSize>,
    log_root: Option<Root>,
    seconds: f64,
    events_per_second: Option<u64>,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let trust = Trust::from_file(&args.genesis)?;
    let ledger = ledger(&args.dir)?;
    let started = Instant::now();
    let bar = progress::bytes("auditing");
    let tell = |progress: Progress| {
        bar.set_message(match progress.step {
            Step::Read => "reading",
            _ => "executing",
        });
        bar.set_length(progress.bytes_total);
        bar.set_position(progress.bytes);
    };
    let result = match args.rebuild {
        true => Store::rebuild(&ledger, &trust.genesis, Options::default(), tell)
            .and_then(|(store, state)| Ok(store.close().map(|()| state)?)),
        false => audit(&ledger, &trust, tell),
    };
    bar.finish_and_clear();
    let seconds = started.elapsed().as_secs_f64();
    let report = match result {
        Ok(state) => Audited {
            sound: true,
            fault: None,
            rebuilt: args.rebuild,
            height: Some(state.head().height),
            head_hash: Some(state.head().hash),
            log_size: Some(state.log_size()),
            log_root: Some(state.log_root()),
            seconds,
            events_per_second: Some((state.log_size().0 as f64 / seconds) as u64),
        },
        Err(OpenError::Store(error)) if is_damage(&error) => Audited {
            sound: false,
            fault: Some(error.to_string()),
            rebuilt: false,
            height: None,
            head_hash: None,
            log_size: None,
            log_root: None,
            seconds,
            events_per_second: None,
        },
        Err(error) => return Err(error).with_context(|| format!("{} cannot be audited", ledger.display())),
    };
    output.print(&report)?;
    Ok(if report.sound { Outcome::Yes } else { Outcome::No })
}

fn audit(ledger: &Path, trust: &Trust, tell: impl FnMut(Progress)) -> Result<State, OpenError> {
    let (store, _) = Store::open(ledger, &trust.genesis, Options::default())?;
    let report = store.audit(&trust.genesis, tell)?;
    store.close()?;
    Ok(report.state)
}

/// The ledger of a data directory, or the directory itself where it is one.
pub(super) fn ledger(dir: &Path) -> anyhow::Result<PathBuf> {
    let candidates = [dir.to_owned(), dir.join("ledger"), dir.join("data/ledger")];
    let found = candidates.into_iter().find(|path| path.join("segments").is_dir());
    match found {
        Some(path) => Ok(path),
        None => bail!("{} holds no ledger; name a node's data directory", dir.display()),
    }
}

fn is_damage(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Corrupt { .. } | StoreError::CorruptSegment { .. } | StoreError::Damaged { .. }
    )
}

impl Report for Audited {
    fn view(&self) -> View {
        let mut view = View::new();
        if let Some(fault) = &self.fault {
            return view.line(format!("not sound: {fault}"));
        }
        let done = if self.rebuilt { "rebuilt, and sound" } else { "sound" };
        if let (Some(height), Some(size)) = (self.height, self.log_size) {
            view = view.line(format!("{done}: {height} blocks, {size} entries"));
        }
        if let (Some(hash), Some(root)) = (self.head_hash, self.log_root) {
            view = view.fact("head", hash).fact("log root", root);
        }
        let rate = self.events_per_second.unwrap_or_default();
        view.fact("took", format!("{:.1} s, {rate} events/s", self.seconds))
    }
}
