//! `sanad governance watch`: waits until a proposal is decided.

use std::time::{Duration, Instant};

use anyhow::bail;
use sanad_core::governance::{ClosedProposal, Outcome as Decided};
use sanad_core::ids::Height;
use serde::Serialize;

use super::proposal::Shown;
use crate::governance::Session;
use crate::output::{Outcome, Output, Report, note};
use crate::remote::{self, NodeArgs, Remote};
use crate::time;
use crate::trust::TrustArgs;
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad governance watch 3f9a21
  sanad governance watch 3f9a21 --timeout 1h && echo \"it is in force\"

Exit code 0 once the change is in force, 1 if it never will be, 2 if it was not decided in time.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The proposal's id, or the beginning of it
    #[arg(value_name = "PROPOSAL")]
    proposal: String,
    /// How long to wait [default: until it is decided]
    #[arg(long, value_name = "DURATION", value_parser = time::parse_duration)]
    timeout: Option<Duration>,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    node: NodeArgs,
}

#[derive(Serialize)]
struct Closed {
    /// The block by which it is proved.
    as_of: Height,
    #[serde(flatten)]
    closed: ClosedProposal,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let closed = remote::block_on(watch(args))??;
    output.print(&closed)?;
    Ok(if closed.closed.outcome == Decided::Executed { Outcome::Yes } else { Outcome::No })
}

async fn watch(args: &Args) -> anyhow::Result<Closed> {
    let mut session = Session::open(Remote::connect(&args.node).await?, &args.trust).await?;
    let id = session.find(&args.proposal)?;
    let deadline = args.timeout.map(|timeout| Instant::now() + timeout);
    let mut last = None;
    loop {
        let closed = session.governance.closed().find(|closed| closed.id == id).copied();
        if let Some(closed) = closed {
            return Ok(Closed { as_of: session.proof.header.height, closed });
        }
        let Some(open) = session.governance.proposal(&id) else {
            bail!("proposal {id} was closed, and 64 others since");
        };
        let shown = Shown::new(open, &session);
        if last.as_ref() != Some(&shown) {
            note(format_args!("block {}: {}", session.proof.header.height, shown.standing()));
            last = Some(shown);
        }
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            bail!("proposal {id} is not decided yet");
        }
        tokio::time::sleep(WATCH_INTERVAL).await;
        session.refresh().await?;
    }
}

impl Report for Closed {
    fn view(&self) -> View {
        let ClosedProposal { height, id, outcome } = &self.closed;
        View::new().line(format!("proposal {id} was closed in block {height}: {outcome}"))
    }
}

const WATCH_INTERVAL: Duration = Duration::from_millis(500);
