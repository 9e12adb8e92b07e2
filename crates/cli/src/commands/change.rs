//! `sanad revoke`, `sanad suspend`, `sanad reinstate`: an issuer changes the status of its credentials.

use std::io::{IsTerminal as _, Write as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use rayon::prelude::*;
use sanad_core::ids::MemberId;
use sanad_core::trust::TrustAnchor;
use sanad_issuer::{
    Change, ChangeBatch, ChangeError, ChangeFault, ChangePlan, ChangeReport, ChangeTarget, ChangedCredential,
    ChangesLeft, Excess, LIST_BYTES_MAX, ListLine, list_lines,
};
use sanad_register::{Progress, Register, Row, Status};
use serde::Serialize;

use crate::files::{self, STANDARD_INPUT};
use crate::issuer::IssuerArgs;
use crate::observer::Terminal;
use crate::output::{Outcome, Output, Report, describe, note};
use crate::register::{
    Finder, RegisterArgs, Registered, Wanted, check_reasons, is_workbook, note_changes, read_list,
};
use crate::remote::{self, NodeArgs, Remote};
use crate::target::Target;
use crate::trust::TrustArgs;
use crate::view::{View, printable};
use crate::{progress, time};

pub(crate) const REVOKE_EXAMPLES: &str = "\
Examples:
  sanad revoke ijazah.json --issuer-dir merapi
  sanad revoke 42 43 44 --yes --issuer univ-merapi.example --key merapi/keys/issuing.json
  sanad revoke --from withdrawn.txt --yes --issuer-dir merapi
  sanad revoke --from withdrawn.txt --as-many-as-fit --yes --issuer-dir merapi
  sanad revoke --from withdrawn.csv --register merapi/register.db --issuer-dir merapi
  sanad revoke siti@univ-merapi.example --reason plagiarism --register merapi/register.db --issuer-dir merapi

A revocation is final, so it is asked for once more; --yes answers for scripts. What is revoked already
counts as done. If one of the credentials cannot be revoked, none is: the errors name them all.
An issuing key revokes at most 256 credentials a day (UTC). With more, none is revoked, unless
--as-many-as-fit is given: then the first ones are, the others are left, and the exit code is 1. The same
command goes on the next day.
With --register, credentials are named by row:12, e-mail address, student number (number:26001) or file, and
the list is CSV, if you like with the columns row, email, student_number, file and reason. Reasons stay in
the register.";

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
    /// Text file with one target a line (with --register: CSV or XLSX), lines that begin with # left out; - is standard input
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// How long to wait until the batch is final, and for other programs of this issuer
    #[arg(long, default_value = "2m", value_name = "DURATION", value_parser = time::parse_duration)]
    wait: Duration,
    /// Why; kept in the register alone. A list may have a reason for each credential
    #[arg(long, value_name = "TEXT", requires = "register")]
    reason: Option<String>,
    #[command(flatten)]
    register: RegisterArgs,
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
    /// Where there are more than the ledger takes today: revoke the first ones, and leave the others
    #[arg(long)]
    as_many_as_fit: bool,
}

pub(crate) fn revoke(args: &RevokeArgs, output: &Output) -> anyhow::Result<Outcome> {
    let excess = if args.as_many_as_fit { Excess::Left } else { Excess::Refused };
    run(Change::Revoke, &args.change, excess, !args.yes, output)
}

pub(crate) fn suspend(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    run(Change::Suspend, args, Excess::Refused, false, output)
}

pub(crate) fn reinstate(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    run(Change::Reinstate, args, Excess::Refused, false, output)
}

