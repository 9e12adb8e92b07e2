//! `sanad revoke`, `sanad suspend`, `sanad reinstate`: an issuer changes the status of its credentials.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use sanad_core::ids::MemberId;
use sanad_core::trust::TrustAnchor;
use sanad_issuer::{
    Change, ChangePlan, ChangeReport, ChangeTarget, ChangedCredential, LIST_BYTES_MAX, list_lines,
};

use crate::files::{self, STANDARD_INPUT};
use crate::issuer::IssuerArgs;
use crate::observer::Terminal;
use crate::output::{Outcome, Output, Report, note};
use crate::remote::{self, NodeArgs, Remote};
use crate::target::Target;
use crate::time;
use crate::trust::TrustArgs;
use crate::view::{View, printable};

pub(crate) const REVOKE_EXAMPLES: &str = "\
Examples:
  sanad revoke ijazah.json --issuer-dir merapi
  sanad revoke 42 43 44 --yes --issuer univ-merapi.example --key merapi/keys/issuing.json
  sanad revoke --from withdrawn.txt --yes --issuer-dir merapi

A revocation is final, so it is asked for once more; --yes answers for scripts. What is revoked already
counts as done. If one of the credentials cannot be revoked, none is: the errors name them all.";

pub(crate) const SUSPEND_EXAMPLES: &str = "\
Examples:
  sanad suspend ijazah.json --issuer-dir merapi
  sanad suspend --from - --issuer-dir merapi < under-review.txt

`sanad reinstate` lifts a suspension. What is suspended already counts as done. If one of the
credentials cannot be suspended, none is: the errors name them all.";

pub(crate) const REINSTATE_EXAMPLES: &str = "\
Examples:
  sanad reinstate ijazah.json --issuer-dir merapi
  sanad reinstate --from cleared.txt --issuer-dir merapi

What is not suspended counts as done; what is revoked cannot be reinstated. If one of the
credentials cannot be, none is: the errors name them all.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Log indices, ISSUER/COMMITMENT, receipts, or documents with their receipts beside them
    #[arg(required_unless_present = "from", value_name = "TARGET")]
    targets: Vec<String>,
    /// Text file with one target a line; # begins a comment, - is standard input
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// How long to wait until the batch is final, and for other programs of this issuer
    #[arg(long, default_value = "2m", value_name = "DURATION", value_parser = time::parse_duration)]
    wait: Duration,
    #[command(flatten)]
    issuer: IssuerArgs,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    node: NodeArgs,
}

#[derive(clap::Args, Debug)]
pub(crate) struct RevokeArgs {
    #[command(flatten)]
    change: Args,
    /// Do not ask: revoke
    #[arg(long)]
    yes: bool,
}

pub(crate) fn revoke(args: &RevokeArgs, output: &Output) -> anyhow::Result<Outcome> {
    let piped = args.change.from.as_deref() == Some(Path::new(STANDARD_INPUT));
    if !args.yes && (piped || !std::io::stdin().is_terminal()) {
        bail!(
            "a revocation is final, and there is no terminal to ask on; give --yes to revoke without a question"
        );
    }
    let confirm = if args.yes { |_, _: &MemberId| Ok(true) } else { ask };
    run(Change::Revoke, &args.change, confirm, output)
}

pub(crate) fn suspend(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    run(Change::Suspend, args, |_, _| Ok(true), output)
}

pub(crate) fn reinstate(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    run(Change::Reinstate, args, |_, _| Ok(true), output)
}

fn run(
    change: Change,
    args: &Args,
    confirm: fn(usize, &MemberId) -> anyhow::Result<bool>,
    output: &Output,
) -> anyhow::Result<Outcome> {
    let changed = remote::block_on(async {
        let remote = Remote::connect(&args.node).await?;
        let trust = args.trust.for_node(&remote).await?;
        let (chain, observer, id) = (remote.chain(&trust), Terminal::default(), args.issuer.id()?);
        let targets = targets(args, trust.anchor())?;
        let plan = ChangePlan::new(&chain, change, &id, &targets, &observer).await?;
        // What there is nothing to do for needs neither an answer nor a key.
        if !plan.is_empty() {
            if !confirm(plan.len(), &id)? {
                return Ok(None);
            }
            let issuer = args.issuer.open()?;
            return Ok(Some(plan.enter(&chain, &issuer, args.wait, &observer).await?));
        }
        Ok::<_, anyhow::Error>(Some(plan.into_report()))
    })??;
    let Some(changed) = changed else {
        note("nothing was changed");
        return Ok(Outcome::Error);
    };
    output.print(&changed)?;
    Ok(Outcome::Yes)
}

/// Asks on the terminal whether credentials are to be revoked.
fn ask(count: usize, issuer: &MemberId) -> anyhow::Result<bool> {
    let what = if count == 1 { "1 credential".to_owned() } else { format!("{count} credentials") };
    let mut terminal = std::io::stderr();
    write!(terminal, "Revoke {what} of {issuer}, for ever? Type yes: ").and_then(|()| terminal.flush())?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).context("the answer cannot be read")?;
    Ok(answer.trim().eq_ignore_ascii_case("yes"))
}

/// What the arguments and the list name.
fn targets(args: &Args, anchor: &TrustAnchor) -> anyhow::Result<Vec<ChangeTarget>> {
    let mut names = args.targets.clone();
    if let Some(list) = &args.from {
        let bytes = files::read_input(list, LIST_BYTES_MAX)?;
        let text =
            String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8 text", list.display()))?;
        let base = files::parent(list);
        names.extend(list_lines(&text).map(|line| name_in(line, base, list)));
        if names.is_empty() {
            bail!("{} names no credential; it needs one target a line", list.display());
        }
    }
    let read = |name: String| {
        let target = Target::read(&name, anchor)?;
        let key = target.key().with_context(|| format!("{name} cannot be changed"))?;
        Ok(ChangeTarget { name: printable(&name), key })
    };
    names.into_iter().map(read).collect()
}

/// A line of a list: a file's name is relative to the list, as in a roster.
fn name_in(line: &str, base: &Path, list: &Path) -> String {
    let beside = base.join(line);
    let here = list == Path::new(STANDARD_INPUT) || base == Path::new(".");
    let is_file = !here && beside.exists() && line.parse::<u64>().is_err();
    if is_file { beside.to_string_lossy().into_owned() } else { line.to_owned() }
}

impl Report for ChangeReport {
    fn view(&self) -> View {
        let row = |credential: &ChangedCredential| {
            let ChangedCredential { target, log_index, status, already, .. } = credential;
            let status = if *already { format!("{status} already") } else { status.to_string() };
            vec![log_index.to_string(), status, target.clone()]
        };
        let view =
            View::new().table(&["index", "status", "target"], self.credentials.iter().map(row).collect());
        if self.batches.is_empty() {
            return view.line("nothing had to be changed");
        }
        self.batches.iter().fold(view, |view, batch| {
            view.line(format!("entered in block {}, batch {}", batch.height, batch.batch_id))
        })
    }
}
