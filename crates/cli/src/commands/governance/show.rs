//! `sanad governance show`: one proposal.

use sanad_core::governance::ClosedProposal;
use sanad_core::ids::Height;
use serde::Serialize;

use super::proposal::Shown;
use crate::governance::{Session, look_alikes};
use crate::output::{Outcome, Output, Report};
use crate::remote::{self, Remote, SourceArgs};
use crate::trust::TrustArgs;
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad governance show 3f9a21 --genesis genesis.json
  sanad governance show 3f9a21 --json | jq .not_yet

Everything is proved by the node's last block. Of a proposal that is closed the ledger's state keeps the outcome, of the
last 64; `sanad member history` has what they said.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The proposal's id, or the beginning of it
    #[arg(value_name = "PROPOSAL")]
    proposal: String,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    source: SourceArgs,
}

#[derive(Serialize)]
struct Answer {
    /// The block by which all this is proved.
    as_of: Height,
    #[serde(skip)]
    interval_ms: u64,
    #[serde(flatten)]
    proposal: Option<Shown>,
    /// What is to be looked at twice.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    #[serde(flatten)]
    closed: Option<ClosedProposal>,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let answer = remote::block_on(async {
        let session = Session::open(Remote::open(&args.source).await?, &args.trust).await?;
        let id = session.find(&args.proposal)?;
        let open = session.governance.proposal(&id);
        let changes = open.iter().map(|open| &open.proposal.change);
        anyhow::Ok(Answer {
            warnings: look_alikes::warnings(&session, changes).await?,
            as_of: session.proof.header.height,
            interval_ms: session.block_interval_ms().await?,
            proposal: open.map(|open| Shown::new(open, &session)),
            closed: session.governance.closed().find(|closed| closed.id == id).copied(),
        })
    })??;
    output.print(&answer)?;
    Ok(Outcome::Yes)
}

impl Report for Answer {
    fn view(&self) -> View {
        let view = match (&self.proposal, &self.closed) {
            (Some(proposal), _) => proposal.view(self.as_of, self.interval_ms),
            (None, Some(ClosedProposal { height, id, outcome })) => {
                View::new().line(format!("proposal {id} was closed in block {height}: {outcome}"))
            }
            (None, None) => View::new(),
        };
        let view = self.warnings.iter().fold(view, |view, warning| view.line(format!("warning: {warning}")));
        view.line(format!("proved as of block {}", self.as_of))
    }
}