fn run(change: Change, args: &Args, excess: Excess, asks: bool, output: &Output) -> anyhow::Result<Outcome> {
    let observer = Terminal::default();
    let report = ChangeReport { change, batches: Vec::new(), credentials: Vec::new(), left: None };
    let mut changed = Changed { report, faults: Vec::new(), notices: Vec::new(), errors: Vec::new() };
    if let Err(error) = work(args, excess, asks, &observer, &mut changed) {
        if let Some(ChangeError::Impossible { faults }) = error.downcast_ref() {
            changed.faults = faults.iter().map(Fault::from).collect();
        }
        changed.errors.push(describe(&error));
    }
    changed.notices = observer.into_notices();
    if output.is_json() || changed.errors.is_empty() || !changed.report.batches.is_empty() {
        output.print(&changed)?;
    }
    changed.errors.iter().for_each(|error| note(format_args!("error: {error}")));
    Ok(match (changed.errors.is_empty(), &changed.report.left) {
        (false, _) => Outcome::Error,
        (true, Some(_)) => Outcome::No,
        (true, None) => Outcome::Yes,
    })
}

/// Changes. What was done is in `changed`, whatever fails.
fn work(
    args: &Args,
    excess: Excess,
    asks: bool,
    observer: &Terminal,
    changed: &mut Changed,
) -> anyhow::Result<()> {
    let change = changed.report.change;
    let piped = args.from.as_deref() == Some(Path::new(STANDARD_INPUT));
    if asks && (piped || !std::io::stdin().is_terminal()) {
        bail!(
            "a revocation is final, and there is no terminal to ask on; give --yes to revoke without a question"
        );
    }
    remote::block_on(async {
        let remote = Remote::connect(&args.node).await?;
        let trust = args.trust.for_node(&remote).await?;
        let (chain, id) = (remote.chain(&trust), args.issuer.id()?);
        let mut register = args.register.open_of(trust.anchor(), &id)?;
        let (registered, targets) = match &register {
            Some(register) => {
                let registered = registered(args, register, trust.anchor(), &mut changed.faults)?;
                if change == Change::Revoke {
                    refuse_replaced(register, &registered)?;
                }
                let targets = registered.iter().map(|one| one.target.clone()).collect();
                (registered, targets)
            }
            None => (Vec::new(), targets(args, trust.anchor(), &mut changed.faults)?),
        };
        let mut note = |report: &ChangeReport| match &mut register {
            Some(register) => note_changes(register, &registered, &report.credentials, time::now_ms()),
            None => Ok(()),
        };
        let plan = ChangePlan::new(&chain, change, &id, &targets, excess, observer).await?;
        changed.report = plan.report();
        // What there is nothing to do for needs neither an answer nor a key.
        if plan.is_empty() {
            return note(&changed.report);
        }
        if asks && !ask(plan.len(), plan.left(), &id)? {
            bail!("the answer was not yes; nothing was changed");
        }
        let issuer = args.issuer.open()?;
        let entered = plan.enter(&chain, &issuer, args.wait, observer, &mut changed.report).await;
        // Also what was changed before an error.
        let noted = note(&changed.report);
        entered?;
        noted
    })?
}

/// Asks on the terminal whether credentials are to be revoked.
fn ask(count: usize, left: Option<&ChangesLeft>, issuer: &MemberId) -> anyhow::Result<bool> {
    let what = match left {
        Some(left) => format!("the first {count} of {} credentials", count + left.credentials.len()),
        None if count == 1 => "1 credential".to_owned(),
        None => format!("{count} credentials"),
    };
    let mut terminal = std::io::stderr();
    write!(terminal, "Revoke {what} of {issuer}, for ever? Type yes: ").and_then(|()| terminal.flush())?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).context("the answer cannot be read")?;
    Ok(answer.trim().eq_ignore_ascii_case("yes"))
}

/// What the arguments and the list name, by the register. All that cannot be used are in `faults` and in the error.
fn registered(
    args: &Args,
    register: &Register,
    anchor: &TrustAnchor,
    faults: &mut Vec<Fault>,
) -> anyhow::Result<Vec<Registered>> {
    let mut wanted: Vec<Wanted> = args.targets.iter().map(|text| Wanted::argument(text)).collect();
    let (here, reason) = (Path::new("."), args.reason.as_deref());
    let mut found = Vec::new();
    let mut find = |wanted: &[Wanted], base: &Path| {
        let mut finder = Finder::new(register, anchor, base);
        for one in wanted {
            match finder.find(one, reason) {
                Ok(registered) => found.push(registered),
                Err(error) => faults.push(Fault {
                    target: printable(&one.name),
                    listed: one.listed.as_ref().map(ToString::to_string),
                    reason: describe(&error),
                }),
            }
        }
    };
    find(&wanted, here);
    if let Some(list) = &args.from {
        let bytes = files::read_input(list, LIST_BYTES_MAX)?;
        let from_stdin = list == Path::new(STANDARD_INPUT);
        let name = if from_stdin { Path::new("standard input") } else { list };
        let lines = read_list(&bytes, name)?;
        if lines.is_empty() {
            bail!("{} names no credential; it needs one a line", list.display());
        }
        find(&lines, if from_stdin { here } else { files::parent(list) });
        wanted.extend(lines);
    }
    check_reasons(&found)?;
    match faults.is_empty() {
        true => Ok(found),
        false => Err(unusable(faults, wanted.len())),
    }
}

/// Refuses to revoke what a batch that is on its way revokes: `sanad reissue` issues another in its place.
fn refuse_replaced(register: &Register, registered: &[Registered]) -> anyhow::Result<()> {
    let mut pending = Vec::new();
    register.visit(|row| {
        if let Row::Credential(new) = row
            && new.state.progress == Progress::Submitted
            && let Some(replaced) = &new.facts.replaces
            && let Some(old) = registered.iter().find(|one| one.credential.row == replaced.row)
            && old.credential.status() != Status::Revoked
        {
            let (row, by) = (replaced.row, new.row);
            pending.push(format!("row {row} by row {by} ({})", printable(&new.facts.file)));
        }
        Ok(ControlFlow::Continue(()))
    })?;
    match pending.is_empty() {
        true => Ok(()),
        false => bail!(
            "a batch that is on its way replaces and revokes {}; nothing was revoked. Finish it with `sanad issue --resume DIR --register \
             {}`, or repeat `sanad reissue`; if its pending file is lost, name the entries in the ledger, without --register",
            pending.join(", "),
            register.path().display()
        ),
    }
}

/// What the arguments and the list name. All that cannot be used are in `faults` and in the error.
fn targets(args: &Args, anchor: &TrustAnchor, faults: &mut Vec<Fault>) -> anyhow::Result<Vec<ChangeTarget>> {
    let mut names: Vec<(String, Option<ListLine>)> =
        args.targets.iter().map(|name| (name.clone(), None)).collect();
    if let Some(list) = &args.from {
        let bytes = files::read_input(list, LIST_BYTES_MAX)?;
        if is_workbook(&bytes) {
            bail!(
                "{} is a workbook; give --register, which knows whom its rows mean, or a text file",
                list.display()
            );
        }
        let text =
            String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8 text", list.display()))?;
        let (base, from_stdin) = (files::parent(list), list == Path::new(STANDARD_INPUT));
        let list_name = if from_stdin { PathBuf::from("standard input") } else { list.clone() };
        names.extend(list_lines(&text).map(|(line, text)| {
            (name_in(text, base, list), Some(ListLine { list: list_name.clone(), line }))
        }));
        if names.is_empty() {
            bail!("{} names no credential; it needs one target a line", list.display());
        }
    }
    let (total, bar) = (names.len(), progress::bar(names.len(), "reading targets"));
    let read = |(name, listed): (String, Option<ListLine>)| {
        let target = Target::read(&name, anchor);
        let key = target.and_then(|target| {
            target.key().with_context(|| format!("{} cannot be changed", printable(&name)))
        });
        bar.inc(1);
        let name = printable(&name);
        match key {
            Ok(key) => Ok(ChangeTarget { name, listed, key }),
            Err(error) => Err(Fault {
                target: name,
                listed: listed.map(|line| line.to_string()),
                reason: describe(&error),
            }),
        }
    };
    let read: Vec<_> = names.into_par_iter().map(read).collect();
    bar.finish_and_clear();
    let mut targets = Vec::new();
    for one in read {
        match one {
            Ok(target) => targets.push(target),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() {
        return Ok(targets);
    }
    Err(unusable(faults, total))
}

fn unusable(faults: &[Fault], total: usize) -> anyhow::Error {
    let lines = faults.iter().map(|Fault { listed, reason, .. }| match listed {
        Some(line) => format!("\n{line}: {reason}"),
        None => format!("\n{reason}"),
    });
    let lines: String = lines.collect();
    anyhow!("{} of {total} targets cannot be used, so nothing was asked or changed:{lines}", faults.len())
}

/// A line of a list: a file's name is relative to the list, as in a roster.
fn name_in(line: &str, base: &Path, list: &Path) -> String {
    let beside = base.join(line);
    let here = list == Path::new(STANDARD_INPUT) || base == Path::new(".");
    let is_file = !here && beside.exists() && line.parse::<u64>().is_err();
    if is_file { beside.to_string_lossy().into_owned() } else { line.to_owned() }
}

/// What was changed, and what was not.
#[derive(Serialize)]
struct Changed {
    #[serde(flatten)]
    report: ChangeReport,
    faults: Vec<Fault>,
    notices: Vec<String>,
    errors: Vec<String>,
}

/// A credential that cannot be changed.
#[derive(Serialize)]
struct Fault {
    target: String,
    /// The line of the list that names it.
    listed: Option<String>,
    reason: String,
}

impl From<&ChangeFault> for Fault {
    fn from(ChangeFault { name, listed, reason }: &ChangeFault) -> Self {
        let listed = listed.as_ref().map(ToString::to_string);
        Self { target: name.clone(), listed, reason: reason.to_string() }
    }
}

impl Report for Changed {
    fn view(&self) -> View {
        let ChangeReport { batches, credentials, left, .. } = &self.report;
        let row = |credential: &ChangedCredential| {
            let ChangedCredential { target, log_index, status, as_of, as_of_ms, already } = credential;
            let status = if *already {
                let age = time::format_age(time::age_seconds(*as_of_ms, time::now_ms()));
                format!("{status} already, as of block {as_of}, {} ({age})", time::format_ms(*as_of_ms))
            } else {
                status.to_string()
            };
            vec![log_index.to_string(), status, target.clone()]
        };
        let rows = credentials.iter().take(ROWS_MAX).map(row).collect();
        let mut view = View::new().table(&["index", "status", "target"], rows);
        if credentials.len() > ROWS_MAX {
            view = view.line(format!("... and {} more", credentials.len() - ROWS_MAX));
        }
        let view = match (batches.is_empty(), left) {
            (true, Some(_)) => view.line("nothing was changed"),
            (true, None) => view.line("nothing had to be changed"),
            (false, _) => batches.iter().fold(view, |view, batch| {
                let ChangeBatch { height, changes, batch_id } = batch;
                view.line(format!("{changes} entered in block {height}, batch {batch_id}"))
            }),
        };
        left.iter().fold(view, |view, left| view.line(left_over(left)))
    }
}

fn left_over(ChangesLeft { limit, next_day_ms, credentials }: &ChangesLeft) -> String {
    let first = credentials.first().map(|first| format!(", from {} on", first.target)).unwrap_or_default();
    let left = match credentials.len() {
        1 => "1 credential is left".to_owned(),
        left => format!("{left} credentials are left"),
    };
    format!(
        "{left}{first}: an issuing key revokes at most {limit} a day (UTC). Run the same command again from {} on, after the first \
         block of that day; what is revoked by then counts as done",
        time::format_ms(*next_day_ms)
    )
}

/// Most credentials that people are shown; `--json` has all.
const ROWS_MAX: usize = 20;
